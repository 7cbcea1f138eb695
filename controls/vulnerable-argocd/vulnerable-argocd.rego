# METADATA
# title: Argo CD runs without CVE-2022-24348
# description: Whoever may create an application can have Argo CD read the values, and so the secrets, of other applications.
# scope: package
# custom:
#   id: C-0081
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   mentions: [argocd]
package plimsoll.vulnerable_argocd

import data.lib.image

deny contains violation if {
	some found in image.versions(`(^|/)argocd$`)
	vulnerable(found.numbers)
	violation := {
		"path": found.path,
		"message": sprintf("%s runs `%s`, which has CVE-2022-24348", [found.label, found.name]),
	}
}

vulnerable(numbers) if numbers < [2, 1, 9]

vulnerable(numbers) if {
	numbers >= [2, 2, 0]
	numbers < [2, 2, 4]
}
