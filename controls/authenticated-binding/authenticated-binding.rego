# METADATA
# title: Rights are given to somebody, not to everybody
# description: The group system:authenticated holds everybody who can log in, on some clouds everybody who has an account there, and every service account.
# scope: package
# custom:
#   id: C-0265
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds: [RoleBinding.rbac.authorization.k8s.io, ClusterRoleBinding.rbac.authorization.k8s.io]
#   reads: [facts]
#   mentions: ["system:authenticated", "system:serviceaccounts"]
package plimsoll.authenticated_binding

import data.lib.change
import data.lib.rbac
import data.lib.workload

everybody := {"system:authenticated", "system:serviceaccounts"}

# What a rule has to be about to be a way into workloads or their data.
sensitive := {
	"*", "cronjobs", "daemonsets", "deployments", "jobs", "nodes", "pods", "pods/attach",
	"pods/exec", "pods/portforward", "secrets", "statefulsets",
}

deny contains violation if {
	some index, subject in workload.list(input.resource, "subjects")
	subject.kind == "Group"
	subject.name in everybody
	some rule in rbac.rules(input.facts.role)
	things := [resource |
		some resource in workload.list(rule, "resources")
		resource in sensitive
	]
	count(things) > 0
	violation := {
		"path": ["subjects", index],
		"message": sprintf("everybody in `%s` may %s %s", [subject.name, change.words(workload.list(rule, "verbs")), change.words(things)]),
		"fix": {"op": "remove"},
	}
}
