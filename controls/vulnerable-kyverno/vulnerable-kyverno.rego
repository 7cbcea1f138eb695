# METADATA
# title: Kyverno runs without CVE-2022-47633
# description: A registry can have Kyverno admit an image that was never signed, though a policy asks for signatures.
# scope: package
# custom:
#   id: C-0091
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   mentions: [kyverno]
package plimsoll.vulnerable_kyverno

import data.lib.image

deny contains violation if {
	some found in image.versions(`/kyverno$`)
	vulnerable(found.numbers)
	violation := {
		"path": found.path,
		"message": sprintf("%s runs `%s`, which has CVE-2022-47633", [found.label, found.name]),
	}
}

vulnerable(numbers) if {
	numbers >= [1, 8, 3]
	numbers < [1, 8, 5]
}
