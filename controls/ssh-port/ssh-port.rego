# METADATA
# title: No SSH server runs in a container
# description: An SSH server in a container lets people in past the audit log and the rights of the cluster.
# scope: package
# custom:
#   id: C-0042
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   reads: [facts, inventory]
#   inventory: [Service]
package plimsoll.ssh_port

import data.lib.workload

ports := {22, 2222}

deny contains violation if {
	some container in workload.containers
	some index, port in workload.list(container.spec, "ports")
	port.containerPort in ports
	violation := {
		"path": array.concat(container.path, ["ports", index, "containerPort"]),
		"message": sprintf("%s listens on port %v, which is where SSH servers do", [container.label, port.containerPort]),
	}
}

# A Service may lead to a port that the container does not declare.
deny contains violation if {
	some pod in workload.pods
	some known in input.facts.services
	service := input.inventory.Service[known.namespace][known.name]
	some port in workload.list(workload.map(service, "spec"), "ports")
	some field in ["port", "targetPort"]
	port[field] in ports
	count(declared) == 0
	violation := {
		"path": array.concat(array.slice(pod.path, 0, count(pod.path) - 1), ["metadata", "labels"]),
		"message": sprintf("Service `%s` leads to port %v of these pods, which is where SSH servers listen", [known.name, port[field]]),
	}
}

declared contains port if {
	some container in workload.containers
	some port in workload.list(container.spec, "ports")
	port.containerPort in ports
}
