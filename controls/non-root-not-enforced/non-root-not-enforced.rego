# METADATA
# title: Restricted pods promise not to run as root
# description: Admission at the level Restricted asks for runAsNonRoot itself, also where the user that is set shows that nobody is root.
# scope: package
# custom:
#   id: PL-0109
#   severity: low
#   since: 0.1.0
#   fix: safe
#   enabled: false
#   kinds: [pods]
#   config:
#     version: { default: latest, about: "The version of the Pod Security Standards to hold pods to: `latest`, or one such as `v1.30`." }
package plimsoll.non_root_not_enforced

import data.lib.pod_security
import data.lib.workload

# The pods of which Restricted asks it.
asked := [pod |
	some pod in workload.pods
	remapped(pod) == false
]

remapped(pod) if {
	pod.user_namespace
	pod_security.since(35)
} else := false

# What says that root is wanted: false on the pod or a container, or user 0 on the pod though each container has another.
deny contains violation if {
	some pod in asked
	pod.security.runAsNonRoot == false
	count([container |
		some container in containers_of(pod)
		container.pod.windows == false
		container.pod.user_namespace == false
		object.get(container.security, "runAsNonRoot", null) == null
		workload.effective(container, "runAsUser", null) == null
	]) == 0
	violation := {
		"path": array.concat(pod.path, ["securityContext", "runAsNonRoot"]),
		"message": "the pod says `runAsNonRoot: false`, which Restricted refuses whatever its containers say",
		"fix": {"op": "set", "value": true},
	}
}

deny contains violation if {
	pod_security.since(23)
	some pod in asked
	pod.security.runAsUser == 0
	own := [container | some container in containers_of(pod); object.get(container.security, "runAsUser", 0) != 0]
	count(own) == count(containers_of(pod))
	violation := {
		"path": array.concat(pod.path, ["securityContext", "runAsUser"]),
		"message": "the pod says `runAsUser: 0`, which Restricted refuses whatever its containers say",
	}
}

# What run-as-root leaves alone, because the user that is set is not root, or because root means little there.
deny contains violation if {
	some pod in asked
	object.get(pod.security, "runAsNonRoot", null) != false
	some container in containers_of(pod)
	own := object.get(container.security, "runAsNonRoot", null)
	promised(own, pod) == false
	harmless(container)
	found := {
		"path": array.concat(container.path, ["securityContext", "runAsNonRoot"]),
		"message": sprintf("%s does not promise to run as another user than root, which Restricted asks for: `runAsNonRoot` is %s", [container.label, state(own)]),
	}
	violation := object.union(found, remedy(container))
}

state(false) := "false"

state(null) := "not set"

promised(own, pod) if {
	own == true
} else if {
	own == null
	pod.security.runAsNonRoot == true
} else := false

# As run-as-root sees it.
harmless(container) if container.pod.windows

harmless(container) if container.pod.user_namespace

harmless(container) if {
	user := workload.effective(container, "runAsUser", 0)
	user != 0
}

# Where a user is set the kubelet has nothing to find out, so that the promise cannot stop the container.
remedy(container) := {"fix": {"op": "set", "value": true}} if {
	user := workload.effective(container, "runAsUser", 0)
	user != 0
} else := {}

containers_of(pod) := [container |
	some container in workload.containers
	container.pod.path == pod.path
]
