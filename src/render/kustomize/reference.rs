//! Name references: what names a resource that was renamed is renamed with it.

use std::collections::BTreeMap;

use super::budget::Budget;
use super::fieldspec::{Creation, FieldSpec, NameReference, apply_path};
use super::load::{Build, Fallible};
use super::node::{Kind, Node, Tag};
use super::object::{Former, Gvk, Object};
use crate::origin::{Origin, Origins};

/// What of a resource matters to those that name it. Names do not change while references are followed, so this is read once.
struct Candidate {
    gvk: Gvk,
    name: String,
    namespace: String,
    effective_namespace: String,
    original_namespace: String,
    is_cluster_scoped: bool,
    former: Vec<Former>,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
    origin: Origin,
    namespace_origin: Origin,
}

impl Candidate {
    fn new(object: &Object) -> Self {
        let id = object.id();
        let metadata = object.node().field("metadata");
        Self {
            name: object.name().to_owned(),
            namespace: object.namespace().to_owned(),
            effective_namespace: id.effective_namespace().to_owned(),
            original_namespace: object.original_id().effective_namespace().to_owned(),
            is_cluster_scoped: id.cluster_scoped,
            gvk: id.gvk,
            former: object.book.former.clone(),
            prefixes: object.book.prefixes.clone(),
            suffixes: object.book.suffixes.clone(),
            origin: metadata
                .and_then(|metadata| metadata.field("name"))
                .map_or(object.node().origin, |name| name.origin),
            namespace_origin: metadata
                .and_then(|metadata| metadata.field("namespace"))
                .map_or(Origin::NONE, |namespace| namespace.origin),
        }
    }

    fn was_selected(&self, selector: &Gvk) -> bool {
        self.former.iter().any(|former| {
            let fits = |wanted: &str, own: &str| wanted.is_empty() || wanted == own;
            fits(&selector.group, &self.gvk.group)
                && fits(&selector.version, &self.gvk.version)
                && fits(&selector.kind, &former.kind)
        })
    }
}

/// Follows all references.
pub(super) fn fix(
    build: &mut Build<'_>,
    objects: &mut [Object],
    references: &[NameReference],
) -> Fallible<()> {
    let candidates: Vec<Candidate> = objects.iter().map(Candidate::new).collect();
    // Who was called so, by former name: references are looked up by the name they hold.
    let mut by_former: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, candidate) in candidates.iter().enumerate() {
        for former in &candidate.former {
            let known = by_former.entry(&former.name).or_default();
            if known.last() != Some(&index) {
                known.push(index);
            }
        }
    }
    for object in &*objects {
        visible_namespaces(build, object)?;
    }
    // Which fields of a kind name what: many objects are of one kind.
    let mut fields_of: BTreeMap<Gvk, Vec<(&Gvk, &FieldSpec)>> = BTreeMap::new();
    for (object, referrer) in objects.iter_mut().zip(&candidates) {
        let original = object.original_id().gvk;
        let visible = visible_namespaces(build, object)?;
        let role = role_reference(object.node());
        let of_role = object.node().field("roleRef").into_iter().flat_map(|role| {
            let fields = ["apiGroup", "kind"].into_iter();
            fields.filter_map(|name| role.field(name))
        });
        let of_role = build.origins.all(of_role.map(|node| node.origin));
        let fields = fields_of.entry(original).or_insert_with_key(|original| {
            let all = references.iter().flat_map(|reference| {
                let specs = reference.referrers.iter();
                specs.map(move |spec| (&reference.gvk, spec))
            });
            all.filter(|(_, spec)| original.is_selected(&spec.gvk))
                .collect()
        });
        for (target, spec) in &*fields {
            let role = role
                .as_ref()
                .filter(|_| spec.path.ends_with("roleRef/name"));
            let of_role = role.map_or(Origin::NONE, |_| of_role);
            let reasons = spec.parts.iter().copied().chain([of_role]);
            let search = Search {
                candidates: &candidates,
                by_former: &by_former,
                referrer,
                visible: &visible,
                target,
                role,
                reasons: build.origins.all(reasons),
            };
            let Some(root) = &mut object.root else {
                continue;
            };
            let Build {
                origins, budget, ..
            } = build;
            let done = apply_path(root, spec, Creation::NEVER, &mut |node| {
                search.set(node, origins, budget)
            });
            if let Err(why) = done {
                let id = object.id().describe();
                let origin = object.node().origin;
                return Err(build.fail(origin, format!("{why} (`{}` of {id})", spec.path)));
            }
        }
    }
    Ok(())
}

/// The namespaces of service accounts that a role binding names.
fn visible_namespaces(build: &Build<'_>, object: &Object) -> Fallible<Vec<String>> {
    let mut namespaces = Vec::new();
    if object.kind() != "RoleBinding" {
        return Ok(namespaces);
    }
    for subject in object
        .node()
        .field("subjects")
        .map(Node::items)
        .unwrap_or_default()
    {
        let is_account = subject
            .field("kind")
            .is_some_and(|kind| kind.text() == "ServiceAccount");
        if let Some(namespace) = subject.field("namespace").filter(|_| is_account) {
            if namespace.tag != Tag::Str && namespace.tag != Tag::None {
                return Err(build.fail(
                    namespace.origin,
                    format!(
                        "the namespace of a subject of {} is not a text",
                        object.id().describe()
                    ),
                ));
            }
            namespaces.push(namespace.text().to_owned());
        }
    }
    Ok(namespaces)
}

/// What a role binding binds to; `None` where it does not say.
fn role_reference(root: &Node) -> Option<Gvk> {
    let role = root.field("roleRef")?;
    let text = |name: &str| role.field(name).map(|node| node.text().to_owned());
    Some(Gvk {
        group: text("apiGroup")?,
        version: String::new(),
        kind: text("kind")?,
    })
}

struct Search<'a> {
    candidates: &'a [Candidate],
    by_former: &'a BTreeMap<&'a str, Vec<usize>>,
    referrer: &'a Candidate,
    visible: &'a [String],
    target: &'a Gvk,
    role: Option<&'a Gvk>,
    /// What led here: the field spec, and what a role binding binds to.
    reasons: Origin,
}

impl<'a> Search<'a> {
    fn set(
        &self,
        node: &mut Node,
        origins: &mut Origins,
        budget: &mut Budget,
    ) -> Result<(), String> {
        if node.is_null() {
            return Ok(());
        }
        match node.kind() {
            Kind::Scalar => self.set_scalar(node, origins, budget),
            Kind::Map => self.set_map(node, origins, budget),
            Kind::List => {
                for item in node.items_mut().into_iter().flatten() {
                    if item.is_null() {
                        continue;
                    }
                    match item.kind() {
                        Kind::Scalar => self.set_scalar(item, origins, budget)?,
                        Kind::Map => self.set_map(item, origins, budget)?,
                        Kind::List => return Err("a list of lists holds no names".to_owned()),
                    }
                }
                Ok(())
            }
        }
    }

    fn set_scalar(
        &self,
        node: &mut Node,
        origins: &mut Origins,
        budget: &mut Budget,
    ) -> Result<(), String> {
        let found = self.select(node.text(), &|_| true, &|a, b| a.name == b.name)?;
        let Some(found) = found else { return Ok(()) };
        if found.name == node.text() {
            // It stays only as long as what it names is called so.
            node.origin = origins.under(node.origin, found.origin);
            return Ok(());
        }
        budget.take(found.name.len())?;
        let said = origins.both(node.origin, self.reasons);
        let origin = followed(found.origin, node.origin, said, origins);
        node.replace_scalar(Node::untagged(found.name.clone(), origin));
        Ok(())
    }

    fn set_map(
        &self,
        node: &mut Node,
        origins: &mut Origins,
        budget: &mut Budget,
    ) -> Result<(), String> {
        let Some(name) = node.field("name") else {
            return Err("a map is expected to have a `name`".to_owned());
        };
        let old = name.text().to_owned();
        let namespace = node.field("namespace").map(|node| node.text().to_owned());
        let (mut in_original, mut in_current) = (false, false);
        if let Some(namespace) = &namespace {
            let visible = || self.candidates.iter().filter(|c| self.is_visible(c));
            let real = namespace != super::object::NO_NAMESPACE;
            in_original = real && visible().any(|c| c.original_namespace == *namespace);
            in_current = real && !in_original;
        }
        let allowed = |candidate: &Candidate| match &namespace {
            None => true,
            Some(namespace) if in_original => candidate.original_namespace == *namespace,
            Some(namespace) => in_current && candidate.effective_namespace == *namespace,
        };
        let found = self.select(&old, &allowed, &|a, b| {
            a.name == b.name && a.namespace == b.namespace
        })?;
        let Some(found) = found else { return Ok(()) };
        if found.name == old && found.namespace.is_empty() {
            return Ok(());
        }
        budget.take(found.name.len() + found.namespace.len())?;
        // Who is meant, name and namespace say together.
        let said = ["name", "namespace"]
            .map(|field| node.field(field).map_or(Origin::NONE, |node| node.origin));
        let said = origins.all(said.into_iter().chain([found.origin, self.reasons]));
        let mut write = |field: &str, text: &str, now: Origin| {
            let was = node
                .field(field)
                .map(|field| (field.text() == text, field.origin));
            let origin = match was {
                Some((true, origin)) => origin,
                Some((false, origin)) => followed(now, origin, said, origins),
                None => followed(now, Origin::NONE, said, origins),
            };
            node.set(field, Node::untagged(text, origin));
        };
        write("name", &found.name, found.origin);
        if !found.namespace.is_empty() {
            write("namespace", &found.namespace, found.namespace_origin);
        }
        Ok(())
    }

    /// True if and only if the referrer may name the candidate at all.
    fn is_visible(&self, candidate: &Candidate) -> bool {
        self.referrer.is_cluster_scoped
            || candidate.is_cluster_scoped
            || candidate.effective_namespace == self.referrer.effective_namespace
            || self.visible.contains(&candidate.namespace)
    }

    fn select(
        &self,
        name: &str,
        allowed: &dyn Fn(&Candidate) -> bool,
        same: &dyn Fn(&Candidate, &Candidate) -> bool,
    ) -> Result<Option<&'a Candidate>, String> {
        let Some(named) = self.by_former.get(name) else {
            return Ok(None);
        };
        let mut found: Vec<&Candidate> = named
            .iter()
            .filter_map(|&index| self.candidates.get(index))
            .filter(|candidate| {
                self.is_visible(candidate)
                    && allowed(candidate)
                    && candidate.was_selected(self.target)
                    && self.role.is_none_or(|role| candidate.was_selected(role))
                    && (self.referrer.is_cluster_scoped
                        || candidate.is_cluster_scoped
                        || candidate.gvk.kind == "ServiceAccount"
                        || candidate.effective_namespace == self.referrer.effective_namespace)
            })
            .collect();
        if found.len() != 1 {
            found.retain(|candidate| self.same_affixes(candidate, true));
            if found.len() > 1 {
                found.retain(|candidate| self.same_affixes(candidate, false));
            }
        }
        match found.as_slice() {
            [] => Ok(None),
            [only] => Ok(Some(only)),
            [first, rest @ ..] if rest.iter().all(|other| same(first, other)) => Ok(Some(first)),
            _ => Err(format!("`{name}` may name more than one resource")),
        }
    }

    fn same_affixes(&self, candidate: &Candidate, empty_fits: bool) -> bool {
        let fit = |own: &[String], other: &[String]| {
            (empty_fits && (own.is_empty() || other.is_empty())) || same_ending(own, other)
        };
        fit(&candidate.prefixes, &self.referrer.prefixes)
            && fit(&candidate.suffixes, &self.referrer.suffixes)
    }
}

/// The origin of a name that was followed: it is the name of what was found, because of what was `said`.
fn followed(now: Origin, was: Origin, said: Origin, origins: &mut Origins) -> Origin {
    let name = origins.over(now, was);
    origins.under(name, said)
}

/// True if and only if the shorter list ends the longer one; an empty list ends only another empty one.
fn same_ending(a: &[String], b: &[String]) -> bool {
    let (short, long) = if a.len() > b.len() { (b, a) } else { (a, b) };
    if short.is_empty() {
        long.is_empty()
    } else {
        long.ends_with(short)
    }
}
