# METADATA
# title: Nothing is created in namespaces that go
# description: Without the plugin NamespaceLifecycle, objects are created in namespaces that are being deleted, and the namespaces of the system can be deleted.
# scope: package
# custom:
#   id: C-0126
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [Pod]
#   mentions: [kube-apiserver]
package plimsoll.api_server_without_namespace_lifecycle

import data.lib.flag

deny contains violation if {
	program := flag.api_server
	count(flag.items(program, "disable-admission-plugins") & {"NamespaceLifecycle"}) > 0
	violation := {
		"path": flag.place(program, "disable-admission-plugins"),
		"message": "objects are created in namespaces that are being deleted: the plugin NamespaceLifecycle is switched off",
	}
}
