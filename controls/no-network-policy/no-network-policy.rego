# METADATA
# title: Pods are covered by a NetworkPolicy
# description: Without a policy that selects it, a pod accepts connections from every pod of the cluster and may connect to anything.
# scope: package
# custom:
#   id: C-0260
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   reads: [facts]
#   also: [C-0030]
package plimsoll.no_network_policy


deny contains violation if {
	some pod in input.pods
	object.get(pod.spec, "hostNetwork", false) != true
	count(input.facts.policies) == 0
	count(input.facts.foreign_policies) == 0
	violation := {
		"path": array.concat(array.slice(pod.path, 0, count(pod.path) - 1), ["metadata", "labels"]),
		"message": "no NetworkPolicy selects these pods: anything in the cluster may reach them, and they may reach anything",
	}
}
