# METADATA
# title: Interfaces for administrators are not public
# description: Dashboards and consoles that were made for administrators are scanned for, and many have no login as they come.
# scope: package
# custom:
#   id: C-0021
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   reads: [facts]
#   config:
#     interfaces:
#       default: [nifi, argo-server, argocd-server, weave-scope-app, kubeflow, kubernetes-dashboard, jenkins, prometheus-deployment, kibana, rabbitmq, phpmyadmin, pgadmin, airflow]
#       about: Parts of the names of workloads that are interfaces for administrators.
package plimsoll.exposed_admin_interface

import data.lib.workload

deny contains violation if {
	some pod in input.pods
	name := workload.text(object.get(workload.map(input.resource, "metadata"), "name", ""), "")
	some known in input.config.interfaces
	contains(name, known)
	some service in input.facts.services
	some exposure in service.exposed
	exposure.by in {"LoadBalancer", "NodePort", "ExternalIPs"}
	exposure.internal == false
	violation := {
		"path": array.concat(array.slice(pod.path, 0, count(pod.path) - 1), ["metadata", "labels"]),
		"message": sprintf("`%s` is an interface for administrators, and the Service `%s` (%s) opens it to the outside", [known, service.name, exposure.by]),
	}
}
