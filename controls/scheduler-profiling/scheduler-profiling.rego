# METADATA
# title: The scheduler shows no profiles
# description: Profiles show what the scheduler works on, to whoever may ask.
# scope: package
# custom:
#   id: C-0151
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-scheduler]
package plimsoll.scheduler_profiling

import data.lib.flag

deny contains violation if {
	program := flag.scheduler
	flag.switch(program, "profiling", "true") != "false"
	violation := {
		"path": flag.place(program, "profiling"),
		"message": "kube-scheduler shows profiles of itself to whoever may ask",
	}
}
