# METADATA
# title: Few can delete what runs
# description: With the right to delete workloads, Secrets and services, one mistake or one stolen token takes an application down.
# scope: package
# custom:
#   id: C-0007
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [Role.rbac.authorization.k8s.io, ClusterRole.rbac.authorization.k8s.io]
#   reads: [facts]
#   mentions: ["*", delete]
package plimsoll.delete_rights

import data.lib.rbac

deny contains violation if {
	some entry in rbac.granting({"", "apps", "batch"}, {"secrets", "pods", "services", "deployments", "replicasets", "daemonsets", "statefulsets", "jobs", "cronjobs"}, {"delete", "deletecollection"})
	violation := {
		"path": entry.path,
		"message": sprintf("%s may delete what applications are made of %s", [rbac.holders, rbac.scope]),
	}
}
