# METADATA
# title: A NetworkPolicy selects pods
# description: A policy whose selector is misspelt protects nothing, and looks as if it did.
# scope: package
# custom:
#   id: C-0299
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [NetworkPolicy.networking.k8s.io]
#   reads: [facts]
package plimsoll.dangling_network_policy

import data.lib.change
import data.lib.workload

deny contains violation if {
	selector := workload.map(workload.map(input.resource, "spec"), "podSelector")
	required := change.requirements(selector)
	count(required) > 0
	count(input.facts.pods) == 0
	violation := {
		"path": ["spec", "podSelector"],
		"message": sprintf("no pod among the manifests is selected, which would require %s: the policy protects nothing", [concat(" and ", sort(required))]),
	}
}
