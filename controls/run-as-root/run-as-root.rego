# METADATA
# title: No container runs as root
# description: Root in a container is root on the node for every file and kernel interface that the container reaches.
# scope: package
# custom:
#   id: C-0013
#   also: [C-0211]
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
package plimsoll.run_as_root

import data.lib.workload

# The containers for which root means something (not on Windows, not in a user namespace), with what applies to them.
candidates := [{"container": container, "user": user, "non_root": non_root} |
	some container in workload.linux_containers
	container.pod.user_namespace == false
	user := workload.effective(container, "runAsUser", null)
	user in {0, null}
	non_root := workload.effective(container, "runAsNonRoot", null)
]

deny contains violation if {
	some candidate in candidates
	candidate.user == 0
	place := workload.place(candidate.container, "runAsUser")
	violation := {
		"path": place.path,
		"message": sprintf("%s runs as user 0, which is root", [place.label]),
	}
}

deny contains violation if {
	some candidate in candidates
	candidate.user == null
	candidate.non_root == false
	place := workload.place(candidate.container, "runAsNonRoot")
	violation := {
		"path": place.path,
		"message": sprintf("%s may run as root: `runAsNonRoot` is false and no user is set", [place.label]),
		"fix": {"op": "set", "value": true},
	}
}

deny contains violation if {
	some candidate in candidates
	candidate.user == null
	candidate.non_root == null
	violation := {
		"path": array.concat(candidate.container.path, ["securityContext", "runAsNonRoot"]),
		"message": sprintf("%s runs as root if its image says so: neither `runAsNonRoot` nor a user is set", [candidate.container.label]),
		"fix": {"op": "set", "value": true},
	}
}
