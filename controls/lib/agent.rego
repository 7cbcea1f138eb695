# METADATA
# title: Programs that watch or collect on every node
# description: Which pods run one, by their images, and whether they reach as many nodes as before.
package lib.agent

import data.lib.change
import data.lib.version
import data.lib.workload

# The last parts of the names of their images, by what they do.
logs := `(^|/)(fluent-bit|aws-for-fluent-bit|fluentd|fluentd-kubernetes-daemonset|vector|promtail|alloy|grafana-agent|filebeat|elastic-agent|opentelemetry-collector(-k8s|-contrib)?|splunk-otel-collector|cloudwatch-agent|logging-operator|syslog-ng|logstash)$`

detection := `(^|/)(falco|falco-no-driver|falcosidekick|tetragon|tracee|kubearmor|node-agent|falcon-sensor|falcon-container|sysdig/agent|agent-slim|neuvector/enforcer|enforcer|defender|wazuh-agent|osquery|stackrox/collector|deepfence_agent_ng)$`

# The containers of some pods whose image is one of those.
running(pods, pattern) := {container.label: repository |
	some container in workload.containers_of(pods)
	is_string(container.spec.image)
	repository := version.image(container.spec.image).repository
	regex.match(pattern, repository)
}

# What keeps the pods of the head from nodes that those of the base reached: {path, message}.
narrowed contains found if {
	some pod in input.pods
	some was in input.before_pods
	old := workload.map(was.spec, "nodeSelector")
	some label, value in workload.map(pod.spec, "nodeSelector")
	object.get(old, label, null) != value
	found := {
		"path": array.concat(pod.path, ["nodeSelector", label]),
		"message": sprintf("it runs only on nodes with `%s: %v` from now on", [label, value]),
	}
}

narrowed contains found if {
	some pod in input.pods
	some was in input.before_pods
	is := workload.list(pod.spec, "tolerations")
	lost := [object.get(toleration, "key", "every taint") |
		some toleration in workload.list(was.spec, "tolerations")
		is_object(toleration)
		not toleration in is
		not tolerated(is)
	]
	count(lost) > 0
	found := {
		"path": array.concat(pod.path, ["tolerations"]),
		"message": sprintf("it no longer runs on nodes that are tainted with %s", [change.words(lost)]),
	}
}

narrowed contains found if {
	some pod in input.pods
	some was in input.before_pods
	required := "requiredDuringSchedulingIgnoredDuringExecution"
	object.get(workload.map(workload.map(was.spec, "affinity"), "nodeAffinity"), required, null) == null
	object.get(workload.map(workload.map(pod.spec, "affinity"), "nodeAffinity"), required, null) != null
	found := {
		"path": array.concat(pod.path, ["affinity", "nodeAffinity", required]),
		"message": "it runs only on some nodes from now on",
	}
}

# A toleration without a key and an effect stands for all.
tolerated(list) if {
	some toleration in list
	is_object(toleration)
	toleration.operator == "Exists"
	object.get(toleration, "key", "") == ""
	object.get(toleration, "effect", "") == ""
}
