# METADATA
# title: Few can approve certificates
# description: An approved certificate is an identity of a user, a group or a node.
# scope: package
# custom:
#   id: C-0280
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Role.rbac.authorization.k8s.io, ClusterRole.rbac.authorization.k8s.io]
#   reads: [facts]
#   mentions: ["*", certificatesigningrequests]
package plimsoll.approve_certificates

import data.lib.rbac

deny contains violation if {
	rbac.cluster_wide
	some entry in rbac.granting({"certificates.k8s.io"}, {"certificatesigningrequests/approval"}, {"update", "patch"})
	violation := {
		"path": entry.path,
		"message": sprintf("%s may approve certificates, and with them identities", [rbac.holders]),
	}
}
