# METADATA
# title: At least 30 days of the audit log stay
# description: A log that is thrown away after fewer than 30 days is gone when somebody looks for the beginning of an incident.
# scope: package
# custom:
#   id: C-0131
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.audit_log_kept_too_short

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	flag.given(program, "audit-log-path", "-") != "-"
	have := flag.number(program, "audit-log-maxage", 0)
	have < 30
	violation := {
		"path": flag.place(program, "audit-log-maxage"),
		"message": sprintf("`--audit-log-maxage` is %v, and should be 30 at least", [have]),
	}
}
