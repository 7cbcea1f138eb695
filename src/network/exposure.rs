//! The ways from outside of the cluster to a Service: its own type, and the routes that name it.

use std::collections::BTreeSet;

use super::{list, virtual_service};
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
        // Of a VirtualService, `tls` is a list of routes; its gateway terminates.
        let terminates = !virtual_service::is_one(object);
        Exposure {
            by: object.resource.identity.kind.clone(),
            name: object.resource.identity.name.clone(),
            namespace: object.namespace.clone(),
            hosts: hosts(spec),
            tls: terminates && spec.is_some_and(|spec| spec.get("tls").is_some_and(is_filled)),
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
    let by_address = (!list(spec, "externalIPs").is_empty()).then_some("ExternalIPs");
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

/// The annotations by which the cloud providers keep a load balancer off the internet, with the values that say so, in
/// whatever case. Where there are none, every value does that says something.
const INTERNAL: [(&str, &[&str]); 18] = [
    ("alb.ingress.kubernetes.io/scheme", &["internal"]),
    ("cloud.google.com/load-balancer-type", &["internal"]),
    ("kubernetes.io/ingress.class", &["gce-internal"]),
    (
        "load-balancer.hetzner.cloud/disable-public-network",
        &["true"],
    ),
    ("networking.gke.io/load-balancer-type", &["internal"]),
    (
        "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type",
        &["intranet"],
    ),
    (
        "service.beta.kubernetes.io/alicloud-loadbalancer-address-type",
        &["intranet"],
    ),
    (
        "service.beta.kubernetes.io/aws-load-balancer-internal",
        &["true", "0.0.0.0/0"],
    ),
    (
        "service.beta.kubernetes.io/aws-load-balancer-scheme",
        &["internal"],
    ),
    (
        "service.beta.kubernetes.io/azure-load-balancer-internal",
        &["true"],
    ),
    (
        "service.beta.kubernetes.io/cce-load-balancer-internal-vpc",
        &["true"],
    ),
    (
        "service.beta.kubernetes.io/do-loadbalancer-network",
        &["internal"],
    ),
    (
        "service.beta.kubernetes.io/ncloud-load-balancer-internal",
        &["true"],
    ),
    (
        "service.beta.kubernetes.io/oci-load-balancer-internal",
        &["true"],
    ),
    (
        "service.beta.kubernetes.io/openstack-internal-load-balancer",
        &["true"],
    ),
    (
        "service.beta.kubernetes.io/scw-loadbalancer-private",
        &["true"],
    ),
    (
        "service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type",
        &["private"],
    ),
    (
        "service.kubernetes.io/qcloud-loadbalancer-internal-subnetid",
        &[],
    ),
];

fn is_internal(value: &Value) -> bool {
    let annotations = value
        .get("metadata")
        .and_then(|metadata| metadata.get("annotations"));
    super::texts(annotations).into_iter().any(|(key, value)| {
        INTERNAL.iter().any(|(known, values)| {
            *known == key
                && match values {
                    [] => !value.trim().is_empty(),
                    values => values
                        .iter()
                        .any(|inside| value.eq_ignore_ascii_case(inside)),
                }
        })
    })
}

/// The Services that a route leads to, by namespace and name. `delegates` are the VirtualServices that others hand over to.
pub(super) fn ways<'a>(
    object: &Placed<'a>,
    delegates: &BTreeSet<(String, String)>,
) -> Vec<((String, String), Way<'a>)> {
    let mut services = if virtual_service::is_one(object) {
        let name = &object.resource.identity.name;
        let is_delegate = delegates.contains(&(object.namespace.clone(), name.clone()));
        virtual_service::services(object, is_delegate)
    } else if is_route(object) && !is_inside(object) {
        let mut named = Vec::new();
        collect_services(object.resource.value.get("spec"), &mut named);
        let own = |namespace: Option<String>| namespace.unwrap_or_else(|| object.namespace.clone());
        named
            .into_iter()
            .map(|(namespace, name)| (own(namespace), name))
            .collect()
    } else {
        Vec::new()
    };
    services.sort();
    services.dedup();
    services
        .into_iter()
        .map(|service| (service, Way(object.clone())))
        .collect()
}

/// True if and only if an object is of a kind that names Services as [`BACKENDS`] tell.
fn is_route(object: &Placed<'_>) -> bool {
    let group = object.resource.identity.canonical().group;
    matches!(
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
    )
}

/// True for a route of the Gateway API that stands before Services and no gateway: it rules how pods of a mesh call them.
fn is_inside(route: &Placed<'_>) -> bool {
    let parents = list(route.resource.value.get("spec"), "parentRefs");
    let mut kinds = parents.iter().map(|parent| parent.get("kind"));
    !parents.is_empty() && kinds.all(|kind| kind.and_then(Value::as_str) == Some("Service"))
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

/// The hosts that a route answers to, sorted; none where it answers to any.
fn hosts(spec: Option<&Value>) -> Vec<String> {
    let field = |key: &str| spec.and_then(|spec| spec.get(key));
    let mut hosts: Vec<String> = [
        field("host"),
        field("virtualhost").and_then(|host| host.get("fqdn")),
    ]
    .into_iter()
    .flatten()
    .chain(
        list(spec, "rules")
            .iter()
            .filter_map(|rule| rule.get("host")),
    )
    .chain(list(spec, "hostnames"))
    .chain(list(spec, "hosts"))
    .filter_map(Value::as_str)
    .map(str::to_owned)
    .collect();
    if hosts.iter().any(|host| host == "*") {
        hosts.clear();
    }
    hosts.sort();
    hosts.dedup();
    hosts
}
