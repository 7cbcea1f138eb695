# METADATA
# title: Members of etcd talk over TLS
# description: Without certificates, the members of etcd send each other everything in plain text.
# scope: package
# custom:
#   id: C-0156
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [etcd]
package plimsoll.etcd_peers_without_certificate

import data.lib.flag

deny contains violation if {
	program := flag.etcd
	lacking := flag.missing(program, ["peer-cert-file", "peer-key-file"])
	count(lacking) > 0
	violation := {
		"path": flag.place(program, "peer-cert-file"),
		"message": sprintf("etcd runs without %s: its members send each other everything in plain text", [concat(" and ", lacking)]),
	}
}
