//! Go's `strconv.Quote` and its relatives.

use crate::origin::Origin;

use super::super::string::{Char, Text, TextBuilder, decode};

/// A string in double quotes with Go's escapes; each character keeps its origin.
pub fn quote(text: &Text) -> Text {
    quoted(text, false)
}

/// As [`quote`], with everything beyond ASCII escaped.
pub fn quote_to_ascii(text: &Text) -> Text {
    quoted(text, true)
}

fn quoted(text: &Text, ascii: bool) -> Text {
    let first = text.runs().next().map_or(Origin::NONE, |(_, o)| o);
    let last = text.runs().last().map_or(Origin::NONE, |(_, o)| o);
    let needs_escape = |&b: &u8| !(0x20..0x7f).contains(&b) || b == b'"' || b == b'\\';
    let mut out = TextBuilder::new();
    out.push(b"\"", first);
    if text.as_bytes().iter().any(needs_escape) {
        out.push_text(&text.rewrite(|char, out| escape(char, '"', ascii, out)));
    } else {
        out.push_text(text);
    }
    out.push(b"\"", last);
    out.finish().already_under(text.condition())
}

/// Bytes in double quotes, for messages.
pub fn quote_lossless(bytes: &[u8]) -> String {
    let mut out = vec![b'"'];
    let mut rest = bytes;
    while let Some((char, width)) = decode(rest) {
        escape(char, '"', false, &mut out);
        rest = rest.get(width..).unwrap_or_default();
    }
    out.push(b'"');
    String::from_utf8_lossy(&out).into_owned()
}

/// A character in single quotes.
pub fn quote_char(char: char, ascii: bool) -> String {
    let mut out = vec![b'\''];
    escape(Char::Valid(char), '\'', ascii, &mut out);
    out.push(b'\'');
    String::from_utf8_lossy(&out).into_owned()
}

/// Appends one character as it stands inside `quote`s.
fn escape(char: Char, quote: char, ascii: bool, out: &mut Vec<u8>) {
    let c = match char {
        Char::Invalid(byte) => {
            out.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
            return;
        }
        Char::Valid(c) => c,
    };
    if c == quote || c == '\\' {
        out.push(b'\\');
        out.push(c as u8);
        return;
    }
    if (c.is_ascii() || !ascii) && is_print(c) {
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        return;
    }
    let code = u32::from(c);
    let escaped = match c {
        '\u{7}' => "\\a".to_owned(),
        '\u{8}' => "\\b".to_owned(),
        '\u{c}' => "\\f".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        '\u{b}' => "\\v".to_owned(),
        _ if code < 0x20 || code == 0x7f => format!("\\x{code:02x}"),
        _ if code < 0x1_0000 => format!("\\u{code:04x}"),
        _ => format!("\\U{code:08x}"),
    };
    out.extend_from_slice(escaped.as_bytes());
}

/// Go's `strconv.IsPrint`: letters, marks, numbers, punctuation, symbols, and of the spaces only ASCII's.
pub fn is_print(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    // Rust escapes the same categories when it debugs a string, except marks at its beginning.
    let text: String = ['a', c].into_iter().collect();
    text.escape_debug().nth(1) == Some(c)
}

/// Whether a raw string literal can hold the text.
pub(super) fn can_backquote(text: &Text) -> bool {
    text.chars().all(|(_, char)| match char {
        Char::Valid(c) => c == '\t' || (!c.is_control() && c != '`' && c != '\u{FEFF}'),
        Char::Invalid(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_is_go_s() {
        let check = |bytes: &[u8], expected: &str| {
            assert_eq!(quote_lossless(bytes), expected);
            assert_eq!(quote(&Text::new(bytes, Origin::NONE)).lossy(), expected);
        };
        check(b"a\"b\\c", r#""a\"b\\c""#);
        check(
            "é\u{a0}\u{200b}\n\u{0}".as_bytes(),
            "\"é\\u00a0\\u200b\\n\\x00\"",
        );
        check(b"\xff", "\"\\xff\"");
        check("\u{1F600}".as_bytes(), "\"\u{1F600}\"");
    }
}
