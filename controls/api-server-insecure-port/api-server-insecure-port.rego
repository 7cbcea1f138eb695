# METADATA
# title: The API server listens only with TLS
# description: The insecure port of old API servers lets everybody who reaches it do everything, without logging in.
# scope: package
# custom:
#   id: C-0005
#   severity: critical
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_insecure_port

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	flag.given(program, "insecure-port", "0") != "0"
	violation := {
		"path": flag.place(program, "insecure-port"),
		"message": sprintf("everybody who reaches port %s may do everything: the insecure port of kube-apiserver is open", [flag.given(program, "insecure-port", "0")]),
	}
}
