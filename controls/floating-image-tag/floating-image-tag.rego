# METADATA
# title: Images are named by a version
# description: A tag such as latest names another image tomorrow, so that what runs was never reviewed, differs from node to node, and cannot be rolled back.
# scope: package
# custom:
#   id: PL-0001
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
package plimsoll.floating_image_tag

import data.lib.workload

# Tags that projects move by custom.
moving := {
	"canary", "current", "dev", "develop", "edge", "head", "latest", "main", "master",
	"mainline", "nightly", "rolling", "snapshot", "stable", "unstable",
}

deny contains violation if {
	some container in workload.containers
	image := container.spec.image
	is_string(image)
	image != ""
	contains(image, "@") == false
	tag := tag_of(image)
	message := complaint(image, tag)
	violation := {
		"path": array.concat(container.path, ["image"]),
		"message": sprintf("%s %s", [container.label, message]),
	}
}

# The tag stands after the last colon of the last part of the name; a colon before that belongs to the registry's port.
tag_of(image) := tag if {
	parts := split(image, "/")
	pieces := split(parts[count(parts) - 1], ":")
	tag := array.concat(pieces, [""])[1]
}

complaint(image, "") := sprintf("runs `%s`, which names no version: whatever is `latest` that day", [image])

complaint(image, tag) := sprintf("runs `%s`, whose tag is moved to other images", [image]) if lower(tag) in moving
