# METADATA
# title: Members of etcd verify each other
# description: Certificates that members of etcd make up cannot be verified by the others.
# scope: package
# custom:
#   id: C-0158
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [etcd]
package plimsoll.etcd_peers_self_signed

import data.lib.flag

deny contains violation if {
	program := flag.etcd
	flag.switch(program, "peer-auto-tls", "false") != "false"
	violation := {
		"path": flag.place(program, "peer-auto-tls"),
		"message": "members of etcd make up their certificates, which the others cannot verify",
	}
}
