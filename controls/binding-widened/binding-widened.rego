# METADATA
# title: New holders of a role are seen
# description: A subject that is added to a binding gets all rights of its role; another role gives all subjects other rights.
# scope: package
# custom:
#   id: PL-0014
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [RoleBinding.rbac.authorization.k8s.io, ClusterRoleBinding.rbac.authorization.k8s.io]
#   reads: [before, facts]
package plimsoll.binding_widened

import data.lib.rbac
import data.lib.workload

deny contains violation if {
	was := {identity(subject) |
		some subject in workload.list(input.before, "subjects")
		is_object(subject)
	}
	some index, subject in workload.list(input.resource, "subjects")
	is_object(subject)
	is := identity(subject)
	not is in was
	violation := {
		"path": ["subjects", index],
		"message": sprintf("%s `%v`%s gets the rights of `%s`%s", [rbac.noun(subject), is[1], where(is[2]), role(input.resource), scope]),
		"fix": {"op": "remove"},
	}
}

deny contains violation if {
	was := workload.map(input.before, "roleRef")
	is := workload.map(input.resource, "roleRef")
	[was.kind, was.name] != [is.kind, is.name]
	found := {
		"path": ["roleRef"],
		"message": sprintf("the subjects go from `%v` to `%v`: %s", [was.name, is.name, difference]),
		"fix": {"op": "set", "value": was},
	}
	difference != ""
	violation := found
}

identity(subject) := [object.get(subject, "kind", ""), object.get(subject, "name", ""), namespace(subject)]

# An account without a namespace is one of the binding's.
namespace(subject) := input.namespace if {
	object.get(subject, "kind", "") == "ServiceAccount"
	object.get(subject, "namespace", "") == ""
} else := object.get(subject, "namespace", "")

where("") := ""

where(namespace) := sprintf(" of `%v`", [namespace]) if namespace != ""

role(binding) := sprintf("%v", [object.get(workload.map(binding, "roleRef"), "name", "?")])

scope := " in the whole cluster" if {
	input.resource.kind == "ClusterRoleBinding"
} else := " in its namespace"

# What the other role adds, where both are known.
difference := text if {
	held := rbac.grants(rbac.rules(input.before_facts.role))
	added := {grant |
		some rule in rbac.rules(input.facts.role)
		some grant in rbac.grants_of(rule)
		not rbac.covered(grant, held)
	}
	is_object(input.facts.role)
	is_object(input.before_facts.role)
	text := gained(added)
} else := "what the two grant is not among the manifests"

gained(added) := sprintf("they may now %s", [rbac.described(added)]) if {
	count(added) > 0
} else := ""
