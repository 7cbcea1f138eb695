# METADATA
# title: Only members join etcd
# description: Whoever may join an etcd gets a copy of everything.
# scope: package
# custom:
#   id: C-0157
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [etcd]
package plimsoll.etcd_peers_without_client_certificates

import data.lib.flag

deny contains violation if {
	program := flag.etcd
	flag.switch(program, "peer-client-cert-auth", "false") != "true"
	violation := {
		"path": flag.place(program, "peer-client-cert-auth"),
		"message": "whoever reaches etcd may join it",
	}
}
