//! What a program reads: scalars resolved to types, aliases expanded, merge keys applied, keys made strings.
//!
//! Both versions of go-yaml that matter are followed: the second, followed by JSON, for Helm; the third, followed by JSON,
//! for Kustomize. Numbers end as JSON would carry them, so `1.0` becomes the integer 1.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::{
    Data, Dialect, Document, Entry, MAX_DEPTH, Mapping, NodeId, NodeKind, ScalarStyle, SyntaxError,
    Value,
};
use crate::origin::Origin;
use crate::text::Span;

mod number;
mod timestamp;

pub(super) use number::{json, shortest};

/// A resolved scalar.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// Null.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer that fits 64 bits with a sign.
    Int(i64),
    /// An integer above that.
    Uint(u64),
    /// A number with a fraction or an exponent, or written as one; infinity and NaN too.
    Float(f64),
    /// A text.
    String(String),
    /// A date, in Kustomize only: not a string to it, though it becomes this one in JSON.
    Timestamp(String),
}

/// Why a scalar cannot be what its tag says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ScalarError(String);

/// Resolves a scalar: what a program of `dialect` takes `text` for. `tag` may be written in full or with `!!`.
pub fn resolve_scalar(
    text: &str,
    style: ScalarStyle,
    tag: Option<&str>,
    dialect: Dialect,
) -> Result<Scalar, ScalarError> {
    let tag = tag.map(short);
    let tag = match tag.as_deref() {
        // The bare `!` asks for a plain reading: go-yaml v2 gives it even to a quoted text, but not to a text that is
        // not written at all; v3 ignores it.
        Some("!") if dialect == Dialect::Helm && text.is_empty() && style == ScalarStyle::Plain => {
            return Ok(Scalar::String(String::new()));
        }
        Some("!") if dialect == Dialect::Helm => Wanted::Anything,
        None | Some("!") if style == ScalarStyle::Plain => Wanted::Anything,
        Some("!!bool") => Wanted::Bool,
        Some("!!int") => Wanted::Int,
        Some("!!float") => Wanted::Float,
        Some("!!null") => Wanted::Null,
        Some("!!timestamp") => Wanted::Timestamp,
        Some("!!binary") => return binary(text),
        // A text in quotes, `!!str`, and all tags that go-yaml does not know.
        None | Some(_) => return Ok(Scalar::String(text.to_owned())),
    };
    let found = untagged(text, tag, dialect).unwrap_or_else(|| Scalar::String(text.to_owned()));
    let (kind, fits) = match &found {
        Scalar::Null => ("!!null", tag == Wanted::Null),
        Scalar::Bool(_) => ("!!bool", tag == Wanted::Bool),
        Scalar::Int(value) => {
            if tag == Wanted::Float {
                return Ok(Scalar::Float(*value as f64));
            }
            ("!!int", tag == Wanted::Int)
        }
        Scalar::Uint(_) => ("!!int", tag == Wanted::Int),
        Scalar::Float(_) => ("!!float", tag == Wanted::Float),
        Scalar::String(_) => ("!!str", false),
        Scalar::Timestamp(_) => ("!!timestamp", tag == Wanted::Timestamp),
    };
    if !fits && tag != Wanted::Anything {
        return Err(ScalarError(format!(
            "cannot decode {kind} `{text}` as a {}",
            tag.name()
        )));
    }
    Ok(match found {
        Scalar::Timestamp(_) if dialect == Dialect::Helm => Scalar::String(text.to_owned()),
        found => found,
    })
}

/// The type that a tag asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Anything,
    Bool,
    Int,
    Float,
    Null,
    Timestamp,
}

impl Wanted {
    fn name(self) -> &'static str {
        match self {
            Self::Anything => "!!str",
            Self::Bool => "!!bool",
            Self::Int => "!!int",
            Self::Float => "!!float",
            Self::Null => "!!null",
            Self::Timestamp => "!!timestamp",
        }
    }
}

/// `!!int` for `tag:yaml.org,2002:int`.
fn short(tag: &str) -> Cow<'_, str> {
    match tag.strip_prefix("tag:yaml.org,2002:") {
        Some(name) => Cow::Owned(format!("!!{name}")),
        None => Cow::Borrowed(tag),
    }
}

fn binary(text: &str) -> Result<Scalar, ScalarError> {
    use base64::Engine as _;
    // Go ignores line breaks inside base64.
    let packed: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(packed)
        .map_err(|_| ScalarError("!!binary value contains invalid base64 data".to_owned()))?;
    // JSON replaces each byte that is not UTF-8 by U+FFFD.
    let mut decoded = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        decoded.push_str(chunk.valid());
        decoded.extend(std::iter::repeat_n('\u{fffd}', chunk.invalid().len()));
    }
    Ok(Scalar::String(decoded))
}

/// What a program of `dialect` takes a bare text for that has no tag; `None` where it is a text. A date is one in both dialects.
pub fn implied(text: &str, dialect: Dialect) -> Option<Scalar> {
    untagged(text, Wanted::Anything, dialect)
}

fn untagged(text: &str, wanted: Wanted, dialect: Dialect) -> Option<Scalar> {
    let first = text.as_bytes().first();
    let is_like_number = matches!(first, Some(b'0'..=b'9' | b'+' | b'-' | b'.'));
    // The words have five letters at most.
    if text.len() > 5 && !is_like_number {
        return None;
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Scalar::Null),
        "true" | "True" | "TRUE" => return Some(Scalar::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Scalar::Bool(false)),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if dialect == Dialect::Helm => {
            return Some(Scalar::Bool(true));
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" if dialect == Dialect::Helm => {
            return Some(Scalar::Bool(false));
        }
        ".nan" | ".NaN" | ".NAN" => return Some(Scalar::Float(f64::NAN)),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Some(Scalar::Float(f64::INFINITY));
        }
        "-.inf" | "-.Inf" | "-.INF" => return Some(Scalar::Float(f64::NEG_INFINITY)),
        _ if !is_like_number => return None,
        _ => {}
    }
    if first == Some(&b'.') {
        return number::fraction(text).map(Scalar::Float);
    }
    if matches!(wanted, Wanted::Anything | Wanted::Timestamp)
        && let Some(json) = timestamp::parse(text)
    {
        return Some(Scalar::Timestamp(json));
    }
    number::number(text, dialect)
}

/// A scalar as JSON carries it; of a number that it does not have, the name.
pub(super) fn data(scalar: Scalar) -> Result<Data, &'static str> {
    Ok(match scalar {
        Scalar::Null => Data::Null,
        Scalar::Bool(value) => Data::Bool(value),
        Scalar::Int(value) => Data::Int(value),
        Scalar::Uint(value) => Data::Uint(value),
        Scalar::Float(value) if value.is_nan() => return Err("NaN"),
        Scalar::Float(f64::INFINITY) => return Err("+Inf"),
        Scalar::Float(f64::NEG_INFINITY) => return Err("-Inf"),
        Scalar::Float(value) => number::json(value),
        Scalar::String(text) | Scalar::Timestamp(text) => Data::String(text),
    })
}

/// What a program of `dialect` reads from `document`.
pub(super) fn document(
    document: &Document,
    dialect: Dialect,
    origin: &mut dyn FnMut(Span) -> Origin,
) -> Result<Value, SyntaxError> {
    let Some(root) = document.root else {
        return Ok(Value::default());
    };
    let mut reader = Reader {
        document,
        dialect,
        origin,
        decoded: 0,
        aliased: 0,
        alias_depth: 0,
        depth: 0,
    };
    reader.value(root)
}

struct Reader<'a> {
    document: &'a Document,
    dialect: Dialect,
    origin: &'a mut dyn FnMut(Span) -> Origin,
    // How many nodes were decoded, and how many of them because of an alias.
    decoded: usize,
    aliased: usize,
    alias_depth: usize,
    depth: usize,
}

/// A key as Go compares it: `1` and `"1"` are two keys before JSON makes them one.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(u64),
    String(String),
    Timestamp(String),
}

/// A mapping under construction, with an index once it is large.
#[derive(Default)]
pub(super) struct Entries {
    pub(super) mapping: Mapping,
    index: HashMap<String, usize>,
}

impl Entries {
    const SMALL: usize = 16;

    fn position(&mut self, key: &str) -> Option<usize> {
        if self.mapping.len() < Self::SMALL {
            return self.mapping.iter().position(|entry| entry.key == key);
        }
        for (position, entry) in self.mapping.iter().enumerate().skip(self.index.len()) {
            self.index.insert(entry.key.clone(), position);
        }
        self.index.get(key).copied()
    }

    /// Sets a key; of two equal ones the last wins, in the place of the first.
    pub(super) fn set(&mut self, new: Entry) {
        let known = self
            .position(&new.key)
            .and_then(|at| self.mapping.entries.get_mut(at));
        match known {
            Some(entry) => *entry = new,
            None => self.mapping.push(new),
        }
    }

    /// Adds a key unless it is there.
    fn add(&mut self, new: Entry) {
        if self.position(&new.key).is_none() {
            self.mapping.push(new);
        }
    }
}

impl Reader<'_> {
    fn refuse<T>(&self, id: NodeId, message: impl Into<String>) -> Result<T, SyntaxError> {
        Err(SyntaxError {
            span: self.document.node(id).span,
            message: message.into(),
        })
    }

    /// Counts a node, and refuses documents that are mostly expanded aliases, by the measure of go-yaml.
    fn count(&mut self, id: NodeId) -> Result<(), SyntaxError> {
        const LOW: f64 = 400_000.0;
        const HIGH: f64 = 4_000_000.0;
        self.decoded += 1;
        if self.alias_depth > 0 {
            self.aliased += 1;
        }
        if self.aliased > 100 && self.decoded > 1000 {
            let decoded = self.decoded as f64;
            let scale = ((decoded - LOW) / (HIGH - LOW)).clamp(0.0, 1.0);
            if self.aliased as f64 / decoded > 0.99 - 0.89 * scale {
                return self.refuse(id, "document contains excessive aliasing");
            }
        }
        if self.depth > MAX_DEPTH {
            return self.refuse(id, format!("found more than {MAX_DEPTH} levels of nesting"));
        }
        Ok(())
    }

    fn value(&mut self, id: NodeId) -> Result<Value, SyntaxError> {
        self.count(id)?;
        let document = self.document;
        let node = document.node(id);
        match &node.kind {
            NodeKind::Alias { target } => {
                self.alias_depth += 1;
                let value = self.value(*target);
                self.alias_depth -= 1;
                value
            }
            NodeKind::Scalar { .. } => {
                let data = self.json(id)?;
                Ok(Value::with(data, (self.origin)(node.span)))
            }
            NodeKind::Sequence { items, .. } => {
                self.depth += 1;
                let begin = self.begin(id);
                let origin = (self.origin)(begin);
                let items = items
                    .iter()
                    .map(|&item| self.value(item))
                    .collect::<Result<_, _>>()?;
                self.depth -= 1;
                Ok(Value::with(Data::Sequence(items), origin))
            }
            NodeKind::Mapping { .. } => {
                let begin = self.begin(id);
                let origin = (self.origin)(begin);
                let mut entries = Entries::default();
                match self.dialect {
                    Dialect::Helm => self.fill_v2(id, &mut entries)?,
                    Dialect::Kustomize => self.fill_v3(id, &mut entries, &mut None)?,
                }
                Ok(Value::with(Data::Mapping(entries.mapping), origin))
            }
        }
    }

    /// Where a collection begins to exist: its first key or item, down to the first scalar.
    fn begin(&self, mut id: NodeId) -> Span {
        loop {
            let node = self.document.node(id);
            let first = match &node.kind {
                NodeKind::Sequence { items, .. } => items.first(),
                NodeKind::Mapping { pairs, .. } => pairs.first().map(|(key, _)| key),
                _ => None,
            };
            match first {
                Some(&first) => id = first,
                None => return node.span,
            }
        }
    }

    fn scalar(&self, id: NodeId) -> Result<Option<Scalar>, SyntaxError> {
        let node = self.document.node(self.document.target(id));
        let NodeKind::Scalar { text, style } = &node.kind else {
            return Ok(None);
        };
        match resolve_scalar(text, *style, node.tag.as_deref(), self.dialect) {
            Ok(scalar) => Ok(Some(scalar)),
            Err(ScalarError(message)) => self.refuse(id, message),
        }
    }

    /// A scalar as JSON carries it.
    fn json(&self, id: NodeId) -> Result<Data, SyntaxError> {
        let scalar = self.scalar(id)?.unwrap_or(Scalar::Null);
        data(scalar).or_else(|name| self.refuse(id, format!("json: unsupported value: {name}")))
    }

    fn is_merge(&self, key: NodeId) -> bool {
        let node = self.document.node(key);
        let NodeKind::Scalar { text, style } = &node.kind else {
            return false;
        };
        text == "<<"
            && match node.tag.as_deref().map(short).as_deref() {
                None => *style == ScalarStyle::Plain,
                Some("!") => self.dialect == Dialect::Helm || *style == ScalarStyle::Plain,
                Some("!!merge") => true,
                Some(_) => false,
            }
    }

    fn pairs(&self, id: NodeId) -> &'_ [(NodeId, NodeId)] {
        match &self.document.node(id).kind {
            NodeKind::Mapping { pairs, .. } => pairs,
            _ => &[],
        }
    }

    /// The mappings that a merge key names, in the order of its list.
    fn merged(&self, id: NodeId) -> Result<Vec<NodeId>, SyntaxError> {
        let is_mapping = |id: NodeId| {
            // One alias may stand before the mapping, but no alias of an alias can be written.
            matches!(
                self.document.node(self.document.target(id)).kind,
                NodeKind::Mapping { .. }
            )
        };
        let found = match &self.document.node(id).kind {
            NodeKind::Sequence { items, .. } if items.iter().all(|&item| is_mapping(item)) => {
                items.clone()
            }
            NodeKind::Mapping { .. } | NodeKind::Alias { .. } if is_mapping(id) => vec![id],
            _ => {
                return self.refuse(
                    id,
                    "map merge requires map or sequence of maps as the value",
                );
            }
        };
        Ok(found)
    }

    /// The key as Go holds it, and as JSON writes it.
    fn key(&mut self, id: NodeId) -> Result<(Key, Option<String>), SyntaxError> {
        self.count(id)?;
        let Some(scalar) = self.scalar(id)? else {
            let key = self.value(id)?;
            let message = format!("invalid map key: {}", go_syntax(&key.data));
            return self.refuse(id, message);
        };
        Ok(match scalar {
            Scalar::Null => (Key::Null, None),
            Scalar::Bool(value) => (Key::Bool(value), Some(value.to_string())),
            Scalar::Int(value) => (Key::Int(value), Some(value.to_string())),
            Scalar::Uint(value) => (Key::Uint(value), None),
            Scalar::Float(value) => (Key::Float(value.to_bits()), Some(number::float_key(value))),
            Scalar::String(text) => (Key::String(text.clone()), Some(text)),
            Scalar::Timestamp(text) => (Key::Timestamp(text), None),
        })
    }

    fn entry(&mut self, key: NodeId, name: String, value: NodeId) -> Result<Entry, SyntaxError> {
        let span = self.document.node(self.document.target(key)).span;
        Ok(Entry {
            key: name,
            key_origin: (self.origin)(span),
            value: self.value(value)?,
        })
    }

    /// go-yaml v2: keys in order, a merge key where it stands, each overriding what came before.
    fn fill_v2(&mut self, id: NodeId, entries: &mut Entries) -> Result<(), SyntaxError> {
        self.depth += 1;
        for index in 0..self.pairs(id).len() {
            let Some(&(key, value)) = self.pairs(id).get(index) else {
                break;
            };
            if self.is_merge(key) {
                // Earlier items of the list win, so they come last.
                for source in self.merged(value)?.into_iter().rev() {
                    self.count(source)?;
                    let target = self.document.target(source);
                    let through = usize::from(target != source);
                    self.alias_depth += through;
                    self.fill_v2(target, entries)?;
                    self.alias_depth -= through;
                }
                continue;
            }
            let (kind, name) = self.key(key)?;
            let Some(name) = name else {
                let (kind, shown) = match kind {
                    Key::Uint(number) => ("uint64", format!("{number:#x}")),
                    _ => ("%!s(<nil>)", "<nil>".to_owned()),
                };
                let value = match self.value(value)?.data {
                    Data::Null => "<nil>".to_owned(),
                    data => go_syntax(&data),
                };
                return Err(SyntaxError {
                    span: self.document.node(key).span,
                    message: format!(
                        "unsupported map key of type: {kind}, key: {shown}, value: {value}"
                    ),
                });
            };
            let entry = self.entry(key, name, value)?;
            entries.set(entry);
        }
        self.depth -= 1;
        Ok(())
    }

    /// go-yaml v3: own keys first, then merged ones that are not there yet. `seen` holds the keys of a mapping into
    /// which this one is merged.
    fn fill_v3(
        &mut self,
        id: NodeId,
        entries: &mut Entries,
        seen: &mut Option<HashSet<Key>>,
    ) -> Result<(), SyntaxError> {
        self.unique(id)?;
        self.depth += 1;
        let is_root = self.depth == 1;
        let mut merge = None;
        let mut own = HashSet::new();
        for index in 0..self.pairs(id).len() {
            let Some(&(key, value)) = self.pairs(id).get(index) else {
                break;
            };
            if self.is_merge(key) {
                merge = Some(value);
                continue;
            }
            let (found, _) = self.key(key)?;
            if let Some(seen) = seen {
                if !seen.insert(found.clone()) {
                    continue;
                }
            } else {
                own.insert(found.clone());
            }
            let name = match found {
                Key::String(text) => text,
                Key::Null if is_root => continue,
                // The root has text keys, whatever is written; below it, other keys make a map that JSON cannot hold.
                _ if is_root => match &self.document.node(self.document.target(key)).kind {
                    NodeKind::Scalar { text, .. } => text.clone(),
                    _ => continue,
                },
                _ => {
                    return self
                        .refuse(key, "json: unsupported type: map[interface {}]interface {}");
                }
            };
            let entry = self.entry(key, name, value)?;
            if seen.is_some() {
                entries.add(entry);
            } else {
                entries.set(entry);
            }
        }
        if let Some(merge) = merge {
            let mut started = seen.is_none().then_some(own);
            for source in self.merged(merge)? {
                self.count(source)?;
                let target = self.document.target(source);
                let through = usize::from(target != source);
                self.alias_depth += through;
                let inner = if started.is_some() {
                    &mut started
                } else {
                    &mut *seen
                };
                self.fill_v3(target, entries, inner)?;
                self.alias_depth -= through;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// go-yaml v3 refuses a mapping in which two keys are written alike.
    fn unique(&self, id: NodeId) -> Result<(), SyntaxError> {
        let mut known = HashSet::new();
        for &(key, _) in self.pairs(id) {
            let node = self.document.node(key);
            let written = match &node.kind {
                NodeKind::Scalar { text, .. } => (0, text.as_str()),
                NodeKind::Alias { target } => (
                    1,
                    self.document
                        .node(*target)
                        .anchor
                        .as_deref()
                        .unwrap_or_default(),
                ),
                NodeKind::Sequence { .. } => (2, ""),
                NodeKind::Mapping { .. } => (3, ""),
            };
            if !known.insert(written) {
                return self.refuse(key, format!("mapping key {:?} already defined", written.1));
            }
        }
        Ok(())
    }
}

/// A value in Go's syntax (`%#v`), as go-yaml shows what it refuses.
fn go_syntax(data: &Data) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match data {
        Data::Null => "interface {}(nil)".to_owned(),
        Data::Bool(truth) => truth.to_string(),
        Data::Int(number) => number.to_string(),
        Data::Uint(number) => format!("{number:#x}"),
        Data::Float(number) => shortest(*number),
        Data::String(text) => format!("{text:?}"),
        Data::Sequence(items) => {
            let items = items.iter().map(|item| go_syntax(&item.data)).collect();
            format!("[]interface {{}}{{{}}}", list(items))
        }
        Data::Mapping(mapping) => {
            let entry = |entry: &Entry| format!("{:?}:{}", entry.key, go_syntax(&entry.value.data));
            let entries = mapping.iter().map(entry).collect();
            format!("map[interface {{}}]interface {{}}{{{}}}", list(entries))
        }
    }
}

#[cfg(test)]
#[expect(clippy::format_push_string, reason = "brevity")]
mod tests;
