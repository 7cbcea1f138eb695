# METADATA
# title: What comes from outside is encrypted
# description: What visitors send over plain HTTP, passwords and patient data among it, can be read and changed on the way.
# scope: package
# custom:
#   id: PL-0033
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds:
#     - Gateway.gateway.networking.k8s.io
#     - Gateway.networking.istio.io
#     - Route.route.openshift.io
#     - IngressRoute.traefik.io
#     - IngressRoute.traefik.containo.us
#     - HTTPProxy.projectcontour.io
#   reads: [inventory]
#   inventory: [HTTPRoute.gateway.networking.k8s.io]
package plimsoll.plain_http_served

import data.lib.change
import data.lib.workload

spec := workload.map(input.resource, "spec")

# A listener without encryption, with a route that does more than send visitors to HTTPS.
deny contains violation if {
	change.text(input.resource, "apiVersion") in {"gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1"}
	some index, listener in workload.list(spec, "listeners")
	listener.protocol == "HTTP"
	some namespace, routes in object.get(object.get(input, "inventory", {}), "HTTPRoute.gateway.networking.k8s.io", {})
	some served in routes
	attached(served, namespace, listener)
	serves(served)
	violation := {
		"path": ["spec", "listeners", index, "protocol"],
		"message": sprintf("the listener `%v` serves the route `%v` over plain HTTP", [object.get(listener, "name", "?"), object.get(workload.map(served, "metadata"), "name", "?")]),
	}
}

attached(served, namespace, listener) if {
	some parent in workload.list(workload.map(served, "spec"), "parentRefs")
	parent.name == input.resource.metadata.name
	object.get(parent, "namespace", namespace) == input.namespace
	object.get(parent, "sectionName", listener.name) == listener.name
}

serves(served) if {
	some rule in workload.list(workload.map(served, "spec"), "rules")
	count([filter |
		some filter in workload.list(rule, "filters")
		is_object(filter)
		filter.requestRedirect.scheme == "https"
	]) == 0
}

# Istio.
deny contains violation if {
	some index, server in workload.list(spec, "servers")
	workload.map(server, "port").protocol in {"HTTP", "HTTP2", "GRPC"}
	object.get(workload.map(server, "tls"), "httpsRedirect", false) != true
	violation := {
		"path": ["spec", "servers", index],
		"message": sprintf("%s served over plain HTTP, without a redirect to HTTPS", [hosts(workload.list(server, "hosts"))]),
	}
}

hosts(names) := sprintf("%s are", [change.words(names)]) if {
	count(names) > 0
} else := "all hosts are"

# OpenShift.
deny contains violation if {
	input.resource.kind == "Route"
	object.get(spec, "tls", null) == null
	violation := {
		"path": ["spec", "tls"],
		"message": "the route is served over plain HTTP: it has no `tls`",
	}
}

deny contains violation if {
	input.resource.kind == "Route"
	workload.map(spec, "tls").insecureEdgeTerminationPolicy == "Allow"
	violation := {
		"path": ["spec", "tls", "insecureEdgeTerminationPolicy"],
		"message": "visitors of plain HTTP are served, and not sent to HTTPS",
	}
}

# Traefik. An entry point may have TLS of its own, and its name says so by custom.
deny contains violation if {
	input.resource.kind == "IngressRoute"
	object.get(spec, "tls", null) == null
	points := workload.list(spec, "entryPoints")
	"web" in points
	redirects == false
	violation := {
		"path": ["spec", "tls"],
		"message": "the route is served over plain HTTP at the entry point `web`: it has no `tls`",
	}
}

redirects if {
	some rule in workload.list(spec, "routes")
	some middleware in workload.list(rule, "middlewares")
	regex.match(`(redirect|https)`, lower(change.text(middleware, "name")))
} else := false

# Contour.
deny contains violation if {
	input.resource.kind == "HTTPProxy"
	count(workload.map(spec, "virtualhost")) > 0
	object.get(workload.map(spec, "virtualhost"), "tls", null) == null
	violation := {
		"path": ["spec", "virtualhost", "tls"],
		"message": "the host is served over plain HTTP: it has no `tls`",
	}
}

deny contains violation if {
	input.resource.kind == "HTTPProxy"
	some index, rule in workload.list(spec, "routes")
	rule.permitInsecure == true
	violation := {
		"path": ["spec", "routes", index, "permitInsecure"],
		"message": "this route is served over plain HTTP, too",
	}
}
