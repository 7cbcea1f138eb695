# METADATA
# title: Workloads and their pods say what they are
# description: Without a label that tells what something is, people and policies cannot pick it out.
# scope: package
# custom:
#   id: C-0076
#   severity: low
#   since: 0.1.0
#   fix: never
#   enabled: false
#   kinds: [pods]
#   config:
#     labels: { default: [app, tier, phase, version, owner, env], about: "Labels of which one must be set." }
package plimsoll.no_descriptive_label

import data.lib.labels

deny contains violation if {
	some path in labels.without(input.config.labels)
	violation := {
		"path": path,
		"message": sprintf("%s carries none of the labels %s", [bearer(path), concat(", ", input.config.labels)]),
	}
}

bearer(["metadata", "labels"]) := "the object"

bearer(path) := "the template of the pods" if path != ["metadata", "labels"]
