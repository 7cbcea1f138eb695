//! Label selectors, and the indexes by which pods and selectors find each other.

use std::collections::BTreeMap;

use crate::resource::Placed;
use crate::yaml::Value;

type Pair<'a> = (&'a str, &'a str);

/// What a selector asks of labels.
#[derive(Debug, Clone)]
pub(super) struct Selector<'a> {
    /// Labels with one allowed value.
    equal: Vec<Pair<'a>>,
    others: Vec<Requirement<'a>>,
}

#[derive(Debug, Clone)]
struct Requirement<'a> {
    key: &'a str,
    operator: &'a str,
    values: Vec<&'a str>,
}

impl<'a> Selector<'a> {
    /// The selector that asks for these labels.
    pub(super) fn equal(equal: Vec<Pair<'a>>) -> Self {
        Self {
            equal,
            others: Vec::new(),
        }
    }

    /// A `LabelSelector`; one that is absent or empty selects everything.
    pub(super) fn of(value: Option<&'a Value>) -> Self {
        let equal = super::texts(value.and_then(|value| value.get("matchLabels")));
        let expressions = value
            .and_then(|value| value.get("matchExpressions"))
            .and_then(Value::as_sequence)
            .unwrap_or_default();
        let text = |value: &'a Value, key| value.get(key).and_then(Value::as_str);
        let others = expressions
            .iter()
            .map(|expression| Requirement {
                key: text(expression, "key").unwrap_or_default(),
                operator: text(expression, "operator").unwrap_or_default(),
                values: expression
                    .get("values")
                    .and_then(Value::as_sequence)
                    .unwrap_or_default()
                    .iter()
                    .filter_map(Value::as_str)
                    .collect(),
            })
            .collect();
        Self { equal, others }
    }

    /// True if and only if it selects pods with these labels.
    pub(super) fn selects(&self, labels: &BTreeMap<&str, &str>) -> bool {
        self.equal
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
            && self.others.iter().all(|requirement| {
                let value = labels.get(requirement.key);
                let listed = value.is_some_and(|value| requirement.values.contains(value));
                match requirement.operator {
                    "In" => listed,
                    "NotIn" => !listed,
                    "Exists" => value.is_some(),
                    "DoesNotExist" => value.is_none(),
                    // No such operator would be accepted, and what is not accepted selects nothing.
                    _ => false,
                }
            })
    }
}

/// Things with labels, in namespaces.
#[derive(Debug, Default)]
pub(super) struct Labelled {
    labels: BTreeMap<usize, BTreeMap<String, String>>,
    by_namespace: BTreeMap<String, Vec<usize>>,
    by_pair: BTreeMap<(String, String, String), Vec<usize>>,
}

impl Labelled {
    pub(super) fn add(&mut self, index: usize, namespace: &str, labels: Vec<Pair<'_>>) {
        let all = self.by_namespace.entry(namespace.to_owned()).or_default();
        all.push(index);
        for (key, value) in &labels {
            let pair = (namespace.to_owned(), (*key).to_owned(), (*value).to_owned());
            self.by_pair.entry(pair).or_default().push(index);
        }
        let owned = |(key, value): Pair<'_>| (key.to_owned(), value.to_owned());
        let labels = labels.into_iter().map(owned).collect();
        self.labels.insert(index, labels);
    }

    /// Those in `namespace` that the selector selects.
    pub(super) fn selected(&self, namespace: &str, selector: &Selector<'_>) -> Vec<usize> {
        let of_pair = |(key, value): &Pair<'_>| {
            let pair = (namespace.to_owned(), (*key).to_owned(), (*value).to_owned());
            self.by_pair.get(&pair).map_or(&[][..], Vec::as_slice)
        };
        let fewest = selector
            .equal
            .iter()
            .map(of_pair)
            .min_by_key(|all| all.len());
        let all = || {
            let all = self.by_namespace.get(namespace);
            all.map_or(&[][..], Vec::as_slice)
        };
        let mut found: Vec<usize> = fewest.unwrap_or_else(all).to_vec();
        found.retain(|index| {
            self.labels.get(index).is_some_and(|labels| {
                let labels = labels
                    .iter()
                    .map(|(key, value)| (key.as_str(), value.as_str()))
                    .collect();
                selector.selects(&labels)
            })
        });
        found
    }
}

/// Selectors, in namespaces.
#[derive(Debug, Default)]
pub(super) struct Selectors<'a> {
    all: Vec<(usize, &'a str, Selector<'a>)>,
    /// By namespace and the rarest label that each asks for; `None` for those that ask for none.
    by_pair: BTreeMap<(&'a str, Option<Pair<'a>>), Vec<usize>>,
}

impl<'a> Selectors<'a> {
    pub(super) fn add(&mut self, index: usize, namespace: &'a str, selector: Selector<'a>) {
        self.all.push((index, namespace, selector));
    }

    /// Builds the index, once all selectors are known.
    pub(super) fn finish(&mut self) {
        let mut count: BTreeMap<Pair<'a>, usize> = BTreeMap::new();
        for pair in self.all.iter().flat_map(|(_, _, selector)| &selector.equal) {
            *count.entry(*pair).or_default() += 1;
        }
        for (position, (_, namespace, selector)) in self.all.iter().enumerate() {
            let rarest = selector
                .equal
                .iter()
                .min_by_key(|pair| count.get(pair))
                .copied();
            let of = self.by_pair.entry((namespace, rarest));
            of.or_default().push(position);
        }
    }

    /// The numbers of those that select pods with these labels in the namespace of `object`.
    pub(super) fn selecting(
        &self,
        object: &Placed<'_>,
        labels: Option<Vec<Pair<'_>>>,
    ) -> Vec<usize> {
        let Some(labels) = labels else {
            return Vec::new();
        };
        let as_map: BTreeMap<&str, &str> = labels.iter().copied().collect();
        let pairs = labels.iter().map(|pair| Some(*pair));
        let mut found: Vec<usize> = std::iter::once(None)
            .chain(pairs)
            .flat_map(|pair| {
                let of = self.by_pair.get(&(object.namespace.as_str(), pair));
                of.into_iter().flatten()
            })
            .filter_map(|position| self.all.get(*position))
            .filter(|(_, _, selector)| selector.selects(&as_map))
            .map(|(index, _, _)| *index)
            .collect();
        found.sort_unstable();
        found
    }
}
