# METADATA
# title: Pods have a network of their own
# description: A pod on the node's network reaches what listens only there, can listen in the node's name, and no NetworkPolicy applies to it.
# scope: package
# custom:
#   id: C-0041
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
#   mentions: ["hostNetwork: true"]
package plimsoll.host_network

import data.lib.workload

deny contains violation if {
	some pod in workload.pods
	pod.spec.hostNetwork == true
	violation := {
		"path": array.concat(pod.path, ["hostNetwork"]),
		"message": "`hostNetwork` puts the pod on its node's network, where no NetworkPolicy applies to it",
		"fix": {"op": "remove"},
	}
}
