# METADATA
# title: What came from a Secret still does
# description: Written into a manifest or a ConfigMap, a credential can be read by everyone who reads the repository or the object, and stays in the history when it is removed.
# scope: package
# custom:
#   id: PL-0009
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   reads: [before]
package plimsoll.secret_to_plain_text

import data.lib.change
import data.lib.workload

# The containers of both sides beside each other.
pairs := [{"was": was, "is": container} |
	some container in workload.containers
	some was in workload.containers_of(input.before_pods)
	was.field == container.field
	was.name == container.name
]

# A message names the variable, never its value.
deny contains violation if {
	some pair in pairs
	old := {variable.name: variable |
		some variable in workload.list(pair.was.spec, "env")
		is_object(variable.valueFrom.secretKeyRef)
		is_string(variable.name)
	}
	some index, variable in workload.list(pair.is.spec, "env")
	is_string(variable.name)
	before := old[variable.name]
	place := plain(variable)
	violation := {
		"path": array.concat(pair.is.path, ["env", index]),
		"message": sprintf("%s got `%s` from the Secret `%v` and now has it %s", [pair.is.label, variable.name, object.get(before.valueFrom.secretKeyRef, "name", "?"), place]),
	}
}

deny contains violation if {
	some pod in workload.pods
	some was in input.before_pods
	old := {volume.name: volume.secret |
		some volume in workload.list(was.spec, "volumes")
		is_object(volume.secret)
		is_string(volume.name)
	}
	some index, volume in workload.list(pod.spec, "volumes")
	is_string(volume.name)
	is_object(volume.configMap)
	secret := old[volume.name]
	violation := {
		"path": array.concat(pod.path, ["volumes", index]),
		"message": sprintf("volume `%s` held the Secret `%v` and now holds the ConfigMap `%v`", [volume.name, object.get(secret, "secretName", "?"), object.get(volume.configMap, "name", "?")]),
	}
}

# All entries of a Secret as variables, and then all of a ConfigMap.
deny contains violation if {
	some pair in pairs
	gone := sourced(pair.was, "secretRef") - sourced(pair.is, "secretRef")
	count(gone) > 0
	old := sourced(pair.was, "configMapRef")
	some index, entry in workload.list(pair.is.spec, "envFrom")
	name := entry.configMapRef.name
	not name in old
	violation := {
		"path": array.concat(pair.is.path, ["envFrom", index]),
		"message": sprintf("%s got variables from the Secret %s and now gets them from the ConfigMap `%v`", [pair.is.label, change.words(sort(gone)), name]),
	}
}

sourced(container, field) := {name |
	some entry in workload.list(container.spec, "envFrom")
	name := entry[field].name
}

plain(variable) := "in plain text" if {
	is_string(variable.value)
	trim_space(variable.value) != ""
	reference(variable.value) == false
} else := sprintf("from the ConfigMap `%v`", [object.get(variable.valueFrom.configMapKeyRef, "name", "?")]) if {
	is_object(variable.valueFrom.configMapKeyRef)
}

# What a tool replaces when the pod starts, or a variable before this one.
reference(value) if {
	regex.match(`^(\$\(.+\)|vault:.+|ref\+.+|[a-z0-9]+://.*#.*)$`, value)
} else := false
