//! VirtualServices of Istio: which Services they lead to from outside of the mesh.
//!
//! What a gateway lets in comes from outside; `mesh` stands for the sidecars of the pods, and so does a VirtualService that
//! names no gateway. A route may name others than its VirtualService does, and may hand over to another VirtualService,
//! which then names neither gateways nor hosts; that one hands over to no further one.

use std::collections::BTreeSet;

use super::list;
use crate::resource::Placed;
use crate::yaml::Value;

/// Where the routes stand in `spec`, by what they look at.
const ROUTES: [&str; 3] = ["http", "tls", "tcp"];

/// True if and only if an object is a VirtualService.
pub(super) fn is_one(object: &Placed<'_>) -> bool {
    object.is("networking.istio.io", "VirtualService")
}

/// The VirtualServices, by namespace and name, that others hand over to what comes from outside.
pub(super) fn delegates(objects: &[Placed<'_>]) -> BTreeSet<(String, String)> {
    let own = objects.iter().filter(|object| is_one(object));
    own.flat_map(|object| {
        let delegates = routes(object, false).filter_map(|route| route.get("delegate"));
        delegates.filter_map(|delegate| {
            let text = |key| delegate.get(key).and_then(Value::as_str);
            let namespace = text("namespace").unwrap_or(&object.namespace);
            Some((namespace.to_owned(), text("name")?.to_owned()))
        })
    })
    .collect()
}

/// The Services that a VirtualService leads to from outside, by namespace and name. What is mirrored to one reaches it, too.
/// `is_delegate` is true where another one hands over to it what comes from outside.
pub(super) fn services(object: &Placed<'_>, is_delegate: bool) -> Vec<(String, String)> {
    let destinations = routes(object, is_delegate).flat_map(|route| {
        let weighted = ["route", "mirrors"].map(|key| list(Some(route), key));
        let destinations = weighted.into_iter().flatten();
        destinations
            .filter_map(|item| item.get("destination"))
            .chain(route.get("mirror"))
    });
    let hosts = destinations.filter_map(|destination| destination.get("host")?.as_str());
    hosts
        .filter_map(|host| service(host, &object.namespace))
        .collect()
}

/// The routes that take what comes from outside.
fn routes<'a>(object: &Placed<'a>, is_delegate: bool) -> impl Iterator<Item = &'a Value> {
    let spec = object.resource.value.get("spec");
    let is_open = lets_in(spec).unwrap_or(is_delegate);
    let routes = ROUTES.into_iter().flat_map(move |key| list(spec, key));
    routes.filter(move |route| {
        let matches = list(Some(route), "match");
        if matches.is_empty() {
            is_open
        } else {
            let mut matches = matches.iter();
            matches.any(|matched| lets_in(Some(matched)).unwrap_or(is_open))
        }
    })
}

/// Whether one of the gateways that are named here lets something in from outside; `None` where none are named.
fn lets_in(value: Option<&Value>) -> Option<bool> {
    let gateways = list(value, "gateways");
    let mut names = gateways.iter().filter_map(Value::as_str);
    (!gateways.is_empty()).then(|| names.any(|name| name != "mesh"))
}

/// The Service that a host stands for, by namespace and name: `web`, `web.ns` or `web.ns.svc.cluster.local`, whatever the
/// domain of the cluster. `None` for a host outside of it.
fn service(host: &str, namespace: &str) -> Option<(String, String)> {
    let mut labels = host.split('.');
    let name = labels.next()?;
    let namespace = labels.next().unwrap_or(namespace);
    let is_inside = labels.next().is_none_or(|label| label == "svc");
    is_inside.then(|| (namespace.to_owned(), name.to_owned()))
}
