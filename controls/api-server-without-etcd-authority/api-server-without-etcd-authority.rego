# METADATA
# title: The API server verifies etcd
# description: Without an authority to trust, the API server gives all data to whoever answers as etcd.
# scope: package
# custom:
#   id: C-0140
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_without_etcd_authority

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	lacking := flag.missing(program, ["etcd-cafile"])
	count(lacking) > 0
	violation := {
		"path": flag.place(program, "etcd-cafile"),
		"message": sprintf("kube-apiserver runs without %s: it does not verify which etcd it talks to", [concat(" and ", lacking)]),
	}
}
