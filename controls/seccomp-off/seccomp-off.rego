# METADATA
# title: The filter of system calls is not switched off
# description: Unconfined takes away even the filter that a node may apply by default, and lets a container make every system call.
# scope: package
# custom:
#   id: PL-0103
#   also: [C-0210, C-0211]
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
#   config:
#     version: { default: latest, about: "The version of the Pod Security Standards to hold pods to: `latest`, or one such as `v1.30`." }
#   mentions: ["seccompProfile: ", seccomp.security.alpha]
package plimsoll.seccomp_off

import data.lib.pod_security
import data.lib.workload

filtering := {"RuntimeDefault", "Localhost"}

deny contains violation if {
	pod_security.since(19)
	some context in workload.contexts
	profile := object.get(context.security, "seccompProfile", null)
	is_object(profile)
	kind := object.get(profile, "type", "")
	unfiltered(kind)
	violation := {
		"path": array.concat(context.path, ["seccompProfile", "type"]),
		"message": sprintf("%s may make every system call: its seccomp profile is `%v`", [context.label, kind]),
		"fix": {"op": "set", "value": "RuntimeDefault"},
	}
}

unfiltered(kind) if not kind in filtering

# Before 1.19 annotations said it.
deny contains violation if {
	pod_security.before(19)
	some pod in workload.pods
	some key, profile in workload.map(pod.metadata, "annotations")
	regex.match(`^(container\.)?seccomp\.security\.alpha\.kubernetes\.io/`, key)
	is_string(profile)
	regex.match(`^(runtime/default|docker/default|localhost/.*)$`, profile) == false
	violation := {
		"path": array.concat(array.slice(pod.path, 0, count(pod.path) - 1), ["metadata", "annotations", key]),
		"message": sprintf("an annotation lets the pod or a container of it make every system call: it says `%s`", [profile]),
		"fix": {"op": "set", "value": "runtime/default"},
	}
}
