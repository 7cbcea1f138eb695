//! The words of the template language: text, and inside `{{ … }}` names, fields, variables, literals and punctuation.
//!
//! Trim markers and comments are resolved here; what words mean together is `parse`'s work. A word is found when it
//! is asked for, as the meaning of an error depends on what was read before it.

use super::string::{Char, decode};

/// What a [`Token`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelimiter,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelimiter,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    // From here on, keywords.
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl TokenKind {
    fn keyword(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"block" => Self::Block,
            b"break" => Self::Break,
            b"continue" => Self::Continue,
            b"define" => Self::Define,
            b"else" => Self::Else,
            b"end" => Self::End,
            b"if" => Self::If,
            b"nil" => Self::Nil,
            b"range" => Self::Range,
            b"template" => Self::Template,
            b"with" => Self::With,
            _ => return None,
        })
    }

    /// True for the words that Go's messages put in angle brackets.
    pub(super) fn is_keyword(self) -> bool {
        matches!(
            self,
            Self::Block
                | Self::Break
                | Self::Continue
                | Self::Dot
                | Self::Define
                | Self::Else
                | Self::End
                | Self::If
                | Self::Nil
                | Self::Range
                | Self::Template
                | Self::With
        )
    }
}

/// One word and its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Finds the words of one template, front to back.
pub(super) struct Lexer<'a> {
    input: &'a [u8],
    at: usize,
    inside: bool,
    parens: usize,
    /// Set when the template ended or a word could not be read; every further token repeats it.
    ended: Option<Token>,
    /// What is wrong, once a token of kind [`TokenKind::Error`] was given.
    pub(super) error: String,
}

const SPACES: &[u8] = b" \t\r\n";

fn is_space(byte: Option<&u8>) -> bool {
    byte.is_some_and(|b| SPACES.contains(b))
}

fn is_alphanumeric(char: Char) -> bool {
    match char {
        // Go asks for letters and decimal digits; Rust's `is_numeric` is wider, so only ASCII digits and letters count,
        // and the few non-ASCII decimal digits.
        Char::Valid(c) => c == '_' || c.is_alphabetic() || c.is_ascii_digit(),
        Char::Invalid(_) => false,
    }
}

impl<'a> Lexer<'a> {
    pub(super) fn new(input: &'a [u8]) -> Self {
        Self {
            input,
            at: 0,
            inside: false,
            parens: 0,
            ended: None,
            error: String::new(),
        }
    }

    /// The next word.
    pub(super) fn next(&mut self) -> Token {
        if let Some(token) = self.ended {
            return token;
        }
        if self.inside {
            self.inside_action()
        } else {
            self.text()
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.input.get(self.at..).unwrap_or_default()
    }

    fn token(&self, kind: TokenKind, start: usize) -> Token {
        Token {
            kind,
            start,
            end: self.at,
        }
    }

    fn fail(&mut self, start: usize, message: impl Into<String>) -> Token {
        self.error = message.into();
        let token = Token {
            kind: TokenKind::Error,
            start,
            end: self.at.max(start),
        };
        self.ended = Some(token);
        token
    }

    fn peek(&self) -> Option<Char> {
        decode(self.rest()).map(|(char, _)| char)
    }

    fn advance(&mut self) -> Option<Char> {
        let (char, width) = decode(self.rest())?;
        self.at += width;
        Some(char)
    }

    fn accept(&mut self, set: &[u8]) -> bool {
        let accepted = self.rest().first().is_some_and(|b| set.contains(b));
        self.at += usize::from(accepted);
        accepted
    }

    fn accept_run(&mut self, set: &[u8]) {
        while self.accept(set) {}
    }

    fn text(&mut self) -> Token {
        loop {
            let start = self.at;
            let Some(open) = super::string::find(self.input, b"{{", start) else {
                self.at = self.input.len();
                if self.at > start {
                    return self.token(TokenKind::Text, start);
                }
                let token = self.token(TokenKind::Eof, start);
                self.ended = Some(token);
                return token;
            };
            let after = self.input.get(open + 2..).unwrap_or_default();
            let trim = after.first() == Some(&b'-') && is_space(after.get(1));
            if open > start {
                let text = self.input.get(start..open).unwrap_or_default();
                let dropped = if trim {
                    text.iter().rev().take_while(|b| SPACES.contains(b)).count()
                } else {
                    0
                };
                self.at = open;
                if dropped < text.len() {
                    return Token {
                        kind: TokenKind::Text,
                        start,
                        end: open - dropped,
                    };
                }
            }
            let body = open + 2 + if trim { 2 } else { 0 };
            if self
                .input
                .get(body..)
                .is_some_and(|rest| rest.starts_with(b"/*"))
            {
                if let Err(token) = self.comment(body) {
                    return token;
                }
                continue;
            }
            self.inside = true;
            self.parens = 0;
            self.at = body;
            return Token {
                kind: TokenKind::LeftDelimiter,
                start: open,
                end: open + 2,
            };
        }
    }

    /// Passes a comment whose `/*` begins at `start`.
    fn comment(&mut self, start: usize) -> Result<(), Token> {
        let Some(end) = super::string::find(self.input, b"*/", start + 2) else {
            return Err(self.fail(start, "unclosed comment"));
        };
        self.at = end + 2;
        match self.right_delimiter() {
            None => Err(self.fail(start, "comment ends before closing delimiter")),
            Some(trim) => {
                self.pass_right_delimiter(trim);
                Ok(())
            }
        }
    }

    /// Whether an action ends here, and whether the space after it is trimmed.
    fn right_delimiter(&self) -> Option<bool> {
        let rest = self.rest();
        if is_space(rest.first()) && rest.get(1..).is_some_and(|r| r.starts_with(b"-}}")) {
            Some(true)
        } else if rest.starts_with(b"}}") {
            Some(false)
        } else {
            None
        }
    }

    fn pass_right_delimiter(&mut self, trim: bool) {
        self.at += if trim { 4 } else { 2 };
        if trim {
            self.accept_run(SPACES);
        }
    }

    fn inside_action(&mut self) -> Token {
        if let Some(trim) = self.right_delimiter() {
            if self.parens > 0 {
                return self.fail(self.at, "unclosed left paren");
            }
            let start = self.at + if trim { 2 } else { 0 };
            let token = Token {
                kind: TokenKind::RightDelimiter,
                start,
                end: start + 2,
            };
            self.pass_right_delimiter(trim);
            self.inside = false;
            return token;
        }
        let start = self.at;
        let Some(char) = self.advance() else {
            return self.fail(start, "unclosed action");
        };
        let Char::Valid(c) = char else {
            return self.fail(start, "unrecognized character in action: U+FFFD '\u{FFFD}'");
        };
        match c {
            ' ' | '\t' | '\r' | '\n' => {
                while self.right_delimiter() != Some(true) && self.accept(SPACES) {}
                self.token(TokenKind::Space, start)
            }
            '=' => self.token(TokenKind::Assign, start),
            ':' => {
                if self.advance() == Some(Char::Valid('=')) {
                    self.token(TokenKind::Declare, start)
                } else {
                    self.fail(start, "expected :=")
                }
            }
            '|' => self.token(TokenKind::Pipe, start),
            '"' => self.quoted(start, b'"', TokenKind::String, "unterminated quoted string"),
            '\'' => self.quoted(
                start,
                b'\'',
                TokenKind::CharConstant,
                "unterminated character constant",
            ),
            '`' => {
                if let Some(end) = super::string::find(self.input, b"`", self.at) {
                    self.at = end + 1;
                    self.token(TokenKind::RawString, start)
                } else {
                    self.at = self.input.len();
                    self.fail(start, "unterminated raw quoted string")
                }
            }
            '$' => self.field_or_variable(start, TokenKind::Variable),
            '.' if !self.rest().first().is_some_and(u8::is_ascii_digit)
                && !self.rest().is_empty() =>
            {
                self.field_or_variable(start, TokenKind::Field)
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.at = start;
                self.number()
            }
            '(' => {
                self.parens += 1;
                self.token(TokenKind::LeftParen, start)
            }
            ')' => match self.parens.checked_sub(1) {
                Some(parens) => {
                    self.parens = parens;
                    self.token(TokenKind::RightParen, start)
                }
                None => self.fail(start, "unexpected right paren"),
            },
            _ if is_alphanumeric(char) => self.identifier(start),
            c if c.is_ascii() && !c.is_ascii_control() => self.token(TokenKind::Char, start),
            c => self.fail(
                start,
                format!("unrecognized character in action: {}", go_char(c)),
            ),
        }
    }

    /// Whether a name may end here. Without this, `$x+2` would be two words.
    fn at_terminator(&self) -> bool {
        match self.peek() {
            None => true,
            Some(Char::Valid(c)) => {
                matches!(
                    c,
                    ' ' | '\t' | '\r' | '\n' | '.' | ',' | '|' | ':' | ')' | '('
                ) || self.rest().starts_with(b"}}")
            }
            Some(Char::Invalid(_)) => false,
        }
    }

    /// Passes the letters and digits that stand here.
    fn pass_name(&mut self) {
        loop {
            let is_plain = |b: &&u8| b.is_ascii_alphanumeric() || **b == b'_';
            self.at += self.rest().iter().take_while(is_plain).count();
            if !self.peek().is_some_and(is_alphanumeric) {
                return;
            }
            self.advance();
        }
    }

    fn bad_character(&mut self, start: usize) -> Token {
        let char = self.peek().map_or('\u{FFFD}', Char::or_replacement);
        self.fail(start, format!("bad character {}", go_char(char)))
    }

    fn identifier(&mut self, start: usize) -> Token {
        self.pass_name();
        if !self.at_terminator() {
            return self.bad_character(start);
        }
        let word = self.input.get(start..self.at).unwrap_or_default();
        let kind = match word {
            b"true" | b"false" => TokenKind::Bool,
            _ => TokenKind::keyword(word).unwrap_or(TokenKind::Identifier),
        };
        self.token(kind, start)
    }

    fn field_or_variable(&mut self, start: usize, kind: TokenKind) -> Token {
        if self.at_terminator() {
            let kind = if kind == TokenKind::Field {
                TokenKind::Dot
            } else {
                kind
            };
            return self.token(kind, start);
        }
        self.pass_name();
        if !self.at_terminator() {
            return self.bad_character(start);
        }
        self.token(kind, start)
    }

    fn quoted(
        &mut self,
        start: usize,
        quote: u8,
        kind: TokenKind,
        unterminated: &'static str,
    ) -> Token {
        loop {
            let byte = self.rest().first().copied();
            self.at += usize::from(byte.is_some());
            match byte {
                Some(b'\\') => {
                    let escaped = self.rest().first().copied();
                    self.at += usize::from(escaped.is_some());
                    if matches!(escaped, None | Some(b'\n')) {
                        return self.fail(start, unterminated);
                    }
                }
                None | Some(b'\n') => return self.fail(start, unterminated),
                Some(byte) if byte == quote => return self.token(kind, start),
                Some(_) => {}
            }
        }
    }

    fn number(&mut self) -> Token {
        let start = self.at;
        if !self.scan_number() {
            return self.bad_number(start);
        }
        if matches!(self.rest().first(), Some(b'+' | b'-')) {
            if !self.scan_number() || self.input.get(self.at.wrapping_sub(1)) != Some(&b'i') {
                return self.bad_number(start);
            }
            return self.token(TokenKind::Complex, start);
        }
        self.token(TokenKind::Number, start)
    }

    fn bad_number(&mut self, start: usize) -> Token {
        let text = self.input.get(start..self.at).unwrap_or_default();
        let text = super::format::quote_lossless(text);
        self.fail(start, format!("bad number syntax: {text}"))
    }

    fn scan_number(&mut self) -> bool {
        const DECIMAL: &[u8] = b"0123456789_";
        const HEX: &[u8] = b"0123456789abcdefABCDEF_";
        self.accept(b"+-");
        let mut digits = DECIMAL;
        if self.accept(b"0") {
            if self.accept(b"xX") {
                digits = HEX;
            } else if self.accept(b"oO") {
                digits = b"01234567_";
            } else if self.accept(b"bB") {
                digits = b"01_";
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        if (digits == DECIMAL && self.accept(b"eE")) || (digits == HEX && self.accept(b"pP")) {
            self.accept(b"+-");
            self.accept_run(DECIMAL);
        }
        self.accept(b"i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.advance();
            return false;
        }
        true
    }
}

/// A character as Go's `%#U` prints it: `U+0040 '@'`.
fn go_char(c: char) -> String {
    let code = u32::from(c);
    if c.is_control() {
        format!("U+{code:04X}")
    } else {
        format!("U+{code:04X} '{c}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(input: &str) -> Vec<(TokenKind, &str)> {
        let mut lexer = Lexer::new(input.as_bytes());
        let mut words = Vec::new();
        loop {
            let token = lexer.next();
            if token.kind == TokenKind::Eof {
                return words;
            }
            words.push((token.kind, &input[token.start..token.end]));
            if token.kind == TokenKind::Error {
                return words;
            }
        }
    }

    #[test]
    fn trim_markers_take_space_off_the_text_only() {
        use TokenKind::*;
        assert_eq!(
            words("a \n{{- .b -}}\n c"),
            [
                (Text, "a"),
                (LeftDelimiter, "{{"),
                (Field, ".b"),
                (RightDelimiter, "}}"),
                (Text, "c")
            ]
        );
        assert_eq!(
            words("a: 1\n{{- /* c */}}\nb"),
            [(Text, "a: 1"), (Text, "\nb")]
        );
        assert_eq!(
            words("{{-3}}"),
            [
                (LeftDelimiter, "{{"),
                (Number, "-3"),
                (RightDelimiter, "}}")
            ]
        );
        assert_eq!(words("{{ .a.b }}").len(), 6);
        assert_eq!(words("{{ /* a */ }}")[2], (Char, "/"));
        assert_eq!(words("{{ .a-b }}").last().unwrap().0, Error);
        assert_eq!(words("{{ a").last().unwrap().0, Error);
    }
}
