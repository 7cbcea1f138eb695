# METADATA
# title: A sealed Secret is for one place
# description: What is sealed for a whole namespace or cluster can be unsealed under another name or in another namespace by whoever may create objects there.
# scope: package
# custom:
#   id: PL-0040
#   severity: low
#   since: 0.1.0
#   fix: unsafe
#   kinds: [SealedSecret.bitnami.com]
package plimsoll.sealed_secret_for_any_namespace

import data.lib.workload

scopes := {
	"sealedsecrets.bitnami.com/cluster-wide": "in any namespace",
	"sealedsecrets.bitnami.com/namespace-wide": "under any name in its namespace",
}

deny contains violation if {
	some annotation, where in scopes
	object.get(workload.map(workload.map(input.resource, "metadata"), "annotations"), annotation, "") == "true"
	violation := {
		"path": ["metadata", "annotations", annotation],
		"message": sprintf("whoever may create objects can unseal this Secret %s", [where]),
		"fix": {"op": "remove"},
	}
}
