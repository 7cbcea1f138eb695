# METADATA
# title: Few can open tunnels into pods
# description: A forwarded port reaches what listens in a pod past every NetworkPolicy, Service and login in front of it.
# scope: package
# custom:
#   id: C-0063
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Role.rbac.authorization.k8s.io, ClusterRole.rbac.authorization.k8s.io]
#   reads: [facts]
#   mentions: ["*", pods/portforward]
package plimsoll.port_forward

import data.lib.rbac

deny contains violation if {
	some entry in rbac.granting({""}, {"pods/portforward", "pods/*", "*/portforward"}, {"create"})
	violation := {
		"path": entry.path,
		"message": sprintf("%s may open tunnels to the ports of pods %s", [rbac.holders, rbac.scope]),
	}
}
