# METADATA
# title: Few can run commands in containers
# description: Whoever may exec into a pod has what its processes have; its files, its Secrets, its connections.
# scope: package
# custom:
#   id: C-0002
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Role.rbac.authorization.k8s.io, ClusterRole.rbac.authorization.k8s.io]
#   reads: [facts]
#   mentions: ["*", pods/exec]
package plimsoll.exec_into_pods

import data.lib.rbac

deny contains violation if {
	some entry in rbac.granting({""}, {"pods/exec", "pods/*"}, {"create"})
	violation := {
		"path": entry.path,
		"message": sprintf("%s may run commands in the containers of pods %s", [rbac.holders, rbac.scope]),
	}
}
