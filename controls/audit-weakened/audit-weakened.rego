# METADATA
# title: What is audited and where it goes stays
# description: The audit log of the API server and the access logs of what stands in front of applications are what an incident is reconstructed from.
# scope: package
# custom:
#   id: PL-0023
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds:
#     - Policy.audit.k8s.io
#     - APIServer.config.openshift.io
#     - ClusterLogForwarder.logging.openshift.io
#     - ClusterLogForwarder.observability.openshift.io
#     - Telemetry.telemetry.istio.io
#     - ConfigMap
#     - Pod
#   reads: [before]
#   on: [changed, removed]
package plimsoll.audit_weakened

import data.lib.change
import data.lib.flag
import data.lib.workload

spec := workload.map(input.resource, "spec")

old := workload.map(input.before, "spec")

deny contains violation if {
	input.resource == null
	input.before.kind == "Policy"
	violation := {
		"path": ["metadata", "name"],
		"message": sprintf("%s goes: the API server is no longer told what to record", [change.named(input.before)]),
	}
}

# Rules are tried in their order, and the first one that matches decides how much is recorded.
levels := {"None": 0, "Metadata": 1, "Request": 2, "RequestResponse": 3}

deny contains violation if {
	input.resource.kind == "Policy"
	some index, rule in workload.list(input.resource, "rules")
	is_object(rule)
	some earlier in workload.list(input.before, "rules")
	is_object(earlier)
	object.remove(rule, ["level"]) == object.remove(earlier, ["level"])
	levels[rule.level] < levels[earlier.level]
	violation := {
		"path": ["rules", index, "level"],
		"message": sprintf("what this rule matches was recorded with `%s` and now with `%s`", [earlier.level, rule.level]),
		"fix": {"op": "set", "value": earlier.level},
	}
}

deny contains violation if {
	input.resource.kind == "Policy"
	was := [object.remove(rule, ["level"]) | some rule in workload.list(input.before, "rules"); is_object(rule)]
	some index, rule in workload.list(input.resource, "rules")
	rule.level == "None"
	is := object.remove(rule, ["level"])
	not is in was
	violation := {
		"path": ["rules", index],
		"message": "what this new rule matches is not recorded at all",
		"fix": {"op": "remove"},
	}
}

deny contains violation if {
	input.resource.kind == "Policy"
	was := workload.list(input.before, "omitStages")
	some index, stage in workload.list(input.resource, "omitStages")
	stage in {"ResponseComplete", "Panic"}
	not stage in was
	violation := {
		"path": ["omitStages", index],
		"message": sprintf("the end of requests, `%s`, is no longer recorded", [stage]),
		"fix": {"op": "remove"},
	}
}

# What no other rule matches is left to one without limits, and without such a rule it is not recorded.
deny contains violation if {
	input.resource.kind == "Policy"
	count(unlimited(input.before) - {"None"}) > 0
	count(unlimited(input.resource)) == 0
	violation := {
		"path": ["rules"],
		"message": "the policy loses the rule for everything else: what the others do not match is no longer recorded",
	}
}

# The levels of such rules.
unlimited(policy) := {rule.level |
	some rule in workload.list(policy, "rules")
	count([field | some field in limits; count(workload.list(rule, field)) > 0]) == 0
}

# Who or what a rule is limited to.
limits := ["users", "userGroups", "verbs", "resources", "namespaces", "nonResourceURLs"]

# OpenShift names how much is recorded.
profiles := {"None": 0, "Default": 1, "WriteRequestBodies": 2, "AllRequestBodies": 3}

deny contains violation if {
	input.resource.kind == "APIServer"
	was := object.get(workload.map(old, "audit"), "profile", "Default")
	is := object.get(workload.map(spec, "audit"), "profile", "Default")
	profiles[is] < profiles[was]
	violation := {
		"path": ["spec", "audit", "profile"],
		"message": sprintf("the audit profile goes from `%s` to `%s`", [was, is]),
		"fix": {"op": "set", "value": was},
	}
}

deny contains violation if {
	input.resource.kind == "ClusterLogForwarder"
	count(audited(old)) > 0
	count(audited(spec)) == 0
	violation := {
		"path": ["spec", "pipelines"],
		"message": "audit logs are no longer forwarded by any pipeline",
	}
}

audited(of) := [pipeline |
	some pipeline in workload.list(of, "pipelines")
	"audit" in workload.list(pipeline, "inputRefs")
]

# The flags of a kube-apiserver that is written as a static pod.
flags := {
	"audit-log-path": "no audit log is written to a file",
	"audit-policy-file": "nothing says what to record, so that nothing is",
	"audit-webhook-config-file": "audit events are no longer sent away",
}

deny contains violation if {
	input.resource.kind == "Pod"
	was := flag.of_program(input.before_pods, "kube-apiserver")
	is := flag.of_program(input.pods, "kube-apiserver")
	some name, loss in flags
	is_string(was.values[name])
	lost(is, name)
	violation := {
		"path": is.path,
		"message": sprintf("the API server loses `--%s`: %s", [name, loss]),
	}
}

lost(program, name) if {
	names := object.keys(program.values)
	not name in names
}

# Access logs of a mesh and of ingress-nginx.
deny contains violation if {
	input.resource.kind == "Telemetry"
	was := [entry | some entry in workload.list(old, "accessLogging"); object.get(entry, "disabled", false) != true]
	is := [entry | some entry in workload.list(spec, "accessLogging"); object.get(entry, "disabled", false) != true]
	count(was) > 0
	count(is) == 0
	violation := {
		"path": ["spec", "accessLogging"],
		"message": "requests in the mesh are no longer logged",
		"fix": {"op": "set", "value": workload.list(old, "accessLogging")},
	}
}

deny contains violation if {
	input.resource.kind == "ConfigMap"
	some key in ["disable-access-log", "disable-http-access-log"]
	change.text(workload.map(input.resource, "data"), key) == "true"
	change.text(workload.map(input.before, "data"), key) != "true"
	violation := {
		"path": ["data", key],
		"message": "requests from outside are no longer logged",
		"fix": {"op": "remove"},
	}
}
