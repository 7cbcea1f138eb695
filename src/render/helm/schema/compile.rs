//! Schemas made ready for validation: every keyword in the form that the validator needs, every reference followed.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::address::{Place, Reference, escape, quoted};
use super::decimal::Decimal;
use super::document::{Json, Object};
use super::draft::{Draft, Metaschemas, document};
use super::format::{self, Format};
use super::refusal::Refusal;
use super::resources::{Root, is_permissive};
use super::types::Types;
use super::validate::{MAX_STEPS, Validation};
use crate::discover::HelmVersion;
use crate::render::helm::functions::compile_regex;

/// The place of a schema among those that were compiled with it.
pub(super) type Id = usize;

/// What says something about members that no keyword names.
pub(super) enum Additional {
    Bool(bool),
    Schema(Id),
}

/// What a property asks of its neighbours.
pub(super) enum Dependency {
    Required(Vec<String>),
    Schema(Id),
}

/// The schemas of the items of an array.
pub(super) enum Items {
    All(Id),
    Each(Vec<Id>),
}

/// A schema, keyword by keyword. What another draft has is absent.
#[derive(Default)]
pub(super) struct Schema {
    pub(super) draft: Option<Draft>,
    pub(super) location: String,
    pub(super) resource: Id,
    pub(super) boolean: Option<bool>,

    pub(super) reference: Option<Id>,
    pub(super) recursive_ref: Option<Id>,
    pub(super) recursive_anchor: bool,
    /// The target, and its anchor if it is referred to by one.
    pub(super) dynamic_ref: Option<(Id, String)>,
    pub(super) dynamic_anchor: String,
    /// Those of the resource that begins here.
    pub(super) dynamic_anchors: BTreeMap<String, Id>,

    pub(super) types: Types,
    pub(super) constant: Option<Json>,
    pub(super) values: Option<Vec<Json>>,
    pub(super) format: Option<Format>,
    pub(super) not: Option<Id>,
    pub(super) all_of: Vec<Id>,
    pub(super) any_of: Vec<Id>,
    pub(super) one_of: Vec<Id>,
    pub(super) condition: Option<Id>,
    pub(super) then: Option<Id>,
    pub(super) otherwise: Option<Id>,

    pub(super) min_properties: Option<i64>,
    pub(super) max_properties: Option<i64>,
    pub(super) required: Vec<String>,
    pub(super) dependencies: Vec<(String, Dependency)>,
    pub(super) properties: BTreeMap<String, Id>,
    pub(super) pattern_properties: Vec<(Regex, Id)>,
    pub(super) additional_properties: Option<Additional>,
    pub(super) property_names: Option<Id>,
    pub(super) dependent_schemas: Vec<(String, Id)>,
    pub(super) dependent_required: Vec<(String, Vec<String>)>,
    pub(super) unevaluated_properties: Option<Id>,

    pub(super) min_items: Option<i64>,
    pub(super) max_items: Option<i64>,
    pub(super) unique_items: bool,
    pub(super) items: Option<Items>,
    pub(super) additional_items: Option<Additional>,
    pub(super) prefix_items: Vec<Id>,
    pub(super) rest_items: Option<Id>,
    pub(super) contains: Option<Id>,
    pub(super) min_contains: Option<i64>,
    pub(super) max_contains: Option<i64>,
    pub(super) unevaluated_items: Option<Id>,

    pub(super) min_length: Option<i64>,
    pub(super) max_length: Option<i64>,
    /// The pattern as it is written, too.
    pub(super) pattern: Option<(Regex, String)>,

    /// Each with the number as it is written.
    pub(super) minimum: Option<(Decimal, String)>,
    pub(super) maximum: Option<(Decimal, String)>,
    pub(super) exclusive_minimum: Option<(Decimal, String)>,
    pub(super) exclusive_maximum: Option<(Decimal, String)>,
    pub(super) multiple_of: Option<(Decimal, String)>,
}

impl Schema {
    pub(super) fn is_since(&self, draft: Draft) -> bool {
        self.draft >= Some(draft)
    }
}

/// Schemas that refer to each other.
#[derive(Default)]
pub(super) struct Compiled {
    schemas: Vec<Schema>,
}

impl Compiled {
    pub(super) fn get(&self, id: Id) -> Option<&Schema> {
        self.schemas.get(id)
    }
}

/// Compiles schemas and whatever they refer to.
pub(super) struct Compiler<'d> {
    helm: HelmVersion,
    /// Metaschemas are not checked against themselves, and what they say of formats holds in all drafts.
    is_for_metaschemas: bool,
    documents: BTreeMap<String, &'d Json>,
    roots: BTreeMap<String, Root<'d>>,
    places: BTreeMap<Place, Id>,
    queue: Vec<Place>,
    compiled: Compiled,
    /// The work that checking against metaschemas may still cause.
    steps: usize,
}

impl<'d> Compiler<'d> {
    /// A compiler that knows one document beside those of the drafts.
    pub(super) fn new(url: &str, document: &'d Json, helm: HelmVersion) -> Self {
        Self {
            helm,
            is_for_metaschemas: false,
            documents: BTreeMap::from([(url.to_owned(), document)]),
            roots: BTreeMap::new(),
            places: BTreeMap::new(),
            queue: Vec::new(),
            compiled: Compiled::default(),
            steps: MAX_STEPS,
        }
    }

    pub(super) fn finish(self) -> Compiled {
        self.compiled
    }

    /// Compiles the document at a URL, and gives the place of its schema.
    pub(super) fn compile(&mut self, url: &str) -> Result<Id, Refusal> {
        self.load(url)?;
        let first = self.enqueue(Place::new(url, ""));
        let mut next = 0;
        while let Some(place) = self.queue.get(next).cloned() {
            self.ensure(&place)?;
            if let Some(root) = self.roots.get(&place.url) {
                let value = place.find(root.document).map_err(Refusal::new)?;
                let schema = self.schema(value, &place)?;
                if let Some(slot) = self.places.get(&place).copied()
                    && let Some(slot) = self.compiled.schemas.get_mut(slot)
                {
                    *slot = schema;
                }
            }
            next += 1;
        }
        Ok(first)
    }

    fn enqueue(&mut self, place: Place) -> Id {
        if let Some(id) = self.places.get(&place) {
            return *id;
        }
        let id = self.compiled.schemas.len();
        self.compiled.schemas.push(Schema::default());
        self.places.insert(place.clone(), id);
        self.queue.push(place);
        id
    }

    fn load(&mut self, url: &str) -> Result<(), Refusal> {
        if self.roots.contains_key(url) {
            return Ok(());
        }
        const ANYTHING: &Json = &Json::Bool(true);
        let is_of_draft = document(url).is_some();
        let document: &'d Json = match self.documents.get(url).copied().or(document(url)) {
            Some(document) => document,
            None if is_permissive(url, self.helm) => ANYTHING,
            None => return Err(Refusal::unread(url)),
        };
        let root = Root::new(url, document, self.helm)?;
        if !is_of_draft {
            self.check(&root, document, "")?;
        }
        self.roots.insert(url.to_owned(), root);
        Ok(())
    }

    fn ensure(&mut self, place: &Place) -> Result<(), Refusal> {
        self.load(&place.url)?;
        let Some(mut root) = self.roots.remove(&place.url) else {
            return Ok(());
        };
        if root.ensure(place)? && !self.is_for_metaschemas {
            let schema = place.find(root.document).map_err(Refusal::new)?;
            self.check(&root, schema, &place.pointer)?;
        }
        self.roots.insert(place.url.clone(), root);
        Ok(())
    }

    /// Checks a schema against the metaschema of its draft.
    fn check(&mut self, root: &Root<'_>, schema: &Json, pointer: &str) -> Result<(), Refusal> {
        let Some(resource) = root.resource(pointer) else {
            return Ok(());
        };
        let drafts = root.resources.values().map(|resource| resource.draft);
        let metaschemas = Metaschemas::of(drafts.chain([resource.draft]));
        let metaschema = metaschemas.root(resource.draft);
        let mut validation = Validation::new(metaschemas.compiled(), self.helm, self.steps);
        validation.check_resources(&root.resources, metaschemas, metaschema);
        let failures = validation.run(metaschema, schema)?;
        self.steps = validation.steps_left();
        if failures.is_empty() {
            return Ok(());
        }
        let location = metaschemas
            .compiled()
            .get(metaschema)
            .map_or("", |schema| &schema.location);
        let mut words = format!(
            "{} is not valid against metaschema: jsonschema validation failed with '{location}'",
            quoted(&Place::new(&root.url, pointer).shown()),
        );
        for failure in failures {
            words.push('\n');
            words.push_str(failure.shown(0).trim_end());
        }
        Err(Refusal::new(words))
    }

    fn schema(&mut self, value: &Json, place: &Place) -> Result<Schema, Refusal> {
        let mut schema = Schema {
            location: place.shown(),
            ..Schema::default()
        };
        let Some(root) = self.roots.get(&place.url) else {
            return Ok(schema);
        };
        let Some(resource) = root.resource(&place.pointer) else {
            return Ok(schema);
        };
        let draft = resource.draft;
        let (id, base) = (
            resource.id.clone(),
            Place::new(&place.url, resource.pointer.clone()),
        );
        schema.draft = Some(draft);
        if draft >= Draft::D2020 && base == *place {
            let dynamic: BTreeSet<&String> = resource.dynamic_anchors.iter().collect();
            let anchors: Vec<(String, Place)> = resource
                .anchors
                .iter()
                .filter(|(name, _)| dynamic.contains(name))
                .map(|(name, pointer)| (name.clone(), Place::new(&place.url, pointer.clone())))
                .collect();
            for (name, place) in anchors {
                let id = self.enqueue(place);
                schema.dynamic_anchors.insert(name, id);
            }
        }
        schema.resource = self.enqueue(base);
        match value {
            Json::Bool(truth) => schema.boolean = Some(*truth),
            Json::Object(members) if members.is_empty() => schema.boolean = Some(true),
            Json::Object(members) => Keywords {
                compiler: self,
                members,
                place,
                id: &id,
                draft,
            }
            .compile(&mut schema)?,
            _ => {}
        }
        Ok(schema)
    }
}

impl Compiler<'static> {
    pub(super) fn for_metaschemas() -> Self {
        let mut compiler = Self::new("", &Json::Null, HelmVersion::V4);
        compiler.is_for_metaschemas = true;
        compiler
    }
}

/// The keywords of one schema.
struct Keywords<'c, 'd> {
    compiler: &'c mut Compiler<'d>,
    members: &'c Object,
    place: &'c Place,
    /// The URL that its references are relative to.
    id: &'c str,
    draft: Draft,
}

impl Keywords<'_, '_> {
    fn compile(mut self, schema: &mut Schema) -> Result<(), Refusal> {
        schema.reference = self.reference("$ref")?;
        if self.draft < Draft::D2019 && schema.reference.is_some() {
            return self.since_draft_6(schema);
        }
        self.applicators(schema)?;
        self.assertions(schema)?;
        self.since_draft_6(schema)
    }

    fn applicators(&mut self, schema: &mut Schema) -> Result<(), Refusal> {
        schema.all_of = self.list("allOf");
        schema.any_of = self.list("anyOf");
        schema.one_of = self.list("oneOf");
        schema.not = self.one("not");
        if self.draft < Draft::D2020 {
            if matches!(self.members.get("items"), Some(Json::Array(_))) {
                schema.items = Some(Items::Each(self.list("items")));
                schema.additional_items = self.additional("additionalItems");
            } else {
                schema.items = self.one("items").map(Items::All);
            }
        }
        schema.properties = self.map("properties").into_iter().collect();
        for (pattern, id) in self.map("patternProperties") {
            let regex = self.regex("patternProperties", &pattern)?;
            schema.pattern_properties.push((regex, id));
        }
        schema.additional_properties = self.additional("additionalProperties");
        if let Some(Json::Object(members)) = self.members.get("dependencies") {
            for (name, value) in members {
                let dependency = match value {
                    Json::Array(names) => Dependency::Required(strings(names)),
                    _ => Dependency::Schema(self.below(&["dependencies", name])),
                };
                schema.dependencies.push((name.clone(), dependency));
            }
        }
        Ok(())
    }

    fn assertions(&mut self, schema: &mut Schema) -> Result<(), Refusal> {
        schema.types = self
            .members
            .get("type")
            .map(Types::named)
            .unwrap_or_default();
        schema.values = self
            .members
            .get("enum")
            .and_then(Json::as_array)
            .map(<[Json]>::to_vec);
        schema.multiple_of = self.number("multipleOf");
        schema.maximum = self.number("maximum");
        schema.minimum = self.number("minimum");
        // In draft 4 the two say of the limits beside them that they are exclusive.
        schema.exclusive_maximum = if self.is_true("exclusiveMaximum") {
            schema.maximum.take()
        } else {
            self.number("exclusiveMaximum")
        };
        schema.exclusive_minimum = if self.is_true("exclusiveMinimum") {
            schema.minimum.take()
        } else {
            self.number("exclusiveMinimum")
        };
        schema.min_length = self.count("minLength");
        schema.max_length = self.count("maxLength");
        if let Some(pattern) = self.text("pattern") {
            let pattern = pattern.to_owned();
            schema.pattern = Some((self.regex("pattern", &pattern)?, pattern));
        }
        schema.min_items = self.count("minItems");
        schema.max_items = self.count("maxItems");
        schema.unique_items = self.is_true("uniqueItems");
        schema.min_properties = self.count("minProperties");
        schema.max_properties = self.count("maxProperties");
        schema.required = self
            .members
            .get("required")
            .and_then(Json::as_array)
            .map(strings)
            .unwrap_or_default();
        // Since 2019-09 a format is a remark, unless a metaschema of one's own says otherwise.
        if self.draft < Draft::D2019 || self.compiler.is_for_metaschemas {
            schema.format = self.text("format").and_then(format::named);
        }
        Ok(())
    }

    /// What later drafts brought. The library looks for it also beside a `$ref` that hides the rest.
    fn since_draft_6(&mut self, schema: &mut Schema) -> Result<(), Refusal> {
        if self.draft >= Draft::D6 {
            schema.contains = self.one("contains");
            schema.property_names = self.one("propertyNames");
            schema.constant = self.members.get("const").cloned();
        }
        if self.draft >= Draft::D7 {
            schema.condition = self.one("if");
            if schema.condition.is_some() {
                let decided = self.members.get("if").and_then(Json::as_bool);
                if decided != Some(false) {
                    schema.then = self.one("then");
                }
                if decided != Some(true) {
                    schema.otherwise = self.one("else");
                }
            }
        }
        if self.draft >= Draft::D2019 {
            schema.recursive_ref = self.reference("$recursiveRef")?;
            schema.recursive_anchor = self.is_true("$recursiveAnchor");
            if schema.contains.is_some() {
                schema.min_contains = self.count("minContains");
                schema.max_contains = self.count("maxContains");
            }
            if let Some(Json::Object(members)) = self.members.get("dependentRequired") {
                schema.dependent_required = members
                    .iter()
                    .filter_map(|(name, names)| Some((name.clone(), strings(names.as_array()?))))
                    .collect();
            }
            schema.dependent_schemas = self.map("dependentSchemas");
            schema.unevaluated_items = self.one("unevaluatedItems");
            schema.unevaluated_properties = self.one("unevaluatedProperties");
        }
        if self.draft >= Draft::D2020 {
            if let Some(target) = self.reference("$dynamicRef")? {
                let reference = self.text("$dynamicRef").unwrap_or_default();
                let fragment = Reference::join(self.id, reference)
                    .map_err(Refusal::new)?
                    .fragment;
                let anchor = if fragment.starts_with('/') {
                    String::new()
                } else {
                    fragment
                };
                schema.dynamic_ref = Some((target, anchor));
            }
            schema.dynamic_anchor = self
                .text("$dynamicAnchor")
                .map(str::to_owned)
                .unwrap_or_default();
            schema.prefix_items = self.list("prefixItems");
            schema.rest_items = self.one("items");
        }
        Ok(())
    }

    fn reference(&mut self, keyword: &str) -> Result<Option<Id>, Refusal> {
        let Some(reference) = self.text(keyword) else {
            return Ok(None);
        };
        let reference = Reference::join(self.id, reference).map_err(Refusal::new)?;
        let local = match self.compiler.roots.get(&self.place.url) {
            Some(root) => root.resolve(&reference)?,
            None => None,
        };
        let place = if local.is_some() {
            local
        } else {
            self.compiler.load(&reference.url)?;
            let remote = self.compiler.roots.get(&reference.url);
            remote
                .map(|root| root.resolve(&reference))
                .transpose()?
                .flatten()
        };
        Ok(place.map(|place| self.compiler.enqueue(place)))
    }

    fn below(&mut self, steps: &[&str]) -> Id {
        let mut pointer = self.place.pointer.clone();
        for step in steps {
            pointer.push('/');
            pointer.push_str(&escape(step));
        }
        self.compiler.enqueue(Place::new(&self.place.url, pointer))
    }

    fn one(&mut self, keyword: &str) -> Option<Id> {
        self.members.get(keyword)?;
        Some(self.below(&[keyword]))
    }

    fn list(&mut self, keyword: &str) -> Vec<Id> {
        let count = self
            .members
            .get(keyword)
            .and_then(Json::as_array)
            .map_or(0, <[Json]>::len);
        (0..count)
            .map(|index| self.below(&[keyword, &index.to_string()]))
            .collect()
    }

    fn map(&mut self, keyword: &str) -> Vec<(String, Id)> {
        let Some(members) = self.members.get(keyword).and_then(Json::as_object) else {
            return Vec::new();
        };
        members
            .keys()
            .map(|key| (key.clone(), self.below(&[keyword, key])))
            .collect()
    }

    fn additional(&mut self, keyword: &str) -> Option<Additional> {
        match self.members.get(keyword)?.as_bool() {
            Some(truth) => Some(Additional::Bool(truth)),
            None => self.one(keyword).map(Additional::Schema),
        }
    }

    fn regex(&self, keyword: &str, pattern: &str) -> Result<Regex, Refusal> {
        compile_regex(pattern).map_err(|why| {
            let place = Place::new(&self.place.url, format!("{}/{keyword}", self.place.pointer));
            let (pattern, place) = (quoted(pattern), quoted(&place.shown()));
            Refusal::new(format!("invalid regex {pattern} at {place}: {why}"))
        })
    }

    fn text(&self, keyword: &str) -> Option<&str> {
        self.members.get(keyword)?.as_str()
    }

    fn is_true(&self, keyword: &str) -> bool {
        matches!(self.members.get(keyword), Some(Json::Bool(true)))
    }

    fn number(&self, keyword: &str) -> Option<(Decimal, String)> {
        match self.members.get(keyword)? {
            Json::Number(text) => Some((Decimal::parse(text)?, text.clone())),
            _ => None,
        }
    }

    fn count(&self, keyword: &str) -> Option<i64> {
        self.members.get(keyword)?.as_decimal()?.to_count()
    }
}

fn strings(items: &[Json]) -> Vec<String> {
    items
        .iter()
        .filter_map(Json::as_str)
        .map(str::to_owned)
        .collect()
}
