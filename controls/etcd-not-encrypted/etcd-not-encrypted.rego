# METADATA
# title: Secrets are encrypted where they are stored
# description: Whoever gets a copy of the data of etcd reads every Secret in it, unless they are encrypted first.
# scope: package
# custom:
#   id: PL-0048
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [EncryptionConfiguration.apiserver.config.k8s.io]
package plimsoll.etcd_not_encrypted

import data.lib.change
import data.lib.workload

covered := {kind |
	some entry in workload.list(input.resource, "resources")
	some kind in workload.list(entry, "resources")
}

# What Secrets are among.
holding := {"secrets", "*.", "*.*"}

deciding := min({index |
	some index, entry in workload.list(input.resource, "resources")
	some kind in workload.list(entry, "resources")
	kind in holding
})

deny contains violation if {
	count(covered & holding) == 0
	violation := {
		"path": ["resources"],
		"message": "Secrets are stored as they are: no entry names `secrets`",
	}
}

# The first entry that holds Secrets decides, and its first provider is the one that writes.
deny contains violation if {
	some index, entry in workload.list(input.resource, "resources")
	index == deciding
	first := workload.list(entry, "providers")[0]
	is_object(first)
	"identity" in object.keys(first)
	violation := {
		"path": ["resources", index, "providers", 0],
		"message": "Secrets are stored as they are: the first provider is `identity`, which encrypts nothing",
	}
}

deny contains violation if {
	some index, entry in workload.list(input.resource, "resources")
	some place, provider in workload.list(entry, "providers")
	some name in ["aescbc", "aesgcm", "secretbox"]
	some number, key in workload.list(workload.map(provider, name), "keys")
	secret := change.text(key, "secret")
	secret != ""
	regex.match(`^[$<{]`, secret) == false
	violation := {
		"path": ["resources", index, "providers", place, name, "keys", number, "secret"],
		"message": "the key that Secrets are encrypted with is written in the manifest",
	}
}
