# METADATA
# title: The controller manager shows no profiles
# description: Profiles show what the controller manager works on, to whoever may ask.
# scope: package
# custom:
#   id: C-0145
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-controller-manager]
package plimsoll.controller_manager_profiling

import data.lib.flag

deny contains violation if {
	program := flag.controller_manager
	flag.switch(program, "profiling", "true") != "false"
	violation := {
		"path": flag.place(program, "profiling"),
		"message": "kube-controller-manager shows profiles of itself to whoever may ask",
	}
}
