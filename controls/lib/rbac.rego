# METADATA
# title: Rules of roles, the rights that they grant, and who holds them
# description: >-
#   A grant is [group, resource, verb, name], `*` for any, or ["url", path, verb]. Reads the object of the input where it is
#   a role, and `input.facts` for its bindings.
package lib.rbac

import data.lib.change
import data.lib.workload

rules(role) := workload.list(role, "rules")

# Everything that one rule grants.
grants_of(rule) := resources | urls if {
	resources := {[group, resource, verb, name] |
		some group in workload.list(rule, "apiGroups")
		some resource in workload.list(rule, "resources")
		some verb in workload.list(rule, "verbs")
		some name in names(rule)
	}
	urls := {["url", path, verb] |
		some path in workload.list(rule, "nonResourceURLs")
		some verb in workload.list(rule, "verbs")
	}
}

names(rule) := ["*"] if {
	count(workload.list(rule, "resourceNames")) == 0
} else := rule.resourceNames

grants(list) := {grant |
	some rule in list
	some grant in grants_of(rule)
}

# True where one of the grants gives what `grant` gives, by itself or by a wildcard.
covered(grant, held) if {
	count(grant) == 4
	wider := {[group, resource, verb, name] |
		some group in {grant[0], "*"}
		some resource in wider_resources(grant[1])
		some verb in {grant[2], "*"}
		some name in {grant[3], "*"}
	}
	count(wider & held) > 0
}

covered(grant, held) if {
	count(grant) == 3
	some ["url", path, verb] in held
	verb in {grant[2], "*"}
	leads(path, grant[1])
}

# A path may end in a wildcard.
leads(path, to) if path == to

leads(path, to) if {
	is_string(path)
	is_string(to)
	endswith(path, "*")
	startswith(to, trim_right(path, "*"))
}

# `*/scale` stands for that part of every resource.
wider_resources(resource) := {resource, "*", concat("/", ["*", part])} if {
	is_string(resource)
	pieces := split(resource, "/")
	count(pieces) == 2
	part := pieces[1]
} else := {resource, "*"}

# The words for grants that share little: the verbs on the resources.
described(grants_) := sprintf("%s %s%s", [change.words(sort(verbs)), change.words(sort(things)), only]) if {
	verbs := {grant[count(grant) - 1] | some grant in grants_; count(grant) == 3} | {grant[2] | some grant in grants_; count(grant) == 4}
	things := {grant[1] | some grant in grants_}
	named := {grant[3] | some grant in grants_; count(grant) == 4; grant[3] != "*"}
	only := narrowed(named)
}

narrowed(named) := "" if {
	count(named) == 0
} else := sprintf(" named %s", [change.words(sort(named))])

# The rules of the role in the input that allow any of some verbs on any of some resources of any of some groups, with their
# index. Wildcards count.
allowing(groups, resources, verbs) := allowing_in(input.resource, groups, resources, verbs)

allowing_in(role, groups, resources, verbs) := [{"index": index, "rule": rule} |
	some index, rule in rules(role)
	allows(rule, groups, resources, verbs)
]

allows(rule, groups, resources, verbs) if {
	meets(workload.list(rule, "verbs"), verbs)
	meets(workload.list(rule, "apiGroups"), groups)
	meets(workload.list(rule, "resources"), {wider | some resource in resources; some wider in wider_resources(resource)})
}

meets(list, wanted) if {
	some entry in list
	entry in wanted
}

meets(list, _) if "*" in list

# Who holds the role of the input, and the words for them.
subjects := {sprintf("%s `%v`", [noun(subject), object.get(subject, "name", "?")]) |
	some binding in input.facts.bindings
	some subject in workload.list(binding, "subjects")
	is_object(subject)
}

noun(subject) := "the user" if {
	subject.kind == "User"
} else := "the group" if {
	subject.kind == "Group"
} else := "the service account"

holders := change.some_of(sort(subjects))

held if {
	some binding in input.facts.bindings
	some subject in workload.list(binding, "subjects")
	is_object(subject)
}

# True for a rule that grants everything: `all-rights` reports it, so that no other control has to. One that names objects
# grants only those.
everything(rule) if {
	count(workload.list(rule, "resourceNames")) == 0
	"*" in workload.list(rule, "verbs")
	"*" in workload.list(rule, "resources")
	meets(workload.list(rule, "apiGroups"), {""})
}

# The rules of the role in the input, where somebody is bound to it, that grant any of some verbs on any of some resources of
# any of some groups, each with its path. Those that grant everything, or only what they name, are left out.
granting(groups, resources, verbs) := [entry |
	some entry in granting_named(groups, resources, verbs)
	count(workload.list(entry.rule, "resourceNames")) == 0
]

# The same with those that name what they grant.
granting_named(groups, resources, verbs) := [{"path": ["rules", entry.index], "rule": entry.rule} |
	held
	some entry in allowing(groups, resources, verbs)
	rule := entry.rule
	not everything(rule)
]

# Where the rights of the role in the input hold, for those who are bound to it.
scope := "in the whole cluster" if {
	cluster_wide
} else := sprintf("in %s", [change.words(sort(namespaces))]) if {
	count(namespaces) > 0
} else := "in its namespace"

namespaces := {binding.namespace |
	some binding in input.facts.bindings
	binding.namespace != ""
}

# True where the role of the input is bound in the whole cluster. What belongs to no namespace is granted in no other way.
cluster_wide if {
	some binding in input.facts.bindings
	binding.kind == "ClusterRoleBinding"
}
