# METADATA
# title: Backups are stored over TLS
# description: A backup is a copy of all the data, and of every Secret.
# scope: package
# custom:
#   id: PL-0047
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [BackupStorageLocation.velero.io, Cluster.postgresql.cnpg.io, ObjectStore.barmancloud.cnpg.io]
package plimsoll.backup_over_plain_http


# Where each kind keeps the address.
fields := {
	"BackupStorageLocation": [["spec", "config", "s3Url"]],
	"Cluster": [["spec", "backup", "barmanObjectStore", "endpointURL"]],
	"ObjectStore": [["spec", "configuration", "endpointURL"]],
}

deny contains violation if {
	some path in fields[input.resource.kind]
	url := object.get(input.resource, path, "")
	is_string(url)
	startswith(lower(url), "http://")
	violation := {
		"path": path,
		"message": sprintf("backups go to `%s` over plain HTTP", [url]),
	}
}
