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
            '\\' => out.push_str(&escaped(chars.next()?)),
            c => out.push_str(&escaped(c)),
        }
    }
    if depth > 0 {
        return None;
    }
    out.push_str(r"\z");
    Some(out)
}

fn escaped(c: char) -> String {
    regex::escape(c.encode_utf8(&mut [0; 4]))
}

/// `[abc]` or `[a-c]`, not both at once, each with `!` to negate.
fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) -> Option<()> {
    let negated = chars.next_if_eq(&'!').is_some();
    let mut first = chars.next()?;
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

/// Go's `filepath.Match`; `None` for a pattern that cannot be read.
pub(super) fn path_match(pattern: &str, path: &str) -> Option<bool> {
    let mut regex = String::from(r"(?s)\A");
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' => regex.push_str("[^/]*"),
            '?' => regex.push_str("[^/]"),
            '\\' => regex.push_str(&escaped(chars.next()?)),
            '[' => {
                let mut member = chars.next()?;
                let negated = member == '^';
                if negated {
                    member = chars.next()?;
                }
                regex.push_str(if negated { "[^" } else { "[" });
                let mut count = 0;
                while member != ']' || count == 0 {
                    let low = match member {
                        '\\' => chars.next()?,
                        '-' | ']' => return None,
                        c => c,
                    };
                    member = chars.next()?;
                    let mut high = low;
                    if member == '-' {
                        high = match chars.next()? {
                            '\\' => chars.next()?,
                            '-' | ']' => return None,
                            c => c,
                        };
                        member = chars.next()?;
                    }
                    if low <= high {
                        regex.push_str(&format!(
                            "\\x{{{:X}}}-\\x{{{:X}}}",
                            u32::from(low),
                            u32::from(high)
                        ));
                    }
                    count += 1;
                }
                regex.push(']');
            }
            c => regex.push_str(&escaped(c)),
        }
    }
    regex.push_str(r"\z");
    Some(Regex::new(&regex).ok()?.is_match(path))
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
            ("[", "x", None),
            ("a\\*", "a*", Some(true)),
        ] {
            assert_eq!(path_match(pattern, path), expected, "{pattern} {path}");
        }
    }
}
