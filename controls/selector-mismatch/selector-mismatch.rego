# METADATA
# title: A workload selects the pods that it makes
# description: Where the selector does not match the labels of the template, the API server refuses the object.
# scope: package
# custom:
#   id: C-0296
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Deployment.apps, StatefulSet.apps, DaemonSet.apps, ReplicaSet.apps, Job.batch, CronJob.batch, ReplicationController]
package plimsoll.selector_mismatch

import data.lib.labels
import data.lib.workload

deny contains violation if {
	some pod in workload.pods
	way := array.slice(pod.path, 0, count(pod.path) - 2)
	owner := object.get(input.resource, way, {})
	selector := selector_of(input.resource.kind, workload.map(owner, "selector"))
	count(selector) > 0
	refused(selector, workload.map(pod.metadata, "labels"))
	violation := {
		"path": array.concat(way, ["selector"]),
		"message": "the selector does not match the labels of the pods that the workload makes, and so the API server refuses it",
	}
}

selector_of("ReplicationController", selector) := {"matchLabels": selector}

selector_of(kind, selector) := selector if kind != "ReplicationController"

refused(selector, found) if {
	not labels.selects(selector, found)
}
