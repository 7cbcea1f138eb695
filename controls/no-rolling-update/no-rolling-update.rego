# METADATA
# title: Updates leave something running
# description: With the strategy Recreate every pod is stopped before the first new one starts.
# scope: package
# custom:
#   id: C-0305
#   severity: low
#   since: 0.1.0
#   fix: unsafe
#   kinds: [Deployment.apps]
package plimsoll.no_rolling_update

import data.lib.workload

deny contains violation if {
	strategy := workload.text(object.get(workload.map(workload.map(input.resource, "spec"), "strategy"), "type", ""), "RollingUpdate")
	strategy != "RollingUpdate"
	count(claims) == 0
	violation := {
		"path": ["spec", "strategy", "type"],
		"message": sprintf("an update stops every pod before the first new one starts: the strategy is `%v`", [strategy]),
		"fix": {"op": "set", "value": "RollingUpdate"},
	}
}

# A volume that only one pod can have makes the old pod go first.
claims := [volume |
	some pod in workload.pods
	some volume in workload.list(pod.spec, "volumes")
	count(workload.map(volume, "persistentVolumeClaim")) > 0
]
