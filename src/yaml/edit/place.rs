//! Where things stand in a text: how the file is indented, which node a path leads to, what may be changed there.

use std::collections::HashSet;

use super::{EditError, subtree};
use crate::yaml::parse::{skip_blank, value_place};
use crate::yaml::{
    Dialect, Document, Node, NodeId, NodeKind, Path, Scalar, ScalarStyle, Step, resolve_scalar,
};

/// A text under edit, with the habits of its author.
pub(super) struct Site<'a> {
    pub(super) text: &'a str,
    pub(super) document: &'a Document,
    /// The line ending.
    pub(super) eol: &'static str,
    /// By how much maps in maps are indented.
    pub(super) step: usize,
    /// Lists stand at the column of their key.
    pub(super) flat: bool,
    // Nodes that aliases refer to.
    shared: HashSet<NodeId>,
}

/// The deepest node on the way of a path, without going through aliases.
pub(super) struct Found {
    /// The collections above it, outermost first, each with the index of the item or pair that was taken.
    pub(super) trail: Vec<(NodeId, usize)>,
    pub(super) node: NodeId,
    /// How many steps of the path it covers.
    pub(super) covered: usize,
}

impl<'a> Site<'a> {
    pub(super) fn new(text: &'a str, document: &'a Document) -> Self {
        let mut site = Self {
            text,
            document,
            eol: if text.contains("\r\n") { "\r\n" } else { "\n" },
            step: 2,
            flat: false,
            shared: HashSet::new(),
        };
        let mut steps = [0_usize; 9];
        let (mut flat, mut indented) = (0_usize, 0_usize);
        for node in &document.nodes {
            match &node.kind {
                NodeKind::Alias { target } => {
                    site.shared.insert(*target);
                }
                NodeKind::Mapping { pairs, flow: false } => {
                    let outer = site.column(node.span.start as usize);
                    for &(_, value) in pairs {
                        let value = document.node(value);
                        if !is_block_collection(value) {
                            continue;
                        }
                        let inner = site.column(value.span.start as usize);
                        match value.kind {
                            NodeKind::Sequence { .. } if inner == outer => flat += 1,
                            NodeKind::Sequence { .. } => indented += 1,
                            _ => {
                                if let Some(count) = steps.get_mut(inner.saturating_sub(outer)) {
                                    *count += 1;
                                }
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        site.flat = flat > indented;
        // The commonest; of equally common ones the smallest.
        let best = steps
            .iter()
            .enumerate()
            .skip(1)
            .rev()
            .max_by_key(|(_, count)| **count);
        if let Some((step, count)) = best
            && *count > 0
        {
            site.step = step;
        }
        site
    }

    pub(super) fn node(&self, id: NodeId) -> &'a Node {
        self.document.node(id)
    }

    /// The items of a list, the values of a map.
    pub(super) fn children(&self, id: NodeId) -> Vec<NodeId> {
        match &self.node(id).kind {
            NodeKind::Sequence { items, .. } => items.clone(),
            NodeKind::Mapping { pairs, .. } => pairs.iter().map(|&(_, value)| value).collect(),
            _ => Vec::new(),
        }
    }

    /// How many items a list has; none where it is something else.
    pub(super) fn length(&self, id: NodeId) -> usize {
        match &self.node(id).kind {
            NodeKind::Sequence { items, .. } => items.len(),
            _ => 0,
        }
    }

    pub(super) fn find(&self, path: &Path) -> Result<Found, EditError> {
        let Some(mut node) = self.document.root else {
            return Err(EditError::Absent(path.clone()));
        };
        let mut trail = Vec::new();
        for (covered, step) in path.steps().iter().enumerate() {
            let next = match (step, &self.node(node).kind) {
                (Step::Key(key), NodeKind::Mapping { pairs, .. }) => pairs
                    .iter()
                    .enumerate()
                    .rev()
                    .find(|(_, (k, _))| self.key_text(*k) == Some(key.as_str()))
                    .map(|(index, &(_, value))| (index, value)),
                (Step::Index(index), NodeKind::Sequence { items, .. }) => {
                    items.get(*index).map(|&item| (*index, item))
                }
                (_, NodeKind::Alias { .. }) => {
                    return Err(EditError::Alias(path.prefix(covered)));
                }
                _ => None,
            };
            let Some((index, child)) = next else {
                return Ok(Found {
                    trail,
                    node,
                    covered,
                });
            };
            trail.push((node, index));
            node = child;
        }
        Ok(Found {
            trail,
            node,
            covered: path.steps().len(),
        })
    }

    fn key_text(&self, key: NodeId) -> Option<&'a str> {
        match &self.node(self.document.target(key)).kind {
            NodeKind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_merge(&self, key: NodeId) -> bool {
        matches!(&self.node(key).kind, NodeKind::Scalar { text, style: ScalarStyle::Plain } if text == "<<")
    }

    /// Refuses where an alias elsewhere would feel the change, or a merge key would undo it. `with_node` where the node
    /// itself changes too, not only what is above it.
    pub(super) fn check_ancestors(
        &self,
        found: &Found,
        path: &Path,
        with_node: bool,
    ) -> Result<(), EditError> {
        let own = with_node.then_some(found.node);
        let nodes = found.trail.iter().map(|&(id, _)| id).chain(own);
        for (depth, id) in nodes.enumerate() {
            if self.shared.contains(&id) {
                let name = self.node(id).anchor.clone().unwrap_or_default();
                return Err(EditError::Shared(path.prefix(depth), name));
            }
        }
        for (depth, &(id, index)) in found.trail.iter().enumerate() {
            if let NodeKind::Mapping { pairs, .. } = &self.node(id).kind
                && pairs
                    .iter()
                    .skip(index + 1)
                    .any(|&(key, _)| self.is_merge(key))
            {
                return Err(EditError::Merged(path.prefix(depth + 1)));
            }
        }
        Ok(())
    }

    /// Refuses where something outside a node refers into it.
    pub(super) fn check_subtree(&self, id: NodeId, path: &Path) -> Result<(), EditError> {
        let inside = subtree(self.document, id);
        for (index, node) in self.document.nodes.iter().enumerate() {
            if let NodeKind::Alias { target } = node.kind
                && inside.contains(&target.0)
                && !inside.contains(&(index as u32))
            {
                let name = self.node(target).anchor.clone().unwrap_or_default();
                return Err(EditError::Shared(path.clone(), name));
            }
        }
        Ok(())
    }

    /// Refuses to remove a pair behind which another one of the same key would come to light.
    pub(super) fn check_siblings(
        &self,
        parent: NodeId,
        index: usize,
        path: &Path,
    ) -> Result<(), EditError> {
        let NodeKind::Mapping { pairs, .. } = &self.node(parent).kind else {
            return Ok(());
        };
        let Some(&(key, _)) = pairs.get(index) else {
            return Ok(());
        };
        if self.shared.contains(&key) {
            let name = self.node(key).anchor.clone().unwrap_or_default();
            return Err(EditError::Shared(path.clone(), name));
        }
        let name = self.key_text(key);
        if pairs
            .iter()
            .filter(|&&(other, _)| self.key_text(other) == name)
            .count()
            > 1
        {
            return Err(EditError::Repeated(path.clone()));
        }
        if pairs.iter().any(|&(other, _)| self.is_merge(other)) {
            return Err(EditError::Merged(path.clone()));
        }
        Ok(())
    }

    /// True if and only if the node is null to both dialects.
    pub(super) fn is_nothing(&self, id: NodeId) -> bool {
        let node = self.node(id);
        match &node.kind {
            NodeKind::Scalar { text, style } => matches!(
                resolve_scalar(text, *style, node.tag.as_deref(), Dialect::Helm),
                Ok(Scalar::Null)
            ),
            _ => false,
        }
    }

    pub(super) fn is_flow(&self, id: NodeId) -> bool {
        matches!(
            self.node(id).kind,
            NodeKind::Sequence { flow: true, .. } | NodeKind::Mapping { flow: true, .. }
        )
    }

    /// True if and only if a collection in brackets or braces is above the node.
    pub(super) fn in_flow(&self, found: &Found) -> bool {
        found.trail.iter().any(|&(id, _)| self.is_flow(id))
    }

    /// True if and only if this is a pair without braces in a flow list (`[a: 1]`).
    pub(super) fn is_bare_pair(&self, id: NodeId) -> bool {
        let node = self.node(id);
        matches!(node.kind, NodeKind::Mapping { flow: true, .. })
            && !node.span.of(self.text).starts_with('{')
    }

    /// True if and only if the node is the value of a key.
    pub(super) fn is_value(&self, found: &Found) -> bool {
        found
            .trail
            .last()
            .is_some_and(|&(parent, _)| matches!(self.node(parent).kind, NodeKind::Mapping { .. }))
    }

    /// Columns count characters; a byte order mark is none.
    pub(super) fn column(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
        before
            .get(line..)
            .unwrap_or_default()
            .chars()
            .filter(|&c| c != '\u{feff}')
            .count()
    }

    /// The end of the line on which `at` stands, before its line break.
    pub(super) fn line_end(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        at + rest.find(['\n', '\r']).unwrap_or(rest.len())
    }

    pub(super) fn line_start(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        let start = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
        if before
            .get(start..)
            .unwrap_or_default()
            .starts_with('\u{feff}')
        {
            start + '\u{feff}'.len_utf8()
        } else {
            start
        }
    }

    /// The place behind the line break at `at`.
    pub(super) fn behind_break(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        at + if rest.starts_with("\r\n") {
            2
        } else {
            usize::from(rest.starts_with(['\n', '\r']))
        }
    }

    /// `end`, without the line break that a block scalar ends with.
    pub(super) fn content_end(&self, end: usize) -> usize {
        let before = self.text.get(..end).unwrap_or_default();
        let line = before.strip_suffix('\n').unwrap_or(before);
        if line.len() < before.len() {
            line.strip_suffix('\r').unwrap_or(line).len()
        } else {
            end
        }
    }

    /// `at`, moved before the blanks in front of it.
    pub(super) fn trim_blank(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        before.trim_end_matches([' ', '\t']).len()
    }

    /// True if and only if only blanks stand before `at` on its line.
    pub(super) fn starts_line(&self, at: usize) -> bool {
        self.trim_blank(at) <= self.line_start(at)
    }

    /// Where a value is to be written that was not before, and what has to stand before it; `None` where none can be.
    pub(super) fn opening(&self, found: &Found, at: usize) -> Option<(usize, &'static str)> {
        let rest = self.text.get(at..)?;
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let comment_follows = rest.get(blanks..)?.starts_with('#');
        if self.ends_with_key(found, at) {
            // A key alone in braces: `{a}`. One behind `? ` cannot get a value on its line.
            let &(parent, _) = found.trail.last()?;
            return self.is_flow(parent).then_some((at, ": "));
        }
        if blanks > 0 && !comment_follows {
            return Some((at + 1, ""));
        }
        Some((at, " "))
    }

    fn ends_with_key(&self, found: &Found, at: usize) -> bool {
        found.trail.last().is_some_and(|&(parent, index)| {
            matches!(&self.node(parent).kind, NodeKind::Mapping { pairs, .. }
                if pairs.get(index).is_some_and(|&(key, _)| self.node(key).span.end as usize == at))
        })
    }

    /// The place behind the colon of a node's key, if the node begins on a later line.
    pub(super) fn colon_above(&self, found: &Found) -> Option<usize> {
        let &(parent, index) = found.trail.last()?;
        let NodeKind::Mapping { pairs, .. } = &self.node(parent).kind else {
            return None;
        };
        let &(key, value) = pairs.get(index)?;
        let start = self.node(value).span.start as usize;
        let colon = value_place(self.text, self.node(key).span.end as usize, start);
        // An anchor stands between; it would have to move too.
        let plain = self.node(value).anchor.is_none();
        (plain && self.line_end(colon) < start).then_some(colon)
    }

    /// The comment in the header of a block scalar, with the blanks before it.
    pub(super) fn header_comment(&self, node: &Node) -> String {
        let header = node.span.of(self.text);
        let line = header.get(..header.find(['\n', '\r']).unwrap_or(header.len()));
        let line = line.unwrap_or_default();
        match line.find('#') {
            Some(at) => {
                let blanks = line.get(..at).unwrap_or_default();
                let from = blanks.trim_end_matches([' ', '\t']).len();
                line.get(from..).unwrap_or_default().trim_end().to_owned()
            }
            None => String::new(),
        }
    }

    /// The column of the lines of a literal block in the place of a node, and how much deeper that is.
    pub(super) fn content_column(&self, found: &Found) -> (usize, usize) {
        match found.trail.last() {
            None => (2, 2),
            Some(&(parent, _)) => {
                let column = self.column(self.node(parent).span.start as usize);
                match self.node(parent).kind {
                    NodeKind::Mapping { .. } => (column + self.step, self.step),
                    _ => (column + 2, 2),
                }
            }
        }
    }

    /// The least column of a block collection in the place of a node.
    pub(super) fn child_column(&self, found: &Found, is_list: bool) -> usize {
        match found.trail.last() {
            None => 0,
            Some(&(parent, _)) => {
                let column = self.column(self.node(parent).span.start as usize);
                match self.node(parent).kind {
                    NodeKind::Mapping { .. } if is_list && self.flat => column,
                    NodeKind::Mapping { .. } => column + self.step,
                    _ => column + 2,
                }
            }
        }
    }

    /// Where the item or pair `index` begins, with its dash, its anchor, its tag.
    pub(super) fn start_of(&self, parent: NodeId, index: usize) -> Option<usize> {
        let span = self.node(parent).span;
        let (start, limit) = (span.start as usize, span.end as usize);
        let flow = self.is_flow(parent);
        let Some(before) = index.checked_sub(1) else {
            return Some(if flow {
                skip_blank(self.text, start + 1, limit)
            } else {
                start
            });
        };
        let before = *self.children(parent).get(before)?;
        let mut at = skip_blank(self.text, self.node(before).span.end as usize, limit);
        if flow {
            if self.text.as_bytes().get(at) != Some(&b',') {
                return None;
            }
            at = skip_blank(self.text, at + 1, limit);
        }
        Some(at)
    }
}

pub(super) fn is_block_collection(node: &Node) -> bool {
    matches!(
        node.kind,
        NodeKind::Sequence { flow: false, .. } | NodeKind::Mapping { flow: false, .. }
    )
}
