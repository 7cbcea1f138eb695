//! A rendered Kubernetes object: its identity, its content with origins, and where its pods are described.
//!
//! This is the one place that knows how Kubernetes names things. It renders and judges nothing.

use std::fmt;

use crate::text::Span;
use crate::yaml::Value;

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
        })
    }
}
