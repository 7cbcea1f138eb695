# METADATA
# title: System calls are filtered
# description: Without a seccomp profile a container may make every system call, among them the rare ones in which kernel bugs are found.
# scope: package
# custom:
#   id: C-0210
#   also: [C-0055, C-0211]
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
#   config:
#     version: { default: latest, about: "The version of the Pod Security Standards to hold pods to: `latest`, or one such as `v1.30`." }
package plimsoll.no_seccomp_profile

import data.lib.pod_security
import data.lib.workload

deny contains violation if {
	pod_security.since(19)
	some container in pod_security.linux_containers
	workload.effective(container, "seccompProfile", null) == null
	violation := {
		"path": array.concat(container.path, ["securityContext", "seccompProfile"]),
		"message": sprintf("%s may make every system call: no seccomp profile is set on it or on the pod", [container.label]),
		"fix": {"op": "set", "value": {"type": "RuntimeDefault"}},
	}
}
