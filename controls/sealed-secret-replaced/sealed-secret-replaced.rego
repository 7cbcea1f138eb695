# METADATA
# title: What was kept out of the repository stays out
# description: Where a sealed or fetched Secret becomes a plain one, its value is in the history of the repository for ever.
# scope: package
# custom:
#   id: PL-0029
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [SealedSecret.bitnami.com, ExternalSecret.external-secrets.io, SecretProviderClass.secrets-store.csi.x-k8s.io]
#   reads: [before, inventory]
#   inventory: [Secret]
#   on: [removed]
package plimsoll.sealed_secret_replaced

import data.lib.change
import data.lib.workload

# The Secrets that the object stood for: of its own name, or of another one that it gives them.
names := {change.text(target, "name")} if {
	target := workload.map(workload.map(input.before, "spec"), "target")
	change.text(target, "name") != ""
} else := own | {change.text(entry, "secretName") |
	some entry in workload.list(workload.map(input.before, "spec"), "secretObjects")
}

own := {change.text(workload.map(input.before, "metadata"), "name")}

deny contains violation if {
	some name in names
	secret := workload.other("Secret", input.namespace, name)
	count(workload.map(secret, "data")) + count(workload.map(secret, "stringData")) > 0
	violation := {
		"path": ["metadata", "name"],
		"message": sprintf("%s goes, and a plain Secret `%s` with values comes in its place", [change.named(input.before), name]),
	}
}
