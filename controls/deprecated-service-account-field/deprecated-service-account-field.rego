# METADATA
# title: Pods name their service account in the field for it
# description: "`serviceAccount` is the old spelling of `serviceAccountName`; beside one that says something else it is passed over."
# scope: package
# custom:
#   id: C-0294
#   severity: low
#   since: 0.1.0
#   fix: safe
#   kinds: [pods]
#   mentions: ["serviceAccount: "]
package plimsoll.deprecated_service_account_field

import data.lib.workload

deny contains violation if {
	some pod in workload.pods
	old := object.get(pod.spec, "serviceAccount", "")
	is_string(old)
	old != ""
	object.get(pod.spec, "serviceAccountName", "") in {"", null}
	violation := {
		"path": array.concat(pod.path, ["serviceAccountName"]),
		"message": sprintf("the service account `%s` is named in `serviceAccount`, the old spelling of `serviceAccountName`", [old]),
		"fix": {"op": "set", "value": old},
	}
}

# The API server goes by the present field.
deny contains violation if {
	some pod in workload.pods
	old := object.get(pod.spec, "serviceAccount", "")
	is_string(old)
	old != ""
	present := object.get(pod.spec, "serviceAccountName", "")
	is_string(present)
	present != ""
	present != old
	violation := {
		"path": array.concat(pod.path, ["serviceAccount"]),
		"message": sprintf("`serviceAccount` says `%s` and is passed over, because `serviceAccountName` says `%s`", [old, present]),
		"fix": {"op": "remove"},
	}
}
