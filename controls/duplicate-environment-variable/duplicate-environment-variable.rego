# METADATA
# title: Each environment variable is set once
# description: Of two entries with one name the last one counts, and merging tools keep whichever they meet.
# scope: package
# custom:
#   id: C-0295
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
package plimsoll.duplicate_environment_variable

import data.lib.workload

deny contains violation if {
	some container in workload.containers
	variables := workload.list(container.spec, "env")
	names := [variable.name | some variable in variables]

	# Most lists have no name twice, and need not be compared with themselves.
	count(names) > count({name | some name in names})
	some index, variable in variables
	name := named(variable)
	name != ""
	some later, other in variables
	later > index
	named(other) == name
	violation := {
		"path": array.concat(container.path, ["env", index, "name"]),
		"message": sprintf("%s sets `%s` again further down, and only the last one counts", [container.label, name]),
	}
}

named(variable) := name if {
	name := variable.name
	is_string(name)
} else := ""
