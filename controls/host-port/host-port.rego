# METADATA
# title: Containers do not take ports of their node
# description: A host port is reachable on every address of the node past Services and most network policies, and keeps a second pod off the node.
# scope: package
# custom:
#   id: C-0044
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
#   mentions: ["hostPort: ", "hostNetwork: true"]
package plimsoll.host_port

import data.lib.workload

deny contains violation if {
	some container in workload.containers
	some index, port in workload.list(container.spec, "ports")
	is_object(port)
	host := object.get(port, "hostPort", 0)
	taken(host)
	violation := {
		"path": array.concat(container.path, ["ports", index, "hostPort"]),
		"message": sprintf("%s takes port %v of its node", [container.label, host]),
		"fix": {"op": "remove"},
	}
}

none := {0, null}

taken(host) if not host in none

# On the node's network every port of a container is one of the node's. For a Pod, the API server writes that down itself.
deny contains violation if {
	input.resource.kind == "Pod"
	some container in workload.containers
	container.field in {"containers", "initContainers"}
	container.pod.spec.hostNetwork == true
	some index, port in workload.list(container.spec, "ports")
	is_object(port)
	object.get(port, "hostPort", 0) in none
	number := object.get(port, "containerPort", 0)
	number != 0
	violation := {
		"path": array.concat(container.path, ["ports", index, "containerPort"]),
		"message": sprintf("%s takes port %v of its node, as it is on the node's network", [container.label, number]),
	}
}
