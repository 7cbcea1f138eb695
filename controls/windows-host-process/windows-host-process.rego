# METADATA
# title: Windows containers do not run as processes of the node
# description: A HostProcess container is an ordinary process of its Windows node, with the node's files, network and accounts.
# scope: package
# custom:
#   id: PL-0105
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
#   mentions: ["hostProcess: true"]
package plimsoll.windows_host_process

import data.lib.workload

deny contains violation if {
	some context in workload.contexts
	workload.map(context.security, "windowsOptions").hostProcess == true
	violation := {
		"path": array.concat(context.path, ["windowsOptions", "hostProcess"]),
		"message": sprintf("`hostProcess` makes %s part of its Windows node, with the node's files and accounts", [context.label]),
		"fix": {"op": "remove"},
	}
}
