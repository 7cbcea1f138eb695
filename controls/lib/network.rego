# METADATA
# title: Ranges of addresses, and load balancers that stay inside
# description: What several controls of exposure and of network policies ask.
package lib.network

import data.lib.change
import data.lib.workload

# True where some range of the list holds the whole of another one.
within(range, list) if range in list

within(range, list) if {
	valid(range)
	some wider in list
	valid(wider)
	family(wider) == family(range)
	net.cidr_contains(wider, range)
}

valid(range) if {
	is_string(range)
	net.cidr_is_valid(range)
}

family(range) := contains(range, ":")

# The annotations by which clouds keep a load balancer off the internet, with the values that say so.
inside := {
	"networking.gke.io/load-balancer-type": {"internal"},
	"cloud.google.com/load-balancer-type": {"internal"},
	"service.beta.kubernetes.io/azure-load-balancer-internal": {"true"},
	"service.beta.kubernetes.io/aws-load-balancer-internal": {"true", "0.0.0.0/0"},
	"service.beta.kubernetes.io/aws-load-balancer-scheme": {"internal"},
	"service.beta.kubernetes.io/oci-load-balancer-internal": {"true"},
	"service.beta.kubernetes.io/openstack-internal-load-balancer": {"true"},
	"service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type": {"private"},
}

private_balancer(service) if {
	some annotation, values in inside
	lower(change.text(change.annotations(service), annotation)) in values
}
