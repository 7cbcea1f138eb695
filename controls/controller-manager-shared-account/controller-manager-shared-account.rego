# METADATA
# title: Each controller has its own rights
# description: Without accounts of their own, all controllers have the rights of all.
# scope: package
# custom:
#   id: C-0146
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-controller-manager]
package plimsoll.controller_manager_shared_account

import data.lib.flag

deny contains violation if {
	program := flag.controller_manager
	flag.switch(program, "use-service-account-credentials", "false") != "true"
	violation := {
		"path": flag.place(program, "use-service-account-credentials"),
		"message": "all controllers share the rights of kube-controller-manager",
	}
}
