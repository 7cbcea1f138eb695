# METADATA
# title: Kubelets read only what their pods need
# description: Without the mode Node, a kubelet has either no rights or those on all objects of the cluster.
# scope: package
# custom:
#   id: C-0119
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_without_node_authorization

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	flag.given(program, "authorization-config", "") == ""
	count(flag.items(program, "authorization-mode") & {"Node"}) == 0
	violation := {
		"path": flag.place(program, "authorization-mode"),
		"message": "kube-apiserver does not limit kubelets to what their own pods need: `--authorization-mode` lacks Node",
	}
}
