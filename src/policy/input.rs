//! What a control sees: the `input` document of one object.
//!
//! ```text
//! input.app          {id, environment?}
//! input.namespace    the namespace of the object, or the one its app is deployed to
//! input.resource     the object
//! input.pods         [{path, spec, metadata}]: the pods it describes, `path` being the way to `spec`
//! input.before       the object at base       (controls that read `before`)
//! input.before_pods  its pods at base         (the same)
//! input.inventory    {kind: {namespace: [object]}}, with `NetworkPolicy.networking.k8s.io` for a kind with a group
//!                    and "" for the namespace of what has none   (controls that read `inventory`)
//! ```
//!
//! Values of Secrets are not among what a control sees, so that no message can hold one: `(hidden)` stands for each.

use std::collections::BTreeMap;

use super::Side;
use super::rego::Document;
use crate::problem::{Kind, Problem};
use crate::resource::Resource;

/// One object, ready to be put into inputs.
#[derive(Clone)]
pub(super) struct Seen {
    resource: Document,
    pods: Document,
    namespace: String,
}

impl Seen {
    /// Converts an object of an app that is deployed to `namespace`.
    pub(super) fn of(resource: &Resource, namespace: &str) -> Result<Self, Problem> {
        let too_deep = || {
            Problem::new(
                Kind::Policy,
                format!("{} is nested too deeply to be checked", resource.identity),
            )
        };
        let masked;
        let value = if resource.is_secret() {
            masked = resource.masked(&|_| "(hidden)".to_owned());
            &masked
        } else {
            &resource.value
        };
        let mut pods = Vec::new();
        if let Some(pod) = resource.pod() {
            let part = |path| match value.at(path) {
                Some(value) => Document::from_value(value).ok_or_else(too_deep),
                None => Ok(Document::object::<&str>([])),
            };
            pods.push(Document::object([
                ("path", Document::path(&pod.spec)),
                ("spec", part(&pod.spec)?),
                ("metadata", part(&pod.metadata)?),
            ]));
        }
        Ok(Self {
            resource: Document::from_value(value).ok_or_else(too_deep)?,
            pods: Document::list(pods),
            namespace: namespace_of(resource, namespace),
        })
    }
}

/// Where an object is: its own namespace, else the one its app is deployed to; none for what lives outside namespaces.
fn namespace_of(resource: &Resource, deployed_to: &str) -> String {
    let identity = resource.identity.canonical();
    if identity.is_cluster_scoped() {
        String::new()
    } else if identity.namespace.is_empty() {
        deployed_to.to_owned()
    } else {
        identity.namespace
    }
}

/// All objects of one side, in the form in which controls look them up.
pub(super) fn inventory<'a>(
    objects: impl IntoIterator<Item = (&'a Resource, &'a Seen)>,
) -> Document {
    let mut index: BTreeMap<String, BTreeMap<String, Vec<Document>>> = BTreeMap::new();
    for (resource, seen) in objects {
        let identity = resource.identity.canonical();
        let kind = if identity.group.is_empty() {
            identity.kind
        } else {
            format!("{}.{}", identity.kind, identity.group)
        };
        index
            .entry(kind)
            .or_default()
            .entry(seen.namespace.clone())
            .or_default()
            .push(seen.resource.clone());
    }
    Document::object(index.into_iter().map(|(kind, namespaces)| {
        let namespaces = namespaces
            .into_iter()
            .map(|(namespace, objects)| (namespace, Document::list(objects)));
        (kind, Document::object(namespaces))
    }))
}

fn app(side: &Side<'_>) -> Document {
    let environment = side
        .environment
        .map(|name| ("environment", Document::text(name)));
    Document::object(
        [("id", Document::text(side.app))]
            .into_iter()
            .chain(environment),
    )
}

/// The input of one object of `side`, with what one kind of control reads beside it.
pub(super) fn document(
    side: &Side<'_>,
    seen: &Seen,
    before: Option<&Seen>,
    inventory: Option<&Document>,
) -> Document {
    let mut entries = vec![
        ("app", app(side)),
        ("namespace", Document::text(&seen.namespace)),
        ("resource", seen.resource.clone()),
        ("pods", seen.pods.clone()),
    ];
    if let Some(before) = before {
        entries.push(("before", before.resource.clone()));
        entries.push(("before_pods", before.pods.clone()));
    }
    if let Some(inventory) = inventory {
        entries.push(("inventory", inventory.clone()));
    }
    Document::object(entries)
}
