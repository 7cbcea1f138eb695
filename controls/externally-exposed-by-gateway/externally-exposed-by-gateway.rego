# METADATA
# title: What gateways let in is known
# description: What a gateway can reach is what is attacked first.
# scope: package
# custom:
#   id: C-0266
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   reads: [facts]
package plimsoll.externally_exposed_by_gateway

import data.lib.change

ways := {"GRPCRoute", "HTTPRoute", "TCPRoute", "TLSRoute", "UDPRoute", "VirtualService"}

deny contains violation if {
	some pod in input.pods
	some service in input.facts.services
	some exposure in service.exposed
	exposure.by in ways
	exposure.internal == false
	violation := {
		"path": array.concat(array.slice(pod.path, 0, count(pod.path) - 1), ["metadata", "labels"]),
		"message": sprintf("these pods can be reached from outside of the cluster, %s", [how(exposure)]),
	}
}

how(exposure) := sprintf("by the %s `%s`%s", [noun(exposure.by), exposure.name, hosts(exposure)])

noun(by) := sprintf("Service of the type %s", [by]) if {
	by in {"LoadBalancer", "NodePort"}
} else := "Service with external addresses" if {
	by == "ExternalIPs"
} else := by

hosts(exposure) := "" if {
	count(change.quoted(exposure.hosts)) == 0
} else := sprintf(" for %s", [change.words(exposure.hosts)])
