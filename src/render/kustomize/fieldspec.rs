//! Field specs: which fields of which kinds a transformer writes, the built-in table of them, and how a spec is followed into a tree.
//!
//! What is written there is decided by the transformers.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use super::budget::check_depth;
use super::node::{Body, Kind, Node, Tag};
use super::object::Gvk;
use crate::origin::Origin;
use crate::yaml::{MAX_DEPTH, ScalarStyle};

/// One field of some kinds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct FieldSpec {
    /// The kinds; an empty part fits all.
    pub(super) gvk: Gvk,
    /// Names joined by `/`, a slash inside a name escaped by a backslash; `[]` after a name says that it is a list.
    pub(super) path: String,
    /// True if the field is created where it is absent.
    pub(super) create: bool,
    /// Where it was written; nothing for a built-in one.
    pub(super) parts: Vec<Origin>,
}

/// Two specs name the same field and disagree about creating it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Conflict(pub(super) String);

/// Adds `incoming` to `specs`, unless one of them covers it already.
pub(super) fn merge_one(specs: &mut Vec<FieldSpec>, incoming: FieldSpec) -> Result<(), Conflict> {
    let same = specs
        .iter()
        .find(|spec| spec.gvk.is_selected(&incoming.gvk) && spec.path == incoming.path);
    match same {
        Some(spec) if spec.create != incoming.create => Err(Conflict(incoming.path)),
        Some(_) => Ok(()),
        None => {
            specs.push(incoming);
            Ok(())
        }
    }
}

/// Adds each of `incoming`.
pub(super) fn merge_all(
    specs: &mut Vec<FieldSpec>,
    incoming: impl IntoIterator<Item = FieldSpec>,
) -> Result<(), Conflict> {
    incoming
        .into_iter()
        .try_for_each(|spec| merge_one(specs, spec))
}

/// The fields that hold the name of an object of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct NameReference {
    /// The kind that is named.
    pub(super) gvk: Gvk,
    /// The fields that name it.
    pub(super) referrers: Vec<FieldSpec>,
}

/// Where all transformers look.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Config {
    /// `namePrefix`
    pub(super) name_prefix: Vec<FieldSpec>,
    /// `nameSuffix`
    pub(super) name_suffix: Vec<FieldSpec>,
    /// `namespace`
    pub(super) namespace: Vec<FieldSpec>,
    /// `commonLabels`
    pub(super) common_labels: Vec<FieldSpec>,
    /// `labels`
    pub(super) labels: Vec<FieldSpec>,
    /// `templateLabels`
    pub(super) template_labels: Vec<FieldSpec>,
    /// `commonAnnotations`
    pub(super) common_annotations: Vec<FieldSpec>,
    /// `nameReference`
    pub(super) name_reference: Vec<NameReference>,
    /// `varReference`
    pub(super) var_reference: Vec<FieldSpec>,
    /// `images`
    pub(super) images: Vec<FieldSpec>,
    /// `replicas`
    pub(super) replicas: Vec<FieldSpec>,
}

impl Config {
    /// The built-in table.
    pub(super) fn built_in() -> &'static Arc<Self> {
        static TABLE: OnceLock<Arc<Config>> = OnceLock::new();
        TABLE.get_or_init(|| {
            let mut config = Config::default();
            for line in include_str!("fieldspecs.txt").lines() {
                config.read_line(line);
            }
            config.sort();
            Arc::new(config)
        })
    }

    /// The list of a section.
    pub(super) fn section(&mut self, name: &str) -> Option<&mut Vec<FieldSpec>> {
        Some(match name {
            "namePrefix" => &mut self.name_prefix,
            "nameSuffix" => &mut self.name_suffix,
            "namespace" => &mut self.namespace,
            "commonLabels" => &mut self.common_labels,
            "labels" => &mut self.labels,
            "templateLabels" => &mut self.template_labels,
            "commonAnnotations" => &mut self.common_annotations,
            "varReference" => &mut self.var_reference,
            "images" => &mut self.images,
            "replicas" => &mut self.replicas,
            _ => return None,
        })
    }

    fn read_line(&mut self, line: &str) {
        let gvk = |group: &str, version: &str, kind: &str| Gvk {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
        };
        if let Some(target) = line.strip_prefix('=') {
            if let [group, version, kind] = target.split('|').collect::<Vec<_>>()[..] {
                self.name_reference.push(NameReference {
                    gvk: gvk(group, version, kind),
                    referrers: Vec::new(),
                });
            }
            return;
        }
        if let [section, path, create, group, version, kind] =
            line.split('|').collect::<Vec<_>>()[..]
        {
            let spec = FieldSpec {
                gvk: gvk(group, version, kind),
                path: path.to_owned(),
                create: create == "create",
                parts: Vec::new(),
            };
            if let Some(list) = self.section(section) {
                list.push(spec);
            } else if section == "nameReference"
                && let Some(reference) = self.name_reference.last_mut()
            {
                reference.referrers.push(spec);
            }
        }
    }

    /// Adds what `other` says.
    pub(super) fn merge(&mut self, other: Self) -> Result<(), Conflict> {
        merge_all(&mut self.name_prefix, other.name_prefix)?;
        merge_all(&mut self.name_suffix, other.name_suffix)?;
        merge_all(&mut self.namespace, other.namespace)?;
        merge_all(&mut self.common_annotations, other.common_annotations)?;
        merge_all(&mut self.common_labels, other.common_labels)?;
        merge_all(&mut self.labels, other.labels)?;
        merge_all(&mut self.template_labels, other.template_labels)?;
        merge_all(&mut self.var_reference, other.var_reference)?;
        for incoming in other.name_reference {
            self.merge_reference(incoming)?;
        }
        merge_all(&mut self.images, other.images)?;
        merge_all(&mut self.replicas, other.replicas)?;
        self.sort();
        Ok(())
    }

    /// Adds fields that name one kind.
    pub(super) fn merge_reference(&mut self, incoming: NameReference) -> Result<(), Conflict> {
        let known = self
            .name_reference
            .iter_mut()
            .find(|known| known.gvk == incoming.gvk);
        if let Some(known) = known {
            return merge_all(&mut known.referrers, incoming.referrers);
        }
        self.name_reference.push(incoming);
        Ok(())
    }

    /// Sorts as Kustomize does, by the rank of the kinds.
    pub(super) fn sort(&mut self) {
        for list in [
            &mut self.name_prefix,
            &mut self.name_suffix,
            &mut self.namespace,
            &mut self.common_labels,
            &mut self.labels,
            &mut self.template_labels,
            &mut self.common_annotations,
            &mut self.var_reference,
            &mut self.images,
            &mut self.replicas,
        ] {
            list.sort_by_cached_key(|spec| super::sort::rank(&spec.gvk));
        }
        self.name_reference
            .sort_by_cached_key(|reference| super::sort::rank(&reference.gvk));
    }
}

/// Splits a path at `delimiter`, where no backslash stands before it.
pub(super) fn split_path(path: &str, delimiter: char) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut pieces = path.split(delimiter).peekable();
    if path.starts_with(delimiter) {
        pieces.next();
    }
    for piece in pieces {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(delimiter);
                last.push_str(piece);
            }
            _ => parts.push(piece.to_owned()),
        }
    }
    parts
}

/// What is created at the end of a path that is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Creation {
    /// The kind of node; `None` where nothing is created.
    pub(super) kind: Option<Kind>,
    /// Whose wish it is.
    pub(super) origin: Origin,
}

impl Creation {
    /// Nothing is created.
    pub(super) const NEVER: Self = Self {
        kind: None,
        origin: Origin::NONE,
    };
}

/// Calls `set` on each field of `root` that `spec` names. The error of `set`, or why the path leads nowhere, is given back.
pub(super) fn apply<E: From<String>>(
    root: &mut Node,
    spec: &FieldSpec,
    creation: Creation,
    set: &mut dyn FnMut(&mut Node) -> Result<(), E>,
) -> Result<(), E> {
    let text = |name: &str| root.field(name).map_or("", Node::text);
    if !spec.gvk.selects(text("apiVersion"), text("kind")) {
        return Ok(());
    }
    apply_path(root, spec, creation, set)
}

/// The same for an object that is known to be of a kind that `spec` names.
pub(super) fn apply_path<E: From<String>>(
    root: &mut Node,
    spec: &FieldSpec,
    creation: Creation,
    set: &mut dyn FnMut(&mut Node) -> Result<(), E>,
) -> Result<(), E> {
    let path = spec.path.strip_prefix('/').unwrap_or(&spec.path);
    // A path has fewer parts than bytes, and most are short.
    if path.len() > MAX_DEPTH {
        check_depth(path.matches('/').count())?;
    }
    descend(root, Some(path), spec.create, creation, set)
}

/// The first name of a path, and what is behind it.
fn next_part(path: &str) -> (Cow<'_, str>, Option<&str>) {
    let mut part = Cow::Borrowed("");
    let mut rest = path;
    loop {
        let (piece, behind) = match rest.split_once('/') {
            Some((piece, behind)) => (piece, Some(behind)),
            None => (rest, None),
        };
        let escaped = behind.and_then(|behind| Some((piece.strip_suffix('\\')?, behind)));
        if let Some((piece, behind)) = escaped {
            part.to_mut().push_str(piece);
            part.to_mut().push('/');
            rest = behind;
            continue;
        }
        if part.is_empty() {
            return (Cow::Borrowed(piece), behind);
        }
        part.to_mut().push_str(piece);
        return (part, behind);
    }
}

fn descend<E: From<String>>(
    node: &mut Node,
    path: Option<&str>,
    create: bool,
    creation: Creation,
    set: &mut dyn FnMut(&mut Node) -> Result<(), E>,
) -> Result<(), E> {
    let Some(there) = path else {
        return set(node);
    };
    let (part, rest) = next_part(there);
    if node.is_null() {
        return Ok(());
    }
    match node.kind() {
        Kind::Scalar => Err(E::from(format!(
            "`{part}` is looked for in a scalar; a list or a map was expected"
        ))),
        Kind::List => node
            .items_mut()
            .into_iter()
            .flatten()
            .try_for_each(|item| descend(item, path, create, creation, set)),
        Kind::Map => {
            let name = part.strip_suffix("[]").unwrap_or(&part);
            let is_list = name.len() != part.len();
            if name.is_empty() {
                return Err(E::from("a field name in the path is empty".to_owned()));
            }
            let names_an_item = name == "*"
                || name == "-"
                || name.parse::<i64>().is_ok()
                || (name.starts_with('[') && name.ends_with(']'));
            if names_an_item {
                return Err(E::from(format!("`{name}` does not name a field of a map")));
            }
            let name = name.trim();
            let kind = match creation.kind {
                Some(kind) if create && !is_list => {
                    Some(if rest.is_none() { kind } else { Kind::Map })
                }
                _ => None,
            };
            let field = match kind {
                Some(kind) => node.field_or_insert(name, kind, creation.origin),
                None => node.field_mut(name),
            };
            let Some(field) = field else { return Ok(()) };
            if field.is_null()
                && let Some(kind) = kind.or(is_list.then_some(Kind::List))
            {
                become_empty(field, kind);
            }
            descend(field, rest, create, creation, set)
        }
    }
}

/// Turns a null into an empty node of a kind.
fn become_empty(node: &mut Node, kind: Kind) {
    let origin = node.origin;
    let text = node.text().to_owned();
    *node = Node::empty(kind, origin);
    if kind == Kind::Scalar {
        node.body = Body::Scalar {
            text,
            style: ScalarStyle::Plain,
        };
        node.tag = Tag::None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_at_bare_slashes() {
        let check = |path: &str, parts: &[&str]| assert_eq!(split_path(path, '/'), parts, "{path}");
        check("a/b[]/c", &["a", "b[]", "c"]);
        check("/a/b", &["a", "b"]);
        check(
            r"metadata/annotations/x.io\/y",
            &["metadata", "annotations", "x.io/y"],
        );
        check("", &[""]);
    }

    #[test]
    fn paths_are_followed_part_by_part() {
        for path in [
            "a/b[]/c",
            r"metadata/annotations/x.io\/y\/z",
            "",
            "a/",
            r"a\",
        ] {
            let mut parts = Vec::new();
            let mut left = Some(path);
            while let Some(rest) = left {
                let (part, behind) = next_part(rest);
                parts.push(part.into_owned());
                left = behind;
            }
            assert_eq!(parts, split_path(path, '/'), "{path}");
        }
    }

    #[test]
    fn the_built_in_table_is_whole() {
        let config = Config::built_in();
        assert_eq!(config.images.len(), 6);
        assert_eq!(config.replicas.len(), 4);
        assert_eq!(config.name_reference.len(), 16);
        assert!(
            config
                .common_labels
                .iter()
                .any(|s| s.path == "spec/selector")
        );
    }
}
