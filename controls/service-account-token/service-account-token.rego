# METADATA
# title: Only pods that use the Kubernetes API get a token for it
# description: By default every pod holds a token of its service account; whoever gets into the pod can act with it in the cluster.
# scope: package
# custom:
#   id: C-0034
#   also: [C-0190]
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
#   reads: [inventory]
package plimsoll.service_account_token

import data.lib.workload

deny contains violation if {
	some pod in workload.pods
	mounted := object.get(pod.spec, "automountServiceAccountToken", null)
	mounted != false
	account := account_of(pod.spec)
	withheld(mounted, account) == false
	count(rights(account)) == 0
	violation := {
		"path": array.concat(pod.path, ["automountServiceAccountToken"]),
		"message": sprintf("the pod gets a token of the service account `%s`, to which nothing here gives any rights: `automountServiceAccountToken` is %s", [account, state(mounted)]),
		"fix": {"op": "set", "value": false},
	}
}

account_of(spec) := workload.text(object.get(spec, "serviceAccountName", ""), workload.text(object.get(spec, "serviceAccount", ""), "default"))

state(true) := "true"

state(mounted) := "not set, which means true" if mounted != true

# Where the pod says nothing, its service account decides.
withheld(mounted, account) if {
	mounted == null
	some object_ in workload.others("ServiceAccount", input.namespace)
	object_.metadata.name == account
	object_.automountServiceAccountToken == false
} else := false

# The bindings that name the account: a pod whose account was given rights is meant to use them.
rights(account) := [subject |
	some binding in bindings
	some subject in workload.list(binding, "subjects")
	subject.kind == "ServiceAccount"
	subject.name == account
	object.get(subject, "namespace", input.namespace) == input.namespace
]

bindings := array.concat(
	workload.others("RoleBinding.rbac.authorization.k8s.io", input.namespace),
	workload.others("ClusterRoleBinding.rbac.authorization.k8s.io", ""),
)
