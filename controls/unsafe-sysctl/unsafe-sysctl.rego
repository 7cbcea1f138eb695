# METADATA
# title: Pods set only kernel settings that are theirs alone
# description: Most sysctls are shared by everything on a node or not limited per pod; the kubelet refuses those that its configuration does not allow.
# scope: package
# custom:
#   id: PL-0104
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
#   config:
#     version: { default: latest, about: "The version of the Pod Security Standards to hold pods to: `latest`, or one such as `v1.30`." }
#   mentions: ["sysctls: "]
package plimsoll.unsafe_sysctl

import data.lib.pod_security
import data.lib.workload

# The settings that are kept apart per pod, with the minor version from which the standards know it.
from := {
	"kernel.shm_rmid_forced": 0,
	"net.ipv4.ip_local_port_range": 0,
	"net.ipv4.ip_local_reserved_ports": 27,
	"net.ipv4.ip_unprivileged_port_start": 0,
	"net.ipv4.ping_group_range": 0,
	"net.ipv4.tcp_fin_timeout": 29,
	"net.ipv4.tcp_keepalive_intvl": 29,
	"net.ipv4.tcp_keepalive_probes": 29,
	"net.ipv4.tcp_keepalive_time": 29,
	"net.ipv4.tcp_notsent_lowat": 37,
	"net.ipv4.tcp_rmem": 32,
	"net.ipv4.tcp_slow_start_after_idle": 37,
	"net.ipv4.tcp_syncookies": 0,
	"net.ipv4.tcp_wmem": 32,
}

deny contains violation if {
	some pod in workload.pods
	some index, setting in workload.list(pod.security, "sysctls")
	is_object(setting)
	name := object.get(setting, "name", "")
	object.get(from, name, pod_security.newest + 1) > pod_security.minor
	violation := {
		"path": array.concat(pod.path, ["securityContext", "sysctls", index]),
		"message": sprintf("the pod sets `%v`, which is not among the kernel settings that are safe to set for one pod", [name]),
		"fix": {"op": "remove"},
	}
}
