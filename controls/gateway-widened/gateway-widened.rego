# METADATA
# title: Gateways and routes let in no more than they did without being seen to
# description: A listener that is no longer encrypted, takes routes of every namespace, or a route for further hosts opens ways from outside.
# scope: package
# custom:
#   id: PL-0018
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds:
#     - Gateway.gateway.networking.k8s.io
#     - HTTPRoute.gateway.networking.k8s.io
#     - GRPCRoute.gateway.networking.k8s.io
#     - TLSRoute.gateway.networking.k8s.io
#     - ReferenceGrant.gateway.networking.k8s.io
#   reads: [before]
package plimsoll.gateway_widened

import data.lib.change
import data.lib.workload

spec := workload.map(input.resource, "spec")

old := workload.map(input.before, "spec")

listeners := [{"was": was, "is": is, "path": ["spec", "listeners", index]} |
	earlier := change.by_name(workload.list(old, "listeners"))
	some index, is in workload.list(spec, "listeners")
	was := earlier[is.name]
]

deny contains violation if {
	some pair in listeners
	pair.was.protocol in {"HTTPS", "TLS"}
	pair.is.protocol in {"HTTP", "TCP"}
	violation := {
		"path": array.concat(pair.path, ["protocol"]),
		"message": sprintf("the listener `%s` goes from %s to %s: what passes it can be read on the way", [pair.is.name, pair.was.protocol, pair.is.protocol]),
		"fix": {"op": "set", "value": pair.was.protocol},
	}
}

from(listener) := object.get(workload.map(workload.map(listener, "allowedRoutes"), "namespaces"), "from", "Same")

deny contains violation if {
	some pair in listeners
	from(pair.was) != "All"
	from(pair.is) == "All"
	violation := {
		"path": array.concat(pair.path, ["allowedRoutes", "namespaces", "from"]),
		"message": sprintf("the listener `%s` took routes of %s and now takes them of every namespace", [pair.is.name, {"Same": "its own namespace", "Selector": "some namespaces", "None": "none"}[from(pair.was)]]),
		"fix": {"op": "set", "value": from(pair.was)},
	}
}

deny contains violation if {
	some pair in listeners
	was := object.get(pair.was, "hostname", "")
	was != ""
	object.get(pair.is, "hostname", "") == ""
	violation := {
		"path": array.concat(pair.path, ["hostname"]),
		"message": sprintf("the listener `%s` served `%v` only and now serves every host", [pair.is.name, was]),
		"fix": {"op": "set", "value": was},
	}
}

# Listeners that are new. An encrypted one beside others adds nothing that routes do not say.
deny contains violation if {
	input.resource.kind == "Gateway"
	was := object.keys(change.by_name(workload.list(old, "listeners")))
	some index, listener in workload.list(spec, "listeners")
	name := listener.name
	is_string(name)
	not name in was
	listener.protocol in {"HTTP", "TCP", "UDP"}
	violation := {
		"path": ["spec", "listeners", index],
		"message": sprintf("the new listener `%s` takes plain %s on port %v", [name, listener.protocol, object.get(listener, "port", "?")]),
		"fix": {"op": "remove"},
	}
}

deny contains violation if {
	input.resource.kind in {"HTTPRoute", "GRPCRoute", "TLSRoute"}
	was := workload.list(old, "hostnames")
	count(was) > 0
	some index, host in workload.list(spec, "hostnames")
	served(host, was) == false
	violation := {
		"path": ["spec", "hostnames", index],
		"message": sprintf("the route now serves `%v`, too", [host]),
		"fix": {"op": "remove"},
	}
}

# A wildcard stands for one name or more in front.
served(host, was) if {
	host in was
} else if {
	is_string(host)
	some wide in was
	is_string(wide)
	startswith(wide, "*.")
	endswith(host, trim_prefix(wide, "*"))
} else := false

deny contains violation if {
	input.resource.kind in {"HTTPRoute", "GRPCRoute", "TLSRoute"}
	was := workload.list(old, "hostnames")
	count(was) > 0
	count(workload.list(spec, "hostnames")) == 0
	violation := {
		"path": ["spec", "hostnames"],
		"message": sprintf("the route served %s and now serves every host of its gateways", [change.words(was)]),
		"fix": {"op": "set", "value": was},
	}
}

deny contains violation if {
	input.resource.kind == "ReferenceGrant"
	some side in ["from", "to"]
	was := workload.list(old, side)
	some index, entry in workload.list(spec, side)
	is_object(entry)
	not entry in was
	violation := {
		"path": ["spec", side, index],
		"message": granted(side, entry),
		"fix": {"op": "remove"},
	}
}

granted("from", entry) := sprintf("%v objects of the namespace `%v` may now refer to what is granted here", [object.get(entry, "kind", "all"), object.get(entry, "namespace", "?")])

granted("to", entry) := sprintf("%v %v may now be referred to from other namespaces", [object.get(entry, "kind", "any"), object.get(entry, "name", "objects")])
