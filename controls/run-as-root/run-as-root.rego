# METADATA
# title: No container runs as root
# description: Root in a container is root on the node for every file and kernel interface that the container reaches.
# scope: package
# custom:
#   id: C-0013
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
package plimsoll.run_as_root

import data.lib.workload

# The containers for which root means something: not on Windows, not in a user namespace.
candidates contains container if {
	some container in workload.linux_containers
	container.pod.user_namespace == false
}

deny contains violation if {
	some container in candidates
	workload.effective(container, "runAsUser", null) == 0
	place := workload.place(container, "runAsUser")
	violation := {
		"path": place.path,
		"message": sprintf("%s runs as user 0, which is root", [place.label]),
	}
}

deny contains violation if {
	some container in candidates
	workload.effective(container, "runAsUser", null) == null
	workload.effective(container, "runAsNonRoot", null) == false
	place := workload.place(container, "runAsNonRoot")
	violation := {
		"path": place.path,
		"message": sprintf("%s may run as root: `runAsNonRoot` is false and no user is set", [place.label]),
		"fix": {"op": "set", "value": true},
	}
}

deny contains violation if {
	some container in candidates
	workload.effective(container, "runAsUser", null) == null
	workload.effective(container, "runAsNonRoot", null) == null
	violation := {
		"path": array.concat(container.path, ["securityContext", "runAsNonRoot"]),
		"message": sprintf("%s runs as root if its image says so: neither `runAsNonRoot` nor a user is set", [container.label]),
		"fix": {"op": "set", "value": true},
	}
}
