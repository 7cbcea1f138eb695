# METADATA
# title: Credentials are not written into manifests
# description: A password in a variable or a ConfigMap is readable to everyone who reads the repository, the object, or a log of either.
# scope: package
# custom:
#   id: C-0012
#   also: [C-0259]
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [pods, ConfigMap]
package plimsoll.plaintext_credentials

import data.lib.workload

# A message names the variable or the key, never its value.
deny contains violation if {
	some container in workload.containers
	some index, variable in workload.list(container.spec, "env")
	is_string(variable.name)
	is_string(variable.value)
	suspect(variable.name, variable.value)
	why := reason(variable.name, variable.value)
	violation := {
		"path": array.concat(container.path, ["env", index, "value"]),
		"message": sprintf("%s gets `%s` in plain text: %s", [container.label, variable.name, why]),
	}
}

deny contains violation if {
	some field in ["command", "args"]
	some container in workload.containers
	some index, argument in workload.list(container.spec, field)
	is_string(argument)
	why := telling(argument)
	violation := {
		"path": array.concat(container.path, [field, index]),
		"message": sprintf("%s gets a credential in plain text among its %s: %s", [container.label, field, why]),
	}
}

deny contains violation if {
	input.resource.kind == "ConfigMap"
	some key, value in workload.map(input.resource, "data")
	is_string(value)
	suspect(key, value)
	why := reason(key, value)
	violation := {
		"path": ["data", key],
		"message": sprintf("the ConfigMap holds `%s` in plain text: %s", [key, why]),
	}
}

reason(name, value) := why if {
	why := telling(value)
} else := "its name says that it is a credential" if {
	credential_name(name)
	literal(value)
}

# Few names and values get beyond this, which is all that it is for.
suspect(name, value) if regex.match(
	`(PASSWORD|PASSWD|PASSPHRASE|PWD|SECRET|TOKEN|KEY|CREDENTIALS?)=|-----BEGIN |AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[abprs]-|://`,
	concat("=", [upper(name), value]),
)

# The last words of the name decide: DB_PASSWORD is one, PASSWORD_FILE and TOKEN_URL are not.
credential_name(name) if {
	separated := upper(regex.replace(name, `([a-z0-9])([A-Z])`, "${1}_${2}"))
	words := regex.replace(separated, `[^A-Z0-9]+`, "_")
	regex.match(
		`(^|_)(PASSWORD|PASSWD|PASSPHRASE|PWD|SECRET|TOKEN|API_?KEY|SECRET_?KEY|ACCESS_?KEY|ACCOUNT_?KEY|STORAGE_?KEY|BATCH_?KEY|PRIVATE_?KEY|ENCRYPTION_?KEY|SIGNING_?KEY|CREDENTIALS?)$`,
		words,
	)
	public(name) == false
}

# Names that sound like a credential and are none: a shell's working directory, labels of a cluster or a network.
public(name) := upper(name) in {"ETCD_AUTH_TOKEN", "ETCD_INITIAL_CLUSTER_TOKEN", "NETWORK_PASSPHRASE"} if {
	name != "PWD"
} else := true

# A value that could be the credential itself: not a reference, a path, an address, a switch or a number.
literal(value) if {
	trimmed := trim_space(value)
	count(trimmed) >= 3
	regex.match(`^(\$\(.*\)|\$\{.*\}|[$]?[{]{2}.*|<.*>|/.*|\./.*|https?://.*|[0-9.]+[a-z]?|true|false|yes|no|none|null|enabled|disabled|ref\+.*|vault:.*|ENC\[.*)$`, lower(trimmed)) == false
	contains(trimmed, "\n") == false
}

# Values that are credentials whatever they are called.
telling(value) := why if {
	# So do few values.
	regex.match(`-----BEGIN |AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[abprs]-|://`, value)
	some pattern, why in {
		`-----BEGIN ([A-Z]+ )*PRIVATE KEY-----`: "it holds a private key",
		`(^|[^A-Z0-9])(AKIA|ASIA)[A-Z0-9]{16}($|[^A-Z0-9])`: "it holds an AWS access key",
		`(^|[^A-Za-z0-9])(ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{36}`: "it holds a GitHub token",
		`(^|[^A-Za-z0-9])github_pat_[A-Za-z0-9_]{40}`: "it holds a GitHub token",
		`(^|[^A-Za-z0-9])glpat-[A-Za-z0-9_-]{20}`: "it holds a GitLab token",
		`(^|[^a-z])xox[abprs]-[0-9A-Za-z-]{10}`: "it holds a Slack token",
		`[a-z][a-z0-9+.-]*://[^/ :@$<{]+:[^/ :@$<{]+@[A-Za-z0-9]`: "it holds an address with a password",
	}
	regex.match(pattern, value)
}
