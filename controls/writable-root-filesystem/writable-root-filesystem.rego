# METADATA
# title: The file system of an image is read-only where it runs
# description: Whoever gets into a container with a writable file system can replace its programs and leave tools there.
# scope: package
# custom:
#   id: C-0017
#   also: [C-0211]
#   severity: low
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
package plimsoll.writable_root_filesystem

import data.lib.workload

deny contains violation if {
	some container in workload.linux_containers
	only_read := object.get(container.security, "readOnlyRootFilesystem", null)
	only_read != true
	violation := {
		"path": array.concat(container.path, ["securityContext", "readOnlyRootFilesystem"]),
		"message": sprintf("%s can change the programs it was built with: `readOnlyRootFilesystem` is %s", [container.label, state(only_read)]),
		"fix": {"op": "set", "value": true},
	}
}

state(false) := "false"

state(only_read) := "not set" if only_read != false
