# METADATA
# title: The API server verifies certificates of clients
# description: Without an authority to trust, nobody can log in with a certificate.
# scope: package
# custom:
#   id: C-0139
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_without_client_authority

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	lacking := flag.missing(program, ["client-ca-file"])
	count(lacking) > 0
	violation := {
		"path": flag.place(program, "client-ca-file"),
		"message": sprintf("kube-apiserver runs without %s: nobody can log in with a certificate", [concat(" and ", lacking)]),
	}
}
