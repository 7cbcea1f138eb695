# METADATA
# title: Namespaces have service accounts of their own
# description: Where a namespace has no service account but default, all of its pods share one identity.
# scope: package
# custom:
#   id: PL-0028
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [Namespace]
#   reads: [inventory]
#   inventory: [ServiceAccount]
#   also: [C-0189]
#   enabled: false
package plimsoll.namespace_without_service_account

import data.lib.workload

deny contains violation if {
	name := input.resource.metadata.name
	is_string(name)
	count([account |
		some account in workload.others("ServiceAccount", name)
		object.get(workload.map(account, "metadata"), "name", "default") != "default"
	]) == 0
	violation := {
		"path": ["metadata", "name"],
		"message": sprintf("all pods of `%s` run as its service account `default`", [name]),
	}
}
