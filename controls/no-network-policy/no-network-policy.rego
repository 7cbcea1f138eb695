# METADATA
# title: A network policy selects every pod
# description: Where no policy selects a pod, it may be reached from every pod of the cluster, and may reach whatever the cluster can.
# scope: package
# custom:
#   id: C-0260
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   reads: [inventory]
package plimsoll.no_network_policy

import data.lib.workload

deny contains violation if {
	some pod in workload.pods
	object.get(pod.spec, "hostNetwork", false) != true
	labels := workload.map(pod.metadata, "labels")
	count(foreign) == 0
	count([policy |
		some policy in policies
		selects(workload.map(policy.spec, "podSelector"), labels)
	]) == 0
	violation := {
		"path": array.concat(array.slice(pod.path, 0, count(pod.path) - 1), ["metadata", "labels"]),
		"message": sprintf("no NetworkPolicy selects these pods%s: anything in the cluster may reach them, and they may reach anything", [hint]),
	}
}

policies := [policy |
	some policy in workload.others("NetworkPolicy.networking.k8s.io", input.namespace)
	is_object(policy.spec)
]

hint := " (their namespace has none)" if {
	count(policies) == 0
} else := " (their namespace has others)"

# Policies of other kinds are not judged: where there is one, the pods count as covered.
foreign := [policy |
	some kind, namespace in {
		"CiliumNetworkPolicy.cilium.io": input.namespace,
		"CiliumClusterwideNetworkPolicy.cilium.io": "",
		"NetworkPolicy.crd.projectcalico.org": input.namespace,
		"NetworkPolicy.projectcalico.org": input.namespace,
		"GlobalNetworkPolicy.projectcalico.org": "",
		"GlobalNetworkPolicy.crd.projectcalico.org": "",
		"AdminNetworkPolicy.policy.networking.k8s.io": "",
		"BaselineAdminNetworkPolicy.policy.networking.k8s.io": "",
		"ClusterNetworkPolicy.policy.networking.k8s.io": "",
	}
	some policy in workload.others(kind, namespace)
]

# A selector selects where none of its requirements is missed; one without requirements selects everything.
selects(selector, labels) if {
	wanted := workload.map(selector, "matchLabels")
	count([key | some key, value in wanted; object.get(labels, key, null) != value]) == 0
	expressions := workload.list(selector, "matchExpressions")
	count([expression | some expression in expressions; missed(expression, labels)]) == 0
}

missed(expression, labels) if {
	expression.operator == "In"
	outside(object.get(labels, expression.key, null), workload.list(expression, "values"))
}

missed(expression, labels) if {
	expression.operator == "NotIn"
	object.get(labels, expression.key, null) in workload.list(expression, "values")
}

missed(expression, labels) if {
	expression.operator == "Exists"
	object.get(labels, expression.key, null) == null
}

missed(expression, labels) if {
	expression.operator == "DoesNotExist"
	object.get(labels, expression.key, null) != null
}

outside(value, values) if not value in values
