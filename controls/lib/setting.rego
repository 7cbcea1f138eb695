# METADATA
# title: Settings of programs, wherever they are written
# description: >-
#   Variables and arguments of containers, and lines of ConfigMaps, as one list of {name, value, path, label}. A line of a file
#   in a ConfigMap is one setting each; the name is empty for text that has none.
package lib.setting

import data.lib.workload

variables := [{"name": variable.name, "value": variable.value, "path": array.concat(container.path, ["env", index, "value"]), "label": sprintf("the variable `%s` of %s", [variable.name, container.label])} |
	some container in workload.containers
	some index, variable in workload.list(container.spec, "env")
	is_string(variable.name)
	is_string(variable.value)
]

arguments := [{"name": "", "value": word, "path": array.concat(container.path, [field, index]), "label": sprintf("an argument of %s", [container.label])} |
	some container in workload.containers
	some field in ["command", "args"]
	some index, word in workload.list(container.spec, field)
	is_string(word)
]

entries := [{"name": key, "value": value, "path": ["data", key], "label": sprintf("the entry `%s`", [key])} |
	input.resource.kind == "ConfigMap"
	some key, value in workload.map(input.resource, "data")
	is_string(value)
]

all := array.concat(variables, array.concat(arguments, entries))
