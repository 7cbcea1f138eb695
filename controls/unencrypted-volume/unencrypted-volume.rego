# METADATA
# title: Volumes are encrypted
# description: A disk that is not encrypted can be read by whoever gets hold of it, or of a copy.
# scope: package
# custom:
#   id: C-0264
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [PersistentVolume]
#   reads: [inventory]
#   inventory: [StorageClass.storage.k8s.io]
package plimsoll.unencrypted_volume

import data.lib.storage
import data.lib.workload

deny contains violation if {
	name := input.resource.spec.storageClassName
	class := workload.other("StorageClass.storage.k8s.io", "", name)
	needed := storage.lacking(class)
	violation := {
		"path": ["spec", "storageClassName"],
		"message": sprintf("the volume is not encrypted: `%s` of its class `%s` is not `%s`", [needed[0], name, needed[1]]),
	}
}
