# METADATA
# title: Containers that serve say when they are ready
# description: Without a readiness probe a pod is sent requests from the moment it starts, and an update goes on before the new version works.
# scope: package
# custom:
#   id: C-0018
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
package plimsoll.no_readiness_probe

import data.lib.workload

# What runs to its end serves nobody.
batch := {"Job", "CronJob"}

deny contains violation if {
	serves(input.resource.kind)
	some container in workload.containers
	container.field == "containers"
	object.get(container.spec, "readinessProbe", null) == null
	violation := {
		"path": array.concat(container.path, ["readinessProbe"]),
		"message": sprintf("%s has no readiness probe: it is sent requests as soon as it has started", [container.label]),
	}
}

serves(kind) if not kind in batch
