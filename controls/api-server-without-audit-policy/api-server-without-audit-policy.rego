# METADATA
# title: The API server is told what to record
# description: Without a policy, the API server records nothing, whatever else it is told about logs.
# scope: package
# custom:
#   id: C-0160
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_without_audit_policy

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	lacking := flag.missing(program, ["audit-policy-file"])
	count(lacking) > 0
	violation := {
		"path": flag.place(program, "audit-policy-file"),
		"message": sprintf("kube-apiserver runs without %s: nothing says what to record, so that nothing is", [concat(" and ", lacking)]),
	}
}
