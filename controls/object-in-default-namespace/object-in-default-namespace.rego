# METADATA
# title: Nothing is kept in the namespace default
# description: What lies in `default` is open to everyone who may use the namespace that people get without asking.
# scope: package
# custom:
#   id: C-0212
#   severity: low
#   since: 0.1.0
#   fix: never
#   enabled: false
#   kinds: [ConfigMap, Secret, Service, ServiceAccount, Endpoints, PersistentVolumeClaim, Role.rbac.authorization.k8s.io, RoleBinding.rbac.authorization.k8s.io, EndpointSlice.discovery.k8s.io, HorizontalPodAutoscaler.autoscaling, Lease.coordination.k8s.io, CSIStorageCapacity.storage.k8s.io, Ingress.networking.k8s.io, PodDisruptionBudget.policy]
package plimsoll.object_in_default_namespace

import data.lib.workload

# What the cluster keeps there itself.
its_own := {
	["ConfigMap", "kube-root-ca.crt"],
	["Endpoints", "kubernetes"],
	["EndpointSlice", "kubernetes"],
	["Service", "kubernetes"],
}

deny contains violation if {
	input.namespace == "default"
	kind := input.resource.kind
	foreign([kind, object.get(workload.map(input.resource, "metadata"), "name", "")])
	violation := {
		"path": ["metadata", "namespace"],
		"message": sprintf("the %s is put into the namespace `default`, together with whatever nobody placed", [kind]),
	}
}

foreign(object_) if not object_ in its_own
