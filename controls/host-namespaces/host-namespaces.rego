# METADATA
# title: Pods keep out of the node's process and IPC namespaces
# description: With hostPID or hostIPC a container sees the processes or the shared memory of everything else on its node.
# scope: package
# custom:
#   id: C-0038
#   also: [C-0275, C-0276]
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
#   mentions: ["hostPID: true", "hostIPC: true"]
package plimsoll.host_namespaces

import data.lib.workload

seen := {
	"hostPID": "the processes of the node, and the environment and files of each",
	"hostIPC": "the shared memory and message queues of the node",
}

deny contains violation if {
	some pod in workload.pods
	some field, what in seen
	pod.spec[field] == true
	violation := {
		"path": array.concat(pod.path, [field]),
		"message": sprintf("`%s` shows the pod %s", [field, what]),
		"fix": {"op": "remove"},
	}
}
