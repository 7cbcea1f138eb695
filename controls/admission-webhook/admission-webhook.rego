# METADATA
# title: Webhooks that refuse objects are known
# description: A webhook sees what is created in the cluster, and whoever has it decides what may be.
# scope: package
# custom:
#   id: C-0036
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [ValidatingWebhookConfiguration.admissionregistration.k8s.io]
#   enabled: false
package plimsoll.admission_webhook

import data.lib.workload

deny contains violation if {
	some index, webhook in workload.list(input.resource, "webhooks")
	is_object(webhook)
	violation := {
		"path": ["webhooks", index],
		"message": sprintf("the webhook `%v` sees what is created and may refuse it", [object.get(webhook, "name", "?")]),
	}
}
