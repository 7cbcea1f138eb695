# METADATA
# title: Grafana runs without CVE-2022-39328
# description: Under load a request can be answered as if another user had made it, without signing in.
# scope: package
# custom:
#   id: C-0090
#   severity: critical
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   mentions: [grafana]
package plimsoll.vulnerable_grafana

import data.lib.image

deny contains violation if {
	some found in image.versions(`(^|/)grafana(-oss|-enterprise)?$`)
	vulnerable(found.numbers)
	violation := {
		"path": found.path,
		"message": sprintf("%s runs `%s`, which has CVE-2022-39328", [found.label, found.name]),
	}
}

vulnerable(numbers) if {
	numbers >= [9, 2, 0]
	numbers < [9, 2, 4]
}
