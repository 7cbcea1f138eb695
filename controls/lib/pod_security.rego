# METADATA
# title: The version of the Pod Security Standards
# description: >-
#   What the standards forbid changed with Kubernetes. Controls that stand for one of their checks take a parameter `version`
#   (`latest` or `v1.30`), as the label of a namespace would name it.
package lib.pod_security

import data.lib.workload

# The newest minor version in which a check changed. Admission evaluates later ones, and `latest`, as this one.
newest := 37

default minor := 37

minor := min([newest, to_number(trim_prefix(input.config.version, "v1."))]) if regex.match(`^v1\.(0|[1-9][0-9]{0,3})$`, input.config.version)

# True from this minor version on.
since(wanted) if minor >= wanted

before(wanted) if minor < wanted

# The containers that the level Restricted asks to be set up as on Linux. Until 1.24 that was all of them.
linux_containers := [container |
	some container in workload.containers
	asked(container.pod.windows)
]

asked(false) := true

asked(true) if {
	before(25)
}

# The capabilities that Baseline lets a container add, in its exact spelling: what runtimes give.
usual_capabilities := {
	"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
	"NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
}
