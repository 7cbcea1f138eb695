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
import data.lib.pod_security

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
		"message": sprintf("`%s` goes from `%s` to %s%s", [mode, was, change.shown(is), consequence(is, was, what)]),
		"fix": {"op": "set", "value": was},
	}
}

consequence(is, was, what) := sprintf(": pods that `%s` forbids are no longer %s here", [was, what]) if {
	is in {"", "privileged", "baseline"}
} else := ", which is no level: the API server takes privileged, baseline or restricted, and refuses the namespace"

# The versions of Kubernetes from which on a level forbids more. Later ones hardly differ, and a cluster may not have them yet.
stricter := {"baseline": {19}, "restricted": {8, 19, 22, 23}}

deny contains violation if {
	some mode, what in modes
	level_label := sprintf("pod-security.kubernetes.io/%s", [mode])
	label := sprintf("%s-version", [level_label])
	held := change.text(change.labels(input.before), level_label)
	levels[held] <= level(change.text(change.labels(input.resource), level_label))
	was := change.text(change.labels(input.before), label)
	is := change.text(change.labels(input.resource), label)
	lost := [version |
		some version in stricter[held]
		version <= minor(was)
		version > minor(is)
	]
	count(lost) > 0
	violation := {
		"path": ["metadata", "labels", label],
		"message": sprintf("`%s-version` goes from %s to `%s`: what `%s` forbids since v1.%d is no longer %s here", [mode, change.shown(was), is, held, max(lost), what]),
		"fix": change.restore(was),
	}
}

minor(version) := to_number(trim_prefix(version, "v1.")) if {
	regex.match(`^v1\.(0|[1-9][0-9]{0,3})$`, version)
} else := pod_security.newest

# What the cluster does where there is no label is not known here, and is privileged as Kubernetes comes.
level(is) := levels[is] if {
	some known, _ in levels
	known == is
} else := 0
