# METADATA
# title: No pod can take over others through the Kubernetes API
# description: A pod whose token can create pods or read all Secrets is a way from one program into everything around it.
# scope: package
# custom:
#   id: C-0267
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   reads: [facts]
package plimsoll.pod_with_takeover_rights

import data.lib.account
import data.lib.rbac
import data.lib.workload

deny contains violation if {
	some pod in input.pods
	account.token_mounted(pod)
	takeovers := {sprintf("%s %s", [way, account.where(rule)]) |
		some rule in concerned
		not rbac.everything(rule)
		some way in ways(rule)
	}
	count(takeovers) > 0
	violation := {
		"path": array.concat(pod.path, ["serviceAccountName"]),
		"message": sprintf("whoever breaks into these pods may %s, as the service account `%s`", [concat(" and ", sort(takeovers)), input.facts.service_account.name]),
	}
}

# An account may have many rules, and few of them can be what is looked for. One that names objects grants only those.
concerned contains rule if {
	some rule in input.facts.rules
	rbac.allows(rule, {""}, {"pods", "secrets"}, {"create", "get", "list", "patch", "update", "watch"})
	count(workload.list(rule, "resourceNames")) == 0
}

ways(rule) := array.concat(pods(rule), secrets(rule))

pods(rule) := ["create or change pods"] if {
	rbac.allows(rule, {""}, {"pods"}, {"create", "update", "patch"})
} else := []

secrets(rule) := ["read Secrets"] if {
	rbac.allows(rule, {""}, {"secrets"}, {"get", "list", "watch"})
} else := []
