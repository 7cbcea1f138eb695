# METADATA
# title: An Ingress serves its hosts over TLS
# description: What visitors send over plain HTTP, passwords and patient data among it, can be read and changed on the way.
# scope: package
# custom:
#   id: C-0263
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds: [Ingress.networking.k8s.io]
package plimsoll.ingress_without_tls

import data.lib.change
import data.lib.workload

spec := workload.map(input.resource, "spec")

tls := workload.list(spec, "tls")

# Annotations by which a controller gets its certificates without the section.
elsewhere := {
	"alb.ingress.kubernetes.io/certificate-arn",
	"ingress.gcp.kubernetes.io/pre-shared-cert",
	"networking.gke.io/managed-certificates",
	"traefik.ingress.kubernetes.io/router.tls",
	"traefik.ingress.kubernetes.io/router.tls.certresolver",
}

certified if {
	some name in elsewhere
	value := change.text(change.annotations(input.resource), name)
	not value in {"", "false"}
} else := false

deny contains violation if {
	count(tls) == 0
	certified == false
	violation := {
		"path": ["spec", "tls"],
		"message": "the Ingress serves its hosts over plain HTTP: it has no `tls`",
	}
}

# An entry without hosts is for all of them.
covers_all if {
	some entry in tls
	count(workload.list(entry, "hosts")) == 0
} else := false

covered := {host |
	some entry in tls
	some host in workload.list(entry, "hosts")
	is_string(host)
}

deny contains violation if {
	count(tls) > 0
	certified == false
	covers_all == false
	some index, rule in workload.list(spec, "rules")
	host := rule.host
	is_string(host)
	labels := split(host, ".")
	wildcard := concat(".", array.concat(["*"], array.slice(labels, 1, count(labels))))
	count({host, wildcard} & covered) == 0
	violation := {
		"path": ["spec", "rules", index, "host"],
		"message": sprintf("`%s` is served over plain HTTP: no entry of `tls` names it", [host]),
	}
}

deny contains violation if {
	count(tls) > 0
	some name in ["nginx.ingress.kubernetes.io/ssl-redirect", "haproxy-ingress.github.io/ssl-redirect"]
	change.text(change.annotations(input.resource), name) == "false"
	violation := {
		"path": ["metadata", "annotations", name],
		"message": "visitors of plain HTTP are served, and not sent to HTTPS",
		"fix": {"op": "remove"},
	}
}
