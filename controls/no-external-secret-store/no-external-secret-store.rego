# METADATA
# title: Secrets come from a store outside of the cluster
# description: A store of its own can renew secrets, say who read them, and keep them out of backups of the cluster.
# scope: package
# custom:
#   id: C-0234
#   severity: low
#   since: 0.1.0
#   fix: never
#   enabled: false
#   kinds: [pods]
package plimsoll.no_external_secret_store

import data.lib.workload

deny contains violation if {
	some pod in workload.pods
	count([volume |
		some volume in workload.list(pod.spec, "volumes")
		workload.text(volume.csi.volumeAttributes.secretProviderClass, "") != ""
	]) == 0
	violation := {
		"path": array.concat(pod.path, ["volumes"]),
		"message": "no volume of these pods is filled from a secret store outside of the cluster",
	}
}
