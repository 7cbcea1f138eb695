# METADATA
# title: A disruption budget protects as many pods as before
# description: Without a budget, an upgrade of the nodes may stop all pods of a service at once.
# scope: package
# custom:
#   id: PL-0020
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [PodDisruptionBudget.policy]
#   reads: [before, facts]
#   on: [changed, removed]
package plimsoll.disruption_budget_weakened

import data.lib.change
import data.lib.workload

# One that goes with the pods it was written for takes nothing from anybody.
deny contains violation if {
	input.resource == null
	count(input.facts.pods) > 0
	violation := {
		"path": ["metadata", "name"],
		"message": sprintf("the budget goes: an upgrade of the nodes may stop all pods of %s at once", [change.words([pod.name | some pod in input.facts.pods])]),
	}
}

# Pods that it protected, are still there, and are no longer selected. Nothing is lost where it protected nothing.
deny contains violation if {
	input.resource != null
	was := object.get(old, "selector", null)
	was != object.get(spec, "selector", null)
	something(old)
	selected := input.facts.pods
	lost := [pod.name |
		some pod in input.facts.former
		not pod in selected
	]
	count(lost) > 0
	violation := {
		"path": ["spec", "selector"],
		"message": sprintf("the budget no longer selects the pods of %s: an upgrade of the nodes may stop all of them at once", [change.words(lost)]),
		"fix": change.restore(was),
	}
}

fields := {
	"minAvailable": {"worse": "fewer", "words": "have to stay"},
	"maxUnavailable": {"worse": "more", "words": "may be stopped at once"},
}

old := workload.map(input.before, "spec")

spec := workload.map(input.resource, "spec")

deny contains violation if {
	some field, meaning in fields
	was := object.get(old, field, null)
	is := object.get(spec, field, null)
	weaker(field, was, is)
	violation := {
		"path": ["spec", field],
		"message": sprintf("`%s` goes from %v to %v: %s pods %s", [field, was, is, meaning.worse, meaning.words]),
		"fix": {"op": "set", "value": was},
	}
}

# A budget that protects nothing is weaker than any other, however that one counts.
deny contains violation if {
	some field, _ in fields
	was := object.get(old, field, null)
	is := object.get(spec, field, null)
	nothing({field: is})
	something(old)
	not weaker(field, was, is)
	violation := {
		"path": ["spec", field],
		"message": sprintf("`%s` is %v: all pods may be stopped at once", [field, is]),
	}
}

nothing(budget) if budget.minAvailable in {0, "0%"}

nothing(budget) if budget.maxUnavailable == "100%"

something(budget) if {
	count(object.keys(budget) & object.keys(fields)) > 0
	not nothing(budget)
}

# Only what is counted in the same way is compared.
weaker("minAvailable", was, is) if {
	amount(is) < amount(was)
	percent(was) == percent(is)
}

weaker("maxUnavailable", was, is) if {
	amount(is) > amount(was)
	percent(was) == percent(is)
}

percent(value) if {
	is_string(value)
} else := false

amount(value) := value if {
	is_number(value)
} else := to_number(trim_suffix(value, "%")) if {
	is_string(value)
	regex.match(`^[0-9]{1,9}%?$`, value)
}
