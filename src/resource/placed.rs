//! An object where it lands: with the namespace that it is in, also where it names none.

use super::Resource;

/// One object of a cluster, and its namespace there.
#[derive(Debug, Clone)]
pub struct Placed<'a> {
    /// The object.
    pub resource: &'a Resource,
    /// Its namespace: its own, else the one its app is deployed to; empty for what lives outside namespaces.
    pub namespace: String,
}

impl<'a> Placed<'a> {
    /// An object of an app that is deployed to `deployed_to` (empty where nobody says).
    pub fn new(resource: &'a Resource, deployed_to: &str) -> Self {
        let identity = resource.identity.canonical();
        let namespace = if identity.is_cluster_scoped() {
            String::new()
        } else if identity.namespace.is_empty() {
            deployed_to.to_owned()
        } else {
            identity.namespace
        };
        Self {
            resource,
            namespace,
        }
    }

    /// True if and only if the object is of this group and kind, under whatever version.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        let identity = &self.resource.identity;
        identity.kind == kind
            && (identity.group == group
                || identity.group == "extensions" && identity.canonical().group == group)
    }
}
