//! A resource on its way through a build: its tree, what it was called before, and what its generator asked for.
//!
//! Kustomize keeps this bookkeeping in annotations of the resource; here it is beside the tree, and [`Object::with_bookkeeping`]
//! shows it as annotations to the few operations that would see them.

use super::node::{Kind, Node, Pair, Tag};
use super::schema;
use crate::origin::Origin;
use crate::resource::Identity;
use crate::yaml::ScalarStyle;

/// Group, version and kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Gvk {
    /// The group; empty for the core group.
    pub(super) group: String,
    /// The version.
    pub(super) version: String,
    /// The kind.
    pub(super) kind: String,
}

impl Gvk {
    /// Reads `group/version` or `version`.
    pub(super) fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
        }
    }

    /// True if and only if each part of `selector` that is set equals this one's.
    pub(super) fn is_selected(&self, selector: &Self) -> bool {
        let fits = |wanted: &str, own: &str| wanted.is_empty() || wanted == own;
        fits(&selector.group, &self.group)
            && fits(&selector.version, &self.version)
            && fits(&selector.kind, &self.kind)
    }

    /// True if and only if an object of this kind is selected, where an empty part selects all.
    pub(super) fn selects(&self, api_version: &str, kind: &str) -> bool {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let fits = |wanted: &str, own: &str| wanted.is_empty() || wanted == own;
        fits(&self.kind, kind) && fits(&self.group, group) && fits(&self.version, version)
    }

    /// `group/version`, as an object writes it.
    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `Kind.version.group`, with marks for what is empty.
    pub(super) fn mark(&self) -> String {
        let or = |text: &str, mark: &str| if text.is_empty() { mark } else { text }.to_owned();
        format!(
            "{}.{}.{}",
            or(&self.kind, "[noKind]"),
            or(&self.version, "[noVer]"),
            or(&self.group, "[noGrp]")
        )
    }

    /// `group_version_kind`, by which resources of one rank are ordered.
    pub(super) fn sort_key(&self) -> String {
        let or = |text: &str, mark: &str| if text.is_empty() { mark } else { text }.to_owned();
        format!(
            "{}_{}_{}",
            or(&self.group, "~G"),
            or(&self.version, "~V"),
            or(&self.kind, "~K")
        )
    }

    /// True if and only if the kind is known to belong to no namespace.
    pub(super) fn is_cluster_scoped(&self) -> bool {
        schema::is_cluster_scoped(&self.group, &self.version, &self.kind)
    }
}

/// What Kustomize calls the namespace of a resource that has none.
pub(super) const NO_NAMESPACE: &str = "_non_namespaceable_";

/// How a resource is told from all others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Id {
    /// Group, version, kind.
    pub(super) gvk: Gvk,
    /// Name.
    pub(super) name: String,
    /// Namespace as written.
    pub(super) namespace: String,
    /// True if and only if the kind is known to belong to no namespace.
    pub(super) cluster_scoped: bool,
}

impl Id {
    /// The namespace in which the resource will be.
    pub(super) fn effective_namespace(&self) -> &str {
        if self.cluster_scoped {
            NO_NAMESPACE
        } else if self.namespace.is_empty() {
            "default"
        } else {
            &self.namespace
        }
    }

    /// True if and only if both name the same resource.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.name == other.name
            && self.gvk == other.gvk
            && self.effective_namespace() == other.effective_namespace()
    }

    /// `Kind/name in namespace`, for people.
    pub(super) fn describe(&self) -> String {
        Identity {
            group: self.gvk.group.clone(),
            kind: self.gvk.kind.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
        .to_string()
    }
}

/// What a generated resource does to one that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Behavior {
    /// Nothing was said.
    #[default]
    Unspecified,
    /// It must be new.
    Create,
    /// It takes the place of the other.
    Replace,
    /// It is merged with the other.
    Merge,
}

impl Behavior {
    /// Reads a `behavior` field; what is unknown counts as unspecified.
    pub(super) fn named(name: &str) -> Self {
        match name {
            "create" => Self::Create,
            "replace" => Self::Replace,
            "merge" => Self::Merge,
            _ => Self::Unspecified,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Merge => "merge",
        }
    }
}

/// A name that a resource had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Former {
    /// The name.
    pub(super) name: String,
    /// The effective namespace.
    pub(super) namespace: String,
    /// The kind.
    pub(super) kind: String,
}

/// What Kustomize would keep in annotations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an annotation of its own in Kustomize, and any of them can be set"
)]
pub(super) struct Bookkeeping {
    /// Earlier names, oldest first.
    pub(super) former: Vec<Former>,
    /// Prefixes, in the order in which they were added.
    pub(super) prefixes: Vec<String>,
    /// Suffixes, in the order in which they were added.
    pub(super) suffixes: Vec<String>,
    /// True where the name gets the hash of the content.
    pub(super) needs_hash: bool,
    /// What the generator asked for; `None` for a resource that was not generated.
    pub(super) behavior: Option<Behavior>,
    /// True for a patch that may rename its target.
    pub(super) allow_name_change: bool,
    /// True for a patch that may change the kind of its target.
    pub(super) allow_kind_change: bool,
    /// True for what a chart rendered.
    pub(super) from_chart: bool,
}

const BOOKKEEPING_DOMAIN: &str = "internal.config.kubernetes.io/";

/// Annotations that no build leaves behind, whoever wrote them: the bookkeeping, and marks of other tools of the family.
const BUILD_ANNOTATIONS: &[&str] = &[
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/suffixes",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/helm-generated",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
];

impl Bookkeeping {
    /// What the annotations of an object say that was built before.
    fn read(object: &Object) -> Self {
        if metadata(object.node()).is_none_or(|metadata| metadata.field("annotations").is_none()) {
            return Self::default();
        }
        let note = |name: &str| object.annotation(&format!("{BOOKKEEPING_DOMAIN}{name}"));
        let list = |name: &str| -> Vec<String> {
            note(name)
                .map(|list| list.split(',').map(str::to_owned).collect())
                .unwrap_or_default()
        };
        let flag = |name: &str| note(name) == Some("enabled");
        let names = list("previousNames").into_iter();
        let former = names
            .zip(list("previousNamespaces"))
            .zip(list("previousKinds"))
            .map(|((name, namespace), kind)| Former {
                name,
                namespace,
                kind,
            });
        Self {
            former: former.collect(),
            prefixes: list("prefixes"),
            suffixes: list("suffixes"),
            needs_hash: flag("needsHashSuffix"),
            behavior: note("generatorBehavior").map(Behavior::named),
            allow_name_change: flag("allowNameChange"),
            allow_kind_change: flag("allowKindChange"),
            from_chart: note("helm-generated").is_some(),
        }
    }

    fn annotations(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut note = |name: &str, value: String| {
            if !value.is_empty() {
                found.push((format!("{BOOKKEEPING_DOMAIN}{name}"), value));
            }
        };
        let flag = |set: bool| if set { "enabled" } else { "" }.to_owned();
        let former =
            |part: fn(&Former) -> &str| self.former.iter().map(part).collect::<Vec<_>>().join(",");
        note("previousNames", former(|f| &f.name));
        note("previousNamespaces", former(|f| &f.namespace));
        note("previousKinds", former(|f| &f.kind));
        note("prefixes", self.prefixes.join(","));
        note("suffixes", self.suffixes.join(","));
        note("needsHashSuffix", flag(self.needs_hash));
        note(
            "generatorBehavior",
            self.behavior.map_or("", Behavior::name).to_owned(),
        );
        note("allowNameChange", flag(self.allow_name_change));
        note("allowKindChange", flag(self.allow_kind_change));
        note(
            "helm-generated",
            if self.from_chart { "true" } else { "" }.to_owned(),
        );
        found
    }
}

/// A resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    /// Its tree; `None` where a patch has removed the resource.
    pub(super) root: Option<Node>,
    /// What happened to it.
    pub(super) book: Bookkeeping,
    /// Names of the vars that read a field of it.
    pub(super) vars: Vec<String>,
    /// The name before the hash was added.
    pub(super) stem: Option<String>,
}

static NOTHING: Node = Node {
    body: super::node::Body::Map(Vec::new()),
    tag: Tag::None,
    origin: Origin::NONE,
};

impl Object {
    /// A resource without history.
    pub(super) fn new(root: Node) -> Self {
        Self {
            root: Some(root),
            book: Bookkeeping::default(),
            vars: Vec::new(),
            stem: None,
        }
    }

    /// A resource that was read from a file, where an earlier build may have left its bookkeeping.
    pub(super) fn read(root: Node) -> Self {
        let mut object = Self::new(root);
        object.book = Bookkeeping::read(&object);
        object
    }

    /// Removes what no build leaves behind, and makes each annotation a text.
    pub(super) fn clean_annotations(&mut self) {
        if let Some(root) = &mut self.root {
            let annotations = root
                .field_mut("metadata")
                .and_then(|metadata| metadata.field_mut("annotations"))
                .and_then(Node::pairs_mut);
            if let Some(pairs) = annotations {
                pairs.retain(|pair| !BUILD_ANNOTATIONS.contains(&pair.key.text.as_str()));
            }
            // Only a list of objects can be without.
            let origin = root.origin;
            root.field_or_insert("metadata", Kind::Map, origin);
        }
        self.retype_metadata_map("annotations");
    }

    /// True if and only if nothing is left of it.
    pub(super) fn is_gone(&self) -> bool {
        self.root.as_ref().is_none_or(Node::is_empty)
    }

    /// Its tree; an empty map where it is gone.
    pub(super) fn node(&self) -> &Node {
        self.root.as_ref().unwrap_or(&NOTHING)
    }

    /// `kind`.
    pub(super) fn kind(&self) -> &str {
        self.node().field("kind").map_or("", Node::text)
    }

    /// `apiVersion`.
    pub(super) fn api_version(&self) -> &str {
        self.node().field("apiVersion").map_or("", Node::text)
    }

    /// `metadata.name`.
    pub(super) fn name(&self) -> &str {
        self.metadata_text("name")
    }

    /// `metadata.namespace`.
    pub(super) fn namespace(&self) -> &str {
        self.metadata_text("namespace")
    }

    fn metadata_text(&self, name: &str) -> &str {
        metadata(self.node())
            .and_then(|metadata| metadata.field(name))
            .filter(|value| !value.is_empty())
            .map_or("", Node::text)
    }

    /// Group, version and kind.
    pub(super) fn gvk(&self) -> Gvk {
        Gvk::new(self.api_version(), self.kind())
    }

    /// What it is called now.
    pub(super) fn id(&self) -> Id {
        let gvk = self.gvk();
        Id {
            cluster_scoped: gvk.is_cluster_scoped(),
            gvk,
            name: self.name().to_owned(),
            namespace: self.namespace().to_owned(),
        }
    }

    /// What it was called before, oldest first.
    pub(super) fn former_ids(&self) -> impl Iterator<Item = Id> {
        let gvk = self.gvk();
        self.book.former.iter().map(move |former| Id {
            gvk: Gvk {
                kind: former.kind.clone(),
                ..gvk.clone()
            },
            name: former.name.clone(),
            namespace: former.namespace.clone(),
            cluster_scoped: false,
        })
    }

    /// What it was called first.
    pub(super) fn original_id(&self) -> Id {
        self.former_ids().next().unwrap_or_else(|| self.id())
    }

    /// True if and only if it is, or was, called so. Cheap for a resource with another name.
    pub(super) fn is_or_was(&self, id: &Id) -> bool {
        let named = self.name() == id.name || self.book.former.iter().any(|f| f.name == id.name);
        named && (self.former_ids().any(|former| former.is(id)) || self.id().is(id))
    }

    /// Remembers what it is called now.
    pub(super) fn remember_name(&mut self) {
        let id = self.id();
        self.book.former.push(Former {
            namespace: id.effective_namespace().to_owned(),
            name: id.name,
            kind: id.gvk.kind,
        });
    }

    /// Sets `metadata.name`.
    pub(super) fn set_name(&mut self, name: &str, origin: Origin) {
        self.set_metadata("name", Node::untagged(name, origin), origin);
    }

    /// Sets `metadata.namespace`; an empty one removes the field.
    pub(super) fn set_namespace(&mut self, namespace: &str, origin: Origin) {
        if !namespace.is_empty() {
            self.set_metadata("namespace", Node::untagged(namespace, origin), origin);
        } else if let Some(metadata) = self.root.as_mut().and_then(|r| r.field_mut("metadata")) {
            metadata.remove("namespace");
        }
    }

    fn set_metadata(&mut self, name: &str, value: Node, origin: Origin) {
        if let Some(root) = &mut self.root
            && let Some(metadata) = root.field_or_insert("metadata", Kind::Map, origin)
        {
            metadata.set(name, value);
        }
    }

    /// The texts of `metadata.labels` or `metadata.annotations`, in order of keys; of equal keys the last wins.
    pub(super) fn metadata_map(&self, field: &str) -> std::collections::BTreeMap<&str, &str> {
        metadata(self.node())
            .and_then(|metadata| metadata.field(field))
            .map(Node::pairs)
            .unwrap_or_default()
            .iter()
            .map(|pair| (pair.key.text.as_str(), pair.value.text()))
            .collect()
    }

    /// The text of one annotation.
    pub(super) fn annotation(&self, name: &str) -> Option<&str> {
        metadata(self.node())?
            .field("annotations")?
            .field(name)
            .map(Node::text)
    }

    /// Sets one annotation to a text.
    pub(super) fn set_annotation(&mut self, name: &str, value: &str, origin: Origin) {
        let Some(root) = &mut self.root else { return };
        let Some(metadata) = root.field_or_insert("metadata", Kind::Map, origin) else {
            return;
        };
        if metadata.field("annotations").is_none_or(Node::is_empty) {
            metadata.remove("annotations");
        }
        if let Some(annotations) = metadata.field_or_insert("annotations", Kind::Map, origin) {
            annotations.set(name, Node::text_node(value, origin));
        }
    }

    /// Removes one annotation.
    pub(super) fn remove_annotation(&mut self, name: &str) {
        if let Some(annotations) = self
            .root
            .as_mut()
            .and_then(|root| root.field_mut("metadata"))
            .and_then(|metadata| metadata.field_mut("annotations"))
        {
            annotations.remove(name);
        }
    }

    /// Makes each annotation (or label) a text, and removes the map where it is empty, as every build does in the end.
    pub(super) fn retype_metadata_map(&mut self, field: &str) {
        let Some(metadata) = self
            .root
            .as_mut()
            .and_then(|root| root.field_mut("metadata"))
        else {
            return;
        };
        let Some(map) = metadata.field_mut(field) else {
            return;
        };
        let Some(pairs) = map.pairs_mut().filter(|pairs| !pairs.is_empty()) else {
            metadata.remove(field);
            return;
        };
        let old = std::mem::take(pairs);
        for mut pair in old {
            // The key is written anew without a tag: one that looks like a number cannot be printed then.
            pair.key.tag = Tag::None;
            let text = pair.value.text().to_owned();
            pair.value = Node {
                body: super::node::Body::Scalar {
                    text,
                    style: ScalarStyle::Plain,
                },
                tag: Tag::Str,
                origin: pair.value.origin,
            };
            match pairs
                .iter_mut()
                .find(|p: &&mut Pair| p.key.text == pair.key.text)
            {
                Some(same) => *same = pair,
                None => pairs.push(pair),
            }
        }
    }

    /// Runs `change` on the tree with the bookkeeping visible as annotations, as Kustomize keeps it.
    pub(super) fn with_bookkeeping<T>(&mut self, change: impl FnOnce(&mut Option<Node>) -> T) -> T {
        let notes = self.book.annotations();
        for (name, value) in &notes {
            self.set_annotation(name, value, Origin::NONE);
        }
        let result = change(&mut self.root);
        if !notes.is_empty() {
            let Some(metadata) = self
                .root
                .as_mut()
                .and_then(|root| root.field_mut("metadata"))
            else {
                return result;
            };
            if let Some(annotations) = metadata.field_mut("annotations")
                && let Some(pairs) = annotations.pairs_mut()
            {
                pairs.retain(|pair| notes.iter().all(|(name, _)| *name != pair.key.text));
                // An empty map would vanish in the end anyway, and its absence is what the next step expects.
                if pairs.is_empty() {
                    metadata.remove("annotations");
                }
            }
        }
        result
    }
}

/// `metadata`, if it has content.
fn metadata(root: &Node) -> Option<&Node> {
    root.field("metadata")
        .filter(|metadata| !metadata.is_empty())
}
