# METADATA
# title: ingress-nginx runs without CVE-2021-25742
# description: With snippet annotations, whoever may create an Ingress can have the controller hand out every Secret that it reads.
# scope: package
# custom:
#   id: C-0059
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   reads: [inventory]
#   inventory: [ConfigMap]
#   mentions: [nginx]
package plimsoll.vulnerable_ingress_nginx

import data.lib.image
import data.lib.workload

deny contains violation if {
	some found in image.versions(`ingress-nginx|nginx-ingress-controller|nginx-controller`)
	vulnerable(found.numbers)
	count(forbidding) == 0
	violation := {
		"path": found.path,
		"message": sprintf("%s runs `%s`, which has CVE-2021-25742, and nothing here forbids snippet annotations", [found.label, found.name]),
	}
}

vulnerable(numbers) if numbers < [0, 49, 1]

vulnerable([1, 0, 0]) := true

# The controller's settings are a ConfigMap of its namespace.
forbidding := [settings |
	some settings in workload.others("ConfigMap", input.namespace)
	workload.map(settings, "data")["allow-snippet-annotations"] == "false"
]
