# METADATA
# title: Containers are not started through sudo
# description: A start through sudo means that the image lets its user become root.
# scope: package
# custom:
#   id: C-0062
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   mentions: [sudo]
package plimsoll.sudo_in_entrypoint

import data.lib.workload

deny contains violation if {
	some container in workload.containers
	some field in ["command", "args"]
	some index, argument in workload.list(container.spec, field)
	is_string(argument)
	regex.match(`(^|[^A-Za-z0-9_-])sudo($|[^A-Za-z0-9_-])`, argument)
	violation := {
		"path": array.concat(container.path, [field, index]),
		"message": sprintf("%s is started through sudo: its image lets its user become root", [container.label]),
	}
}
