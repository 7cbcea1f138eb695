# METADATA
# title: Programs talk to databases over TLS
# description: What a program sends to its database, and what it gets back, is the data itself.
# scope: package
# custom:
#   id: PL-0032
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [pods, ConfigMap]
#   mentions: [ssl, "tls=", "encrypt=", trustservercertificate]
package plimsoll.database_without_tls

import data.lib.setting

# Ways to say so in the address of a database, or on a line of its settings. `prefer` and `allow` go on without TLS.
addresses := `(?i)(sslmode=(disable|allow|prefer)|[?&;](usessl|ssl|tls|encrypt)=(false|no|0|disabled?)|sslmode=disabled|trustservercertificate=true)`

schemes := `(?i)(postgres(ql)?|mysql|mariadb|mongodb(\+srv)?|sqlserver|jdbc|redis|host=|server=)`

deny contains violation if {
	some entry in setting.all
	regex.match(addresses, entry.value)
	regex.match(schemes, entry.value)
	violation := {
		"path": entry.path,
		"message": sprintf("%s lets a program talk to its database without TLS: %s", [entry.label, found(entry.value)]),
	}
}

# Only what decides is shown: an address holds passwords.
found(value) := sprintf("`%s`", [trim_left(regex.find_n(addresses, value, 1)[0], "?&;")])

deny contains violation if {
	some entry in array.concat(setting.variables, setting.entries)
	upper(regex.replace(entry.name, `[^A-Za-z0-9]+`, "_")) in {"PGSSLMODE", "DB_SSLMODE", "DB_SSL_MODE", "POSTGRES_SSLMODE", "POSTGRES_SSL_MODE", "DATABASE_SSLMODE", "DATABASE_SSL_MODE"}
	lower(trim_space(entry.value)) in {"disable", "allow", "prefer"}
	violation := {
		"path": entry.path,
		"message": sprintf("%s is `%s`, which lets a program talk to its database without TLS", [entry.label, trim_space(entry.value)]),
	}
}
