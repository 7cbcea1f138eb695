# METADATA
# title: What controls of the change share
# description: Words for lists, what annotations say about pruning, and the fields of two sides beside each other.
package lib.change

import data.lib.workload

# Names as words, the first three of them.
words(names) := some_of(quoted(names))

# The first three of some texts.
some_of(texts_) := concat(", ", texts_) if {
	count(texts_) < 4
} else := sprintf("%s and %d more", [concat(", ", array.slice(texts_, 0, 3)), count(texts_) - 3])

# A value, or that there is none.
shown("") := "nothing"

shown(value) := sprintf("`%s`", [value]) if value != ""

quoted(names) := [sprintf("`%v`", [name]) | some name in names]

annotations(object_) := workload.map(workload.map(object_, "metadata"), "annotations")

labels(object_) := workload.map(workload.map(object_, "metadata"), "labels")

# The words for the name of an object.
named(object_) := sprintf("%v `%v`", [object.get(object_, "kind", "object"), object.get(workload.map(object_, "metadata"), "name", "?")])

# True where the tools that deploy are told to leave the object in the cluster when it goes from the manifests.
kept(object_) if {
	some option in split(text(annotations(object_), "argocd.argoproj.io/sync-options"), ",")
	trim_space(option) == "Prune=false"
}

kept(object_) if text(annotations(object_), "helm.sh/resource-policy") == "keep"

kept(object_) if text(annotations(object_), "kustomize.toolkit.fluxcd.io/prune") == "disabled"

# True for what is made anew each time, so that what it was before does not matter.
hook(object_) if {
	some name in ["helm.sh/hook", "argocd.argoproj.io/hook"]
	text(annotations(object_), name) != ""
}

# A text under a key; an empty one where there is none, or something else.
text(map, key) := value if {
	value := field(map, key, "")
	is_string(value)
} else := ""

# Whatever is under a key; `otherwise` where there is nothing, or no map.
field(map, key, otherwise) := object.get(map, key, otherwise) if {
	is_object(map)
} else := otherwise

# A fix that puts a field back to what it was.
restore(was) := {"op": "remove"} if {
	was in {null, ""}
} else := {"op": "set", "value": was}

# The items of a list that have a name, by it.
by_name(items) := {name: item |
	some item in items
	is_object(item)
	name := item.name
	is_string(name)
}

# The texts in a list, as a set.
texts(items) := {item |
	some item in items
	is_string(item)
}

# One text for each thing that a selector requires.
requirements(selector) := {wanted.text | some wanted in demands(selector)}

# The same for what another selector does not see to already: where the other one takes `a` only, to take `a` or `b` requires
# nothing more.
further(selector, other) := {wanted.text |
	held := demands(other)
	some wanted in demands(selector)
	not met(wanted, held)
}

# What a selector requires: {key, operator, values, text}. Each value that must not be there is a requirement of its own; the
# values that may be there are one together.
demands(selector) := (labels | forbidden) | others if {
	labels := {demand(key, "In", {value}, sprintf("to be `%v`", [value])) |
		some key, value in workload.map(selector, "matchLabels")
	}
	expressions := [expression |
		some expression in workload.list(selector, "matchExpressions")
		is_object(expression)
	]
	forbidden := {demand(expression.key, "NotIn", {value}, sprintf("not to be `%v`", [value])) |
		some expression in expressions
		expression.operator == "NotIn"
		some value in workload.list(expression, "values")
	}
	others := {demand(expression.key, expression.operator, {value | some value in values}, sprintf("%v %s", [expression.operator, concat(" ", quoted(values))])) |
		some expression in expressions
		expression.operator != "NotIn"
		values := workload.list(expression, "values")
	}
}

demand(key, operator, values, words_) := {"key": key, "operator": operator, "values": values, "text": sprintf("`%v` %s", [key, words_])}

met(wanted, held) if wanted in held

met(wanted, held) if {
	some other in held
	other.operator == "In"
	other.key == wanted.key
	one_of(wanted, other.values)
}

# True where a label that has one of these values is as wanted.
one_of(wanted, values) if {
	wanted.operator == "In"
	count(values - wanted.values) == 0
}

one_of(wanted, values) if {
	wanted.operator == "NotIn"
	count(values & wanted.values) == 0
}

one_of(wanted, _) if wanted.operator == "Exists"
