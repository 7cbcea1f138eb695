# METADATA
# title: An autoscaler has something to scale
# description: An autoscaler whose target does not exist scales nothing, and the load finds out.
# scope: package
# custom:
#   id: C-0300
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [HorizontalPodAutoscaler.autoscaling]
#   reads: [inventory]
#   inventory: [Deployment.apps, ReplicaSet.apps, ReplicationController, StatefulSet.apps]
package plimsoll.autoscaler_without_target

import data.lib.workload

groups := {
	"Deployment": "Deployment.apps",
	"ReplicaSet": "ReplicaSet.apps",
	"ReplicationController": "ReplicationController",
	"StatefulSet": "StatefulSet.apps",
}

# Others have kinds of these names, too.
own := `^(|v1|(apps|extensions)/.*)$`

deny contains violation if {
	target := workload.map(workload.map(input.resource, "spec"), "scaleTargetRef")
	regex.match(own, workload.text(object.get(target, "apiVersion", ""), ""))
	kind := groups[target.kind]
	name := object.get(target, "name", "")
	workload.known(kind, input.namespace, name) == false
	violation := {
		"path": ["spec", "scaleTargetRef", "name"],
		"message": sprintf("there is no %s `%v` among the manifests to scale", [target.kind, name]),
	}
}
