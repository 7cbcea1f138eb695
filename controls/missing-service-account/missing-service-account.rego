# METADATA
# title: The service account of a pod is there
# description: A pod whose service account does not exist is refused, and nothing of the workload runs.
# scope: package
# custom:
#   id: C-0307
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   reads: [facts]
package plimsoll.missing_service_account

import data.lib.workload

deny contains violation if {
	some pod in workload.pods
	named := [field |
		some field in ["serviceAccountName", "serviceAccount"]
		object.get(pod.spec, field, "") != ""
	]
	account := input.facts.service_account
	account.known == false
	field := named[0]
	name := pod.spec[field]
	name == account.name
	name != "default"
	violation := {
		"path": array.concat(pod.path, [field]),
		"message": sprintf("no ServiceAccount `%s` is rendered for this namespace: unless something else makes it, these pods are refused", [name]),
	}
}
