# METADATA
# title: Pods are made by something that keeps them running
# description: A pod on its own is gone when its node is, and nothing starts it again.
# scope: package
# custom:
#   id: C-0073
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
package plimsoll.naked_pod

import data.lib.workload

deny contains violation if {
	metadata := workload.map(input.resource, "metadata")
	count(workload.list(metadata, "ownerReferences")) == 0
	count([key | some key, _ in workload.map(metadata, "annotations"); key in hooks]) == 0
	violation := {
		"path": ["kind"],
		"message": "nothing starts this pod again where its node fails or it is evicted: no Deployment, StatefulSet, DaemonSet or Job owns it",
	}
}

# Pods that a deployment tool starts once, such as tests, are meant to end.
hooks := {"helm.sh/hook", "argocd.argoproj.io/hook"}
