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
	was := object.get(old, "type", "ClusterIP")
	is := object.get(spec, "type", "ClusterIP")
	rank[is] > rank[was]
	violation := {
		"path": ["spec", "type"],
		"message": sprintf("the Service goes from %s to %s: %s", [was, is, reach[is]]),
		"fix": change.restore(object.get(old, "type", null)),
	}
}

deny contains violation if {
	spec.type == "LoadBalancer"
	object.get(old, "type", "ClusterIP") == "LoadBalancer"
	was := workload.list(old, "loadBalancerSourceRanges")
	count(was) > 0
	count(workload.list(spec, "loadBalancerSourceRanges")) == 0
	violation := {
		"path": ["spec", "loadBalancerSourceRanges"],
		"message": sprintf("the load balancer took connections from %s only, and now takes them from anywhere", [change.words(was)]),
		"fix": {"op": "set", "value": was},
	}
}

deny contains violation if {
	was := workload.list(old, "loadBalancerSourceRanges")
	count(was) > 0
	ranges := workload.list(spec, "loadBalancerSourceRanges")
	count(within(ranges, was)) > 0
	some index, range in ranges
	is_string(range)
	not network.within(range, was)
	violation := {
		"path": ["spec", "loadBalancerSourceRanges", index],
		"message": sprintf("the load balancer now takes connections from `%s`, too", [range]),
		"fix": {"op": "remove"},
	}
}

# Where none of the former ones stays, the whole list is put back: an empty one would let in everybody.
deny contains violation if {
	was := workload.list(old, "loadBalancerSourceRanges")
	count(was) > 0
	ranges := workload.list(spec, "loadBalancerSourceRanges")
	count(ranges) > 0
	count(within(ranges, was)) == 0
	violation := {
		"path": ["spec", "loadBalancerSourceRanges"],
		"message": sprintf("the load balancer now takes connections from %s instead of %s", [change.words(ranges), change.words(was)]),
		"fix": {"op": "set", "value": was},
	}
}

within(ranges, was) := [range |
	some range in ranges
	network.within(range, was)
]

# Annotations keep a load balancer inside of the network.
deny contains violation if {
	internal(input.before_facts)
	internal(input.facts) == false
	violation := {
		"path": ["metadata", "annotations"],
		"message": "the load balancer was internal and now has a public address",
	}
}

internal(facts) := way.internal if {
	some way in facts.exposed
	way.by == "LoadBalancer"
}
