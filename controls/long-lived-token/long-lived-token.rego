# METADATA
# title: Tokens of service accounts expire
# description: A token in a Secret is valid until somebody deletes it, wherever it has been copied to.
# scope: package
# custom:
#   id: PL-0039
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Secret]
package plimsoll.long_lived_token

import data.lib.workload

deny contains violation if {
	input.resource.type == "kubernetes.io/service-account-token"
	account := object.get(workload.map(workload.map(input.resource, "metadata"), "annotations"), "kubernetes.io/service-account.name", "?")
	violation := {
		"path": ["type"],
		"message": sprintf("this makes a token of the service account `%v` that never expires", [account]),
	}
}
