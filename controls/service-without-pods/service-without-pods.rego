# METADATA
# title: A Service selects pods
# description: A Service whose selector is misspelt answers nobody.
# scope: package
# custom:
#   id: C-0293
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [Service]
#   reads: [facts]
package plimsoll.service_without_pods

import data.lib.workload

deny contains violation if {
	spec := workload.map(input.resource, "spec")
	object.get(spec, "type", "ClusterIP") != "ExternalName"
	selector := workload.map(spec, "selector")
	count(selector) > 0
	count(input.facts.pods) == 0
	violation := {
		"path": ["spec", "selector"],
		"message": sprintf("no pod among the manifests has %s: the Service answers nobody", [concat(" and ", [sprintf("`%s: %v`", [label, value]) | some label, value in selector])]),
	}
}
