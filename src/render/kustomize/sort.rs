//! The order of resources in the output, and the rank of kinds that it is made of.

use super::object::{Gvk, Object};

/// Kinds that come first, in this order.
const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// Kinds that come last, in this order.
const LAST: [&str; 2] = [
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Kinds that come first and last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ranks {
    first: Vec<String>,
    last: Vec<String>,
}

impl Default for Ranks {
    fn default() -> Self {
        Self::new(
            FIRST.iter().map(|&kind| kind.to_owned()).collect(),
            LAST.iter().map(|&kind| kind.to_owned()).collect(),
        )
    }
}

impl Ranks {
    /// Ranks from two lists of kinds.
    pub(super) fn new(first: Vec<String>, last: Vec<String>) -> Self {
        Self { first, last }
    }

    fn of(&self, kind: &str) -> i64 {
        // The later list, and the later place in it, wins where a kind is named twice.
        if let Some(place) = self.last.iter().rposition(|k| k == kind) {
            1 + place as i64
        } else if let Some(place) = self.first.iter().rposition(|k| k == kind) {
            place as i64 - self.first.len() as i64
        } else {
            0
        }
    }
}

/// The key by which field specs are ordered.
pub(super) fn rank(gvk: &Gvk) -> (i64, String) {
    let place = |list: &[&str]| list.iter().position(|&kind| kind == gvk.kind);
    let rank = match (place(&FIRST), place(&LAST)) {
        (_, Some(place)) => 1 + place as i64,
        (Some(place), None) => place as i64 - FIRST.len() as i64,
        (None, None) => 0,
    };
    (rank, gvk.sort_key())
}

/// Sorts resources as `kustomize build` does unless it is told otherwise.
pub(super) fn legacy(objects: &mut Vec<Object>, ranks: &Ranks) {
    struct Sorted {
        rank: i64,
        gvk: Gvk,
        gvk_key: String,
        id_key: String,
        object: Object,
    }
    let mut sorted: Vec<Sorted> = std::mem::take(objects)
        .into_iter()
        .map(|object| {
            let id = object.id();
            let or = |text: &str, mark: &str| if text.is_empty() { mark } else { text }.to_owned();
            Sorted {
                rank: ranks.of(&id.gvk.kind),
                gvk_key: id.gvk.sort_key(),
                id_key: format!(
                    "{}|{}|{}",
                    id.gvk.mark(),
                    or(&id.namespace, "~X"),
                    or(&id.name, "~N")
                ),
                gvk: id.gvk,
                object,
            }
        })
        .collect();
    sorted.sort_by(|a, b| {
        if a.gvk == b.gvk {
            return a.id_key.cmp(&b.id_key);
        }
        let by_key = a.gvk_key.cmp(&b.gvk_key);
        let namespaces = a.gvk.kind == "Namespace"
            && b.gvk.kind == "Namespace"
            && (a.gvk.group.is_empty() || b.gvk.group.is_empty());
        a.rank
            .cmp(&b.rank)
            .then(if namespaces { by_key.reverse() } else { by_key })
    });
    objects.extend(sorted.into_iter().map(|sorted| sorted.object));
}
