# METADATA
# title: At least 10 files of the audit log stay
# description: A log that is thrown away after fewer than 10 files is gone when somebody looks for the beginning of an incident.
# scope: package
# custom:
#   id: C-0132
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.audit_log_too_few_files

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	flag.given(program, "audit-log-path", "-") != "-"
	have := flag.number(program, "audit-log-maxbackup", 0)
	have < 10
	violation := {
		"path": flag.place(program, "audit-log-maxbackup"),
		"message": sprintf("`--audit-log-maxbackup` is %v, and should be 10 at least", [have]),
	}
}
