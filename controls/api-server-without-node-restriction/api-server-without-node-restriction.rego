# METADATA
# title: A kubelet changes only its own node
# description: Without the plugin NodeRestriction, a kubelet can change other nodes and the pods on them.
# scope: package
# custom:
#   id: C-0127
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_without_node_restriction

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	count(flag.items(program, "enable-admission-plugins") & {"NodeRestriction"}) == 0
	violation := {
		"path": flag.place(program, "enable-admission-plugins"),
		"message": "a kubelet may change other nodes and their pods: NodeRestriction is not on",
	}
}
