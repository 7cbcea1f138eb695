//! `.Capabilities`: the Kubernetes version and the API versions that `helm template` assumes.

use std::any::Any;
use std::rc::Rc;

use super::function::{Context, FunctionError, Type, text};
use super::metadata::{Field, Struct};
use super::value::{Items, List, Object, Value};
use crate::discover::{HelmVersion, Release};
use crate::origin::Origin;

/// The API versions that Helm 4.3.1 knows without being told; those of Helm 3.19.0 are derived from them.
const API_VERSIONS: &[&str] = &[
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "lifecycle.k8s.io/v1alpha1",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];

/// What Helm 3 has in place of an entry of Helm 4's list: nothing, or others.
fn in_helm_3(version: &'static str) -> &'static [&'static str] {
    match version {
        "autoscaling/v2" => &[
            "autoscaling/v2",
            "autoscaling/v2beta1",
            "autoscaling/v2beta2",
        ],
        "lifecycle.k8s.io/v1alpha1" | "storagemigration.k8s.io/v1beta1" => &[],
        "scheduling.k8s.io/v1alpha3" => &["scheduling.k8s.io/v1alpha1"],
        "storagemigration.k8s.io/v1" => &["storagemigration.k8s.io/v1alpha1"],
        _ => &[],
    }
}

fn api_versions(helm: HelmVersion) -> Vec<String> {
    let changed = [
        "autoscaling/v2",
        "lifecycle.k8s.io/v1alpha1",
        "scheduling.k8s.io/v1alpha3",
        "storagemigration.k8s.io/v1",
        "storagemigration.k8s.io/v1beta1",
    ];
    API_VERSIONS
        .iter()
        .flat_map(|version| {
            if helm == HelmVersion::V3 && changed.contains(version) {
                in_helm_3(version).to_vec()
            } else {
                vec![*version]
            }
        })
        .map(str::to_owned)
        .collect()
}

/// A version of Kubernetes.
#[derive(Debug, Clone)]
pub(super) struct KubeVersion {
    /// As it was given, with a `v`.
    pub(super) version: String,
    /// Its numbers alone, with a `v`: what constraints are checked against.
    pub(super) normalized: String,
    major: String,
    minor: String,
    helm: HelmVersion,
}

impl KubeVersion {
    /// The version of a release.
    pub(super) fn of(release: &Release) -> Result<Self, String> {
        let default = match release.helm {
            HelmVersion::V4 => "v1.37.0",
            HelmVersion::V3 => "v1.34.0",
        };
        let given = release.kube_version.as_deref();
        let given = given.filter(|given| !given.is_empty()).unwrap_or(default);
        Self::parse(given, release.helm)
            .map_err(|why| format!("invalid kube version '{given}': {why}"))
    }

    fn parse(given: &str, helm: HelmVersion) -> Result<Self, String> {
        let body = given.trim_start();
        let body = body.strip_prefix('v').unwrap_or(body);
        let mut components = Vec::new();
        for part in body.split('.') {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            components.extend(part.get(..digits).filter(|digits| !digits.is_empty()));
            // What follows the numbers is no part of the version.
            if digits == 0 || digits < part.len() {
                break;
            }
        }
        match components.as_slice() {
            [] => return Err(format!("could not parse {given:?} as version")),
            [_] => return Err(format!("illegal version string {given:?}")),
            [major, ..] if major.len() > 1 && major.starts_with('0') => {
                return Err(format!(
                    "illegal zero-prefixed version component {major:?} in {given:?}"
                ));
            }
            _ => {}
        }
        let mut numbers = Vec::new();
        for component in components {
            // Digits alone can only be too many.
            let number: u64 = component.parse().map_err(|_| {
                format!(
                    "illegal non-numeric version component {component:?} in {given:?}: \
                     strconv.ParseUint: parsing {component:?}: value out of range"
                )
            })?;
            numbers.push(number.to_string());
        }
        let normalized = format!("v{}", numbers.join("."));
        let mut numbers = numbers.into_iter();
        let (major, minor) = (numbers.next(), numbers.next());
        let version = match helm {
            HelmVersion::V3 => normalized.clone(),
            HelmVersion::V4 if given.starts_with('v') => given.to_owned(),
            HelmVersion::V4 => format!("v{given}"),
        };
        Ok(Self {
            version,
            major: major.unwrap_or_default(),
            minor: minor.unwrap_or_default(),
            normalized,
            helm,
        })
    }
}

impl Object for KubeVersion {
    fn type_name(&self) -> &str {
        match self.helm {
            HelmVersion::V4 => "common.KubeVersion",
            HelmVersion::V3 => "chartutil.KubeVersion",
        }
    }

    fn field(&self, name: &str) -> Option<Value> {
        let text = match name {
            "Version" => &self.version,
            "Major" => &self.major,
            "Minor" => &self.minor,
            _ => return None,
        };
        Some(Value::string(text.as_str(), Origin::NONE))
    }

    fn method(&self, name: &str) -> Option<&'static [Type]> {
        matches!(name, "String" | "GitVersion").then_some(&[])
    }

    fn call(
        &self,
        name: &str,
        context: &mut Context<'_>,
        _: &[Value],
    ) -> Result<Value, FunctionError> {
        let text = if name == "String" {
            &self.normalized
        } else {
            &self.version
        };
        Ok(Value::string(text.as_str(), context.call))
    }

    fn print(&self) -> String {
        match self.helm {
            HelmVersion::V4 => format!(
                "{{{} {} {} {}}}",
                self.version, self.normalized, self.major, self.minor
            ),
            HelmVersion::V3 => format!("{{{} {} {}}}", self.version, self.major, self.minor),
        }
    }

    fn show(&self) -> String {
        self.normalized.clone()
    }

    fn entries(&self) -> Option<Vec<(Rc<str>, Value)>> {
        Some(
            ["Version", "Major", "Minor"]
                .iter()
                .filter_map(|name| Some((Rc::from(*name), self.field(name)?)))
                .collect(),
        )
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The list of API versions, with `Has`.
struct VersionSet {
    versions: Rc<List>,
    helm: HelmVersion,
}

impl Object for VersionSet {
    fn type_name(&self) -> &str {
        match self.helm {
            HelmVersion::V4 => "common.VersionSet",
            HelmVersion::V3 => "chartutil.VersionSet",
        }
    }

    fn kind(&self) -> &'static str {
        "slice"
    }

    fn field(&self, _: &str) -> Option<Value> {
        None
    }

    fn method(&self, name: &str) -> Option<&'static [Type]> {
        (name == "Has").then_some(&[Type::String])
    }

    fn call(
        &self,
        _: &str,
        context: &mut Context<'_>,
        arguments: &[Value],
    ) -> Result<Value, FunctionError> {
        let wanted = text(arguments, 0);
        let has = self
            .versions
            .iter()
            .filter_map(Value::as_text)
            .any(|version| version.as_bytes() == wanted.as_bytes());
        let origin = context.union(arguments);
        Ok(Value::bool(has, origin))
    }

    fn print(&self) -> String {
        let versions: Vec<_> = self
            .versions
            .iter()
            .filter_map(Value::as_text)
            .map(|version| version.lossy().into_owned())
            .collect();
        format!("[{}]", versions.join(" "))
    }

    fn items(&self) -> Option<Rc<List>> {
        Some(Rc::clone(&self.versions))
    }

    fn truth(&self) -> bool {
        !self.versions.is_empty()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `.Capabilities` of a release.
pub(super) fn capabilities(release: &Release, kube: &KubeVersion) -> Value {
    let helm = release.helm;
    let versions = api_versions(helm)
        .into_iter()
        .chain(release.api_versions.iter().cloned())
        .map(|version| Value::string(version, Origin::NONE))
        .collect();
    let versions = VersionSet {
        versions: Rc::new(List::of(Items::String, versions)),
        helm,
    };
    let text = |text: &'static str| Value::string(text, Origin::NONE);
    let mut build = match helm {
        HelmVersion::V4 => vec![
            Field::new("Version", "version", text("v4.3.1")),
            Field::new(
                "GitCommit",
                "git_commit",
                text("c0d08d0d6d9424d4a14febb5e8a3e51b0dd00dff"),
            ),
            Field::new("GitTreeState", "git_tree_state", text("clean")),
            Field::new("GoVersion", "go_version", text("go1.27.2")),
        ],
        HelmVersion::V3 => vec![
            Field::new("Version", "version", text("v3.19.0")),
            Field::new(
                "GitCommit",
                "git_commit",
                text("3d8990f0836691f0229297773f3524598f46bda6"),
            ),
            Field::new("GitTreeState", "git_tree_state", text("clean")),
            Field::new("GoVersion", "go_version", text("go1.24.7")),
        ],
    };
    if helm == HelmVersion::V4 {
        build.push(Field::new(
            "KubeClientVersion",
            "kube_client_version",
            text("v1.37"),
        ));
    }
    let build = Struct {
        type_name: "version.BuildInfo",
        fields: build,
    };
    let type_name = match helm {
        HelmVersion::V4 => "*common.Capabilities",
        HelmVersion::V3 => "*chartutil.Capabilities",
    };
    let fields = vec![
        Field::new(
            "KubeVersion",
            "KubeVersion",
            Value::object(kube.clone(), Origin::NONE),
        ),
        Field::new(
            "APIVersions",
            "APIVersions",
            Value::object(versions, Origin::NONE),
        ),
        Field::new(
            "HelmVersion",
            "HelmVersion",
            Value::object(build, Origin::NONE),
        ),
    ];
    let fields = Struct { type_name, fields };
    Value::object(Capabilities(Rc::new(fields)), Origin::NONE)
}

/// A pointer to the whole: its fields, and `Copy`.
#[derive(Clone)]
struct Capabilities(Rc<Struct>);

impl Object for Capabilities {
    fn type_name(&self) -> &str {
        self.0.type_name
    }

    fn kind(&self) -> &'static str {
        "ptr"
    }

    fn field(&self, name: &str) -> Option<Value> {
        self.0.field(name)
    }

    fn method(&self, name: &str) -> Option<&'static [Type]> {
        (name == "Copy").then_some(&[])
    }

    /// Nothing in it can be changed, so a copy may be the same.
    fn call(
        &self,
        _: &str,
        context: &mut Context<'_>,
        _: &[Value],
    ) -> Result<Value, FunctionError> {
        Ok(Value::object(self.clone(), context.call))
    }

    fn print(&self) -> String {
        format!("&{}", self.0.print())
    }

    fn show(&self) -> String {
        self.0.print()
    }

    fn entries(&self) -> Option<Vec<(Rc<str>, Value)>> {
        self.0.entries()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kube_versions_are_read_as_in_helm() {
        for (given, expected) in [
            ("1.29", Some(("v1.29", "v1.29"))),
            ("v1.29.3-gke.100", Some(("v1.29.3-gke.100", "v1.29.3"))),
            ("1", None),
            ("x", None),
            ("1.02", Some(("v1.02", "v1.2"))),
            ("01.2", None),
            ("1.2..3", Some(("v1.2..3", "v1.2"))),
        ] {
            let parsed = KubeVersion::parse(given, HelmVersion::V4).ok();
            let shown = parsed
                .as_ref()
                .map(|kube| (kube.version.as_str(), kube.normalized.as_str()));
            assert_eq!(shown, expected, "{given}");
        }
    }
}
