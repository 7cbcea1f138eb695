# METADATA
# title: The default service account has no rights
# description: Every pod that names no service account runs as default, so that its rights are everybody's who gets into any of them.
# scope: package
# custom:
#   id: C-0225
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds: [RoleBinding.rbac.authorization.k8s.io, ClusterRoleBinding.rbac.authorization.k8s.io]
#   also: [C-0239]
#   mentions: ["name: default"]
package plimsoll.default_service_account_rights

import data.lib.workload

deny contains violation if {
	object.get(workload.map(workload.map(input.resource, "metadata"), "labels"), "kubernetes.io/bootstrapping", "") != "rbac-defaults"
	some index, subject in workload.list(input.resource, "subjects")
	subject.kind == "ServiceAccount"
	subject.name == "default"
	violation := {
		"path": ["subjects", index],
		"message": sprintf("every pod of `%v` that names no service account gets the rights of `%v`", [object.get(subject, "namespace", input.namespace), object.get(workload.map(input.resource, "roleRef"), "name", "?")]),
		"fix": {"op": "remove"},
	}
}
