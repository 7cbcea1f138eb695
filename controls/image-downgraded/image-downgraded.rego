# METADATA
# title: Images do not move to older versions
# description: An older version of the same image brings back the defects that were mended since; where that is meant, the pull request should say so.
# scope: package
# custom:
#   id: PL-0006
#   severity: medium
#   since: 0.1.0
#   fix: unsafe
#   kinds: [pods]
#   reads: [before]
package plimsoll.image_downgraded

import data.lib.version
import data.lib.workload

deny contains violation if {
	some container in workload.containers
	some was in workload.containers_of(input.before_pods)
	was.field == container.field
	was.name == container.name
	is_string(was.spec.image)
	is_string(container.spec.image)
	old := version.image(was.spec.image)
	new := version.image(container.spec.image)
	old.repository == new.repository
	version.older(version.parsed(new.tag), version.parsed(old.tag))
	violation := {
		"path": array.concat(container.path, ["image"]),
		"message": sprintf("%s goes back from `%s` to `%s` of `%s`", [container.label, old.tag, new.tag, new.repository]),
		"fix": {"op": "set", "value": was.spec.image},
	}
}
