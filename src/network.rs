//! Who reaches which pods: the policies that select them, the Services before them, and the ways in from outside.
//!
//! The joins are made through indexes of labels and names, so that a thousand objects cost about a thousand times what
//! one costs. What is good or bad about an answer is said by controls.

mod exposure;
mod labels;
mod virtual_service;

use std::collections::BTreeMap;

use crate::resource::Placed;
use crate::yaml::{Data, Value};
pub use exposure::{Exposure, Way};
use labels::{Labelled, Selector, Selectors};

const NETWORKING: &str = "networking.k8s.io";

/// The kinds whose objects restrict traffic by rules of their own: group, kind.
const FOREIGN: [(&str, &str); 9] = [
    ("cilium.io", "CiliumNetworkPolicy"),
    ("cilium.io", "CiliumClusterwideNetworkPolicy"),
    ("crd.projectcalico.org", "NetworkPolicy"),
    ("projectcalico.org", "NetworkPolicy"),
    ("projectcalico.org", "GlobalNetworkPolicy"),
    ("crd.projectcalico.org", "GlobalNetworkPolicy"),
    ("policy.networking.k8s.io", "AdminNetworkPolicy"),
    ("policy.networking.k8s.io", "BaselineAdminNetworkPolicy"),
    ("policy.networking.k8s.io", "ClusterNetworkPolicy"),
];

/// The joins of one set of objects. What is given back is numbered as the objects were.
pub struct Network<'a> {
    objects: &'a [Placed<'a>],
    pods: Labelled,
    policies: Selectors<'a>,
    services: Selectors<'a>,
    budgets: Selectors<'a>,
    /// The network policies of other kinds, by namespace; of cluster-wide ones the namespace is empty.
    foreign: BTreeMap<&'a str, Vec<usize>>,
    /// The ways in from outside, by the namespace and name of the Service they lead to.
    ways: BTreeMap<(String, String), Vec<Way<'a>>>,
}

impl<'a> Network<'a> {
    /// Indexes some objects.
    pub fn of(objects: &'a [Placed<'a>]) -> Self {
        let mut network = Self {
            objects,
            pods: Labelled::default(),
            policies: Selectors::default(),
            services: Selectors::default(),
            budgets: Selectors::default(),
            foreign: BTreeMap::new(),
            ways: BTreeMap::new(),
        };
        let delegates = virtual_service::delegates(objects);
        for (index, object) in objects.iter().enumerate() {
            if let Some(labels) = pod_labels(object) {
                network.pods.add(index, &object.namespace, labels);
            }
            if let Some(selector) = selector(object) {
                let selectors = if object.is(NETWORKING, "NetworkPolicy") {
                    &mut network.policies
                } else if object.is("", "Service") {
                    &mut network.services
                } else {
                    &mut network.budgets
                };
                selectors.add(index, &object.namespace, selector);
            }
            if FOREIGN.iter().any(|(group, kind)| object.is(group, kind)) {
                let of = network.foreign.entry(object.namespace.as_str());
                of.or_default().push(index);
            }
            for (service, way) in exposure::ways(object, &delegates) {
                network.ways.entry(service).or_default().push(way);
            }
        }
        network.policies.finish();
        network.services.finish();
        network.budgets.finish();
        network
    }

    /// The objects that were indexed.
    pub fn objects(&self) -> &'a [Placed<'a>] {
        self.objects
    }

    /// The `NetworkPolicy` objects of its namespace that select the pods of `object`.
    pub fn policies(&self, object: &Placed<'_>) -> Vec<usize> {
        self.policies.selecting(object, pod_labels(object))
    }

    /// The Services that select them.
    pub fn services(&self, object: &Placed<'_>) -> Vec<usize> {
        self.services.selecting(object, pod_labels(object))
    }

    /// The `PodDisruptionBudget` objects that select them.
    pub fn budgets(&self, object: &Placed<'_>) -> Vec<usize> {
        self.budgets.selecting(object, pod_labels(object))
    }

    /// The network policies of other kinds (Cilium, Calico, cluster-wide ones) that may speak of pods in `namespace`.
    pub fn foreign(&self, namespace: &str) -> Vec<usize> {
        let mut found: Vec<usize> = [namespace, ""]
            .iter()
            .flat_map(|namespace| self.foreign.get(namespace).into_iter().flatten().copied())
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The objects whose pods a NetworkPolicy, a Service or a PodDisruptionBudget selects.
    pub fn selected(&self, object: &Placed<'_>) -> Vec<usize> {
        selector(object).map_or_else(Vec::new, |selector| {
            self.pods.selected(&object.namespace, &selector)
        })
    }

    /// The ways from outside of the cluster to a Service.
    pub fn exposures(&self, service: &Placed<'_>) -> Vec<Exposure> {
        let name = &service.resource.identity.name;
        let mut found = exposure::own(service);
        let key = (service.namespace.clone(), name.clone());
        let ways = self.ways.get(&key).into_iter().flatten();
        found.extend(ways.map(Way::exposure));
        found
    }
}

/// True if and only if a NetworkPolicy governs this direction: `Ingress` or `Egress`.
pub fn governs(policy: &Value, direction: &str) -> bool {
    let spec = policy.get("spec");
    match list(spec, "policyTypes") {
        // Without types it governs what comes in, and what goes out where it has rules for it.
        [] => direction == "Ingress" || !list(spec, "egress").is_empty(),
        types => types.iter().any(|item| item.as_str() == Some(direction)),
    }
}

/// The labels of the pods that an object describes.
fn pod_labels<'a>(object: &Placed<'a>) -> Option<Vec<(&'a str, &'a str)>> {
    let pod = object.resource.pod()?;
    let metadata = object.resource.value.at(&pod.metadata);
    Some(texts(metadata.and_then(|metadata| metadata.get("labels"))))
}

/// The items of a list under a key; none where there is something else.
fn list<'a>(value: Option<&'a Value>, key: &str) -> &'a [Value] {
    value
        .and_then(|value| value.get(key))
        .and_then(Value::as_sequence)
        .unwrap_or_default()
}

/// The entries of a map whose values are texts.
fn texts(map: Option<&Value>) -> Vec<(&str, &str)> {
    map.and_then(Value::as_mapping)
        .map_or_else(Vec::new, |map| {
            map.iter()
                .filter_map(|entry| Some((entry.key.as_str(), entry.value.as_str()?)))
                .collect()
        })
}

/// How an object selects pods of its namespace; `None` for one that selects none.
fn selector<'a>(object: &Placed<'a>) -> Option<Selector<'a>> {
    let spec = object.resource.value.get("spec")?;
    if object.is(NETWORKING, "NetworkPolicy") {
        return Some(Selector::of(spec.get("podSelector")));
    }
    if object.is("policy", "PodDisruptionBudget") {
        let selector = spec.get("selector")?;
        // In the old version an empty selector selects nothing.
        let is_empty = matches!(&selector.data, Data::Mapping(map) if map.is_empty());
        let is_old = object.resource.api_version == "policy/v1beta1";
        return (!(is_empty && is_old)).then(|| Selector::of(Some(selector)));
    }
    if object.is("", "Service") && spec.get("type").and_then(Value::as_str) != Some("ExternalName")
    {
        let labels = texts(spec.get("selector"));
        return (!labels.is_empty()).then(|| Selector::equal(labels));
    }
    None
}
