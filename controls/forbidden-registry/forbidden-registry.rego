# METADATA
# title: No image comes from a registry that is not to be used
# description: Some registries let anyone push, or are not scanned; which ones, an organisation decides.
# scope: package
# custom:
#   id: C-0001
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   config:
#     registries: { default: [], about: "Registries, or paths of them, that images may not come from, such as `docker.io` or `ghcr.io/somebody`." }
package plimsoll.forbidden_registry

import data.lib.image

# Without a list nothing is forbidden.
deny contains violation if {
	count(input.config.registries) > 0
	some found in image.running
	some place in input.config.registries
	image.within(found.name, [place])
	violation := {
		"path": found.path,
		"message": sprintf("%s runs `%s`, and images from %s are not to be used", [found.label, found.name, place]),
	}
}
