# METADATA
# title: Images are named by a digest
# description: A digest names one image for ever; a tag can be moved by whoever may push to the registry.
# scope: package
# custom:
#   id: C-0306
#   severity: low
#   since: 0.1.0
#   fix: never
#   enabled: false
#   kinds: [pods]
#   config:
#     exempt: { default: [], about: "Registries, or paths of them, whose images need no digest." }
package plimsoll.image_not_pinned

import data.lib.image

deny contains violation if {
	some found in image.running
	unpinned(found.name)
	exempt(found.name, input.config.exempt) == false
	violation := {
		"path": found.path,
		"message": sprintf("%s runs `%s`, which names no digest: whoever can push to its registry decides what that is", [found.label, found.name]),
	}
}

unpinned(name) if {
	not pinned(name)
}

# The algorithms of the OCI specification have digests of one length; others only a grammar.
pinned(name) if regex.match(`@(sha256|blake3):[0-9a-f]{64}$`, name)

pinned(name) if regex.match(`@sha512:[0-9a-f]{128}$`, name)

pinned(name) if {
	regex.match(`@[a-z0-9]+([.+_-][a-z0-9]+)*:[A-Za-z0-9=_-]+$`, name)
	regex.match(`@(sha256|sha512|blake3):`, name) == false
}

exempt(name, places) if {
	image.within(name, places)
} else := false
