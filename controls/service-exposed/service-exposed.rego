# METADATA
# title: A Service is not opened further to the outside
# description: A NodePort or a load balancer takes connections from outside of the cluster, past every Ingress and its protections.
# scope: package
# custom:
#   id: PL-0015
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds: [Service]
#   reads: [before, facts]
package plimsoll.service_exposed

import data.lib.change
import data.lib.network
import data.lib.workload

reach := {
	"NodePort": "every node now takes connections for it",
	"LoadBalancer": "a load balancer outside of the cluster now takes connections for it",
}

rank := {"ExternalName": 0, "ClusterIP": 0, "NodePort": 1, "LoadBalancer": 2}

spec := workload.map(input.resource, "spec")

old := workload.map(input.before, "spec")

deny contains violation if {
	former := object.get(old, "type", "ClusterIP")
	type := object.get(spec, "type", "ClusterIP")
	rank[type] > rank[former]
	violation := {
		"path": ["spec", "type"],
		"message": sprintf("the Service goes from %s to %s: %s", [former, type, reach[type]]),
		"fix": change.restore(object.get(old, "type", null)),
	}
}

# The addresses that a load balancer takes connections from: {path, written, ranges}. They stand in a field, or, where that is
# empty, in an annotation.
sources(service) := {"path": ["spec", field], "written": list, "ranges": list} if {
	field := "loadBalancerSourceRanges"
	list := workload.list(workload.map(service, "spec"), field)
	count(list) > 0
} else := {"path": ["metadata", "annotations", name], "written": text, "ranges": ranges} if {
	name := "service.beta.kubernetes.io/load-balancer-source-ranges"
	text := change.text(change.annotations(service), name)
	ranges := [trim_space(range) | some range in split(text, ",")]
	trim_space(text) != ""
} else := {"path": ["spec"], "written": [], "ranges": []}

was := sources(input.before)

is := sources(input.resource)

deny contains violation if {
	spec.type == "LoadBalancer"
	object.get(old, "type", "ClusterIP") == "LoadBalancer"
	count(was.ranges) > 0
	ranges := was.ranges
	not anywhere(ranges)
	count(is.ranges) == 0
	violation := {
		"path": was.path,
		"message": sprintf("the load balancer took connections from %s only, and now takes them from anywhere", [change.words(was.ranges)]),
		"fix": {"op": "set", "value": was.written},
	}
}

# What says that everybody may come says no more than nothing does.
anywhere(ranges) if "0.0.0.0/0" in ranges

deny contains violation if {
	count(was.ranges) > 0
	count(inside) > 0
	is_array(is.written)
	some index, range in is.ranges
	is_string(range)
	former := was.ranges
	not network.within(range, former)
	violation := {
		"path": array.concat(is.path, [index]),
		"message": sprintf("the load balancer now takes connections from `%s`, too", [range]),
		"fix": {"op": "remove"},
	}
}

# An annotation is one text. Where no former range stays in a list, all of it is put back: an empty one would let in everybody.
deny contains violation if {
	count(was.ranges) > 0
	further := [range | some range in is.ranges; not range in inside]
	count(further) > 0
	at_once
	violation := {
		"path": is.path,
		"message": sprintf("the load balancer took connections from %s only, and now takes them from %s", [change.words(was.ranges), change.words(further)]),
		"fix": {"op": "set", "value": as_written(is.written, was.ranges)},
	}
}

at_once if is_string(is.written)

at_once if count(inside) == 0

as_written(like, ranges) := ranges if is_array(like)

as_written(like, ranges) := concat(",", [range | some range in ranges; is_string(range)]) if is_string(like)

# The ranges that were open before.
inside := [range |
	some range in is.ranges
	network.within(range, was.ranges)
]

# Annotations keep a load balancer inside of the network.
deny contains violation if {
	kept_inside(input.before_facts)
	kept_inside(input.facts) == false
	violation := {
		"path": ["metadata", "annotations"],
		"message": "the load balancer was internal and now has a public address",
	}
}

kept_inside(facts) := way.internal if {
	some way in facts.exposed
	way.by == "LoadBalancer"
}
