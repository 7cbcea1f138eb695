//! Letters and words: Go's `strings.Title`, and the word rules of `camelcase`, `snakecase` and `kebabcase`.
//!
//! Plain text in, plain text out; origins are the callers' care.

/// Go maps one character to one; where Unicode has no single upper-case character, it stays.
pub(super) fn upper(c: char) -> char {
    let mut mapped = c.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(upper), None) => upper,
        _ => c,
    }
}

/// As [`upper`], the other way; of `İ`, Go keeps the `i`.
pub(super) fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// True if and only if a word begins after `c` (Go's `strings.Title`).
pub(super) fn separates(c: char) -> bool {
    if c.is_ascii() {
        !(c.is_ascii_alphanumeric() || c == '_')
    } else {
        !c.is_alphanumeric() && c.is_whitespace()
    }
}

fn connects(c: char) -> bool {
    matches!(c, '-' | '_') || c.is_whitespace()
}

/// `foo-bar` is `FooBar`; connectors at the beginning stay.
pub(super) fn camel(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    let mut previous = None;
    let mut in_upper = false;
    for c in chars.by_ref() {
        if connects(c) {
            out.push(c);
            previous = None;
        } else {
            in_upper = c.is_uppercase();
            previous = Some(upper(c));
            break;
        }
    }
    let Some(mut last) = previous else {
        return out;
    };
    for c in chars {
        let mut next = c;
        if connects(c) && connects(last) {
            out.push(last);
        } else if connects(last) {
            in_upper = c.is_uppercase();
            next = upper(c);
        } else {
            // The rest of a word in capitals becomes small.
            if in_upper {
                if c.is_uppercase() {
                    next = lower(c);
                } else {
                    in_upper = false;
                }
            }
            out.push(last);
        }
        last = next;
    }
    out.push(last);
    out
}

#[derive(Clone, Copy, PartialEq)]
enum Word {
    None,
    Number,
    Upper,
    Letters,
    Connector,
    Punctuation,
    Other,
}

fn is_number(c: char) -> bool {
    c.is_numeric()
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() && !is_ideographic(c)
}

/// Letters without case count neither as letters of a word nor as capitals in the library's tables.
fn is_ideographic(c: char) -> bool {
    matches!(u32::from(c), 0x3400..=0x9FFF | 0x20000..=0x3FFFF)
}

fn is_punctuation(c: char) -> bool {
    // Unicode's punctuation within ASCII; the symbols `$+<=>^`|~` do not belong to it.
    if c.is_ascii() {
        c.is_ascii_punctuation()
            && !matches!(c, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~')
    } else {
        matches!(u32::from(c), 0xA1 | 0xA7 | 0xAB | 0xB6 | 0xB7 | 0xBB | 0xBF | 0x2010..=0x2027 | 0x2030..=0x205E | 0x3001..=0x3003 | 0x3008..=0x3011)
    }
}

/// The first word of a text, and the rest.
fn next_word(text: &[char]) -> (Word, &[char], &[char]) {
    let Some(&first) = text.first() else {
        return (Word::None, &[], &[]);
    };
    let run = |belongs: &dyn Fn(char) -> bool| {
        let length = text.iter().take_while(|&&c| belongs(c)).count();
        text.split_at(length)
    };
    if connects(first) {
        let (word, rest) = run(&connects);
        return (Word::Connector, word, rest);
    }
    if is_punctuation(first) {
        let (word, rest) = run(&is_punctuation);
        return (Word::Punctuation, word, rest);
    }
    let small = |c: char| is_letter(c) && !c.is_uppercase();
    if first.is_uppercase() {
        let capitals = text.iter().take_while(|c| c.is_uppercase()).count();
        let length = if capitals > 1 {
            // In "HTTPServer" the "S" begins the next word.
            match text.get(capitals) {
                Some(&c) if is_letter(c) => capitals - 1,
                _ => capitals,
            }
        } else {
            1 + text.iter().skip(1).take_while(|&&c| small(c)).count()
        };
        let (word, rest) = text.split_at(length);
        return (Word::Upper, word, rest);
    }
    if is_letter(first) {
        let (word, rest) = run(&small);
        return (Word::Letters, word, rest);
    }
    if is_number(first) {
        let (word, rest) = run(&is_number);
        return (Word::Number, word, rest);
    }
    let (word, rest) =
        run(&|c| !(connects(c) || is_letter(c) || is_number(c) || is_punctuation(c)));
    if word.is_empty() {
        let (word, rest) = text.split_at(1);
        return (Word::Other, word, rest);
    }
    (Word::Other, word, rest)
}

fn push_lower(out: &mut String, kind: Word, word: &[char], connector: char) {
    for &c in word {
        if !matches!(kind, Word::Upper | Word::Connector) {
            out.push(c);
        } else if connects(c) {
            out.push(connector);
        } else if c.is_uppercase() {
            out.push(lower(c));
        } else {
            out.push(c);
        }
    }
}

/// `HTTPServer2Go` is `http_server2_go`, with another connector where one is given.
pub(super) fn separated(text: &str, connector: char) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let (mut kind, mut word, mut rest) = next_word(&chars);
    while !rest.is_empty() {
        if kind != Word::Connector {
            push_lower(&mut out, kind, word, connector);
        }
        let (previous, last) = (kind, word);
        (kind, word, rest) = next_word(rest);
        match previous {
            Word::Number => {
                while matches!(kind, Word::Letters | Word::Number) {
                    push_lower(&mut out, kind, word, connector);
                    (kind, word, rest) = next_word(rest);
                }
                if !matches!(kind, Word::None | Word::Punctuation | Word::Connector) {
                    out.push(connector);
                }
            }
            Word::Connector => push_lower(&mut out, previous, last, connector),
            Word::Punctuation => {}
            _ => {
                if kind != Word::Number {
                    if !matches!(kind, Word::Connector | Word::Punctuation) {
                        out.push(connector);
                    }
                    continue;
                }
                if rest.is_empty() {
                    continue;
                }
                let number = word;
                (kind, word, rest) = next_word(rest);
                if kind != Word::Letters {
                    // The number belongs to the word before it: "Bld4Floor" is "bld4_floor".
                    push_lower(&mut out, Word::Number, number, connector);
                    if !matches!(kind, Word::Connector | Word::Punctuation) {
                        out.push(connector);
                    }
                    continue;
                }
                // Small letters follow, so the number begins a word: "HTTP2xx" is "http_2xx".
                out.push(connector);
                push_lower(&mut out, Word::Number, number, connector);
                while matches!(kind, Word::Letters | Word::Number) {
                    push_lower(&mut out, kind, word, connector);
                    (kind, word, rest) = next_word(rest);
                }
                if !matches!(kind, Word::None | Word::Connector | Word::Punctuation) {
                    out.push(connector);
                }
            }
        }
    }
    push_lower(&mut out, kind, word, connector);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_as_helm_cuts_them() {
        for (text, expected) in [
            ("HTTPServer2Go", "http_server2_go"),
            ("Bld4Floor3rd", "bld4_floor_3rd"),
            ("foo  bar-baz.Qux!", "foo__bar_baz.qux!"),
            ("HTTP20xOK", "http_20x_ok"),
            ("FirstName", "first_name"),
            ("Duration2m3s", "duration_2m3s"),
            ("", ""),
        ] {
            assert_eq!(separated(text, '_'), expected, "{text}");
        }
        for (text, expected) in [
            ("HTTPServer2Go", "Httpserver2Go"),
            ("foo-BAR-baz", "FooBarBaz"),
            ("_foo__bar_", "_Foo_Bar_"),
            ("FOO", "Foo"),
            ("aB", "AB"),
            ("_", "_"),
        ] {
            assert_eq!(camel(text), expected, "{text}");
        }
    }
}
