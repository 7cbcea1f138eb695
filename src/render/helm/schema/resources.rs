//! The schema resources of a document: which parts have a URL of their own, which draft each is of, and their anchors.

use std::collections::{BTreeMap, BTreeSet};

use super::address::{Place, Reference, decode, escape, parse, quoted, split};
use super::document::{Json, Object};
use super::draft::{self, Draft, Nesting};
use super::refusal::Refusal;
use crate::discover::HelmVersion;

/// Where a document without a URL of its own is, as Helm names it.
pub(super) const VALUES_SCHEMA: &str = "file:///values.schema.json";

/// Schemas nested deeper than this are given up on.
const MAX_NESTING: usize = 400;

/// A part of a document that has a URL of its own, or the whole.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) pointer: String,
    pub(super) id: String,
    pub(super) draft: Draft,
    pub(super) anchors: BTreeMap<String, String>,
    pub(super) dynamic_anchors: Vec<String>,
}

/// A document with its resources, by their pointers.
#[derive(Debug)]
pub(super) struct Root<'d> {
    pub(super) url: String,
    pub(super) document: &'d Json,
    pub(super) resources: BTreeMap<String, Resource>,
    /// The pointers of the resources by their URLs.
    ids: BTreeMap<String, String>,
    processed: BTreeSet<String>,
    helm: HelmVersion,
}

impl<'d> Root<'d> {
    pub(super) fn new(url: &str, document: &'d Json, helm: HelmVersion) -> Result<Self, Refusal> {
        let mut root = Self {
            helm,
            url: url.to_owned(),
            document,
            resources: BTreeMap::new(),
            ids: BTreeMap::new(),
            processed: BTreeSet::new(),
        };
        root.collect(document, url, "", Draft::D2020, MAX_NESTING)?;
        let whole = root.whole(url, Draft::D2020);
        root.resources.entry(String::new()).or_insert(whole);
        Ok(root)
    }

    fn whole(&self, id: &str, draft: Draft) -> Resource {
        Resource {
            pointer: String::new(),
            id: id.to_owned(),
            draft,
            anchors: BTreeMap::new(),
            dynamic_anchors: Vec::new(),
        }
    }

    /// The innermost resource around a place.
    pub(super) fn resource(&self, pointer: &str) -> Option<&Resource> {
        let mut pointer = pointer;
        loop {
            if let Some(resource) = self.resources.get(pointer) {
                return Some(resource);
            }
            pointer = pointer.get(..pointer.rfind('/')?)?;
        }
    }

    /// The place of a reference, or `None` if it leads to another document.
    pub(super) fn resolve(&self, reference: &Reference) -> Result<Option<Place>, Refusal> {
        let resource = if reference.url == self.url {
            self.resources.get("")
        } else {
            let pointer = self.ids.get(&reference.url);
            pointer.and_then(|pointer| self.resources.get(pointer))
        };
        let Some(resource) = resource else {
            return Ok(None);
        };
        let fragment = &reference.fragment;
        let pointer = if fragment.is_empty() || fragment.starts_with('/') {
            format!("{}{fragment}", resource.pointer)
        } else if let Some(pointer) = resource.anchors.get(fragment) {
            pointer.clone()
        } else {
            let missing = Reference {
                url: resource.id.clone(),
                fragment: fragment.clone(),
            };
            return Err(Refusal::new(format!(
                "anchor in {} not found in schema {}",
                quoted(&missing.shown()),
                quoted(&self.url)
            )));
        };
        Ok(Some(Place::new(&self.url, pointer)))
    }

    /// Makes sure that the resources below a place are known which no keyword of a schema leads to. True if and only if they
    /// were not, and the place is still to be checked against the metaschema.
    pub(super) fn ensure(&mut self, place: &Place) -> Result<bool, Refusal> {
        if self.processed.contains(&place.pointer) {
            return Ok(false);
        }
        let schema = place.find(self.document).map_err(Refusal::new)?;
        let Some(around) = self.resource(&place.pointer) else {
            return Ok(false);
        };
        let (id, draft, at) = (around.id.clone(), around.draft, around.pointer.clone());
        self.collect(schema, &id, &place.pointer, draft, MAX_NESTING)?;
        if !self.resources.contains_key(&place.pointer) {
            self.anchor(schema, &place.pointer, &at)?;
        }
        Ok(true)
    }

    fn collect(
        &mut self,
        schema: &Json,
        base: &str,
        pointer: &str,
        around: Draft,
        depth: usize,
    ) -> Result<(), Refusal> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(Refusal::unsupported("the schema is nested too deeply"));
        };
        if !self.processed.insert(pointer.to_owned()) {
            return Ok(());
        }
        let Some(members) = schema.as_object() else {
            return Ok(());
        };
        let place = Place::new(&self.url, pointer);
        let mut draft = self.draft(members, &place, around)?;
        let mut id = own_id(members, draft);
        let mut is_of_draft = members
            .get("$schema")
            .is_some_and(|name| name.as_str().is_some());
        if id.is_empty() && !pointer.is_empty() {
            // Only a resource may be of another draft.
            draft = around;
            is_of_draft = false;
            id = own_id(members, draft);
        }
        let mut base = base.to_owned();
        if !id.is_empty() {
            base = Reference::join(&base, id)
                .map_err(|_| {
                    Refusal::new(format!("error in parsing id at {}", quoted(&place.shown())))
                })?
                .url;
        }
        if !id.is_empty() || pointer.is_empty() {
            if let Some(other) = self.ids.insert(base.clone(), pointer.to_owned()) {
                return Err(Refusal::new(format!(
                    "duplicate id {} in {} at {} and {}",
                    quoted(&base),
                    quoted(&self.url),
                    quoted(pointer),
                    quoted(&other)
                )));
            }
            let mut resource = self.whole(&base, if is_of_draft { draft } else { around });
            pointer.clone_into(&mut resource.pointer);
            self.resources.insert(pointer.to_owned(), resource);
        }
        let around = self.ids.get(&base).and_then(|at| self.resources.get(at));
        let Some((at, inherited)) = around.map(|found| (found.pointer.clone(), found.draft)) else {
            return Ok(());
        };
        self.anchor(schema, pointer, &at)?;
        for (keyword, nesting) in draft.nested() {
            let Some(below) = members.get(keyword) else {
                continue;
            };
            let here = format!("{pointer}/{keyword}");
            match (nesting, below) {
                (Nesting::One, schema) => self.collect(schema, &base, &here, inherited, depth)?,
                (Nesting::List, Json::Array(items)) => {
                    for (index, schema) in items.iter().enumerate() {
                        let here = format!("{here}/{index}");
                        self.collect(schema, &base, &here, inherited, depth)?;
                    }
                }
                (Nesting::Map, Json::Object(members)) => {
                    for (key, schema) in members {
                        let here = format!("{here}/{}", escape(key));
                        self.collect(schema, &base, &here, inherited, depth)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn anchor(&mut self, schema: &Json, pointer: &str, resource: &str) -> Result<(), Refusal> {
        let (Some(members), Some(resource)) =
            (schema.as_object(), self.resources.get_mut(resource))
        else {
            return Ok(());
        };
        let text = |key: &str| members.get(key).and_then(Json::as_str);
        let mut found = Vec::new();
        if resource.draft < Draft::D2019 {
            if !members.contains_key("$ref")
                && let Some(id) = text(resource.draft.id_keyword())
            {
                let name = decode(split(id).1).map_err(|_| {
                    let place = Place::new(&self.url, pointer).shown();
                    Refusal::new(format!("error in parsing anchor at {}", quoted(&place)))
                })?;
                if !name.is_empty() && !name.starts_with('/') {
                    found.push(name);
                }
            }
        } else {
            found.extend(text("$anchor").map(str::to_owned));
            if resource.draft >= Draft::D2020
                && let Some(name) = text("$dynamicAnchor")
            {
                found.push(name.to_owned());
                resource.dynamic_anchors.push(name.to_owned());
            }
        }
        for name in found {
            match resource.anchors.get(&name) {
                Some(other) if other != pointer => {
                    return Err(Refusal::new(format!(
                        "duplicate anchor {} in {} at {} and {}",
                        quoted(&name),
                        quoted(&self.url),
                        quoted(other),
                        quoted(pointer)
                    )));
                }
                _ => {
                    resource.anchors.insert(name, pointer.to_owned());
                }
            }
        }
        Ok(())
    }

    /// The draft that `$schema` names; without one, that of what is around.
    fn draft(&self, members: &Object, place: &Place, around: Draft) -> Result<Draft, Refusal> {
        let Some(mut name) = members.get("$schema").and_then(Json::as_str) else {
            return Ok(around);
        };
        let mut seen = BTreeSet::new();
        loop {
            if let Some(draft) = Draft::named(name) {
                return Ok(draft);
            }
            let (url, _) = split(name);
            if let Err(why) = parse(url) {
                let place = quoted(&place.shown());
                return Err(Refusal::new(format!("invalid $schema in {place}: {why}")));
            }
            if place.pointer.is_empty() && url == place.url {
                return Err(Refusal::new(format!(
                    "draft {} is not supported",
                    quoted(url)
                )));
            }
            if !seen.insert(url) {
                let url = quoted(url);
                return Err(Refusal::new(format!("cycle in resolving $schema in {url}")));
            }
            let document = match draft::document(url) {
                Some(document) => document,
                None if url == self.url => self.document,
                None if is_permissive(url, self.helm) => return Ok(around),
                None => return Err(Refusal::unread(url)),
            };
            let member = |key: &str| document.as_object().and_then(|members| members.get(key));
            if member("$vocabulary").is_some() {
                let url = quoted(url);
                return Err(Refusal::unsupported(format!(
                    "{url} is of vocabularies of its own, which are not supported"
                )));
            }
            let next = member("$schema");
            match next.and_then(Json::as_str) {
                Some(next) => name = next,
                None => return Ok(around),
            }
        }
    }
}

/// Helm 4 takes a URN that it cannot read for a schema that allows everything.
pub(super) fn is_permissive(url: &str, helm: HelmVersion) -> bool {
    helm == HelmVersion::V4 && url.starts_with("urn:")
}

/// The URL that a schema gives itself, without a fragment.
fn own_id(members: &Object, draft: Draft) -> &str {
    if draft < Draft::D2019 && members.contains_key("$ref") {
        return "";
    }
    let id = members.get(draft.id_keyword()).and_then(Json::as_str);
    split(id.unwrap_or_default()).0
}
