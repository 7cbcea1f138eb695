# METADATA
# title: Every container has a memory limit
# description: A container without a memory limit can take all memory of its node, and then the kernel kills whatever it chooses.
# scope: package
# custom:
#   id: C-0271
#   also: [C-0004, C-0009]
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   reads: [inventory]
package plimsoll.no_memory_limit

import data.lib.workload

# Ephemeral containers cannot have limits.
deny contains violation if {
	some container in workload.containers
	container.field in {"containers", "initContainers"}
	unlimited(container.spec)
	unlimited(container.pod.spec)
	count(defaults) == 0
	violation := {
		"path": array.concat(container.path, ["resources", "limits", "memory"]),
		"message": sprintf("%s has no memory limit: it can take all memory of its node", [container.label]),
	}
}

unlimited(spec) if {
	limits := workload.map(workload.map(spec, "resources"), "limits")
	object.get(limits, "memory", 0) in {0, "0", "", null}
}

# A LimitRange of the namespace gives its default to every container without a limit.
defaults contains value if {
	some range in workload.others("LimitRange", input.namespace)
	some limit in workload.list(workload.map(range, "spec"), "limits")
	limit.type == "Container"
	some field in ["default", "max"]
	value := object.get(workload.map(limit, field), "memory", null)
	value != null
}
