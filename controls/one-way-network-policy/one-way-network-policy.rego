# METADATA
# title: Policies govern both directions of a pod's traffic
# description: A pod whose outgoing connections nobody limits can send what it holds anywhere; one whose incoming connections nobody limits is open to every pod.
# scope: package
# custom:
#   id: C-0030
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   reads: [facts]
package plimsoll.one_way_network_policy

import data.lib.change

deny contains violation if {
	some pod in input.pods
	object.get(pod.spec, "hostNetwork", false) != true
	count(input.facts.policies) > 0
	count(input.facts.foreign_policies) == 0
	some direction, gap in gaps
	count([policy | some policy in input.facts.policies; policy[direction]]) == 0
	violation := {
		"path": array.concat(array.slice(pod.path, 0, count(pod.path) - 1), ["metadata", "labels"]),
		"message": sprintf("the network policies of these pods (%s) %s", [change.words([policy.name | some policy in input.facts.policies]), gap]),
	}
}

gaps := {
	"ingress": "leave open who may reach them",
	"egress": "leave open what they may reach",
}
