# METADATA
# title: The API server listens with TLS
# description: With the secure port at 0, the API server does not listen with TLS at all.
# scope: package
# custom:
#   id: C-0128
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_without_secure_port

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	flag.given(program, "secure-port", "6443") == "0"
	violation := {
		"path": flag.place(program, "secure-port"),
		"message": "kube-apiserver does not listen with TLS: its secure port is off",
	}
}
