# METADATA
# title: Probes and lifecycle hooks stay within the pod
# description: The kubelet makes these connections from the node, so that a host of one's own lets a pod reach what only nodes can reach.
# scope: package
# custom:
#   id: PL-0106
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
#   config:
#     version: { default: latest, about: "The version of the Pod Security Standards to hold pods to: `latest`, or one such as `v1.30`." }
#   mentions: ["host: "]
package plimsoll.probe_to_other_host

import data.lib.pod_security
import data.lib.workload

handlers := [
	["livenessProbe", "httpGet"],
	["livenessProbe", "tcpSocket"],
	["readinessProbe", "httpGet"],
	["readinessProbe", "tcpSocket"],
	["startupProbe", "httpGet"],
	["startupProbe", "tcpSocket"],
	["lifecycle", "postStart", "httpGet"],
	["lifecycle", "postStart", "tcpSocket"],
	["lifecycle", "preStop", "httpGet"],
	["lifecycle", "preStop", "tcpSocket"],
]

deny contains violation if {
	pod_security.since(34)
	some container in workload.containers
	some way in handlers
	host := object.get(container.spec, array.concat(way, ["host"]), "")
	is_string(host)
	host != ""
	violation := {
		"path": array.concat(container.path, array.concat(way, ["host"])),
		"message": sprintf("%s has its node connect to `%s` (%s) instead of to the pod", [container.label, host, way[0]]),
		"fix": {"op": "remove"},
	}
}
