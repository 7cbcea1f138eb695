# METADATA
# title: A NetworkPolicy keeps out what it kept out
# description: A policy that is gone, selects fewer pods, no longer governs a direction or lets more through opens connections that were cut.
# scope: package
# custom:
#   id: PL-0019
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds: [NetworkPolicy.networking.k8s.io]
#   reads: [before, facts]
#   on: [changed, removed]
package plimsoll.network_policy_widened

import data.lib.change
import data.lib.network
import data.lib.workload

spec := workload.map(input.resource, "spec")

old := workload.map(input.before, "spec")

# One that goes with the pods it was written for takes nothing from anybody.
deny contains violation if {
	input.resource == null
	whom := affected
	violation := {
		"path": ["metadata", "name"],
		"message": sprintf("the policy goes, and %s", [whom]),
	}
}

affected := "with it the rule for all pods of its namespace" if {
	object.get(old, "podSelector", {}) == {}
} else := sprintf("%s may be reached and may reach others without it", [change.words([pod.name | some pod in input.facts.pods])]) if {
	count(input.facts.pods) > 0
}

deny contains violation if {
	input.resource != null
	added := change.further(workload.map(spec, "podSelector"), workload.map(old, "podSelector"))
	count(added) > 0
	violation := {
		"path": ["spec", "podSelector"],
		"message": sprintf("the policy selects fewer pods: it now requires %s", [concat(" and ", sort(added))]),
		"fix": change.restore(object.get(old, "podSelector", null)),
	}
}

# What the two directions are called, and where their rules and peers stand.
directions := {
	"Ingress": {"rules": "ingress", "peers": "from", "let": "lets in"},
	"Egress": {"rules": "egress", "peers": "to", "let": "lets out"},
}

governs(policy, direction) if {
	direction in workload.list(policy, "policyTypes")
}

# Without `policyTypes`, ingress is governed always, and egress where there are rules for it.
governs(policy, "Ingress") if {
	count(workload.list(policy, "policyTypes")) == 0
}

governs(policy, "Egress") if {
	count(workload.list(policy, "policyTypes")) == 0
	count(workload.list(policy, "egress")) > 0
}

deny contains violation if {
	input.resource != null
	some direction, _ in directions
	governs(old, direction)
	policy := spec
	not governs(policy, direction)
	violation := {
		"path": ["spec", "policyTypes"],
		"message": sprintf("the policy no longer governs %s: all of it is let through for its pods", [lower(direction)]),
		"fix": change.restore(object.get(old, "policyTypes", null)),
	}
}

deny contains violation if {
	input.resource != null
	some direction, words in directions
	governs(old, direction)
	governs(spec, direction)
	held := {pair |
		some rule in workload.list(old, words.rules)
		some pair in openings(rule, words.peers)
	}
	some index, rule in workload.list(spec, words.rules)
	added := {pair |
		some pair in openings(rule, words.peers)
		not covered(pair, held)
	}
	count(added) > 0
	violation := {
		"path": ["spec", words.rules, index],
		"message": sprintf("this rule %s %s, which the policy did not", [words.let, concat(" and ", sort({opening(pair, words.peers) | some pair in added}))]),
	}
}

# Pairs of a peer and a port, `any` for all of them.
openings(rule, field) := {[peer, port] |
	some peer in entries(rule, field)
	some written in entries(rule, "ports")
	port := with_protocol(written)
}

with_protocol(port) := object.union({"protocol": "TCP"}, port) if {
	is_object(port)
} else := port

entries(rule, field) := ["any"] if {
	count(workload.list(rule, field)) == 0
} else := rule[field]

covered(pair, held) if {
	some [peer, port] in held
	peer in {pair[0], "any"}
	port_within(pair[1], port)
}

port_within(port, wider) if wider in {port, "any"}

port_within(port, wider) if {
	port.protocol == wider.protocol
	wider.port <= port.port
	object.get(port, "endPort", port.port) <= wider.endPort
}

# A range inside of one that was there.
covered(pair, held) if {
	range := pair[0].ipBlock.cidr
	is_string(range)
	ranges := [wider |
		some [peer, port] in held
		port_within(pair[1], port)
		wider := peer.ipBlock.cidr
		is_string(wider)
		count(workload.list(peer.ipBlock, "except")) == 0
	]
	network.within(range, ranges)
}

# Some of the pods that were let through.
covered(pair, held) if {
	pods_peer(pair[0])
	some [wider, port] in held
	port_within(pair[1], port)
	pods_peer(wider)
	count(further(wider, pair[0], "podSelector")) == 0
	namespaces_within(pair[0], wider)
}

pods_peer(peer) if {
	is_object(peer)
	object.get(peer, "ipBlock", null) == null
}

# What one peer requires and another one does not see to.
further(peer, other, field) := change.further(workload.map(peer, field), workload.map(other, field))

# Without a selector it is the namespace of the policy.
namespaces_within(peer, wider) if {
	object.get(peer, "namespaceSelector", null) == object.get(wider, "namespaceSelector", null)
}

namespaces_within(_, wider) if {
	is_object(object.get(wider, "namespaceSelector", null))
	count(change.requirements(wider.namespaceSelector)) == 0
}

namespaces_within(peer, wider) if {
	is_object(object.get(peer, "namespaceSelector", null))
	is_object(object.get(wider, "namespaceSelector", null))
	count(further(wider, peer, "namespaceSelector")) == 0
}

opening(pair, field) := sprintf("%s%s %s", [port_words(pair[1]), {"from": " from", "to": " to"}[field], peer_words(pair[0])])

port_words(port) := "everything" if {
	is_string(port)
} else := sprintf("port %v", [change.field(port, "port", "of every number")])

peer_words(peer) := "anywhere" if {
	is_string(peer)
} else := sprintf("`%v`", [peer.ipBlock.cidr]) if {
	is_object(peer.ipBlock)
} else := sprintf("%s%s", [pods_words(peer), namespaces_words(peer)])

pods_words(peer) := "pods" if {
	count(change.requirements(workload.map(peer, "podSelector"))) == 0
} else := sprintf("pods that require %s", [concat(" and ", sort(change.requirements(workload.map(peer, "podSelector"))))])

namespaces_words(peer) := "" if {
	change.field(peer, "namespaceSelector", null) == null
} else := " of all namespaces" if {
	count(change.requirements(workload.map(peer, "namespaceSelector"))) == 0
} else := sprintf(" of namespaces that require %s", [concat(" and ", sort(change.requirements(workload.map(peer, "namespaceSelector"))))])
