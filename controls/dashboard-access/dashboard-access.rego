# METADATA
# title: The Kubernetes dashboard keeps its rights to itself
# description: The account and the roles of the dashboard can see and change most of the cluster. Nothing else should have them.
# scope: package
# custom:
#   id: C-0014
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [RoleBinding.rbac.authorization.k8s.io, ClusterRoleBinding.rbac.authorization.k8s.io, pods]
#   mentions: [kubernetes-dashboard]
package plimsoll.dashboard_access

import data.lib.workload

deny contains violation if {
	object.get(workload.map(input.resource, "roleRef"), "name", "") == "kubernetes-dashboard"
	some index, subject in workload.list(input.resource, "subjects")
	is_object(subject)
	object.get(subject, "name", "") != "kubernetes-dashboard"
	violation := {
		"path": ["subjects", index],
		"message": sprintf("`%v` has the rights of the Kubernetes dashboard", [object.get(subject, "name", "?")]),
	}
}

deny contains violation if {
	some pod in input.pods
	pod.spec.serviceAccountName == "kubernetes-dashboard"
	startswith(workload.text(object.get(workload.map(input.resource, "metadata"), "name", ""), ""), "kubernetes-dashboard") == false
	violation := {
		"path": array.concat(pod.path, ["serviceAccountName"]),
		"message": "these pods run as the Kubernetes dashboard, and have its rights",
	}
}
