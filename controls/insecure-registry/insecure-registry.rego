# METADATA
# title: What is deployed is fetched over a verified connection
# description: Whoever stands between the cluster and the place it deploys from can put in what he likes.
# scope: package
# custom:
#   id: PL-0036
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds:
#     - HelmRepository.source.toolkit.fluxcd.io
#     - OCIRepository.source.toolkit.fluxcd.io
#     - ImageRepository.image.toolkit.fluxcd.io
#     - Bucket.source.toolkit.fluxcd.io
#     - GitRepository.source.toolkit.fluxcd.io
#     - pods
#   mentions: [registr, insecure, "http://"]
package plimsoll.insecure_registry

import data.lib.setting
import data.lib.workload

spec := workload.map(input.resource, "spec")

deny contains violation if {
	count(input.pods) == 0
	spec.insecure == true
	violation := {
		"path": ["spec", "insecure"],
		"message": sprintf("`%s` is fetched without TLS, or without verifying whose it is", [address]),
		"fix": {"op": "remove"},
	}
}

address := workload.text(object.get(spec, "url", ""), workload.text(object.get(spec, "image", ""), workload.text(object.get(spec, "endpoint", ""), "?")))

deny contains violation if {
	count(input.pods) == 0
	url := spec.url
	is_string(url)
	startswith(lower(url), "http://")
	violation := {
		"path": ["spec", "url"],
		"message": sprintf("what is deployed is fetched over plain HTTP from `%s`", [url]),
	}
}

flags := `^--?(insecure-registry|allow-insecure-registry|allow-insecure-registries|skip-tls-verify-registry|allow-http-registry)(=.*)?$`

deny contains violation if {
	some entry in setting.arguments
	regex.match(flags, entry.value)
	endswith(entry.value, "=false") == false
	violation := {
		"path": entry.path,
		"message": sprintf("%s, `%s`, fetches images without TLS, or without verifying whose they are", [entry.label, entry.value]),
	}
}
