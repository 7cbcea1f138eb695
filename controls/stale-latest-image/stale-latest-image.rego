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

kept := {"IfNotPresent", "Never"}

deny contains violation if {
	some found in image.running
	found.reference.digest == ""
	found.reference.tag in {"", "latest"}
	policy := object.get(found.spec, "imagePullPolicy", "Always")
	policy in kept
	violation := {
		"path": array.concat(array.slice(found.path, 0, count(found.path) - 1), ["imagePullPolicy"]),
		"message": sprintf("%s runs whatever `%s` was when its node first pulled it: `imagePullPolicy` is %s", [found.label, found.name, policy]),
		"fix": {"op": "set", "value": "Always"},
	}
}
