# METADATA
# title: Files of the node are mounted read-only
# description: A container that writes to its node can change what the node runs, and with it every other container there.
# scope: package
# custom:
#   id: C-0045
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
#   mentions: ["hostPath: "]
package plimsoll.writable_host_path

import data.lib.workload

deny contains violation if {
	some container in workload.containers
	some index, mount in workload.list(container.spec, "volumeMounts")
	some volume in workload.list(container.pod.spec, "volumes")
	volume.name == mount.name
	is_object(volume.hostPath)
	object.get(mount, "readOnly", false) != true
	path := workload.text(object.get(volume.hostPath, "path", ""), "?")
	violation := {
		"path": array.concat(container.path, ["volumeMounts", index, "readOnly"]),
		"message": sprintf("%s can write to `%s` of its node", [container.label, path]),
		"fix": {"op": "set", "value": true},
	}
}
