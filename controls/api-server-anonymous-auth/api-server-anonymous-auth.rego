# METADATA
# title: The API server knows who asks
# description: Requests without a login are let in under the name system:anonymous, and have whatever rights somebody gives to it.
# scope: package
# custom:
#   id: C-0113
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_anonymous_auth

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	flag.switch(program, "anonymous-auth", otherwise(program)) != "false"
	violation := {
		"path": flag.place(program, "anonymous-auth"),
		"message": "kube-apiserver lets in requests without a login",
	}
}

# What a file says about it is not known, and the flag cannot stand beside that.
otherwise(program) := "true" if {
	flag.given(program, "authentication-config", "") == ""
} else := "false"
