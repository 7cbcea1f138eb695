# METADATA
# title: Fields that cannot change do not change
# description: Kubernetes refuses to change some fields of an object that exists. The change then stops half-way, or the object is deleted and made anew with whatever hangs on it.
# scope: package
# custom:
#   id: PL-0008
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds:
#     - DaemonSet.apps
#     - Deployment.apps
#     - ReplicaSet.apps
#     - StatefulSet.apps
#     - Job.batch
#     - ConfigMap
#     - PersistentVolume
#     - PersistentVolumeClaim
#     - Secret
#     - Service
#     - StorageClass.storage.k8s.io
#     - RoleBinding.rbac.authorization.k8s.io
#     - ClusterRoleBinding.rbac.authorization.k8s.io
#     - CustomResourceDefinition.apiextensions.k8s.io
#     - IngressClass.networking.k8s.io
#     - PriorityClass.scheduling.k8s.io
#     - RuntimeClass.node.k8s.io
#   reads: [before]
package plimsoll.immutable_field_changed

import data.lib.change
import data.lib.workload

# The fields of each kind that are fixed for good, with what an absent one means; null where it means nothing.
fixed := {
	"DaemonSet": {"spec": {"selector": null}},
	"Deployment": {"spec": {"selector": null}},
	"ReplicaSet": {"spec": {"selector": null}},
	"StatefulSet": {"spec": {"selector": null, "serviceName": "", "podManagementPolicy": "OrderedReady"}},
	"Job": {"spec": {"selector": null, "completionMode": "NonIndexed", "manualSelector": false}},
	"PersistentVolumeClaim": {"spec": {"accessModes": null, "selector": null, "volumeMode": "Filesystem"}},
	"StorageClass": {"": {"provisioner": null, "parameters": {}, "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}},
	"RoleBinding": {"": {"roleRef": null}},
	"ClusterRoleBinding": {"": {"roleRef": null}},
	"CustomResourceDefinition": {"spec": {"group": null, "scope": null}},
	"IngressClass": {"spec": {"controller": null}},
	"PriorityClass": {"": {"value": 0, "preemptionPolicy": "PreemptLowerPriority"}},
	"RuntimeClass": {"": {"handler": null}},
	"Secret": {"": {"type": "Opaque"}},
}

# Fields that can be left to the cluster, and are fixed once they have a value.
assigned := {
	"PersistentVolumeClaim": {"spec": ["storageClassName", "volumeName"]},
	"PersistentVolume": {"spec": ["csi", "nfs", "hostPath", "local", "volumeMode", "nodeAffinity"]},
	"Service": {"spec": ["clusterIP"]},
}

# What a ConfigMap or Secret that is sealed with `immutable` holds.
sealed := ["data", "binaryData", "stringData"]

lasting if {
	input.before.metadata.name == input.resource.metadata.name
	resource := input.resource
	not change.hook(resource)
	addressed
}

default addressed := true

# An ExternalName has no address, and gets or loses one with its type.
addressed := false if {
	input.resource.kind == "Service"
	some object_ in [input.before, input.resource]
	workload.map(object_, "spec").type == "ExternalName"
}

changes contains {"path": path, "was": was, "is": is} if {
	some section, fields in fixed[input.resource.kind]
	some field, absent in fields
	was := value(input.before, section, field)
	is := value(input.resource, section, field)
	spelled(field, filled(was, absent)) != spelled(field, filled(is, absent))
	path := place(section, field)
}

changes contains {"path": path, "was": was, "is": is} if {
	some section, fields in assigned[input.resource.kind]
	some field in fields
	was := value(input.before, section, field)
	is := value(input.resource, section, field)
	was != is
	was != ""
	not is in blank
	given(was, is)
	path := place(section, field)
}

# The template of a Job; the number that it runs side by side may change.
changes contains {"path": ["spec", "template"], "was": null, "is": null} if {
	input.resource.kind == "Job"
	value(input.before, "spec", "template") != value(input.resource, "spec", "template")
}

# The templates of claims, by name; labels that charts stamp with their version count, since Kubernetes compares them too.
changes contains {"path": ["spec", "volumeClaimTemplates"], "was": null, "is": null} if {
	input.resource.kind == "StatefulSet"
	templates(input.before) != templates(input.resource)
}

changes contains {"path": [field], "was": null, "is": null} if {
	input.resource.kind in {"ConfigMap", "Secret"}
	object.get(input.before, "immutable", false) == true
	some field in sealed
	value(input.before, "", field) != value(input.resource, "", field)
}

changes contains {"path": ["immutable"], "was": true, "is": false} if {
	input.resource.kind in {"ConfigMap", "Secret"}
	object.get(input.before, "immutable", false) == true
	object.get(input.resource, "immutable", false) != true
}

deny contains violation if {
	lasting
	some entry in changes
	found := {"path": entry.path, "message": sprintf("`%s`%s %s", [concat(".", entry.path), course(entry.was, entry.is), outcome])}
	violation := object.union(found, remedy(entry.was))
}

# Disks grow; Kubernetes never lets them shrink.
deny contains violation if {
	lasting
	input.resource.kind == "PersistentVolumeClaim"
	was := storage(input.before)
	is := storage(input.resource)
	bytes(is) < bytes(was)
	violation := {
		"path": ["spec", "resources", "requests", "storage"],
		"message": sprintf("the claim goes from %s to %s, and Kubernetes does not let a volume shrink", [was, is]),
		"fix": {"op": "set", "value": was},
	}
}

# Short values are shown.
course(was, is) := sprintf(" goes from `%v` to `%v`, but", [was, is]) if {
	scalar(was)
	scalar(is)
} else := ""

scalar(value_) if {
	type_name(value_) in {"boolean", "number", "string"}
}

remedy(null) := {}

remedy(was) := {"fix": {"op": "set", "value": was}} if was != null

outcome := "cannot change: the object will be deleted and made anew" if {
	recreated
} else := "cannot change once the object exists: the cluster will refuse this"

recreated if {
	some option in split(change.text(change.annotations(input.resource), "argocd.argoproj.io/sync-options"), ",")
	trim_space(option) in {"Replace=true", "Force=true"}
}

recreated if change.text(change.annotations(input.resource), "kustomize.toolkit.fluxcd.io/force") == "enabled"

value(object_, "", field) := object.get(object_, field, null)

value(object_, section, field) := object.get(workload.map(object_, section), field, null) if section != ""

place("", field) := [field]

place(section, field) := [section, field] if section != ""

filled(null, absent) := absent

filled(value_, _) := value_ if value_ != null

# The group of a role is the same where it is not written.
spelled(field, value_) := object.union({"apiGroup": "rbac.authorization.k8s.io"}, value_) if {
	field == "roleRef"
	is_object(value_)
} else := value_

# A claim's class may be set later, and an address stays where it is no longer written; headless is a kind of its own.
blank := {null, ""}

given(was, _) if was != null

given(null, "None") := true if input.resource.kind == "Service"

templates(object_) := {object.get(workload.map(template, "metadata"), "name", ""): claim |
	some template in workload.list(workload.map(object_, "spec"), "volumeClaimTemplates")
	metadata := workload.map(template, "metadata")
	claim := {
		"labels": workload.map(metadata, "labels"),
		"annotations": workload.map(metadata, "annotations"),
		"spec": object.union({"volumeMode": "Filesystem"}, workload.map(template, "spec")),
	}
}

storage(claim) := change.text(workload.map(workload.map(workload.map(claim, "spec"), "resources"), "requests"), "storage")

bytes(quantity) := units.parse_bytes(quantity) if regex.match(`^[0-9]{1,15}([KMGTP]i?)?$`, quantity)
