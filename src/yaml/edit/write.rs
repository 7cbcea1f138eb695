//! New text for an edit: values as a person would write them, in the habits of the file.
//!
//! Unlike [`emit`](crate::yaml::emit) this is bound to no program's bytes: lines are not folded, and a text is quoted
//! wherever either dialect would read it as something else.

use super::place::Site;
use crate::yaml::emit::{Style, allowed, is_text};
use crate::yaml::resolve::shortest;
use crate::yaml::{Data, MAX_DEPTH, ScalarStyle, Value};

/// Writes values for one site.
pub(super) struct Writer {
    eol: &'static str,
    step: usize,
    flat: bool,
    // Texts of several lines become literal blocks.
    literals: bool,
}

impl Writer {
    pub(super) fn new(site: &Site, literals: bool) -> Self {
        Self {
            eol: site.eol,
            step: site.step,
            flat: site.flat,
            literals,
        }
    }

    /// True if and only if a text is best written as a literal block.
    pub(super) fn wants_literal(&self, text: &str, old: Option<ScalarStyle>) -> bool {
        self.literals
            && text.contains('\n')
            && !matches!(
                old,
                Some(ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted)
            )
            && allowed(&probe(text), Style::ToYaml).block
    }

    /// Header and lines of a literal block whose text stands at `column`, `by` characters deeper than what holds it.
    /// The line break behind the last line is not among them.
    pub(super) fn literal(&self, text: &str, (column, by): (usize, usize)) -> (String, String) {
        let hint = if text.starts_with([' ', '\n']) {
            by.to_string()
        } else {
            String::new()
        };
        let chomp = if !text.ends_with('\n') {
            "-"
        } else if text.ends_with("\n\n") || text == "\n" {
            "+"
        } else {
            ""
        };
        let lines: Vec<String> = text
            .strip_suffix('\n')
            .unwrap_or(text)
            .split('\n')
            .map(|line| {
                if line.is_empty() {
                    String::new()
                } else {
                    " ".repeat(column) + line
                }
            })
            .collect();
        (format!("|{hint}{chomp}"), lines.join(self.eol))
    }

    /// A value in lines of its own that begin at `column`. The first is not indented, the last has no line break.
    pub(super) fn block(&self, value: &Value, column: usize) -> Option<String> {
        self.block_at(value, column, 0)
    }

    fn block_at(&self, value: &Value, column: usize, depth: usize) -> Option<String> {
        if depth > MAX_DEPTH {
            return None;
        }
        let break_to = |column: usize| format!("{}{}", self.eol, " ".repeat(column));
        let mut out = String::new();
        match &value.data {
            Data::Sequence(items) if !items.is_empty() => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out += &break_to(column);
                    }
                    out.push_str("- ");
                    out += &match &item.data {
                        Data::String(text) if self.wants_literal(text, None) => {
                            let (header, body) = self.literal(text, (column + 2, 2));
                            header + self.eol + &body
                        }
                        _ => self.block_at(item, column + 2, depth + 1)?,
                    };
                }
            }
            Data::Mapping(mapping) if !mapping.is_empty() => {
                for (index, entry) in mapping.iter().enumerate() {
                    if index > 0 {
                        out += &break_to(column);
                    }
                    out += &string(&entry.key, None, false);
                    out.push(':');
                    let deeper = column + self.step;
                    // Where lines of its own begin; anything else stands behind the colon.
                    let below = match &entry.value.data {
                        Data::Sequence(items) if !items.is_empty() && self.flat => Some(column),
                        Data::Sequence(items) if !items.is_empty() => Some(deeper),
                        Data::Mapping(mapping) if !mapping.is_empty() => Some(deeper),
                        _ => None,
                    };
                    out += &below.map_or_else(|| " ".to_owned(), break_to);
                    out += &match &entry.value.data {
                        Data::String(text) if self.wants_literal(text, None) => {
                            let (header, body) = self.literal(text, (deeper, self.step));
                            header + self.eol + &body
                        }
                        _ => self.block_at(&entry.value, below.unwrap_or(deeper), depth + 1)?,
                    };
                }
            }
            Data::Sequence(_) => out.push_str("[]"),
            Data::Mapping(_) => out.push_str("{}"),
            scalar => out = inline(scalar, None, false)?,
        }
        Some(out)
    }
}

/// A value on one line, in brackets and braces.
pub(super) fn flow(value: &Value) -> Option<String> {
    flow_at(value, 0)
}

fn flow_at(value: &Value, depth: usize) -> Option<String> {
    if depth > MAX_DEPTH {
        return None;
    }
    match &value.data {
        Data::Sequence(items) => {
            let items = items
                .iter()
                .map(|item| flow_at(item, depth + 1))
                .collect::<Option<Vec<_>>>()?;
            Some(format!("[{}]", items.join(", ")))
        }
        Data::Mapping(mapping) => {
            let entries = mapping
                .iter()
                .map(|entry| {
                    let key = string(&entry.key, None, true);
                    Some(format!("{key}: {}", flow_at(&entry.value, depth + 1)?))
                })
                .collect::<Option<Vec<_>>>()?;
            Some(format!("{{{}}}", entries.join(", ")))
        }
        scalar => inline(scalar, None, true),
    }
}

/// A scalar on one line, in the quotes of the one that it replaces where they fit.
pub(super) fn inline(data: &Data, old: Option<ScalarStyle>, in_flow: bool) -> Option<String> {
    Some(match data {
        Data::Null => "null".to_owned(),
        Data::Bool(value) => value.to_string(),
        Data::Int(value) => value.to_string(),
        Data::Uint(value) => value.to_string(),
        Data::Float(value) if !value.is_finite() => return None,
        Data::Float(value) if *value == 0.0 => "-0.0".to_owned(),
        Data::Float(value) if (1e-5..1e15).contains(&value.abs()) => value.to_string(),
        Data::Float(value) => shortest(*value),
        Data::String(text) => string(text, old, in_flow),
        Data::Sequence(_) | Data::Mapping(_) => return None,
    })
}

/// The text with its emoji replaced by a letter: the rules of the printer escape them, people write them.
fn probe(text: &str) -> String {
    text.chars()
        .map(|c| if c > '\u{ffff}' { 'x' } else { c })
        .collect()
}

fn string(text: &str, old: Option<ScalarStyle>, in_flow: bool) -> String {
    let probe = probe(text);
    let allowed = allowed(&probe, Style::ToYaml);
    let reads_back = is_text(text, Style::ToYaml) && is_text(text, Style::V3) && text != "<<";
    let plain = allowed.plain
        && reads_back
        && !text.is_empty()
        && !(in_flow && text.contains([',', '?', '[', ']', '{', '}', ':']));
    let single = allowed.single && !text.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']);
    match old {
        Some(ScalarStyle::SingleQuoted) if single => single_quoted(text),
        Some(ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) => double_quoted(text),
        _ if plain => text.to_owned(),
        _ if reads_back && single => single_quoted(text),
        _ => double_quoted(text),
    }
}

fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn double_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                let code = format!("\\u{:04X}", u32::from(c));
                out.push_str(&code);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
