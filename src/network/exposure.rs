//! The ways from outside of the cluster to a Service: its own type, and the routes that name it.

use crate::resource::Placed;
use crate::yaml::{Data, Value};

/// One way from outside to a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// What makes it: `LoadBalancer`, `NodePort`, `ExternalIPs`, or the kind of the route.
    pub by: String,
    /// The name of the object that makes it.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// The hosts that it answers to; empty where it answers to any.
    pub hosts: Vec<String>,
    /// True if and only if the object itself terminates TLS.
    pub tls: bool,
    /// True if and only if the object says that it is for the inner network only.
    pub internal: bool,
}

/// A route that leads to a Service.
#[derive(Debug)]
pub struct Way<'a>(Placed<'a>);

impl Way<'_> {
    pub(super) fn exposure(&self) -> Exposure {
        let object = &self.0;
        let value = &object.resource.value;
        let spec = value.get("spec");
        let mut hosts = Vec::new();
        collect_hosts(spec, &mut hosts);
        hosts.sort();
        hosts.dedup();
        Exposure {
            by: object.resource.identity.kind.clone(),
            name: object.resource.identity.name.clone(),
            namespace: object.namespace.clone(),
            hosts,
            tls: spec.is_some_and(|spec| spec.get("tls").is_some_and(is_filled)),
            internal: is_internal(value),
        }
    }
}

fn is_filled(value: &Value) -> bool {
    match &value.data {
        Data::Sequence(items) => !items.is_empty(),
        Data::Mapping(_) => true,
        _ => false,
    }
}

/// What a Service opens by itself.
pub(super) fn own(service: &Placed<'_>) -> Vec<Exposure> {
    let value = &service.resource.value;
    let spec = value.get("spec");
    let field = |key: &str| spec.and_then(|spec| spec.get(key));
    let by_type = match field("type").and_then(Value::as_str) {
        Some(by @ ("LoadBalancer" | "NodePort")) => Some(by),
        _ => None,
    };
    let by_address = field("externalIPs")
        .and_then(Value::as_sequence)
        .is_some_and(|addresses| !addresses.is_empty())
        .then_some("ExternalIPs");
    by_type
        .into_iter()
        .chain(by_address)
        .map(|by| Exposure {
            by: by.to_owned(),
            name: service.resource.identity.name.clone(),
            namespace: service.namespace.clone(),
            hosts: Vec::new(),
            tls: false,
            internal: is_internal(value),
        })
        .collect()
}

/// The annotations by which the cloud providers keep a load balancer off the internet.
fn is_internal(value: &Value) -> bool {
    let annotations = value
        .get("metadata")
        .and_then(|metadata| metadata.get("annotations"));
    super::texts(annotations).into_iter().any(|(key, value)| {
        matches!(
            (key, value.to_ascii_lowercase().as_str()),
            (
                "service.beta.kubernetes.io/aws-load-balancer-internal"
                    | "service.beta.kubernetes.io/azure-load-balancer-internal"
                    | "service.beta.kubernetes.io/openstack-internal-load-balancer",
                "true" | "0.0.0.0/0"
            ) | (
                "service.beta.kubernetes.io/aws-load-balancer-scheme"
                    | "alb.ingress.kubernetes.io/scheme"
                    | "networking.gke.io/load-balancer-type"
                    | "cloud.google.com/load-balancer-type",
                "internal"
            ) | ("kubernetes.io/ingress.class", "gce-internal")
        )
    })
}

/// The Services that a route leads to, by namespace and name.
pub(super) fn ways<'a>(object: &Placed<'a>) -> Vec<((String, String), Way<'a>)> {
    let group = object.resource.identity.canonical().group;
    let is_route = matches!(
        (group.as_str(), object.resource.identity.kind.as_str()),
        ("networking.k8s.io", "Ingress")
            | (
                "gateway.networking.k8s.io",
                "HTTPRoute" | "GRPCRoute" | "TLSRoute" | "TCPRoute" | "UDPRoute"
            )
            | ("route.openshift.io", "Route")
            | (
                "traefik.io" | "traefik.containo.us",
                "IngressRoute" | "IngressRouteTCP" | "IngressRouteUDP"
            )
            | ("projectcontour.io", "HTTPProxy")
    );
    if !is_route {
        return Vec::new();
    }
    let mut services = Vec::new();
    collect_services(object.resource.value.get("spec"), &mut services);
    services.sort();
    services.dedup();
    services
        .into_iter()
        .map(|(namespace, name)| {
            let namespace = namespace.unwrap_or_else(|| object.namespace.clone());
            ((namespace, name), Way(object.clone()))
        })
        .collect()
}

/// The fields under which routes name Services: one reference, or a list of them.
const BACKENDS: [&str; 8] = [
    "backend",
    "defaultBackend",
    "backendRefs",
    "backendRef",
    "to",
    "alternateBackends",
    "services",
    "tcpproxy",
];

fn collect_services(value: Option<&Value>, found: &mut Vec<(Option<String>, String)>) {
    match value.map(|value| &value.data) {
        Some(Data::Sequence(items)) => {
            for item in items {
                collect_services(Some(item), found);
            }
        }
        Some(Data::Mapping(map)) => {
            for entry in map {
                if BACKENDS.contains(&entry.key.as_str()) {
                    match &entry.value.data {
                        Data::Sequence(items) => {
                            found.extend(items.iter().filter_map(reference));
                        }
                        _ => found.extend(reference(&entry.value)),
                    }
                }
                collect_services(Some(&entry.value), found);
            }
        }
        _ => {}
    }
}

/// `{service: {name}}`, `{serviceName}`, or `{kind?, name, namespace?}`.
fn reference(value: &Value) -> Option<(Option<String>, String)> {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(service) = value.get("service") {
        return Some((None, text(service, "name")?));
    }
    if let Some(name) = text(value, "serviceName") {
        return Some((None, name));
    }
    let kind = text(value, "kind");
    if kind.is_some_and(|kind| kind != "Service") {
        return None;
    }
    Some((text(value, "namespace"), text(value, "name")?))
}

fn collect_hosts(spec: Option<&Value>, hosts: &mut Vec<String>) {
    let Some(spec) = spec else { return };
    let mut add =
        |value: Option<&Value>| hosts.extend(value.and_then(Value::as_str).map(str::to_owned));
    add(spec.get("host"));
    add(spec.get("virtualhost").and_then(|host| host.get("fqdn")));
    for rule in spec
        .get("rules")
        .and_then(Value::as_sequence)
        .unwrap_or_default()
    {
        add(rule.get("host"));
    }
    for host in spec
        .get("hostnames")
        .and_then(Value::as_sequence)
        .unwrap_or_default()
    {
        add(Some(host));
    }
}
