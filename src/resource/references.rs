//! Which objects of its namespace an object names: the ConfigMaps, Secrets, claims and so on that it needs to work.

use super::Resource;
use crate::yaml::Value;

/// One object that another one names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference<'a> {
    /// `ConfigMap`, `Secret`, `PersistentVolumeClaim` or `ServiceAccount`, all of the core group.
    pub kind: &'static str,
    /// Its name.
    pub name: &'a str,
    /// What for: `volume`, `env`, `imagePull`, `identity` or `tls`.
    pub how: &'static str,
}

impl Resource {
    /// The name of the service account that the pods of the object run as; `None` where it describes no pods.
    pub fn service_account(&self) -> Option<&str> {
        let spec = self.value.at(&self.pod()?.spec)?;
        let named = |key| spec.get(key).and_then(Value::as_str);
        Some(
            named("serviceAccountName")
                .or_else(|| named("serviceAccount"))
                .filter(|name| !name.is_empty())
                .unwrap_or("default"),
        )
    }

    /// The objects of its own namespace that the object names, each once for each use, sorted.
    pub fn references(&self) -> Vec<Reference<'_>> {
        let mut found = Vec::new();
        if let Some(spec) = self.pod().and_then(|pod| self.value.at(&pod.spec)) {
            of_pod(spec, &mut found);
        }
        match (self.identity.group.as_str(), self.identity.kind.as_str()) {
            ("", "ServiceAccount") => {
                names(&self.value, "secrets", "Secret", "identity", &mut found);
                names(
                    &self.value,
                    "imagePullSecrets",
                    "Secret",
                    "imagePull",
                    &mut found,
                );
            }
            ("networking.k8s.io" | "extensions", "Ingress") => {
                for item in list(self.value.get("spec"), "tls") {
                    add(item.get("secretName"), "Secret", "tls", &mut found);
                }
            }
            ("gateway.networking.k8s.io", "Gateway") => {
                for listener in list(self.value.get("spec"), "listeners") {
                    for item in list(listener.get("tls"), "certificateRefs") {
                        let kind = item.get("kind").and_then(Value::as_str);
                        if kind.is_none_or(|kind| kind == "Secret")
                            && item.get("namespace").is_none()
                        {
                            add(item.get("name"), "Secret", "tls", &mut found);
                        }
                    }
                }
            }
            _ => {}
        }
        if let Some(name) = self.service_account() {
            found.push(Reference {
                kind: "ServiceAccount",
                name,
                how: "identity",
            });
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn list<'a>(value: Option<&'a Value>, key: &str) -> &'a [Value] {
    value
        .and_then(|value| value.get(key))
        .and_then(Value::as_sequence)
        .unwrap_or_default()
}

fn add<'a>(
    name: Option<&'a Value>,
    kind: &'static str,
    how: &'static str,
    found: &mut Vec<Reference<'a>>,
) {
    if let Some(name) = name.and_then(Value::as_str) {
        found.push(Reference { kind, name, how });
    }
}

/// A list of maps with a `name` each.
fn names<'a>(
    value: &'a Value,
    key: &str,
    kind: &'static str,
    how: &'static str,
    found: &mut Vec<Reference<'a>>,
) {
    for item in list(Some(value), key) {
        add(item.get("name"), kind, how, found);
    }
}

fn of_pod<'a>(spec: &'a Value, found: &mut Vec<Reference<'a>>) {
    let field = |value: &'a Value, key: &str, name: &str| value.get(key).and_then(|v| v.get(name));
    for volume in list(Some(spec), "volumes") {
        let claim = field(volume, "persistentVolumeClaim", "claimName");
        add(claim, "PersistentVolumeClaim", "volume", found);
        add(
            field(volume, "secret", "secretName"),
            "Secret",
            "volume",
            found,
        );
        add(
            field(volume, "configMap", "name"),
            "ConfigMap",
            "volume",
            found,
        );
        for source in list(volume.get("projected"), "sources") {
            add(field(source, "secret", "name"), "Secret", "volume", found);
            add(
                field(source, "configMap", "name"),
                "ConfigMap",
                "volume",
                found,
            );
        }
    }
    for containers in ["containers", "initContainers", "ephemeralContainers"] {
        for container in list(Some(spec), containers) {
            for item in list(Some(container), "env") {
                let Some(from) = item.get("valueFrom") else {
                    continue;
                };
                add(field(from, "secretKeyRef", "name"), "Secret", "env", found);
                add(
                    field(from, "configMapKeyRef", "name"),
                    "ConfigMap",
                    "env",
                    found,
                );
            }
            for from in list(Some(container), "envFrom") {
                add(field(from, "secretRef", "name"), "Secret", "env", found);
                add(
                    field(from, "configMapRef", "name"),
                    "ConfigMap",
                    "env",
                    found,
                );
            }
        }
    }
    names(spec, "imagePullSecrets", "Secret", "imagePull", found);
}
