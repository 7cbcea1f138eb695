# METADATA
# title: The service account of pods, and what it is good for
# description: Reads the facts of an object with pods.
package lib.account

# True where a pod holds a token of its service account: the pod decides, then the account, and without a word it does.
token_mounted(pod) if {
	object.get(pod.spec, "automountServiceAccountToken", null) == true
}

token_mounted(pod) if {
	object.get(pod.spec, "automountServiceAccountToken", null) == null
	object.get(input.facts.service_account, "automount", null) != false
}

# The words for where a rule of the account holds.
where(rule) := "in the whole cluster" if {
	rule.binding.kind == "ClusterRoleBinding"
} else := "in their namespace" if {
	rule.namespace == ""
} else := sprintf("in `%s`", [rule.namespace])
