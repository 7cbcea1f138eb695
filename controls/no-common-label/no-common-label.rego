# METADATA
# title: Workloads and their pods carry the recommended labels
# description: Tools find what belongs together by the labels under app.kubernetes.io that Kubernetes recommends.
# scope: package
# custom:
#   id: C-0077
#   severity: low
#   since: 0.1.0
#   fix: never
#   enabled: false
#   kinds: [pods]
#   config:
#     labels: { default: [app.kubernetes.io/name, app.kubernetes.io/instance, app.kubernetes.io/version, app.kubernetes.io/component, app.kubernetes.io/part-of, app.kubernetes.io/managed-by, app.kubernetes.io/created-by], about: "Labels of which one must be set." }
package plimsoll.no_common_label

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
