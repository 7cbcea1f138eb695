# METADATA
# title: No process gains more privileges than its parent
# description: Unless allowPrivilegeEscalation is false, a set-user-ID program in the image gives whoever runs it the rights of its owner, often root.
# scope: package
# custom:
#   id: C-0016
#   also: [C-0211]
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
#   config:
#     version: { default: latest, about: "The version of the Pod Security Standards to hold pods to: `latest`, or one such as `v1.30`." }
package plimsoll.privilege_escalation

import data.lib.pod_security

deny contains violation if {
	pod_security.since(8)
	some container in pod_security.linux_containers
	allowed := object.get(container.security, "allowPrivilegeEscalation", null)
	allowed != false
	found := {
		"path": array.concat(container.path, ["securityContext", "allowPrivilegeEscalation"]),
		"message": sprintf("%s lets its processes gain privileges: `allowPrivilegeEscalation` is %s", [container.label, state(allowed)]),
	}
	violation := object.union(found, remedy(container))
}

state(true) := "true"

state(allowed) := "not set, which means true" if allowed != true

# The API server refuses `false` beside `privileged: true` or CAP_SYS_ADMIN, so there is nothing to suggest then.
remedy(container) := {} if {
	object.get(container.security, "privileged", false) == true
} else := {} if {
	some name in container.added
	name in {"SYS_ADMIN", "CAP_SYS_ADMIN", "ALL"}
} else := {"fix": {"op": "set", "value": false}}
