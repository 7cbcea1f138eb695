# METADATA
# title: Labels of a workload and of its pods
# description: Where none of some labels is set, and whether a selector selects what has certain labels.
package lib.labels

import data.lib.workload

# The places that should carry labels: the object itself, and the template of its pods.
places contains ["metadata", "labels"]

places contains array.concat(array.slice(pod.path, 0, count(pod.path) - 1), ["metadata", "labels"]) if some pod in workload.pods

# The places where none of the wanted labels is set.
without(wanted) := [path |
	some path in places
	carries(object.get(input.resource, path, {}), wanted) == false
]

# Whether one of the wanted labels is set.
carries(labels, wanted) if {
	is_object(labels)
	some name in wanted
	object.get(labels, name, null) != null
} else := false

# A selector selects where none of its requirements is missed; one without requirements selects everything.
selects(selector, labels) if {
	wanted := workload.map(selector, "matchLabels")
	count([key | some key, value in wanted; object.get(labels, key, null) != value]) == 0
	expressions := workload.list(selector, "matchExpressions")
	count([expression | some expression in expressions; missed(expression, labels)]) == 0
}

missed(expression, labels) if {
	expression.operator == "In"
	outside(object.get(labels, expression.key, null), workload.list(expression, "values"))
}

missed(expression, labels) if {
	expression.operator == "NotIn"
	object.get(labels, expression.key, null) in workload.list(expression, "values")
}

missed(expression, labels) if {
	expression.operator == "Exists"
	object.get(labels, expression.key, null) == null
}

missed(expression, labels) if {
	expression.operator == "DoesNotExist"
	object.get(labels, expression.key, null) != null
}

outside(value, values) if not value in values
