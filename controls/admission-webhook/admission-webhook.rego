# METADATA
# title: Admission webhooks are known
# description: A webhook sees what is created in the cluster, and some rewrite it.
# scope: package
# custom:
#   id: C-0036
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [ValidatingWebhookConfiguration.admissionregistration.k8s.io, MutatingWebhookConfiguration.admissionregistration.k8s.io]
#   also: [C-0039]
#   enabled: false
package plimsoll.admission_webhook

import data.lib.workload

deny contains violation if {
	some index, webhook in workload.list(input.resource, "webhooks")
	is_object(webhook)
	violation := {
		"path": ["webhooks", index],
		"message": sprintf("the webhook `%v` %s", [object.get(webhook, "name", "?"), acts]),
	}
}

acts := "sees what is created and may rewrite it" if {
	input.resource.kind == "MutatingWebhookConfiguration"
} else := "sees what is created and may refuse it"
