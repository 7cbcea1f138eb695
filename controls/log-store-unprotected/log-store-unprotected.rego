# METADATA
# title: Whoever reads logs logs in, over TLS
# description: A store of logs without a login shows everything that any application ever wrote to everybody who reaches it.
# scope: package
# custom:
#   id: PL-0042
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds: [Elasticsearch.elasticsearch.k8s.elastic.co, Kibana.kibana.k8s.elastic.co, pods, ConfigMap]
#   mentions: [selfSignedCertificate, xpack, plugin]
package plimsoll.log_store_unprotected

import data.lib.setting
import data.lib.workload

deny contains violation if {
	path := ["spec", "http", "tls", "selfSignedCertificate", "disabled"]
	object.get(input.resource, path, false) == true
	object.get(input.resource, ["spec", "http", "tls", "certificate"], null) == null
	violation := {
		"path": path,
		"message": sprintf("%s is served over plain HTTP: its own certificate is off and no other is set", [input.resource.kind]),
		"fix": {"op": "remove"},
	}
}

deny contains violation if {
	some index, set in workload.list(workload.map(input.resource, "spec"), "nodeSets")
	some key, value in {"xpack.security.enabled": false, "xpack.security.authc.anonymous.roles": "superuser"}
	some way in [[key], split(key, ".")]
	object.get(workload.map(set, "config"), way, null) == value
	violation := {
		"path": array.concat(["spec", "nodeSets", index, "config"], way),
		"message": sprintf("`%s: %v` lets everybody who reaches the store read and change its logs", [key, value]),
		"fix": {"op": "remove"},
	}
}

# The same as a variable, or as a line of a file. OpenSearch has a switch of its own.
names := {"PLUGINS_SECURITY_DISABLED": "true", "DISABLE_SECURITY_PLUGIN": "true", "XPACK_SECURITY_ENABLED": "false"}

deny contains violation if {
	some entry in setting.variables
	names[upper(regex.replace(entry.name, `[^A-Za-z0-9]`, "_"))] == lower(trim_space(entry.value))
	violation := {
		"path": entry.path,
		"message": sprintf("%s lets everybody who reaches the store read and change its logs", [entry.label]),
	}
}

deny contains violation if {
	some entry in setting.entries
	regex.match(`(^|\n) *(plugins\.security\.disabled *: *true|xpack\.security\.enabled *: *false)`, entry.value)
	violation := {
		"path": entry.path,
		"message": sprintf("%s lets everybody who reaches the store read and change its logs", [entry.label]),
	}
}
