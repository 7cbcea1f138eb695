# METADATA
# title: At least 100 megabytes of the audit log stay
# description: A log that is thrown away after fewer than 100 megabytes is gone when somebody looks for the beginning of an incident.
# scope: package
# custom:
#   id: C-0133
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.audit_log_too_small

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	flag.given(program, "audit-log-path", "-") != "-"
	have := flag.number(program, "audit-log-maxsize", 0)
	have < 100
	violation := {
		"path": flag.place(program, "audit-log-maxsize"),
		"message": sprintf("`--audit-log-maxsize` is %v, and should be 100 at least", [have]),
	}
}
