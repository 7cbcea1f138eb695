# METADATA
# title: The API server writes an audit log
# description: Without a log, nobody can say afterwards who did what.
# scope: package
# custom:
#   id: C-0130
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_without_audit_log

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	lacking := flag.missing(program, ["audit-log-path"])
	count(lacking) > 0
	violation := {
		"path": flag.place(program, "audit-log-path"),
		"message": sprintf("kube-apiserver runs without %s: nothing it does is recorded in a file", [concat(" and ", lacking)]),
	}
}
