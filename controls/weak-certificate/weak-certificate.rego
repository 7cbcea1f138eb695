# METADATA
# title: Certificates have strong keys that change
# description: A short key can be computed, and one that never changes has been copied longest.
# scope: package
# custom:
#   id: PL-0052
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [Certificate.cert-manager.io]
package plimsoll.weak_certificate

import data.lib.workload

key := workload.map(workload.map(input.resource, "spec"), "privateKey")

deny contains violation if {
	object.get(key, "algorithm", "RSA") == "RSA"
	key.size < 2048
	violation := {
		"path": ["spec", "privateKey", "size"],
		"message": sprintf("an RSA key of %v bits is too short", [key.size]),
		"fix": {"op": "set", "value": 2048},
	}
}

deny contains violation if {
	key.rotationPolicy == "Never"
	violation := {
		"path": ["spec", "privateKey", "rotationPolicy"],
		"message": "the key stays the same whenever the certificate is renewed",
		"fix": {"op": "set", "value": "Always"},
	}
}
