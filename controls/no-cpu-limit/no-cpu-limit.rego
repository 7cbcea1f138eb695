# METADATA
# title: Every container has a CPU limit
# description: A container without a CPU limit can take all idle CPU time of its node; how much it gets then depends on its neighbours.
# scope: package
# custom:
#   id: C-0270
#   also: [C-0009, C-0050]
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   reads: [inventory]
package plimsoll.no_cpu_limit

import data.lib.workload

# Ephemeral containers cannot have limits.
deny contains violation if {
	some container in workload.containers
	container.field in {"containers", "initContainers"}
	unlimited(container.spec)
	unlimited(container.pod.spec)
	count(defaults) == 0
	violation := {
		"path": array.concat(container.path, ["resources", "limits", "cpu"]),
		"message": sprintf("%s has no CPU limit: it can take all idle CPU time of its node", [container.label]),
	}
}

unlimited(spec) if {
	limits := workload.map(workload.map(spec, "resources"), "limits")
	object.get(limits, "cpu", 0) in {0, "0", "", null}
}

# A LimitRange of the namespace gives its default to every container without a limit.
defaults contains value if {
	some range in workload.others("LimitRange", input.namespace)
	some limit in workload.list(workload.map(range, "spec"), "limits")
	limit.type == "Container"
	some field in ["default", "max"]
	value := object.get(workload.map(limit, field), "cpu", null)
	value != null
}
