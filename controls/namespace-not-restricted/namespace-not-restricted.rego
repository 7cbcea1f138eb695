# METADATA
# title: Namespaces refuse pods that Restricted forbids
# description: Baseline keeps pods from taking over their node; Restricted also asks them to give up what they do not need.
# scope: package
# custom:
#   id: C-0197
#   also: [C-0198, C-0200, C-0201]
#   severity: low
#   since: 0.1.0
#   fix: unsafe
#   enabled: false
#   kinds: [Namespace]
package plimsoll.namespace_not_restricted

import data.lib.workload

label := "pod-security.kubernetes.io/enforce"

deny contains violation if {
	labels := workload.map(workload.map(input.resource, "metadata"), "labels")
	labels[label] == "baseline"
	violation := {
		"path": ["metadata", "labels", label],
		"message": "pods that run as root, keep capabilities or make every system call are admitted here: the namespace enforces Baseline, not Restricted",
		"fix": {"op": "set", "value": "restricted"},
	}
}
