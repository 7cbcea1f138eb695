# METADATA
# title: etcd listens with TLS
# description: Without a certificate, etcd sends everything in the cluster in plain text.
# scope: package
# custom:
#   id: C-0153
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [etcd]
package plimsoll.etcd_without_certificate

import data.lib.flag

deny contains violation if {
	program := flag.etcd
	lacking := flag.missing(program, ["cert-file", "key-file"])
	count(lacking) > 0
	violation := {
		"path": flag.place(program, "cert-file"),
		"message": sprintf("etcd runs without %s: everything in the cluster passes in plain text", [concat(" and ", lacking)]),
	}
}
