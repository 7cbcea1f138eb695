# METADATA
# title: Old versions of TLS are refused
# description: TLS 1.0 and 1.1 have known holes, and no browser speaks them any more.
# scope: package
# custom:
#   id: PL-0034
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds:
#     - ConfigMap
#     - Gateway.networking.istio.io
#     - TLSOption.traefik.io
#     - TLSOption.traefik.containo.us
#     - IngressController.operator.openshift.io
#     - APIServer.config.openshift.io
#     - Ingress.networking.k8s.io
#   mentions: [ssl-protocols, minProtocolVersion, minVersion, tlsSecurityProfile, ssl-policy]
package plimsoll.old_tls_version

import data.lib.change
import data.lib.workload

spec := workload.map(input.resource, "spec")

old := "lets clients connect with TLS 1.0 or 1.1, which have known holes"

deny contains violation if {
	input.resource.kind == "ConfigMap"
	value := change.text(workload.map(input.resource, "data"), "ssl-protocols")
	words := split(value, " ")
	kept := [word |
		some word in words
		not word in outdated
	]
	count(kept) < count(words)
	violation := {
		"path": ["data", "ssl-protocols"],
		"message": sprintf("`ssl-protocols` %s", [old]),
		"fix": {"op": "set", "value": newer(kept)},
	}
}

outdated := {"SSLv2", "SSLv3", "TLSv1", "TLSv1.0", "TLSv1.1"}

newer(kept) := concat(" ", kept) if {
	count(kept) > 0
} else := "TLSv1.2 TLSv1.3"

deny contains violation if {
	some index, server in workload.list(spec, "servers")
	workload.map(server, "tls").minProtocolVersion in {"TLSV1_0", "TLSV1_1"}
	violation := {
		"path": ["spec", "servers", index, "tls", "minProtocolVersion"],
		"message": sprintf("`minProtocolVersion` %s", [old]),
		"fix": {"op": "set", "value": "TLSV1_2"},
	}
}

deny contains violation if {
	input.resource.kind == "TLSOption"
	spec.minVersion in {"VersionTLS10", "VersionTLS11"}
	violation := {
		"path": ["spec", "minVersion"],
		"message": sprintf("`minVersion` %s", [old]),
		"fix": {"op": "set", "value": "VersionTLS12"},
	}
}

deny contains violation if {
	input.resource.kind in {"APIServer", "IngressController"}
	workload.map(spec, "tlsSecurityProfile").type == "Old"
	violation := {
		"path": ["spec", "tlsSecurityProfile", "type"],
		"message": sprintf("the profile `Old` %s", [old]),
		"fix": {"op": "set", "value": "Intermediate"},
	}
}

deny contains violation if {
	input.resource.kind in {"APIServer", "IngressController"}
	profile := workload.map(spec, "tlsSecurityProfile")
	workload.map(profile, "custom").minTLSVersion in {"VersionTLS10", "VersionTLS11"}
	violation := {
		"path": ["spec", "tlsSecurityProfile", "custom", "minTLSVersion"],
		"message": sprintf("`minTLSVersion` %s", [old]),
		"fix": {"op": "set", "value": "VersionTLS12"},
	}
}

# Policies of AWS load balancers carry a date; those with TLS 1.0 or 1.1 say so, or are older than that.
deny contains violation if {
	name := "alb.ingress.kubernetes.io/ssl-policy"
	policy := change.text(change.annotations(input.resource), name)
	regex.match(`^(ELBSecurityPolicy-2016-08|ELBSecurityPolicy-2015-05|ELBSecurityPolicy-FS-2018-06|.*-FS-1-1-.*|.*TLS-1-[01]-.*|.*-TLS13-1-[01]-.*)$`, policy)
	violation := {
		"path": ["metadata", "annotations", name],
		"message": sprintf("the policy `%s` %s", [policy, old]),
		"fix": {"op": "set", "value": "ELBSecurityPolicy-TLS13-1-2-2021-06"},
	}
}
