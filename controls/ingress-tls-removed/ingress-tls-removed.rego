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
	some host in served(input.before) & served(input.resource)
	covered(host, input.before)
	covered(host, input.resource) == false
	violation := {
		"path": ["spec", "tls"],
		"message": sprintf("the Ingress still serves `%s`, but no longer over TLS", [host]),
	}
}

tls(ingress) := workload.list(workload.map(ingress, "spec"), "tls")

served(ingress) := {rule.host |
	some rule in workload.list(workload.map(ingress, "spec"), "rules")
	is_string(rule.host)
}

# An entry without hosts is for all of them, and a wildcard certificate covers one label.
covered(host, ingress) if {
	labels := split(host, ".")
	wildcard := concat(".", array.concat(["*"], array.slice(labels, 1, count(labels))))
	some entry in tls(ingress)
	names := workload.list(entry, "hosts")
	some name in {host, wildcard, "*"}
	name in array.concat(names, ["*" | count(names) == 0])
} else := false
