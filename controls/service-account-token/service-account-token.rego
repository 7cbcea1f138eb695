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
#   reads: [facts]
package plimsoll.service_account_token

import data.lib.workload

deny contains violation if {
	some pod in workload.pods
	mounted := object.get(pod.spec, "automountServiceAccountToken", null)
	mounted != false
	account := input.facts.service_account
	withheld(mounted, account) == false
	account.bound == false
	violation := {
		"path": array.concat(pod.path, ["automountServiceAccountToken"]),
		"message": sprintf("the pod gets a token of the service account `%s`, to which nothing here gives rights of its own: `automountServiceAccountToken` is %s", [account.name, state(mounted)]),
		"fix": {"op": "set", "value": false},
	}
}

state(true) := "true"

state(mounted) := "not set, which means true" if mounted != true

# Where the pod says nothing, its service account decides.
withheld(mounted, account) if {
	mounted == null
	account.automount == false
} else := false
