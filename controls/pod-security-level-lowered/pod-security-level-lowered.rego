# METADATA
# title: A namespace keeps its level of Pod Security
# description: The label is what keeps privileged pods out of a namespace. Where a change lowers or drops it, the next pod may be one.
# scope: package
# custom:
#   id: PL-0011
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds: [Namespace]
#   reads: [before]
package plimsoll.pod_security_level_lowered

import data.lib.change

levels := {"privileged": 0, "baseline": 1, "restricted": 2}

modes := {
	"enforce": "refused",
	"audit": "recorded",
	"warn": "warned about",
}

deny contains violation if {
	some mode, what in modes
	label := sprintf("pod-security.kubernetes.io/%s", [mode])
	was := change.text(change.labels(input.before), label)
	is := change.text(change.labels(input.resource), label)
	levels[was] > level(is)
	violation := {
		"path": ["metadata", "labels", label],
		"message": sprintf("`%s` goes from `%s` to %s: pods that `%s` forbids are no longer %s here", [mode, was, change.shown(is), was, what]),
		"fix": {"op": "set", "value": was},
	}
}

# What the cluster does where there is no label is not known here, and is privileged as Kubernetes comes.
level(is) := levels[is] if {
	some known, _ in levels
	known == is
} else := 0
