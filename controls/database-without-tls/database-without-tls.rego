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

# Words that speak of a database whatever stands around them. `prefer` and `allow` go on without TLS.
words := `(?i)(ssl_?mode["']?[ \t]*[=:][ \t]*["']?(disable|allow|prefer)|trustservercertificate=true)`

# Parameters of an address, which say it of the address that they are in.
parameters := `(?i)[?&;](usessl|ssl|tls|encrypt)=(false|no|0|disabled?)`

schemes := `(?i)(postgres(ql)?|mysql|mariadb|mongodb(\+srv)?|sqlserver|jdbc|redis|host=|server=)`

deny contains violation if {
	some entry in setting.all
	regex.match(schemes, entry.value)
	said := array.concat(
		[word | some line in lines(entry.value); some word in regex.find_n(words, line, 1)],
		[word | some line in lines(entry.value); regex.match(schemes, line); some word in regex.find_n(parameters, line, 1)],
	)
	count(said) > 0
	violation := {
		"path": entry.path,
		# Only what decides is shown: an address holds passwords.
		"message": sprintf("%s lets a program talk to its database without TLS: `%s`", [entry.label, trim_left(said[0], "?&;")]),
	}
}

# A line that ends with `\` goes on in the next one.
lines(text) := split(regex.replace(text, `\\\r?\n[ \t]*`, ""), "\n")

deny contains violation if {
	some entry in array.concat(setting.variables, setting.entries)
	upper(regex.replace(entry.name, `[^A-Za-z0-9]+`, "_")) in {"PGSSLMODE", "DB_SSLMODE", "DB_SSL_MODE", "POSTGRES_SSLMODE", "POSTGRES_SSL_MODE", "DATABASE_SSLMODE", "DATABASE_SSL_MODE"}
	lower(trim_space(entry.value)) in {"disable", "allow", "prefer"}
	violation := {
		"path": entry.path,
		"message": sprintf("%s is `%s`, which lets a program talk to its database without TLS", [entry.label, trim_space(entry.value)]),
	}
}
