# METADATA
# title: New rights of a role are seen
# description: Whoever holds a role gets each right that is added to it at once, without a change to any binding.
# scope: package
# custom:
#   id: PL-0013
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [Role.rbac.authorization.k8s.io, ClusterRole.rbac.authorization.k8s.io]
#   reads: [before]
package plimsoll.role_widened

import data.lib.change
import data.lib.rbac
import data.lib.workload

held := rbac.grants(rbac.rules(input.before))

deny contains violation if {
	some index, rule in rbac.rules(input.resource)
	added := {grant |
		some grant in rbac.grants_of(rule)
		not rbac.covered(grant, held)
	}
	count(added) > 0
	violation := {
		"path": ["rules", index],
		"message": sprintf("whoever holds this role may now %s, which it did not grant before", [rbac.described(added)]),
	}
}

# A role that gathers others by label.
deny contains violation if {
	was := selectors(input.before)
	some index, selector in selectors(input.resource)
	not selector in was
	violation := {
		"path": ["aggregationRule", "clusterRoleSelectors", index],
		"message": "this role now gathers the rights of further roles, whoever adds them",
	}
}

selectors(role) := workload.list(workload.map(role, "aggregationRule"), "clusterRoleSelectors")

# A role that is gathered into the roles that people hold.
deny contains violation if {
	some label, value in change.labels(input.resource)
	startswith(label, "rbac.authorization.k8s.io/aggregate-to-")
	value == "true"
	object.get(change.labels(input.before), label, "") != "true"
	violation := {
		"path": ["metadata", "labels", label],
		"message": sprintf("what this role grants is now granted by `%s` too", [trim_prefix(label, "rbac.authorization.k8s.io/aggregate-to-")]),
	}
}
