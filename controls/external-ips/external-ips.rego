# METADATA
# title: Services take no foreign addresses
# description: A Service with externalIPs takes what any pod or node sends to these addresses, whoever they belong to.
# scope: package
# custom:
#   id: PL-0054
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [Service]
#   mentions: ["externalIPs: "]
package plimsoll.external_ips

import data.lib.workload

deny contains violation if {
	some index, address in workload.list(workload.map(input.resource, "spec"), "externalIPs")
	violation := {
		"path": ["spec", "externalIPs", index],
		"message": sprintf("whatever is sent to `%v` from the cluster is taken by this Service", [address]),
		"fix": {"op": "remove"},
	}
}
