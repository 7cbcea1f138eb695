# METADATA
# title: The API server has a certificate that others trust
# description: Without one, the API server makes a certificate up, which nobody can verify.
# scope: package
# custom:
#   id: C-0138
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_without_certificate

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	lacking := flag.missing(program, ["tls-cert-file", "tls-private-key-file"])
	count(lacking) > 0
	violation := {
		"path": flag.place(program, "tls-cert-file"),
		"message": sprintf("kube-apiserver runs without %s: it makes up a certificate that nobody can verify", [concat(" and ", lacking)]),
	}
}
