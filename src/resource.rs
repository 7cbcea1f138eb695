//! A rendered Kubernetes object: its identity, its content with origins, and where its pods are described.
//!
//! This is the one place that knows how Kubernetes names things: which kinds describe pods, which have no namespace,
//! which field names an item of a list. It renders and judges nothing.

mod credential;
mod placed;
mod references;
mod secret;

pub use credential::credentials_in;

use std::fmt;

use crate::text::Span;
use crate::yaml::{Data, Path, Step, Value};
pub use placed::Placed;
pub use references::Reference;

/// What makes an object the same object in two renderings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// API group; empty for the core group. The version is not part of the identity: an object that moves
    /// from `apps/v1beta2` to `apps/v1` is still the same object.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace; empty where the object names none.
    pub namespace: String,
    /// Name, with the hash suffix that a generator added (see [`Resource::stem`]).
    pub name: String,
}

impl fmt::Display for Identity {
    /// `Deployment/web`, with the namespace and group where they are set: `Deployment.apps/web in clinic`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        write!(f, "/{}", self.name)?;
        if !self.namespace.is_empty() {
            write!(f, " in {}", self.namespace)?;
        }
        Ok(())
    }
}

impl Identity {
    /// The identity by which the same object is recognised across API versions: a kind that moved out of the old
    /// `extensions` group is named by its present group, and a kind without namespace names none.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let group = match (self.group.as_str(), self.kind.as_str()) {
            ("extensions", "Deployment" | "DaemonSet" | "ReplicaSet") => "apps",
            ("extensions", "Ingress" | "NetworkPolicy") => "networking.k8s.io",
            ("extensions", "PodSecurityPolicy") => "policy",
            (group, _) => group,
        }
        .to_owned();
        let mut canonical = Self {
            group,
            ..self.clone()
        };
        if canonical.is_cluster_scoped() {
            canonical.namespace.clear();
        }
        canonical
    }

    /// True if and only if objects of this built-in kind live outside namespaces. Kinds that a
    /// CustomResourceDefinition adds count as namespaced, apart from a few that are met everywhere.
    pub fn is_cluster_scoped(&self) -> bool {
        CLUSTER_SCOPED
            .iter()
            .any(|(group, kinds)| *group == self.group && kinds.contains(&self.kind.as_str()))
    }
}

/// The kinds that have no namespace, by group.
const CLUSTER_SCOPED: [(&str, &[&str]); 21] = [
    (
        "",
        &["ComponentStatus", "Namespace", "Node", "PersistentVolume"],
    ),
    (
        "admissionregistration.k8s.io",
        &[
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ],
    ),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["APIService"]),
    (
        "certificates.k8s.io",
        &["CertificateSigningRequest", "ClusterTrustBundle"],
    ),
    ("cert-manager.io", &["ClusterIssuer"]),
    (
        "cilium.io",
        &[
            "CiliumClusterwideEnvoyConfig",
            "CiliumClusterwideNetworkPolicy",
        ],
    ),
    (
        "external-secrets.io",
        &["ClusterExternalSecret", "ClusterSecretStore"],
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        &["FlowSchema", "PriorityLevelConfiguration"],
    ),
    ("gateway.networking.k8s.io", &["GatewayClass"]),
    ("internal.apiserver.k8s.io", &["StorageVersion"]),
    ("kyverno.io", &["ClusterCleanupPolicy", "ClusterPolicy"]),
    (
        "networking.k8s.io",
        &["IPAddress", "IngressClass", "ServiceCIDR"],
    ),
    ("node.k8s.io", &["RuntimeClass"]),
    (
        "policy.networking.k8s.io",
        &[
            "AdminNetworkPolicy",
            "BaselineAdminNetworkPolicy",
            "ClusterNetworkPolicy",
        ],
    ),
    ("policy", &["PodSecurityPolicy"]),
    (
        "projectcalico.org",
        &["GlobalNetworkPolicy", "GlobalNetworkSet"],
    ),
    (
        "rbac.authorization.k8s.io",
        &["ClusterRole", "ClusterRoleBinding"],
    ),
    ("resource.k8s.io", &["DeviceClass", "ResourceSlice"]),
    ("scheduling.k8s.io", &["PriorityClass"]),
    (
        "storage.k8s.io",
        &[
            "CSIDriver",
            "CSINode",
            "StorageClass",
            "VolumeAttachment",
            "VolumeAttributesClass",
        ],
    ),
];

/// The kinds that describe pods, by group, and the way to the pod (the map that holds `metadata` and `spec`).
const POD_KINDS: [(&str, &[&str], &[&str]); 15] = [
    ("", &["Pod"], &[]),
    ("", &["PodTemplate"], &["template"]),
    ("", &["ReplicationController"], &["spec", "template"]),
    (
        "apps",
        &["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"],
        &["spec", "template"],
    ),
    ("batch", &["Job"], &["spec", "template"]),
    (
        "batch",
        &["CronJob"],
        &["spec", "jobTemplate", "spec", "template"],
    ),
    ("argoproj.io", &["Rollout"], &["spec", "template"]),
    (
        "apps.openshift.io",
        &["DeploymentConfig"],
        &["spec", "template"],
    ),
    (
        "apps.kruise.io",
        &["CloneSet", "DaemonSet", "StatefulSet"],
        &["spec", "template"],
    ),
    (
        "serving.knative.dev",
        &["Configuration", "Service"],
        &["spec", "template"],
    ),
    ("serving.knative.dev", &["Revision"], &[]),
    (
        "keda.sh",
        &["ScaledJob"],
        &["spec", "jobTargetRef", "template"],
    ),
    ("agents.x-k8s.io", &["Sandbox"], &["spec", "podTemplate"]),
    (
        "extensions.agents.x-k8s.io",
        &["SandboxTemplate"],
        &["spec", "podTemplate"],
    ),
    (
        "leaderworkerset.x-k8s.io",
        &["LeaderWorkerSet"],
        &["spec", "leaderWorkerTemplate", "workerTemplate"],
    ),
];

/// A pod as an object describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodPath {
    /// The way to the pod specification (`spec.template.spec`).
    pub spec: Path,
    /// The way to the metadata that the pods get (`spec.template.metadata`).
    pub metadata: Path,
}

/// One object of a rendering.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Which object it is.
    pub identity: Identity,
    /// `apiVersion` as written.
    pub api_version: String,
    /// Its content.
    pub value: Value,
    /// Its bytes in the output of the rendering.
    pub span: Span,
    /// For an object whose name ends in the content hash of a generator, the name without it.
    pub stem: Option<String>,
    /// The way to the map that holds the metadata and the specification of pods, for a kind of which only the user knows that it
    /// describes some.
    pub pod_template: Option<Path>,
}

impl Resource {
    /// Reads the identity of an object; `None` for a value that is not a Kubernetes object (no `kind`, no `apiVersion`).
    pub fn new(value: Value, span: Span) -> Option<Self> {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let api_version = text(value.get("apiVersion"))?;
        let kind = text(value.get("kind"))?;
        let metadata = value.get("metadata");
        let identity = Identity {
            group: api_version
                .split_once('/')
                .map(|(group, _)| group.to_owned())
                .unwrap_or_default(),
            kind,
            namespace: text(metadata.and_then(|m| m.get("namespace"))).unwrap_or_default(),
            name: text(metadata.and_then(|m| m.get("name")))
                .or_else(|| text(metadata.and_then(|m| m.get("generateName"))))
                .unwrap_or_default(),
        };
        Some(Self {
            identity,
            api_version,
            value,
            span,
            stem: None,
            pod_template: None,
        })
    }

    /// The identity that does not move when the content does: [`Identity::canonical`], with the stem for a hashed name.
    pub fn lasting_identity(&self) -> Identity {
        let mut identity = self.identity.canonical();
        if let Some(stem) = &self.stem {
            identity.name.clone_from(stem);
        }
        identity
    }

    /// Where this object describes pods; nothing for a kind that describes none, and for one that leaves its template out.
    pub fn pod(&self) -> Option<PodPath> {
        let known = || {
            let identity = self.identity.canonical();
            let (_, _, way) = POD_KINDS.iter().find(|(group, kinds, _)| {
                *group == identity.group && kinds.contains(&identity.kind.as_str())
            })?;
            Some(way.iter().fold(Path::root(), |path, key| path.key(*key)))
        };
        let pod = self.pod_template.clone().or_else(known)?;
        let found = PodPath {
            spec: pod.clone().key("spec"),
            metadata: pod.key("metadata"),
        };
        self.value.at(&found.spec)?.as_mapping()?;
        Some(found)
    }
}

/// Takes a list object (`kind: List`, `kind: ConfigMapList`) apart into the objects in it, and gives any other value back as it is.
///
/// `kubectl apply` and Kustomize do the same. A list inside a list is taken apart too, to a few levels.
pub fn flatten(value: Value) -> Vec<Value> {
    let mut flat = Vec::new();
    // The last item of `todo` is the next one; the depth bounds lists inside lists.
    let mut todo = vec![(value, 0)];
    while let Some((value, depth)) = todo.pop() {
        let is_list = value
            .get("kind")
            .and_then(Value::as_str)
            .is_some_and(|kind| kind.ends_with("List"));
        let items = value.get("items").and_then(Value::as_sequence);
        match items {
            Some(items) if is_list && depth < 4 => {
                todo.extend(items.iter().rev().map(|item| (item.clone(), depth + 1)));
            }
            _ => flat.push(value),
        }
    }
    flat
}

/// The fields that name an item of the list under `field`, most telling first. Empty where the type has no such field.
///
/// These are the merge keys of the Kubernetes API. `ports` is a list of two different types, so it has the keys of both.
fn merge_keys(field: &str) -> &'static [&'static str] {
    match field {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "env"
        | "volumes"
        | "imagePullSecrets"
        | "secrets"
        | "webhooks"
        | "sysctls"
        | "resourceClaims"
        | "claims"
        | "listeners"
        | "validations"
        | "variables"
        | "versions" => &["name"],
        "volumeMounts" => &["mountPath"],
        "volumeDevices" => &["devicePath"],
        "ports" => &["containerPort", "port", "name"],
        "hostAliases" => &["ip"],
        "topologySpreadConstraints" => &["topologyKey"],
        "conditions" => &["type"],
        "ownerReferences" => &["uid"],
        _ => &[],
    }
}

/// The lists of plain texts that are sets: an item is named by itself.
fn is_set(field: &str) -> bool {
    matches!(field, "add" | "drop" | "finalizers" | "accessModes")
}

/// What names `item`, an item of the list under `field`: the field and its text (`("name", "web")`), or an empty
/// field name for a plain text of a set. `None` where only its index tells it from the others.
pub fn item_key(field: &str, item: &Value) -> Option<(&'static str, String)> {
    if let Some(text) = item.as_str() {
        return is_set(field).then(|| ("", text.to_owned()));
    }
    let text = |value: &Value| match &value.data {
        Data::String(text) => Some(text.clone()),
        Data::Int(number) => Some(number.to_string()),
        _ => None,
    };
    if field == "volumeClaimTemplates" {
        return Some(("name", text(item.get("metadata")?.get("name")?)?));
    }
    let mut keys = merge_keys(field).iter().copied();
    // Lists that this program does not know, such as those of custom resources, mostly name their items by `name`.
    let key = keys
        .find(|key| item.get(key).is_some())
        .or_else(|| item.get("name").map(|_| "name"))?;
    let mut name = text(item.get(key)?)?;
    if key == "containerPort" || key == "port" {
        // A port number may be there twice, once per protocol.
        if let Some(protocol) = item.get("protocol").and_then(Value::as_str)
            && protocol != "TCP"
        {
            name.push('/');
            name.push_str(protocol);
        }
    }
    Some((key, name))
}

/// `path` with the items of lists named by what names them in `value`: `spec.containers[name=web].image`.
///
/// Such a path does not move when an item is added before. An item without a name, or with one that another item of
/// its list has too, keeps its index.
pub fn name_path(value: &Value, path: &Path) -> String {
    let mut name = String::new();
    let mut here = Some(value);
    let mut field = "";
    for step in path.steps() {
        match step {
            Step::Key(key) => {
                if !name.is_empty() {
                    name.push('.');
                }
                name.push_str(&key.replace('\\', "\\\\").replace('.', "\\."));
                here = here.and_then(|value| value.get(key));
                field = key;
            }
            Step::Index(index) => {
                let items = here.and_then(Value::as_sequence).unwrap_or_default();
                let item = items.get(*index);
                let key = item.and_then(|item| item_key(field, item));
                let alone = key.is_some()
                    && items
                        .iter()
                        .filter(|other| item_key(field, other) == key)
                        .count()
                        == 1;
                let item_name = match key {
                    Some((key, text)) if alone && key.is_empty() => format!("[{text}]"),
                    Some((key, text)) if alone => format!("[{key}={text}]"),
                    _ => format!("[{index}]"),
                };
                name.push_str(&item_name);
                here = item;
            }
        }
    }
    name
}

/// The path that [`name_path`] calls `name` in `value`; an item may be named by its index, too. `None` where it is no path, or
/// where no item is called so.
pub fn find_named(value: &Value, name: &str) -> Option<Path> {
    let (mut plain, mut rest) = (String::new(), name);
    while let Some((before, after)) = rest.split_once('[') {
        let (item, after) = after.split_once(']')?;
        plain.push_str(before);
        let index = if item.bytes().all(|b| b.is_ascii_digit()) {
            item.to_owned()
        } else {
            let list: Path = plain.parse().ok()?;
            let wanted = format!("[{item}]");
            let length = value.at(&list)?.as_sequence()?.len();
            let is_wanted =
                |&index: &usize| name_path(value, &list.clone().index(index)).ends_with(&wanted);
            (0..length).find(is_wanted)?.to_string()
        };
        plain.push_str(&format!("[{index}]"));
        rest = after;
    }
    plain.push_str(rest);
    plain.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::Origin;
    use crate::yaml::{self, Dialect};

    fn value(text: &str) -> Value {
        let stream = yaml::parse(text);
        assert_eq!(stream.error, None, "{text}");
        stream.documents[0]
            .value(Dialect::Helm, &mut |_| Origin::NONE)
            .unwrap()
    }

    pub(super) fn object(text: &str) -> Resource {
        Resource::new(value(text), Span::at(0)).unwrap()
    }

    #[test]
    fn pods_are_found_in_every_kind_that_describes_them() {
        let check = |version: &str, kind: &str, body: &str, expected: Option<&str>| {
            let resource = object(&format!("apiVersion: {version}\nkind: {kind}\n{body}\n"));
            let found = resource.pod().map(|pod| pod.spec.to_string());
            assert_eq!(found.as_deref(), expected, "{version} {kind}");
        };
        let template = "spec: { template: { spec: { containers: [] } } }";
        let nested = "spec: { jobTemplate: { spec: { template: { spec: { containers: [] } } } } }";
        check("v1", "Pod", "spec: { containers: [] }", Some("spec"));
        check(
            "v1",
            "PodTemplate",
            "template: { spec: {} }",
            Some("template.spec"),
        );
        check(
            "v1",
            "ReplicationController",
            template,
            Some("spec.template.spec"),
        );
        for kind in ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"] {
            check("apps/v1", kind, template, Some("spec.template.spec"));
        }
        check(
            "extensions/v1beta1",
            "Deployment",
            template,
            Some("spec.template.spec"),
        );
        check("batch/v1", "Job", template, Some("spec.template.spec"));
        check(
            "batch/v1beta1",
            "CronJob",
            nested,
            Some("spec.jobTemplate.spec.template.spec"),
        );
        check(
            "argoproj.io/v1alpha1",
            "Rollout",
            template,
            Some("spec.template.spec"),
        );
        check(
            "argoproj.io/v1alpha1",
            "Rollout",
            "spec: { workloadRef: {} }",
            None,
        );
        check(
            "serving.knative.dev/v1",
            "Service",
            template,
            Some("spec.template.spec"),
        );
        check("v1", "Service", template, None);
        check(
            "apps/v1",
            "Deployment",
            "spec: { template: { spec: null } }",
            None,
        );
        check("example.com/v1", "Deployment", template, None);
    }

    #[test]
    fn lists_are_taken_apart() {
        let list = "kind: List\napiVersion: v1\nitems:\n- { kind: A, apiVersion: v1 }\n- { kind: RoleList, apiVersion: v1, items: [{ kind: B, apiVersion: v1 }] }\n- { kind: AllowList, apiVersion: v1 }\n";
        let kinds: Vec<String> = flatten(value(list))
            .iter()
            .map(|v| v.get("kind").and_then(Value::as_str).unwrap().to_owned())
            .collect();
        assert_eq!(kinds, ["A", "B", "AllowList"]);
    }

    #[test]
    fn items_are_named_where_they_have_a_name() {
        let object = value(
            "containers: [{ name: web, ports: [{ containerPort: 80, name: http }] }, { name: x }, { name: x }]\nargs: [a]\nadd: [NET_RAW]\nvolumeClaimTemplates: [{ metadata: { name: data } }]\nmounts: [{ mountPath: /a }]\nvolumeMounts: [{ mountPath: /a, name: v }]\na.b: [{ name: odd }]\n",
        );
        let check = |path: &str, expected: &str| {
            let path: Path = path.parse().unwrap();
            assert_eq!(name_path(&object, &path), expected);
            assert_eq!(find_named(&object, expected), Some(path));
        };
        check("containers[0].image", "containers[name=web].image");
        check(
            "containers[0].ports[0].hostPort",
            "containers[name=web].ports[containerPort=80].hostPort",
        );
        check("containers[1].image", "containers[1].image");
        check("containers[9].image", "containers[9].image");
        check("args[0]", "args[0]");
        check("add[0]", "add[NET_RAW]");
        check(
            "volumeClaimTemplates[0].spec",
            "volumeClaimTemplates[name=data].spec",
        );
        check("mounts[0]", "mounts[0]");
        check(
            "volumeMounts[0].readOnly",
            "volumeMounts[mountPath=/a].readOnly",
        );
        check("a\\.b[0]", "a\\.b[name=odd]");
        check("nothing[0].here", "nothing[0].here");
    }

    #[test]
    fn identities_are_canonical() {
        let check = |text: &str, expected: &str| {
            let resource = object(text);
            assert_eq!(resource.lasting_identity().to_string(), expected);
        };
        check(
            "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: { name: i, namespace: clinic }\n",
            "Ingress.networking.k8s.io/i in clinic",
        );
        check(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: r, namespace: clinic }\n",
            "ClusterRole.rbac.authorization.k8s.io/r",
        );
        check(
            "apiVersion: v1\nkind: Service\nmetadata: { name: s, namespace: clinic }\n",
            "Service/s in clinic",
        );
    }
}
