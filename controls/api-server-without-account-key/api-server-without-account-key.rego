# METADATA
# title: Tokens of service accounts have a key of their own
# description: Without a key of its own, the API server verifies tokens with the key of its certificate.
# scope: package
# custom:
#   id: C-0136
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_without_account_key

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	lacking := flag.missing(program, ["service-account-key-file"])
	count(lacking) > 0
	violation := {
		"path": flag.place(program, "service-account-key-file"),
		"message": sprintf("kube-apiserver runs without %s: tokens are verified with the key of its certificate, so that neither can change without the other", [concat(" and ", lacking)]),
	}
}
