# METADATA
# title: kube-proxy tells about itself only on its own host
# description: Metrics of kube-proxy show what Services and addresses there are, to whoever reaches the node.
# scope: package
# custom:
#   id: C-0291
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [ConfigMap]
#   mentions: [kube-proxy]
package plimsoll.kube_proxy_metrics_open

import data.lib.change
import data.lib.workload

deny contains violation if {
	input.namespace == "kube-system"
	startswith(change.text(workload.map(input.resource, "metadata"), "name"), "kube-proxy")
	some key in ["config.conf", "config"]
	text := change.text(workload.map(input.resource, "data"), key)
	lines := regex.find_all_string_submatch_n(`(?m)^metricsBindAddress:[ \t]*["']?([^"'\n]*)`, text, 1)
	count(lines) == 1
	address := trim_space(lines[0][1])
	address != ""
	regex.match(`^(127\.|localhost|\[?::1)`, address) == false
	violation := {
		"path": ["data", key],
		"message": sprintf("the metrics of kube-proxy can be reached from the network, at `%s`", [address]),
	}
}
