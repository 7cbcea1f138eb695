# METADATA
# title: Services with foreign addresses are refused
# description: A Service can take the traffic of any address, unless the plugin DenyServiceExternalIPs refuses it.
# scope: package
# custom:
#   id: C-0283
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   enabled: false
#   mentions: [kube-apiserver]
package plimsoll.api_server_takes_external_ips

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	count(flag.items(program, "enable-admission-plugins") & {"DenyServiceExternalIPs"}) == 0
	violation := {
		"path": flag.place(program, "enable-admission-plugins"),
		"message": "Services may take the traffic of any address: DenyServiceExternalIPs is not on",
	}
}
