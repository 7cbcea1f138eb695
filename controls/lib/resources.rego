# METADATA
# title: What containers ask for and are limited to
# description: Which containers lack a request or a limit, and what a quantity such as `1.5Gi` or `250m` comes to.
package lib.resources

import data.lib.workload

# The containers without `field` (requests or limits) of a resource, and for which nothing else sets it. Ephemeral containers cannot
# have either. A LimitRange sees to those of its namespace, and a request that is left out is the same as the limit.
without(field, resource) := [container |
	count(defaults(field, resource)) == 0
	some container in workload.containers
	container.field in {"containers", "initContainers"}
	lacks(container.spec, field, resource)
	lacks(container.pod.spec, field, resource)
]

lacks(spec, "limits", resource) if {
	unset(spec, "limits", resource)
}

lacks(spec, "requests", resource) if {
	unset(spec, "requests", resource)
	unset(spec, "limits", resource)
}

# A request for nothing is kept, whatever the limit.
lacks(spec, "requests", resource) if {
	object.get(spec, ["resources", "requests", resource], null) in {0, "0"}
}

unset(spec, field, resource) if {
	amounts := workload.map(workload.map(spec, "resources"), field)
	object.get(amounts, resource, 0) in {0, "0", "", null}
}

given := {"limits": {"default", "max"}, "requests": {"defaultRequest", "default", "max", "min"}}

defaults(field, resource) := {value |
	some range in workload.others("LimitRange", input.namespace)
	some limit in workload.list(workload.map(range, "spec"), "limits")
	limit.type == "Container"
	some name in given[field]
	value := object.get(workload.map(limit, name), resource, null)
	value != null
}

# What is asked for or allowed outside of the bounds that are set as `limit-max`, `limit-min`, `request-max` and `request-min`.
outside_bounds(resource) := [entry |
	some field, word in {"limits": "limit", "requests": "request"}
	some bound in ["max", "min"]
	set := object.get(input.config, sprintf("%s-%s", [word, bound]), "")
	set != ""
	border := amount(set)
	some container in workload.containers
	written := object.get(workload.map(workload.map(container.spec, "resources"), field), resource, null)
	beyond(bound, amount(written), border)
	entry := {
		"path": array.concat(container.path, ["resources", field, resource]),
		"message": sprintf("%s has a %s %s of %v, %s the %s that is set", [container.label, resource, word, written, side[bound], set]),
	}
]

side := {"max": "above", "min": "below"}

beyond("max", given_amount, bound) if given_amount > bound

beyond("min", given_amount, bound) if given_amount < bound

# A quantity of the Kubernetes API as a number; undefined for what is none.
amount(quantity) := quantity if is_number(quantity)

amount(quantity) := to_number(quantity) if {
	is_string(quantity)
	regex.match(`^[0-9]+(\.[0-9]+)?[eE][0-9]{1,2}$`, quantity)
}

amount(quantity) := scaled(to_number(parts[1]), parts[2]) if {
	is_string(quantity)
	found := regex.find_all_string_submatch_n(`^([0-9]+\.?[0-9]*)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$`, quantity, 1)
	count(found) == 1
	parts := found[0]
}

# Divided, a fraction is as near as can be to the one that is written out, so that `350m` is `0.35`.
scaled(number, unit) := number / parted[unit] if {
	unit in object.keys(parted)
} else := number * scale[unit]

parted := {"n": 1000000000, "u": 1000000, "m": 1000}

scale := {
	"": 1, "k": 1000, "M": 1000000, "G": 1000000000, "T": 1000000000000,
	"P": 1000000000000000, "E": 1000000000000000000, "Ki": 1024, "Mi": 1048576, "Gi": 1073741824, "Ti": 1099511627776,
	"Pi": 1125899906842624, "Ei": 1152921504606846976,
}
