# METADATA
# title: Secrets are mounted as files
# description: The environment of a process is shown by crash reports, inherited by every program it starts, and not renewed where the Secret is.
# scope: package
# custom:
#   id: C-0207
#   severity: low
#   since: 0.1.0
#   fix: never
#   enabled: false
#   kinds: [pods]
#   mentions: ["secretKeyRef: ", "secretRef: "]
package plimsoll.secret_in_environment

import data.lib.workload

deny contains violation if {
	some container in workload.containers
	some index, variable in workload.list(container.spec, "env")
	is_object(variable.valueFrom.secretKeyRef)
	violation := {
		"path": array.concat(container.path, ["env", index, "valueFrom", "secretKeyRef"]),
		"message": sprintf("%s gets a Secret in its environment as `%v`, where crash reports and child processes see it", [container.label, object.get(variable, "name", "?")]),
	}
}

deny contains violation if {
	some container in workload.containers
	some index, source in workload.list(container.spec, "envFrom")
	reference := source.secretRef
	is_object(reference)
	violation := {
		"path": array.concat(container.path, ["envFrom", index, "secretRef"]),
		"message": sprintf("%s gets all of the Secret `%v` in its environment, where crash reports and child processes see it", [container.label, object.get(reference, "name", "?")]),
	}
}
