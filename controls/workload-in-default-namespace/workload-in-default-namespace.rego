# METADATA
# title: Workloads have a namespace of their own
# description: Rights, network policies and quotas are given per namespace; in `default` whatever nobody placed meets.
# scope: package
# custom:
#   id: C-0061
#   also: [C-0212]
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
package plimsoll.workload_in_default_namespace

deny contains violation if {
	input.namespace == "default"
	violation := {
		"path": ["metadata", "namespace"],
		"message": "the workload is put into the namespace `default`, together with whatever nobody placed",
	}
}
