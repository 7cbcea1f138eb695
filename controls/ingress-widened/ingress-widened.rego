# METADATA
# title: An Ingress serves no more than it did without being seen to
# description: Each host, default backend or class that is added opens a way from outside to what stands behind it.
# scope: package
# custom:
#   id: PL-0017
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Ingress.networking.k8s.io]
#   reads: [before]
package plimsoll.ingress_widened

import data.lib.change
import data.lib.workload

spec := workload.map(input.resource, "spec")

old := workload.map(input.before, "spec")

# The hosts of the rules; an empty text for a rule that takes every host, as a default backend does.
hosts(of) := named | every_host if {
	named := {change.text(rule, "host") |
		some rule in workload.list(of, "rules")
		is_object(rule)
	}
	every_host := {"" | count(workload.map(of, "defaultBackend")) > 0}
}

deny contains violation if {
	was := hosts(old)
	not "" in was
	some index, rule in workload.list(spec, "rules")
	is_object(rule)
	host := change.text(rule, "host")
	not host in was
	count(was & wildcards(host)) == 0
	violation := {
		"path": ["spec", "rules", index],
		"message": sprintf("the Ingress now serves %s to `%s`", [shown(host), concat("`, `", sort(backends(rule)))]),
	}
}

# `*.example.com` covers one label.
wildcards(host) := {concat(".", array.concat(["*"], array.slice(labels, 1, count(labels))))} if {
	labels := split(host, ".")
	host != ""
} else := set()

shown("") := "every host that no other Ingress takes"

shown(host) := sprintf("every host under `%s`", [trim_prefix(host, "*.")]) if startswith(host, "*.")

shown(host) := sprintf("the host `%s`", [host]) if {
	host != ""
	startswith(host, "*.") == false
}

backends(rule) := {name |
	some path in workload.list(workload.map(rule, "http"), "paths")
	name := path.backend.service.name
	is_string(name)
}

deny contains violation if {
	object.get(old, "defaultBackend", null) == null
	backend := workload.map(spec, "defaultBackend")
	count(backend) > 0
	violation := {
		"path": ["spec", "defaultBackend"],
		"message": sprintf("whatever no rule takes now goes to `%v`", [object.get(workload.map(backend, "service"), "name", "?")]),
	}
}

# Which controller answers decides who can reach it.
deny contains violation if {
	was := class(input.before)
	is := class(input.resource)
	was != is
	violation := {
		"path": ["spec", "ingressClassName"],
		"message": sprintf("the Ingress moves from the class %s to %s: other controllers may be open to other people", [class_shown(was), class_shown(is)]),
	}
}

class(ingress) := change.text(workload.map(ingress, "spec"), "ingressClassName") if {
	change.text(workload.map(ingress, "spec"), "ingressClassName") != ""
} else := change.text(change.annotations(ingress), "kubernetes.io/ingress.class")

class_shown("") := "that is the default"

class_shown(name) := sprintf("`%s`", [name]) if name != ""
