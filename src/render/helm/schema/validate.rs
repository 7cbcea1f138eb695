//! Whether a value is what a schema asks for, keyword by keyword, in the order in which Helm tells it.

mod members;

use std::collections::{BTreeMap, BTreeSet};

use super::address::{escape, quoted};
use super::compile::{Compiled, Id, Items, Schema};
use super::document::Json;
use super::draft::{Draft, Metaschemas};
use super::failure::{Failure, quote};
use super::refusal::Refusal;
use super::resources::Resource;
use super::types::type_of;
use crate::discover::HelmVersion;

/// Schemas within schemas beyond this depth are given up on.
const MAX_DEPTH: usize = 2_000;

/// The work that one schema may cause.
pub(super) const MAX_STEPS: usize = 2_000_000;

/// Members of the value that no schema has looked at, as far as somebody asks for them.
#[derive(Default)]
struct Unevaluated<'v> {
    properties: BTreeSet<&'v str>,
    items: BTreeSet<usize>,
}

impl<'v> Unevaluated<'v> {
    fn of(value: &'v Json, schema: &Schema, is_asked_for: bool) -> Self {
        let mut all = Self::default();
        match value {
            Json::Object(members) => {
                let is_open = schema.additional_properties.is_none();
                if is_open && (is_asked_for || schema.unevaluated_properties.is_some()) {
                    all.properties = members.keys().map(String::as_str).collect();
                }
            }
            Json::Array(items) => {
                let first = if schema.is_since(Draft::D2020) {
                    schema
                        .rest_items
                        .is_none()
                        .then_some(schema.prefix_items.len())
                } else {
                    match &schema.items {
                        _ if schema.additional_items.is_some() => None,
                        Some(Items::All(_)) => None,
                        Some(Items::Each(each)) => Some(each.len()),
                        None => Some(0),
                    }
                };
                if let Some(first) = first
                    && (is_asked_for || schema.unevaluated_items.is_some())
                {
                    all.items = (first..items.len()).collect();
                }
            }
            _ => {}
        }
        all
    }

    fn is_empty(&self) -> bool {
        self.properties.is_empty() && self.items.is_empty()
    }

    fn merge(&mut self, other: &Self) {
        self.properties
            .retain(|name| other.properties.contains(name));
        self.items.retain(|index| other.items.contains(index));
    }
}

/// A schema that is being applied, inside of another.
#[derive(Clone, Copy)]
struct Scope<'s> {
    schema: Id,
    /// The keyword that referred to the schema; none where it lies inside of its parent.
    keyword: &'static str,
    /// Equal in scopes of the same value.
    value: usize,
    depth: usize,
    parent: Option<&'s Scope<'s>>,
}

/// Where and how a value is being judged.
#[derive(Clone, Copy)]
struct Judging<'j> {
    at: &'j str,
    scope: Scope<'j>,
    /// Nobody reads the words: whether it fits is enough.
    is_quiet: bool,
    /// The metaschema, if the value is a schema.
    metaschema: Option<Id>,
}

type Judged<'v> = Result<Unevaluated<'v>, Failure>;

/// The validation of one value.
pub(super) struct Validation<'c> {
    schemas: &'c Compiled,
    helm: HelmVersion,
    steps: usize,
    refusal: Option<Refusal>,
    /// Which parts of a schema are of which draft, if the value is a schema.
    drafts: BTreeMap<&'c str, Draft>,
    metaschema: Option<(&'c Metaschemas, Id)>,
}

impl<'c> Validation<'c> {
    pub(super) fn new(schemas: &'c Compiled, helm: HelmVersion, steps: usize) -> Self {
        Self {
            schemas,
            helm,
            steps,
            refusal: None,
            drafts: BTreeMap::new(),
            metaschema: None,
        }
    }

    /// The value is a schema with these resources, each of which its own metaschema judges.
    pub(super) fn check_resources(
        &mut self,
        resources: &'c BTreeMap<String, Resource>,
        metaschemas: &'c Metaschemas,
        metaschema: Id,
    ) {
        let drafts = resources.iter();
        self.drafts = drafts
            .map(|(at, resource)| (at.as_str(), resource.draft))
            .collect();
        self.metaschema = Some((metaschemas, metaschema));
    }

    /// What does not fit.
    pub(super) fn run(&mut self, schema: Id, value: &Json) -> Result<Vec<Failure>, Refusal> {
        let failures = self.whole(schema, value, 0);
        match self.refusal.take() {
            Some(refusal) => Err(refusal),
            None => Ok(failures),
        }
    }

    /// The work that is left for others.
    pub(super) fn steps_left(&self) -> usize {
        self.steps
    }

    fn whole(&mut self, schema: Id, value: &Json, depth: usize) -> Vec<Failure> {
        let judging = Judging {
            at: "",
            scope: Scope {
                schema,
                keyword: "",
                value: 0,
                depth,
                parent: None,
            },
            is_quiet: false,
            metaschema: self.metaschema.map(|(_, metaschema)| metaschema),
        };
        self.judge(judging, value, false)
            .err()
            .map(Failure::parts)
            .unwrap_or_default()
    }

    fn judge<'v>(&mut self, mut judging: Judging<'_>, value: &'v Json, asked: bool) -> Judged<'v> {
        let depth_left = MAX_DEPTH.checked_sub(judging.scope.depth);
        let steps_left = self.steps.checked_sub(1);
        let mut id = judging.scope.schema;
        if judging.scope.parent.is_some()
            && judging.metaschema == Some(id)
            && let Some((metaschemas, _)) = self.metaschema
            && let Some(draft) = self.drafts.get(judging.at)
        {
            id = metaschemas.root(*draft);
            judging.metaschema = Some(id);
        }
        let Some(schema) = self.schemas.get(id) else {
            return Ok(Unevaluated::default());
        };
        let (Some(_), Some(steps)) = (depth_left, steps_left) else {
            let words = "the schema is too much work to check";
            self.refusal
                .get_or_insert_with(|| Refusal::unsupported(words));
            return Ok(Unevaluated::default());
        };
        let unevaluated = Unevaluated::of(value, schema, asked);
        let size = match value {
            Json::String(text) => text.len() / 64,
            Json::Object(members) => (members.len() + schema.required.len()) / 16,
            _ => 0,
        };
        let asked = unevaluated.properties.len() + unevaluated.items.len();
        self.steps = steps.saturating_sub(size + asked / 2);
        let schemas = self.schemas;
        let mut judge = Judge {
            validation: self,
            schemas,
            schema,
            judging,
            unevaluated,
            failures: Vec::new(),
        };
        judge.value(value);
        let (unevaluated, failures) = (judge.unevaluated, judge.failures);
        match Failure::of_all(judging.at, failures) {
            None => Ok(unevaluated),
            Some(failure) => Err(failure),
        }
    }
}

/// One schema applied to one value.
struct Judge<'a, 'j, 'c, 'v> {
    validation: &'a mut Validation<'c>,
    schemas: &'c Compiled,
    schema: &'c Schema,
    judging: Judging<'j>,
    unevaluated: Unevaluated<'v>,
    failures: Vec<Failure>,
}

impl<'v> Judge<'_, '_, '_, 'v> {
    fn value(&mut self, value: &'v Json) {
        let schema = self.schema;
        if let Some(truth) = schema.boolean {
            if !truth {
                self.fail("false schema");
            }
            return;
        }
        if self.is_cycle() {
            return;
        }
        if let Json::Other(name) = value {
            return self.fail(format!("invalid jsonType {name}"));
        }
        if !schema.types.is_empty() && !schema.types.allow(value) {
            let (got, want) = (type_of(value), schema.types.shown());
            return self.fail(format!("got {got}, want {want}"));
        }
        if let Some(wanted) = &schema.constant
            && !wanted.equals(value, &mut self.validation.steps)
        {
            return self.fail(match display(wanted) {
                Some(wanted) => format!("value must be {wanted}"),
                None => "'const' failed".to_owned(),
            });
        }
        if let Some(wanted) = &schema.values
            && !wanted
                .iter()
                .any(|wanted| wanted.equals(value, &mut self.validation.steps))
        {
            let all: Option<Vec<String>> = wanted.iter().map(display).collect();
            return self.fail(match all {
                None => "'enum' failed".to_owned(),
                Some(all) if all.len() == 1 => format!("value must be {}", all.join("")),
                Some(all) => format!("value must be one of {}", all.join(", ")),
            });
        }
        if let (Some(format), Json::String(text)) = (schema.format, value)
            && let Err(why) = format.check(text, self.validation.helm)
        {
            let name = format.name;
            return self.fail(format!("{} is not valid {name}: {why}", quote(text)));
        }
        if let Some(target) = schema.reference {
            self.follow(target, "$ref", value);
            if !schema.is_since(Draft::D2019) {
                return;
            }
        }
        match value {
            Json::Object(members) => self.object(members, value),
            Json::Array(items) => self.array(items),
            Json::String(text) => self.text(text),
            Json::Number(number) => self.number(number),
            _ => {}
        }
        if self.is_decided() {
            return;
        }
        if schema.is_since(Draft::D2019) {
            self.dynamic_references(value);
        }
        self.combinations(value);
        if schema.is_since(Draft::D2019) {
            self.rest(value);
        }
    }

    /// True if and only if nothing more can change the result.
    fn is_decided(&self) -> bool {
        self.judging.is_quiet && !self.failures.is_empty()
    }

    fn spend(&mut self, steps: usize) -> bool {
        self.validation.steps = self.validation.steps.saturating_sub(steps);
        true
    }

    fn fail(&mut self, words: impl Into<String>) {
        self.fail_for(words, Vec::new());
    }

    fn fail_for(&mut self, words: impl Into<String>, causes: Vec<Failure>) {
        let words = words.into();
        // A failure that is told takes a line, which is indented by its depth.
        self.spend((words.len() + self.judging.at.len() + self.judging.scope.depth) / 16);
        self.failures
            .push(Failure::new(self.judging.at, words, causes));
    }

    /// Applies another schema to the same value.
    fn same(
        &mut self,
        schema: Id,
        keyword: &'static str,
        is_quiet: bool,
        value: &'v Json,
    ) -> Option<Failure> {
        let asked = !self.unevaluated.is_empty();
        let scope = Scope {
            schema,
            keyword,
            parent: Some(&self.judging.scope),
            depth: self.judging.scope.depth + 1,
            ..self.judging.scope
        };
        let judging = Judging {
            scope,
            is_quiet: self.judging.is_quiet || is_quiet,
            ..self.judging
        };
        match self.validation.judge(judging, value, asked) {
            Ok(unevaluated) => {
                self.unevaluated.merge(&unevaluated);
                None
            }
            Err(failure) => Some(failure),
        }
    }

    /// Applies a schema to a member of the value.
    fn member(&mut self, schema: Id, value: &Json, step: &str) -> Option<Failure> {
        let at = format!("{}/{}", self.judging.at, escape(step));
        let scope = Scope {
            schema,
            keyword: "",
            value: self.judging.scope.value + 1,
            depth: self.judging.scope.depth + 1,
            parent: Some(&self.judging.scope),
        };
        let judging = Judging {
            at: &at,
            scope,
            ..self.judging
        };
        self.validation.judge(judging, value, false).err()
    }

    fn follow(&mut self, target: Id, keyword: &'static str, value: &'v Json) {
        let failure = self.same(target, keyword, false, value);
        self.failures
            .extend(failure.map(|failure| failure.behind(self.judging.at)));
    }

    /// Fails if this schema is already being applied to this very value.
    fn is_cycle(&mut self) -> bool {
        let scope = self.judging.scope;
        let mut above = scope.parent;
        let mut distance = 0;
        while let Some(other) = above.filter(|other| other.value == scope.value) {
            distance += 1;
            if other.schema == scope.schema {
                let (first, second) = (self.keywords(&scope), self.keywords(other));
                let url = quoted(&self.schema.location);
                self.fail(format!(
                    "both {first} and {second} resolve to {url} causing reference cycle"
                ));
                return true;
            }
            above = other.parent;
        }
        self.spend(distance / 32);
        false
    }

    /// The keywords that lead to a scope.
    fn keywords(&self, scope: &Scope<'_>) -> String {
        let location = |id| {
            self.schemas
                .get(id)
                .map_or("", |schema| schema.location.as_str())
        };
        let mut steps = Vec::new();
        let mut here = scope;
        while let Some(parent) = here.parent {
            if here.keyword.is_empty() {
                let start = location(parent.schema).len();
                steps.push(
                    location(here.schema)
                        .get(start..)
                        .unwrap_or_default()
                        .to_owned(),
                );
            } else {
                steps.push(format!("/{}", escape(here.keyword)));
            }
            here = parent;
        }
        steps.reverse();
        steps.concat()
    }

    /// `$recursiveRef` and `$dynamicRef`: the outermost schema that is in force may take the place of the target.
    fn dynamic_references(&mut self, value: &'v Json) {
        let schema = self.schema;
        if let Some(target) = schema.recursive_ref {
            let is_recursive = |id| self.schemas.get(id).is_some_and(|s| s.recursive_anchor);
            let outermost = self.outermost(|id, around| is_recursive(around).then_some(id));
            let target = outermost.filter(|_| is_recursive(target)).unwrap_or(target);
            self.follow(target, "$recursiveRef", value);
        }
        if let Some((target, anchor)) = &schema.dynamic_ref {
            let target_anchor = self
                .schemas
                .get(*target)
                .map_or("", |s| s.dynamic_anchor.as_str());
            let outermost = self.outermost(|_, around| {
                let anchors = &self.schemas.get(around)?.dynamic_anchors;
                anchors.get(anchor).copied()
            });
            let is_dynamic = !anchor.is_empty() && target_anchor == anchor;
            let target = outermost.filter(|_| is_dynamic).unwrap_or(*target);
            self.follow(target, "$dynamicRef", value);
        }
    }

    /// What the outermost scope gives, asked by its schema and by the resource around that.
    fn outermost(&self, ask: impl Fn(Id, Id) -> Option<Id>) -> Option<Id> {
        let mut found = None;
        let mut scope = Some(&self.judging.scope);
        while let Some(here) = scope {
            let around = self.schemas.get(here.schema).map(|schema| schema.resource);
            found = around.and_then(|around| ask(here.schema, around)).or(found);
            scope = here.parent;
        }
        found
    }

    /// `not`, `allOf`, `anyOf`, `oneOf`, `if`.
    fn combinations(&mut self, value: &'v Json) {
        let schema = self.schema;
        if let Some(not) = schema.not
            && self.same(not, "", true, value).is_none()
        {
            self.fail("'not' failed");
        }
        let mut causes = Vec::new();
        for part in &schema.all_of {
            causes.extend(self.same(*part, "", false, value));
            if self.judging.is_quiet && !causes.is_empty() {
                break;
            }
        }
        if !causes.is_empty() {
            self.fail_for("'allOf' failed", causes);
        }
        if !schema.any_of.is_empty() {
            self.any_of(value);
        }
        if !schema.one_of.is_empty() {
            self.one_of(value);
        }
        if let Some(condition) = schema.condition {
            let holds = self.same(condition, "", true, value).is_none();
            if let Some(next) = if holds { schema.then } else { schema.otherwise } {
                let failure = self.same(next, "", false, value);
                self.failures.extend(failure);
            }
        }
    }

    fn any_of(&mut self, value: &'v Json) {
        let (mut is_matched, mut causes) = (false, Vec::new());
        for part in &self.schema.any_of {
            if let Some(failure) = self.same(*part, "", false, value) {
                causes.push(failure);
                continue;
            }
            is_matched = true;
            // The others may evaluate more.
            if self.unevaluated.is_empty() {
                break;
            }
        }
        if !is_matched {
            self.fail_for("'anyOf' failed", causes);
        }
    }

    fn one_of(&mut self, value: &'v Json) {
        let (mut matched, mut causes) = (None, Vec::new());
        for (index, part) in self.schema.one_of.iter().enumerate() {
            match (self.same(*part, "", matched.is_some(), value), matched) {
                (Some(failure), None) => causes.push(failure),
                (Some(_), Some(_)) => {}
                (None, None) => matched = Some(index),
                (None, Some(first)) => {
                    self.fail(format!(
                        "'oneOf' failed, subschemas {first}, {index} matched"
                    ));
                    break;
                }
            }
        }
        if matched.is_none() {
            self.fail_for("'oneOf' failed, none matched", causes);
        }
    }

    /// `unevaluatedProperties` and `unevaluatedItems`.
    fn rest(&mut self, value: &'v Json) {
        if let (Json::Object(members), Some(schema)) = (value, self.schema.unevaluated_properties) {
            for name in std::mem::take(&mut self.unevaluated.properties) {
                if let Some(value) = members.get(name) {
                    let failure = self.member(schema, value, name);
                    self.failures.extend(failure);
                }
            }
        }
        if let (Json::Array(items), Some(schema)) = (value, self.schema.unevaluated_items) {
            for index in std::mem::take(&mut self.unevaluated.items) {
                if let Some(item) = items.get(index) {
                    let failure = self.member(schema, item, &index.to_string());
                    self.failures.extend(failure);
                }
            }
        }
    }
}

/// A value as messages show it; `None` for what holds others.
fn display(value: &Json) -> Option<String> {
    Some(match value {
        Json::Null => "<nil>".to_owned(),
        Json::Bool(truth) => truth.to_string(),
        Json::Number(number) => number.clone(),
        Json::String(text) => quote(text),
        Json::Array(_) | Json::Object(_) | Json::Other(_) => return None,
    })
}
