# METADATA
# title: Containers that can hang are found out
# description: Without a liveness probe a program that hangs is never started again.
# scope: package
# custom:
#   id: C-0056
#   severity: low
#   since: 0.1.0
#   fix: never
#   enabled: false
#   kinds: [pods]
package plimsoll.no_liveness_probe

import data.lib.workload

deny contains violation if {
	some container in workload.containers
	container.field == "containers"
	object.get(container.spec, "livenessProbe", null) == null
	violation := {
		"path": array.concat(container.path, ["livenessProbe"]),
		"message": sprintf("%s has no liveness probe: where it hangs, nobody starts it again", [container.label]),
	}
}
