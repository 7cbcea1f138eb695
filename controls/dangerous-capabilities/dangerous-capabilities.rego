# METADATA
# title: No capabilities beyond what container runtimes give
# description: A capability is a piece of root. The ones that runtimes withhold open ways out of the container or into the network of others.
# scope: package
# custom:
#   id: C-0046
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
#   mentions: ["add: "]
package plimsoll.dangerous_capabilities

import data.lib.pod_security
import data.lib.workload

# What is not reported: the capabilities that Baseline lets a container add, and the one that sys-admin-capability is about.
unreported := pod_security.usual_capabilities | {"SYS_ADMIN"}

opens := {
	"ALL": "every one there is",
	"BPF": "loading programs into the kernel",
	"DAC_READ_SEARCH": "reading any file of the node that it can name",
	"NET_ADMIN": "reconfiguring the network it is on",
	"NET_RAW": "forging packets",
	"PERFMON": "watching the kernel and all processes",
	"SYS_BOOT": "restarting the node",
	"SYS_MODULE": "loading kernel modules",
	"SYS_PTRACE": "reading and steering other processes",
	"SYS_RAWIO": "the node's memory and disks",
	"SYS_TIME": "setting the node's clock",
}

deny contains violation if {
	some container in workload.containers
	some index, name in container.added
	is_string(name)
	unusual(name)
	violation := {
		"path": array.concat(container.path, ["securityContext", "capabilities", "add", index]),
		"message": sprintf("%s adds the capability %s%s", [container.label, name, meaning(trim_prefix(upper(name), "CAP_"))]),
		"fix": {"op": "remove"},
	}
}

unusual(name) if not name in unreported

meaning(name) := sprintf(": %s", [opens[name]]) if {
	name in object.keys(opens)
} else := ""
