# METADATA
# title: System calls are filtered
# description: Without a seccomp profile a container may make every system call, among them the rare ones in which kernel bugs are found.
# scope: package
# custom:
#   id: C-0210
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
package plimsoll.no_seccomp_profile

import data.lib.workload

filtering := {"RuntimeDefault", "Localhost"}

deny contains violation if {
	some container in workload.linux_containers
	workload.effective(container, "seccompProfile", null) == null
	violation := {
		"path": array.concat(container.path, ["securityContext", "seccompProfile"]),
		"message": sprintf("%s may make every system call: no seccomp profile is set on it or on the pod", [container.label]),
		"fix": {"op": "set", "value": {"type": "RuntimeDefault"}},
	}
}

deny contains violation if {
	some container in workload.linux_containers
	profile := workload.effective(container, "seccompProfile", null)
	profile != null
	kind := kind_of(profile)
	unfiltered(kind)
	place := workload.place(container, "seccompProfile")
	violation := {
		"path": array.concat(place.path, ["type"]),
		"message": sprintf("%s may make every system call: its seccomp profile is `%s`", [place.label, kind]),
		"fix": {"op": "set", "value": "RuntimeDefault"},
	}
}

# Where there is no type, the API server refuses the profile; it filters nothing in any case.
kind_of(profile) := kind if {
	kind := profile.type
	is_string(kind)
} else := ""

unfiltered(kind) if not kind in filtering
