# METADATA
# title: SELinux labels are left to the runtime
# description: A type, user or role of one's own can be one that may do more than containers may, up to what the node itself may.
# scope: package
# custom:
#   id: PL-0102
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
#   config:
#     version: { default: latest, about: "The version of the Pod Security Standards to hold pods to: `latest`, or one such as `v1.30`." }
#   mentions: ["seLinuxOptions: "]
package plimsoll.selinux_options

import data.lib.pod_security
import data.lib.workload

# The types that confine a program as much as the usual one.
usual contains kind if {
	some kind in {"", "container_t", "container_init_t", "container_kvm_t"}
}

usual contains "container_engine_t" if pod_security.since(31)

deny contains violation if {
	some context in workload.contexts
	some field in ["type", "user", "role"]
	value := object.get(workload.map(context.security, "seLinuxOptions"), field, "")
	is_string(value)
	wide(field, value)
	violation := {
		"path": array.concat(context.path, ["seLinuxOptions", field]),
		"message": sprintf("%s asks for the SELinux %s `%s` instead of the one that confines containers", [context.label, field, value]),
		"fix": {"op": "remove"},
	}
}

wide("type", value) if {
	confined := usual
	not value in confined
}

wide(field, value) if {
	field in {"user", "role"}
	value != ""
}
