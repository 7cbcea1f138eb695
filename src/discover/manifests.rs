//! Plain manifests: which files hold Kubernetes objects that somebody deploys.
//!
//! `apiVersion` and `kind` are shared by many files that never reach a cluster: the settings of tools that borrowed the
//! form. Those are known by their groups.

use crate::yaml::{self, Document, NodeKind, Path};

/// A file in braces that is larger than this is not parsed only to find out what it is.
pub(super) const FLOW_LIMIT: usize = 1 << 20;

/// What a file seems to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Kubernetes objects.
    Kubernetes,
    /// A template that some other program makes Kubernetes objects of.
    Template,
    /// Anything else.
    Other,
}

/// True if and only if a file of this name may be a manifest.
pub(super) fn may_be_one(name: &str) -> bool {
    [".yaml", ".yml", ".json"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// Looks at the bytes of a file. Text in braces (JSON) beyond `limit` bytes is taken for something else.
pub(super) fn look(bytes: &[u8], limit: Option<usize>) -> Look {
    // A manifest in another encoding, or with a NUL in it, is still meant for the cluster: reading it will be a problem.
    let text = String::from_utf8_lossy(bytes);
    let text = if text.contains('\0') {
        text.replace('\0', "").into()
    } else {
        text
    };
    // Nearly all files that are not manifests end here.
    if !text.contains("apiVersion") || !text.contains("kind") {
        return Look::Other;
    }
    let text = text.trim_start_matches('\u{feff}');
    let found = match by_lines(text) {
        Some(found) => found,
        None if limit.is_some_and(|limit| text.len() > limit) => return Look::Other,
        None => yaml::parse(text).documents.iter().any(is_object),
    };
    if !found {
        return Look::Other;
    }
    let may_be_template = text.contains("{{") || text.contains("{%");
    if may_be_template && yaml::parse(text).error.is_some() {
        return Look::Template;
    }
    Look::Kubernetes
}

/// Decides by the lines that begin in the first column; `None` where that is not possible.
fn by_lines(text: &str) -> Option<bool> {
    let (mut version, mut kind) = (None, None);
    let mut first = true;
    for line in text.lines() {
        if line.starts_with("---") {
            let rest = line.get(3..).unwrap_or_default().trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                // Content may stand behind the mark.
                return None;
            }
            (version, kind) = (None, None);
            first = true;
            continue;
        }
        if line.trim().is_empty() || line.starts_with('#') || line.starts_with('%') {
            continue;
        }
        if first && line.starts_with([' ', '\t', '{', '[', '&', '!']) {
            return None;
        }
        first = false;
        version = value_of(line, "apiVersion").or(version);
        kind = value_of(line, "kind").or(kind);
        if let (Some(version), Some(kind)) = (version, kind)
            && is_deployed(version, kind)
        {
            return Some(true);
        }
    }
    Some(false)
}

/// The value of a key that stands at the beginning of a line.
fn value_of<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let line = line.strip_prefix(['"', '\'']).unwrap_or(line);
    let rest = line.strip_prefix(key)?;
    let rest = rest.strip_prefix(['"', '\'']).unwrap_or(rest).trim_start();
    let value = rest.strip_prefix(':')?;
    let value = value.split(" #").next().unwrap_or_default().trim();
    Some(value.trim_matches(['"', '\'']))
}

fn is_object(document: &Document) -> bool {
    let field = |name: &str| match document.at(&Path::root().key(name)) {
        Some((node, 1)) => match &document.node(node).kind {
            NodeKind::Scalar { text, .. } => Some(text.as_str()),
            _ => None,
        },
        _ => None,
    };
    matches!((field("apiVersion"), field("kind")), (Some(version), Some(kind)) if is_deployed(version, kind))
}

/// Groups of the settings of tools, which no cluster knows.
const TOOLS: &[&str] = &[
    "apiserver.config.k8s.io",
    "audit.k8s.io",
    "backstage.io",
    "chainsaw.kyverno.io",
    "cli.kyverno.io",
    "client.authentication.k8s.io",
    "ctlptl.dev",
    "eksctl.io",
    "k3d.io",
    "kind.sigs.k8s.io",
    "kind.x-k8s.io",
    "krew.googlecontainertools.github.com",
    "kubeadm.k8s.io",
    "kubelet.config.k8s.io",
    "kubeproxy.config.k8s.io",
    "kubescheduler.config.k8s.io",
    "kustomize.config.k8s.io",
    "kuttl.dev",
    "minikube.sigs.k8s.io",
    "schema.plugin.fluxcd.io",
    "score.dev",
    "test.gatekeeper.sh",
    "tilt.dev",
];

/// Groups of Kubernetes itself that have no dot.
const BUILT_IN: &[&str] = &["apps", "autoscaling", "batch", "extensions", "policy"];

/// True if and only if an object of this version and kind is one that is sent to a cluster.
fn is_deployed(version: &str, kind: &str) -> bool {
    let (group, version) = version.rsplit_once('/').unwrap_or(("", version));
    let digits = version.strip_prefix('v').unwrap_or_default();
    let is_version = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let is_kind = kind.starts_with(|c: char| c.is_ascii_uppercase())
        && kind.chars().all(|c| c.is_ascii_alphanumeric());
    let is_group = match group {
        // A kubeconfig is `v1`, `Config`.
        "" => kind != "Config",
        group => BUILT_IN.contains(&group) || (group.contains('.') && !TOOLS.contains(&group)),
    };
    is_version && is_kind && is_group
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_told_from_what_only_looks_alike() {
        let check = |text: &str, expected: Look| {
            assert_eq!(look(text.as_bytes(), Some(64)), expected, "{text}");
        };
        check("apiVersion: v1\nkind: Pod\n", Look::Kubernetes);
        check(
            "# x\r\n---\r\nkind: \"Pod\"  # y\r\n'apiVersion' : apps/v1beta2\r\n",
            Look::Kubernetes,
        );
        check(
            "a: 1\n---\napiVersion: v1\nkind: List\nitems: []\n",
            Look::Kubernetes,
        );
        check(
            "{\"apiVersion\": \"v1\", \"kind\": \"Pod\"}",
            Look::Kubernetes,
        );
        check("--- {apiVersion: v1, kind: Pod}\n", Look::Kubernetes);
        check("  apiVersion: v1\n  kind: Pod\n", Look::Kubernetes);
        check(
            "\u{feff}apiVersion: cert-manager.io/v1\nkind: Issuer\n",
            Look::Kubernetes,
        );
        check("apiVersion: v1\n---\nkind: Pod\n", Look::Other);
        check("a:\n  apiVersion: v1\n  kind: Pod\n", Look::Other);
        check("apiVersion: skaffold/v4beta11\nkind: Config\n", Look::Other);
        check("apiVersion: v1\nkind: Config\nclusters: []\n", Look::Other);
        check(
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
            Look::Other,
        );
        check(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\n",
            Look::Other,
        );
        check("apiVersion: v2\nname: chart\n", Look::Other);
        check("on: push\njobs: {}\n", Look::Other);
        check(
            "apiVersion: v1\nkind: Pod\nx: {{ y }}\n  - {% z %}\n",
            Look::Template,
        );
        check(
            "apiVersion: v1\nkind: ConfigMap\ndata: {x: '{{ y }}'}\n",
            Look::Kubernetes,
        );
        check(
            &format!(
                "{{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"x\": \"{}\"}}",
                "y".repeat(64)
            ),
            Look::Other,
        );
        check("\u{0}apiVersion kind", Look::Other);
    }
}
