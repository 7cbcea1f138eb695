# METADATA
# title: Flags of programs that are written as pods
# description: The control plane of many clusters is a set of pods whose commands hold all of its settings.
package lib.flag

import data.lib.workload

# The program of this name among the containers of some pods: {values, path, places}. `values` maps each flag, without its
# hyphens, to its last value, which is what counts; a flag without a value is "true". `places` maps it to its path, and `path`
# is that of the list the flags stand in.
of_program(pods, name) := {"values": values, "path": container.path, "places": places} if {
	some container in workload.containers_of(pods)
	runs(container, name)
	found := [{"name": pieces[1], "value": value(pieces[2]), "path": array.concat(container.path, [field, index])} |
		some field in ["command", "args"]
		some index, word in workload.list(container.spec, field)
		is_string(word)
		regex.match(pattern, word)
		pieces := regex.find_all_string_submatch_n(pattern, word, 1)[0]
	]
	values := {flag.name: flag.value | some flag in found; flag == last(found, flag.name)}
	places := {flag.name: flag.path | some flag in found; flag == last(found, flag.name)}
}

pattern := `^--([a-zA-Z0-9-]+)(=[^\n]*)?$`

value("") := "true"

value(text) := trim_prefix(text, "=") if text != ""

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
