//! How a scalar is printed: which quotes it needs, where its lines are folded, how its characters are escaped.

use super::{Place, Printer, Style};
use crate::yaml::parse::BREAKS;
use crate::yaml::{Dialect, Scalar, implied};

/// True if and only if a plain `text` reads back as this text.
pub(in crate::yaml) fn is_text(text: &str, style: Style) -> bool {
    let v2 = implied(text, Dialect::Helm);
    let v3 = implied(text, Dialect::Kustomize);
    let is_plain = match style {
        // Helm's reading takes dates for strings, but its printing quotes them.
        Style::ToYaml => v2.is_none() && !matches!(v3, Some(Scalar::Timestamp(_))),
        // Both versions quote the old booleans.
        Style::ToYamlPretty | Style::V3 => v3.is_none() && !matches!(v2, Some(Scalar::Bool(_))),
    };
    is_plain && !is_base_60(text)
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`: YAML 1.1 read this as a number.
fn is_base_60(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !rest.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let (number, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let mut parts = number.split(':');
    let first = parts.next().unwrap_or_default();
    let mut count = 0;
    let all = parts.all(|part| {
        count += 1;
        match part.as_bytes() {
            [one] => one.is_ascii_digit(),
            [ten, one] => (b'0'..=b'5').contains(ten) && one.is_ascii_digit(),
            _ => false,
        }
    });
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    all && count > 0 && digits(first) && digits(fraction)
}

/// True if and only if the key may stand before its `:` on one line.
pub(super) fn is_simple_key(key: &str) -> bool {
    key.len() <= 128 && !key.contains(is_break)
}

/// What quoting a text allows.
pub(in crate::yaml) struct Allowed {
    /// Bare, in a block.
    pub(in crate::yaml) plain: bool,
    /// In single quotes.
    pub(in crate::yaml) single: bool,
    /// As a literal block.
    pub(in crate::yaml) block: bool,
}

fn is_break(c: char) -> bool {
    // Nothing printable in ASCII is one.
    !matches!(c, ' '..='~') && BREAKS.contains(&c)
}

fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{ffff}')
        && !matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Looks through a text for what stands against each way to write it.
pub(in crate::yaml) fn allowed(text: &str, style: Style) -> Allowed {
    if text.is_empty() {
        return Allowed {
            plain: true,
            single: true,
            block: false,
        };
    }
    let mut indicators = matches!(
        text.as_bytes(),
        [b'-', b'-', b'-', ..] | [b'.', b'.', b'.', ..]
    );
    let (mut breaks, mut special, mut tabs) = (false, false, false);
    let (mut break_space, mut space_break) = (false, false);
    let mut before = None;
    for (at, c) in text.char_indices() {
        // Most of a text stands against nothing.
        if c.is_ascii_alphanumeric() || c == ' ' {
            break_space |= c == ' ' && before.is_some_and(is_break);
            before = Some(c);
            continue;
        }
        let after = text.as_bytes().get(at + c.len_utf8());
        let blank_after = after.is_none_or(|after| matches!(after, b' ' | b'\t'));
        indicators |= match (c, before) {
            (
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
                | '@' | '`',
                None,
            ) => true,
            ('?' | '-', None) | (':', _) => blank_after,
            ('#', Some(before)) => matches!(before, ' ' | '\t' | '\0') || is_break(before),
            _ => false,
        };
        if c == '\t' && style != Style::ToYaml {
            tabs = true;
        } else {
            special |= !is_printable(c);
        }
        breaks |= is_break(c);
        space_break |= is_break(c) && before == Some(' ');
        before = Some(c);
    }
    let at_ends = |found: fn(char) -> bool| text.starts_with(found) || text.ends_with(found);
    let bad = space_break || special;
    Allowed {
        plain: !(indicators
            || breaks
            || bad
            || tabs
            || break_space
            || at_ends(|c| c == ' ')
            || at_ends(is_break)),
        single: !(break_space || bad || tabs),
        block: !(text.ends_with(' ') || bad),
    }
}

impl Printer {
    /// Prints a scalar. `may_be_plain` if and only if the bare text reads back as the same value.
    pub(super) fn scalar(&mut self, text: &str, may_be_plain: bool, place: Place) {
        let outer = self.indent;
        self.indent = Some(self.deeper(place, true));
        let allowed = allowed(text, self.style);
        let is_key = place == Place::Key;
        let single = |printer: &mut Self| {
            if allowed.single {
                printer.single_quoted(text, !is_key);
            } else {
                printer.double_quoted(text, !is_key);
            }
        };
        if text.contains('\n') {
            if allowed.block && !is_key {
                self.literal(text);
            } else {
                self.double_quoted(text, !is_key);
            }
        } else if !may_be_plain {
            self.double_quoted(text, !is_key);
        } else if allowed.plain && !(text.is_empty() && is_key) {
            self.plain(text, !is_key);
        } else {
            single(self);
        }
        self.indent = outer;
    }

    /// Continues a folded line.
    fn fold(&mut self) {
        let origin = self.out.origin;
        self.start_line(origin);
    }

    fn plain(&mut self, text: &str, may_fold: bool) {
        if !self.whitespace {
            self.put(' ');
        }
        if may_fold && self.column.saturating_add(text.len()) > self.width() {
            self.flowing(text, true, |_| true, Self::put_text);
        } else {
            self.put_text(text);
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn single_quoted(&mut self, text: &str, may_fold: bool) {
        self.indicator("'", true, false);
        let last = text.len().saturating_sub(1);
        self.flowing(
            text,
            may_fold,
            |at| at > 0 && at < last,
            |printer, text| printer.put_text(&text.replace('\'', "''")),
        );
        self.indicator("'", false, false);
        self.indention = false;
    }

    /// Text whose single spaces may become line breaks, and whose line breaks are doubled.
    fn flowing(
        &mut self,
        text: &str,
        may_fold: bool,
        fold_at: impl Fn(usize) -> bool,
        write: impl Fn(&mut Self, &str),
    ) {
        let (mut spaces, mut breaks) = (false, false);
        let mut at = 0;
        while let Some(rest) = text.get(at..)
            && let Some(c) = rest.chars().next()
        {
            let mut length = c.len_utf8();
            if c == ' ' {
                let space_after = rest.get(1..).is_some_and(|after| after.starts_with(' '));
                if may_fold && !spaces && self.column > self.width() && fold_at(at) && !space_after
                {
                    self.fold();
                } else {
                    self.put(' ');
                }
                spaces = true;
            } else if is_break(c) {
                if !breaks && c == '\n' {
                    self.put_break();
                }
                self.line_break(c);
                breaks = true;
            } else {
                if breaks {
                    self.fold();
                }
                length = rest.find(|c| c == ' ' || is_break(c)).unwrap_or(rest.len());
                write(self, rest.get(..length).unwrap_or_default());
                self.indention = false;
                spaces = false;
                breaks = false;
            }
            at += length;
        }
    }

    /// A line break of the text itself.
    fn line_break(&mut self, c: char) {
        if c == '\n' {
            self.put_break();
        } else {
            self.put(c);
            self.column = 0;
            self.indention = true;
        }
    }

    fn double_quoted(&mut self, text: &str, may_fold: bool) {
        self.indicator("\"", true, false);
        // Go looks for the byte order mark at the start of the text, whichever character it is at.
        let all = text.starts_with('\u{feff}');
        let last = text.len().saturating_sub(1);
        let mut spaces = false;
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if all || !is_printable(c) || is_break(c) || c == '"' || c == '\\' {
                self.escape(c);
                spaces = false;
            } else if c == ' ' {
                if may_fold && !spaces && self.column > self.width() && at > 0 && at < last {
                    self.fold();
                    if chars.peek().is_some_and(|&(_, next)| next == ' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(' ');
                }
                spaces = true;
            } else {
                self.put(c);
                spaces = false;
            }
        }
        self.indicator("\"", false, false);
        self.indention = false;
    }

    fn escape(&mut self, c: char) {
        let short = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(c);
                let text = match code {
                    0..=0xFF => format!("\\x{code:02X}"),
                    0x100..=0xFFFF => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                };
                text.chars().for_each(|c| self.put(c));
                return;
            }
        };
        self.put('\\');
        self.put(short);
    }

    fn literal(&mut self, text: &str) {
        self.indicator("|", true, false);
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            let hint = self.step().to_string();
            self.indicator(&hint, false, false);
        }
        let mut ends = text.chars().rev().map(is_break);
        match (ends.next(), ends.next()) {
            (Some(true), Some(true) | None) => self.indicator("+", false, false),
            (Some(true), Some(false)) => {}
            _ => self.indicator("-", false, false),
        }
        self.put_break();
        self.whitespace = true;
        for line in text.split_inclusive(is_break) {
            let content = line.trim_end_matches(is_break);
            if !content.is_empty() {
                self.fold();
                self.put_text(content);
                self.indention = false;
            }
            if let Some(c) = line.get(content.len()..).and_then(|end| end.chars().next()) {
                self.line_break(c);
            }
        }
    }
}
