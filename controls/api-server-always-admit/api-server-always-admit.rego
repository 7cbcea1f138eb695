# METADATA
# title: Something is looked at before it is created
# description: The plugin AlwaysAdmit lets everything in.
# scope: package
# custom:
#   id: C-0122
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_always_admit

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	count(flag.items(program, "enable-admission-plugins") & {"AlwaysAdmit"}) > 0
	violation := {
		"path": flag.place(program, "enable-admission-plugins"),
		"message": "AlwaysAdmit lets everything in that other plugins might refuse",
	}
}
