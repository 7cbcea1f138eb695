# METADATA
# title: Namespaces have network policies
# description: In a namespace without policies, whatever is put there is open to every pod of the cluster from its first minute.
# scope: package
# custom:
#   id: C-0206
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Namespace]
#   reads: [facts]
#   also: [C-0049, C-0054]
package plimsoll.namespace_without_network_policy


deny contains violation if {
	count(input.facts.policies) == 0
	count(input.facts.foreign_policies) == 0
	violation := {
		"path": ["metadata", "name"],
		"message": "no NetworkPolicy is in this namespace: what is put there is open to every pod of the cluster",
	}
}
