# METADATA
# title: An image called latest is pulled each time
# description: A node that has an image called latest keeps it for ever unless the policy is Always, so that two nodes run two versions.
# scope: package
# custom:
#   id: C-0075
#   severity: low
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
package plimsoll.stale_latest_image

import data.lib.image
import data.lib.version
import data.lib.workload

kept := {"IfNotPresent", "Never"}

deny contains violation if {
	some container in workload.containers
	some found in image.of([container])
	reference := version.image(found.name)
	reference.digest == ""
	reference.tag in {"", "latest"}
	policy := object.get(container.spec, "imagePullPolicy", "Always")
	policy in kept
	violation := {
		"path": array.concat(container.path, ["imagePullPolicy"]),
		"message": sprintf("%s runs whatever `%s` was when its node first pulled it: `imagePullPolicy` is %s", [found.label, found.name, policy]),
		"fix": {"op": "set", "value": "Always"},
	}
}
