# METADATA
# title: Only who has a certificate reads etcd
# description: Whoever reaches an etcd that asks for no certificate reads and writes everything in the cluster.
# scope: package
# custom:
#   id: C-0154
#   severity: critical
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [etcd]
package plimsoll.etcd_without_client_certificates

import data.lib.flag

deny contains violation if {
	program := flag.etcd
	flag.switch(program, "client-cert-auth", "false") != "true"
	violation := {
		"path": flag.place(program, "client-cert-auth"),
		"message": "etcd lets in whoever reaches it",
	}
}
