# METADATA
# title: The api server shows no profiles
# description: Profiles show what the API server works on, to whoever may ask.
# scope: package
# custom:
#   id: C-0129
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_profiling

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	flag.switch(program, "profiling", "true") != "false"
	violation := {
		"path": flag.place(program, "profiling"),
		"message": "kube-apiserver shows profiles of itself to whoever may ask",
	}
}
