//! What regorus reads otherwise than OPA because of where it stands: repaired in the text, before it is parsed.
//!
//! A fact without a body, a parenthesis that begins a line, and bodies that follow one another. No line begins elsewhere
//! afterwards, so that places in the text stay true.

use super::parse::Refused;

/// A piece of Rego.
pub(super) struct Token<'t> {
    pub(super) text: &'t str,
    pub(super) start: usize,
    /// True if and only if it is the first of its line.
    pub(super) begins_line: bool,
}

impl Token<'_> {
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// True for what a value follows.
    fn asks_for_a_value(&self) -> bool {
        matches!(
            self.text,
            "=" | ":=" | "contains" | "|" | "&" | "+" | "-" | "*" | "/" | "%"
        )
    }
}

/// The text with those repairs made.
pub(super) fn repair(text: &str) -> String {
    let tokens = tokens(text);
    let mut inserts: Vec<(usize, String)> = Vec::new();
    // The brackets that are open.
    let mut open: Vec<(&str, usize)> = Vec::new();
    // The statement at the top level: where it begins, and where its first body does.
    let (mut start, mut body) = (0, None);
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| tokens.get(index));
        if open.is_empty() && token.begins_line && !matches!(token.text, "{" | "else" | ")") {
            (start, body) = (token.start, None);
        }
        match token.text {
            "(" if open.last().is_some_and(|(bracket, _)| *bracket == "{") && token.begins_line => {
                let is_end = before.is_some_and(|before| {
                    before
                        .text
                        .ends_with(|c: char| c.is_alphanumeric() || "_)]}\"`".contains(c))
                });
                if is_end {
                    inserts.push((token.start, ";".to_owned()));
                }
            }
            // What a head gives may be an object, which is no body.
            "{" if open.is_empty() && !before.is_some_and(Token::asks_for_a_value) => {
                let head = text
                    .get(start..body.unwrap_or(token.start))
                    .unwrap_or_default();
                let chained = before.is_some_and(|before| before.text == "}");
                if chained && body.is_some() && !head.contains("else") {
                    let head: Vec<&str> = head.split_whitespace().collect();
                    inserts.push((token.start, format!("{} ", head.join(" "))));
                } else if body.is_none() {
                    body = Some(token.start);
                }
            }
            _ => {}
        }
        match token.text {
            "(" | "[" | "{" => open.push((token.text, token.start)),
            ")" | "]" | "}" => {
                let opened = open.pop().map_or(0, |(_, at)| at);
                let next = tokens.get(index + 1);
                let is_last = next.is_none_or(|next| {
                    next.begins_line && !matches!(next.text, "{" | "=" | ":=" | "if" | "else")
                });
                if token.text == ")"
                    && open.is_empty()
                    && is_last
                    && is_name(text.get(start..opened))
                {
                    inserts.push((token.start + 1, " := true".to_owned()));
                }
            }
            _ => {}
        }
    }
    // The mark that some editors put before a text is no part of it.
    let marked = text.strip_prefix('\u{feff}');
    let mut repaired = marked.map_or_else(|| text.to_owned(), |rest| format!("   {rest}"));
    for (at, insert) in inserts.into_iter().rev() {
        repaired.insert_str(at, &insert);
    }
    repaired
}

/// The text of a module of the present version without what turns that version's words on: regorus takes the last part of such an
/// import for a name, so that a variable could not bear it.
pub(super) fn without_version(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let code = line.split('#').next().unwrap_or_default().trim();
        let name = code.strip_prefix("import ").map(str::trim_start);
        let is_version = name.is_some_and(|name| {
            name == "rego.v1" || name == "future.keywords" || name.starts_with("future.keywords.")
        });
        let last = name.and_then(|name| name.rsplit('.').next());
        let is_shadowed = last.is_some_and(|last| text.matches(last).nth(1).is_some());
        if is_version && is_shadowed {
            whole.extend(line.chars().map(|c| if c == '\n' { c } else { ' ' }));
        } else {
            whole.push_str(line);
        }
    }
    whole
}

/// How much trying brackets may cost a parser that reads what is in one twice, once as a comprehension and once as a list.
const MOST_TRIES: u64 = 1 << 22;

/// Refuses a text that cannot be read: regorus takes a NUL for the end of a module, so that rules behind one would be passed over.
pub(super) fn check(text: &str) -> Result<(), Refused> {
    let nul = text.find('\0').map(|at| {
        let line = 1 + text.get(..at).unwrap_or_default().matches('\n').count();
        (
            line,
            "it holds a NUL character, behind which nothing would be read",
        )
    });
    let nested = || Some((too_nested(text)?, "its brackets are nested too deeply"));
    match nul.or_else(nested) {
        Some((line, why)) => Err(Refused {
            line,
            why: why.to_owned(),
        }),
        None => Ok(()),
    }
}

/// The line, from 1, at which brackets in brackets are more than a parser gets through.
fn too_nested(text: &str) -> Option<usize> {
    let (mut depth, mut tries) = (0_u32, 0_u64);
    for token in tokens(text) {
        match token.text {
            "[" | "{" => {
                depth += 1;
                tries = tries.saturating_add(1 << depth.min(40));
            }
            "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if tries > MOST_TRIES {
            let before = text.get(..token.start).unwrap_or_default();
            return Some(1 + before.matches('\n').count());
        }
    }
    None
}

/// True for what can stand before the arguments of a fact.
fn is_name(text: Option<&str>) -> bool {
    text.is_some_and(|name| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || c == '_' || c == '.')
    })
}

/// The pieces of a text: names, numbers, texts and signs. Comments and white space are none.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut begins_line = true;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        at += 1;
        let skip_while = |from: usize, keep: &dyn Fn(u8) -> bool| {
            let rest = bytes.get(from..).unwrap_or_default();
            from + rest.iter().take_while(|byte| keep(**byte)).count()
        };
        match byte {
            b'\n' => {
                begins_line = true;
                continue;
            }
            b' ' | b'\t' | b'\r' => continue,
            b'#' => {
                at = skip_while(at, &|byte| byte != b'\n');
                continue;
            }
            b'`' => at = skip_while(at, &|byte| byte != b'`') + 1,
            b'"' => {
                while let Some(&byte) = bytes.get(at) {
                    at += 1;
                    match byte {
                        b'\\' => at += 1,
                        b'"' | b'\n' => break,
                        _ => {}
                    }
                }
            }
            b':' if bytes.get(at) == Some(&b'=') => at += 1,
            byte if byte.is_ascii_alphanumeric() || byte == b'_' => {
                at = skip_while(at, &|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            }
            byte if byte >= 0x80 => at = skip_while(at, &|byte| byte >= 0x80),
            _ => {}
        }
        at = at.min(bytes.len());
        tokens.push(Token {
            text: text.get(start..at).unwrap_or_default(),
            start,
            begins_line,
        });
        begins_line = false;
    }
    tokens
}
