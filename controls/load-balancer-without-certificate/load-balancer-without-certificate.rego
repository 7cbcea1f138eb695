# METADATA
# title: What comes in on the port of HTTPS is encrypted
# description: A load balancer that hands port 443 on to a plain port without a certificate serves plain HTTP under the number of HTTPS, or nothing.
# scope: package
# custom:
#   id: C-0231
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Service]
#   also: [C-0245]
#   mentions: [LoadBalancer]
package plimsoll.load_balancer_without_certificate

import data.lib.change
import data.lib.workload

# Ports that speak plain HTTP by all custom.
plain := {80, 8080, "80", "8080", "http", "web"}

certificates := {
	"load-balancer.hetzner.cloud/http-certificates",
	"service.beta.kubernetes.io/aws-load-balancer-ssl-cert",
	"service.beta.kubernetes.io/do-loadbalancer-certificate-id",
	"service.beta.kubernetes.io/do-loadbalancer-certificate-name",
	"service.beta.kubernetes.io/oci-load-balancer-tls-secret",
}

deny contains violation if {
	input.resource.spec.type == "LoadBalancer"
	given := [name |
		some name in certificates
		trim_space(change.text(change.annotations(input.resource), name)) != ""
	]
	count(given) == 0
	some index, port in workload.list(workload.map(input.resource, "spec"), "ports")
	port.port == 443
	port.targetPort in plain
	violation := {
		"path": ["spec", "ports", index],
		"message": sprintf("the load balancer hands port 443 on to the plain port %v, and has no certificate", [port.targetPort]),
	}
}
