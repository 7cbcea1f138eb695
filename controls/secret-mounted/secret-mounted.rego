# METADATA
# title: Workloads with Secrets are known
# description: Whoever gets into a container has the Secrets that it mounts.
# scope: package
# custom:
#   id: C-0255
#   severity: low
#   since: 0.1.0
#   fix: never
#   enabled: false
#   kinds: [pods]
#   reads: [inventory]
#   inventory: [Secret]
#   mentions: ["secret: "]
package plimsoll.secret_mounted

import data.lib.workload

deny contains violation if {
	some mount in workload.mounts("secret")
	name := object.get(mount.source, "secretName", object.get(mount.source, "name", ""))
	workload.known("Secret", input.namespace, name)
	violation := {
		"path": mount.path,
		"message": sprintf("whoever gets into %s has the Secret `%s`", [mount.label, name]),
	}
}
