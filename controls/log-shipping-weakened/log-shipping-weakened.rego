# METADATA
# title: Logs leave the cluster as before
# description: Logs that stay on the node are gone with it, and whoever breaks in can change them.
# scope: package
# custom:
#   id: PL-0024
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds:
#     - pods
#     - ConfigMap
#     - ClusterLogForwarder.logging.openshift.io
#     - ClusterLogForwarder.observability.openshift.io
#     - Logging.logging.banzaicloud.io
#     - ClusterFlow.logging.banzaicloud.io
#     - ClusterOutput.logging.banzaicloud.io
#     - Flow.logging.banzaicloud.io
#     - Output.logging.banzaicloud.io
#     - FluentBit.fluentbit.fluent.io
#     - ClusterOutput.fluentbit.fluent.io
#     - ClusterFluentBitConfig.fluentbit.fluent.io
#     - Fluentd.fluentd.fluent.io
#     - OpenTelemetryCollector.opentelemetry.io
#   reads: [before]
#   on: [changed, removed]
#   mentions:
#     - fluent
#     - vector
#     - promtail
#     - alloy
#     - grafana-agent
#     - filebeat
#     - elastic
#     - opentelemetry
#     - splunk
#     - cloudwatch-agent
#     - logging
#     - syslog
#     - logstash
#     - ClusterLogForwarder
#     - "[output]"
#     - "<match "
#     - "<store"
package plimsoll.log_shipping_weakened

import data.lib.agent
import data.lib.change
import data.lib.workload

was := agent.running(input.before_pods, agent.logs)

is := agent.running(input.pods, agent.logs)

deny contains violation if {
	input.resource == null
	count(was) > 0
	violation := {
		"path": ["metadata", "name"],
		"message": sprintf("%s goes: the logs that it collected are no longer shipped", [change.named(input.before)]),
	}
}

deny contains violation if {
	input.resource == null
	count(input.before_pods) == 0
	input.before.kind != "ConfigMap"
	violation := {
		"path": ["metadata", "name"],
		"message": sprintf("%s goes, and with it a part of how logs are shipped", [change.named(input.before)]),
	}
}

deny contains violation if {
	input.resource != null
	kept := object.keys(is)
	some label, image in was
	not label in kept
	violation := {
		"path": input.pods[0].path,
		"message": sprintf("%s with `%s`, which collected logs, goes", [label, image]),
	}
}

deny contains violation if {
	input.resource.kind == "DaemonSet"
	count(was) > 0
	count(is) > 0
	some found in agent.narrowed
	violation := {"path": found.path, "message": sprintf("this collects logs, and %s", [found.message])}
}

# Pods that ask to be left out.
opt_outs := {
	"fluentbit.io/exclude": "true",
	"fluentd.io/exclude": "true",
	"co.elastic.logs/enabled": "false",
	"vector.dev/exclude": "true",
}

deny contains violation if {
	some pod in input.pods
	some earlier in input.before_pods
	some annotation, value in opt_outs
	change.text(workload.map(pod.metadata, "annotations"), annotation) == value
	change.text(workload.map(earlier.metadata, "annotations"), annotation) != value
	violation := {
		"path": array.concat(array.slice(pod.path, 0, count(pod.path) - 1), ["metadata", "annotations", annotation]),
		"message": sprintf("the logs of these pods are left out from now on: `%s: %s`", [annotation, value]),
		"fix": {"op": "remove"},
	}
}

# Outputs of Fluent Bit and Fluentd in the text of a ConfigMap.
outputs := `(?i)(\[output\]|<match |<store)`

deny contains violation if {
	input.resource.kind == "ConfigMap"
	old := outputs_of(input.before)
	new := outputs_of(input.resource)
	sum([n | some n in new]) < sum([n | some n in old])
	some key, n in old
	object.get(new, key, 0) < n
	violation := {
		"path": ["data", key],
		"message": sprintf("logs are sent to %d outputs instead of %d", [object.get(new, key, 0), n]),
	}
}

# How many there are in each file; one may move to another.
outputs_of(object_) := {key: count(regex.find_n(outputs, text, -1)) |
	some key, text in workload.map(object_, "data")
	is_string(text)
}
