//! Effective RBAC: which rules hold for whom, through which binding.
//!
//! Bindings are joined with roles and subjects through indexes. What a rule allows too much is said by controls.

use std::collections::{BTreeMap, BTreeSet};

use crate::resource::Placed;
use crate::yaml::{Data, Mapping, Value};

const RBAC: &str = "rbac.authorization.k8s.io";

/// A role, by what it is called: `Role` or `ClusterRole`, its namespace (empty for the second), its name.
type RoleKey = (String, String, String);

/// A subject, by its kind, its namespace (empty for users and groups) and its name.
type SubjectKey = (String, String, String);

/// A role that a binding gives to a subject.
#[derive(Debug, Clone)]
pub struct Grant<'a> {
    /// The binding.
    pub binding: usize,
    /// `Role` or `ClusterRole`.
    pub role_kind: String,
    /// The name of the role.
    pub role: String,
    /// Where the rules hold; empty where they hold in the whole cluster.
    pub namespace: String,
    /// The rules; `None` where the role is not among the objects.
    pub rules: Option<Vec<&'a Value>>,
}

/// The joins of one set of objects. Bindings are numbered as the objects were.
pub struct Access<'a> {
    objects: &'a [Placed<'a>],
    roles: BTreeMap<RoleKey, Vec<&'a Value>>,
    bindings: BTreeMap<RoleKey, Vec<usize>>,
    subjects: BTreeMap<SubjectKey, Vec<usize>>,
}

impl<'a> Access<'a> {
    /// Indexes some objects. `everything` holds the rules of the role `cluster-admin`, which every cluster has.
    pub fn of(objects: &'a [Placed<'a>], everything: &'a Value) -> Self {
        let mut roles: BTreeMap<RoleKey, Vec<&Value>> = BTreeMap::new();
        let mut bindings: BTreeMap<RoleKey, Vec<usize>> = BTreeMap::new();
        let mut subjects: BTreeMap<SubjectKey, Vec<usize>> = BTreeMap::new();
        let key = |kind: &str, namespace: &str, name: &str| {
            (kind.to_owned(), namespace.to_owned(), name.to_owned())
        };
        roles.insert(key("ClusterRole", "", "cluster-admin"), rules(everything));
        for (index, object) in objects.iter().enumerate() {
            if let Some(role) = own_key(object) {
                roles.insert(role, rules(&object.resource.value));
            } else if let Some(role) = role_ref(object) {
                bindings.entry(role).or_default().push(index);
                let bound = list(&object.resource.value, "subjects")
                    .iter()
                    .filter_map(|subject| subject_key(subject, &object.namespace))
                    .collect::<BTreeSet<_>>();
                for subject in bound {
                    subjects.entry(subject).or_default().push(index);
                }
            }
        }
        aggregate(objects, &mut roles);
        Self {
            objects,
            roles,
            bindings,
            subjects,
        }
    }

    /// What the service account of this name may do, by itself and as one of all service accounts.
    pub fn service_account(&self, namespace: &str, name: &str) -> Vec<Grant<'a>> {
        let everybody = group("system:authenticated".to_owned());
        let subjects = account_keys(namespace, name).into_iter().chain([everybody]);
        let bindings: BTreeSet<usize> = subjects
            .filter_map(|subject| self.subjects.get(&subject))
            .flatten()
            .copied()
            .collect();
        bindings
            .into_iter()
            .filter_map(|index| self.grant(index))
            .collect()
    }

    /// True if and only if a binding means the service account of this name, or service accounts as such. What everybody
    /// who logs in may do was not given for the sake of a service account, and does not count.
    pub fn is_bound(&self, namespace: &str, name: &str) -> bool {
        account_keys(namespace, name)
            .iter()
            .any(|subject| self.subjects.contains_key(subject))
    }

    fn grant(&self, binding: usize) -> Option<Grant<'a>> {
        let object = self.objects.get(binding)?;
        let role = role_ref(object)?;
        let rules = self.roles.get(&role).cloned();
        let (role_kind, _, role) = role;
        Some(Grant {
            binding,
            role_kind,
            role,
            namespace: object.namespace.clone(),
            rules,
        })
    }

    /// The rules of the role that a binding refers to; `None` for one that is not among the objects.
    pub fn role(&self, binding: &Placed<'_>) -> Option<&[&'a Value]> {
        self.roles.get(&role_ref(binding)?).map(Vec::as_slice)
    }

    /// The bindings that refer to a role.
    pub fn bindings(&self, role: &Placed<'_>) -> &[usize] {
        own_key(role)
            .and_then(|role| self.bindings.get(&role))
            .map_or(&[], Vec::as_slice)
    }
}

/// The rules of `cluster-admin`: an object like a role.
pub fn everything() -> Value {
    let all = || Value::new(Data::Sequence(vec![text("*")]));
    let rule = |keys: &[&str]| {
        let mut map = Mapping::new();
        for key in keys {
            map.insert(*key, crate::origin::Origin::NONE, all());
        }
        Value::new(Data::Mapping(map))
    };
    let rules = vec![
        rule(&["apiGroups", "resources", "verbs"]),
        rule(&["nonResourceURLs", "verbs"]),
    ];
    let mut role = Mapping::new();
    let rules = Value::new(Data::Sequence(rules));
    role.insert("rules", crate::origin::Origin::NONE, rules);
    Value::new(Data::Mapping(role))
}

fn text(text: &str) -> Value {
    Value::new(Data::String(text.to_owned()))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value
        .get(key)
        .and_then(Value::as_sequence)
        .unwrap_or_default()
}

fn rules(role: &Value) -> Vec<&Value> {
    list(role, "rules").iter().collect()
}

fn own_key(object: &Placed<'_>) -> Option<RoleKey> {
    let kind = ["Role", "ClusterRole"]
        .into_iter()
        .find(|kind| object.is(RBAC, kind))?;
    let name = object.resource.identity.name.clone();
    Some((kind.to_owned(), object.namespace.clone(), name))
}

/// The role that a binding refers to.
fn role_ref(object: &Placed<'_>) -> Option<RoleKey> {
    if !object.is(RBAC, "RoleBinding") && !object.is(RBAC, "ClusterRoleBinding") {
        return None;
    }
    let role = object.resource.value.get("roleRef")?;
    let field = |key: &str| role.get(key).and_then(Value::as_str);
    let kind = field("kind")?;
    let namespace = if kind == "Role" {
        object.namespace.clone()
    } else {
        String::new()
    };
    Some((kind.to_owned(), namespace, field("name")?.to_owned()))
}

/// A service account without a namespace is in the binding's: the API server would refuse it, but people mean that.
fn subject_key(subject: &Value, namespace: &str) -> Option<SubjectKey> {
    let field = |key: &str| subject.get(key).and_then(Value::as_str);
    let kind = field("kind")?;
    let namespace = match kind {
        "ServiceAccount" => field("namespace").unwrap_or(namespace),
        _ => "",
    };
    Some((
        kind.to_owned(),
        namespace.to_owned(),
        field("name")?.to_owned(),
    ))
}

/// The subjects by which a binding means a service account: the account, its name as a user, and the groups of all
/// service accounts of its namespace and of the cluster.
fn account_keys(namespace: &str, name: &str) -> [SubjectKey; 4] {
    [
        (
            "ServiceAccount".to_owned(),
            namespace.to_owned(),
            name.to_owned(),
        ),
        (
            "User".to_owned(),
            String::new(),
            format!("system:serviceaccount:{namespace}:{name}"),
        ),
        group(format!("system:serviceaccounts:{namespace}")),
        group("system:serviceaccounts".to_owned()),
    ]
}

fn group(name: String) -> SubjectKey {
    ("Group".to_owned(), String::new(), name)
}

/// Gives the cluster roles that aggregate others the rules of those. One round is enough for what people write: roles
/// that aggregate aggregated roles see what the first ones list themselves.
fn aggregate<'a>(objects: &'a [Placed<'a>], roles: &mut BTreeMap<RoleKey, Vec<&'a Value>>) {
    let labels = |object: &Placed<'a>| -> BTreeMap<&'a str, &'a str> {
        object
            .resource
            .value
            .get("metadata")
            .and_then(|metadata| metadata.get("labels"))
            .and_then(Value::as_mapping)
            .map(|map| {
                map.iter()
                    .filter_map(|entry| Some((entry.key.as_str(), entry.value.as_str()?)))
                    .collect()
            })
            .unwrap_or_default()
    };
    let cluster_roles: Vec<&Placed<'_>> = objects
        .iter()
        .filter(|object| object.is(RBAC, "ClusterRole"))
        .collect();
    for object in &cluster_roles {
        let Some(rule) = object.resource.value.get("aggregationRule") else {
            continue;
        };
        let mut all = Vec::new();
        for selector in list(rule, "clusterRoleSelectors") {
            let wanted = selector.get("matchLabels").and_then(Value::as_mapping);
            let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else {
                continue;
            };
            for other in &cluster_roles {
                let has = labels(other);
                let is_wanted = wanted
                    .iter()
                    .all(|entry| has.get(entry.key.as_str()).copied() == entry.value.as_str());
                if is_wanted && !std::ptr::eq(other.resource, object.resource) {
                    all.extend(rules(&other.resource.value));
                }
            }
        }
        if let Some(key) = own_key(object) {
            roles.insert(key, all);
        }
    }
}
