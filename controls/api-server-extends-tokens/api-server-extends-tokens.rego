# METADATA
# title: Tokens of pods expire when they say so
# description: Tokens that say an hour are otherwise taken for a year.
# scope: package
# custom:
#   id: C-0290
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_extends_tokens

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	flag.switch(program, "service-account-extend-token-expiration", "true") != "false"
	violation := {
		"path": flag.place(program, "service-account-extend-token-expiration"),
		"message": "tokens of pods are taken for a year, though they say an hour",
	}
}
