//! Go's regular expressions (RE2 syntax) on top of the `regex` crate, which is of the same linear-time family.
//!
//! The two differ in what they accept and in what some escapes mean; a pattern is therefore read once here and written
//! anew so that both mean the same. What the template functions called `regex…` do is in the module beside this one.

use std::fmt::Write as _;

use regex::{Captures, Match, Regex, RegexBuilder};

/// Go refuses repetitions above this, nested ones multiplied.
const MAX_REPEAT: u64 = 1000;

/// Compiled programs above this are refused: 8 MiB. Go's own limit is of the same order.
const MAX_PROGRAM: usize = 8 << 20;

/// Patterns nested deeper than this are refused, as Go does.
const MAX_NESTING: usize = 1000;

/// Compiles a pattern written for Go. The error is worded as Go words it.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    let translated = translate(pattern)?;
    RegexBuilder::new(&translated)
        .size_limit(MAX_PROGRAM)
        .nest_limit(2_000)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                format!("error parsing regexp: expression too large: `{pattern}`")
            }
            _ => format!("error parsing regexp: invalid syntax: `{pattern}`"),
        })
}

/// The pattern in the syntax of the `regex` crate.
fn translate(pattern: &str) -> Result<String, String> {
    let mut translation = Translation {
        rest: pattern,
        out: String::with_capacity(pattern.len() + 8),
        names: Vec::new(),
    };
    translation.whole()?;
    Ok(translation.out)
}

fn refuse<T>(what: &str, part: &str) -> Result<T, String> {
    Err(format!("error parsing regexp: {what}: `{part}`"))
}

struct Translation<'p> {
    rest: &'p str,
    out: String,
    names: Vec<&'p str>,
}

/// What stood before a repetition operator.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    /// Nothing that can be repeated.
    Nothing,
    /// Something that can be repeated, and how often its own repetitions multiply.
    Piece(u64),
    /// A repetition, with how much of the pattern was left where its operator began; another one may not follow directly.
    Repetition(usize),
}

impl<'p> Translation<'p> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or_default();
        Some(c)
    }

    /// Whether the operator that begins at `here`, and has just been read, may stand behind `before`.
    fn may_repeat(&self, all: &str, before: Before, here: &str) -> Result<(), String> {
        let from = |left: usize| {
            let end = all.len() - self.rest.len();
            all.get(all.len() - left..end).unwrap_or_default()
        };
        match before {
            Before::Nothing => refuse("missing argument to repetition operator", from(here.len())),
            Before::Repetition(left) => refuse("invalid nested repetition operator", from(left)),
            Before::Piece(_) => Ok(()),
        }
    }

    fn eat(&mut self, prefix: &str) -> bool {
        if let Some(rest) = self.rest.strip_prefix(prefix) {
            self.rest = rest;
            true
        } else {
            false
        }
    }

    fn whole(&mut self) -> Result<(), String> {
        let all = self.rest;
        let mut before = Before::Nothing;
        // For each open group, the greatest product of repetitions seen inside it so far.
        let mut groups: Vec<u64> = Vec::new();
        let mut inside = 1u64;
        loop {
            let here = self.rest;
            let Some(c) = self.next() else { break };
            match c {
                '(' => {
                    let flags_only = self.group(here)?;
                    if flags_only {
                        before = Before::Nothing;
                        continue;
                    }
                    groups.push(inside);
                    if groups.len() > MAX_NESTING {
                        return refuse("expression nests too deeply", all);
                    }
                    inside = 1;
                    before = Before::Nothing;
                }
                ')' => {
                    let Some(outer) = groups.pop() else {
                        return refuse("unexpected )", all);
                    };
                    self.out.push(')');
                    before = Before::Piece(inside);
                    inside = inside.max(outer);
                }
                '|' => {
                    self.out.push('|');
                    before = Before::Nothing;
                }
                '*' | '+' | '?' => {
                    let lazy = self.eat("?");
                    self.may_repeat(all, before, here)?;
                    self.out.push(c);
                    if lazy {
                        self.out.push('?');
                    }
                    before = Before::Repetition(here.len());
                }
                '{' => match counted(here) {
                    Some((low, high, length)) => {
                        let operator = here.get(..length).unwrap_or_default();
                        if high.is_some_and(|high| high < low || high > MAX_REPEAT)
                            || low > MAX_REPEAT
                        {
                            return refuse("invalid repeat count", operator);
                        }
                        let times = high.unwrap_or(low).max(1);
                        let product = match before {
                            Before::Piece(product) => product.saturating_mul(times),
                            _ => times,
                        };
                        self.rest = here.get(length..).unwrap_or_default();
                        let lazy = self.eat("?");
                        self.may_repeat(all, before, here)?;
                        if product > MAX_REPEAT {
                            return refuse("invalid repeat count", operator);
                        }
                        inside = inside.max(product);
                        self.out.push_str(operator);
                        if lazy {
                            self.out.push('?');
                        }
                        before = Before::Repetition(here.len());
                    }
                    None => {
                        self.out.push_str("\\{");
                        before = Before::Piece(1);
                    }
                },
                '}' | ']' => {
                    self.out.push('\\');
                    self.out.push(c);
                    before = Before::Piece(1);
                }
                '[' => {
                    self.class(here)?;
                    before = Before::Piece(1);
                }
                '\\' => {
                    if self.eat("Q") {
                        let (literal, rest) =
                            self.rest.split_once("\\E").unwrap_or((self.rest, ""));
                        self.rest = rest;
                        if !literal.is_empty() {
                            self.out.push_str(&regex::escape(literal));
                            before = Before::Piece(1);
                        }
                    } else {
                        self.escape(here)?;
                        before = Before::Piece(1);
                    }
                }
                '^' | '$' | '.' => {
                    self.out.push(c);
                    before = Before::Piece(1);
                }
                c => {
                    push_literal(&mut self.out, c);
                    before = Before::Piece(1);
                }
            }
        }
        if groups.is_empty() {
            Ok(())
        } else {
            refuse("missing closing )", all)
        }
    }

    /// After an opening parenthesis. True if and only if it was only a change of flags, `(?i)`.
    fn group(&mut self, here: &'p str) -> Result<bool, String> {
        if !self.eat("?") {
            self.out.push('(');
            return Ok(false);
        }
        if self.eat("P<") || self.eat("<") {
            let Some((name, rest)) = self.rest.split_once('>') else {
                return refuse("invalid named capture", here);
            };
            let valid =
                !name.is_empty() && name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric());
            if !valid {
                let end = here.len() - rest.len();
                return refuse("invalid named capture", here.get(..end).unwrap_or_default());
            }
            let before = self.names.iter().filter(|known| **known == name).count();
            self.names.push(name);
            self.rest = rest;
            // A name that begins with a digit is allowed in Go only; nobody can refer to it but by number.
            if name.starts_with(|c: char| c.is_ascii_digit()) {
                self.out.push('(');
            } else if before > 0 {
                // Go allows a name for several groups. No name of Go has a bracket in it.
                let _ = write!(self.out, "(?P<{name}[{before}]>");
            } else {
                let _ = write!(self.out, "(?P<{name}>");
            }
            return Ok(false);
        }
        let mut flags = String::new();
        let mut negated = false;
        loop {
            match self.next() {
                Some(c @ ('i' | 'm' | 's' | 'U')) => flags.push(c),
                Some('-') if !negated => {
                    negated = true;
                    flags.push('-');
                }
                Some(end @ (':' | ')')) => {
                    if flags.ends_with('-') {
                        break;
                    }
                    if end == ')' && flags.is_empty() {
                        return Ok(true);
                    }
                    let _ = write!(self.out, "(?{flags}{end}");
                    return Ok(end == ')');
                }
                _ => break,
            }
        }
        let end = here.len() - self.rest.len();
        refuse(
            "invalid or unsupported Perl syntax",
            here.get(..end.max(2)).unwrap_or(here),
        )
    }

    /// After a backslash outside a class.
    fn escape(&mut self, here: &'p str) -> Result<(), String> {
        let Some(c) = self.next() else {
            return Err("error parsing regexp: trailing backslash at end of expression: ``".into());
        };
        match c {
            'A' | 'z' => {
                self.out.push('\\');
                self.out.push(c);
            }
            'b' => self.out.push_str("(?-u:\\b)"),
            'B' => self.out.push_str("(?-u:\\B)"),
            'd' => self.out.push_str("[0-9]"),
            'D' => self.out.push_str("[^0-9]"),
            's' => self.out.push_str("[\\t\\n\\x0C\\r ]"),
            'S' => self.out.push_str("[^\\t\\n\\x0C\\r ]"),
            'w' => self.out.push_str("[0-9A-Za-z_]"),
            'W' => self.out.push_str("[^0-9A-Za-z_]"),
            'p' | 'P' => {
                let class = self.unicode_class(here, c == 'P')?;
                self.out.push_str(&class);
            }
            c => {
                let literal = self.literal_escape(here, c)?;
                push_code(&mut self.out, literal);
            }
        }
        Ok(())
    }

    /// `\pL`, `\p{Greek}`, `\p{^Greek}`.
    fn unicode_class(&mut self, here: &'p str, negated: bool) -> Result<String, String> {
        let name = if self.eat("{") {
            let Some((name, rest)) = self.rest.split_once('}') else {
                return refuse("invalid character class range", here);
            };
            self.rest = rest;
            name.to_owned()
        } else {
            match self.next() {
                Some(c) => c.to_string(),
                None => return refuse("invalid character class range", here),
            }
        };
        let (name, negated) = match name.strip_prefix('^') {
            Some(name) => (name.to_owned(), !negated),
            None => (name, negated),
        };
        let plain =
            !name.is_empty() && name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric());
        if !plain {
            let end = here.len() - self.rest.len();
            return refuse(
                "invalid character class range",
                here.get(..end).unwrap_or(here),
            );
        }
        Ok(match (name.as_str(), negated) {
            ("Any", false) => "[\\x00-\\x{10FFFF}]".to_owned(),
            ("Any", true) => "[^\\x00-\\x{10FFFF}]".to_owned(),
            (name, false) => format!("\\p{{{name}}}"),
            (name, true) => format!("\\P{{{name}}}"),
        })
    }

    /// The character that an escape stands for.
    fn literal_escape(&mut self, here: &'p str, c: char) -> Result<char, String> {
        let code = match c {
            '1'..='7' if !self.rest.starts_with(|c| matches!(c, '0'..='7')) => None,
            '0'..='7' => {
                let mut code = c.to_digit(8);
                for _ in 0..2 {
                    let Some(digit) = self.rest.chars().next().and_then(|c| c.to_digit(8)) else {
                        break;
                    };
                    self.next();
                    code = code.map(|code| code * 8 + digit);
                }
                code
            }
            'x' => {
                if self.eat("{") {
                    let end = self.rest.find('}');
                    let digits = end.and_then(|end| self.rest.get(..end));
                    let code = digits.and_then(|digits| {
                        let plain = !digits.is_empty()
                            && digits.len() <= 8
                            && digits.bytes().all(|b| b.is_ascii_hexdigit());
                        plain
                            .then(|| u32::from_str_radix(digits, 16).ok())
                            .flatten()
                    });
                    if let Some(end) = end {
                        self.rest = self.rest.get(end + 1..).unwrap_or_default();
                    }
                    code
                } else {
                    let digits = self.rest.get(..2).unwrap_or_default();
                    let code = if digits.bytes().all(|b| b.is_ascii_hexdigit()) {
                        u32::from_str_radix(digits, 16).ok()
                    } else {
                        None
                    };
                    self.rest = self.rest.get(2..).unwrap_or_default();
                    code
                }
            }
            'a' => Some(7),
            'f' => Some(0x0C),
            'n' => Some(0x0A),
            'r' => Some(0x0D),
            't' => Some(0x09),
            'v' => Some(0x0B),
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(c as u32),
            _ => None,
        };
        match code.and_then(char::from_u32) {
            Some(c) => Ok(c),
            None => {
                let end = here.len() - self.rest.len();
                refuse("invalid escape sequence", here.get(..end).unwrap_or(here))
            }
        }
    }

    /// After an opening bracket.
    fn class(&mut self, here: &'p str) -> Result<(), String> {
        let mut class = String::from("[");
        if self.eat("^") {
            class.push('^');
        }
        let mut first = true;
        loop {
            let at = self.rest;
            if at.is_empty() {
                return refuse("missing closing ]", here);
            }
            if !first && self.eat("]") {
                break;
            }
            first = false;
            if at.starts_with("[:")
                && let Some(end) = at.find(":]")
            {
                let name = at.get(2..end).unwrap_or_default();
                let bare = name.strip_prefix('^').unwrap_or(name);
                let known = [
                    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower",
                    "print", "punct", "space", "upper", "word", "xdigit",
                ];
                let whole = at.get(..end + 2).unwrap_or_default();
                if !known.contains(&bare) {
                    return refuse("invalid character class range", whole);
                }
                class.push_str(whole);
                self.rest = at.get(end + 2..).unwrap_or_default();
                continue;
            }
            if let Some(escape) = at.strip_prefix('\\').and_then(|e| e.chars().next()) {
                let shorthand = match escape {
                    'd' => Some("0-9"),
                    'D' => Some("[^0-9]"),
                    's' => Some("\\t\\n\\x0C\\r "),
                    'S' => Some("[^\\t\\n\\x0C\\r ]"),
                    'w' => Some("0-9A-Za-z_"),
                    'W' => Some("[^0-9A-Za-z_]"),
                    _ => None,
                };
                if let Some(shorthand) = shorthand {
                    class.push_str(shorthand);
                    self.rest = at.get(2..).unwrap_or_default();
                    continue;
                }
                if matches!(escape, 'p' | 'P') {
                    self.rest = at.get(2..).unwrap_or_default();
                    class.push_str(&self.unicode_class(at, escape == 'P')?);
                    continue;
                }
            }
            let low = self.class_char(here)?;
            let mut high = low;
            let ranged = self
                .rest
                .strip_prefix('-')
                .is_some_and(|after| !after.starts_with(']') && !after.is_empty());
            if ranged {
                self.eat("-");
                high = self.class_char(here)?;
                if high < low {
                    let end = at.len() - self.rest.len();
                    return refuse("invalid character class range", at.get(..end).unwrap_or(at));
                }
            }
            push_code(&mut class, low);
            if high != low {
                class.push('-');
                push_code(&mut class, high);
            }
        }
        class.push(']');
        self.out.push_str(&class);
        Ok(())
    }

    fn class_char(&mut self, class: &'p str) -> Result<char, String> {
        let here = self.rest;
        match self.next() {
            Some('\\') => match self.next() {
                Some(c) => self.literal_escape(here, c),
                None => {
                    Err("error parsing regexp: trailing backslash at end of expression: ``".into())
                }
            },
            Some(c) => Ok(c),
            None => refuse("missing closing ]", class),
        }
    }
}

/// `{n}`, `{n,}` or `{n,m}` at the beginning of `text`: the bounds and the length.
fn counted(text: &str) -> Option<(u64, Option<u64>, usize)> {
    let end = text.find('}')?;
    let inner = text.get(1..end)?;
    let number = |digits: &str| {
        let plain = !digits.is_empty()
            && digits.bytes().all(|b| b.is_ascii_digit())
            && (digits.len() == 1 || !digits.starts_with('0'));
        // A number too large for the type is above every limit.
        plain.then(|| digits.parse().unwrap_or(u64::MAX))
    };
    let (low, high) = match inner.split_once(',') {
        None => {
            let n = number(inner)?;
            (n, Some(n))
        }
        Some((low, "")) => (number(low)?, None),
        Some((low, high)) => (number(low)?, Some(number(high)?)),
    };
    Some((low, high, end + 1))
}

fn push_literal(out: &mut String, c: char) {
    if c.is_ascii_alphanumeric() || c == '_' || c == ' ' || !c.is_ascii() {
        out.push(c);
    } else {
        push_code(out, c);
    }
}

/// A character as a code point, which means the same inside and outside of classes.
fn push_code(out: &mut String, c: char) {
    if c.is_ascii_alphanumeric() || !c.is_ascii() {
        out.push(c);
    } else {
        let _ = write!(out, "\\x{:02X}", c as u32);
    }
}

/// One part of a replacement template, as Go's `Expand` reads it.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece {
    /// Text that stands for itself.
    Text(String),
    /// A group by number.
    Number(usize),
    /// A group by name.
    Name(String),
}

/// What the group of a name has found; of several groups of that name, the first that took part.
pub(crate) fn named<'t>(captures: &Captures<'t>, regex: &Regex, name: &str) -> Option<Match<'t>> {
    let groups = regex.capture_names().zip(captures.iter());
    groups
        .filter(|(known, _)| known.and_then(|known| known.split('[').next()) == Some(name))
        .find_map(|(_, found)| found)
}

/// Reads `$1`, `${1}`, `$name`, `${name}` and `$$`; a dollar that begins none of them stands for itself.
pub(crate) fn replacement(template: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        text.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            text.push('$');
            rest = after;
            continue;
        }
        let word = |s: &str| {
            s.find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(s.len())
        };
        let found = if let Some(braced) = after.strip_prefix('{') {
            let length = word(braced);
            (length > 0 && braced.get(length..).is_some_and(|r| r.starts_with('}')))
                .then(|| (braced.get(..length), braced.get(length + 1..)))
        } else {
            let length = word(after);
            (length > 0).then(|| (after.get(..length), after.get(length..)))
        };
        if let Some((Some(name), Some(after))) = found {
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
            }
            pieces.push(if name.bytes().all(|b| b.is_ascii_digit()) {
                Piece::Number(name.parse().unwrap_or(usize::MAX))
            } else {
                Piece::Name(name.to_owned())
            });
            rest = after;
        } else {
            text.push('$');
            rest = after;
        }
    }
    text.push_str(rest);
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    pieces
}

/// The bytes of each match, at most `limit` of them; a negative limit means all.
pub(crate) fn matches(regex: &Regex, text: &str, limit: i64) -> Vec<(usize, usize)> {
    let all = regex.find_iter(text).map(|m| (m.start(), m.end()));
    match usize::try_from(limit) {
        Ok(limit) => all.take(limit).collect(),
        Err(_) => all.collect(),
    }
}

/// The bytes of the parts between the matches, as Go's `Split` cuts them.
pub(crate) fn split(regex: &Regex, text: &str, limit: i64) -> Vec<(usize, usize)> {
    if limit == 0 {
        return Vec::new();
    }
    if text.is_empty() && !regex.as_str().is_empty() {
        return vec![(0, 0)];
    }
    let mut parts: Vec<(usize, usize)> = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for (start, stop) in matches(regex, text, limit) {
        if limit > 0 && parts.len() as i64 == limit - 1 {
            break;
        }
        end = start;
        if stop != 0 {
            parts.push((begin, end));
        }
        begin = stop;
    }
    if end != text.len() {
        parts.push((begin, text.len()));
    }
    parts
}

/// Go's `regexp.QuoteMeta`.
pub(crate) fn quote_meta(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\.+*?()|[]{}^$".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Patterns with a text and the part of it that Go's `FindString` gives; `None` where Go refuses the pattern.
    fn check(pattern: &str, text: &str, expected: Option<&str>) {
        let found = compile(pattern).ok().map(|regex| {
            regex
                .find(text)
                .map(|m| m.as_str().to_owned())
                .unwrap_or_default()
        });
        assert_eq!(found.as_deref(), expected, "{pattern}");
    }

    #[test]
    fn patterns_mean_what_they_mean_in_go() {
        for (pattern, text, expected) in [
            (r"\d+", "a٣12", Some("12")),
            (r"\w+", "éab_1", Some("ab_1")),
            (r"\bx\b", "a x", Some("x")),
            (r"a\Bb", "ab", Some("ab")),
            (r"\Qa.b\E+", "a.bb", Some("a.bb")),
            (r"a{,2}", "a{,2}", Some("a{,2}")),
            (r"a{", "a{", Some("a{")),
            (r"{(v[0-9])*[^}]*}}$", "{v1x}}", Some("{v1x}}")),
            (r"[[a]", "[", Some("[")),
            (r"[]a]+", "]a]", Some("]a]")),
            (r"[a&&b]+", "a&&b", Some("a&&b")),
            (r"[^a-zA-Z0-9-_.]+", "ab$%c", Some("$%")),
            (r"\<", "<", Some("<")),
            (r"\07", "\u{7}", Some("\u{7}")),
            (r"[\D]", "1x", Some("x")),
            (r"(?i)straße", "STRASSE STRAßE", Some("STRAßE")),
            (r"[[:^alpha:]]", "a1", Some("1")),
            (r"(?P<a>x)(?<b>y)", "xy", Some("xy")),
            (r"x*?y", "xxy", Some("xxy")),
            (r"\pL+", "1é2", Some("é")),
            (r"\p{^L}+", "é12", Some("12")),
            (r"\u00e9", "", None),
            (r"a**", "", None),
            (r"*a", "", None),
            (r"(?x)a", "", None),
            (r"a{1001}", "", None),
            (r"(a{100}){100}", "", None),
            (r"[[:foo:]]", "", None),
            (r"(?=a)", "", None),
            (r"\1", "", None),
            (r"(a", "", None),
            (r"a)", "", None),
            (r"[a", "", None),
            (r"[b-a]", "", None),
            (r"\Z", "", None),
            (r"a\", "", None),
        ] {
            check(pattern, text, expected);
        }
    }

    #[test]
    fn replacements_are_read_as_go_reads_them() {
        let text = |t: &str| Piece::Text(t.to_owned());
        assert_eq!(
            replacement("${1}W-$1W-$$-$-${"),
            [
                Piece::Number(1),
                text("W-"),
                Piece::Name("1W".into()),
                text("-$-$-${"),
            ]
        );
    }

    #[test]
    fn splits_like_go() {
        let parts = |pattern: &str, text: &str, limit| -> Vec<String> {
            split(&compile(pattern).unwrap(), text, limit)
                .into_iter()
                .map(|(a, b)| text[a..b].to_owned())
                .collect()
        };
        assert_eq!(
            parts("a*", "abaabaccadaaae", 5),
            ["", "b", "b", "c", "cadaaae"]
        );
        assert_eq!(parts(",", "a,b,c", 2), ["a", "b,c"]);
        assert_eq!(parts(",", "", -1), [""]);
        assert_eq!(parts("", "abc", -1), ["a", "b", "c"]);
        assert_eq!(parts(",", "a,b", 0), [""; 0]);
    }
}
