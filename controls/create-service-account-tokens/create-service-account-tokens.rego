# METADATA
# title: Few can create tokens of service accounts
# description: A token is all that is needed to act as its service account.
# scope: package
# custom:
#   id: C-0282
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Role.rbac.authorization.k8s.io, ClusterRole.rbac.authorization.k8s.io]
#   reads: [facts]
#   mentions: ["*", serviceaccounts/token]
package plimsoll.create_service_account_tokens

import data.lib.rbac

deny contains violation if {
	some entry in rbac.granting({""}, {"serviceaccounts/token"}, {"create"})
	violation := {
		"path": entry.path,
		"message": sprintf("%s may create tokens of all service accounts, and act as them %s", [rbac.holders, rbac.scope]),
	}
}
