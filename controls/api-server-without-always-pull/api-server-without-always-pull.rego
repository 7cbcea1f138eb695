# METADATA
# title: Images are pulled with one's own rights
# description: An image that is on a node already can be started by pods that could not pull it.
# scope: package
# custom:
#   id: C-0123
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   enabled: false
#   mentions: [kube-apiserver]
package plimsoll.api_server_without_always_pull

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	count(flag.items(program, "enable-admission-plugins") & {"AlwaysPullImages"}) == 0
	violation := {
		"path": flag.place(program, "enable-admission-plugins"),
		"message": "pods may start images that are on their node without being able to pull them: AlwaysPullImages is not on",
	}
}
