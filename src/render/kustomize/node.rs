//! The tree that Kustomize works on: maps, lists and scalars that keep their source text, tag and style until they are printed.
//!
//! A scalar is not a number or a text until the very end: a transformer that writes `8080` into a quoted field leaves a text there,
//! into a plain one a number. So nodes are moved, merged and rewritten as they were written, each with its [`Origin`],
//! and [`Node::value`] (in `value`) reads them once, when the resource is printed. What the fields mean is known elsewhere.

use crate::origin::{Origin, Origins};
use crate::yaml::{Dialect, Scalar, ScalarStyle, implied};

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
    /// None that can be written: the scalar stands for an alias that nobody has expanded.
    Alias,
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

/// What the resolved plain text of a scalar is, as a tag.
pub(super) fn plain_tag(text: &str) -> Tag {
    if text == "<<" {
        return Tag::Merge;
    }
    match implied(text, Dialect::Kustomize) {
        Some(Scalar::Null) => Tag::Null,
        Some(Scalar::Bool(_)) => Tag::Bool,
        Some(Scalar::Int(_) | Scalar::Uint(_)) => Tag::Int,
        Some(Scalar::Float(_)) => Tag::Float,
        Some(Scalar::Timestamp(_)) => Tag::Timestamp,
        Some(Scalar::String(_)) | None => Tag::Str,
    }
}

/// True if and only if go-yaml v2 would read the bare text as something other than a text.
pub(super) fn needs_quotes(text: &str) -> bool {
    !text.is_empty()
        && !text.contains('\n')
        && !matches!(
            implied(text, Dialect::Helm),
            None | Some(Scalar::Timestamp(_))
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

    /// True if and only if it stands for an alias.
    pub(super) fn is_alias(&self) -> bool {
        self.tag == Tag::Alias
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
        if let Some(field) = self.field_mut(name) {
            value.written_like(field.style());
            *field = value;
        } else if let Some(pairs) = self.pairs_mut() {
            value.quote_where_needed();
            let key = Key::new(name, value.origin);
            pairs.push(Pair { key, value });
        }
    }

    /// Replaces this scalar as kyaml's field setter does: the new one takes the style of the old one.
    pub(super) fn replace_scalar(&mut self, mut value: Node) {
        if value.is_null() {
            return;
        }
        value.written_like(self.style());
        *self = value;
    }

    /// The style of a scalar; plain for a collection.
    pub(super) fn style(&self) -> ScalarStyle {
        match self.body {
            Body::Scalar { style, .. } => style,
            _ => ScalarStyle::Plain,
        }
    }

    /// Takes the place of a value of this style, as kyaml's field setter has it.
    pub(super) fn written_like(&mut self, there: ScalarStyle) {
        if let Body::Scalar { style, .. } = &mut self.body {
            *style = there;
        }
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
}
