//! Functions of `controls/lib` told natively as well: those that controls call again and again, for which Rego is slow.
//!
//! What they mean is their Rego, which OPA runs, too; a test asks both of them the same. `None` is that a function cannot take
//! what it is given, which fails the control; undefined is a value.

use std::collections::BTreeMap;

use regorus::Value;

/// By their names in the package of all built-in rules, with how many arguments they take.
pub(super) const FUNCTIONS: [(&str, u8, fn(&[Value]) -> Option<Value>); 14] = [
    ("lib_change__field", 3, |args| {
        let [map, key, otherwise] = args else {
            return None;
        };
        Some(get(map, key).unwrap_or(otherwise).clone())
    }),
    ("lib_change__text", 2, |args| {
        let [map, key] = args else { return None };
        let value = get(map, key).filter(|value| matches!(value, Value::String(_)));
        Some(value.cloned().unwrap_or_else(|| "".into()))
    }),
    ("lib_labels__carries", 2, |args| {
        let [labels, wanted] = args else { return None };
        let carries = |name: &Value| {
            matches!(labels, Value::Object(_)) && get(labels, name).is_some_and(|v| !is_null(v))
        };
        Some(items(wanted).into_iter().any(carries).into())
    }),
    ("lib_rbac__allowing_in", 4, |args| {
        let [role, groups, resources, verbs] = args else {
            return None;
        };
        let rules = list(role, &"rules".into());
        let rules = items(&rules).into_iter().enumerate();
        let allowing = rules.filter(|(_, rule)| allows(rule, groups, resources, verbs));
        let entries =
            allowing.map(|(index, rule)| object([("index", index.into()), ("rule", rule.clone())]));
        Some(entries.collect::<Vec<Value>>().into())
    }),
    ("lib_rbac__allows", 4, |args| {
        let [rule, groups, resources, verbs] = args else {
            return None;
        };
        Some(holds(allows(rule, groups, resources, verbs)))
    }),
    ("lib_rbac__everything", 1, |args| {
        let [rule] = args else { return None };
        let has_any = |field: &str| contains(&list(rule, &field.into()), &"*".into());
        let is_all = items(&list(rule, &"resourceNames".into())).is_empty()
            && has_any("verbs")
            && has_any("resources")
            && meets(rule, "apiGroups", |group| *group == "".into());
        Some(holds(is_all))
    }),
    ("lib_resources__lacks", 3, |args| {
        let [spec, field, resource] = args else {
            return None;
        };
        Some(holds(lacks(spec, field, resource)))
    }),
    ("lib_version__image", 1, |args| match args {
        [Value::String(reference)] => Some(image(reference)),
        _ => None,
    }),
    ("lib_workload__containers_of", 1, |args| {
        Some(containers(args.first()?)?.into())
    }),
    ("lib_workload__effective", 3, |args| {
        let [container, field, otherwise] = args else {
            return None;
        };
        let mut found = None;
        for holder in [Some(container), key(container, "pod")] {
            match holder.and_then(|holder| key(holder, "security")) {
                Some(security @ Value::Object(_)) => found = found.or(get(security, field)),
                Some(_) => return None,
                None => {}
            }
            found = found.filter(|value| !is_null(value));
        }
        Some(found.unwrap_or(otherwise).clone())
    }),
    ("lib_workload__list", 2, |args| {
        let [object, key] = args else { return None };
        Some(list(object, key))
    }),
    ("lib_workload__map", 2, |args| {
        let [object, key] = args else { return None };
        Some(map(object, key))
    }),
    ("lib_workload__mounted", 2, |args| {
        let [containers, kind] = args else {
            return None;
        };
        let containers = items(containers).into_iter();
        let mounts = containers.filter_map(|container| mounted(container, kind));
        Some(mounts.flatten().collect::<Vec<Value>>().into())
    }),
    ("lib_workload__text", 2, |args| match args {
        [Value::String(text), _] if !text.is_empty() => args.first().cloned(),
        _ => args.get(1).cloned(),
    }),
];

/// The answer of a function that is true or undefined.
fn holds(is_so: bool) -> Value {
    if is_so { true.into() } else { Value::Undefined }
}

/// As `object.get` looks: a list of keys is a way.
fn get<'v>(object: &'v Value, key: &Value) -> Option<&'v Value> {
    let Value::Object(fields) = object else {
        return None;
    };
    let Value::Array(way) = key else {
        return fields.get(key);
    };
    let found = way.iter().fold(object, |at, step| &at[step]);
    (found != &Value::Undefined).then_some(found)
}

/// A field by its name.
fn key<'v>(object: &'v Value, name: &str) -> Option<&'v Value> {
    match object {
        Value::Object(fields) => fields.get(&name.into()),
        _ => None,
    }
}

fn is_null(value: &Value) -> bool {
    *value == Value::Null
}

/// What `some x in collection` gives.
fn items(collection: &Value) -> Vec<&Value> {
    match collection {
        Value::Array(items) => items.iter().collect(),
        Value::Set(items) => items.iter().collect(),
        Value::Object(fields) => fields.iter().map(|(_, value)| value).collect(),
        _ => Vec::new(),
    }
}

fn contains(collection: &Value, item: &Value) -> bool {
    match collection {
        Value::Set(items) => items.contains(item),
        _ => items(collection).contains(&item),
    }
}

fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    let entries = entries.into_iter();
    let entries: BTreeMap<Value, Value> = entries.map(|(key, value)| (key.into(), value)).collect();
    entries.into()
}

fn list(object: &Value, key: &Value) -> Value {
    let value = get(object, key).filter(|value| matches!(value, Value::Array(_)));
    value.cloned().unwrap_or_else(Value::new_array)
}

fn map(object: &Value, key: &Value) -> Value {
    let value = get(object, key).filter(|value| matches!(value, Value::Object(_)));
    value.cloned().unwrap_or_else(Value::new_object)
}

/// A way with more steps.
fn way(start: &Value, steps: [Value; 2]) -> Option<Value> {
    let Value::Array(start) = start else {
        return None;
    };
    Some(
        start
            .iter()
            .cloned()
            .chain(steps)
            .collect::<Vec<_>>()
            .into(),
    )
}

fn facts(pod: &Value, path: &Value, spec: &Value) -> Option<Value> {
    let system = map(spec, &"os".into());
    let is_windows = key(&system, "name").is_some_and(|name| *name == "windows".into());
    let own_users = key(spec, "hostUsers").is_some_and(|host| *host == false.into());
    Some(object([
        ("path", path.clone()),
        ("spec", spec.clone()),
        ("metadata", key(pod, "metadata")?.clone()),
        ("security", map(spec, &"securityContext".into())),
        ("windows", is_windows.into()),
        ("user_namespace", own_users.into()),
    ]))
}

/// In the order of the fields' names, which is the one in which Rego goes through an object.
const FIELDS: [(&str, &str); 3] = [
    ("containers", "container"),
    ("ephemeralContainers", "ephemeral container"),
    ("initContainers", "init container"),
];

fn containers(pods: &Value) -> Option<Vec<Value>> {
    let mut found = Vec::new();
    for pod in items(pods) {
        let (Some(path), Some(spec)) = (key(pod, "path"), key(pod, "spec")) else {
            continue;
        };
        let Value::Object(_) = spec else { return None };
        let Some(facts) = facts(pod, path, spec) else {
            continue;
        };
        for (field, word) in FIELDS {
            let specs = list(spec, &field.into());
            for (index, spec) in items(&specs).into_iter().enumerate() {
                let Value::Object(_) = spec else { continue };
                let path = way(path, [field.into(), index.into()])?;
                let name = match key(spec, "name") {
                    Some(Value::String(name)) if !name.is_empty() => name.to_string(),
                    _ => index.to_string(),
                };
                let security = map(spec, &"securityContext".into());
                let capabilities = map(&security, &"capabilities".into());
                found.push(object([
                    ("path", path),
                    ("spec", spec.clone()),
                    ("field", field.into()),
                    ("label", format!("{word} `{name}`").into()),
                    ("name", name.into()),
                    ("security", security),
                    ("added", list(&capabilities, &"add".into())),
                    ("dropped", list(&capabilities, &"drop".into())),
                    ("pod", facts.clone()),
                ]));
            }
        }
    }
    Some(found)
}

fn mounted(container: &Value, kind: &Value) -> Option<Vec<Value>> {
    let (spec, path) = (key(container, "spec")?, key(container, "path")?);
    let label = key(container, "label")?;
    let volumes = list(key(key(container, "pod")?, "spec")?, &"volumes".into());
    let mut found = Vec::new();
    for field in ["volumeMounts", "volumeDevices"] {
        let mounts = list(spec, &field.into());
        for (index, mount) in items(&mounts).into_iter().enumerate() {
            let Some(name) = key(mount, "name") else {
                continue;
            };
            for volume in items(&volumes) {
                if key(volume, "name") != Some(name) {
                    continue;
                }
                let joined = list(&map(volume, &"projected".into()), &"sources".into());
                for holder in [volume].into_iter().chain(items(&joined)) {
                    let source =
                        get(holder, kind).filter(|value| matches!(value, Value::Object(_)));
                    if let Some(source) = source {
                        found.push(object([
                            ("source", source.clone()),
                            ("path", way(path, [field.into(), index.into()])?),
                            ("label", label.clone()),
                        ]));
                    }
                }
            }
        }
    }
    Some(found)
}

fn lacks(spec: &Value, field: &Value, resource: &Value) -> bool {
    let written = |field: &Value| {
        let amounts = map(&map(spec, &"resources".into()), field);
        get(&amounts, resource).cloned()
    };
    let is_nothing = |amount: &Value| *amount == 0.into() || *amount == "0".into();
    let is_unset = |field: &Value| {
        written(field)
            .is_none_or(|amount| is_nothing(&amount) || is_null(&amount) || amount == "".into())
    };
    if *field == "limits".into() {
        return is_unset(field);
    }
    let is_zero = || {
        let way = ["resources".into(), "requests".into(), resource.clone()];
        get(spec, &Value::from(way.to_vec())).is_some_and(is_nothing)
    };
    *field == "requests".into() && (is_unset(field) && is_unset(&"limits".into()) || is_zero())
}

/// Whether a list of a rule has something that is wanted, or the wildcard.
fn meets(rule: &Value, field: &str, is_wanted: impl Fn(&Value) -> bool) -> bool {
    let list = list(rule, &field.into());
    let mut entries = items(&list).into_iter();
    entries.any(|entry| *entry == "*".into() || is_wanted(entry))
}

fn allows(rule: &Value, groups: &Value, resources: &Value, verbs: &Value) -> bool {
    let parts = items(resources).into_iter().filter_map(|resource| {
        let Value::String(resource) = resource else {
            return None;
        };
        let (_, part) = resource.split_once('/')?;
        (!part.contains('/')).then(|| Value::from(format!("*/{part}")))
    });
    let parts: Vec<Value> = parts.collect();
    meets(rule, "verbs", |verb| contains(verbs, verb))
        && meets(rule, "apiGroups", |group| contains(groups, group))
        && meets(rule, "resources", |resource| {
            contains(resources, resource) || parts.contains(resource)
        })
}

fn image(reference: &str) -> Value {
    let mut pinned = reference.split('@');
    let named = pinned.next().unwrap_or_default();
    let digest = pinned.next().unwrap_or_default();
    let start = named.rfind('/').map_or(0, |slash| slash + 1);
    let (path, last) = named.split_at_checked(start).unwrap_or_default();
    let mut pieces = last.split(':');
    let repository = format!("{path}{}", pieces.next().unwrap_or_default());
    let tag = pieces.next().unwrap_or_default();
    object([
        ("repository", repository.into()),
        ("tag", tag.into()),
        ("digest", digest.into()),
    ])
}
