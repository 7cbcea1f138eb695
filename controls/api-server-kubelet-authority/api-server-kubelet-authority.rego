# METADATA
# title: The API server verifies kubelets
# description: Without an authority to trust, the API server sends commands, and the output of pods, to whoever answers.
# scope: package
# custom:
#   id: C-0117
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_kubelet_authority

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	lacking := flag.missing(program, ["kubelet-certificate-authority"])
	count(lacking) > 0
	violation := {
		"path": flag.place(program, "kubelet-certificate-authority"),
		"message": sprintf("kube-apiserver runs without %s: it does not verify which kubelet it talks to", [concat(" and ", lacking)]),
	}
}
