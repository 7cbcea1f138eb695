# METADATA
# title: Something refuses dangerous pods
# description: Without Pod Security, a policy engine or admission policies, whatever somebody may create is run.
# scope: package
# custom:
#   id: C-0192
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Namespace]
#   reads: [inventory]
#   inventory: [ClusterPolicy.kyverno.io, MutatingWebhookConfiguration.admissionregistration.k8s.io, ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io, ValidatingPolicy.policies.kyverno.io, ValidatingWebhookConfiguration.admissionregistration.k8s.io, ClusterAdmissionPolicy.policies.kubewarden.io]
package plimsoll.no_admission_policy

import data.lib.change
import data.lib.workload

deny contains violation if {
	labels := workload.map(workload.map(input.resource, "metadata"), "labels")
	object.get(labels, "pod-security.kubernetes.io/enforce", null) == null
	count(others) == 0
	violation := {
		"path": ["metadata", "labels", "pod-security.kubernetes.io/enforce"],
		"message": "nothing among the manifests refuses a dangerous pod in this namespace: no level of Pod Security, no webhook and no admission policy",
	}
}

# Whatever judges what is created in namespaces. What it refuses is not read.
others := [object_ |
	some kind in [
		"ClusterPolicy.kyverno.io",
		"MutatingWebhookConfiguration.admissionregistration.k8s.io",
		"ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io",
		"ValidatingPolicy.policies.kyverno.io",
		"ValidatingWebhookConfiguration.admissionregistration.k8s.io",
		"ClusterAdmissionPolicy.policies.kubewarden.io",
	]
	some object_ in workload.others(kind, "")
	judges(object_)
]

judges(object_) if {
	endswith(object_.kind, "WebhookConfiguration")
	some webhook in workload.list(object_, "webhooks")
	some rule in workload.list(webhook, "rules")
	change.field(rule, "scope", "*") != "Cluster"
}

judges(object_) if {
	endswith(object_.kind, "WebhookConfiguration") == false
}
