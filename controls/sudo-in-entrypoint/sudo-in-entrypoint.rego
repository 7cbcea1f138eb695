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
	words := workload.list(container.spec, field)
	some index, argument in words
	is_string(argument)
	starting := regex.replace(argument, concat("", [`(^|[^A-Za-z0-9_-])`, naming, `\s[^;&|\n]*`]), " ")
	regex.match(`(^|[^A-Za-z0-9_-])sudo($|[^A-Za-z0-9_-])`, starting)
	in_front := array.concat(before(container, field), array.slice(words, 0, index))
	not named(in_front)
	violation := {
		"path": array.concat(container.path, [field, index]),
		"message": sprintf("%s is started through sudo: its image lets its user become root", [container.label]),
	}
}

# Programs to which `sudo` is the name of a group or of a package, up to the end of their command.
naming := `(usermod|useradd|adduser|addgroup|groupadd|gpasswd|apt|apt-get|apk|dnf|yum)`

# The words before one are those of such a program.
named(words) if {
	some word in words
	is_string(word)
	regex.match(concat("", [`^(.*/)?`, naming, `$`]), word)
}

before(container, "args") := workload.list(container.spec, "command")

before(_, "command") := []
