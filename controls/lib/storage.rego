# METADATA
# title: Whether the volumes of a StorageClass are encrypted
# description: What the parameters of each provisioner say. Of a provisioner that is not known, nothing is said.
package lib.storage

import data.lib.change
import data.lib.workload

# The parameter that encrypts, for provisioners that do not encrypt without it.
switches := {
	"csi.cloudscale.ch": ["csi.cloudscale.ch/luks-encrypted", "true"],
	"driver.longhorn.io": ["encrypted", "true"],
	"ebs.csi.aws.com": ["encrypted", "true"],
	"kubernetes.io/aws-ebs": ["encrypted", "true"],
	"linodebs.csi.linode.com": ["linodebs.csi.linode.com/luks-encrypted", "true"],
	"pxd.portworx.com": ["secure", "true"],
	"storage.csi.upcloud.com": ["encryption", "data-at-rest"],
}

# Rook gives its drivers the name of their namespace in front.
ceph := `^([a-z0-9-]+\.)?(rbd|cephfs)\.csi\.ceph\.com$`

# The parameter and the value that would encrypt; undefined where the volumes are encrypted, or nobody knows.
lacking(class) := needed if {
	needed := switch(change.text(class, "provisioner"))
	lower(change.text(workload.map(class, "parameters"), needed[0])) != needed[1]
}

switch(provisioner) := switches[provisioner] if {
	provisioner in object.keys(switches)
} else := ["encrypted", "true"] if {
	regex.match(ceph, provisioner)
}
