# METADATA
# title: Pods that hold tokens with rights are known
# description: Every pod with a token of an account that has rights is a way to use these rights.
# scope: package
# custom:
#   id: C-0261
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   reads: [facts]
#   enabled: false
package plimsoll.pod_with_token_of_bound_account

import data.lib.account
import data.lib.change

deny contains violation if {
	some pod in input.pods
	account.token_mounted(pod)
	input.facts.service_account.known
	count(input.facts.rules) > 0
	violation := {
		"path": array.concat(pod.path, ["automountServiceAccountToken"]),
		"message": sprintf("the pods hold a token of `%s`, which has rights by %s", [input.facts.service_account.name, change.words(sort({rule.binding.name | some rule in input.facts.rules}))]),
	}
}
