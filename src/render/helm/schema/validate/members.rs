//! What a schema asks of objects, arrays, texts and numbers.

use std::collections::BTreeMap;

use super::Judge;
use crate::discover::HelmVersion;
use crate::render::helm::schema::compile::{Additional, Dependency, Id, Items};
use crate::render::helm::schema::decimal::{Decimal, count, shown};
use crate::render::helm::schema::document::{Json, Object};
use crate::render::helm::schema::draft::Draft;
use crate::render::helm::schema::failure::{Failure, quote, quote_all};

impl<'v> Judge<'_, '_, '_, 'v> {
    fn limit(&mut self, keyword: &str, got: usize, least: Option<i64>, most: Option<i64>) {
        let got = i64::try_from(got).unwrap_or(i64::MAX);
        for (side, limit) in [
            ("min", least.filter(|least| got < *least)),
            ("max", most.filter(|most| got > *most)),
        ] {
            if let Some(limit) = limit {
                let (got, want) = (count(got), count(limit));
                self.fail(format!("{side}{keyword}: got {got}, want {want}"));
            }
        }
    }

    fn missing(&self, members: &Object, names: &[String]) -> Vec<String> {
        let absent = names.iter().filter(|name| !members.contains_key(*name));
        absent.cloned().collect()
    }

    fn needs(&mut self, members: &Object, name: &str, names: &[String]) {
        let missing = self.missing(members, names);
        if !missing.is_empty() {
            let (missing, name) = (quote_all(&missing), quote(name));
            self.fail(format!("properties {missing} required, if {name} exists"));
        }
    }

    pub(super) fn object(&mut self, members: &'v Object, value: &'v Json) {
        let schema = self.schema;
        self.limit(
            "Properties",
            members.len(),
            schema.min_properties,
            schema.max_properties,
        );
        match self.missing(members, &schema.required).as_slice() {
            [] => {}
            [one] => self.fail(format!("missing property {}", quote(one))),
            many => self.fail(format!("missing properties {}", quote_all(many))),
        }
        if self.is_decided() {
            return;
        }
        for (name, dependency) in &schema.dependencies {
            if !members.contains_key(name) {
                continue;
            }
            match dependency {
                Dependency::Required(names) => self.needs(members, name, names),
                Dependency::Schema(schema) => {
                    let failure = self.same(*schema, "", false, value);
                    self.failures.extend(failure);
                }
            }
        }
        self.properties(members);
        if !schema.is_since(Draft::D6) {
            return;
        }
        if let Some(names) = schema.property_names {
            for name in members.keys() {
                let depth = self.judging.scope.depth + 1;
                let causes = self
                    .validation
                    .whole(names, &Json::String(name.clone()), depth);
                if !causes.is_empty() {
                    // Of which object it is a property, the library of Helm 3 does not say.
                    let at = match self.validation.helm {
                        HelmVersion::V3 => "",
                        HelmVersion::V4 => self.judging.at,
                    };
                    let words = format!("invalid propertyName {}", quote(name));
                    self.failures.push(Failure::new(at, words, causes));
                }
            }
        }
        for (name, dependent) in &schema.dependent_schemas {
            if members.contains_key(name) {
                let failure = self.same(*dependent, "", false, value);
                self.failures.extend(failure);
            }
        }
        for (name, names) in &schema.dependent_required {
            if members.contains_key(name) {
                self.needs(members, name, names);
            }
        }
    }

    fn properties(&mut self, members: &'v Object) {
        let schema = self.schema;
        let mut extra = Vec::new();
        for (name, value) in members {
            if self.is_decided() {
                return;
            }
            let mut is_evaluated = false;
            if let Some(property) = schema.properties.get(name) {
                is_evaluated = true;
                let failure = self.member(*property, value, name);
                self.failures.extend(failure);
            }
            for (pattern, property) in &schema.pattern_properties {
                if self.spend(1 + name.len() / 64) && pattern.is_match(name) {
                    is_evaluated = true;
                    let failure = self.member(*property, value, name);
                    self.failures.extend(failure);
                }
            }
            if !is_evaluated && let Some(additional) = &schema.additional_properties {
                is_evaluated = true;
                match additional {
                    Additional::Bool(true) => {}
                    Additional::Bool(false) => extra.push(name),
                    Additional::Schema(additional) => {
                        let failure = self.member(*additional, value, name);
                        self.failures.extend(failure);
                    }
                }
            }
            if is_evaluated {
                self.unevaluated.properties.remove(name.as_str());
            }
        }
        if !extra.is_empty() {
            self.fail(format!(
                "additional properties {} not allowed",
                quote_all(extra)
            ));
        }
    }

    pub(super) fn array(&mut self, items: &[Json]) {
        let schema = self.schema;
        self.limit("Items", items.len(), schema.min_items, schema.max_items);
        if schema.unique_items
            && self.spend(items.iter().map(Json::weight).sum())
            && let Some((first, second)) = duplicates(items)
        {
            let (first, second) = (count(first), count(second));
            self.fail(format!("items at {first} and {second} are equal"));
        }
        let (each, rest) = if schema.is_since(Draft::D2020) {
            (schema.prefix_items.as_slice(), schema.rest_items)
        } else {
            match &schema.items {
                Some(Items::All(all)) => (&[][..], Some(*all)),
                Some(Items::Each(each)) => (each.as_slice(), None),
                None => (&[][..], None),
            }
        };
        for (index, (item, schema)) in items.iter().zip(each).enumerate() {
            let failure = self.member(*schema, item, &index.to_string());
            self.failures.extend(failure);
        }
        let evaluated = each.len().min(items.len());
        let others = items.get(evaluated..).unwrap_or_default();
        let rest = match &schema.additional_items {
            Some(Additional::Bool(false)) if !others.is_empty() => {
                let left = count(i64::try_from(others.len()).unwrap_or(i64::MAX));
                self.fail(format!("last {left} additionalItem(s) not allowed"));
                None
            }
            Some(Additional::Schema(schema)) => Some(*schema),
            _ => rest,
        };
        if let Some(rest) = rest {
            // The library of Helm 3 counts the others from zero when it says where they are.
            let first = match self.validation.helm {
                HelmVersion::V3 => 0,
                HelmVersion::V4 => evaluated,
            };
            for (index, item) in others.iter().enumerate() {
                let failure = self.member(rest, item, &(first + index).to_string());
                self.failures.extend(failure);
            }
        }
        if let Some(contains) = schema.contains {
            self.contains(contains, items);
        }
    }

    fn contains(&mut self, contains: Id, items: &[Json]) {
        let schema = self.schema;
        let (mut matched, mut causes) = (Vec::new(), Vec::new());
        for (index, item) in items.iter().enumerate() {
            if let Some(failure) = self.member(contains, item, &index.to_string()) {
                causes.push(failure);
                continue;
            }
            matched.push(index.to_string());
            if schema.is_since(Draft::D2020) {
                self.unevaluated.items.remove(&index);
            }
        }
        let found = i64::try_from(matched.len()).unwrap_or(i64::MAX);
        let got = format!("matched {} items at {}", count(found), matched.join(" "));
        match schema.min_contains {
            Some(least) if found < least => {
                let got = if found == 0 {
                    "none matched"
                } else {
                    got.as_str()
                };
                let least = count(least);
                let words =
                    format!("min {least} items required to match contains schema, but {got}");
                self.fail_for(words, causes);
            }
            None if found == 0 => self.fail_for("no items match contains schema", causes),
            _ => {}
        }
        if let Some(most) = schema.max_contains.filter(|most| found > *most) {
            let most = count(most);
            self.fail(format!(
                "max {most} items required to match contains schema, but {got}"
            ));
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        let schema = self.schema;
        if schema.min_length.is_some() || schema.max_length.is_some() {
            self.limit(
                "Length",
                text.chars().count(),
                schema.min_length,
                schema.max_length,
            );
        }
        if let Some((regex, pattern)) = &schema.pattern
            && !regex.is_match(text)
        {
            let (text, pattern) = (quote(text), quote(pattern));
            self.fail(format!("{text} does not match pattern {pattern}"));
        }
    }

    pub(super) fn number(&mut self, text: &str) {
        let schema = self.schema;
        let Some(number) = Decimal::parse(text) else {
            return;
        };
        let got = shown(text);
        for (keyword, limit, is_wrong) in [
            ("minimum", &schema.minimum, &[-1][..]),
            ("maximum", &schema.maximum, &[1]),
            ("exclusiveMinimum", &schema.exclusive_minimum, &[-1, 0]),
            ("exclusiveMaximum", &schema.exclusive_maximum, &[0, 1]),
        ] {
            if let Some((limit, want)) = limit
                && is_wrong.contains(&(number.compare(limit) as i32))
            {
                self.fail(format!("{keyword}: got {got}, want {}", shown(want)));
            }
        }
        if let Some((step, want)) = &schema.multiple_of
            && self.spend(number.division_work(step))
            && !number.is_multiple_of(step)
        {
            self.fail(format!("multipleOf: got {got}, want {}", shown(want)));
        }
    }
}

/// The first item that is equal to one before it, and that one.
fn duplicates(items: &[Json]) -> Option<(i64, i64)> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (second, item) in items.iter().enumerate() {
        if let Some(first) = seen.insert(item.canonical(), second) {
            return Some((i64::try_from(first).ok()?, i64::try_from(second).ok()?));
        }
    }
    None
}
