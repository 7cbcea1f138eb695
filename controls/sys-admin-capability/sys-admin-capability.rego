# METADATA
# title: No container is given SYS_ADMIN
# description: SYS_ADMIN lets a program mount, load and reconfigure nearly everything in the kernel; a container that has it is privileged in all but name.
# scope: package
# custom:
#   id: PL-0110
#   also: [C-0046, C-0057, C-0211]
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
#   mentions: [SYS_ADMIN]
package plimsoll.sys_admin_capability

import data.lib.workload

deny contains violation if {
	some container in workload.containers
	some index, name in container.added
	name == "SYS_ADMIN"
	violation := {
		"path": array.concat(container.path, ["securityContext", "capabilities", "add", index]),
		"message": sprintf("%s adds the capability SYS_ADMIN, which is as good as being privileged", [container.label]),
		"fix": {"op": "remove"},
	}
}
