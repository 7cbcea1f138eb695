# METADATA
# title: Secrets do not come from the repository
# description: What is in a repository is in its history, in every clone, and in the cache of every tool that reads it.
# scope: package
# custom:
#   id: PL-0055
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Secret]
#   enabled: false
package plimsoll.secret_in_repository

import data.lib.change
import data.lib.workload

# Types that the cluster fills, or that hold nothing to hide.
harmless := {"kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token", "helm.sh/release.v1"}

deny contains violation if {
	kind := object.get(input.resource, "type", "Opaque")
	not kind in harmless
	object.get(input.resource, "sops", null) == null
	held := [key |
		some field in ["data", "stringData"]
		some key, value in workload.map(input.resource, field)
		value != ""
		value != null
	]
	count(held) > 0
	violation := {
		"path": ["metadata", "name"],
		"message": sprintf("the manifests hold the Secret with its values (%s)", [change.words(held)]),
	}
}
