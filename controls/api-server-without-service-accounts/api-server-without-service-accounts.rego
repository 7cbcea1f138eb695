# METADATA
# title: Pods get service accounts
# description: Without the plugin ServiceAccount, pods have no identity of their own.
# scope: package
# custom:
#   id: C-0125
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_without_service_accounts

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	count(flag.items(program, "disable-admission-plugins") & {"ServiceAccount"}) > 0
	violation := {
		"path": flag.place(program, "disable-admission-plugins"),
		"message": "pods get no identity: the plugin ServiceAccount is switched off",
	}
}
