# METADATA
# title: Rights are given by RBAC
# description: Without the mode RBAC, roles and bindings mean nothing.
# scope: package
# custom:
#   id: C-0120
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_without_rbac

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	flag.given(program, "authorization-config", "") == ""
	count(flag.items(program, "authorization-mode") & {"RBAC"}) == 0
	violation := {
		"path": flag.place(program, "authorization-mode"),
		"message": "roles and bindings mean nothing to kube-apiserver: `--authorization-mode` lacks RBAC",
	}
}
