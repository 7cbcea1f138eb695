# METADATA
# title: Few are cluster-admin
# description: The role cluster-admin holds every right in the whole cluster, and nothing can be taken out of it.
# scope: package
# custom:
#   id: C-0185
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds: [ClusterRoleBinding.rbac.authorization.k8s.io]
#   also: [C-0035]
#   mentions: [cluster-admin]
package plimsoll.cluster_admin_binding

import data.lib.rbac
import data.lib.workload

deny contains violation if {
	reference := workload.map(input.resource, "roleRef")
	reference.kind == "ClusterRole"
	reference.name == "cluster-admin"
	some index, subject in workload.list(input.resource, "subjects")
	is_object(subject)
	[rbac.noun(subject), object.get(subject, "name", "")] != ["the group", "system:masters"]
	violation := {
		"path": ["subjects", index],
		"message": sprintf("%s `%v` may do everything in the whole cluster, as cluster-admin", [rbac.noun(subject), object.get(subject, "name", "?")]),
		"fix": {"op": "remove"},
	}
}
