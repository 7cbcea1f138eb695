//! The words of TOML: names, texts, numbers, dates, and what the BurntSushi decoder says about one that is none.
//!
//! Which number is wrong in which words depends on how the decoder tells integers, floats and dates apart: by the
//! first character that is no digit.

use crate::discover::HelmVersion;
use crate::origin::Origin;
use crate::render::helm::format::{quote_char, quote_lossless};
use crate::render::helm::functions::casts;
use crate::render::helm::functions::dates::Time;
use crate::render::helm::value::Value;

/// What is wrong, and on which line.
pub(super) struct Wrong {
    pub(super) line: usize,
    pub(super) words: String,
}

type Read<T> = Result<T, Wrong>;

pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    /// The end was asked for and read as if it were a character.
    ended: bool,
    helm: HelmVersion,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str, helm: HelmVersion) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
            ended: false,
            helm,
        }
    }

    /// The line, counted from 1.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// An error here. What is missing at the end is missing on the last line, not behind it.
    pub(super) fn refuse<T>(&self, words: &str) -> Read<T> {
        let is_behind = self.ended && self.text.ends_with('\n');
        Err(Wrong {
            line: self.line - usize::from(is_behind),
            words: words.to_owned(),
        })
    }

    /// An error about a character, which was read.
    pub(super) fn unexpected<T>(&self, words: &str, found: Option<char>) -> Read<T> {
        let shown = quote_char(found.unwrap_or('\0'), false);
        self.refuse(&format!("{words} {shown} instead"))
    }

    /// As [`Scanner::unexpected`], at the end of a line rather than the beginning of the next.
    fn unexpected_on_line<T>(&self, words: &str, found: Option<char>) -> Read<T> {
        let wrong = self.unexpected(words, found);
        wrong.map_err(|wrong| Wrong {
            line: wrong.line - usize::from(found == Some('\n')),
            ..wrong
        })
    }

    /// The next character, which is not read.
    pub(super) fn peek(&self) -> Read<Option<char>> {
        let rest = self.rest();
        match rest.chars().next() {
            Some('\t' | '\n') => Ok(rest.chars().next()),
            Some('\r') if rest.starts_with("\r\n") => Ok(Some('\r')),
            Some(c) if c.is_ascii_control() => self.refuse(&format!(
                "TOML files cannot contain control characters: '0x{:02x}'",
                u32::from(c)
            )),
            other => Ok(other),
        }
    }

    pub(super) fn next(&mut self) -> Read<Option<char>> {
        let next = self.peek()?;
        self.at += next.map_or(0, char::len_utf8);
        self.line += usize::from(next == Some('\n'));
        self.ended = next.is_none();
        Ok(next)
    }

    pub(super) fn eat(&mut self, wanted: char) -> Read<bool> {
        let found = self.peek()? == Some(wanted);
        if found {
            self.next()?;
        }
        Ok(found)
    }

    fn take_while(&mut self, fits: impl Fn(char) -> bool) -> Read<()> {
        while self.peek()?.is_some_and(&fits) {
            self.next()?;
        }
        Ok(())
    }

    /// Reads over spaces and tabs.
    pub(super) fn blank(&mut self) -> Read<()> {
        self.take_while(|c| matches!(c, ' ' | '\t'))
    }

    /// Reads over a comment, where one stands here.
    pub(super) fn comment(&mut self) -> Read<()> {
        if self.peek()? == Some('#') {
            self.take_while(|c| !matches!(c, '\n' | '\r'))?;
        }
        Ok(())
    }

    /// Reads over blanks, comments and line breaks.
    pub(super) fn lines(&mut self) -> Read<()> {
        loop {
            self.take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r'))?;
            if self.peek()? != Some('#') {
                return Ok(());
            }
            self.comment()?;
        }
    }

    /// The rest of a line with a key or the header of a table.
    pub(super) fn end_of_item(&mut self) -> Read<()> {
        self.blank()?;
        match self.peek()? {
            None | Some('#' | '\n' | '\r') => Ok(()),
            Some(c) => self.refuse(&format!(
                "expected a top-level item to end with a newline, comment, or EOF, but got {} instead",
                quote_char(c, false)
            )),
        }
    }

    /// Before the first part of a key.
    pub(super) fn key_start(&mut self) -> Read<()> {
        self.blank()?;
        match self.peek()? {
            None | Some('=') => self.refuse("unexpected '=': key name appears blank"),
            Some('.') => self.refuse("unexpected '.': keys cannot start with a '.'"),
            Some(_) => Ok(()),
        }
    }

    /// Behind a part of a key: true before another one, false behind the equals sign.
    pub(super) fn key_goes_on(&mut self) -> Read<bool> {
        self.blank()?;
        match self.next()? {
            Some('=') => return Ok(false),
            Some('.') => {}
            None => return self.refuse("unexpected EOF; expected key separator '='"),
            other => return self.unexpected_on_line("expected '.' or '=', but got", other),
        }
        self.blank()?;
        match self.peek()? {
            None | Some('=') => self.refuse("unexpected '='"),
            Some('.') => self.refuse("unexpected '.'"),
            Some(_) => Ok(true),
        }
    }

    /// One part of a key: bare, and then it may be empty, or in quotes.
    pub(super) fn name(&mut self) -> Read<String> {
        match self.peek()? {
            Some('"') => {
                self.next()?;
                self.text()
            }
            Some('\'') => {
                self.next()?;
                self.raw_text()
            }
            _ => {
                let start = self.at;
                self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))?;
                Ok(self.since(start).to_owned())
            }
        }
    }

    fn since(&self, start: usize) -> &'t str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// A text, number, date or truth.
    pub(super) fn scalar(&mut self, origin: Origin) -> Read<Value> {
        let start = self.at;
        for (quotes, raw) in [("\"\"\"", false), ("'''", true)] {
            if self.rest().starts_with(quotes) {
                self.at += quotes.len();
                return Ok(Value::string(self.long_text(quotes, raw)?, origin));
            }
        }
        if matches!(self.peek()?, Some('"' | '\'')) {
            return Ok(Value::string(self.name()?, origin));
        }
        if let Some(rest) = self.rest().strip_prefix(['i', 'n']) {
            for word in ["inf", "nan"] {
                if self.rest().starts_with(word) {
                    self.at += word.len();
                    return self.float(word, origin);
                }
            }
            // What the decoder has read of the word when it gives up is no part of what it shows.
            let is_half = rest.starts_with('n') || rest.starts_with('a');
            self.at += usize::from(is_half);
        }
        match self.peek()? {
            Some('0'..='9') => self.number(origin),
            Some('+' | '-') => self.signed(start, origin),
            Some(c) if c.is_alphabetic() => {
                let start = self.at;
                self.take_while(char::is_alphabetic)?;
                match self.since(start) {
                    "true" => Ok(Value::bool(true, origin)),
                    "false" => Ok(Value::bool(false, origin)),
                    word => {
                        let word = quote_lossless(word.as_bytes());
                        self.refuse(&format!("expected value but found {word} instead"))
                    }
                }
            }
            Some('.') => self.refuse("floats must start with a digit, not '.'"),
            None => {
                self.next()?;
                self.refuse("unexpected EOF; expected value")
            }
            found => {
                self.next()?;
                self.unexpected_on_line("expected value but found", found)
            }
        }
    }

    fn number(&mut self, origin: Origin) -> Read<Value> {
        let start = self.at;
        for (prefix, name, fits) in BASES {
            if self.rest().starts_with(prefix) {
                self.at += prefix.len();
                let first = self.peek()?;
                if !first.is_some_and(fits) {
                    let shown = first.unwrap_or('\0');
                    return self.refuse(&format!("not {name} number: '{prefix}{shown}'"));
                }
                self.take_while(|c| fits(c) || c == '_')?;
                return self.integer(self.since(start), origin);
            }
        }
        self.take_while(|c| c.is_ascii_digit())?;
        // All dates and times begin with two digits.
        let is_long = self.at > start + 1 || !self.since(start).starts_with('0');
        if is_long && matches!(self.peek()?, Some('-' | ':')) {
            self.take_while(|c| {
                c.is_ascii_digit()
                    || matches!(c, '-' | ':' | 'T' | 't' | ' ' | '.' | 'Z' | 'z' | '+')
            })?;
            return self.date(self.since(start).trim(), origin);
        }
        self.decimal(start, origin)
    }

    fn signed(&mut self, start: usize, origin: Origin) -> Read<Value> {
        self.next()?;
        let rest = self.rest();
        for (word, first) in [("inf", 'i'), ("nan", 'n')] {
            if rest.starts_with(word) {
                self.at += word.len();
                return self.float(self.since(start), origin);
            }
            if rest.starts_with(first) {
                let same = rest.bytes().zip(word.bytes()).take_while(|(a, b)| a == b);
                self.at += same.count();
                return self.refuse(&format!("invalid float: '{}'", self.since(start)));
            }
        }
        if let Some((prefix, ..)) = BASES.iter().find(|(prefix, ..)| rest.starts_with(prefix)) {
            let sign = self.since(start);
            return self.refuse(&format!(
                "cannot use sign with non-decimal numbers: '{sign}{prefix}'"
            ));
        }
        match self.next()? {
            Some('0'..='9') => self.decimal(start, origin),
            Some('.') => self.refuse("floats must start with a digit, not '.'"),
            found => {
                let shown = quote_char(found.unwrap_or('\0'), false);
                self.refuse(&format!("expected a digit but got {shown}"))
            }
        }
    }

    /// The rest of a number that is written in tens.
    fn decimal(&mut self, start: usize, origin: Origin) -> Read<Value> {
        self.take_while(|c| c.is_ascii_digit() || c == '_')?;
        if !matches!(self.peek()?, Some('.' | 'e' | 'E')) {
            return self.integer(self.since(start), origin);
        }
        self.take_while(|c| c.is_ascii_digit() || matches!(c, '_' | '.' | '-' | '+' | 'e' | 'E'))?;
        self.float(self.since(start), origin)
    }

    fn integer(&self, word: &str, origin: Origin) -> Read<Value> {
        let shown = quote_lossless(word.as_bytes());
        if !underscores_fit(word) {
            return self.refuse(&format!(
                "Invalid integer {shown}: underscores must be surrounded by digits"
            ));
        }
        if has_leading_zero(word) {
            return self.refuse(&format!(
                "Invalid integer {shown}: cannot have leading zeroes"
            ));
        }
        match casts::parse_int(&word.replace('_', "")) {
            Some(number) => Ok(Value::int64(number, origin)),
            None => self.refuse(&format!("{word} is out of range for int64")),
        }
    }

    fn float(&self, word: &str, origin: Origin) -> Read<Value> {
        let shown = quote_lossless(word.as_bytes());
        let unsigned = word.trim_start_matches(['+', '-']);
        let number = if matches!(unsigned, "inf" | "nan") {
            let number: f64 = if unsigned == "inf" {
                f64::INFINITY
            } else {
                f64::NAN
            };
            if word.starts_with('-') {
                -number
            } else {
                number
            }
        } else {
            let mut parts = word.split(['.', 'e', 'E']).filter(|part| !part.is_empty());
            if !parts.clone().all(underscores_fit) {
                return self.refuse(&format!(
                    "Invalid float {shown}: underscores must be surrounded by digits"
                ));
            }
            if parts.next().is_some_and(has_leading_zero) {
                return self.refuse(&format!(
                    "Invalid float {shown}: cannot have leading zeroes"
                ));
            }
            let mut after_periods = word.split('.').skip(1);
            if !after_periods.all(|part| part.starts_with(|c: char| c.is_ascii_digit())) {
                return self.refuse(&format!(
                    "Invalid float {shown}: '.' must be followed by one or more digits"
                ));
            }
            match word.replace('_', "").parse::<f64>() {
                Ok(number) if number.is_finite() => number,
                Ok(_) => return self.refuse(&format!("{word} is out of range for float64")),
                Err(_) => return self.refuse(&format!("Invalid float value: {shown}")),
            }
        };
        Ok(Value::float(number, origin))
    }

    fn date(&self, word: &str, origin: Origin) -> Read<Value> {
        // The letters may be small, and a space may stand for the T.
        let word = word.to_ascii_uppercase().replace(' ', "T");
        match Time::from_toml(&word, self.helm) {
            Some(time) => Ok(Value::object(time, origin)),
            None => {
                let shown = quote_lossless(word.as_bytes());
                self.refuse(&format!("invalid datetime: {shown}"))
            }
        }
    }

    /// Behind a quote, to the next.
    fn text(&mut self) -> Read<String> {
        let start = self.at;
        loop {
            let end = self.at;
            match self.next()? {
                None => return self.refuse("unexpected EOF; expected '\"'"),
                Some('\n' | '\r') => return self.broken(),
                Some('\\') => self.escape(start)?,
                Some('"') => {
                    let raw = self.text.get(start..end).unwrap_or_default();
                    return self.unescaped(raw, false);
                }
                Some(_) => {}
            }
        }
    }

    fn raw_text(&mut self) -> Read<String> {
        let start = self.at;
        loop {
            let end = self.at;
            match self.next()? {
                None => return self.refuse("unexpected EOF; expected \"'\""),
                Some('\n' | '\r') => return self.broken(),
                Some('\'') => return Ok(self.text.get(start..end).unwrap_or_default().to_owned()),
                Some(_) => {}
            }
        }
    }

    /// A text with a line break in it, which was read.
    fn broken<T>(&self) -> Read<T> {
        Err(Wrong {
            line: self.line - 1,
            words: "strings cannot contain newlines".to_owned(),
        })
    }

    /// Behind three quotes, to the next three. Up to two may stand before them.
    fn long_text(&mut self, quotes: &str, raw: bool) -> Read<String> {
        let quote = if raw { '\'' } else { '"' };
        let start = self.at;
        loop {
            let found = self.next()?;
            match found {
                None => {
                    let shown = if raw { "\"'''\"" } else { "'\"\"\"'" };
                    return self.refuse(&format!("unexpected EOF; expected {shown}"));
                }
                Some('\\') if !raw => {
                    if matches!(self.peek()?, Some('\n' | '\r')) {
                        self.next()?;
                    } else {
                        self.escape(start)?;
                    }
                }
                Some(c) if c == quote => {
                    let behind = self.rest();
                    let more = behind.len() - behind.trim_start_matches(quote).len();
                    if more >= 5 {
                        let shown = if raw { "\"''''''\"" } else { "'\"\"\"\"\"\"'" };
                        return self.refuse(&format!("unexpected {shown}"));
                    }
                    self.at += more;
                    if more >= 2 {
                        let body = self.since(start);
                        let body = body.strip_suffix(quotes).unwrap_or(body);
                        let body = body
                            .strip_prefix('\n')
                            .or_else(|| body.strip_prefix("\r\n"))
                            .unwrap_or(body);
                        return if raw {
                            Ok(body.to_owned())
                        } else {
                            self.unescaped(body, true)
                        };
                    }
                }
                Some(_) => {}
            }
        }
    }

    /// Behind a backslash in a text that begins at `start`.
    fn escape(&mut self, start: usize) -> Read<()> {
        let found = self.next()?;
        let (digits, count) = match found {
            // The decoder of Helm 3 is older, and knows fewer escapes.
            Some(c @ ('e' | 'x')) if self.helm == HelmVersion::V3 => {
                return self.refuse(&format!("invalid escape in string '\\{c}'"));
            }
            Some('e' | 'b' | 't' | 'n' | 'f' | 'r' | '"' | ' ' | '\t' | '\\') => return Ok(()),
            Some('x') => (2, "two"),
            Some('u') => (4, "four"),
            Some('U') => (8, "eight"),
            other => {
                let shown = other.unwrap_or('\0');
                return self.refuse(&format!("invalid escape in string '\\{shown}'"));
            }
        };
        let letter = found.unwrap_or_default();
        for _ in 0..digits {
            if !self.next()?.is_some_and(|c| c.is_ascii_hexdigit()) {
                let got = quote_lossless(self.since(start).as_bytes());
                return self.refuse(&format!(
                    "expected {count} hexadecimal digits after '\\{letter}', but got {got} instead"
                ));
            }
        }
        Ok(())
    }

    /// The text that a body with escapes stands for. In texts of several lines, an escaped line break goes with all
    /// blanks around it.
    fn unescaped(&self, body: &str, lines: bool) -> Read<String> {
        let mut out = String::new();
        let mut rest = body;
        while let Some((before, after)) = rest.split_once('\\') {
            out.push_str(before);
            let text = after.trim_start_matches([' ', '\t', '\r', '\n']);
            let blanks = after.get(..after.len() - text.len()).unwrap_or_default();
            if lines && blanks.contains('\n') {
                rest = text;
                continue;
            }
            let mut chars = after.chars();
            let digits = match chars.next() {
                Some('b') => {
                    out.push('\u{8}');
                    0
                }
                Some('t') => {
                    out.push('\t');
                    0
                }
                Some('n') => {
                    out.push('\n');
                    0
                }
                Some('f') => {
                    out.push('\u{c}');
                    0
                }
                Some('r') => {
                    out.push('\r');
                    0
                }
                Some('e') => {
                    out.push('\u{1b}');
                    0
                }
                Some(c @ ('"' | '\\')) => {
                    out.push(c);
                    0
                }
                Some('x') => 2,
                Some('u') => 4,
                Some('U') => 8,
                other => {
                    let shown = other.unwrap_or_default();
                    return self.refuse(&format!("invalid escape: '\\{shown}'"));
                }
            };
            rest = chars.as_str();
            if digits > 0 {
                let (number, behind) = rest.split_at_checked(digits).unwrap_or((rest, ""));
                rest = behind;
                match u32::from_str_radix(number, 16)
                    .ok()
                    .and_then(char::from_u32)
                {
                    Some(c) => out.push(c),
                    None => {
                        return self.refuse(&format!(
                            "Escaped character '\\u{number}' is not valid UTF-8."
                        ));
                    }
                }
            }
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// How numbers in other bases begin, what they are called, and their digits.
const BASES: [(&str, &str, fn(char) -> bool); 3] = [
    ("0b", "a binary", |c| matches!(c, '0' | '1')),
    ("0o", "an octal", |c| matches!(c, '0'..='7')),
    ("0x", "a hexadecimal", |c| c.is_ascii_hexdigit()),
];

/// True if and only if each underscore is between digits.
fn underscores_fit(word: &str) -> bool {
    let mut after_digit = false;
    for c in word.chars() {
        if c == '_' && !after_digit {
            return false;
        }
        after_digit = c.is_ascii_hexdigit();
    }
    after_digit
}

fn has_leading_zero(word: &str) -> bool {
    let signed = word.strip_prefix(['+', '-']);
    let digits = signed.unwrap_or(word);
    let is_long = digits.len() > 1 && digits.starts_with('0');
    is_long && (signed.is_some() || BASES.iter().all(|(prefix, ..)| !word.starts_with(prefix)))
}
