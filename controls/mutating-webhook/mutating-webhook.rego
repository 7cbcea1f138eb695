# METADATA
# title: Webhooks that rewrite objects are known
# description: A webhook sees what is created in the cluster, and whoever has it decides what it becomes.
# scope: package
# custom:
#   id: C-0039
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [MutatingWebhookConfiguration.admissionregistration.k8s.io]
#   enabled: false
package plimsoll.mutating_webhook

import data.lib.workload

deny contains violation if {
	some index, webhook in workload.list(input.resource, "webhooks")
	is_object(webhook)
	violation := {
		"path": ["webhooks", index],
		"message": sprintf("the webhook `%v` sees what is created and may rewrite it", [object.get(webhook, "name", "?")]),
	}
}
