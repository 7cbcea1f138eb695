# METADATA
# title: An image that was pinned stays pinned
# description: A digest names one image for ever. Where a change drops it, whoever can push to the registry decides what runs.
# scope: package
# custom:
#   id: PL-0003
#   severity: high
#   since: 0.1.0
#   fix: safe
#   kinds: [pods]
#   reads: [before]
package plimsoll.image_digest_dropped

import data.lib.workload

deny contains violation if {
	some container in workload.containers
	some was in workload.containers_of(input.before_pods)
	was.field == container.field
	was.name == container.name
	is_string(was.spec.image)
	is_string(container.spec.image)
	contains(was.spec.image, "@sha256:")
	contains(container.spec.image, "@") == false
	found := {
		"path": array.concat(container.path, ["image"]),
		"message": sprintf("%s was pinned to a digest and now runs whatever `%s` names", [container.label, container.spec.image]),
	}
	violation := object.union(found, remedy(was.spec.image, container.spec.image))
}

# Where only the digest went, it can come back. Where the version moved too, the right digest is not known here.
remedy(was, is) := {"fix": {"op": "set", "value": was}} if {
	split(was, "@")[0] == is
} else := {}
