# METADATA
# title: Images come from registries that still exist
# description: "k8s.gcr.io is frozen: no image in it was mended since April 2023, and it is being switched off."
# scope: package
# custom:
#   id: C-0253
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
#   mentions: [k8s.gcr.io/, gcr.io/google]
package plimsoll.retired_registry

import data.lib.image

deny contains violation if {
	some found in image.running
	some old, present in {"k8s.gcr.io/": "registry.k8s.io/", "gcr.io/google_containers/": "registry.k8s.io/", "gcr.io/google-containers/": "registry.k8s.io/"}
	startswith(found.name, old)
	violation := {
		"path": found.path,
		"message": sprintf("%s runs `%s`, from a registry that is frozen since 2023 and being switched off", [found.label, found.name]),
		"fix": {"op": "set", "value": concat("", [present, trim_prefix(found.name, old)])},
	}
}
