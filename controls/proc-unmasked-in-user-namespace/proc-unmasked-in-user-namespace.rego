# METADATA
# title: Restricted pods hide the sensitive parts of /proc even in a user namespace
# description: A user namespace makes an unmasked /proc much less dangerous, which is why Baseline allows it there; Restricted does not.
# scope: package
# custom:
#   id: PL-0107
#   severity: low
#   since: 0.1.0
#   fix: unsafe
#   enabled: false
#   kinds: [pods]
#   config:
#     version: { default: latest, about: "The version of the Pod Security Standards to hold pods to: `latest`, or one such as `v1.30`." }
#   mentions: ["procMount: "]
package plimsoll.proc_unmasked_in_user_namespace

import data.lib.pod_security
import data.lib.workload

deny contains violation if {
	pod_security.since(35)
	some container in workload.containers
	container.pod.user_namespace
	mount := object.get(container.security, "procMount", null)
	mount != null
	mount != "Default"
	violation := {
		"path": array.concat(container.path, ["securityContext", "procMount"]),
		"message": sprintf("%s sees all of /proc (`procMount` is `%v`), which Restricted forbids in a user namespace too", [container.label, mount]),
		"fix": {"op": "remove"},
	}
}
