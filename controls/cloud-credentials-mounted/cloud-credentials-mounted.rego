# METADATA
# title: The credentials of a node stay on the node
# description: Nodes keep credentials for their cloud in files; a container that mounts them can act as the node, or as the cluster.
# scope: package
# custom:
#   id: C-0020
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   mentions: ["hostPath: "]
package plimsoll.cloud_credentials_mounted

import data.lib.workload

# Where command line tools and control planes keep credentials.
holds := `(^|/)\.(aws|azure)(/|$)|(^|/)\.config/gcloud(/|$)|^/gcloud(/|$)|^/etc/kubernetes/?$|^/etc/kubernetes/(azure\.json|admin\.conf|pki)(/|$)`

deny contains violation if {
	some pod in workload.pods
	some index, volume in workload.list(pod.spec, "volumes")
	path := object.get(workload.map(volume, "hostPath"), "path", "")
	is_string(path)
	regex.match(holds, path)
	name := workload.text(object.get(volume, "name", ""), sprintf("%d", [index]))
	violation := {
		"path": array.concat(pod.path, ["volumes", index, "hostPath", "path"]),
		"message": sprintf("volume `%s` is `%s` of the node, where credentials of the cloud or the cluster are kept", [name, path]),
	}
}
