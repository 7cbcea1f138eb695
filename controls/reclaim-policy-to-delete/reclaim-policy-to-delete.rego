# METADATA
# title: Data that was kept when its claim goes is still kept
# description: With the reclaim policy Delete, the disk behind a volume is erased as soon as its claim is deleted; one mistaken deletion then loses the data.
# scope: package
# custom:
#   id: PL-0007
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds:
#     - PersistentVolume
#     - StorageClass.storage.k8s.io
#     - StatefulSet.apps
#     - VolumeSnapshotClass.snapshot.storage.k8s.io
#   reads: [before]
package plimsoll.reclaim_policy_to_delete

import data.lib.workload

# Where each kind keeps it, what applies where it is absent, and what goes when.
fields := {
	"PersistentVolume": [{"path": ["spec", "persistentVolumeReclaimPolicy"], "default": "Retain", "loss": "its disk is erased when its claim is deleted"}],
	"StorageClass": [{"path": ["reclaimPolicy"], "default": "Delete", "loss": "the disks of its volumes are erased when their claims are deleted"}],
	"StatefulSet": [
		{
			"path": ["spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted"],
			"default": "Retain",
			"loss": "its claims are deleted with it",
		},
		{
			"path": ["spec", "persistentVolumeClaimRetentionPolicy", "whenScaled"],
			"default": "Retain",
			"loss": "the claims of replicas that are scaled away are deleted",
		},
	],
	"VolumeSnapshotClass": [{"path": ["deletionPolicy"], "default": "Delete", "loss": "snapshots are erased with the objects that name them"}],
}

deny contains violation if {
	some field in fields[input.resource.kind]
	was := value(input.before, field)
	was == "Retain"
	value(input.resource, field) == "Delete"
	violation := {
		"path": field.path,
		"message": sprintf("`%s` goes from Retain to Delete: %s", [field.path[count(field.path) - 1], field.loss]),
		"fix": {"op": "set", "value": "Retain"},
	}
}

value(object_, field) := object.get(parent(object_, array.slice(field.path, 0, count(field.path) - 1)), field.path[count(field.path) - 1], field.default)

parent(object_, []) := object_

parent(object_, [key]) := workload.map(object_, key)

parent(object_, [key, inner]) := workload.map(workload.map(object_, key), inner)
