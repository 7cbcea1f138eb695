# METADATA
# title: Restricted pods use only volumes that a cluster hands out
# description: Volume types such as nfs or iscsi name a server in the pod itself, past what storage classes and claims allow.
# scope: package
# custom:
#   id: PL-0108
#   severity: low
#   since: 0.1.0
#   fix: never
#   enabled: false
#   kinds: [pods]
package plimsoll.unrestricted_volume_type

import data.lib.workload

# What the API knows and Restricted does not allow. A hostPath volume is reported by host-path. A key that the API does not know
# is dropped by it, and the volume becomes an emptyDir.
direct := {
	"awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "fc", "flexVolume", "flocker", "gcePersistentDisk", "gitRepo",
	"glusterfs", "iscsi", "nfs", "photonPersistentDisk", "portworxVolume", "quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume",
}

deny contains violation if {
	some pod in workload.pods
	some index, volume in workload.list(pod.spec, "volumes")
	is_object(volume)
	some type, source in volume
	is_object(source)
	type in direct
	name := workload.text(object.get(volume, "name", ""), sprintf("%d", [index]))
	violation := {
		"path": array.concat(pod.path, ["volumes", index, type]),
		"message": sprintf("volume `%s` is of the type %s, which Restricted does not allow: claim storage instead", [name, type]),
	}
}
