# METADATA
# title: What holds data is not removed by the way
# description: Where the deploying tool prunes, an object that goes from the manifests is deleted in the cluster, and with a claim, a namespace or a definition goes all that it holds.
# scope: package
# custom:
#   id: PL-0021
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds:
#     - Namespace
#     - PersistentVolume
#     - PersistentVolumeClaim
#     - StatefulSet.apps
#     - CustomResourceDefinition.apiextensions.k8s.io
#     - VolumeSnapshot.snapshot.storage.k8s.io
#     - Application.argoproj.io
#     - ApplicationSet.argoproj.io
#     - Kustomization.kustomize.toolkit.fluxcd.io
#     - HelmRelease.helm.toolkit.fluxcd.io
#     - Cluster.postgresql.cnpg.io
#     - PerconaPGCluster.pgv2.percona.com
#     - PerconaServerMongoDB.psmdb.percona.com
#     - PerconaXtraDBCluster.pxc.percona.com
#     - MongoDBCommunity.mongodbcommunity.mongodb.com
#     - InnoDBCluster.mysql.oracle.com
#     - MariaDB.k8s.mariadb.com
#     - Elasticsearch.elasticsearch.k8s.elastic.co
#     - Kafka.kafka.strimzi.io
#     - KafkaTopic.kafka.strimzi.io
#     - CephCluster.ceph.rook.io
#     - CephBlockPool.ceph.rook.io
#     - CephFilesystem.ceph.rook.io
#   reads: [before]
#   on: [changed, removed]
package plimsoll.data_removed

import data.lib.change
import data.lib.workload

loss := {
	"Namespace": "everything in it is deleted, with its volumes and Secrets",
	"PersistentVolume": "the cluster no longer knows where its data is",
	"PersistentVolumeClaim": "its volume is released, and erased unless its reclaim policy is Retain",
	"StatefulSet": "its pods stop, and nothing uses their volumes any more",
	"CustomResourceDefinition": "every object of its kind is deleted in the whole cluster",
	"VolumeSnapshot": "the snapshot is erased unless its deletion policy is Retain",
	"Application": "what it deployed is deleted",
	"ApplicationSet": "its applications are deleted, and what they deployed",
	"Kustomization": "what it deployed is deleted",
	"HelmRelease": "the release is uninstalled",
	"KafkaTopic": "the topic is deleted with its messages",
}

deny contains violation if {
	input.resource == null
	was := input.before
	not change.kept(was)
	deletes(was)
	violation := {
		"path": ["metadata", "name"],
		"message": sprintf("%s goes from the manifests; where that is pruned, %s", [change.named(was), object.get(loss, was.kind, "what it holds is deleted")]),
	}
}

# Without its finalizer, the objects of an Argo CD application stay; so do those of a Flux kustomization that does not prune.
deletes(object_) if {
	kind := object_.kind
	not kind in spared
}

spared := {"Application", "Kustomization"}

deletes(object_) if {
	object_.kind == "Application"
	some finalizer in workload.list(workload.map(object_, "metadata"), "finalizers")
	is_string(finalizer)
	startswith(finalizer, "resources-finalizer.argocd.argoproj.io")
}

deletes(object_) if {
	object_.kind == "Kustomization"
	workload.map(object_, "spec").prune == true
}

# The line that kept an object from being pruned.
deny contains violation if {
	input.resource != null
	was := input.before
	is := input.resource
	some annotation, value in guards(was)
	change.kept(was)
	not change.kept(is)
	violation := {
		"path": ["metadata", "annotations", annotation],
		"message": sprintf("`%s` kept this object when it goes from the manifests; without it, %s", [annotation, object.get(loss, is.kind, "what it holds is deleted")]),
		"fix": {"op": "set", "value": value},
	}
}

guards(object_) := {name: value |
	some name in ["argocd.argoproj.io/sync-options", "helm.sh/resource-policy", "kustomize.toolkit.fluxcd.io/prune"]
	value := change.text(change.annotations(object_), name)
	value != ""
	guarding(value)
}

guarding(value) if {
	some word in ["Prune=false", "keep", "disabled"]
	contains(value, word)
}
