# METADATA
# title: The scheduler listens only on its own host
# description: What the scheduler tells about itself is for its own host.
# scope: package
# custom:
#   id: C-0152
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-scheduler]
package plimsoll.scheduler_open

import data.lib.flag

deny contains violation if {
	program := flag.scheduler
	flag.given(program, "bind-address", "0.0.0.0") != "127.0.0.1"
	flag.given(program, "bind-address", "0.0.0.0") != "::1"
	violation := {
		"path": flag.place(program, "bind-address"),
		"message": "kube-scheduler can be reached from the network: `--bind-address` is not 127.0.0.1",
	}
}
