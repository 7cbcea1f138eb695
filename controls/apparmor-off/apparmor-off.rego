# METADATA
# title: AppArmor confines every container where nodes have it
# description: AppArmor keeps a program from files and capabilities that its profile does not name; Unconfined switches that off for a container.
# scope: package
# custom:
#   id: PL-0100
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
#   mentions: ["appArmorProfile: ", apparmor.security.beta]
package plimsoll.apparmor_off

import data.lib.workload

confining := {"RuntimeDefault", "Localhost"}

prefix := "container.apparmor.security.beta.kubernetes.io/"

deny contains violation if {
	some context in workload.contexts
	profile := object.get(context.security, "appArmorProfile", null)
	is_object(profile)
	kind := object.get(profile, "type", "")
	unconfined(kind)
	violation := {
		"path": array.concat(context.path, ["appArmorProfile", "type"]),
		"message": sprintf("%s runs without AppArmor: its profile is `%v`", [context.label, kind]),
		"fix": {"op": "set", "value": "RuntimeDefault"},
	}
}

unconfined(kind) if not kind in confining

# How profiles were set before there was a field.
deny contains violation if {
	some pod in workload.pods
	some key, profile in workload.map(pod.metadata, "annotations")
	startswith(key, prefix)
	is_string(profile)
	confined(profile) == false
	violation := {
		"path": array.concat(array.slice(pod.path, 0, count(pod.path) - 1), ["metadata", "annotations", key]),
		"message": sprintf("container `%s` runs without AppArmor: its annotation says `%s`", [trim_prefix(key, prefix), profile]),
		"fix": {"op": "set", "value": "runtime/default"},
	}
}

confined(profile) := regex.match(`^(|runtime/default|localhost/.*)$`, profile)
