# METADATA
# title: Workloads with settings are known
# description: Settings tell an intruder how a program is set up, and what else there is.
# scope: package
# custom:
#   id: C-0258
#   severity: low
#   since: 0.1.0
#   fix: never
#   enabled: false
#   kinds: [pods]
#   reads: [inventory]
#   inventory: [ConfigMap]
#   mentions: ["configMap: "]
package plimsoll.configmap_mounted

import data.lib.workload

deny contains violation if {
	some mount in workload.mounts("configMap")
	name := mount.source.name
	workload.known("ConfigMap", input.namespace, name)
	violation := {
		"path": mount.path,
		"message": sprintf("whoever gets into %s has the ConfigMap `%s`", [mount.label, name]),
	}
}
