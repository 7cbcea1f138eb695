# METADATA
# title: A change does not switch a workload off
# description: With zero replicas nothing runs and nothing fails, so no alert tells that a service is gone; an autoscaler does not start it again either.
# scope: package
# custom:
#   id: PL-0002
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [Deployment.apps, StatefulSet.apps, ReplicaSet.apps, ReplicationController, Rollout.argoproj.io]
#   reads: [before]
package plimsoll.replicas_to_zero

import data.lib.workload

deny contains violation if {
	input.resource.spec.replicas == 0
	was := object.get(workload.map(input.before, "spec"), "replicas", null)
	runs(was)
	violation := {
		"path": ["spec", "replicas"],
		"message": sprintf("the workload goes from %s to none: nothing of it will run", [words(was)]),
		"fix": remedy(was),
	}
}

runs(null) := true

runs(was) if {
	is_number(was)
	was > 0
}

words(null) := "its default of 1 replica"

words(1) := "1 replica"

words(was) := sprintf("%d replicas", [was]) if was > 1

remedy(null) := {"op": "remove"}

remedy(was) := {"op": "set", "value": was} if was != null
