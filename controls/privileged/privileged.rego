# METADATA
# title: No container is privileged
# description: A privileged container has every capability and every device of its node, so that whoever controls it controls the node.
# scope: package
# custom:
#   id: C-0057
#   also: [C-0211]
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
#   mentions: ["privileged: true"]
package plimsoll.privileged

import data.lib.workload

deny contains violation if {
	some container in workload.containers
	container.security.privileged == true
	violation := {
		"path": array.concat(container.path, ["securityContext", "privileged"]),
		"message": sprintf("%s is privileged: it holds every capability and every device of its node", [container.label]),
		"fix": {"op": "remove"},
	}
}
