# METADATA
# title: Nobody talks to kubelets through the API server
# description: The proxy of a node reaches its kubelet, which runs commands in every container of the node and writes no audit log.
# scope: package
# custom:
#   id: C-0279
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Role.rbac.authorization.k8s.io, ClusterRole.rbac.authorization.k8s.io]
#   reads: [facts]
#   mentions: ["*", nodes/proxy]
package plimsoll.node_proxy

import data.lib.rbac

deny contains violation if {
	rbac.cluster_wide
	some entry in rbac.granting({""}, {"nodes/proxy", "*/proxy"}, {"get", "create", "connect"})
	violation := {
		"path": entry.path,
		"message": sprintf("%s may command the kubelets of all nodes, and nothing records it", [rbac.holders]),
	}
}
