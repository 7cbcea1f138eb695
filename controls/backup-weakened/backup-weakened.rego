# METADATA
# title: Backups are taken as before
# description: A schedule that is removed, suspended or covers less is noticed on the day when the backup is needed.
# scope: package
# custom:
#   id: PL-0022
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds:
#     - CronJob.batch
#     - Schedule.velero.io
#     - BackupStorageLocation.velero.io
#     - Schedule.k8up.io
#     - RecurringJob.longhorn.io
#     - ReplicationSource.volsync.backube
#     - SnapshotSchedule.snapscheduler.backube
#     - Policy.config.kio.kasten.io
#     - BackupPlan.gkebackup.cnrm.cloud.google.com
#     - ScheduledBackup.postgresql.cnpg.io
#     - Cluster.postgresql.cnpg.io
#     - PerconaPGCluster.pgv2.percona.com
#     - PerconaServerMongoDB.psmdb.percona.com
#     - PerconaXtraDBCluster.pxc.percona.com
#   reads: [before]
#   on: [changed, removed]
package plimsoll.backup_weakened

import data.lib.change
import data.lib.workload

# Databases: what goes with them is not a backup. Their own settings are judged below.
databases := {"Cluster", "PerconaPGCluster", "PerconaServerMongoDB", "PerconaXtraDBCluster"}

# A CronJob counts by its name or by what it runs.
tools := `(^|[^a-z])(backups?|pg_?dump(all)?|pgbackrest|wal-g|mysqldump|mariadb-backup|xtrabackup|mongodump|restic|kopia|borg(matic|backup)?|velero|rclone|(etcd|volume)-?snapshots?)([^a-z]|$)`

takes_backups if input.before.kind != "CronJob"

takes_backups if {
	regex.match(tools, lower(workload.text(object.get(workload.map(input.before, "metadata"), "name", ""), "")))
}

takes_backups if {
	some container in workload.containers_of(input.before_pods)
	some word in array.concat([container.spec.image], array.concat(workload.list(container.spec, "command"), workload.list(container.spec, "args")))
	is_string(word)
	regex.match(tools, lower(word))
}

spec := workload.map(input.resource, "spec")

old := workload.map(input.before, "spec")

deny contains violation if {
	input.resource == null
	takes_backups
	kind := input.before.kind
	not kind in databases
	violation := {
		"path": ["metadata", "name"],
		"message": sprintf("%s goes: %s", [change.named(input.before), lost]),
	}
}

lost := "backups can no longer be stored where it says" if {
	input.before.kind == "BackupStorageLocation"
} else := "its backups are no longer taken"

# Switches that stop a schedule.
deny contains violation if {
	input.resource != null
	takes_backups
	some field in ["suspend", "paused", "disabled"]
	object.get(old, field, false) != true
	object.get(spec, field, false) == true
	violation := {
		"path": ["spec", field],
		"message": sprintf("`%s` stops the schedule: its backups are no longer taken", [field]),
		"fix": change.restore(object.get(old, field, null)),
	}
}

# Switches and sections that a database takes its backups by.
deny contains violation if {
	input.resource.kind in databases
	was := object.get(old, "backup", null)
	is_object(was)
	object.get(spec, "backup", null) == null
	violation := {
		"path": ["spec", "backup"],
		"message": "the database loses its backups: the section `backup` goes",
		"fix": {"op": "set", "value": was},
	}
}

deny contains violation if {
	input.resource.kind in databases
	object.get(workload.map(old, "backup"), "enabled", true) != false
	object.get(workload.map(spec, "backup"), "enabled", true) == false
	violation := {
		"path": ["spec", "backup", "enabled"],
		"message": "the database is no longer backed up",
		"fix": change.restore(object.get(workload.map(old, "backup"), "enabled", null)),
	}
}

deny contains violation if {
	input.resource.kind in databases
	some section in ["schedule", "tasks"]
	was := workload.list(workload.map(old, "backup"), section)
	is := workload.list(workload.map(spec, "backup"), section)
	count(is) < count(was)
	violation := {
		"path": ["spec", "backup", section],
		"message": sprintf("the database is backed up on %d schedules instead of %d", [count(is), count(was)]),
	}
}

# What a schedule of Velero covers.
template := workload.map(spec, "template")

old_template := workload.map(old, "template")

velero if {
	input.resource.kind == "Schedule"
	startswith(change.text(input.resource, "apiVersion"), "velero.io/")
}

deny contains violation if {
	velero
	some field in ["includedNamespaces", "includedResources"]
	was := workload.list(old_template, field)
	is := workload.list(template, field)
	count(is) > 0
	not "*" in is
	narrowed := narrower(was, is)
	violation := {
		"path": ["spec", "template", field],
		"message": sprintf("the backup leaves out what it held: `%s` goes from %s to %s", [field, narrowed, change.words(is)]),
		"fix": change.restore(object.get(old_template, field, null)),
	}
}

deny contains violation if {
	velero
	some field in ["excludedNamespaces", "excludedResources"]
	was := workload.list(old_template, field)
	some index, entry in workload.list(template, field)
	not entry in was
	violation := {
		"path": ["spec", "template", field, index],
		"message": sprintf("the backup leaves out `%v` from now on", [entry]),
		"fix": {"op": "remove"},
	}
}

deny contains violation if {
	velero
	some field in ["snapshotVolumes", "defaultVolumesToFsBackup"]
	object.get(old_template, field, field == "snapshotVolumes") == true
	object.get(template, field, field == "snapshotVolumes") == false
	violation := {
		"path": ["spec", "template", field],
		"message": sprintf("`%s` goes off: the backup holds objects, but not what is in their volumes", [field]),
		"fix": {"op": "set", "value": true},
	}
}

deny contains violation if {
	velero
	was := kept_for(old_template)
	is := kept_for(template)
	seconds(is) < seconds(was)
	violation := {
		"path": ["spec", "template", "ttl"],
		"message": sprintf("backups are kept for %s instead of %s", [is, was]),
		"fix": change.restore(change.text(old_template, "ttl")),
	}
}

deny contains violation if {
	input.resource.kind == "BackupStorageLocation"
	object.get(old, "accessMode", "ReadWrite") == "ReadWrite"
	object.get(spec, "accessMode", "ReadWrite") == "ReadOnly"
	violation := {
		"path": ["spec", "accessMode"],
		"message": "no new backups are stored here from now on: `accessMode` goes to ReadOnly",
		"fix": change.restore(object.get(old, "accessMode", null)),
	}
}

narrower(was, _) := "everything" if {
	count(was) == 0
} else := "everything" if {
	"*" in was
}

narrower(was, is) := change.words(was) if {
	count(was) > 0
	not "*" in was
	gone := {entry | some entry in was} - {entry | some entry in is}
	count(gone) > 0
}

# How long Velero keeps a backup; without a word, and for no time at all, that is 30 days.
kept_for(of) := "720h" if {
	change.text(of, "ttl") == ""
} else := "720h" if {
	seconds(change.text(of, "ttl")) == 0
} else := change.text(of, "ttl")

# A duration as Go writes it; undefined for other texts.
seconds(duration) := sum(parts) if {
	regex.match(`^([0-9]{1,9}[hms])+$`, duration)
	parts := [product |
		some part in regex.find_all_string_submatch_n(`([0-9]+)([hms])`, duration, -1)
		product := to_number(part[1]) * units[part[2]]
	]
}

units := {"h": 3600, "m": 60, "s": 1}
