# METADATA
# title: Namespaces refuse pods that Baseline forbids
# description: Without the label, every pod that may be created in a namespace may take over its node.
# scope: package
# custom:
#   id: C-0193
#   also: [C-0194, C-0195, C-0196, C-0197, C-0198, C-0199, C-0200, C-0201, C-0202, C-0203, C-0204]
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [Namespace]
package plimsoll.namespace_without_pod_security

import data.lib.workload

label := "pod-security.kubernetes.io/enforce"

levels := {"baseline", "restricted"}

deny contains violation if {
	labels := workload.map(workload.map(input.resource, "metadata"), "labels")
	level := object.get(labels, label, null)
	open(level)
	violation := {
		"path": ["metadata", "labels", label],
		"message": sprintf("pods that take over their node are admitted here: %s", [why(level)]),
		"fix": {"op": "set", "value": "baseline"},
	}
}

open(level) if not level in levels

why(null) := sprintf("the label %s is not set", [label])

why(level) := sprintf("the label %s is `%v`", [label, level]) if level != null
