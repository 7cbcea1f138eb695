# METADATA
# title: Tokens of deleted accounts are refused
# description: Without the lookup, a token goes on working after its account was deleted.
# scope: package
# custom:
#   id: C-0135
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_without_account_lookup

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	flag.switch(program, "service-account-lookup", "true") != "true"
	violation := {
		"path": flag.place(program, "service-account-lookup"),
		"message": "tokens of deleted service accounts go on working",
	}
}
