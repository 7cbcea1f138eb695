# METADATA
# title: Intrusion detection watches as before
# description: Where nothing watches what processes do, a break-in is found by its damage.
# scope: package
# custom:
#   id: PL-0025
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds:
#     - pods
#     - ConfigMap
#     - Falco.instance.falcosecurity.dev
#     - Rulesfile.artifact.falcosecurity.dev
#     - KubeArmorPolicy.security.kubearmor.com
#     - KubeArmorHostPolicy.security.kubearmor.com
#     - TracingPolicy.cilium.io
#     - TracingPolicyNamespaced.cilium.io
#   reads: [before]
#   on: [changed, removed]
#   mentions:
#     - falco
#     - tetragon
#     - tracee
#     - kubearmor
#     - node-agent
#     - sysdig
#     - agent-slim
#     - enforcer
#     - defender
#     - wazuh-agent
#     - osquery
#     - stackrox
#     - deepfence
#     - "kind: TracingPolicy"
package plimsoll.intrusion_detection_weakened

import data.lib.agent
import data.lib.change
import data.lib.workload

was := agent.running(input.before_pods, agent.detection)

is := agent.running(input.pods, agent.detection)

deny contains violation if {
	input.resource == null
	count(was) > 0
	violation := {
		"path": ["metadata", "name"],
		"message": sprintf("%s goes: it no longer watches for intrusions", [change.named(input.before)]),
	}
}

deny contains violation if {
	input.resource == null
	count(input.before_pods) == 0
	input.before.kind != "ConfigMap"
	violation := {
		"path": ["metadata", "name"],
		"message": sprintf("%s goes, and what it described is no longer detected", [change.named(input.before)]),
	}
}

deny contains violation if {
	input.resource != null
	kept := object.keys(is)
	some label, image in was
	not label in kept
	violation := {
		"path": input.pods[0].path,
		"message": sprintf("%s with `%s`, which watched for intrusions, goes", [label, image]),
	}
}

deny contains violation if {
	input.resource.kind == "DaemonSet"
	count(was) > 0
	count(is) > 0
	some found in agent.narrowed
	violation := {"path": found.path, "message": sprintf("this watches for intrusions, and %s", [found.message])}
}

# The settings of Falco, in the ConfigMap that it reads them from.
settings(object_) := content if {
	text := change.text(workload.map(object_, "data"), "falco.yaml")
	text != ""
	yaml.is_valid(text)
	content := yaml.unmarshal(text)
	is_object(content)
}

ranks := {"emergency": 0, "alert": 1, "critical": 2, "error": 3, "warning": 4, "notice": 5, "informational": 6, "info": 6, "debug": 7}

# Without one, everything is reported.
priority(content) := lower(workload.text(object.get(content, "priority", ""), "debug"))

path := ["data", "falco.yaml"]

deny contains violation if {
	old := settings(input.before)
	new := settings(input.resource)
	was_priority := priority(old)
	is_priority := priority(new)
	ranks[is_priority] < ranks[was_priority]
	violation := {
		"path": path,
		"message": sprintf("Falco reports from the priority `%s` up instead of `%s`", [is_priority, was_priority]),
	}
}

deny contains violation if {
	old := settings(input.before)
	new := settings(input.resource)
	some field in ["rules_files", "rules_file"]
	lost := change.texts(workload.list(old, field)) - change.texts(workload.list(new, field))
	count(lost) > 0
	count(workload.list(new, field)) < count(workload.list(old, field))
	violation := {
		"path": path,
		"message": sprintf("Falco no longer reads the rules in %s", [change.words(sort(lost))]),
	}
}

deny contains violation if {
	old := settings(input.before)
	new := settings(input.resource)
	some entry in workload.list(new, "rules")
	is_object(entry.disable)
	known := workload.list(old, "rules")
	not entry in known
	violation := {
		"path": path,
		"message": sprintf("Falco no longer applies the rules %s", [concat(", ", [sprintf("`%v`", [value]) | some _, value in entry.disable])]),
	}
}

deny contains violation if {
	old := settings(input.before)
	new := settings(input.resource)
	some output in ["http_output", "grpc_output", "program_output", "file_output", "syslog_output", "stdout_output"]
	workload.map(old, output).enabled == true
	object.get(workload.map(new, output), "enabled", false) == false
	violation := {
		"path": path,
		"message": sprintf("what Falco finds no longer goes to its `%s`", [output]),
	}
}
