//! Texts that resources, patches and configuration are read from, and the way back from a place in them to the bytes a person wrote.
//!
//! A text need not stand in its file as it is parsed: line endings are normalised, a file is cut into documents,
//! a patch is a block scalar inside a `kustomization.yaml`. A [`SourceText`] keeps where each stretch came from.

use std::sync::Arc;

use crate::origin::{FileId, Origin, Origins, Role, Traced};
use crate::render::cache::{Documents, Parsed};
use crate::text::{RepoPath, Span};
use crate::yaml::{self, Document, NodeId, NodeKind, ScalarStyle, SyntaxError};

use super::node::{Body, Key, Node, Pair, Tag, plain_tag};

/// A text and where its bytes are in a file.
#[derive(Debug, Clone)]
pub(super) struct SourceText {
    /// The text as it is parsed.
    pub(super) text: Arc<str>,
    /// The file it came from.
    pub(super) path: RepoPath,
    /// The file, as origins know it.
    pub(super) file: FileId,
    /// What its values contribute.
    pub(super) role: Role,
    /// What is parsed already, where the text is that of a whole file.
    pub(super) parsed: Option<Arc<Parsed>>,
    place: Where,
}

#[derive(Debug, Clone)]
enum Where {
    /// Stretches: offset in the text, offset in the file. Sorted; the first begins at 0.
    Mapped(Vec<(u32, u32)>),
    /// All of it came from one place, which cannot be taken apart.
    Whole(Span),
    /// It was rendered: its characters know where they came from. The text begins at this offset of the rendering.
    Rendered(Arc<Traced>, u32),
}

impl SourceText {
    /// A whole file, its line endings made `\n`.
    pub(super) fn file(text: &Arc<str>, path: &RepoPath, file: FileId, role: Role) -> Self {
        let mut map = vec![(0, 0)];
        let normal = if text.contains("\r\n") {
            let mut normal = String::with_capacity(text.len());
            let mut done = 0;
            for (at, _) in text.match_indices("\r\n") {
                normal.push_str(text.get(done..at).unwrap_or_default());
                done = at + 1;
                map.push((normal.len() as u32, done as u32));
            }
            normal.push_str(text.get(done..).unwrap_or_default());
            normal.into()
        } else {
            Arc::clone(text)
        };
        Self {
            text: normal,
            path: path.clone(),
            file,
            role,
            parsed: None,
            place: Where::Mapped(map),
        }
    }

    /// The same, with what is parsed of the file. Where line endings were changed the text is another one.
    pub(super) fn parsed_as(mut self, parsed: Arc<Parsed>) -> Self {
        self.parsed = Some(parsed).filter(|parsed| parsed.text.len() == self.text.len());
        self
    }

    /// A scalar of a file: `text` is what it means, `span` where it stands in `whole`, the text of the file.
    pub(super) fn scalar(
        text: &str,
        span: Span,
        whole: &str,
        path: &RepoPath,
        file: FileId,
        role: Role,
    ) -> Self {
        let written = span.of(whole);
        let place = if written.starts_with('|') {
            block_map(text, written, span.start).map_or(Where::Whole(span), Where::Mapped)
        } else {
            Where::Whole(span)
        };
        Self {
            text: text.into(),
            path: path.clone(),
            file,
            role,
            parsed: None,
            place,
        }
    }

    /// What a chart rendered. Problems are told at `path`.
    pub(super) fn rendered(text: Traced, path: &RepoPath, file: FileId) -> Self {
        Self {
            text: text.as_str().into(),
            path: path.clone(),
            file,
            role: Role::Template,
            parsed: None,
            place: Where::Rendered(Arc::new(text), 0),
        }
    }

    /// The place in the file of a place in the text.
    pub(super) fn span(&self, span: Span) -> Span {
        let map = match &self.place {
            Where::Whole(whole) => return *whole,
            Where::Rendered(..) => return span,
            Where::Mapped(map) => map,
        };
        let find = |offset: u32| {
            let index = map.partition_point(|&(from, _)| from <= offset);
            match index.checked_sub(1).and_then(|index| map.get(index)) {
                Some((from, to)) => to + (offset - from),
                None => offset,
            }
        };
        let start = find(span.start);
        let end = if span.end > span.start {
            find(span.end - 1) + 1
        } else {
            start
        };
        Span { start, end }
    }

    /// The part of the text between two offsets.
    pub(super) fn part(&self, from: usize, to: usize) -> Self {
        Self {
            text: self.text.get(from..to).unwrap_or_default().into(),
            ..self.place_of_part(from, to)
        }
    }

    /// The places of a part of the text, without the text, for what is parsed already.
    pub(super) fn place_of_part(&self, from: usize, to: usize) -> Self {
        let place = match &self.place {
            Where::Whole(whole) => Where::Whole(*whole),
            Where::Rendered(text, offset) => {
                Where::Rendered(Arc::clone(text), offset + from as u32)
            }
            Where::Mapped(map) => {
                let offset = from as u32;
                let start = self.span(Span::at(from)).start;
                let mut part = vec![(0, start)];
                part.extend(
                    map.iter()
                        .filter(|&&(at, _)| at > offset && at < to as u32)
                        .map(|&(at, file)| (at - offset, file)),
                );
                Where::Mapped(part)
            }
        };
        Self {
            text: Arc::default(),
            path: self.path.clone(),
            file: self.file,
            role: self.role,
            parsed: None,
            place,
        }
    }

    /// The origin of a place in the text.
    pub(super) fn origin(&self, span: Span, origins: &mut Origins) -> Origin {
        if let Where::Rendered(text, offset) = &self.place {
            let there = Span {
                start: span.start + offset,
                end: span.end + offset,
            };
            let runs: Vec<Origin> = text.runs_in(there).collect();
            return origins.all(runs);
        }
        origins.source(self.file, self.span(span), self.role)
    }

    /// The origin of the text as a whole.
    pub(super) fn whole(&self, origins: &mut Origins) -> Origin {
        self.origin(Span::new(0, self.text.len()), origins)
    }
}

/// Where each line of a literal block scalar stands in its file.
fn block_map(text: &str, written: &str, start: u32) -> Option<Vec<(u32, u32)>> {
    let mut map = Vec::new();
    let mut at = 0;
    let mut place = written.find('\n')? + 1;
    for line in text.split_inclusive('\n') {
        let rest = written.get(place..)?;
        let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
        let source = rest.get(..length)?.trim_end_matches(['\n', '\r']);
        let bare = line.trim_end_matches('\n');
        let indent = source.len().checked_sub(bare.len())?;
        if source.get(indent..)? != bare {
            return None;
        }
        map.push((at as u32, start + (place + indent) as u32));
        at += line.len();
        place += length;
    }
    if map.is_empty() { None } else { Some(map) }
}

/// The tree of a document, its aliases and merge keys expanded.
pub(super) fn tree(
    document: &Document,
    source: &SourceText,
    origins: &mut Origins,
) -> Result<Option<Node>, SyntaxError> {
    let Some(root) = document.root() else {
        return Ok(None);
    };
    let mut reader = Reader {
        document,
        source,
        origins,
        left: MAX_NODES,
        in_flow: false,
    };
    reader.node(root, 0).map(Some)
}

/// Takes from the maps of a tree what the document gives them by merge key, and puts [`Tag::Alias`] where it gives it by alias:
/// kyaml's merge sees these so where nobody has expanded them before.
pub(super) fn mark_aliases(
    document: &Document,
    id: NodeId,
    tree: &mut Node,
    origin: &mut dyn FnMut(Span) -> Origin,
) {
    let NodeKind::Mapping { pairs, .. } = &document.node(id).kind else {
        return;
    };
    let mut written = std::collections::BTreeMap::new();
    for &(key, value) in pairs {
        if let NodeKind::Scalar { text, .. } = &document.node(key).kind {
            written.insert(text.as_str(), value);
        }
    }
    let Some(own) = tree.pairs_mut() else { return };
    own.retain(|pair| written.contains_key(pair.key.text.as_str()));
    for Pair { key, value } in own {
        let Some(&at) = written.get(key.text.as_str()) else {
            continue;
        };
        let written = document.node(at);
        if matches!(written.kind, NodeKind::Alias { .. }) {
            *value = Node::tagged("", Tag::Alias, origin(written.span));
        } else {
            mark_aliases(document, at, value, origin);
        }
    }
}

/// A document may not unfold into more nodes than this: aliases of aliases grow fast.
const MAX_NODES: usize = if cfg!(test) { 100_000 } else { 4_000_000 };

struct Reader<'a> {
    document: &'a Document,
    source: &'a SourceText,
    origins: &'a mut Origins,
    left: usize,
    /// True between `[` and `]`, `{` and `}`.
    in_flow: bool,
}

impl Reader<'_> {
    fn refuse<T>(&self, id: NodeId, message: &str) -> Result<T, SyntaxError> {
        Err(SyntaxError {
            span: self.document.node(id).span,
            message: message.to_owned(),
        })
    }

    /// Where a node begins to exist: a collection at its first scalar.
    fn begin(&self, mut id: NodeId) -> Span {
        loop {
            let node = self.document.node(id);
            let first = match &node.kind {
                NodeKind::Sequence { items, .. } => items.first(),
                NodeKind::Mapping { pairs, .. } => pairs.first().map(|(key, _)| key),
                NodeKind::Scalar { .. } | NodeKind::Alias { .. } => None,
            };
            match first {
                Some(&first) => id = first,
                None => return node.span,
            }
        }
    }

    fn node(&mut self, id: NodeId, depth: usize) -> Result<Node, SyntaxError> {
        if depth > crate::yaml::MAX_DEPTH {
            return self.refuse(id, "it is nested too deeply, or contains itself");
        }
        self.left = match self.left.checked_sub(1) {
            Some(left) => left,
            None => return self.refuse(id, "its aliases unfold into too many nodes"),
        };
        let node = self.document.node(id);
        let origin = self.source.origin(self.begin(id), self.origins);
        match &node.kind {
            NodeKind::Alias { target } => self.node(*target, depth + 1),
            NodeKind::Scalar { text, style } => {
                let tag = scalar_tag(text, *style, node.tag.as_deref());
                // What is empty, or has a colon, is printed in quotes here, and is a text from then on.
                let gains_quotes = self.in_flow
                    && *style == ScalarStyle::Plain
                    && (text.is_empty() || tag == Tag::Timestamp && text.contains(':'));
                let style = if gains_quotes {
                    ScalarStyle::SingleQuoted
                } else {
                    *style
                };
                Ok(Node {
                    tag,
                    body: Body::Scalar {
                        text: text.clone(),
                        style,
                    },
                    origin,
                })
            }
            NodeKind::Sequence { items, flow } => self.inside(*flow, |reader| {
                let mut read = Vec::with_capacity(items.len());
                for &item in items {
                    read.push(reader.node(item, depth + 1)?);
                }
                Ok(Node::list(read, origin))
            }),
            NodeKind::Mapping { pairs, flow } => {
                self.inside(*flow, |reader| reader.map(id, pairs, origin, depth))
            }
        }
    }

    /// Reads the content of a collection.
    fn inside<T>(&mut self, flow: bool, read: impl FnOnce(&mut Self) -> T) -> T {
        let outside = self.in_flow;
        self.in_flow |= flow;
        let found = read(self);
        self.in_flow = outside;
        found
    }

    fn map(
        &mut self,
        id: NodeId,
        pairs: &[(NodeId, NodeId)],
        origin: Origin,
        depth: usize,
    ) -> Result<Node, SyntaxError> {
        let mut own = Vec::with_capacity(pairs.len());
        let mut merges = None;
        for &(key, value) in pairs {
            let name = self.key(key);
            if name.tag == Tag::Merge {
                if merges.replace(value).is_some() {
                    return self.refuse(key, "the merge key `<<` stands twice in one map");
                }
                continue;
            }
            let value = self.node(value, depth + 1)?;
            own.push(Pair { key: name, value });
        }
        let Some(merges) = merges else {
            return Ok(Node {
                body: Body::Map(own),
                tag: Tag::None,
                origin,
            });
        };
        // What is merged gives way to the own keys, and of a list of maps the earlier one wins:
        // they are laid down from the last to the first.
        let mut layers = Vec::new();
        self.merged(merges, &mut layers, depth + 1, false)?;
        let mut all: Vec<Pair> = Vec::new();
        for layer in layers {
            let Body::Map(pairs) = self.node(layer, depth + 1)?.body else {
                return self.refuse(id, "only maps can be merged by `<<`");
            };
            for pair in pairs {
                lay(&mut all, pair);
            }
        }
        all.retain(|pair| !own.iter().any(|known| known.key.text == pair.key.text));
        own.append(&mut all);
        Ok(Node {
            body: Body::Map(own),
            tag: Tag::None,
            origin,
        })
    }

    fn merged(
        &self,
        id: NodeId,
        layers: &mut Vec<NodeId>,
        depth: usize,
        nested: bool,
    ) -> Result<(), SyntaxError> {
        let target = self.document.target(id);
        let is_alias = target != id;
        match &self.document.node(target).kind {
            NodeKind::Mapping { .. } => {
                layers.insert(0, target);
                Ok(())
            }
            NodeKind::Sequence { items, .. }
                if !is_alias && !nested && depth < crate::yaml::MAX_DEPTH =>
            {
                items
                    .iter()
                    .try_for_each(|&item| self.merged(item, layers, depth + 1, true))
            }
            _ => self.refuse(id, "a merge key needs a map, or a list of maps"),
        }
    }

    fn key(&mut self, id: NodeId) -> Key {
        let target = self.document.target(id);
        let node = self.document.node(target);
        let origin = self
            .source
            .origin(self.document.node(id).span, self.origins);
        match &node.kind {
            NodeKind::Scalar { text, style } => Key {
                text: text.clone(),
                tag: scalar_tag(text, *style, node.tag.as_deref()),
                origin,
            },
            _ => Key {
                text: String::new(),
                tag: Tag::Other,
                origin,
            },
        }
    }
}

fn lay(all: &mut Vec<Pair>, pair: Pair) {
    match all.iter_mut().find(|known| known.key.text == pair.key.text) {
        Some(known) => *known = pair,
        None => all.push(pair),
    }
}

fn scalar_tag(text: &str, style: ScalarStyle, tag: Option<&str>) -> Tag {
    match tag {
        Some(tag) if tag != "!" => Tag::named(tag),
        _ if style == ScalarStyle::Plain => plain_tag(text),
        _ => Tag::Str,
    }
}

/// The documents of a resource file, or the place of a separator with something behind it.
pub(super) fn documents(text: &str) -> Documents {
    let parsed = |(from, to): (usize, usize)| {
        let stream = yaml::parse(text.get(from..to).unwrap_or_default());
        (from, to, stream)
    };
    Ok(cut(text)?.into_iter().map(parsed).collect())
}

/// Where the documents of a resource file begin and end.
fn cut(text: &str) -> Result<Vec<(usize, usize)>, Span> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut search = 0;
    while let Some(found) = text.get(search..).and_then(|rest| rest.find("\n---")) {
        let at = search + found;
        let line = at + 1;
        let Some(end) = text
            .get(line..)
            .and_then(|rest| rest.find('\n'))
            .map(|end| line + end)
        else {
            break;
        };
        let behind = text.get(line + 3..end).unwrap_or_default().trim();
        if !behind.is_empty() && !behind.starts_with('#') {
            return Err(Span::new(line, end));
        }
        parts.push((start, at + 1));
        start = end + 1;
        // The line break that ends a separator cannot also begin the next one.
        search = start;
    }
    if !text.is_empty() {
        parts.push((start.min(text.len()), text.len()));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_cut_where_kustomize_cuts_them() {
        let check = |text: &str, parts: &[&str]| {
            let found: Vec<&str> = cut(text)
                .unwrap()
                .into_iter()
                .map(|(from, to)| &text[from..to])
                .collect();
            assert_eq!(found, parts, "{text:?}");
        };
        check("a: 1\n---\nb: 2\n", &["a: 1\n", "b: 2\n"]);
        check("---\na: 1\n--- # x\nb: 2", &["---\na: 1\n", "b: 2"]);
        check("a: 1\n---\n---\nb: 2\n", &["a: 1\n", "---\nb: 2\n"]);
        check("", &[]);
        assert_eq!(cut("a: 1\n--- b: 2\n"), Err(Span::new(5, 13)));
    }

    #[test]
    fn a_place_in_a_block_scalar_is_found_in_its_file() {
        let whole = "patch: |\n    a: 1\n\n    b: 2\n";
        let mut origins = Origins::new();
        let path = RepoPath::new("kustomization.yaml").unwrap();
        let file = origins.add_file(&path, &whole.into());
        let span = Span::new(7, whole.len());
        let text = "a: 1\n\nb: 2\n";
        let source = SourceText::scalar(text, span, whole, &path, file, Role::Patch);
        let at = text.find('2').unwrap();
        assert_eq!(source.span(Span::new(at, at + 1)).of(whole), "2");
    }

    #[test]
    fn line_endings_do_not_move_places() {
        let whole = "a: 1\r\nb: 2\r\n";
        let mut origins = Origins::new();
        let path = RepoPath::new("x.yaml").unwrap();
        let file = origins.add_file(&path, &whole.into());
        let source = SourceText::file(&whole.into(), &path, file, Role::Base);
        assert_eq!(&*source.text, "a: 1\nb: 2\n");
        let part = source.part(5, 10);
        assert_eq!(part.span(Span::new(3, 4)).of(whole), "2");
    }
}
