# METADATA
# title: Nobody logs in with a token from a file
# description: Tokens in a file are in plain text, never expire, and change only with a restart.
# scope: package
# custom:
#   id: C-0114
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_token_file

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	flag.given(program, "token-auth-file", "") != ""
	violation := {
		"path": flag.place(program, "token-auth-file"),
		"message": "kube-apiserver takes tokens from a file, in plain text, that never expire",
	}
}
