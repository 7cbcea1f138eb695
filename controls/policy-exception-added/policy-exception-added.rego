# METADATA
# title: Exceptions from admission policies are seen
# description: An exception lets through what a policy refuses, for whatever it matches and for as long as it is there.
# scope: package
# custom:
#   id: PL-0027
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [PolicyException.kyverno.io, PolicyException.policies.kyverno.io]
#   reads: [before]
#   on: [added, changed]
package plimsoll.policy_exception_added

import data.lib.change
import data.lib.workload

spec := workload.map(input.resource, "spec")

deny contains violation if {
	input.before == null
	violation := {
		"path": ["spec"],
		"message": sprintf("this lets through what %s refuses", [policies]),
	}
}

deny contains violation if {
	input.before != null
	some field in ["exceptions", "policyRefs"]
	was := workload.list(workload.map(input.before, "spec"), field)
	some index, entry in workload.list(spec, field)
	is_object(entry)
	not held(entry, was)
	violation := {
		"path": ["spec", field, index],
		"message": sprintf("this lets through what `%v` refuses, too", [policy(entry)]),
	}
}

deny contains violation if {
	input.before != null
	some field in ["match", "matchConditions"]
	was := object.get(workload.map(input.before, "spec"), field, [])
	is := object.get(spec, field, [])
	is != was
	not narrower(field, is, was)
	violation := {
		"path": ["spec", field],
		"message": "the exception holds for other objects than before",
	}
}

held(entry, was) if entry in was

# Fewer rules of the same policy.
held(entry, was) if {
	rules := workload.list(entry, "ruleNames")
	count(rules) > 0
	some other in was
	is_object(other)
	object.remove(other, ["ruleNames"]) == object.remove(entry, ["ruleNames"])
	count(change.texts(rules) - change.texts(workload.list(other, "ruleNames"))) == 0
}

# True where whatever is met now was met before. All conditions have to hold, and one of the filters.
narrower("matchConditions", is, was) if {
	is_array(is)
	is_array(was)
	count({condition | some condition in was} - {condition | some condition in is}) == 0
}

narrower("match", is, was) if {
	old := filters(was)
	wider := [filter |
		some filter in filters(is)
		not inside(filter, old)
	]
	count(wider) == 0
}

filters(match) := match.any if {
	count(workload.list(match, "any")) > 0
} else := [match]

inside(filter, old) if {
	is := demands(filter)
	some other in old
	is_object(other)
	lost := [field |
		some field, value in demands(other)
		now := object.get(is, field, null)
		not fewer(now, value)
	]
	count(lost) == 0
}

demands(filter) := object.union(object.remove(filter, ["resources"]), workload.map(filter, "resources")) if {
	is_object(filter)
}

# One entry of a list is enough to be met.
fewer(is, was) if is == was

fewer(is, was) if {
	is_array(is)
	is_array(was)
	count(is) > 0
	count(change.texts(is) - change.texts(was)) == 0
	count(change.texts(is)) == count(is)
}

policies := "a policy" if {
	count(named) == 0
} else := change.words(named)

named := [policy(entry) |
	some field in ["exceptions", "policyRefs"]
	some entry in workload.list(spec, field)
	is_object(entry)
]

policy(entry) := object.get(entry, "policyName", object.get(entry, "name", "?"))
