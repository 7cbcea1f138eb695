# METADATA
# title: Few can delete events
# description: Events are a trace of what happened in the cluster. Whoever deletes them can cover what was done.
# scope: package
# custom:
#   id: C-0031
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Role.rbac.authorization.k8s.io, ClusterRole.rbac.authorization.k8s.io]
#   reads: [facts]
#   mentions: ["*", delete]
package plimsoll.delete_events

import data.lib.rbac

deny contains violation if {
	# Both groups have the same events.
	some entry in rbac.granting({"", "events.k8s.io"}, {"events"}, {"delete", "deletecollection"})
	violation := {
		"path": entry.path,
		"message": sprintf("%s may delete events, and with them the traces of what was done %s", [rbac.holders, rbac.scope]),
	}
}
