# METADATA
# title: Flags of programs that are written as pods
# description: The control plane of many clusters is a set of pods whose commands hold all of its settings.
package lib.flag

import data.lib.workload

# The program of this name among the containers of some pods: {values, lists, path, places}. `values` maps each flag, without its
# hyphens, to its last value, which is what counts; a flag without a value is "true". `lists` maps it to all of its values, for
# flags that hold lists, which are joined. `places` maps it to its path, and `path` is that of the list the flags stand in.
of_program(pods, name) := programs[0] if {
	programs := [flags_of(container) |
		some container in workload.containers_of(pods)
		runs(container, name)
	]
}

flags_of(container) := {"values": values, "lists": lists, "path": container.path, "places": places} if {
	found := [{"name": pieces[1], "value": value(pieces[2], following(words, index)), "path": array.concat(container.path, [field, index])} |
		some field in ["command", "args"]
		words := workload.list(container.spec, field)
		some index, word in words
		is_string(word)
		regex.match(pattern, word)
		pieces := regex.find_all_string_submatch_n(pattern, word, 1)[0]
	]
	values := {flag.name: flag.value | some flag in found; flag == last(found, flag.name)}
	places := {flag.name: flag.path | some flag in found; flag == last(found, flag.name)}
	lists := {flag.name: concat(",", [other.value | some other in found; other.name == flag.name]) | some flag in found}
}

pattern := `^--([a-zA-Z0-9-]+)(=[^\n]*)?$`

# Behind an equals sign, or the word that follows.
value(text, _) := trim_prefix(text, "=") if text != ""

value("", next) := next if next != ""

value("", "") := "true"

# The word after one, where it is no flag itself.
following(words, index) := next if {
	next := words[index + 1]
	is_string(next)
	regex.match(`^-.`, next) == false
} else := ""

last(flags, name) := same[count(same) - 1] if {
	same := [flag | some flag in flags; flag.name == name]
}

# By the program that is started; images carry other names.
runs(container, name) if {
	command := array.concat(workload.list(container.spec, "command"), workload.list(container.spec, "args"))
	some word in array.slice(command, 0, 3)
	is_string(word)
	regex.match(concat("", ["(^|/)", name, "$"]), word)
}

# The programs of the control plane, where the object of the input is the pod of one.
api_server := of_program(system_pods, "kube-apiserver")

controller_manager := of_program(system_pods, "kube-controller-manager")

scheduler := of_program(system_pods, "kube-scheduler")

etcd := of_program(system_pods, "etcd")

system_pods := input.pods if {
	input.namespace == "kube-system"
} else := []

# The value of a flag, or what the program does without it.
given(program, name, otherwise) := object.get(program.values, name, otherwise)

# The same for a switch, "true" or "false": Go has several spellings of both.
switch(program, name, otherwise) := "true" if {
	given(program, name, otherwise) in {"1", "t", "T", "true", "True", "TRUE"}
} else := "false" if {
	given(program, name, otherwise) in {"0", "f", "F", "false", "False", "FALSE"}
} else := given(program, name, otherwise)

# Where a flag is, or would be.
place(program, name) := object.get(program.places, name, array.concat(program.path, ["command"]))

# The items of a flag that holds a list, wherever it is given.
items(program, name) := {trim_space(item) |
	some item in split(object.get(program.lists, name, ""), ",")
	trim_space(item) != ""
}

# The flags of a list that are not given.
missing(program, names) := [sprintf("`--%s`", [name]) |
	some name in names
	given(program, name, "") == ""
]

# The number that a flag holds, or what the program does without it.
number(program, name, otherwise) := to_number(value_) if {
	value_ := given(program, name, "")
	regex.match(`^[0-9]{1,12}$`, value_)
} else := otherwise
