# METADATA
# title: How strictly the policies of admission engines are enforced
# description: One scale for the kinds that Gatekeeper, Kyverno, Kubewarden and Kubernetes itself keep their policies in.
package lib.admission

import data.lib.change
import data.lib.workload

# What becomes of what a policy forbids, by its strength.
words := ["no longer enforced", "only warned about or recorded", "refused"]

kinds := {
	"admissionregistration.k8s.io": {"MutatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"},
	"kyverno.io": {"ClusterPolicy", "Policy"},
	"policies.kubewarden.io": {"AdmissionPolicy", "AdmissionPolicyGroup", "ClusterAdmissionPolicy", "ClusterAdmissionPolicyGroup"},
	"policies.kyverno.io": {
		"ImageValidatingPolicy", "NamespacedImageValidatingPolicy",
		"NamespacedValidatingPolicy", "ValidatingPolicy",
	},
	"policy.sigstore.dev": {"ClusterImagePolicy"},
	"templates.gatekeeper.sh": {"ConstraintTemplate"},
}

# True for an object that refuses, warns or records at admission.
policy(object_) if group(object_) == "constraints.gatekeeper.sh"

policy(object_) if object_.kind in kinds[group(object_)]

group(object_) := name if {
	pieces := split(change.text(object_, "apiVersion"), "/")
	count(pieces) == 2
	name := pieces[0]
} else := ""

spec(object_) := workload.map(object_, "spec")

# The parts of a policy that are enforced each on its own, by a name that stays: {path, strength}.
parts(object_) := {"": part(["spec", "enforcementAction"], gatekeeper(object.get(spec(object_), "enforcementAction", "deny"), object_))} if {
	group(object_) == "constraints.gatekeeper.sh"
} else := kyverno_rules(object_) if {
	group(object_) == "kyverno.io"
} else := {"": part(["spec", "mode"], kubewarden(object.get(spec(object_), "mode", "protect")))} if {
	group(object_) == "policies.kubewarden.io"
} else := {"": part(["spec", "validationActions"], actions(object.get(spec(object_), "validationActions", ["Deny"])))} if {
	group(object_) in {"admissionregistration.k8s.io", "policies.kyverno.io"}
} else := {}

part(path, strength) := {"path": path, "strength": strength}

gatekeeper("deny", _) := 2

gatekeeper("scoped", object_) := max(array.concat([0], [strength |
	some entry in workload.list(spec(object_), "scopedEnforcementActions")
	is_object(entry)
	strength := {"deny": 2, "warn": 1, "dryrun": 1}[entry.action]
]))

gatekeeper(action, _) := 1 if {
	action != "deny"
	action != "scoped"
}

kubewarden(mode) := 1 if {
	mode == "monitor"
} else := 2

actions(list) := 2 if {
	is_array(list)
	"Deny" in list
} else := 1 if {
	is_array(list)
	count(list) > 0
} else := 0

# A rule of Kyverno has a setting of its own or that of its policy, which records where it says nothing.
kyverno_rules(object_) := {sprintf("%v", [rule.name]): part(setting.path, kyverno(setting.value)) |
	some index, rule in workload.list(spec(object_), "rules")
	is_object(rule)
	object.get(rule, "validate", object.get(rule, "verifyImages", null)) != null
	setting := kyverno_setting(object_, index, rule)
}

kyverno_setting(object_, index, rule) := {"path": ["spec", "rules", index, "validate", "failureAction"], "value": own} if {
	own := rule.validate.failureAction
} else := {"path": ["spec", "rules", index, "verifyImages", 0, "failureAction"], "value": own} if {
	own := rule.verifyImages[0].failureAction
} else := {"path": ["spec", "validationFailureAction"], "value": object.get(spec(object_), "validationFailureAction", "Audit")}

kyverno(action) := 2 if {
	is_string(action)
	lower(action) == "enforce"
} else := 1
