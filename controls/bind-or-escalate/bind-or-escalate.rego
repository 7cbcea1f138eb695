# METADATA
# title: Nobody grants more than they have
# description: The verbs bind and escalate switch off the rule that nobody can grant rights that they do not hold.
# scope: package
# custom:
#   id: C-0191
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Role.rbac.authorization.k8s.io, ClusterRole.rbac.authorization.k8s.io]
#   reads: [facts]
#   mentions: ["*", bind, escalate]
package plimsoll.bind_or_escalate

import data.lib.rbac

deny contains violation if {
	some entry in rbac.granting_named({"rbac.authorization.k8s.io"}, {"roles", "clusterroles"}, {"bind", "escalate"})
	violation := {
		"path": entry.path,
		"message": sprintf("%s may grant rights that they do not hold themselves (`bind`, `escalate`) %s", [rbac.holders, rbac.scope]),
	}
}
