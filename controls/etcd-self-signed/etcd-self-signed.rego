# METADATA
# title: etcd has a certificate that can be verified
# description: A certificate that etcd makes up for itself cannot be verified by anybody.
# scope: package
# custom:
#   id: C-0155
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [etcd]
package plimsoll.etcd_self_signed

import data.lib.flag

deny contains violation if {
	program := flag.etcd
	flag.switch(program, "auto-tls", "false") != "false"
	violation := {
		"path": flag.place(program, "auto-tls"),
		"message": "etcd makes up its certificate, which nobody can verify",
	}
}
