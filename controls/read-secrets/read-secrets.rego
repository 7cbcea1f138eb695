# METADATA
# title: Few can read Secrets
# description: Whoever reads the Secrets of a namespace can act as every application in it, and as every service account whose token is among them.
# scope: package
# custom:
#   id: C-0015
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Role.rbac.authorization.k8s.io, ClusterRole.rbac.authorization.k8s.io]
#   reads: [facts]
#   also: [C-0186]
#   mentions: ["*", secrets]
package plimsoll.read_secrets

import data.lib.rbac

deny contains violation if {
	some entry in rbac.granting({""}, {"secrets"}, {"get", "list", "watch"})
	violation := {
		"path": entry.path,
		"message": sprintf("%s may read all Secrets %s", [rbac.holders, rbac.scope]),
	}
}
