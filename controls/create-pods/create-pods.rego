# METADATA
# title: Few can create pods
# description: A new pod can run as any service account of its namespace and mount any of its Secrets.
# scope: package
# custom:
#   id: C-0188
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Role.rbac.authorization.k8s.io, ClusterRole.rbac.authorization.k8s.io]
#   reads: [facts]
#   mentions: ["*", create]
package plimsoll.create_pods

import data.lib.rbac

deny contains violation if {
	some entry in rbac.granting({""}, {"pods"}, {"create"})
	violation := {
		"path": entry.path,
		"message": sprintf("%s may create pods, and with them use every Secret and service account %s", [rbac.holders, rbac.scope]),
	}
}
