# METADATA
# title: Traffic inside of the cluster stays encrypted and authenticated
# description: A service mesh encrypts what pods say to each other, as long as nothing tells it not to.
# scope: package
# custom:
#   id: PL-0026
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds:
#     - PeerAuthentication.security.istio.io
#     - AuthorizationPolicy.security.istio.io
#     - RequestAuthentication.security.istio.io
#     - DestinationRule.networking.istio.io
#     - AuthorizationPolicy.policy.linkerd.io
#     - MeshTLSAuthentication.policy.linkerd.io
#     - Namespace
#     - pods
#   reads: [before]
#   on: [changed, removed]
#   mentions: [istio, linkerd]
package plimsoll.mesh_encryption_weakened

import data.lib.change
import data.lib.workload

spec := workload.map(input.resource, "spec")

old := workload.map(input.before, "spec")

mode(of) := workload.text(object.get(workload.map(of, "mtls"), "mode", ""), "UNSET")

deny contains violation if {
	input.resource.kind == "PeerAuthentication"
	mode(old) == "STRICT"
	mode(spec) == "UNSET"
	violation := {
		"path": ["spec", "mtls", "mode"],
		"message": "mTLS goes from STRICT to whatever holds around it, which most often takes plain text, too",
		"fix": {"op": "set", "value": "STRICT"},
	}
}

gone := {
	"PeerAuthentication": "its workloads may be reached in plain text",
	"AuthorizationPolicy": "who may call whom is no longer restricted by it",
	"MeshTLSAuthentication": "who may call whom is no longer restricted by it",
	"RequestAuthentication": "tokens of requests are no longer verified",
}

deny contains violation if {
	input.resource == null
	loss := gone[input.before.kind]
	strict
	violation := {
		"path": ["metadata", "name"],
		"message": sprintf("%s goes: %s", [change.named(input.before), loss]),
	}
}

strict if {
	input.before.kind == "PeerAuthentication"
	mode(old) == "STRICT"
}

strict if input.before.kind in {"AuthorizationPolicy", "MeshTLSAuthentication", "RequestAuthentication"}

# How clients of the mesh connect.
deny contains violation if {
	input.resource.kind == "DestinationRule"
	was := workload.map(workload.map(old, "trafficPolicy"), "tls")
	is := workload.map(workload.map(spec, "trafficPolicy"), "tls")
	was.mode in {"ISTIO_MUTUAL", "MUTUAL", "SIMPLE"}
	object.get(is, "mode", null) == null
	violation := {
		"path": ["spec", "trafficPolicy", "tls", "mode"],
		"message": sprintf("clients went to `%v` over TLS (%s), and now as the mesh decides, which may be in plain text", [object.get(spec, "host", "?"), was.mode]),
		"fix": {"op": "set", "value": was.mode},
	}
}

# Labels and annotations by which namespaces and pods are in a mesh, with the values that say so.
joined := {
	"istio-injection": {"enabled"},
	"istio.io/dataplane-mode": {"ambient"},
	"linkerd.io/inject": {"enabled"},
	"sidecar.istio.io/inject": {"true"},
}

# True for what is in a mesh by some label or annotation, a revision of Istio among them.
member(metadata) if {
	some field in ["labels", "annotations"]
	some name, values in joined
	change.text(workload.map(metadata, field), name) in values
}

member(metadata) if {
	change.text(workload.map(metadata, "labels"), "istio.io/rev") != ""
}

left := {
	"istio-injection": {"disabled"},
	"istio.io/dataplane-mode": {"none"},
	"linkerd.io/inject": {"disabled"},
	"sidecar.istio.io/inject": {"false"},
}

# The metadata of both sides: those of a namespace, else of the pods.
places := [{"path": ["metadata"], "was": workload.map(input.before, "metadata"), "is": workload.map(input.resource, "metadata")}] if {
	input.resource.kind == "Namespace"
} else := [{"path": path, "was": was.metadata, "is": pod.metadata} |
	some pod in input.pods
	some was in input.before_pods
	path := array.concat(array.slice(pod.path, 0, count(pod.path) - 1), ["metadata"])
]

# What a pod is in unless it says otherwise is decided by its namespace, so that only what it says counts.
deny contains violation if {
	some place in places
	some field in ["labels", "annotations"]
	some name, values in joined
	was := change.text(workload.map(place.was, field), name)
	is := change.text(workload.map(place.is, field), name)
	was in values
	not is in values
	metadata := place.is
	not member(metadata)
	violation := {
		"path": array.concat(place.path, [field, name]),
		"message": sprintf("`%s` goes from `%s` to %s: the mesh no longer encrypts what is sent here", [name, was, change.shown(is)]),
		"fix": {"op": "set", "value": was},
	}
}

deny contains violation if {
	some place in places
	some field in ["labels", "annotations"]
	some name, values in left
	was := change.text(workload.map(place.was, field), name)
	is := change.text(workload.map(place.is, field), name)
	is in values
	not was in values
	joining := joined[name]
	not was in joining
	violation := {
		"path": array.concat(place.path, [field, name]),
		"message": sprintf("`%s: %s` leaves the mesh, which no longer encrypts what is sent here", [name, is]),
		"fix": change.restore(was),
	}
}

# Ports that the mesh is told to leave alone.
skipping := [
	"config.linkerd.io/skip-inbound-ports",
	"config.linkerd.io/skip-outbound-ports",
	"traffic.sidecar.istio.io/excludeInboundPorts",
	"traffic.sidecar.istio.io/excludeOutboundPorts",
	"traffic.sidecar.istio.io/excludeOutboundIPRanges",
]

deny contains violation if {
	some place in places
	some name in skipping
	was := change.text(workload.map(place.was, "annotations"), name)
	is := change.text(workload.map(place.is, "annotations"), name)
	added := items(is) - items(was)
	count(added) > 0
	violation := {
		"path": array.concat(place.path, ["annotations", name]),
		"message": sprintf("%s goes past the mesh from now on, without its encryption (`%s`)", [change.words(sort(added)), name]),
		"fix": change.restore(was),
	}
}

items(text) := {trim_space(item) |
	some item in split(text, ",")
	trim_space(item) != ""
}
