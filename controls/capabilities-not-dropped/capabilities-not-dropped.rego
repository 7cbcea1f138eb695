# METADATA
# title: Containers give up the capabilities that they do not need
# description: Runtimes leave a container about a dozen capabilities, such as overriding file permissions, that hardly any program needs.
# scope: package
# custom:
#   id: PL-0005
#   also: [C-0211]
#   severity: low
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
#   config:
#     version: { default: latest, about: "The version of the Pod Security Standards to hold pods to: `latest`, or one such as `v1.30`." }
package plimsoll.capabilities_not_dropped

import data.lib.pod_security

# What the Restricted level of the Pod Security Standards lets a container add back.
needed := {"NET_BIND_SERVICE"}

deny contains violation if {
	pod_security.since(22)
	some container in pod_security.linux_containers
	lacks_all(container.dropped)
	violation := {
		"path": array.concat(container.path, ["securityContext", "capabilities", "drop"]),
		"message": sprintf("%s keeps the capabilities that its runtime gives it: `drop` does not name ALL", [container.label]),
		"fix": {"op": "set", "value": ["ALL"]},
	}
}

deny contains violation if {
	pod_security.since(22)
	some container in pod_security.linux_containers
	some index, name in container.added
	is_string(name)
	unneeded(name)
	violation := {
		"path": array.concat(container.path, ["securityContext", "capabilities", "add", index]),
		"message": sprintf("%s adds the capability %s, which few programs need", [container.label, name]),
		"fix": {"op": "remove"},
	}
}

lacks_all(dropped) if not "ALL" in dropped

# The ones that open ways out of the container are reported by dangerous-capabilities.
unneeded(name) if {
	not name in needed
	name in pod_security.usual_capabilities
}
