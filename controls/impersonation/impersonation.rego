# METADATA
# title: Nobody acts under the name of others
# description: Whoever may impersonate has the rights of everybody whom they can name, and the audit log shows the other name first.
# scope: package
# custom:
#   id: C-0065
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Role.rbac.authorization.k8s.io, ClusterRole.rbac.authorization.k8s.io]
#   reads: [facts]
#   also: [C-0191]
#   mentions: ["*", impersonate]
package plimsoll.impersonation

import data.lib.rbac

deny contains violation if {
	some entry in rbac.granting_named({"", "authentication.k8s.io"}, {"users", "groups", "serviceaccounts", "uids"}, {"impersonate"})
	violation := {
		"path": entry.path,
		"message": sprintf("%s may act as other users, groups or service accounts %s", [rbac.holders, rbac.scope]),
	}
}
