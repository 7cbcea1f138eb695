# METADATA
# title: No role grants everything
# description: A role with every verb on every resource makes its holders administrators, under a name that does not say so.
# scope: package
# custom:
#   id: C-0187
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Role.rbac.authorization.k8s.io, ClusterRole.rbac.authorization.k8s.io]
#   reads: [facts]
#   also: [C-0002, C-0007, C-0015, C-0031, C-0035, C-0037, C-0063, C-0065, C-0186, C-0188, C-0191, C-0278, C-0279, C-0280, C-0281, C-0282]
#   mentions: ["*"]
package plimsoll.all_rights

import data.lib.rbac

deny contains violation if {
	rbac.held
	some index, rule in rbac.rules(input.resource)
	rbac.everything(rule)
	violation := {
		"path": ["rules", index],
		"message": sprintf("%s may do everything with everything %s", [rbac.holders, rbac.scope]),
	}
}
