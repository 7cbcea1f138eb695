# METADATA
# title: Projects of Argo CD limit what their applications may do
# description: An application of a project without limits may deploy anything from anywhere to every cluster.
# scope: package
# custom:
#   id: PL-0038
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [AppProject.argoproj.io]
package plimsoll.unrestricted_project

import data.lib.workload

spec := workload.map(input.resource, "spec")

deny contains violation if {
	some index, repository in workload.list(spec, "sourceRepos")
	repository == "*"
	violation := {
		"path": ["spec", "sourceRepos", index],
		"message": "applications of this project may be deployed from any repository",
	}
}

deny contains violation if {
	some index, destination in workload.list(spec, "destinations")
	is_object(destination)
	object.get(destination, "namespace", "") == "*"
	"*" in {object.get(destination, "server", ""), object.get(destination, "name", "")}
	violation := {
		"path": ["spec", "destinations", index],
		"message": "applications of this project may be deployed to any namespace of any cluster",
	}
}

deny contains violation if {
	some index, entry in workload.list(spec, "clusterResourceWhitelist")
	entry.group == "*"
	entry.kind == "*"
	violation := {
		"path": ["spec", "clusterResourceWhitelist", index],
		"message": "applications of this project may create what belongs to no namespace, roles and webhooks among it",
	}
}
