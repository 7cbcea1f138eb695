# METADATA
# title: Ingress controllers are maintained
# description: "The community project ingress-nginx ended in March 2026: what is found in it since is not mended."
# scope: package
# custom:
#   id: C-0292
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Deployment.apps, DaemonSet.apps, StatefulSet.apps]
#   mentions: [ingress-nginx, nginx-ingress-controller]
package plimsoll.ingress_nginx_end_of_life

import data.lib.image

deny contains violation if {
	some found in image.running
	regex.match(`(^|/)(ingress-nginx/|(kubernetes-ingress-controller|rancher)/nginx-ingress-controller$)`, found.reference.repository)
	violation := {
		"path": found.path,
		"message": sprintf("%s runs `%s`, of a project that ended in March 2026: flaws found since are not mended", [found.label, found.name]),
	}
}
