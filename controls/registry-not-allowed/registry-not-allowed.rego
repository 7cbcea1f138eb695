# METADATA
# title: Images come from the registries that are allowed
# description: An image from anywhere else was built, scanned and signed by nobody whom the organisation knows.
# scope: package
# custom:
#   id: C-0078
#   also: [C-0304]
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   config:
#     registries: { default: [], about: "The registries, or paths of them, that images may come from. Nothing is reported while the list is empty." }
package plimsoll.registry_not_allowed

import data.lib.image

# Without a list nothing is asked.
deny contains violation if {
	allowed := input.config.registries
	count(allowed) > 0
	some found in image.running
	outside(found.name, allowed)
	violation := {
		"path": found.path,
		"message": sprintf("%s runs `%s`, which comes from none of the registries that are allowed", [found.label, found.name]),
	}
}

outside(name, allowed) if {
	not image.within(name, allowed)
}
