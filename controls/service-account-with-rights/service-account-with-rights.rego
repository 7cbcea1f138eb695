# METADATA
# title: Service accounts with rights are known
# description: Every binding of a service account is a right that whoever breaks into its pods has.
# scope: package
# custom:
#   id: C-0053
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [RoleBinding.rbac.authorization.k8s.io, ClusterRoleBinding.rbac.authorization.k8s.io]
#   enabled: false
package plimsoll.service_account_with_rights

import data.lib.workload

deny contains violation if {
	some index, subject in workload.list(input.resource, "subjects")
	subject.kind == "ServiceAccount"
	violation := {
		"path": ["subjects", index],
		"message": sprintf("the service account `%v` has the rights of `%v`", [object.get(subject, "name", "?"), object.get(workload.map(input.resource, "roleRef"), "name", "?")]),
	}
}
