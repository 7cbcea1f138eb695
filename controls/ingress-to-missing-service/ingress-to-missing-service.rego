# METADATA
# title: An Ingress leads to Services that exist
# description: Visitors of a path whose Service does not exist get an error, and on some controllers somebody else's default.
# scope: package
# custom:
#   id: C-0298
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Ingress.networking.k8s.io]
#   reads: [inventory]
#   inventory: [Service]
package plimsoll.ingress_to_missing_service

import data.lib.workload

spec := workload.map(input.resource, "spec")

deny contains violation if {
	some index, rule in workload.list(spec, "rules")
	some place, entry in workload.list(workload.map(rule, "http"), "paths")
	name := entry.backend.service.name
	is_string(name)
	workload.known("Service", input.namespace, name) == false
	violation := {
		"path": ["spec", "rules", index, "http", "paths", place, "backend", "service", "name"],
		"message": sprintf("there is no Service `%s` among the manifests for what comes to `%v`", [name, object.get(entry, "path", "/")]),
	}
}

deny contains violation if {
	name := spec.defaultBackend.service.name
	is_string(name)
	workload.known("Service", input.namespace, name) == false
	violation := {
		"path": ["spec", "defaultBackend", "service", "name"],
		"message": sprintf("there is no Service `%s` among the manifests for what no rule takes", [name]),
	}
}
