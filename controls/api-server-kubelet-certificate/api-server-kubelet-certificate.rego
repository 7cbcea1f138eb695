# METADATA
# title: The API server shows kubelets who it is
# description: Without a certificate of its own, the API server asks kubelets anonymously, so that they must let anybody in.
# scope: package
# custom:
#   id: C-0116
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_kubelet_certificate

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	lacking := flag.missing(program, ["kubelet-client-certificate", "kubelet-client-key"])
	count(lacking) > 0
	violation := {
		"path": flag.place(program, "kubelet-client-certificate"),
		"message": sprintf("kube-apiserver runs without %s: kubelets cannot tell it from anybody else", [concat(" and ", lacking)]),
	}
}
