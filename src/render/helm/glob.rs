//! The two pattern languages for paths: that of `.Files.Glob` (gobwas) and Go's `filepath.Match` (`.helmignore`, `--show-only`).

use regex::Regex;

/// A compiled pattern of `.Files.Glob`: `*` stops at a slash, `**` does not, `{a,b}` and `[a-z]` as usual.
pub(super) struct Glob(Regex);

impl Glob {
    /// Compiles a pattern. Of one that cannot be read, Helm falls back to a pattern that matches every path.
    pub(super) fn new(pattern: &str) -> Self {
        let regex = translate(pattern).and_then(|regex| Regex::new(&regex).ok());
        Self(regex.unwrap_or_else(everything))
    }

    /// True if and only if the whole path matches.
    pub(super) fn is_match(&self, path: &str) -> bool {
        self.0.is_match(path)
    }
}

fn everything() -> Regex {
    Regex::new("").expect("because the empty pattern is valid")
}

fn translate(pattern: &str) -> Option<String> {
    let mut out = String::from(r"(?s)\A");
    let mut depth = 0usize;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' => {
                depth += 1;
                out.push_str("(?:");
                // Braces around nothing fit nothing, not even the empty text.
                if chars.peek().is_none_or(|c| *c == '}') {
                    out.push_str("[a&&b]");
                }
            }
            ',' if depth > 0 => out.push('|'),
            '}' if depth > 0 => {
                depth -= 1;
                out.push(')');
            }
            '?' => out.push_str("[^/]"),
            '*' => {
                if chars.peek() == Some(&'*') {
                    chars.next();
                    out.push_str(".*");
                } else {
                    out.push_str("[^/]*");
                }
            }
            '[' => class(&mut chars, &mut out)?,
            // At the end there is nothing that a backslash could escape.
            '\\' => out.extend(chars.next().map(escaped)),
            c => out.push_str(&escaped(c)),
        }
    }
    // What is still open ends here.
    out.push_str(&")".repeat(depth));
    out.push_str(r"\z");
    Some(out)
}

fn escaped(c: char) -> String {
    regex::escape(c.encode_utf8(&mut [0; 4]))
}

/// `[abc]` or `[a-c]`, not both at once, each with `!` to negate.
fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) -> Option<()> {
    let negated = chars.next_if_eq(&'!').is_some();
    let mut first = chars.next().filter(|c| *c != ']')?;
    if first == '\\' {
        first = chars.next()?;
    }
    let mut members = String::new();
    let code = |c: char| format!("\\x{{{:X}}}", u32::from(c));
    if chars.next_if_eq(&'-').is_some() {
        let last = chars.next()?;
        if last < first || chars.next()? != ']' {
            return None;
        }
        members.push_str(&format!("{}-{}", code(first), code(last)));
    } else {
        members.push_str(&code(first));
        loop {
            match chars.next()? {
                ']' => break,
                '\\' => members.push_str(&code(chars.next()?)),
                c => members.push_str(&code(c)),
            }
        }
    }
    out.push_str(if negated { "[^" } else { "[" });
    out.push_str(&members);
    out.push(']');
    Some(())
}

/// A pattern of Go's `filepath.Match`. It is matched by hand: a chart's `.helmignore` is asked for every file, by every rule.
pub(super) struct PathPattern(Vec<Token>);

enum Token {
    /// `*`: any run of characters without a slash.
    Run,
    /// `?`: one character, not a slash.
    Any,
    /// `[a-c]`, `[^a-c]`.
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    Char(char),
}

impl Token {
    fn fits(&self, c: char) -> bool {
        match self {
            Self::Run | Self::Any => c != '/',
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
            Self::Char(wanted) => *wanted == c,
        }
    }
}

impl PathPattern {
    /// Reads a pattern; `None` for one that cannot be read.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let mut tokens = Vec::new();
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            tokens.push(match c {
                '*' => Token::Run,
                '?' => Token::Any,
                '\\' => Token::Char(chars.next()?),
                '[' => path_class(&mut chars)?,
                c => Token::Char(c),
            });
        }
        Some(Self(tokens))
    }

    /// True if and only if the whole path matches.
    pub(super) fn is_match(&self, path: &str) -> bool {
        if let Some(Token::Char(last)) = self.0.last()
            && !path.ends_with(*last)
        {
            return false;
        }
        let (mut tokens, mut rest) = (self.0.as_slice(), path);
        // Where to go on if what follows the last `*` does not fit: no earlier `*` has to be tried again, because none of
        // them could pass the slash that stops the last one.
        let mut retry: Option<(&[Token], &str)> = None;
        loop {
            match (tokens.split_first(), rest.chars().next()) {
                (None, None) => return true,
                (Some((Token::Run, after)), _) => {
                    tokens = after;
                    retry = Some((after, rest));
                    continue;
                }
                (Some((token, after)), Some(c)) if token.fits(c) => {
                    tokens = after;
                    rest = rest.get(c.len_utf8()..).unwrap_or_default();
                    continue;
                }
                _ => {}
            }
            let Some((after, from)) = retry else {
                return false;
            };
            let Some(c) = from.chars().next().filter(|c| *c != '/') else {
                return false;
            };
            rest = from.get(c.len_utf8()..).unwrap_or_default();
            tokens = after;
            retry = Some((after, rest));
        }
    }
}

/// The rest of a class, behind its `[`.
fn path_class(chars: &mut std::str::Chars<'_>) -> Option<Token> {
    let mut member = chars.next()?;
    let negated = member == '^';
    if negated {
        member = chars.next()?;
    }
    let mut ranges = Vec::new();
    while member != ']' || ranges.is_empty() {
        let low = class_member(member, chars)?;
        member = chars.next()?;
        let mut high = low;
        if member == '-' {
            high = class_member(chars.next()?, chars)?;
            member = chars.next()?;
        }
        ranges.push((low, high));
    }
    Some(Token::Class { negated, ranges })
}

fn class_member(c: char, chars: &mut std::str::Chars<'_>) -> Option<char> {
    match c {
        '\\' => chars.next(),
        '-' | ']' => None,
        c => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_as_in_helm() {
        for (pattern, path, expected) in [
            ("files/*", "files/a", true),
            ("files/*", "files/a/b", false),
            ("files/**", "files/a/b", true),
            ("**.yaml", "a/b.yaml", true),
            ("{a,b}/*.txt", "b/c.txt", true),
            ("[ab].txt", "b.txt", true),
            ("[!ab].txt", "b.txt", false),
            ("[a-c]?", "bd", true),
            ("a\\*", "a*", true),
            ("[a-z0-9]", "anything/at all", true),
        ] {
            assert_eq!(
                Glob::new(pattern).is_match(path),
                expected,
                "{pattern} {path}"
            );
        }
        for (pattern, path, expected) in [
            ("*.md", "README.md", Some(true)),
            ("*.md", "a/README.md", Some(false)),
            ("[a-c]x", "bx", Some(true)),
            ("[^a-c]x", "bx", Some(false)),
            ("[c-a]", "b", Some(false)),
            ("[", "x", None),
            ("[]a]", "a", None),
            ("[a-]", "a", None),
            ("[\\]]", "]", Some(true)),
            ("a\\*", "a*", Some(true)),
            ("a\\", "a", None),
            ("*a*b*", "xaaxbx", Some(true)),
            ("*ab", "aab", Some(true)),
            ("*/*.y", "a/b.x.y", Some(true)),
            ("*a*b", "xa/ab", Some(false)),
            ("", "", Some(true)),
            ("*", "", Some(true)),
            ("?", "/", Some(false)),
        ] {
            let given = PathPattern::new(pattern).map(|pattern| pattern.is_match(path));
            assert_eq!(given, expected, "{pattern} {path}");
        }
    }
}
