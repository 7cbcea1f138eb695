# METADATA
# title: Few can change how names are resolved
# description: The ConfigMap coredns decides where every name in the cluster leads.
# scope: package
# custom:
#   id: C-0037
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Role.rbac.authorization.k8s.io, ClusterRole.rbac.authorization.k8s.io]
#   reads: [facts]
#   mentions: ["*", configmaps]
package plimsoll.change_cluster_dns

import data.lib.rbac
import data.lib.workload

deny contains violation if {
	rbac.held
	some entry in rbac.granting_named({""}, {"configmaps"}, {"update", "patch"})
	names := workload.list(entry.rule, "resourceNames")
	includes(names)
	reaches
	violation := {
		"path": entry.path,
		"message": sprintf("%s may change the ConfigMap `coredns`, and with it where every name in the cluster leads", [rbac.holders]),
	}
}

includes(names) if {
	count(names) == 0
} else if {
	"coredns" in names
}

# The ConfigMap is in kube-system, and what is granted in other namespaces does not reach it.
reaches if {
	rbac.cluster_wide
} else if {
	"kube-system" in rbac.namespaces
}
