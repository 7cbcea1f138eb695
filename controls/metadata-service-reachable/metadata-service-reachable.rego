# METADATA
# title: Pods do not reach the metadata service of their node
# description: The metadata service of a cloud hands out the credentials of the node to whoever asks from it.
# scope: package
# custom:
#   id: PL-0053
#   severity: low
#   since: 0.1.0
#   fix: unsafe
#   kinds: [NetworkPolicy.networking.k8s.io]
package plimsoll.metadata_service_reachable

import data.lib.network
import data.lib.workload

address := "169.254.169.254/32"

rules := {index: rule |
	some index, rule in workload.list(workload.map(input.resource, "spec"), "egress")
	is_object(rule)
	answered(workload.list(rule, "ports"))
}

# The service listens on port 80, and so does nothing but TCP. Without a port all of them are let through.
answered(ports) if count(ports) == 0

answered(ports) if {
	some port in ports
	is_object(port)
	object.get(port, "protocol", "TCP") == "TCP"
	first := object.get(port, "port", 80)
	is_number(first)
	first <= 80
	object.get(port, "endPort", first) >= 80
}

# A rule that names no peers leads anywhere.
deny contains violation if {
	some index, rule in rules
	count(workload.list(rule, "to")) == 0
	violation := {
		"path": ["spec", "egress", index],
		"message": "this rule leads to every address, 169.254.169.254 among them, where clouds hand out the credentials of the node",
	}
}

deny contains violation if {
	some index, rule in rules
	some place, peer in workload.list(rule, "to")
	block := workload.map(peer, "ipBlock")
	range := block.cidr
	is_string(range)
	network.within(address, [range])
	excepted := workload.list(block, "except")
	not network.within(address, excepted)
	violation := {
		"path": ["spec", "egress", index, "to", place, "ipBlock", "except"],
		"message": sprintf("`%s` includes 169.254.169.254, where clouds hand out the credentials of the node", [range]),
		"fix": {"op": "set", "value": array.concat(excepted, [address])},
	}
}
