# METADATA
# title: Images are named by a version
# description: A tag such as latest names another image tomorrow, so that what runs was never reviewed, differs from node to node, and cannot be rolled back.
# scope: package
# custom:
#   id: PL-0001
#   also: [C-0304]
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
package plimsoll.floating_image_tag

import data.lib.image

# Tags that projects move by custom.
moving := {
	"canary", "current", "dev", "develop", "edge", "head", "latest", "main", "master",
	"mainline", "nightly", "rolling", "snapshot", "stable", "unstable",
}

deny contains violation if {
	some found in image.running
	found.reference.digest == ""
	violation := {
		"path": found.path,
		"message": sprintf("%s %s", [found.label, complaint(found.name, found.reference.tag)]),
	}
}

complaint(name, "") := sprintf("runs `%s`, which names no version: whatever is `latest` that day", [name])

complaint(name, tag) := sprintf("runs `%s`, whose tag is moved to other images", [name]) if lower(tag) in moving
