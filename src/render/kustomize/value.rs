//! Between the tree and the values that programs read: what a node means once it is printed, and nodes made of values.
//!
//! A scalar is read here as it would be read after kyaml printed it, and printed as Go prints what it read.

use super::node::{Body, Key, Node, Pair, Tag, needs_quotes, plain_tag};
use crate::origin::Origin;
use crate::yaml::resolve_scalar;
use crate::yaml::{Data, Dialect, Entry, MAX_DEPTH, Mapping, Scalar, ScalarStyle, Value};

impl Node {
    /// What a program reads from this node. The keys below the root must be texts.
    pub(super) fn value(&self) -> Result<Value, Unprintable> {
        self.clone().into_value()
    }

    /// The same, of a node that nobody needs any more.
    pub(super) fn into_value(self) -> Result<Value, Unprintable> {
        value_at(self, 0)
    }

    /// A node as it comes back from JSON: numbers as Go prints a 64-bit float, texts quoted where they need it.
    pub(super) fn from_json(value: Value) -> Self {
        let origin = value.origin;
        let float = |number: f64| {
            let text = go_float(number);
            let tag = plain_tag(&text);
            Self::tagged(text, tag, origin)
        };
        match value.data {
            Data::Null => Self::null(origin),
            Data::Bool(flag) => Self::tagged(flag.to_string(), Tag::Bool, origin),
            Data::Int(number) => float(number as f64),
            Data::Uint(number) => float(number as f64),
            Data::Float(number) => float(number),
            Data::String(text) => {
                let style = if text.contains('\n') {
                    ScalarStyle::Literal
                } else if plain_tag(&text) != Tag::Str || needs_quotes(&text) {
                    ScalarStyle::DoubleQuoted
                } else {
                    ScalarStyle::Plain
                };
                Self::styled(text, style, origin)
            }
            Data::Sequence(items) => {
                Self::list(items.into_iter().map(Self::from_json).collect(), origin)
            }
            Data::Mapping(mapping) => Self::from_entries(mapping, origin, Self::from_json),
        }
    }

    /// A node as it comes back from JSON text that is read as YAML: texts in quotes, numbers as they were.
    pub(super) fn from_json_text(value: Value) -> Self {
        let origin = value.origin;
        match value.data {
            Data::Null => Self::null(origin),
            Data::Bool(flag) => Self::tagged(flag.to_string(), Tag::Bool, origin),
            Data::Int(number) => Self::tagged(number.to_string(), Tag::Int, origin),
            Data::Uint(number) => Self::tagged(number.to_string(), Tag::Int, origin),
            Data::Float(number) => Self::tagged(number.to_string(), Tag::Float, origin),
            Data::String(text) => Self::styled(text, ScalarStyle::DoubleQuoted, origin),
            Data::Sequence(items) => Self::list(
                items.into_iter().map(Self::from_json_text).collect(),
                origin,
            ),
            Data::Mapping(mapping) => Self::from_entries(mapping, origin, Self::from_json_text),
        }
    }

    fn styled(text: String, style: ScalarStyle, origin: Origin) -> Self {
        Self {
            body: Body::Scalar { text, style },
            tag: Tag::Str,
            origin,
        }
    }

    fn from_entries(mapping: Mapping, origin: Origin, read: fn(Value) -> Self) -> Self {
        let pair = |entry: Entry| Pair {
            key: Key {
                text: entry.key,
                tag: Tag::Str,
                origin: entry.key_origin,
            },
            value: read(entry.value),
        };
        Self {
            body: Body::Map(mapping.into_iter().map(pair).collect()),
            tag: Tag::None,
            origin,
        }
    }
}

/// A float in the shortest form that Go's `%g` gives.
fn go_float(number: f64) -> String {
    if number == 0.0 {
        return if number.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    let shortest = format!("{number:e}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    // Go's shortest `%g` turns to the exponent form at a million.
    if (-4..6).contains(&exponent) {
        format!("{number}")
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{digits}e{sign}{:02}", exponent.abs())
    }
}

/// Why a node cannot be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unprintable {
    /// Which node.
    pub(super) origin: Origin,
    /// Why, as a clause.
    pub(super) why: String,
}

fn value_at(node: Node, depth: usize) -> Result<Value, Unprintable> {
    let wrong = |origin, why: String| Unprintable { origin, why };
    if depth > MAX_DEPTH {
        return Err(wrong(node.origin, "it is nested too deeply".to_owned()));
    }
    let data = match node.body {
        Body::Scalar { text, style } => {
            scalar(text, style, &node.tag).map_err(|why| wrong(node.origin, why))?
        }
        Body::List(items) => {
            let mut values = Vec::with_capacity(items.len());
            for item in items {
                values.push(value_at(item, depth + 1)?);
            }
            Data::Sequence(values)
        }
        Body::Map(pairs) => {
            let mut mapping = Mapping::with_capacity(pairs.len());
            if let Some(name) = repeated(&pairs) {
                let origin = pairs
                    .iter()
                    .rfind(|pair| pair.key.text == name)
                    .map_or(node.origin, |pair| pair.key.origin);
                return Err(wrong(origin, format!("the key `{name}` is defined twice")));
            }
            for pair in pairs {
                if depth > 0 && !is_text_key(&pair.key) {
                    return Err(wrong(
                        pair.key.origin,
                        format!("the key `{}` is not a text; quote it", pair.key.text),
                    ));
                }
                mapping.push(Entry {
                    key: pair.key.text,
                    key_origin: pair.key.origin,
                    value: value_at(pair.value, depth + 1)?,
                });
            }
            Data::Mapping(mapping)
        }
    };
    Ok(Value::with(data, node.origin))
}

/// The first key, in order, that stands twice.
pub(super) fn repeated(pairs: &[Pair]) -> Option<&str> {
    let mut names = pairs.iter().map(|pair| pair.key.text.as_str());
    // Most maps are small; large ones, which generated CRDs have, are sorted.
    if pairs.len() <= 8 {
        let all = names.clone();
        let twice = names
            .enumerate()
            .filter(|(index, name)| all.clone().skip(index + 1).any(|other| other == *name));
        return twice.map(|(_, name)| name).min();
    }
    let mut seen: Vec<&str> = names.by_ref().collect();
    seen.sort_unstable();
    let twice = seen.windows(2).find(|pair| pair.first() == pair.last());
    twice.and_then(|pair| pair.first().copied())
}

fn is_text_key(key: &Key) -> bool {
    match key.tag {
        Tag::Str | Tag::Merge => true,
        Tag::None => !matches!(
            plain_tag(&key.text),
            Tag::Int | Tag::Float | Tag::Bool | Tag::Null | Tag::Timestamp
        ),
        _ => false,
    }
}

/// Reads a scalar as it would be read after kyaml printed it: a tag that the text itself implies is dropped,
/// and then quotes make it a text.
fn scalar(mut text: String, style: ScalarStyle, tag: &Tag) -> Result<Data, String> {
    if text.as_bytes().contains(&b'\x7f') {
        return Err("control characters are not allowed".to_owned());
    }
    // kyaml prints such a block without saying how far it is indented, and then cannot read it.
    let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
    if is_block
        && text.starts_with('\t')
        && !has_special(&text)
        && !text.contains(" \n")
        && !text.ends_with(' ')
    {
        return Err("a block of text must not begin with a tab: Kustomize cannot read again what it prints for it".to_owned());
    }
    if style == ScalarStyle::Folded && matches!(tag, Tag::Str | Tag::None) {
        text = refold(&text);
    }
    if *tag == Tag::Str {
        return Ok(Data::String(clean(text)));
    }
    let quoted = style != ScalarStyle::Plain || text.contains('\n');
    if quoted && (*tag == Tag::None || *tag == plain_tag(&text)) {
        return Ok(Data::String(clean(text)));
    }
    let name = match tag {
        Tag::None => None,
        Tag::Null if text.is_empty() => return Ok(Data::Null),
        Tag::Other | Tag::Merge | Tag::Str | Tag::Alias => return Ok(Data::String(clean(text))),
        Tag::Int => Some("!!int"),
        Tag::Float => Some("!!float"),
        Tag::Bool => Some("!!bool"),
        Tag::Null => Some("!!null"),
        Tag::Timestamp => Some("!!timestamp"),
        Tag::Binary => Some("!!binary"),
    };
    let resolved = resolve_scalar(&text, ScalarStyle::Plain, name, Dialect::Kustomize)
        .map_err(|error| error.to_string())?;
    Ok(match resolved {
        Scalar::Null => Data::Null,
        Scalar::Bool(flag) => Data::Bool(flag),
        Scalar::Int(number) => Data::Int(number),
        Scalar::Uint(number) => Data::Uint(number),
        Scalar::Float(number) if number.is_finite() => json_number(number),
        Scalar::Float(_) => return Err(format!("`{text}` is not a number that JSON can hold")),
        Scalar::Timestamp(text) => Data::String(text),
        Scalar::String(text) => Data::String(clean(text)),
    })
}

/// True if and only if the text holds what no block can.
fn has_special(text: &str) -> bool {
    text.chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\u{85}'))
}

/// A folded text after it was printed folded and read again.
///
/// go-yaml writes one line break too many before a line that is indented further, and before several line breaks at the end:
/// what it means to look at behind a line break, it looks for at the beginning of the text.
fn refold(text: &str) -> String {
    let blank_before_break = [" \n", "\t\n"].iter().any(|pair| text.contains(pair));
    if blank_before_break || has_special(text) || text.ends_with(' ') || !text.contains('\n') {
        return text.to_owned();
    }
    let body = text.trim_start_matches('\n');
    let (leading, lines) = (text.len() - body.len(), body.trim_end_matches('\n'));
    let trailing = body.len() - lines.len();
    let is_blank = |line: &str| line.starts_with([' ', '\t']);
    let doubles = !is_blank(body);
    let mut out = "\n".repeat(leading);
    let mut last: Option<&str> = None;
    let mut breaks = 0;
    for line in lines.split('\n') {
        if line.is_empty() {
            breaks += 1;
            continue;
        }
        if let Some(last) = last {
            breaks += 1;
            let written = breaks + usize::from(doubles && !is_blank(last));
            if is_blank(last) || is_blank(line) {
                out.push_str(&"\n".repeat(written));
            } else if written == 1 {
                out.push(' ');
            } else {
                out.push_str(&"\n".repeat(written - 1));
            }
        }
        out.push_str(line);
        (last, breaks) = (Some(line), 0);
    }
    let extra = trailing > 1 && doubles && last.is_some_and(|last| !is_blank(last));
    out.push_str(&"\n".repeat(trailing + usize::from(extra)));
    out
}

/// go-yaml reads the control character NEL as a line break, and a line break within a text as a space.
fn clean(text: String) -> String {
    if !text.is_ascii() && text.contains('\u{85}') {
        text.replace('\u{85}', " ")
    } else {
        text
    }
}

/// A number after it went through JSON: one without a fraction is an integer again.
fn json_number(number: f64) -> Data {
    if number.fract() == 0.0 && number.abs() < 1e21 {
        // The shortest digits that name the number, filled up with zeros, as Go prints it.
        let text = format!("{number}");
        if let Ok(int) = text.parse::<i64>() {
            return Data::Int(int);
        }
        if let Ok(int) = text.parse::<u64>() {
            return Data::Uint(int);
        }
    }
    Data::Float(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_is_read_as_it_would_be_after_printing() {
        let check = |text: &str, style, tag: Tag, expected: Option<Data>| {
            assert_eq!(
                scalar(text.to_owned(), style, &tag).ok(),
                expected,
                "{text} {tag:?}"
            );
        };
        let text = |text: &str| Some(Data::String(text.to_owned()));
        check("8080", ScalarStyle::Plain, Tag::None, Some(Data::Int(8080)));
        check("8080", ScalarStyle::Plain, Tag::Str, text("8080"));
        check("8080", ScalarStyle::DoubleQuoted, Tag::Int, text("8080"));
        check("yes", ScalarStyle::Plain, Tag::None, text("yes"));
        check("1e3", ScalarStyle::Plain, Tag::Float, Some(Data::Int(1000)));
        check("3", ScalarStyle::Plain, Tag::Float, Some(Data::Int(3)));
        check("abc", ScalarStyle::Plain, Tag::Int, None);
        check(".inf", ScalarStyle::Plain, Tag::Float, None);
        check("", ScalarStyle::Plain, Tag::Null, Some(Data::Null));
    }

    #[test]
    fn folded_texts_gain_line_breaks() {
        let check = |text: &str, expected: &str| assert_eq!(refold(text), expected, "{text:?}");
        check("a\nb\n", "a\nb\n");
        check("a (\n\n  b\n", "a (\n\n\n  b\n");
        check("a\n  b\nc\n", "a\n\n  b\nc\n");
        check("a b", "a b");
    }

    #[test]
    fn floats_are_printed_as_go_prints_them() {
        let check = |number: f64, text: &str| assert_eq!(go_float(number), text);
        check(8080.0, "8080");
        check(1_000_000.0, "1e+06");
        check(1_234_567.0, "1.234567e+06");
        check(0.00001, "1e-05");
        check(1.5, "1.5");
    }

    #[test]
    fn maps_with_strange_keys_cannot_be_printed() {
        let mut inner = Node::map(Origin::NONE);
        inner.set("6443", Node::text_node("x", Origin::NONE));
        let mut root = Node::map(Origin::NONE);
        root.set("a", inner);
        assert!(root.value().is_err());
    }
}
