//! YAML as people write it and as programs read it.
//!
//! Three forms, each for its purpose. A [`Document`] is the lossless tree of one document of a file: an arena of nodes,
//! each with its bytes, style, tag, anchor and comments. A [`Value`] is what a program reads from it in one
//! [`Dialect`], each node with its [`Origin`]. Text comes back from a value through [`emit`], byte for byte
//! as `toYaml` and `kustomize build` print it, and into a file through [`edit`], which changes only what it must.
//! Nothing here knows Kubernetes.

mod direct;
pub mod edit;
pub mod emit;
mod events;
mod everyday;
mod parse;
mod resolve;

use std::collections::HashMap;
use std::fmt;

use crate::origin::Origin;
use crate::text::Span;

pub use direct::everyday;
pub use parse::{line_breaks, parse, parse_bytes};
pub use resolve::{Scalar, ScalarError, implied, resolve_scalar};

/// Nodes deeper than this are refused. Go stops at 10,000; no manifest comes near this.
pub const MAX_DEPTH: usize = 500;

/// A handle to a node of one [`Document`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScalarStyle {
    /// Bare text.
    Plain,
    /// `'…'`.
    SingleQuoted,
    /// `"…"`.
    DoubleQuoted,
    /// `|`.
    Literal,
    /// `>`.
    Folded,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeKind {
    /// A scalar: its text after unquoting, unescaping and folding.
    Scalar {
        /// The text that a program sees.
        text: String,
        /// How it is written.
        style: ScalarStyle,
    },
    /// A sequence.
    Sequence {
        /// Its items in order.
        items: Vec<NodeId>,
        /// True if and only if it is written in brackets.
        flow: bool,
    },
    /// A mapping, duplicate keys and merge keys included.
    Mapping {
        /// Keys and values in order.
        pairs: Vec<(NodeId, NodeId)>,
        /// True if and only if it is written in braces, or is a pair without braces in a list (`[a: 1]`).
        flow: bool,
    },
    /// A reference to an anchored node that stands earlier in the document.
    Alias {
        /// The anchored node.
        target: NodeId,
    },
}

/// One node of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Its bytes, without tag and anchor, without the comments around it. A block collection ends after its last
    /// node's bytes; a block scalar after its last line break that belongs to it; a value that is not written is an empty span.
    pub span: Span,
    /// The tag as written and resolved by `%TAG` (`tag:yaml.org,2002:str`, `!Ref`); `None` where there is none.
    pub tag: Option<String>,
    /// The name of its anchor.
    pub anchor: Option<String>,
}

/// A comment, from `#` to the end of its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment {
    /// Its bytes, without the line break.
    pub span: Span,
    /// True if and only if nothing but white space stands before it on its line.
    pub own_line: bool,
}

/// One document of a YAML file. All spans are bytes of the whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: Option<NodeId>,
    /// The document from its first token (`---`, where it is written) to its last.
    pub span: Span,
    /// The comments in the document, in order.
    pub comments: Vec<Comment>,
}

impl Document {
    /// The root; `None` for a document without content.
    pub fn root(&self) -> Option<NodeId> {
        self.root
    }

    /// A node of this document.
    pub fn node(&self, id: NodeId) -> &Node {
        self.nodes
            .get(id.0 as usize)
            .expect("a NodeId is only made by the parser of the same document")
    }

    /// The node behind aliases.
    pub fn target(&self, mut id: NodeId) -> NodeId {
        // An alias only names a node that stands before it, so this walk ends.
        while let NodeKind::Alias { target } = self.node(id).kind {
            id = target;
        }
        id
    }

    /// The value that a program of `dialect` reads, or why it refuses the document.
    ///
    /// `origin` is asked once for each key and value with its span. A document without content is null.
    /// Aliases are expanded within a limit, so that a small file cannot become a large value.
    pub fn value(
        &self,
        dialect: Dialect,
        origin: &mut dyn FnMut(Span) -> Origin,
    ) -> Result<Value, SyntaxError> {
        resolve::document(self, dialect, origin)
    }

    /// The node at `path`, aliases followed; where it is absent, the nearest ancestor that exists and how many steps of the path it covers.
    pub fn at(&self, path: &Path) -> Option<(NodeId, usize)> {
        parse::descend(self, path)
    }
}

/// The documents of a file up to the first error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// The documents that could be read, in order.
    pub documents: Vec<Document>,
    /// Why the rest could not be.
    pub error: Option<SyntaxError>,
}

/// Why a text is not YAML, or not the YAML that a program accepts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// Where.
    pub span: Span,
    /// What, as a clause (`did not find expected key`).
    pub message: String,
}

/// Whose reading of YAML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Helm and kubectl: go-yaml v2 and then JSON. YAML 1.1 booleans and octals, timestamps are strings,
    /// of duplicate keys the last wins, keys become strings.
    Helm,
    /// Kustomize: go-yaml v3. `yes` is a string, an unquoted date becomes a timestamp, duplicate keys are refused.
    Kustomize,
}

/// What a program reads: a JSON-like value whose nodes know where they came from.
#[derive(Debug, Clone, Default)]
pub struct Value {
    /// The value.
    pub data: Data,
    /// Where it came from: of a scalar its text; of a collection the place where it begins to exist.
    pub origin: Origin,
}

/// The value of a [`Value`].
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Data {
    /// Null.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer that fits 64 bits with a sign.
    Int(i64),
    /// An integer above that.
    Uint(u64),
    /// A number with a fraction or an exponent, or too large for the others.
    Float(f64),
    /// A text.
    String(String),
    /// A list.
    Sequence(Vec<Value>),
    /// A map with text keys.
    Mapping(Mapping),
}

/// Equal if and only if the data are: where a value came from does not matter.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.data == other.data
    }
}

impl Value {
    /// A value that no person wrote.
    pub fn new(data: Data) -> Self {
        Self {
            data,
            origin: Origin::NONE,
        }
    }

    /// A value from one place.
    pub fn with(data: Data, origin: Origin) -> Self {
        Self { data, origin }
    }

    /// A text.
    pub fn string(text: impl Into<String>, origin: Origin) -> Self {
        Self::with(Data::String(text.into()), origin)
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Data::String(text) = &self.data {
            Some(text)
        } else {
            None
        }
    }

    /// The map, if it is one.
    pub fn as_mapping(&self) -> Option<&Mapping> {
        if let Data::Mapping(mapping) = &self.data {
            Some(mapping)
        } else {
            None
        }
    }

    /// The map, if it is one, to change it.
    pub fn as_mapping_mut(&mut self) -> Option<&mut Mapping> {
        if let Data::Mapping(mapping) = &mut self.data {
            Some(mapping)
        } else {
            None
        }
    }

    /// The items, if it is a list.
    pub fn as_sequence(&self) -> Option<&[Value]> {
        if let Data::Sequence(items) = &self.data {
            Some(items)
        } else {
            None
        }
    }

    /// The value under a key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_mapping()?.get(key)
    }

    /// True if and only if this is null.
    pub fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    /// The value at `path`, or the nearest ancestor that exists, with the number of steps of the path it covers.
    pub fn nearest(&self, path: &Path) -> (&Value, usize) {
        let mut value = self;
        for (depth, step) in path.steps().iter().enumerate() {
            let next = match (step, &value.data) {
                (Step::Key(key), Data::Mapping(mapping)) => mapping.get(key),
                (Step::Index(index), Data::Sequence(items)) => items.get(*index),
                _ => None,
            };
            match next {
                Some(next) => value = next,
                None => return (value, depth),
            }
        }
        (value, path.steps().len())
    }

    /// The value at `path`, if it exists.
    pub fn at(&self, path: &Path) -> Option<&Value> {
        let (value, depth) = self.nearest(path);
        (depth == path.steps().len()).then_some(value)
    }
}

/// One key of a [`Mapping`] and its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key was written.
    pub key_origin: Origin,
    /// The value.
    pub value: Value,
}

/// A map in the order in which it was written. Keys are unique.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    entries: Vec<Entry>,
}

/// Equal if and only if both hold the same keys with equal values, in any order.
impl PartialEq for Mapping {
    fn eq(&self, other: &Self) -> bool {
        if self.len() != other.len() {
            return false;
        }
        // No value is compared twice: maps in maps would double that at each level.
        let pairs = || self.entries.iter().zip(&other.entries);
        if pairs().all(|(a, b)| a.key == b.key) {
            return pairs().all(|(a, b)| a.value == b.value);
        }
        let others: HashMap<&str, &Value> = other
            .iter()
            .map(|entry| (entry.key.as_str(), &entry.value))
            .collect();
        let mut entries = self.entries.iter();
        entries.all(|entry| others.get(entry.key.as_str()) == Some(&&entry.value))
    }
}

impl Mapping {
    /// A map without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// A map without keys that will have so many.
    pub fn with_capacity(keys: usize) -> Self {
        Self {
            entries: Vec::with_capacity(keys),
        }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if and only if there is no key.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.entries.iter()
    }

    /// The entries in order, to change their values.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Entry> {
        self.entries.iter_mut()
    }

    /// The entry of a key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The value of a key, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.entries
            .iter_mut()
            .find(|entry| entry.key == key)
            .map(|entry| &mut entry.value)
    }

    /// Sets a key, in its place where it exists, else at the end. Gives the value it had.
    pub fn insert(
        &mut self,
        key: impl Into<String>,
        key_origin: Origin,
        value: Value,
    ) -> Option<Value> {
        let key = key.into();
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.key == key) {
            entry.key_origin = key_origin;
            return Some(std::mem::replace(&mut entry.value, value));
        }
        self.entries.push(Entry {
            key,
            key_origin,
            value,
        });
        None
    }

    /// Appends a key that the caller knows to be absent.
    pub(crate) fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Removes a key and gives its entry.
    pub fn remove(&mut self, key: &str) -> Option<Entry> {
        let index = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(index))
    }
}

impl IntoIterator for Mapping {
    type Item = Entry;
    type IntoIter = std::vec::IntoIter<Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<'a> IntoIterator for &'a Mapping {
    type Item = &'a Entry;
    type IntoIter = std::slice::Iter<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter()
    }
}

impl<'a> IntoIterator for &'a mut Mapping {
    type Item = &'a mut Entry;
    type IntoIter = std::slice::IterMut<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter_mut()
    }
}

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A key of a map.
    Key(String),
    /// An item of a list, from 0.
    Index(usize),
}

/// A way into a value from its root (`spec.template.spec.containers[0].image`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Path(Vec<Step>);

impl Path {
    /// The path of the root.
    pub fn root() -> Self {
        Self::default()
    }

    /// The steps, outermost first.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The path with a key below it.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.0.push(Step::Key(key.into()));
        self
    }

    /// The path with an item below it.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(Step::Index(index));
        self
    }

    /// The first `depth` steps.
    #[must_use]
    pub fn prefix(&self, depth: usize) -> Self {
        Self(self.0.iter().take(depth).cloned().collect())
    }
}

impl From<Vec<Step>> for Path {
    fn from(steps: Vec<Step>) -> Self {
        Self(steps)
    }
}

impl fmt::Display for Path {
    /// Keys joined by dots, a dot inside a key escaped by a backslash; indices in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) => {
                    if depth > 0 {
                        f.write_str(".")?;
                    }
                    f.write_str(&key.replace('\\', "\\\\").replace('.', "\\."))?;
                }
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// Why a text is not a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a field path: {why}")]
pub struct PathSyntax {
    text: String,
    why: &'static str,
}

impl std::str::FromStr for Path {
    type Err = PathSyntax;

    /// Reads what [`Display`](fmt::Display) prints: `spec.containers[0].image`, `metadata.annotations.a\.b/c`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |why| PathSyntax {
            text: text.to_owned(),
            why,
        };
        let mut steps = Vec::new();
        let mut key = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\\' => key.push(
                    chars
                        .next()
                        .ok_or_else(|| wrong("it ends with a backslash"))?,
                ),
                '.' => {
                    if !key.is_empty() {
                        steps.push(Step::Key(std::mem::take(&mut key)));
                    } else if !matches!(steps.last(), Some(Step::Index(_))) {
                        return Err(wrong("a key is empty"));
                    }
                }
                '[' => {
                    if !key.is_empty() {
                        steps.push(Step::Key(std::mem::take(&mut key)));
                    }
                    let digits: String = chars.by_ref().take_while(|&c| c != ']').collect();
                    steps.push(Step::Index(
                        digits
                            .parse()
                            .map_err(|_| wrong("an index is not a number"))?,
                    ));
                }
                c => key.push(c),
            }
        }
        if !key.is_empty() {
            steps.push(Step::Key(key));
        }
        Ok(Self(steps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value at the bottom of as many maps as may lie in each other.
    fn deep(bottom: i64) -> Value {
        (0..MAX_DEPTH).fold(Value::new(Data::Int(bottom)), |value, _| {
            let mut map = Mapping::new();
            map.insert("k", Origin::NONE, value);
            Value::new(Data::Mapping(map))
        })
    }

    #[test]
    fn values_are_compared_once_whatever_their_depth() {
        assert_ne!(deep(1), deep(2));
        assert_eq!(deep(1), deep(1));
    }
}
