# METADATA
# title: The pods of an object and their containers
# description: >-
#   What most controls ask first: which containers does this object start, where are they written, and what applies
#   to them. Values that may be absent are given as defined ones here, so that no control has to negate an undefined one.
package lib.workload

# The fields that hold containers, with the words for one of them.
fields := {
	"containers": "container",
	"ephemeralContainers": "ephemeral container",
	"initContainers": "init container",
}

# All containers of the object: {path, spec, field, name, label, security, added, dropped, pod}. `security` is the
# container's own security context and `pod.security` the pod's, both empty objects where they are absent; `added` and
# `dropped` are its capabilities.
containers := containers_of(input.pods)

# The containers that a Linux kernel runs.
linux_containers := [container |
	some container in containers
	container.pod.windows == false
]

containers_of(pods) := [container |
	some pod in pods
	facts := pod_facts(pod)
	some field, word in fields
	some index, spec in list(pod.spec, field)
	is_object(spec)
	name := text(object.get(spec, "name", ""), sprintf("%d", [index]))
	security := map(spec, "securityContext")
	capabilities := map(security, "capabilities")
	container := {
		"path": array.concat(pod.path, [field, index]),
		"spec": spec,
		"field": field,
		"name": name,
		"label": sprintf("%s `%s`", [word, name]),
		"security": security,
		"added": list(capabilities, "add"),
		"dropped": list(capabilities, "drop"),
		"pod": facts,
	}
]

# The pods of the object: {path, spec, metadata, security, windows, user_namespace}.
pods := [pod_facts(pod) | some pod in input.pods]

pod_facts(pod) := {
	"path": pod.path,
	"spec": pod.spec,
	"metadata": pod.metadata,
	"security": map(pod.spec, "securityContext"),
	"windows": object.get(map(pod.spec, "os"), "name", "linux") == "windows",
	"user_namespace": object.get(pod.spec, "hostUsers", true) == false,
}

# A field of the security context that counts for a container: its own, else the pod's, else `otherwise`.
effective(container, field, otherwise) := own if {
	own := object.get(container.security, field, null)
	own != null
} else := shared if {
	shared := object.get(container.pod.security, field, null)
	shared != null
} else := otherwise

# Where that field is written, or would be on the container, and the words for what it is written on.
place(container, field) := {
	"path": array.concat(container.path, ["securityContext", field]),
	"label": container.label,
} if {
	object.get(container.security, field, null) != null
} else := {
	"path": array.concat(container.pod.path, ["securityContext", field]),
	"label": "the pod",
} if {
	object.get(container.pod.security, field, null) != null
} else := {
	"path": array.concat(container.path, ["securityContext", field]),
	"label": container.label,
}

# Where security contexts stand: {path, label, security}, one for each pod and each container.
contexts := array.concat(
	[{"path": array.concat(pod.path, ["securityContext"]), "label": "the pod", "security": pod.security} | some pod in pods],
	[{"path": array.concat(container.path, ["securityContext"]), "label": container.label, "security": container.security} |
		some container in containers
	],
)

# The mounts of volumes of one type: {source, path, label}. A source stands in its volume, or is one of several that are joined
# in it (`projected`).
mounts(type) := mounted(containers, type)

mounted(some_containers, type) := [{"source": source, "path": array.concat(container.path, [field, index]), "label": container.label} |
	some container in some_containers
	some field in ["volumeMounts", "volumeDevices"]
	some index, mount in list(container.spec, field)
	some volume in list(container.pod.spec, "volumes")
	volume.name == mount.name
	some holder in array.concat([volume], list(map(volume, "projected"), "sources"))
	is_object(holder)
	source := object.get(holder, type, null)
	is_object(source)
]

# The objects of one kind (`LimitRange`, `NetworkPolicy.networking.k8s.io`) in one namespace; "" for a kind without.
others(kind, namespace) := [object_ | some object_ in named(kind, namespace)]

named(kind, namespace) := object.get(object.get(object.get(input, "inventory", {}), kind, {}), namespace, {})

# The object of this kind, namespace and name; undefined where there is none.
other(kind, namespace, name) := named(kind, namespace)[name]

# Whether there is one.
known(kind, namespace, name) if {
	object.get(named(kind, namespace), name, null) != null
} else := false

# A list or a map under a key; an empty one where there is none, or something else.
list(object_, key) := value if {
	is_object(object_)
	value := object.get(object_, key, [])
	is_array(value)
} else := []

map(object_, key) := value if {
	is_object(object_)
	value := object.get(object_, key, {})
	is_object(value)
} else := {}

text(value, otherwise) := value if {
	is_string(value)
	value != ""
} else := otherwise
