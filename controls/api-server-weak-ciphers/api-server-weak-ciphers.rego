# METADATA
# title: The API server takes only strong ciphers
# description: A recorded connection with a weak cipher, or without forward secrecy, can be read later.
# scope: package
# custom:
#   id: C-0277
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   also: [C-0143]
#   mentions: [kube-apiserver]
package plimsoll.api_server_weak_ciphers

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	weak := flag.items(program, "tls-cipher-suites") & weak_suites
	count(weak) > 0
	violation := {
		"path": flag.place(program, "tls-cipher-suites"),
		"message": sprintf("kube-apiserver takes weak ciphers: %s", [concat(", ", sort(weak))]),
	}
}

weak_suites := {
	"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
	"TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
	"TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
	"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
	"TLS_ECDHE_RSA_WITH_RC4_128_SHA",
	"TLS_RSA_WITH_3DES_EDE_CBC_SHA",
	"TLS_RSA_WITH_AES_128_CBC_SHA",
	"TLS_RSA_WITH_AES_128_CBC_SHA256",
	"TLS_RSA_WITH_AES_128_GCM_SHA256",
	"TLS_RSA_WITH_AES_256_CBC_SHA",
	"TLS_RSA_WITH_AES_256_GCM_SHA384",
	"TLS_RSA_WITH_RC4_128_SHA",
}
