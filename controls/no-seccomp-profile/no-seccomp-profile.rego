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

profiles := [{"container": container, "profile": profile} |
	some container in workload.linux_containers
	profile := workload.effective(container, "seccompProfile", null)
]

deny contains violation if {
	some entry in profiles
	entry.profile == null
	container := entry.container
	violation := {
		"path": array.concat(container.path, ["securityContext", "seccompProfile"]),
		"message": sprintf("%s may make every system call: no seccomp profile is set on it or on the pod", [container.label]),
		"fix": {"op": "set", "value": {"type": "RuntimeDefault"}},
	}
}

deny contains violation if {
	some entry in profiles
	entry.profile != null
	kind := kind_of(entry.profile)
	unfiltered(kind)
	place := workload.place(entry.container, "seccompProfile")
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
