# METADATA
# title: Few can create volumes
# description: A persistent volume can be a directory of a node, so that creating one is a way to its files.
# scope: package
# custom:
#   id: C-0278
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Role.rbac.authorization.k8s.io, ClusterRole.rbac.authorization.k8s.io]
#   reads: [facts]
#   mentions: ["*", persistentvolumes]
package plimsoll.create_persistent_volumes

import data.lib.rbac

deny contains violation if {
	rbac.cluster_wide
	some entry in rbac.granting({""}, {"persistentvolumes"}, {"create"})
	violation := {
		"path": entry.path,
		"message": sprintf("%s may create volumes, even ones that are directories of nodes", [rbac.holders]),
	}
}
