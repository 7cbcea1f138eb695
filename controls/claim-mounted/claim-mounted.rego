# METADATA
# title: Workloads with data are known
# description: Whoever gets into a container has the data that it mounts.
# scope: package
# custom:
#   id: C-0257
#   severity: low
#   since: 0.1.0
#   fix: never
#   enabled: false
#   kinds: [pods]
#   reads: [inventory]
#   inventory: [PersistentVolumeClaim]
#   mentions: ["persistentVolumeClaim: "]
package plimsoll.claim_mounted

import data.lib.workload

deny contains violation if {
	some mount in workload.mounts("persistentVolumeClaim")
	name := mount.source.claimName
	workload.known("PersistentVolumeClaim", input.namespace, name)
	violation := {
		"path": mount.path,
		"message": sprintf("whoever gets into %s has the data of the claim `%s`", [mount.label, name]),
	}
}
