# METADATA
# title: An Ingress that was encrypted stays encrypted
# description: Without its tls section an Ingress serves plain HTTP, and what its visitors send can be read on the way.
# scope: package
# custom:
#   id: PL-0004
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds: [Ingress.networking.k8s.io]
#   reads: [before]
package plimsoll.ingress_tls_removed

import data.lib.workload

deny contains violation if {
	was := tls(input.before)
	is := tls(input.resource)
	count(was) > 0
	count(is) == 0
	violation := {
		"path": ["spec", "tls"],
		"message": "the Ingress loses its TLS: its hosts will be served over plain HTTP",
		"fix": {"op": "set", "value": was},
	}
}

# One entry of the hosts that lost their certificate while the Ingress kept others.
deny contains violation if {
	count(tls(input.resource)) > 0
	is := hosts(tls(input.resource))
	some host in hosts(tls(input.before))
	lost(host, is)
	some rule in workload.list(workload.map(input.resource, "spec"), "rules")
	rule.host == host
	violation := {
		"path": ["spec", "tls"],
		"message": sprintf("the Ingress still serves `%s`, but no longer over TLS", [host]),
	}
}

tls(ingress) := workload.list(workload.map(ingress, "spec"), "tls")

hosts(entries) := {host |
	some entry in entries
	some host in workload.list(entry, "hosts")
	is_string(host)
}

# A wildcard certificate covers one label.
lost(host, kept) if {
	labels := split(host, ".")
	wildcard := concat(".", array.concat(["*"], array.slice(labels, 1, count(labels))))
	count({host, wildcard} & kept) == 0
}
