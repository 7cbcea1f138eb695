//! Which object of head is which object of base.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::resource::{Identity, Resource};

/// One object at base and at head. At least one side is there.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// The object at base; `None` where the change adds it.
    pub before: Option<&'a Resource>,
    /// The object at head; `None` where the change removes it.
    pub after: Option<&'a Resource>,
}

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pairing {
    /// It is at head only.
    Added,
    /// It is at base only.
    Removed,
    /// It is at both, and differs.
    Changed,
    /// It is at both, and is the same.
    Unchanged,
}

impl Pairing {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
        }
    }
}

impl Pair<'_> {
    /// What happened to the object.
    pub fn pairing(&self) -> Pairing {
        match (self.before, self.after) {
            (Some(before), Some(after)) if before.value == after.value => Pairing::Unchanged,
            (Some(_), Some(_)) => Pairing::Changed,
            (None, _) => Pairing::Added,
            (_, None) => Pairing::Removed,
        }
    }

    /// The identity that the object has on both sides, for fingerprints: that of head where it is there.
    pub fn lasting_identity(&self) -> Option<Identity> {
        self.after.or(self.before).map(Resource::lasting_identity)
    }
}

/// What two objects must share to be paired; `None` for an object that a round of pairing leaves alone.
type Key = dyn Fn(&Resource) -> Option<Identity>;

/// Pairs the objects of base and head: all of head's in its order, then those that are only at base, in its order.
///
/// Objects are the same by identity, then by the name without a generated hash, then by kind and name where one side
/// names no namespace and the other does. Where several share an identity, they are paired in their order.
pub fn pair<'a>(base: &'a [Resource], head: &'a [Resource]) -> Vec<Pair<'a>> {
    let mut partner: Vec<Option<usize>> = vec![None; head.len()];
    let mut taken = vec![false; base.len()];
    let rounds: [&Key; 3] = [
        &|resource| Some(resource.identity.canonical()),
        &|resource| resource.stem.is_some().then(|| resource.lasting_identity()),
        &|resource| {
            let mut identity = resource.lasting_identity();
            identity.namespace.clear();
            Some(identity)
        },
    ];
    for (round, key) in rounds.into_iter().enumerate() {
        let mut waiting: BTreeMap<Identity, VecDeque<usize>> = BTreeMap::new();
        for (index, resource) in base.iter().enumerate() {
            if !taken.get(index).copied().unwrap_or(true)
                && let Some(key) = key(resource)
            {
                waiting.entry(key).or_default().push_back(index);
            }
        }
        for (resource, partner) in head.iter().zip(&mut partner) {
            if partner.is_some() {
                continue;
            }
            let Some(candidates) = key(resource).and_then(|key| waiting.get_mut(&key)) else {
                continue;
            };
            let found = candidates.iter().position(|&index| {
                round < 2
                    || base.get(index).is_some_and(|other| {
                        other.identity.namespace.is_empty()
                            != resource.identity.namespace.is_empty()
                    })
            });
            if let Some(index) = found.and_then(|place| candidates.remove(place)) {
                *partner = Some(index);
                if let Some(taken) = taken.get_mut(index) {
                    *taken = true;
                }
            }
        }
    }
    let kept = head.iter().zip(&partner).map(|(after, partner)| Pair {
        before: partner.and_then(|index| base.get(index)),
        after: Some(after),
    });
    let removed = base
        .iter()
        .zip(&taken)
        .filter(|&(_, taken)| !taken)
        .map(|(before, _)| Pair {
            before: Some(before),
            after: None,
        });
    kept.chain(removed).collect()
}

/// The names that only moved because a generated hash did: (at base, at head). Wherever such a name is referred to,
/// the reference moves too, and says nothing new.
pub(super) fn renamed(pairs: &[Pair<'_>]) -> BTreeSet<(String, String)> {
    pairs
        .iter()
        .filter_map(|pair| {
            let (before, after) = (pair.before?, pair.after?);
            let is_hash = before.stem.is_some() && before.stem == after.stem;
            (is_hash && before.identity.name != after.identity.name)
                .then(|| (before.identity.name.clone(), after.identity.name.clone()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::Origin;
    use crate::text::Span;
    use crate::yaml::{Data, Mapping, Value};

    /// An object from `apiVersion kind namespace/name`, with a mark; a name `x~h` has the stem `x`.
    fn object(text: &str, mark: i64) -> Resource {
        let mut words = text.split(' ');
        let mut word = || words.next().unwrap();
        let (version, kind, full) = (word(), word(), word());
        let (namespace, name) = full.split_once('/').unwrap();
        let string = |text: &str| Value::string(text, Origin::NONE);
        let mut metadata = Mapping::new();
        metadata.insert("name", Origin::NONE, string(&name.replace('~', "-")));
        if !namespace.is_empty() {
            metadata.insert("namespace", Origin::NONE, string(namespace));
        }
        let mut map = Mapping::new();
        map.insert("apiVersion", Origin::NONE, string(version));
        map.insert("kind", Origin::NONE, string(kind));
        map.insert(
            "metadata",
            Origin::NONE,
            Value::new(Data::Mapping(metadata)),
        );
        map.insert("mark", Origin::NONE, Value::new(Data::Int(mark)));
        let mut resource = Resource::new(Value::new(Data::Mapping(map)), Span::at(0)).unwrap();
        resource.stem = name.split_once('~').map(|(stem, _)| stem.to_owned());
        resource
    }

    /// Pairs objects and prints each pair by the marks: base objects are counted from 1, head objects from 101.
    fn check(base: &[&str], head: &[&str], expected: &str) {
        let side = |texts: &[&str], first: i64| {
            texts
                .iter()
                .zip(first..)
                .map(|(text, mark)| object(text, mark))
                .collect::<Vec<_>>()
        };
        let (base, head) = (side(base, 1), side(head, 101));
        let mark = |resource: Option<&Resource>| {
            resource.map_or("-".to_owned(), |r| {
                match r.value.get("mark").unwrap().data {
                    Data::Int(mark) => mark.to_string(),
                    _ => "?".to_owned(),
                }
            })
        };
        let pairs: Vec<String> = pair(&base, &head)
            .iter()
            .map(|pair| format!("{}:{}", mark(pair.before), mark(pair.after)))
            .collect();
        assert_eq!(pairs.join(" "), expected, "{base:?} {head:?}");
    }

    #[test]
    fn objects_are_paired_by_identity_stem_and_name() {
        let web = "apps/v1 Deployment a/web";
        check(
            &[web, "v1 Service a/web"],
            &["v1 Service a/web", web],
            "2:101 1:102",
        );
        check(&[web], &["apps/v1 Deployment b/web"], "-:101 1:-");
        check(&["extensions/v1beta1 Deployment a/web"], &[web], "1:101");
        check(&["apps/v1beta2 Deployment a/web"], &[web], "1:101");
        check(
            &["v1 ConfigMap a/conf~1"],
            &["v1 ConfigMap a/conf~2"],
            "1:101",
        );
        check(
            &["v1 ConfigMap a/conf~1"],
            &["v1 ConfigMap b/conf~2"],
            "-:101 1:-",
        );
        check(
            &["v1 ConfigMap a/conf~1", "v1 ConfigMap a/conf~2"],
            &["v1 ConfigMap a/conf~2", "v1 ConfigMap a/conf~3"],
            "2:101 1:102",
        );
        check(&["apps/v1 Deployment /web"], &[web], "1:101");
        check(
            &["rbac.authorization.k8s.io/v1 ClusterRole /x"],
            &["rbac.authorization.k8s.io/v1 ClusterRole a/x"],
            "1:101",
        );
        check(&[web, web], &[web, web, web], "1:101 2:102 -:103");
        check(&[web, "v1 Service a/x"], &[], "1:- 2:-");
    }
}
