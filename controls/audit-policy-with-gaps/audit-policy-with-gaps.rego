# METADATA
# title: The audit policy records who did what, and not the secrets
# description: A policy that drops what matters answers no question after an incident; one that records the bodies of Secrets writes them into a log.
# scope: package
# custom:
#   id: PL-0049
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Policy.audit.k8s.io]
package plimsoll.audit_policy_with_gaps

import data.lib.change
import data.lib.workload

rules := workload.list(input.resource, "rules")

deny contains violation if {
	count(rules) == 0
	violation := {
		"path": ["rules"],
		"message": "nothing is recorded: the policy has no rules",
	}
}

# Who or what a rule is limited to.
limits := ["users", "userGroups", "verbs", "resources", "namespaces", "nonResourceURLs"]

deny contains violation if {
	some index, rule in rules
	rule.level == "None"
	count([field | some field in limits; count(workload.list(rule, field)) > 0]) == 0
	violation := {
		"path": ["rules", index],
		"message": "this rule matches everything and records nothing of it",
	}
}

confidential_in := {
	"": {"secrets", "configmaps", "serviceaccounts/token"},
	"authentication.k8s.io": {"tokenreviews"},
}

confidential := union({kinds | some kinds in confidential_in})

# The first rule that matches decides, so that a rule is not reached by what one before it takes.
deny contains violation if {
	some index, rule in rules
	rule.level in {"Request", "RequestResponse"}
	held := confidential_of(rule, workload.list(rule, "resources"))
	count(held) > 0
	earlier := {kind |
		some place, other in rules
		place < index
		other.level in {"None", "Metadata"}
		count([field | some field in limits; field != "resources"; count(workload.list(other, field)) > 0]) == 0
		some kind in confidential_of(other, whole(other))
	}
	open := held - earlier
	count(open) > 0
	violation := {
		"path": ["rules", index, "level"],
		"message": sprintf("`%s` writes the content of %s into the audit log", [rule.level, change.words(sort(open))]),
	}
}

confidential_of(rule, entries) := confidential if {
	count(workload.list(rule, "resources")) == 0
	count(workload.list(rule, "nonResourceURLs")) == 0
} else := {kind |
	some entry in entries
	some kind in named(entry)
}

# What speaks of every object of a kind, not of some by their names.
whole(rule) := [entry |
	some entry in workload.list(rule, "resources")
	count(workload.list(entry, "resourceNames")) == 0
]

named(entry) := kinds_of(entry) if {
	count(workload.list(entry, "resources")) == 0
} else := kinds_of(entry) if {
	"*" in workload.list(entry, "resources")
} else := {kind |
	some written in workload.list(entry, "resources")
	kind := object.get(parts, written, written)
	kind in kinds_of(entry)
}

kinds_of(entry) := object.get(confidential_in, change.field(entry, "group", ""), set())

# Wildcards for a part of a kind.
parts := {"*/token": "serviceaccounts/token", "serviceaccounts/*": "serviceaccounts/token"}
