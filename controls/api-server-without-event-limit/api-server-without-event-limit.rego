# METADATA
# title: Events cannot flood the API server
# description: Whoever can make events can otherwise make so many of them that the API server does nothing else.
# scope: package
# custom:
#   id: C-0121
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   enabled: false
#   mentions: [kube-apiserver]
package plimsoll.api_server_without_event_limit

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	count(flag.items(program, "enable-admission-plugins") & {"EventRateLimit"}) == 0
	violation := {
		"path": flag.place(program, "enable-admission-plugins"),
		"message": "nothing limits how many events kube-apiserver takes: EventRateLimit is not on",
	}
}
