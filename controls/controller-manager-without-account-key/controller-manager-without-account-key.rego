# METADATA
# title: Tokens are signed with a key that was chosen
# description: Without the key, no tokens are made for service accounts.
# scope: package
# custom:
#   id: C-0147
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-controller-manager]
package plimsoll.controller_manager_without_account_key

import data.lib.flag

deny contains violation if {
	program := flag.controller_manager
	lacking := flag.missing(program, ["service-account-private-key-file"])
	count(lacking) > 0
	violation := {
		"path": flag.place(program, "service-account-private-key-file"),
		"message": sprintf("kube-controller-manager runs without %s: it signs no tokens for service accounts", [concat(" and ", lacking)]),
	}
}
