# METADATA
# title: Nobody has rights without logging in
# description: The user system:anonymous and the group system:unauthenticated are everybody who reaches the API server.
# scope: package
# custom:
#   id: C-0262
#   severity: critical
#   since: 0.1.0
#   fix: unsafe
#   kinds: [RoleBinding.rbac.authorization.k8s.io, ClusterRoleBinding.rbac.authorization.k8s.io]
#   mentions: ["system:anonymous", "system:unauthenticated"]
package plimsoll.anonymous_binding

import data.lib.workload

nameless := {"system:anonymous", "system:unauthenticated"}

# What every cluster grants them from the start, and what tells them its certificates.
harmless := {"system:public-info-viewer", "kubeadm:bootstrap-signer-clusterinfo"}

deny contains violation if {
	role := object.get(workload.map(input.resource, "roleRef"), "name", "?")
	not role in harmless
	some index, subject in workload.list(input.resource, "subjects")
	is_object(subject)
	subject.name in nameless
	violation := {
		"path": ["subjects", index],
		"message": sprintf("everybody who reaches the API server has the rights of `%v`, without logging in", [role]),
		"fix": {"op": "remove"},
	}
}
