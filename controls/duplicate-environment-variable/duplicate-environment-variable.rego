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
	some index, variable in variables
	is_object(variable)
	name := object.get(variable, "name", "")
	is_string(name)
	name != ""
	some later, other in variables
	later > index
	is_object(other)
	object.get(other, "name", "") == name
	violation := {
		"path": array.concat(container.path, ["env", index, "name"]),
		"message": sprintf("%s sets `%s` again further down, and only the last one counts", [container.label, name]),
	}
}
