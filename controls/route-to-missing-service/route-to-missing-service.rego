# METADATA
# title: A route of the Gateway API leads to Services that exist
# description: What is sent to a Service that does not exist gets an error from the gateway.
# scope: package
# custom:
#   id: C-0302
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds:
#     - HTTPRoute.gateway.networking.k8s.io
#     - GRPCRoute.gateway.networking.k8s.io
#     - TCPRoute.gateway.networking.k8s.io
#     - TLSRoute.gateway.networking.k8s.io
#     - UDPRoute.gateway.networking.k8s.io
#   reads: [inventory]
#   inventory: [Service]
package plimsoll.route_to_missing_service

import data.lib.workload

# Where requests of a rule go: {path, backend}. A filter may copy them somewhere else, for all backends or for one.
backends(rule) := array.concat(named, mirrors(rule, [])) if {
	named := [target |
		some place, backend in workload.list(rule, "backendRefs")
		own := {"path": ["backendRefs", place], "backend": backend}
		some target in array.concat([own], mirrors(backend, own.path))
	]
}

mirrors(of, path) := [{"path": array.concat(path, ["filters", place, "requestMirror", "backendRef"]), "backend": backend} |
	some place, filter in workload.list(of, "filters")
	backend := filter.requestMirror.backendRef
]

deny contains violation if {
	some index, rule in workload.list(workload.map(input.resource, "spec"), "rules")
	some target in backends(rule)
	backend := target.backend
	is_object(backend)
	object.get(backend, "kind", "Service") == "Service"
	object.get(backend, "group", "") == ""
	name := backend.name
	namespace := object.get(backend, "namespace", input.namespace)
	workload.known("Service", namespace, name) == false
	violation := {
		"path": array.concat(["spec", "rules", index], array.concat(target.path, ["name"])),
		"message": sprintf("there is no Service `%v` in `%v` among the manifests", [name, namespace]),
	}
}
