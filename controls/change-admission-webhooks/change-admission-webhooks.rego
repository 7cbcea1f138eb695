# METADATA
# title: Few can change admission webhooks
# description: Whoever changes these objects sees and rewrites everything that is created in the cluster, and can switch policies off.
# scope: package
# custom:
#   id: C-0281
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Role.rbac.authorization.k8s.io, ClusterRole.rbac.authorization.k8s.io]
#   reads: [facts]
#   mentions: ["*", webhookconfigurations]
package plimsoll.change_admission_webhooks

import data.lib.rbac

deny contains violation if {
	rbac.cluster_wide
	some entry in rbac.granting({"admissionregistration.k8s.io"}, {"validatingwebhookconfigurations", "mutatingwebhookconfigurations"}, {"create", "update", "patch", "delete", "deletecollection"})
	violation := {
		"path": entry.path,
		"message": sprintf("%s may change which webhooks see, rewrite and refuse what is created", [rbac.holders]),
	}
}
