//! What a control sees: the `input` document of one object. This is the reference for whoever writes one.
//!
//! ```text
//! input.app          {id, environment?}
//! input.namespace    the namespace of the object, or the one its app is deployed to; "" for what lives outside namespaces
//! input.resource     the object; null where the change removes it
//! input.pods         [{path, spec, metadata}]: the pods it describes, `path` being the way to `spec`; [] without pods
//! ```
//!
//! # `reads: [before]`: a control of the change
//!
//! ```text
//! input.change       "changed", "added", "removed" or "affected"
//! input.before       the object at base; null where the change adds it
//! input.before_pods  its pods at base
//! ```
//!
//! Such a control is asked only about objects that something happened to, and `on` says what: `on: [changed]` is what holds
//! where it is left out, `on: [changed, removed, added]` asks about objects on one side only, too. `affected` is an object
//! that is the same on both sides while its facts are not (needs `reads: [before, facts]`). Its findings are always new.
//! The `path` of a violation is in `input.resource`; where that is null (`removed`) it is in `input.before`, and the finding is
//! shown where the removed object was. `["metadata", "name"]` is a good path for a removed object.
//!
//! # `reads: [facts]`: what the other objects are to this one
//!
//! They are joined natively, through indexes; prefer them to `inventory`. Of a removed object, they are what the objects that stay
//! are to it (the users of a Secret that goes are those that still name it). `input.before_facts` are those of base, for
//! controls that read `before` too. Lists are in the order of the objects. An object is named `{kind, group, name, namespace}`.
//!
//! ```text
//! every object in a namespace
//!   facts.namespace         {labels, annotations} of its Namespace; null where that is not among the objects
//! every object with pods
//!   facts.policies          [name + {ingress, egress}]: the NetworkPolicies that select its pods, and which directions each governs
//!   facts.foreign_policies  [name]: network policies of Cilium, Calico or the cluster-wide kinds that may speak of its namespace
//!   facts.services          [name + {type, exposed}]: the Services that select its pods; `exposed` as below
//!   facts.budgets           [name]: the PodDisruptionBudgets that select its pods
//!   facts.autoscalers       [name]: HorizontalPodAutoscalers and ScaledObjects that scale it
//!   facts.service_account   {name, known, automount, bound}: `known` where the ServiceAccount is among the objects, `automount` its
//!                           automountServiceAccountToken, or null; `bound` where a binding names it (as a user, too) or a group of
//!                           service accounts that it is in; `system:authenticated` does not count
//!   facts.rules             as of its ServiceAccount
//! ServiceAccount
//!   facts.rules             [{binding, role, namespace, apiGroups, resources, verbs, resourceNames, nonResourceURLs}]: every rule that
//!                           it has by itself or by its groups. `binding` is an object's name, `role` {kind, name}, `namespace` where
//!                           the rule holds ("" in the whole cluster); the five lists are always there
//!   facts.users             [name + {how}]: the objects whose pods run as it
//! RoleBinding, ClusterRoleBinding
//!   facts.role              {rules} of the role that it refers to (aggregation done, `cluster-admin` known); null where unknown
//! Role, ClusterRole
//!   facts.bindings          [name + {subjects}]: the bindings that refer to it
//! Service
//!   facts.pods              [name]: the objects whose pods it selects
//!   facts.exposed           [{by, name, namespace, hosts, tls, internal}]: the ways from outside of the cluster. `by` is LoadBalancer,
//!                           NodePort, ExternalIPs or the kind of the route (Ingress, VirtualService, …); `hosts` [] where any;
//!                           `internal` where an annotation keeps a load balancer off the internet
//! NetworkPolicy, PodDisruptionBudget
//!   facts.pods              [name]: the objects whose pods it selects
//!   facts.former            of a budget that changed, those of now whose pods it would select as it was
//! PersistentVolumeClaim, ConfigMap, Secret
//!   facts.users             [name + {how}]: the objects that name it, for a `volume`, `env`, `imagePull`, `identity` or `tls`
//! Namespace
//!   facts.objects           {kind: count} of what is in it, with `Deployment.apps` for a kind with a group
//!   facts.policies          [name + {ingress, egress}]: its NetworkPolicies
//!   facts.foreign_policies  as above
//! ```
//!
//! # `reads: [inventory]`: other objects, by name
//!
//! `inventory: [LimitRange, StorageClass.storage.k8s.io]` beside it says of which kinds. A control is asked again about an object
//! that did not change only where the change touches one of those; without it, where it touches anything.
//!
//! ```text
//! input.inventory    {kind: {namespace: {name: object}}}, with `NetworkPolicy.networking.k8s.io` for a kind with a group,
//!                    "" for the namespace of what has none, and a name like `web#2` for another one of the same name
//! ```
//!
//! # `config`: what a user can set
//!
//! ```text
//! #   config:
//! #     registries: { default: [], about: The registries that images may come from. }
//! input.config       {registries: [...]}: what `controls.<id>.with.registries` of the configuration says, else the default.
//! ```
//!
//! Controls that are asked together are given the settings of all of them, each under its own names.
//!
//! The type of the default (a text, a whole number, `true`/`false`, a list of texts) is the type that may be set. Not there for a
//! control without `config`.
//!
//! # `mentions`: what every object says that a control can speak of
//!
//! `mentions: ["hostNetwork: true"]` spares most objects a question: the control is asked only about one in which one of these
//! texts stands, whatever its case, and is not loaded before. The object is read as lines of `key: value`, those of its lists
//! without a key, and a map or list behind its key on lines of their own; a control of the change is asked where either side
//! mentions it. A text too many only costs time, one too few loses findings.
//!
//! Values of Secrets are not among what a control sees, so that no message can hold one: `(hidden)` stands for each.

use std::collections::BTreeMap;

use super::Side;
use super::facts;
use super::rego::Document;
use crate::control::Setting;
use crate::problem::{Kind, Problem};
use crate::resource::{Placed, Resource};

/// One object, ready to be put into inputs.
#[derive(Clone)]
pub(super) struct Seen<'a> {
    pub(super) placed: Placed<'a>,
    resource: Document,
    pods: Document,
}

impl<'a> Seen<'a> {
    /// Converts an object of an app that is deployed to `namespace`.
    pub(super) fn of(resource: &'a Resource, namespace: &str) -> Result<Self, Problem> {
        Self::placed(Placed::new(resource, namespace))
    }

    /// The object, for rules that read nothing else.
    pub(super) fn object(&self) -> &Document {
        &self.resource
    }

    /// Converts an object.
    pub(super) fn placed(placed: Placed<'a>) -> Result<Self, Problem> {
        let resource = placed.resource;
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
            placed,
        })
    }
}

/// All objects of one side, in the form in which controls look them up.
pub(super) fn inventory<'a>(objects: impl IntoIterator<Item = &'a Seen<'a>>) -> Document {
    let mut index: BTreeMap<String, BTreeMap<&str, BTreeMap<String, Document>>> = BTreeMap::new();
    for seen in objects {
        let kind = index.entry(facts::kind(&seen.placed)).or_default();
        let objects = kind.entry(seen.placed.namespace.as_str()).or_default();
        let name = &seen.placed.resource.identity.name;
        let mut key = name.clone();
        let mut ordinal = objects.len();
        while objects.contains_key(&key) {
            ordinal += 1;
            key = format!("{name}#{ordinal}");
        }
        objects.insert(key, seen.resource.clone());
    }
    Document::object(index.into_iter().map(|(kind, namespaces)| {
        let namespaces = namespaces
            .into_iter()
            .map(|(namespace, objects)| (namespace, Document::object(objects)));
        (kind, Document::object(namespaces))
    }))
}

/// What is set for controls.
pub(super) fn config(settings: &BTreeMap<String, Setting>) -> Document {
    Document::object(settings.iter().map(|(name, setting)| {
        let value = match setting {
            Setting::Flag(flag) => Document::flag(*flag),
            Setting::Number(number) => Document::number(*number),
            Setting::Text(text) => Document::text(text),
            Setting::Texts(texts) => Document::list(texts.iter().map(|text| Document::text(text))),
        };
        (name, value)
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

/// What one kind of control reads beside the object.
#[derive(Default)]
pub(super) struct Beside<'a> {
    /// What happened to the object, and the object at base.
    pub(super) change: Option<(&'static str, Option<&'a Seen<'a>>)>,
    pub(super) inventory: Option<Document>,
    pub(super) facts: Option<&'a Document>,
    pub(super) before_facts: Option<&'a Document>,
    pub(super) config: Option<Document>,
}

/// The input of one object of `side`; `None` for an object that is only at base.
pub(super) fn document(
    side: &Side<'_>,
    namespace: &str,
    seen: Option<&Seen<'_>>,
    beside: Beside<'_>,
) -> Document {
    let resource =
        |seen: Option<&Seen<'_>>| seen.map_or_else(Document::null, |seen| seen.resource.clone());
    let pods =
        |seen: Option<&Seen<'_>>| seen.map_or_else(|| Document::list([]), |seen| seen.pods.clone());
    let mut entries = vec![
        ("app", app(side)),
        ("namespace", Document::text(namespace)),
        ("resource", resource(seen)),
        ("pods", pods(seen)),
    ];
    if let Some((change, before)) = beside.change {
        entries.push(("change", Document::text(change)));
        entries.push(("before", resource(before)));
        entries.push(("before_pods", pods(before)));
    }
    let others = [
        ("inventory", beside.inventory),
        ("facts", beside.facts.cloned()),
        ("before_facts", beside.before_facts.cloned()),
        ("config", beside.config),
    ];
    entries.extend(
        others
            .into_iter()
            .filter_map(|(key, document)| Some((key, document?))),
    );
    Document::object(entries)
}
