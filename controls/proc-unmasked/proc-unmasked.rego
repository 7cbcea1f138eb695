# METADATA
# title: The sensitive parts of /proc stay hidden
# description: Runtimes hide what in /proc tells about the node or changes it. With an unmasked one a container reads and writes it.
# scope: package
# custom:
#   id: PL-0101
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
#   config:
#     version: { default: latest, about: "The version of the Pod Security Standards to hold pods to: `latest`, or one such as `v1.30`." }
#   mentions: ["procMount: "]
package plimsoll.proc_unmasked

import data.lib.pod_security
import data.lib.workload

deny contains violation if {
	some container in workload.containers
	mount := object.get(container.security, "procMount", null)
	mount != null
	mount != "Default"
	alone(container.pod.user_namespace)
	violation := {
		"path": array.concat(container.path, ["securityContext", "procMount"]),
		"message": sprintf("%s sees all of /proc, the node's settings among it: `procMount` is `%v`", [container.label, mount]),
		"fix": {"op": "remove"},
	}
}

# In a user namespace, root of the container is nobody on the node, so that there it is allowed.
alone(false) := true

alone(true) if {
	pod_security.before(35)
}
