//! JSON as Go's encoder writes it and Go's decoder reads it, with the origin of every value.

use std::fmt::Write as _;

use crate::discover::HelmVersion;
use crate::origin::{Origin, Origins};
use crate::render::helm::format::format_float;
use crate::render::helm::function::{Context, FunctionError};
use crate::render::helm::string::{Char, Text, TextBuilder, Unions};
use crate::render::helm::value::{Data, MAX_DEPTH, Map, Value};
use crate::text::Span;
use base64::Engine as _;

/// How JSON is laid out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Two spaces per level and a line per value.
    pub(crate) pretty: bool,
    /// `<`, `>` and `&` are escaped, so that the text may stand in HTML.
    pub(crate) html: bool,
}

/// The value as JSON. Each scalar keeps its origin; what holds them together has the origin of its collection.
pub(crate) fn write(
    context: &mut Context<'_>,
    value: &Value,
    layout: Layout,
) -> Result<Text, FunctionError> {
    let mut out = TextBuilder::new();
    element(context, &mut out, value, layout, 0)?;
    context.spend_bytes(out.len())?;
    Ok(out.finish())
}

fn line_break(out: &mut TextBuilder, layout: Layout, depth: usize, origin: Origin) {
    if layout.pretty {
        let mut text = String::from("\n");
        text.push_str(&"  ".repeat(depth));
        out.push(text.as_bytes(), origin);
    }
}

fn element(
    context: &mut Context<'_>,
    out: &mut TextBuilder,
    value: &Value,
    layout: Layout,
    depth: usize,
) -> Result<(), FunctionError> {
    if depth > MAX_DEPTH {
        return Err(FunctionError::new("json: the value is nested too deeply"));
    }
    context.spend(1)?;
    let here = if value.origin.is_none() {
        context.call
    } else {
        value.origin
    };
    match &value.data {
        Data::Nil | Data::Absent => out.push(b"null", here),
        Data::Bool(true) => out.push(b"true", here),
        Data::Bool(false) => out.push(b"false", here),
        Data::Int(number, _) => out.push(number.to_string().as_bytes(), here),
        Data::Uint(number, _) => out.push(number.to_string().as_bytes(), here),
        Data::Float(number) => {
            let Some(shown) = float(*number) else {
                return Err(FunctionError::new(format!(
                    "json: unsupported value: {}",
                    if number.is_nan() {
                        "NaN"
                    } else if *number > 0.0 {
                        "+Inf"
                    } else {
                        "-Inf"
                    }
                )));
            };
            out.push(shown.as_bytes(), here);
        }
        Data::String(text) => string(out, text, layout.html, context.helm),
        Data::List(list) if list.is_nil() => out.push(b"null", here),
        Data::Bytes(None) => out.push(b"null", here),
        Data::Bytes(Some(bytes)) => {
            let encoded = base64::engine::general_purpose::STANDARD.encode(bytes.as_bytes());
            let origin = bytes.origin(context.origins);
            out.push(format!("\"{encoded}\"").as_bytes(), origin);
        }
        Data::List(list) => elements(context, out, list, layout, depth, here)?,
        Data::Map(map) if map.borrow().is_nil => out.push(b"null", here),
        Data::Map(map) => {
            let entries = map
                .entries()
                .into_iter()
                .map(|(key, entry)| (Text::new(key.as_bytes(), entry.key_origin), entry.value))
                .collect::<Vec<_>>();
            members(context, out, &entries, layout, depth, here)?;
        }
        Data::Object(object) => match (object.entries(), object.items()) {
            (Some(entries), _) => {
                let entries = entries
                    .into_iter()
                    .map(|(key, value)| (Text::new(key.as_bytes(), here), value))
                    .collect::<Vec<_>>();
                members(context, out, &entries, layout, depth, here)?;
            }
            (None, Some(items)) => elements(context, out, &items, layout, depth, here)?,
            (None, None) => {
                let shown = Text::new(object.json(), here);
                string(out, &shown, layout.html, context.helm);
            }
        },
    }
    Ok(())
}

fn elements(
    context: &mut Context<'_>,
    out: &mut TextBuilder,
    items: &[Value],
    layout: Layout,
    depth: usize,
    here: Origin,
) -> Result<(), FunctionError> {
    out.push(b"[", here);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b",", here);
        }
        line_break(out, layout, depth + 1, here);
        element(context, out, item, layout, depth + 1)?;
    }
    if !items.is_empty() {
        line_break(out, layout, depth, here);
    }
    out.push(b"]", here);
    Ok(())
}

fn members(
    context: &mut Context<'_>,
    out: &mut TextBuilder,
    entries: &[(Text, Value)],
    layout: Layout,
    depth: usize,
    here: Origin,
) -> Result<(), FunctionError> {
    out.push(b"{", here);
    for (index, (key, value)) in entries.iter().enumerate() {
        if index > 0 {
            out.push(b",", here);
        }
        line_break(out, layout, depth + 1, here);
        string(out, key, layout.html, context.helm);
        let colon: &[u8] = if layout.pretty { b": " } else { b":" };
        out.push(colon, here);
        element(context, out, value, layout, depth + 1)?;
    }
    if !entries.is_empty() {
        line_break(out, layout, depth, here);
    }
    out.push(b"}", here);
    Ok(())
}

/// The text in quotes, which share the origins of their neighbours.
fn string(out: &mut TextBuilder, text: &Text, html: bool, helm: HelmVersion) {
    let first = text
        .runs()
        .next()
        .map_or(Origin::NONE, |(_, origin)| origin);
    let last = text
        .runs()
        .last()
        .map_or(Origin::NONE, |(_, origin)| origin);
    out.push(b"\"", first);
    let escaped = text.rewrite(|c, out| {
        // Go 1.27, which Helm 4 is built with, writes the character itself for what is not UTF-8.
        if helm == HelmVersion::V3 && matches!(c, Char::Invalid(_)) {
            out.extend_from_slice(b"\\ufffd");
            return;
        }
        let c = c.or_replacement();
        let mut buffer = [0; 4];
        match c {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            '<' | '>' | '&' if html => {
                out.extend_from_slice(format!("\\u{:04x}", c as u32).as_bytes());
            }
            '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                out.extend_from_slice(format!("\\u{:04x}", c as u32).as_bytes());
            }
            c => out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes()),
        }
    });
    out.push_text(&escaped);
    out.push(b"\"", last);
}

/// A float as ECMAScript and Go write it; `None` for what JSON has no form for.
pub(crate) fn float(number: f64) -> Option<String> {
    if !number.is_finite() {
        return None;
    }
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let shown = format!("{number:e}");
        // Go writes the sign of a positive exponent.
        return Some(match shown.split_once('e') {
            Some((mantissa, exponent)) if !exponent.starts_with('-') => {
                format!("{mantissa}e+{exponent}")
            }
            _ => shown,
        });
    }
    Some(format_float(number, b'f', None))
}

/// What JSON says, or Go's words for why it says nothing. Numbers are floats.
pub(crate) fn read(text: &Text, origins: &mut Origins) -> Result<Value, String> {
    let mut reader = Reader::new(text, HelmVersion::V3, origins);
    let value = reader.document()?;
    reader.refused().map_or(Ok(value), Err)
}

/// As [`read`], for whoever goes on as Go's decoder does behind a number above all floats: the value, in which such a number is
/// nothing, and the words about the first of them.
pub(super) fn read_on(
    text: &Text,
    helm: HelmVersion,
    origins: &mut Origins,
) -> Result<(Value, Option<String>), String> {
    let mut reader = Reader::new(text, helm, origins);
    let value = reader.document()?;
    Ok((value, reader.refused()))
}

/// A value at the beginning of a text, and where it ends (`--set-json` goes on after it).
pub(crate) fn read_first(text: &Text, origins: &mut Origins) -> Result<(Value, usize), String> {
    let mut reader = Reader::new(text, HelmVersion::V3, origins);
    reader.blank();
    let value = reader.value("looking for beginning of value", 0)?;
    let end = reader.at;
    reader.refused().map_or(Ok((value, end)), Err)
}

/// What Go calls the type of a JSON value.
pub(crate) fn kind(value: &Value) -> &'static str {
    match &value.data {
        Data::Map(_) => "object",
        Data::List(_) => "array",
        Data::String(_) => "string",
        Data::Bool(_) => "bool",
        Data::Float(_) | Data::Int(..) | Data::Uint(..) => "number",
        _ => "null",
    }
}

struct Reader<'t, 'o> {
    text: &'t Text,
    bytes: &'t [u8],
    unions: Unions,
    at: usize,
    helm: HelmVersion,
    too_large: Option<TooLarge>,
    origins: &'o mut Origins,
}

/// The first number above all floats.
struct TooLarge {
    number: String,
    /// The keys and indices that lead to it, the innermost first.
    path: Vec<String>,
}

impl<'t, 'o> Reader<'t, 'o> {
    fn new(text: &'t Text, helm: HelmVersion, origins: &'o mut Origins) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            unions: Unions::of(text),
            at: 0,
            helm,
            too_large: None,
            origins,
        }
    }
}

impl Reader<'_, '_> {
    fn document(&mut self) -> Result<Value, String> {
        self.blank();
        let mut value = self.value("looking for beginning of value", 0)?;
        if self
            .too_large
            .as_ref()
            .is_some_and(|found| found.path.is_empty())
        {
            // The whole is a number, and as such of the wrong kind for most.
            value = Value::float(0.0, value.origin);
        }
        self.blank();
        match self.peek() {
            None => Ok(value),
            Some(_) => Err(self.unexpected("after top-level value")),
        }
    }

    /// What Go says about a number above all floats. The decoder of Go 1.27, which Helm 4 is built with, says where it is.
    fn refused(self) -> Option<String> {
        let TooLarge { number, path } = self.too_large?;
        let steps = path.iter().rev().map(|step| {
            let step = step.replace('~', "~0").replace('/', "~1");
            format!(".{step}")
        });
        let is_index = |step: &String| step.bytes().all(|b| b.is_ascii_digit());
        let place = match path.first().filter(|_| self.helm == HelmVersion::V4) {
            None => "Go value".to_owned(),
            Some(step) if step.is_empty() && path.len() == 1 => "Go value".to_owned(),
            Some(step) if !step.is_empty() && is_index(step) => steps.collect(),
            Some(_) => format!("Go struct field {}", steps.collect::<String>()),
        };
        Some(format!(
            "json: cannot unmarshal number {number} into {place} of type float64"
        ))
    }

    /// A member of an array or object, which `step` leads to.
    fn member(&mut self, depth: usize, step: impl FnOnce() -> String) -> Result<Value, String> {
        let was_too_large = self.too_large.is_some();
        let value = self.value("looking for beginning of value", depth + 1)?;
        if let Some(number) = self.too_large.as_mut().filter(|_| !was_too_large) {
            number.path.push(step());
        }
        Ok(value)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn unexpected(&self, why: &str) -> String {
        match crate::render::helm::string::decode(self.bytes.get(self.at..).unwrap_or_default()) {
            None => "unexpected end of JSON input".to_owned(),
            Some((c, _)) => {
                let c = c.or_replacement();
                let mut shown = String::new();
                match c {
                    '\'' => shown.push_str("\\'"),
                    '\n' => shown.push_str("\\n"),
                    '\r' => shown.push_str("\\r"),
                    '\t' => shown.push_str("\\t"),
                    '\\' => shown.push_str("\\\\"),
                    c if (c as u32) < 0x20 => {
                        let _ = write!(shown, "\\x{:02x}", c as u32);
                    }
                    c => shown.push(c),
                }
                format!("invalid character '{shown}' {why}")
            }
        }
    }

    fn origin(&mut self, start: usize) -> Origin {
        self.unions.origin(Span::new(start, self.at), self.origins)
    }

    fn value(&mut self, expecting: &str, depth: usize) -> Result<Value, String> {
        if depth > MAX_DEPTH {
            return Err("exceeded max depth".to_owned());
        }
        let start = self.at;
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(self.string()?.into()),
            Some(b't') => {
                self.literal(b"true")?;
                Ok(Value::bool(true, self.origin(start)))
            }
            Some(b'f') => {
                self.literal(b"false")?;
                Ok(Value::bool(false, self.origin(start)))
            }
            Some(b'n') => {
                self.literal(b"null")?;
                Ok(Value::nil(self.origin(start)))
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.unexpected(expecting)),
        }
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), String> {
        for &b in word {
            if self.peek() != Some(b) {
                let whole = String::from_utf8_lossy(word);
                return Err(self.unexpected(&format!(
                    "in literal {whole} (expecting '{}')",
                    char::from(b)
                )));
            }
            self.at += 1;
        }
        Ok(())
    }

    fn digits(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at > start
    }

    fn number(&mut self) -> Result<Value, String> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else if !self.digits() {
            return Err(self.unexpected("in numeric literal"));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !self.digits() {
                return Err(self.unexpected("after decimal point in numeric literal"));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !self.digits() {
                return Err(self.unexpected("in exponent of numeric literal"));
            }
        }
        let shown = self.bytes.get(start..self.at).unwrap_or_default();
        let shown = String::from_utf8_lossy(shown);
        match shown.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::float(number, self.origin(start))),
            _ => {
                let number = shown.into_owned();
                let path = Vec::new();
                self.too_large.get_or_insert(TooLarge { number, path });
                Ok(match self.helm {
                    HelmVersion::V4 => Value::float(0.0, self.origin(start)),
                    HelmVersion::V3 => Value::nil(self.origin(start)),
                })
            }
        }
    }

    fn string(&mut self) -> Result<Text, String> {
        self.at += 1;
        let mut out = TextBuilder::new();
        let opening = self.origin(self.at - 1);
        let mut plain = self.at;
        loop {
            match self.peek() {
                None => return Err("unexpected end of JSON input".to_owned()),
                Some(b'"') => {
                    out.push_slice(self.text, plain..self.at);
                    self.at += 1;
                    break;
                }
                Some(b'\\') => {
                    out.push_slice(self.text, plain..self.at);
                    let start = self.at;
                    self.at += 1;
                    let c = self.escape()?;
                    let origin = self.origin(start);
                    let mut buffer = [0; 4];
                    out.push(c.encode_utf8(&mut buffer).as_bytes(), origin);
                    plain = self.at;
                }
                Some(b) if b < 0x20 => return Err(self.unexpected("in string")),
                Some(_) => self.at += 1,
            }
        }
        if out.is_empty() {
            return Ok(Text::new("", opening));
        }
        Ok(out.finish())
    }

    fn escape(&mut self) -> Result<char, String> {
        let c = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                let high = self.hex()?;
                if (0xD800..0xDC00).contains(&high)
                    && self.bytes.get(self.at..self.at + 2) == Some(b"\\u")
                {
                    let back = self.at;
                    self.at += 2;
                    let low = self.hex()?;
                    if (0xDC00..0xE000).contains(&low) {
                        let code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                        return Ok(char::from_u32(code).unwrap_or('\u{FFFD}'));
                    }
                    self.at = back;
                }
                return Ok(char::from_u32(high).unwrap_or('\u{FFFD}'));
            }
            _ => return Err(self.unexpected("in string escape code")),
        };
        self.at += 1;
        Ok(c)
    }

    fn hex(&mut self) -> Result<u32, String> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|b| char::from(b).to_digit(16)) else {
                return Err(self.unexpected("in \\u hexadecimal character escape"));
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }

    fn array(&mut self, depth: usize) -> Result<Value, String> {
        let start = self.at;
        self.at += 1;
        let origin = self.origin(start);
        let mut items = Vec::new();
        self.blank();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::list(items, origin));
        }
        loop {
            self.blank();
            let index = items.len();
            items.push(self.member(depth, || index.to_string())?);
            self.blank();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::list(items, origin));
                }
                _ => return Err(self.unexpected("after array element")),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, String> {
        let start = self.at;
        self.at += 1;
        let origin = self.origin(start);
        let map = Map::new();
        self.blank();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::map(map, origin));
        }
        loop {
            self.blank();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            let key = self.string()?;
            self.blank();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("after object key"));
            }
            self.at += 1;
            self.blank();
            let value = self.member(depth, || key.lossy().into_owned())?;
            let key_origin = key.origin(self.origins);
            map.set(key.lossy(), key_origin, value);
            self.blank();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::map(map, origin));
                }
                _ => return Err(self.unexpected("after object key:value pair")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_above_all_floats_are_told_where_they_are() {
        let check = |text: &str, place: &str, value: &str| {
            for (helm, place, value) in [
                (HelmVersion::V4, place, value),
                (HelmVersion::V3, "Go value", &*value.replace('0', "null")),
            ] {
                let mut origins = Origins::new();
                let text = Text::new(text, Origin::NONE);
                let (read, refused) = read_on(&text, helm, &mut origins).unwrap();
                let words =
                    format!("json: cannot unmarshal number 1e400 into {place} of type float64");
                assert_eq!(refused, Some(words));
                let mut context =
                    Context::new(&mut origins, "", helm, crate::discover::Limits::default());
                let layout = Layout {
                    pretty: false,
                    html: false,
                };
                let shown = write(&mut context, &read, layout).unwrap();
                assert_eq!(shown.lossy(), value);
            }
        };
        // As Helm 4.3.1 and 3.19.0 say.
        check(
            r#"{"b":{"c":1e400},"d":1e401}"#,
            "Go struct field .b.c",
            r#"{"b":{"c":0},"d":0}"#,
        );
        check(r#"{"b":[2,1e400,3]}"#, ".b.1", r#"{"b":[2,0,3]}"#);
        check(r#"[{"a":1e400}]"#, "Go struct field .0.a", r#"[{"a":0}]"#);
        check(
            r#"{"x.y":{"a/~b":1e400}}"#,
            "Go struct field .x.y.a~1~0b",
            r#"{"x.y":{"a/~b":0}}"#,
        );
        check(r#"{"":1e400}"#, "Go value", r#"{"":0}"#);
    }
}
