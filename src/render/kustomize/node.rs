//! The tree that Kustomize works on: maps, lists and scalars that keep their source text, tag and style until they are printed.
//!
//! A scalar is not a number or a text until the very end: a transformer that writes `8080` into a quoted field leaves a text there,
//! into a plain one a number. So nodes are moved, merged and rewritten as they were written, each with its [`Origin`],
//! and [`Node::value`] reads them once, when the resource is printed. What the fields mean is known elsewhere.

use std::borrow::Cow;

use crate::origin::{Origin, Origins};
use crate::yaml::{Data, Entry, MAX_DEPTH, Mapping, Scalar, ScalarStyle, Value};
use crate::yaml::{Dialect, resolve_scalar};

/// What the tag of a node says about it, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tag {
    /// No tag: the text and the style decide.
    None,
    /// `!!str`
    Str,
    /// `!!int`
    Int,
    /// `!!float`
    Float,
    /// `!!bool`
    Bool,
    /// `!!null`
    Null,
    /// `!!timestamp`
    Timestamp,
    /// `!!merge`, the key `<<`.
    Merge,
    /// `!!binary`
    Binary,
    /// Any other.
    Other,
}

impl Tag {
    /// The tag for a name as written or resolved.
    pub(super) fn named(name: &str) -> Self {
        let short = name
            .strip_prefix("tag:yaml.org,2002:")
            .or_else(|| name.strip_prefix("!!"))
            .unwrap_or(name);
        match short {
            "" => Self::None,
            "str" => Self::Str,
            "int" => Self::Int,
            "float" => Self::Float,
            "bool" => Self::Bool,
            "null" => Self::Null,
            "timestamp" => Self::Timestamp,
            "merge" => Self::Merge,
            "binary" => Self::Binary,
            _ => Self::Other,
        }
    }
}

/// The content of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body {
    /// A scalar with its text after unquoting.
    Scalar {
        /// The text.
        text: String,
        /// How it was written.
        style: ScalarStyle,
    },
    /// A list.
    List(Vec<Node>),
    /// A map, in the order in which it was written; duplicate keys are kept until it is printed.
    Map(Vec<Pair>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    /// The key.
    pub(super) key: Key,
    /// The value.
    pub(super) value: Node,
}

/// A key of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// Its text.
    pub(super) text: String,
    /// Its tag.
    pub(super) tag: Tag,
    /// Where it was written.
    pub(super) origin: Origin,
}

impl Key {
    /// A key that is a text whatever it looks like.
    pub(super) fn new(text: &str, origin: Origin) -> Self {
        Self {
            text: text.to_owned(),
            tag: Tag::None,
            origin,
        }
    }
}

/// A node of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// What it is.
    pub(super) body: Body,
    /// Its tag.
    pub(super) tag: Tag,
    /// Where it came from.
    pub(super) origin: Origin,
}

/// The three kinds of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A scalar.
    Scalar,
    /// A list.
    List,
    /// A map.
    Map,
}

impl Kind {
    /// What a message calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Scalar => "a scalar",
            Self::List => "a list",
            Self::Map => "a map",
        }
    }
}

fn resolve(text: &str, dialect: Dialect) -> Scalar {
    resolve_scalar(text, ScalarStyle::Plain, None, dialect)
        .unwrap_or_else(|_| Scalar::String(text.to_owned()))
}

/// What the resolved plain text of a scalar is, as a tag.
pub(super) fn plain_tag(text: &str) -> Tag {
    if text == "<<" {
        return Tag::Merge;
    }
    match resolve(text, Dialect::Kustomize) {
        Scalar::Null => Tag::Null,
        Scalar::Bool(_) => Tag::Bool,
        Scalar::Int(_) | Scalar::Uint(_) => Tag::Int,
        Scalar::Float(_) => Tag::Float,
        Scalar::Timestamp(_) => Tag::Timestamp,
        Scalar::String(_) => Tag::Str,
    }
}

/// True if and only if go-yaml v2 would read the bare text as something other than a text.
fn needs_quotes(text: &str) -> bool {
    !text.is_empty()
        && !text.contains('\n')
        && !matches!(
            resolve(text, Dialect::Helm),
            Scalar::String(_) | Scalar::Timestamp(_)
        )
}

impl Node {
    /// A scalar without tag: what `NewScalarRNode` makes.
    pub(super) fn untagged(text: impl Into<String>, origin: Origin) -> Self {
        Self {
            body: Body::Scalar {
                text: text.into(),
                style: ScalarStyle::Plain,
            },
            tag: Tag::None,
            origin,
        }
    }

    /// A scalar with a tag.
    pub(super) fn tagged(text: impl Into<String>, tag: Tag, origin: Origin) -> Self {
        Self {
            tag,
            ..Self::untagged(text, origin)
        }
    }

    /// A text.
    pub(super) fn text_node(text: impl Into<String>, origin: Origin) -> Self {
        Self::tagged(text, Tag::Str, origin)
    }

    /// An empty map.
    pub(super) fn map(origin: Origin) -> Self {
        Self {
            body: Body::Map(Vec::new()),
            tag: Tag::None,
            origin,
        }
    }

    /// A list.
    pub(super) fn list(items: Vec<Node>, origin: Origin) -> Self {
        Self {
            body: Body::List(items),
            tag: Tag::None,
            origin,
        }
    }

    /// An empty node of a kind.
    pub(super) fn empty(kind: Kind, origin: Origin) -> Self {
        match kind {
            Kind::Scalar => Self::untagged("", origin),
            Kind::List => Self::list(Vec::new(), origin),
            Kind::Map => Self::map(origin),
        }
    }

    /// An explicit null.
    pub(super) fn null(origin: Origin) -> Self {
        Self::tagged("null", Tag::Null, origin)
    }

    /// What kind of node it is.
    pub(super) fn kind(&self) -> Kind {
        match self.body {
            Body::Scalar { .. } => Kind::Scalar,
            Body::List(_) => Kind::List,
            Body::Map(_) => Kind::Map,
        }
    }

    /// True if and only if it is null.
    pub(super) fn is_null(&self) -> bool {
        self.tag == Tag::Null
    }

    /// True if and only if it is a map without keys.
    pub(super) fn is_empty_map(&self) -> bool {
        matches!(&self.body, Body::Map(pairs) if pairs.is_empty())
    }

    /// True if and only if it is null, or a collection without content.
    pub(super) fn is_empty(&self) -> bool {
        self.is_null()
            || match &self.body {
                Body::Map(pairs) => pairs.is_empty(),
                Body::List(items) => items.is_empty(),
                Body::Scalar { .. } => false,
            }
    }

    /// The text of a scalar; empty for a collection.
    pub(super) fn text(&self) -> &str {
        match &self.body {
            Body::Scalar { text, .. } => text,
            _ => "",
        }
    }

    /// The text of a scalar; empty for null and for a collection.
    pub(super) fn set_text_value(&self) -> &str {
        if self.is_null() { "" } else { self.text() }
    }

    /// True if and only if it is a scalar that is, or may become, a text.
    pub(super) fn is_text(&self) -> bool {
        self.kind() == Kind::Scalar && matches!(self.tag, Tag::Str | Tag::None)
    }

    /// Its pairs; none where it is not a map.
    pub(super) fn pairs(&self) -> &[Pair] {
        match &self.body {
            Body::Map(pairs) => pairs,
            _ => &[],
        }
    }

    /// Its pairs, to change them.
    pub(super) fn pairs_mut(&mut self) -> Option<&mut Vec<Pair>> {
        match &mut self.body {
            Body::Map(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// Its items; none where it is not a list.
    pub(super) fn items(&self) -> &[Node] {
        match &self.body {
            Body::List(items) => items,
            _ => &[],
        }
    }

    /// Its items, to change them.
    pub(super) fn items_mut(&mut self) -> Option<&mut Vec<Node>> {
        match &mut self.body {
            Body::List(items) => Some(items),
            _ => None,
        }
    }

    /// The first value under a key.
    pub(super) fn field(&self, name: &str) -> Option<&Node> {
        self.pairs()
            .iter()
            .find(|pair| pair.key.text == name)
            .map(|pair| &pair.value)
    }

    /// The first value under a key, to change it.
    pub(super) fn field_mut(&mut self, name: &str) -> Option<&mut Node> {
        self.pairs_mut()?
            .iter_mut()
            .find(|pair| pair.key.text == name)
            .map(|pair| &mut pair.value)
    }

    /// The value under a key, with its key, created as an empty node of a kind where it is absent.
    /// `None` where this is not a map.
    pub(super) fn field_or_insert(
        &mut self,
        name: &str,
        kind: Kind,
        origin: Origin,
    ) -> Option<&mut Node> {
        let pairs = self.pairs_mut()?;
        let known = pairs.iter().position(|pair| pair.key.text == name);
        if known.is_none() {
            pairs.push(Pair {
                key: Key::new(name, origin),
                value: Node::empty(kind, origin),
            });
        }
        let index = known.unwrap_or(pairs.len() - 1);
        pairs.get_mut(index).map(|pair| &mut pair.value)
    }

    /// Removes the first pair with a key.
    pub(super) fn remove(&mut self, name: &str) -> Option<Node> {
        let pairs = self.pairs_mut()?;
        let index = pairs.iter().position(|pair| pair.key.text == name)?;
        Some(pairs.remove(index).value)
    }

    /// Sets a key as kyaml's field setter does: a null removes it, a scalar that would be read as something else is quoted,
    /// and a value that is already there lends its style to the new one.
    pub(super) fn set(&mut self, name: &str, mut value: Node) {
        if value.is_null() {
            self.remove(name);
            return;
        }
        value.quote_where_needed();
        if let Some(field) = self.field_mut(name) {
            value.borrow_style(field);
            *field = value;
        } else if let Some(pairs) = self.pairs_mut() {
            let key = Key::new(name, value.origin);
            pairs.push(Pair { key, value });
        }
    }

    /// Replaces this scalar as kyaml's field setter does: the new one takes the style of the old one.
    pub(super) fn replace_scalar(&mut self, mut value: Node) {
        if value.is_null() {
            return;
        }
        value.borrow_style(self);
        *self = value;
    }

    fn quote_where_needed(&mut self) {
        if matches!(self.tag, Tag::Str | Tag::None)
            && let Body::Scalar { text, style } = &mut self.body
            && *style == ScalarStyle::Plain
            && needs_quotes(text)
        {
            *style = ScalarStyle::DoubleQuoted;
        }
    }

    fn borrow_style(&mut self, from: &Node) {
        let borrowed = match from.body {
            Body::Scalar { style, .. } => style,
            _ => ScalarStyle::Plain,
        };
        if let Body::Scalar { style, .. } = &mut self.body {
            *style = borrowed;
        }
    }

    /// Notes that the node, and all in it, is there only because of `condition`.
    pub(super) fn put_under(&mut self, condition: Origin, origins: &mut Origins) {
        self.origin = origins.under(self.origin, condition);
        match &mut self.body {
            Body::Scalar { .. } => {}
            Body::List(items) => items
                .iter_mut()
                .for_each(|item| item.put_under(condition, origins)),
            Body::Map(pairs) => pairs
                .iter_mut()
                .for_each(|pair| pair.value.put_under(condition, origins)),
        }
    }

    /// Changes the text of a scalar and nothing else.
    pub(super) fn set_text(&mut self, new: String) {
        if let Body::Scalar { text, .. } = &mut self.body {
            *text = new;
        }
    }

    /// What a program reads from this node. The keys below the root must be texts.
    pub(super) fn value(&self) -> Result<Value, Unprintable> {
        value_at(self, 0)
    }

    /// A node as it comes back from JSON: numbers as Go prints a 64-bit float, texts quoted where they need it.
    pub(super) fn from_json(value: &Value) -> Self {
        let origin = value.origin;
        let plain = |text: String, tag| Self::tagged(text, tag, origin);
        let float = |number: f64| {
            let text = go_float(number);
            let tag = plain_tag(&text);
            Self::tagged(text, tag, origin)
        };
        match &value.data {
            Data::Null => Self::null(origin),
            Data::Bool(flag) => plain(flag.to_string(), Tag::Bool),
            Data::Int(number) => float(*number as f64),
            Data::Uint(number) => float(*number as f64),
            Data::Float(number) => float(*number),
            Data::String(text) => {
                let style = if text.contains('\n') {
                    ScalarStyle::Literal
                } else if plain_tag(text) != Tag::Str || needs_quotes(text) {
                    ScalarStyle::DoubleQuoted
                } else {
                    ScalarStyle::Plain
                };
                Self {
                    body: Body::Scalar {
                        text: text.clone(),
                        style,
                    },
                    tag: Tag::Str,
                    origin,
                }
            }
            Data::Sequence(items) => {
                Self::list(items.iter().map(Self::from_json).collect(), origin)
            }
            Data::Mapping(mapping) => Self {
                body: Body::Map(
                    mapping
                        .iter()
                        .map(|entry| Pair {
                            key: Key {
                                text: entry.key.clone(),
                                tag: Tag::Str,
                                origin: entry.key_origin,
                            },
                            value: Self::from_json(&entry.value),
                        })
                        .collect(),
                ),
                tag: Tag::None,
                origin,
            },
        }
    }
}

impl Node {
    /// A node as it comes back from JSON text that is read as YAML: texts in quotes, numbers as they were.
    pub(super) fn from_json_text(value: &Value) -> Self {
        let origin = value.origin;
        match &value.data {
            Data::Null => Self::null(origin),
            Data::Bool(flag) => Self::tagged(flag.to_string(), Tag::Bool, origin),
            Data::Int(number) => Self::tagged(number.to_string(), Tag::Int, origin),
            Data::Uint(number) => Self::tagged(number.to_string(), Tag::Int, origin),
            Data::Float(number) => Self::tagged(number.to_string(), Tag::Float, origin),
            Data::String(text) => Self {
                body: Body::Scalar {
                    text: text.clone(),
                    style: ScalarStyle::DoubleQuoted,
                },
                tag: Tag::Str,
                origin,
            },
            Data::Sequence(items) => {
                Self::list(items.iter().map(Self::from_json_text).collect(), origin)
            }
            Data::Mapping(mapping) => {
                let pairs = mapping.iter().map(|entry| Pair {
                    key: Key {
                        text: entry.key.clone(),
                        tag: Tag::Str,
                        origin: entry.key_origin,
                    },
                    value: Self::from_json_text(&entry.value),
                });
                Self {
                    body: Body::Map(pairs.collect()),
                    tag: Tag::None,
                    origin,
                }
            }
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

fn value_at(node: &Node, depth: usize) -> Result<Value, Unprintable> {
    let wrong = |origin, why: String| Unprintable { origin, why };
    if depth > MAX_DEPTH {
        return Err(wrong(node.origin, "it is nested too deeply".to_owned()));
    }
    let data = match &node.body {
        Body::Scalar { text, style } => {
            scalar(text, *style, &node.tag).map_err(|why| wrong(node.origin, why))?
        }
        Body::List(items) => Data::Sequence(
            items
                .iter()
                .map(|item| value_at(item, depth + 1))
                .collect::<Result<_, _>>()?,
        ),
        Body::Map(pairs) => {
            let mut mapping = Mapping::new();
            // Large maps are common in generated CRDs, so duplicates are found by sorting, not by looking each key up.
            let mut seen: Vec<&str> = pairs.iter().map(|pair| pair.key.text.as_str()).collect();
            seen.sort_unstable();
            if let Some(twice) = seen.windows(2).find(|pair| pair.first() == pair.last()) {
                let name = twice.first().copied().unwrap_or_default();
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
                    key: pair.key.text.clone(),
                    key_origin: pair.key.origin,
                    value: value_at(&pair.value, depth + 1)?,
                });
            }
            Data::Mapping(mapping)
        }
    };
    Ok(Value::with(data, node.origin))
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
fn scalar(text: &str, style: ScalarStyle, tag: &Tag) -> Result<Data, String> {
    if text.contains('\u{7f}') {
        return Err("control characters are not allowed".to_owned());
    }
    let refolded;
    let text = if style == ScalarStyle::Folded && matches!(tag, Tag::Str | Tag::None) {
        refolded = refold(text);
        &refolded
    } else {
        text
    };
    let string = || Data::String(clean(text).into_owned());
    if *tag == Tag::Str {
        return Ok(string());
    }
    let quoted = style != ScalarStyle::Plain || text.contains('\n');
    let implied = plain_tag(text);
    if quoted && (*tag == Tag::None || *tag == implied) {
        return Ok(string());
    }
    let name = match tag {
        Tag::None => None,
        Tag::Null if text.is_empty() => return Ok(Data::Null),
        Tag::Other | Tag::Merge | Tag::Str => return Ok(string()),
        Tag::Int => Some("!!int"),
        Tag::Float => Some("!!float"),
        Tag::Bool => Some("!!bool"),
        Tag::Null => Some("!!null"),
        Tag::Timestamp => Some("!!timestamp"),
        Tag::Binary => Some("!!binary"),
    };
    let resolved = resolve_scalar(text, ScalarStyle::Plain, name, Dialect::Kustomize)
        .map_err(|error| error.to_string())?;
    Ok(match resolved {
        Scalar::Null => Data::Null,
        Scalar::Bool(flag) => Data::Bool(flag),
        Scalar::Int(number) => Data::Int(number),
        Scalar::Uint(number) => Data::Uint(number),
        Scalar::Float(number) if number.is_finite() => json_number(number),
        Scalar::Float(_) => return Err(format!("`{text}` is not a number that JSON can hold")),
        Scalar::Timestamp(text) => Data::String(text),
        Scalar::String(text) => Data::String(clean(&text).into_owned()),
    })
}

/// A folded text after it was printed folded and read again.
///
/// go-yaml writes one line break too many before a line that is indented further, and before several line breaks at the end:
/// what it means to look at behind a line break, it looks for at the beginning of the text.
fn refold(text: &str) -> String {
    let blank_before_break = [" \n", "\t\n"].iter().any(|pair| text.contains(pair));
    let special = text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\u{85}'));
    if blank_before_break || special || text.ends_with(' ') || !text.contains('\n') {
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
fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\u{85}') {
        Cow::Owned(text.replace('\u{85}', " "))
    } else {
        Cow::Borrowed(text)
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
            assert_eq!(scalar(text, style, &tag).ok(), expected, "{text} {tag:?}");
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
