# METADATA
# title: The API server asks for rights
# description: With AlwaysAllow, everybody who is logged in may do everything.
# scope: package
# custom:
#   id: C-0118
#   severity: critical
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_always_allow

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	flag.given(program, "authorization-config", "") == ""
	count({"AlwaysAllow"} & flag.items(program, "authorization-mode")) + count(flag.missing(program, ["authorization-mode"])) > 0
	violation := {
		"path": flag.place(program, "authorization-mode"),
		"message": "kube-apiserver asks for no rights: `--authorization-mode` is AlwaysAllow, which it also is when it is not given",
	}
}
