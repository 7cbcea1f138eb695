# METADATA
# title: Every container asks for the CPU it needs
# description: The scheduler places a container without a CPU request as if it needed none, and the node serves it last.
# scope: package
# custom:
#   id: C-0268
#   also: [C-0050]
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   reads: [inventory]
#   inventory: [LimitRange]
package plimsoll.no_cpu_request

import data.lib.resources

deny contains violation if {
	some container in resources.without("requests", "cpu")
	violation := {
		"path": array.concat(container.path, ["resources", "requests", "cpu"]),
		"message": sprintf("%s asks for no CPU: it is placed as if it needed none", [container.label]),
	}
}
