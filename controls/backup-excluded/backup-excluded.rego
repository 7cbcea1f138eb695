# METADATA
# title: What holds data is backed up
# description: An object that asks to be left out of backups is missing on the day when they are needed.
# scope: package
# custom:
#   id: PL-0045
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [PersistentVolumeClaim, PersistentVolume, Namespace, pods]
#   mentions: [exclude-from-backup, backup-volumes-excludes]
package plimsoll.backup_excluded

import data.lib.change
import data.lib.workload

deny contains violation if {
	name := "velero.io/exclude-from-backup"
	object.get(workload.map(workload.map(input.resource, "metadata"), "labels"), name, "") == "true"
	violation := {
		"path": ["metadata", "labels", name],
		"message": "backups leave this object out, with what it holds",
		"fix": {"op": "remove"},
	}
}

deny contains violation if {
	some pod in input.pods
	name := "backup.velero.io/backup-volumes-excludes"
	volumes := workload.text(object.get(workload.map(pod.metadata, "annotations"), name, ""), "")
	volumes != ""
	claims := [volume.name |
		some volume in workload.list(pod.spec, "volumes")
		is_object(volume.persistentVolumeClaim)
		is_string(volume.name)
		volume.name in {trim_space(word) | some word in split(volumes, ",")}
	]
	count(claims) > 0
	violation := {
		"path": array.concat(array.slice(pod.path, 0, count(pod.path) - 1), ["metadata", "annotations", name]),
		"message": sprintf("backups leave out the claims of %s", [change.words(claims)]),
		"fix": {"op": "remove"},
	}
}
