# METADATA
# title: Pods keep off the node's file system
# description: A hostPath volume shows files of the node to a container; with write access, or with a socket among them, it is a way onto the node.
# scope: package
# custom:
#   id: C-0048
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   mentions: ["hostPath: "]
package plimsoll.host_path

import data.lib.workload

deny contains violation if {
	some pod in workload.pods
	some index, volume in workload.list(pod.spec, "volumes")
	is_object(volume.hostPath)
	name := workload.text(object.get(volume, "name", ""), sprintf("%d", [index]))
	path := workload.text(object.get(volume.hostPath, "path", ""), "?")
	violation := {
		"path": array.concat(pod.path, ["volumes", index, "hostPath"]),
		"message": sprintf("volume `%s` is `%s` of the node%s", [name, path, hint(path)]),
	}
}

hint(path) := ", through which its container runtime is commanded" if {
	endswith(path, ".sock")
} else := ", which is all of it" if {
	path == "/"
} else := ""
