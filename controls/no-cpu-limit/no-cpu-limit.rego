# METADATA
# title: Every container has a CPU limit
# description: A container without a CPU limit can take all idle CPU time of its node; how much it gets then depends on its neighbours.
# scope: package
# custom:
#   id: C-0270
#   also: [C-0009, C-0050, C-0303]
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   reads: [inventory]
#   inventory: [LimitRange]
package plimsoll.no_cpu_limit

import data.lib.resources

deny contains violation if {
	some container in resources.without("limits", "cpu")
	violation := {
		"path": array.concat(container.path, ["resources", "limits", "cpu"]),
		"message": sprintf("%s has no CPU limit: it can take all idle CPU time of its node", [container.label]),
	}
}
