# METADATA
# title: Sandboxes of agents reach only what they need
# description: What an agent runs can send what it sees to anywhere that a rule of egress leaves open.
# scope: package
# custom:
#   id: C-0301
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [SandboxTemplate.extensions.agents.x-k8s.io]
package plimsoll.sandbox_egress_open

import data.lib.workload

spec := workload.map(input.resource, "spec")

management := object.get(spec, "networkPolicyManagement", "Managed")

policy := object.get(spec, "networkPolicy", null)

fine := {"Managed", null}

unmanaged := management if not management in fine

deny contains {
	"path": ["spec", "networkPolicyManagement"],
	"message": sprintf("nothing limits where these sandboxes send data: `networkPolicyManagement` is `%v`, not Managed", [unmanaged]),
}

# The default policy of the controller lets sandboxes reach the internet.
deny contains violation if {
	managed
	is_object(policy) == false
	violation := {
		"path": ["spec", "networkPolicy"],
		"message": "these sandboxes may reach the whole internet, which is what the default policy lets them",
	}
}

deny contains violation if {
	managed
	is_object(policy)
	egress := object.get(policy, "egress", null)
	some path in open_rules(egress)
	violation := {
		"path": array.concat(["spec", "networkPolicy", "egress"], path),
		"message": "this rule lets sandboxes reach any destination: name the pods, namespaces or addresses that they need",
	}
}

managed if management in fine

open_rules(egress) := [[index] |
	some index, rule in egress
	scoped(rule) == false
] if {
	is_array(egress)
} else := [] if {
	egress == null
} else := [[]]

scoped(rule) if {
	peers := workload.list(rule, "to")
	count(peers) > 0
	count([peer | some peer in peers; narrow(peer)]) == count(peers)
} else := false

narrow(peer) if {
	cidr := object.get(workload.map(peer, "ipBlock"), "cidr", "")
	is_string(cidr)
	named(cidr)
}

narrow(peer) if {
	some field in ["podSelector", "namespaceSelector"]
	selector := workload.map(peer, field)
	count(workload.map(selector, "matchLabels")) + count(workload.list(selector, "matchExpressions")) > 0
}

everything := {"", "0.0.0.0/0", "::/0"}

named(cidr) if not cidr in everything
