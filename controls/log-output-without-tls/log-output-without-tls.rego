# METADATA
# title: Logs are shipped over verified TLS
# description: Logs hold what applications write, patient data among it, and are what an incident is reconstructed from.
# scope: package
# custom:
#   id: PL-0041
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [ConfigMap, ClusterLogForwarder.logging.openshift.io, ClusterLogForwarder.observability.openshift.io]
#   mentions: ["[output]", "<match", "http://", "tcp://", "udp://", insecureSkipVerify]
package plimsoll.log_output_without_tls

import data.lib.workload

# A section of Fluent Bit reaches to the next one.
sections := `\[[A-Za-z_]+\][^\[]*`

# Outputs that go over the network and encrypt only when they are told to.
outputs := `(?i)\n[ \t]*name[ \t]+(es|opensearch|forward|http|splunk|loki|gelf|syslog|tcp|datadog|nrlogs|influxdb)[ \t\n]`

deny contains violation if {
	input.resource.kind == "ConfigMap"
	some key, text in workload.map(input.resource, "data")
	is_string(text)
	some section in regex.find_n(sections, text, -1)
	startswith(lower(section), "[output]")
	regex.match(outputs, concat("", [section, "\n"]))
	why := weakness(section)
	name := regex.find_all_string_submatch_n(outputs, concat("", [section, "\n"]), 1)[0][1]
	violation := {
		"path": ["data", key],
		"message": sprintf("the output `%s` of Fluent Bit ships logs %s", [name, why]),
	}
}

weakness(section) := "without TLS: `tls` is not on" if {
	regex.match(`(?i)\n[ \t]*tls[ \t]+(on|true|yes)[ \t\n]`, concat("", [section, "\n"])) == false
} else := "without verifying to whom: `tls.verify` is off" if {
	regex.match(`(?i)\n[ \t]*tls\.verify[ \t]+(off|false|no)[ \t\n]`, concat("", [section, "\n"]))
}

# Fluentd.
deny contains violation if {
	input.resource.kind == "ConfigMap"
	some key, text in workload.map(input.resource, "data")
	is_string(text)
	regex.match(`(?i)<match`, text)
	regex.match(`(?i)\n[ \t]*((ssl_verify|tls_verify_hostname)[ \t]+false|tls_insecure_mode[ \t]+true)([ \t\n]|$)`, text)
	violation := {
		"path": ["data", key],
		"message": "an output of Fluentd ships logs without verifying to whom",
	}
}

# OpenShift.
deny contains violation if {
	input.resource.kind == "ClusterLogForwarder"
	some index, output in workload.list(workload.map(input.resource, "spec"), "outputs")
	is_object(output)
	some place in [["url"], [object.get(output, "type", ""), "url"]]
	url := object.get(output, place, "")
	is_string(url)
	regex.match(`^(http|tcp|udp)://`, lower(url))
	violation := {
		"path": array.concat(["spec", "outputs", index], place),
		"message": sprintf("the output `%v` ships logs without TLS", [object.get(output, "name", "?")]),
	}
}

deny contains violation if {
	input.resource.kind == "ClusterLogForwarder"
	some index, output in workload.list(workload.map(input.resource, "spec"), "outputs")
	workload.map(output, "tls").insecureSkipVerify == true
	violation := {
		"path": ["spec", "outputs", index, "tls", "insecureSkipVerify"],
		"message": sprintf("the output `%v` ships logs without verifying to whom", [object.get(output, "name", "?")]),
	}
}
