//! The everyday part of YAML, read without libyaml: block mappings and sequences of scalars that stand on one line or in a block,
//! and what a JSON encoder writes. That is nearly all that charts print, and takes a fraction of the time.
//!
//! Nothing is decided here: whatever is not certain to be read as libyaml reads it (errors, anchors, tags, tabs, directives,
//! document markers and much else) makes [`read`] give up, and the caller asks libyaml. That both agree is tested.

use std::borrow::Cow;

use super::ScalarStyle;
use super::events::Event;
use crate::text::Span;

/// What is nested deeper than this is left to libyaml.
const MAX_NESTING: usize = 200;

/// What a document begins with that says so.
const MARKER: &str = "---";

/// libyaml takes nothing longer than 1024 characters for a key.
const MAX_KEY: usize = 1000;

/// Gives the events of a text of one document, or stops with `None`: then what was given counts for nothing.
pub(super) fn read<'t>(
    text: &'t str,
    give: impl FnMut(Event<'t>, Span) -> Option<()>,
) -> Option<()> {
    let marker = marker(text);
    if !is_everyday(text, marker) {
        return None;
    }
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: marker.map_or(0, |at| at + MARKER.len()),
        column: 0,
        nesting: 0,
        give,
    };
    reader.next_line();
    if reader.is_at_end() {
        return None;
    }
    let (start, end) = match marker {
        Some(at) => (at, at + MARKER.len()),
        None => (reader.at, reader.at),
    };
    reader.event(Event::DocumentStart { minor: None }, start, end)?;
    reader.block()?;
    if !reader.is_at_end() {
        return None;
    }
    let end = text.len();
    reader.event(Event::DocumentEnd { explicit: false }, end, end)
}

/// Where a document says that it begins, in a line of its own behind nothing but comments.
fn marker(text: &str) -> Option<usize> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line == "---\n" {
            return Some(at);
        }
        let inner = line.trim_ascii();
        if !inner.is_empty() && !inner.starts_with('#') {
            return None;
        }
        at += line.len();
    }
    None
}

/// False where there is a character that may mean more than itself, or a line but for that of the `marker` that may be a
/// marker or a directive.
fn is_everyday(text: &str, marker: Option<usize>) -> bool {
    // All bytes are looked at, which takes less time than to stop at the first that is not plain.
    let is_odd = |byte: u8| u8::from(!matches!(byte, b'\n' | b' '..=b'~' | 0x80..));
    if text.bytes().fold(0, |odd, byte| odd | is_odd(byte)) != 0 {
        return false;
    }
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let is_special = matches!(
            line.as_bytes(),
            [b'%', ..] | [b'-', b'-', b'-', ..] | [b'.', b'.', b'.', ..]
        );
        if is_special && marker != Some(at) {
            return false;
        }
        at += line.len();
    }
    text.is_ascii()
        || text.chars().all(|c| {
            matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}'
                | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
        })
}

struct Reader<'t, G> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// How far `at` is from the start of its line.
    column: usize,
    nesting: usize,
    give: G,
}

impl<'t, G: FnMut(Event<'t>, Span) -> Option<()>> Reader<'t, G> {
    fn event(&mut self, event: Event<'t>, start: usize, end: usize) -> Option<()> {
        (self.give)(event, Span::new(start, end))
    }

    fn scalar(
        &mut self,
        text: impl Into<Cow<'t, str>>,
        style: ScalarStyle,
        start: usize,
        end: usize,
    ) -> Option<()> {
        let event = Event::Scalar {
            anchor: None,
            tag: None,
            text: text.into(),
            style,
        };
        self.event(event, start, end)
    }

    fn start(&mut self, mapping: bool, flow: bool) -> Option<()> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return None;
        }
        let event = Event::Start {
            anchor: None,
            tag: None,
            mapping,
            flow,
        };
        self.event(event, self.at, self.at)
    }

    fn end(&mut self) -> Option<()> {
        self.nesting -= 1;
        self.event(Event::End, self.at, self.at)
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// True at a space, a line break and the end.
    fn is_blank(&self, at: usize) -> bool {
        matches!(self.byte(at), None | Some(b' ' | b'\n'))
    }

    /// The end of the line that holds `at`, without its break.
    fn line_end(&self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        at + memchr::memchr(b'\n', rest).unwrap_or(rest.len())
    }

    fn spaces(&self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        rest.iter().take_while(|&&b| b == b' ').count()
    }

    /// From the start of a line to the next thing that is neither space nor comment.
    fn next_line(&mut self) {
        loop {
            self.column = self.spaces(self.at);
            self.at += self.column;
            match self.byte(self.at) {
                Some(b'#' | b'\n') => self.at = (self.line_end(self.at) + 1).min(self.bytes.len()),
                _ => return,
            }
        }
    }

    /// Behind a value: nothing but a comment may follow in its line.
    fn finish_line(&mut self) -> Option<()> {
        let spaces = self.spaces(self.at);
        match self.byte(self.at + spaces) {
            None | Some(b'\n') => {}
            Some(b'#') if spaces > 0 => {}
            Some(_) => return None,
        }
        self.at = (self.line_end(self.at) + 1).min(self.bytes.len());
        self.next_line();
        Some(())
    }

    fn is_dash(&self) -> bool {
        self.byte(self.at) == Some(b'-') && self.is_blank(self.at + 1)
    }

    /// A mapping or a sequence that begins here.
    fn block(&mut self) -> Option<()> {
        if self.is_dash() {
            self.sequence(self.column)
        } else {
            self.mapping(self.column, self.key()?)
        }
    }

    fn sequence(&mut self, indent: usize) -> Option<()> {
        self.start(false, false)?;
        while self.is_dash() {
            let dash = self.at;
            let spaces = self.spaces(dash + 1);
            self.at += 1 + spaces;
            self.column += 1 + spaces;
            match self.byte(self.at) {
                None | Some(b'\n' | b'#') => {
                    self.finish_line_of_nothing(dash + 1)?;
                    if !self.is_at_end() && self.column > indent {
                        self.node(indent)?;
                    } else {
                        self.unwritten(dash + 1)?;
                    }
                }
                Some(_) => self.node(indent)?,
            }
            if self.is_at_end() || self.column < indent {
                break;
            }
            if self.column > indent {
                return None;
            }
        }
        self.end()
    }

    /// Behind a dash or a colon that ends at `mark`, where the value is not in the line.
    fn finish_line_of_nothing(&mut self, mark: usize) -> Option<()> {
        self.at = mark;
        self.finish_line()
    }

    /// A value that is not written: behind its dash or colon.
    fn unwritten(&mut self, mark: usize) -> Option<()> {
        self.scalar("", ScalarStyle::Plain, mark, mark)
    }

    /// What begins here and belongs to a collection at `indent`.
    fn node(&mut self, indent: usize) -> Option<()> {
        if self.is_dash() {
            self.sequence(self.column)
        } else if let Some(key) = self.key() {
            self.mapping(self.column, key)
        } else {
            self.inline(indent)
        }
    }

    /// A mapping at `indent`, of which the first key was found already.
    fn mapping(&mut self, indent: usize, first: (usize, usize)) -> Option<()> {
        self.start(true, false)?;
        let (mut end, mut colon) = first;
        loop {
            let start = self.at;
            match self.byte(start) {
                Some(quote @ (b'"' | b'\'')) => {
                    let (text, _) = self.quoted(quote)?;
                    self.scalar(text, style(quote), start, end)?;
                }
                _ => self.scalar(self.text.get(start..end)?, ScalarStyle::Plain, start, end)?,
            }
            self.at = colon + 1;
            self.value(indent)?;
            if self.is_at_end() || self.column < indent {
                return self.end();
            }
            if self.column > indent {
                return None;
            }
            (end, colon) = self.key()?;
        }
    }

    /// The value behind a colon, of a mapping at `indent`.
    fn value(&mut self, indent: usize) -> Option<()> {
        let mark = self.at;
        self.at += self.spaces(mark);
        if !matches!(self.byte(self.at), None | Some(b'\n' | b'#')) {
            return self.inline(indent);
        }
        self.finish_line_of_nothing(mark)?;
        if self.is_at_end() || self.column < indent {
            self.unwritten(mark)
        } else if self.column > indent {
            self.node(indent)
        } else if self.is_dash() {
            self.sequence(indent)
        } else {
            self.unwritten(mark)
        }
    }

    /// Where the key that begins here ends, and its colon; `None` where no key begins.
    fn key(&self) -> Option<(usize, usize)> {
        let start = self.at;
        let end = match self.byte(start)? {
            quote @ (b'"' | b'\'') => {
                let end = self.quoted(quote)?.1;
                if end > self.line_end(start) {
                    return None;
                }
                end
            }
            _ if self.is_plain(start) => {
                let line = self.bytes.get(start..self.line_end(start))?;
                let ends = |at: usize| line.get(at + 1).is_none_or(|&next| next == b' ');
                let colon = line
                    .iter()
                    .enumerate()
                    .find(|&(at, &b)| b == b':' && ends(at))?
                    .0;
                let key = line.get(..colon)?;
                if key.windows(2).any(|pair| pair == b" #") {
                    return None;
                }
                start + key.trim_ascii_end().len()
            }
            _ => return None,
        };
        let colon = end + self.spaces(end);
        let is_key = self.byte(colon) == Some(b':') && self.is_blank(colon + 1);
        (is_key && end - start < MAX_KEY).then_some((end, colon))
    }

    /// True if and only if a plain scalar may begin here.
    fn is_plain(&self, at: usize) -> bool {
        match self.byte(at) {
            None => false,
            Some(b'-' | b':') => !self.is_blank(at + 1),
            Some(byte) => !b" \n?,[]{}#&*!|>'\"%@`".contains(&byte),
        }
    }

    /// A scalar or flow collection in the line of its key or dash, which are at `indent`.
    fn inline(&mut self, indent: usize) -> Option<()> {
        let start = self.at;
        match self.byte(start)? {
            quote @ (b'"' | b'\'') => {
                let (text, end) = self.quoted(quote)?;
                self.at = end;
                self.scalar(text, style(quote), start, end)?;
                self.finish_line()
            }
            b'|' | b'>' => self.block_scalar(indent),
            b'{' | b'[' => {
                self.flow()?;
                self.finish_line()
            }
            _ if self.is_plain(start) => self.plain(indent),
            _ => None,
        }
    }

    /// The end of what one line adds to a plain scalar, and whether a comment follows; `None` where there may be a key.
    fn plain_line(&self, start: usize) -> Option<(usize, bool)> {
        let end = self.line_end(start);
        let line = self.bytes.get(start..end)?;
        let mut before = 0;
        for (at, &byte) in line.iter().enumerate() {
            if byte == b':' && line.get(at + 1).is_none_or(|&next| next == b' ') {
                return None;
            }
            if byte == b'#' && before == b' ' {
                let text = line.get(..at)?.trim_ascii_end();
                return Some((start + text.len(), true));
            }
            before = byte;
        }
        Some((start + line.trim_ascii_end().len(), false))
    }

    fn plain(&mut self, indent: usize) -> Option<()> {
        let start = self.at;
        let (mut end, mut is_over) = self.plain_line(start)?;
        let mut text = Cow::Borrowed(self.text.get(start..end)?);
        loop {
            self.at = (self.line_end(end) + 1).min(self.bytes.len());
            let mut breaks = 1;
            loop {
                self.column = self.spaces(self.at);
                if self.byte(self.at + self.column) != Some(b'\n') {
                    break;
                }
                self.at += self.column + 1;
                breaks += 1;
            }
            let next = self.at + self.column;
            if is_over || self.column <= indent || matches!(self.byte(next), None | Some(b'#')) {
                self.next_line();
                return self.scalar(text, ScalarStyle::Plain, start, end);
            }
            let text = text.to_mut();
            if breaks == 1 {
                text.push(' ');
            }
            text.extend(std::iter::repeat_n('\n', breaks - 1));
            (end, is_over) = self.plain_line(next)?;
            text.push_str(self.text.get(next..end)?);
        }
    }

    /// The text of a quoted scalar, and its end.
    fn quoted(&self, quote: u8) -> Option<(Cow<'t, str>, usize)> {
        let mut text = String::new();
        let mut from = self.at + 1;
        let mut at = from;
        loop {
            match self.byte(at)? {
                b'\n' => {
                    text.push_str(self.text.get(from..at)?.trim_end_matches(' '));
                    let (next, breaks) = self.breaks(at);
                    if breaks == 1 {
                        text.push(' ');
                    }
                    text.extend(std::iter::repeat_n('\n', breaks - 1));
                    at = next;
                    from = at;
                }
                b'\\' if quote == b'"' && self.byte(at + 1) == Some(b'\n') => {
                    text.push_str(self.text.get(from..at)?);
                    let (next, breaks) = self.breaks(at + 1);
                    text.extend(std::iter::repeat_n('\n', breaks - 1));
                    at = next;
                    from = at;
                }
                b'\'' if quote == b'\'' && self.byte(at + 1) == Some(b'\'') => {
                    text.push_str(self.text.get(from..=at)?);
                    at += 2;
                    from = at;
                }
                byte if byte == quote => {
                    let last = self.text.get(from..at)?;
                    if text.is_empty() {
                        return Some((Cow::Borrowed(last), at + 1));
                    }
                    text.push_str(last);
                    return Some((Cow::Owned(text), at + 1));
                }
                b'\\' if quote == b'"' => {
                    text.push_str(self.text.get(from..at)?);
                    let (char, length) = self.escape(at + 1)?;
                    text.push(char);
                    at += 1 + length;
                    from = at;
                }
                _ => at += 1,
            }
        }
    }

    /// The next character behind line breaks of which the first is at `at`, and how many they are.
    fn breaks(&self, mut at: usize) -> (usize, usize) {
        let mut breaks = 0;
        while self.byte(at) == Some(b'\n') {
            breaks += 1;
            at += 1;
            at += self.spaces(at);
        }
        (at, breaks)
    }

    /// What stands for a character behind a backslash, and how many bytes that takes.
    fn escape(&self, at: usize) -> Option<(char, usize)> {
        Some(match self.byte(at)? {
            b'n' => ('\n', 1),
            b't' => ('\t', 1),
            b'r' => ('\r', 1),
            b' ' => (' ', 1),
            b'"' => ('"', 1),
            b'\\' => ('\\', 1),
            b'u' => {
                let digits = self.text.get(at + 1..at + 5)?;
                if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return None;
                }
                (char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, 5)
            }
            _ => return None,
        })
    }

    fn block_scalar(&mut self, parent: usize) -> Option<()> {
        let start = self.at;
        let is_literal = self.byte(start) == Some(b'|');
        let mut at = start + 1;
        let chomping = self.byte(at).filter(|b| matches!(b, b'+' | b'-'));
        at += usize::from(chomping.is_some());
        if self.byte(at) != Some(b'\n') {
            return None;
        }
        at += 1;
        let mut text = String::new();
        // Line breaks that stand at the end so far: that of the last line, and those of the blank lines behind it.
        let (mut last, mut blank) = (false, 0);
        while self.byte(at) == Some(b'\n') {
            at += 1;
            blank += 1;
        }
        let indent = self.spaces(at);
        if indent <= parent || self.is_blank(at + indent) {
            return None;
        }
        let mut was_indented = false;
        while self.spaces(at) >= indent {
            let content = at + indent;
            let end = self.line_end(content);
            let line = self.text.get(content..end)?;
            let is_indented = line.starts_with(' ');
            if line.trim_ascii().is_empty() {
                return None;
            }
            if !is_literal && last && !was_indented && !is_indented {
                if blank == 0 {
                    text.push(' ');
                }
            } else if last {
                text.push('\n');
            }
            text.extend(std::iter::repeat_n('\n', blank));
            text.push_str(line);
            was_indented = is_indented;
            last = end < self.bytes.len();
            at = end + usize::from(last);
            blank = 0;
            loop {
                let spaces = self.spaces(at);
                match self.byte(at + spaces) {
                    Some(b'\n') if spaces <= indent => {
                        at += spaces + 1;
                        blank += 1;
                    }
                    // White space that may or may not be content.
                    Some(b'\n') => return None,
                    None if spaces > 0 => return None,
                    _ => break,
                }
            }
        }
        if last && chomping != Some(b'-') {
            text.push('\n');
        }
        if chomping == Some(b'+') {
            text.extend(std::iter::repeat_n('\n', blank));
        }
        let style = if is_literal {
            ScalarStyle::Literal
        } else {
            ScalarStyle::Folded
        };
        self.scalar(text, style, start, at)?;
        self.at = at;
        self.next_line();
        Some(())
    }

    /// A collection in brackets, in one line.
    fn flow(&mut self) -> Option<()> {
        let mapping = self.byte(self.at) == Some(b'{');
        let close = if mapping { b'}' } else { b']' };
        self.start(mapping, true)?;
        self.skip(1);
        let mut is_first = true;
        while self.byte(self.at) != Some(close) {
            if !is_first {
                if self.byte(self.at) != Some(b',') {
                    return None;
                }
                self.skip(1);
            }
            is_first = false;
            if mapping {
                let is_quoted = matches!(self.byte(self.at), Some(b'"' | b'\''));
                let start = self.at;
                self.flow_scalar()?;
                if self.at - start > MAX_KEY
                    || self.byte(self.at) != Some(b':')
                    || !(is_quoted || self.byte(self.at + 1) == Some(b' '))
                {
                    return None;
                }
                self.skip(1);
            }
            match self.byte(self.at)? {
                b'{' | b'[' => self.flow()?,
                _ => self.flow_scalar()?,
            }
            self.skip(0);
        }
        self.at += 1;
        self.end()
    }

    /// Moves over some bytes and the spaces behind them.
    fn skip(&mut self, bytes: usize) {
        self.at += bytes;
        self.at += self.spaces(self.at);
    }

    fn flow_scalar(&mut self) -> Option<()> {
        let start = self.at;
        if let Some(quote @ (b'"' | b'\'')) = self.byte(start) {
            let (text, end) = self.quoted(quote)?;
            self.at = end;
            return self.scalar(text, style(quote), start, end);
        }
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_./-".contains(byte);
        let rest = self.bytes.get(start..)?;
        let length = rest.iter().take_while(|&b| is_word(b)).count();
        let begins = rest.first()?.is_ascii_alphanumeric() || rest.starts_with(b"-") && length > 1;
        if !begins {
            return None;
        }
        self.at = start + length;
        let text = self.text.get(start..self.at)?;
        self.scalar(text, ScalarStyle::Plain, start, self.at)
    }
}

fn style(quote: u8) -> ScalarStyle {
    if quote == b'"' {
        ScalarStyle::DoubleQuoted
    } else {
        ScalarStyle::SingleQuoted
    }
}
