# METADATA
# title: Certificates of kubelets are renewed
# description: Certificates that are not renewed in time stop the cluster, so that people make them valid for very long.
# scope: package
# custom:
#   id: C-0149
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-controller-manager]
package plimsoll.controller_manager_without_kubelet_rotation

import data.lib.flag

deny contains violation if {
	program := flag.controller_manager
	some gate in flag.items(program, "feature-gates")
	regex.match(`^RotateKubeletServerCertificate=(0|f|F|false|False|FALSE)$`, gate)
	violation := {
		"path": flag.place(program, "feature-gates"),
		"message": "certificates of kubelets are not renewed: RotateKubeletServerCertificate is off",
	}
}
