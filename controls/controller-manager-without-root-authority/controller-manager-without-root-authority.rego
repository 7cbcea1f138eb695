# METADATA
# title: Pods can verify the API server
# description: Without the authority, pods do not get the certificate that they verify the API server with.
# scope: package
# custom:
#   id: C-0148
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-controller-manager]
package plimsoll.controller_manager_without_root_authority

import data.lib.flag

deny contains violation if {
	program := flag.controller_manager
	lacking := flag.missing(program, ["root-ca-file"])
	count(lacking) > 0
	violation := {
		"path": flag.place(program, "root-ca-file"),
		"message": sprintf("kube-controller-manager runs without %s: pods cannot verify the API server", [concat(" and ", lacking)]),
	}
}
