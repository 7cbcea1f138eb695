# METADATA
# title: Every container asks for the memory it needs
# description: The scheduler places a container without a memory request as if it needed none, and it is among the first to be killed where memory runs out.
# scope: package
# custom:
#   id: C-0269
#   also: [C-0004]
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   reads: [inventory]
#   inventory: [LimitRange]
package plimsoll.no_memory_request

import data.lib.resources

deny contains violation if {
	some container in resources.without("requests", "memory")
	violation := {
		"path": array.concat(container.path, ["resources", "requests", "memory"]),
		"message": sprintf("%s asks for no memory: it is placed as if it needed none", [container.label]),
	}
}
