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

deny contains violation if {
	some index, rule in workload.list(workload.map(input.resource, "spec"), "egress")
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
