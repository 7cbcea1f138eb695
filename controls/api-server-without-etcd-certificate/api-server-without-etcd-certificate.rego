# METADATA
# title: The API server shows etcd who it is
# description: Without a certificate of its own, the API server can only use an etcd that lets everybody in.
# scope: package
# custom:
#   id: C-0137
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_without_etcd_certificate

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	lacking := flag.missing(program, ["etcd-certfile", "etcd-keyfile"])
	count(lacking) > 0
	violation := {
		"path": flag.place(program, "etcd-certfile"),
		"message": sprintf("kube-apiserver runs without %s: etcd cannot tell it from anybody else", [concat(" and ", lacking)]),
	}
}
