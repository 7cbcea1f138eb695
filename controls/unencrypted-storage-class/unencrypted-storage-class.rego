# METADATA
# title: Storage classes encrypt
# description: Whatever claims a volume of such a class stores its data unencrypted.
# scope: package
# custom:
#   id: PL-0030
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [StorageClass.storage.k8s.io]
package plimsoll.unencrypted_storage_class

import data.lib.storage

deny contains violation if {
	needed := storage.lacking(input.resource)
	violation := {
		"path": ["parameters", needed[0]],
		"message": sprintf("volumes of this class are not encrypted: %s does so only with `%s: %s`", [input.resource.provisioner, needed[0], needed[1]]),
		"fix": {"op": "set", "value": needed[1]},
	}
}
