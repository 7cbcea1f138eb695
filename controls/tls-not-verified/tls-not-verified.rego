# METADATA
# title: Programs verify whom they talk to
# description: Encryption without verification keeps out nobody who can place himself in between.
# scope: package
# custom:
#   id: PL-0031
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds:
#     - pods
#     - ConfigMap
#     - APIService.apiregistration.k8s.io
#     - ServiceMonitor.monitoring.coreos.com
#     - PodMonitor.monitoring.coreos.com
#     - ServersTransport.traefik.io
#     - DestinationRule.networking.istio.io
#     - BackupStorageLocation.velero.io
#     - Issuer.cert-manager.io
#     - ClusterIssuer.cert-manager.io
#   mentions: [verif, insecure, unauthorized, no-check-certificate]
package plimsoll.tls_not_verified

import data.lib.setting
import data.lib.workload

# Variables that switch verification off, with the values that do so.
names := `(^|_)(SKIP_(TLS_|SSL_|CERT_)?VERIFY|TLS_SKIP_VERIFY|SSL_SKIP_VERIFY|INSECURE_SKIP_(TLS_)?VERIFY|SKIP_TLS_VERIFICATION|SSL_NO_VERIFY|TLS_INSECURE|SSL_INSECURE|TLS_NO_VERIFY)$`

on := {"1", "true", "yes", "on"}

checks := `(^|_)(TLS_VERIFY|SSL_VERIFY|VERIFY_SSL|VERIFY_TLS|NODE_TLS_REJECT_UNAUTHORIZED|PYTHONHTTPSVERIFY|VERIFY_CERTS?|VERIFY_CERTIFICATES?)$`

off := {"0", "false", "no", "off", "none"}

deny contains violation if {
	some entry in array.concat(setting.variables, setting.entries)
	name := regex.replace(upper(entry.name), `[^A-Z0-9]+`, "_")
	disabled(name, lower(trim_space(entry.value)))
	violation := {
		"path": entry.path,
		"message": sprintf("%s switches off that certificates are verified", [entry.label]),
	}
}

disabled(name, value) if {
	regex.match(names, name)
	value in on
}

disabled(name, value) if {
	regex.match(checks, name)
	value in off
}

words := `^--?(insecure-skip-tls-verify|insecure-skip-verify|tls-skip-verify|skip-tls-verify|tls-insecure|kubelet-insecure-tls|ssl-insecure|insecure-skip-tls|no-check-certificate)(=true)?$`

deny contains violation if {
	some entry in setting.arguments
	regex.match(words, entry.value)
	violation := {
		"path": entry.path,
		"message": sprintf("%s, `%s`, switches off that certificates are verified", [entry.label, entry.value]),
	}
}

# Fields that do so, where each kind keeps them.
fields := {
	"APIService": [["spec", "insecureSkipTLSVerify"]],
	"BackupStorageLocation": [["spec", "config", "insecureSkipTLSVerify"]],
	"ClusterIssuer": [["spec", "acme", "skipTLSVerify"]],
	"DestinationRule": [["spec", "trafficPolicy", "tls", "insecureSkipVerify"]],
	"Issuer": [["spec", "acme", "skipTLSVerify"]],
	"ServersTransport": [["spec", "insecureSkipVerify"]],
}

deny contains violation if {
	some path in fields[input.resource.kind]
	object.get(input.resource, path, false) in {true, "true"}
	violation := {
		"path": path,
		"message": sprintf("`%s` switches off that certificates are verified", [path[count(path) - 1]]),
		"fix": {"op": "remove"},
	}
}

deny contains violation if {
	some field in ["endpoints", "podMetricsEndpoints"]
	some index, endpoint in workload.list(workload.map(input.resource, "spec"), field)
	workload.map(endpoint, "tlsConfig").insecureSkipVerify == true
	violation := {
		"path": ["spec", field, index, "tlsConfig", "insecureSkipVerify"],
		"message": "metrics are fetched without verifying whose they are",
		"fix": {"op": "remove"},
	}
}
