# METADATA
# title: Every container has a memory limit
# description: A container without a memory limit can take all memory of its node, and then the kernel kills whatever it chooses.
# scope: package
# custom:
#   id: C-0271
#   also: [C-0004, C-0009, C-0303]
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   reads: [inventory]
#   inventory: [LimitRange]
package plimsoll.no_memory_limit

import data.lib.resources

deny contains violation if {
	some container in resources.without("limits", "memory")
	violation := {
		"path": array.concat(container.path, ["resources", "limits", "memory"]),
		"message": sprintf("%s has no memory limit: it can take all memory of its node", [container.label]),
	}
}
