//! Which resources a patch, a replacement or a generator's merge aims at: anchored regular expressions and Kubernetes' label selectors.

use std::collections::BTreeMap;

use super::file::Selector;
use super::node::Node;
use super::object::{Gvk, Object};
use super::pattern::Whole;
use crate::origin::Origin;

/// A selector ready for use.
#[derive(Debug, Clone)]
pub(super) struct Matcher {
    group: Option<Whole>,
    version: Option<Whole>,
    kind: Option<Whole>,
    name: Option<Whole>,
    namespace: Option<Whole>,
    labels: Vec<Requirement>,
    annotations: Vec<Requirement>,
}

impl Matcher {
    /// Compiles a selector; why it cannot be is a clause.
    pub(super) fn new(selector: &Selector) -> Result<Self, String> {
        let anchored = |pattern: &str| {
            if pattern.is_empty() {
                return Ok(None);
            }
            Whole::new(pattern)
                .map(Some)
                .map_err(|_| format!("`{pattern}` is not a regular expression"))
        };
        Ok(Self {
            group: anchored(&selector.id.gvk.group)?,
            version: anchored(&selector.id.gvk.version)?,
            kind: anchored(&selector.id.gvk.kind)?,
            name: anchored(&selector.id.name)?,
            namespace: anchored(&selector.id.namespace)?,
            labels: requirements(&selector.labels)?,
            annotations: requirements(&selector.annotations)?,
        })
    }

    /// True if and only if the kind fits.
    pub(super) fn fits_gvk(&self, gvk: &Gvk) -> bool {
        fits(self.group.as_ref(), &gvk.group)
            && fits(self.version.as_ref(), &gvk.version)
            && fits(self.kind.as_ref(), &gvk.kind)
    }

    /// True if and only if the name fits.
    pub(super) fn fits_name(&self, name: &str) -> bool {
        fits(self.name.as_ref(), name)
    }

    /// True if and only if the namespace fits.
    pub(super) fn fits_namespace(&self, namespace: &str) -> bool {
        fits(self.namespace.as_ref(), namespace)
    }

    /// True if and only if labels and annotations fit.
    pub(super) fn fits_metadata(&self, object: &Object) -> bool {
        let all = |requirements: &[Requirement], field: &str| {
            requirements.is_empty() || {
                let map = object.metadata_map(field);
                requirements.iter().all(|r| r.holds(&map))
            }
        };
        all(&self.labels, "labels") && all(&self.annotations, "annotations")
    }

    /// True if and only if it says something about labels or annotations.
    pub(super) fn looks_at_metadata(&self) -> bool {
        !self.labels.is_empty() || !self.annotations.is_empty()
    }

    /// Where the fields of the object stand that it looks at, which decide with it.
    pub(super) fn looks_at<'o>(&self, object: &'o Object) -> impl Iterator<Item = Origin> + 'o {
        let metadata = object.node().field("metadata");
        let of = |asked: bool, holder: Option<&'o Node>, field: &str| {
            holder
                .filter(|_| asked)?
                .field(field)
                .map(|node| node.origin)
        };
        let root = Some(object.node());
        let fields = [
            of(self.kind.is_some(), root, "kind"),
            of(
                self.group.is_some() || self.version.is_some(),
                root,
                "apiVersion",
            ),
            of(self.name.is_some(), metadata, "name"),
            of(self.namespace.is_some(), metadata, "namespace"),
        ];
        let maps = [(&self.labels, "labels"), (&self.annotations, "annotations")];
        let marks: Vec<Origin> = maps
            .into_iter()
            .flat_map(|(requirements, map)| requirements.iter().map(move |one| (map, &one.key)))
            .filter_map(|(map, key)| Some(metadata?.field(map)?.field(key)?.origin))
            .collect();
        fields.into_iter().flatten().chain(marks)
    }

    /// True if and only if a patch with this target is applied to the object: name and namespace may be the original ones.
    pub(super) fn selects(&self, object: &Object) -> bool {
        let (now, first) = (object.id(), object.original_id());
        (self.fits_namespace(first.effective_namespace())
            || self.fits_namespace(now.effective_namespace()))
            && (self.fits_name(&first.name) || self.fits_name(&now.name))
            && self.fits_gvk(&now.gvk)
            && self.fits_metadata(object)
    }
}

fn fits(pattern: Option<&Whole>, text: &str) -> bool {
    pattern.is_none_or(|pattern| pattern.fits(text))
}

/// One condition of a label selector.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    condition: Condition,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    Exists,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
    Above(i64),
    Below(i64),
}

impl Requirement {
    fn holds(&self, map: &BTreeMap<&str, &str>) -> bool {
        let value = map.get(self.key.as_str()).copied();
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match &self.condition {
            Condition::Exists => value.is_some(),
            Condition::Absent => value.is_none(),
            Condition::In(values) => value.is_some_and(|v| values.iter().any(|w| w == v)),
            Condition::NotIn(values) => value.is_none_or(|v| values.iter().all(|w| w != v)),
            Condition::Above(limit) => number().is_some_and(|n| n > *limit),
            Condition::Below(limit) => number().is_some_and(|n| n < *limit),
        }
    }
}

/// Reads a label selector (`app=web,tier in (a, b),!beta`).
fn requirements(text: &str) -> Result<Vec<Requirement>, String> {
    let wrong = || format!("`{text}` is not a label selector");
    let mut rest = text.trim();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (requirement, after) = requirement(rest).ok_or_else(wrong)?;
        found.push(requirement);
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(next) if next.trim().is_empty() => return Err(wrong()),
            Some(next) => next.trim_start(),
            None if after.is_empty() => after,
            None => return Err(wrong()),
        };
    }
    Ok(found)
}

fn requirement(text: &str) -> Option<(Requirement, &str)> {
    let word_end = |text: &str| {
        text.find(|c: char| c.is_whitespace() || "=!,()<>".contains(c))
            .unwrap_or(text.len())
    };
    let word = |text: &'_ str| -> Option<(String, usize)> {
        let end = word_end(text);
        let word = text.get(..end)?;
        Some((word.to_owned(), end))
    };
    if let Some(rest) = text.strip_prefix('!') {
        let rest = rest.trim_start();
        let (key, end) = word(rest)?;
        let condition = Condition::Absent;
        return is_key(&key).then_some((Requirement { key, condition }, rest.get(end..)?));
    }
    let (key, end) = word(text)?;
    if !is_key(&key) {
        return None;
    }
    let rest = text.get(end..)?.trim_start();
    let single = |rest: &'_ str| -> Option<(String, usize)> {
        let trimmed = rest.trim_start();
        let (value, end) = word(trimmed)?;
        is_value(&value).then_some((value, rest.len() - trimmed.len() + end))
    };
    let (condition, rest) = if let Some(rest) = rest.strip_prefix("!=") {
        let (value, end) = single(rest)?;
        (Condition::NotIn(vec![value]), rest.get(end..)?)
    } else if let Some(rest) = rest.strip_prefix("==").or_else(|| rest.strip_prefix('=')) {
        let (value, end) = single(rest)?;
        (Condition::In(vec![value]), rest.get(end..)?)
    } else if let Some(rest) = rest.strip_prefix('>') {
        let (value, end) = single(rest)?;
        (Condition::Above(value.parse().ok()?), rest.get(end..)?)
    } else if let Some(rest) = rest.strip_prefix('<') {
        let (value, end) = single(rest)?;
        (Condition::Below(value.parse().ok()?), rest.get(end..)?)
    } else if rest.is_empty() || rest.starts_with(',') {
        (Condition::Exists, rest)
    } else {
        let (operator, end) = word(rest)?;
        let list = rest.get(end..)?.trim_start().strip_prefix('(')?;
        let close = list.find(')')?;
        let values: Vec<String> = list
            .get(..close)?
            .split(',')
            .map(|value| value.trim().to_owned())
            .collect();
        if !values.iter().all(|value| is_value(value)) {
            return None;
        }
        let condition = match operator.as_str() {
            "in" => Condition::In(values),
            "notin" => Condition::NotIn(values),
            _ => return None,
        };
        (condition, list.get(close + 1..)?)
    };
    Some((Requirement { key, condition }, rest))
}

fn is_key(key: &str) -> bool {
    let name = key.split_once('/').map_or(
        key,
        |(prefix, name)| {
            if prefix.is_empty() { "" } else { name }
        },
    );
    !name.is_empty() && is_value(name)
}

fn is_value(value: &str) -> bool {
    let end = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    value.len() <= 63
        && end(value.chars().next())
        && end(value.chars().next_back())
        && value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_selectors_are_kubernetes_own() {
        let map: BTreeMap<&str, &str> = [("app", "web"), ("size", "7")].into();
        let check = |text: &str, expected: Option<bool>| {
            let holds = requirements(text)
                .ok()
                .map(|all| all.iter().all(|r| r.holds(&map)));
            assert_eq!(holds, expected, "{text}");
        };
        check("", Some(true));
        check("app=web", Some(true));
        check("app == web, size>6", Some(true));
        check("app!=web", Some(false));
        check("app in (api, web)", Some(true));
        check("app notin (api,web)", Some(false));
        check("!tier,app", Some(true));
        check("tier!=x", Some(true));
        check("app=", Some(false));
        check("app web", None);
        check("=x", None);
        check("app=web,", None);
    }
}
