# METADATA
# title: Pods that name no service account get no token
# description: Pods that name no service account run as default. Unless that account withholds it, each of them holds a token for the Kubernetes API.
# scope: package
# custom:
#   id: C-0189
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [ServiceAccount]
#   also: [C-0225]
#   mentions: ["name: default"]
package plimsoll.default_service_account_token


deny contains violation if {
	input.resource.metadata.name == "default"
	token := object.get(input.resource, "automountServiceAccountToken", null)
	token != false
	violation := {
		"path": ["automountServiceAccountToken"],
		"message": sprintf("every pod that names no service account gets a token: `automountServiceAccountToken` is %s", [state(token)]),
		"fix": {"op": "set", "value": false},
	}
}

state(true) := "true"

state(token) := "not set, which means true" if token != true
