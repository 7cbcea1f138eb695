# METADATA
# title: Admission webhooks see all that they saw, and are not skipped
# description: A webhook that fails open, is asked about less, or is gone lets in what it was put there to stop.
# scope: package
# custom:
#   id: PL-0012
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds:
#     - ValidatingWebhookConfiguration.admissionregistration.k8s.io
#     - MutatingWebhookConfiguration.admissionregistration.k8s.io
#   reads: [before]
#   on: [changed, removed]
package plimsoll.admission_webhook_weakened

import data.lib.change
import data.lib.workload

deny contains violation if {
	input.resource == null
	violation := {
		"path": ["metadata", "name"],
		"message": sprintf("%s goes: the cluster no longer asks its webhooks", [change.named(input.before)]),
	}
}

webhooks := workload.list(input.resource, "webhooks")

pairs := [{"was": was, "is": is, "path": ["webhooks", index]} |
	old := change.by_name(workload.list(input.before, "webhooks"))
	some index, is in webhooks
	was := old[is.name]
]

deny contains violation if {
	input.resource != null
	kept := object.keys(change.by_name(webhooks))
	some name, _ in change.by_name(workload.list(input.before, "webhooks"))
	not name in kept
	violation := {
		"path": ["webhooks"],
		"message": sprintf("the cluster no longer asks the webhook `%s`", [name]),
	}
}

deny contains violation if {
	some pair in pairs
	object.get(pair.was, "failurePolicy", "Fail") == "Fail"
	object.get(pair.is, "failurePolicy", "Fail") == "Ignore"
	violation := {
		"path": array.concat(pair.path, ["failurePolicy"]),
		"message": sprintf("`failurePolicy` of `%s` goes from `Fail` to `Ignore`: while the webhook does not answer, everything is let in", [pair.is.name]),
		"fix": {"op": "set", "value": "Fail"},
	}
}

# What it is asked about: every operation on every resource of every group.
asked(webhook) := {[group, resource, operation] |
	some rule in workload.list(webhook, "rules")
	some group in workload.list(rule, "apiGroups")
	some resource in workload.list(rule, "resources")
	some operation in workload.list(rule, "operations")
}

deny contains violation if {
	some pair in pairs
	lost := [sprintf("%v of `%v`", [entry[2], entry[1]]) |
		is := asked(pair.is)
		some entry in asked(pair.was)
		unasked(entry, is)
	]
	count(lost) > 0
	violation := {
		"path": array.concat(pair.path, ["rules"]),
		"message": sprintf("`%s` is no longer asked about %s", [pair.is.name, change.some_of(lost)]),
	}
}

unasked(entry, is) if {
	wider := {[group, resource, operation] |
		some group in {entry[0], "*"}
		some resource in wider_resources(entry[1])
		some operation in {entry[2], "*"}
	}
	count(wider & is) == 0
}

# `*` stands for all kinds and none of their parts, `pods/*` for all parts of one, `*/scale` for one part of all.
wider_resources(resource) := {resource, "*/*", concat("/", [pieces[0], "*"]), concat("/", ["*", pieces[1]])} if {
	is_string(resource)
	pieces := split(resource, "/")
	count(pieces) == 2
} else := {resource, "*", "*/*"}

# Selectors and conditions only ever leave objects out, so that each new one does.
deny contains violation if {
	some pair in pairs
	some field in ["namespaceSelector", "objectSelector"]
	added := change.further(workload.map(pair.is, field), workload.map(pair.was, field))
	count(added) > 0
	violation := {
		"path": array.concat(pair.path, [field]),
		"message": sprintf("`%s` passes over objects that it was asked about: `%s` now requires %s", [pair.is.name, field, concat(" and ", sort(added))]),
	}
}

deny contains violation if {
	some pair in pairs
	was := change.by_name(workload.list(pair.was, "matchConditions"))
	some index, condition in workload.list(pair.is, "matchConditions")
	is_string(condition.name)
	old := object.keys(was)
	name := condition.name
	not name in old
	violation := {
		"path": array.concat(pair.path, ["matchConditions", index]),
		"message": sprintf("`%s` passes over what does not meet the new condition `%s`", [pair.is.name, condition.name]),
	}
}
