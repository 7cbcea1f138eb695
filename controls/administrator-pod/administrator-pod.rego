# METADATA
# title: No pod is an administrator
# description: A pod whose token may do everything makes every hole in its program a hole in the cluster.
# scope: package
# custom:
#   id: C-0272
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   reads: [facts]
#   also: [C-0267]
package plimsoll.administrator_pod

import data.lib.account
import data.lib.rbac

deny contains violation if {
	some pod in input.pods
	account.token_mounted(pod)
	places := {account.where(rule) |
		some rule in input.facts.rules
		"*" in rule.resources
		rbac.everything(rule)
	}
	count(places) > 0
	violation := {
		"path": array.concat(pod.path, ["serviceAccountName"]),
		"message": sprintf("whoever breaks into these pods may do everything %s, as the service account `%s`", [concat(" and ", sort(places)), input.facts.service_account.name]),
	}
}
