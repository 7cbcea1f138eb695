# METADATA
# title: The socket of the container runtime stays on the node
# description: Whoever can write to the socket of a container runtime can start a privileged container, and so owns the node.
# scope: package
# custom:
#   id: C-0074
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   mentions: ["hostPath: "]
package plimsoll.runtime_socket_mounted

import data.lib.workload

# Where the runtimes listen, and the directories above; /var/run is /run.
sockets := `^(/var)?/run(/(docker\.sock|docker|(k3s/)?containerd(/containerd\.sock)?|crio(/crio\.sock)?|podman(/podman\.sock)?|cri-dockerd\.sock))?$`

deny contains violation if {
	some pod in workload.pods
	some index, volume in workload.list(pod.spec, "volumes")
	path := object.get(workload.map(volume, "hostPath"), "path", "")
	is_string(path)
	regex.match(sockets, trim_right(regex.replace(path, `/(\.?/)+`, "/"), "/"))
	name := workload.text(object.get(volume, "name", ""), sprintf("%d", [index]))
	violation := {
		"path": array.concat(pod.path, ["volumes", index, "hostPath", "path"]),
		"message": sprintf("volume `%s` is `%s`, through which a container commands its node's container runtime", [name, path]),
	}
}
