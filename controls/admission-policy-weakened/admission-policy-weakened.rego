# METADATA
# title: Admission policies are not weakened
# description: A policy that records where it refused, exempts more than it did, or is gone, lets in what it was written to keep out.
# scope: package
# custom:
#   id: PL-0010
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds: ["*"]
#   reads: [before]
#   on: [changed, removed]
package plimsoll.admission_policy_weakened

import data.lib.admission
import data.lib.change
import data.lib.workload

judged if {
	was := input.before
	admission.policy(was)
}

changed if {
	judged
	input.resource != null
}

deny contains violation if {
	judged
	input.resource == null
	violation := {
		"path": ["metadata", "name"],
		"message": sprintf("the policy %s goes: what it refused or recorded is let in from now on", [change.named(input.before)]),
	}
}

deny contains violation if {
	changed
	is := admission.parts(input.resource)
	some name, was in admission.parts(input.before)
	now := is[name]
	now.strength < was.strength
	found := {
		"path": now.path,
		"message": sprintf("what this policy forbids was %s and is now %s", [admission.words[was.strength], admission.words[now.strength]]),
	}
	violation := object.union(found, remedy(was.path, now.path))
}

deny contains violation if {
	changed
	is := admission.parts(input.resource)
	some name, _ in admission.parts(input.before)
	name != ""
	lost(name, is)
	violation := {
		"path": ["spec", "rules"],
		"message": sprintf("the policy loses its rule `%s`", [name]),
	}
}

# What a Gatekeeper constraint does not look at.
deny contains violation if {
	changed
	admission.group(input.resource) == "constraints.gatekeeper.sh"
	some field in ["excludedNamespaces", "exemptImages"]
	some section in ["match", "parameters"]
	was := change.texts(workload.list(workload.map(admission.spec(input.before), section), field))
	some index, entry in workload.list(workload.map(admission.spec(input.resource), section), field)
	is_string(entry)
	not entry in was
	violation := {
		"path": ["spec", section, field, index],
		"message": sprintf("`%s` is exempt from this policy from now on", [entry]),
	}
}

# What a rule of Kyverno does not look at.
deny contains violation if {
	changed
	admission.group(input.resource) == "kyverno.io"
	old := change.by_name(workload.list(admission.spec(input.before), "rules"))
	some index, rule in workload.list(admission.spec(input.resource), "rules")
	was := workload.list(workload.map(old[rule.name], "exclude"), "any")
	some place, entry in workload.list(workload.map(rule, "exclude"), "any")
	not entry in was
	violation := {
		"path": ["spec", "rules", index, "exclude", "any", place],
		"message": sprintf("the rule `%s` exempts more than it did", [rule.name]),
	}
}

# Signatures that need not be there any more.
deny contains violation if {
	changed
	admission.group(input.resource) == "kyverno.io"
	old := change.by_name(workload.list(admission.spec(input.before), "rules"))
	some index, rule in workload.list(admission.spec(input.resource), "rules")
	some place, entry in workload.list(rule, "verifyImages")
	was := workload.list(old[rule.name], "verifyImages")[place]
	some field, loss in {"required": "images without a signature are let in", "verifyDigest": "images without a digest are let in"}
	change.field(was, field, true) == true
	change.field(entry, field, true) == false
	violation := {
		"path": ["spec", "rules", index, "verifyImages", place, field],
		"message": sprintf("the rule `%s` no longer asks for it: %s", [rule.name, loss]),
		"fix": {"op": "set", "value": true},
	}
}

# Namespaces that Gatekeeper is told to leave alone.
deny contains violation if {
	input.resource.kind == "Config"
	admission.group(input.resource) == "config.gatekeeper.sh"
	some index, entry in workload.list(admission.spec(input.resource), "match")
	was := {namespace |
		some other in workload.list(admission.spec(input.before), "match")
		some namespace in workload.list(other, "excludedNamespaces")
	}
	some place, namespace in workload.list(entry, "excludedNamespaces")
	not namespace in was
	violation := {
		"path": ["spec", "match", index, "excludedNamespaces", place],
		"message": sprintf("Gatekeeper leaves the namespace `%v` alone from now on", [namespace]),
	}
}

# A policy that fails open.
deny contains violation if {
	changed
	object.get(admission.spec(input.before), "failurePolicy", "Fail") == "Fail"
	object.get(admission.spec(input.resource), "failurePolicy", "Fail") == "Ignore"
	violation := {
		"path": ["spec", "failurePolicy"],
		"message": "`failurePolicy` goes from `Fail` to `Ignore`: what cannot be judged is let in",
		"fix": {"op": "set", "value": "Fail"},
	}
}

# A namespace that the engine is told to leave alone.
deny contains violation if {
	input.resource.kind == "Namespace"
	label := "admission.gatekeeper.sh/ignore"
	object.get(change.labels(input.resource), label, null) != null
	object.get(change.labels(input.before), label, null) == null
	violation := {
		"path": ["metadata", "labels", label],
		"message": "Gatekeeper no longer looks at what is created in this namespace",
		"fix": {"op": "remove"},
	}
}

deny contains violation if {
	input.resource.kind == "Namespace"
	label := "policy.sigstore.dev/include"
	object.get(change.labels(input.before), label, null) == "true"
	object.get(change.labels(input.resource), label, null) != "true"
	violation := {
		"path": ["metadata", "labels", label],
		"message": "signatures of images are no longer verified in this namespace",
		"fix": {"op": "set", "value": "true"},
	}
}

lost(name, is) if {
	names := object.keys(is)
	not name in names
}

# The setting comes back where it was written in the same place.
remedy(was, is) := {"fix": change.restore(old)} if {
	was == is
	old := object.get(input.before, was, null)
} else := {}
