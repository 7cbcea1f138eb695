# METADATA
# title: A service mesh takes no plain text
# description: Where a mesh also takes plain text, whoever gets into any pod can talk to all others without being known.
# scope: package
# custom:
#   id: PL-0035
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [PeerAuthentication.security.istio.io, DestinationRule.networking.istio.io, Namespace, pods]
#   mentions: [disable, permissive, default-inbound-policy]
package plimsoll.plain_text_in_mesh

import data.lib.workload

spec := workload.map(input.resource, "spec")

open := {"DISABLE": "is off", "PERMISSIVE": "is only offered"}

deny contains violation if {
	input.resource.kind == "PeerAuthentication"
	state := open[workload.map(spec, "mtls").mode]
	violation := {
		"path": ["spec", "mtls", "mode"],
		"message": sprintf("mTLS %s: connections in plain text, from anybody, are taken", [state]),
		"fix": {"op": "set", "value": "STRICT"},
	}
}

deny contains violation if {
	input.resource.kind == "PeerAuthentication"
	some port, setting in workload.map(spec, "portLevelMtls")
	state := open[setting.mode]
	violation := {
		"path": ["spec", "portLevelMtls", port, "mode"],
		"message": sprintf("mTLS %s at port %s: connections in plain text, from anybody, are taken", [state, port]),
		"fix": {"op": "set", "value": "STRICT"},
	}
}

deny contains violation if {
	input.resource.kind == "DestinationRule"
	workload.map(workload.map(spec, "trafficPolicy"), "tls").mode == "DISABLE"
	violation := {
		"path": ["spec", "trafficPolicy", "tls", "mode"],
		"message": sprintf("clients of the mesh talk to `%v` in plain text", [object.get(spec, "host", "?")]),
		"fix": {"op": "set", "value": "ISTIO_MUTUAL"},
	}
}

deny contains violation if {
	input.resource.kind == "DestinationRule"
	some index, setting in workload.list(workload.map(spec, "trafficPolicy"), "portLevelSettings")
	workload.map(setting, "tls").mode == "DISABLE"
	violation := {
		"path": ["spec", "trafficPolicy", "portLevelSettings", index, "tls", "mode"],
		"message": sprintf("clients of the mesh talk to port %v of `%v` in plain text", [object.get(workload.map(setting, "port"), "number", "?"), object.get(spec, "host", "?")]),
		"fix": {"op": "set", "value": "ISTIO_MUTUAL"},
	}
}

# Linkerd: who may connect to what no other policy speaks of.
places := [["metadata"]] if {
	input.resource.kind == "Namespace"
} else := [array.concat(array.slice(pod.path, 0, count(pod.path) - 1), ["metadata"]) | some pod in input.pods]

deny contains violation if {
	some path in places
	name := "config.linkerd.io/default-inbound-policy"
	value := object.get(input.resource, array.concat(path, ["annotations", name]), "")
	value in {"all-unauthenticated", "cluster-unauthenticated", "audit"}
	violation := {
		"path": array.concat(path, ["annotations", name]),
		"message": sprintf("`%s` takes connections from outside of the mesh, without knowing from whom", [value]),
		"fix": {"op": "set", "value": "all-authenticated"},
	}
}
