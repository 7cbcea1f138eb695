# METADATA
# title: The images of containers, and where they come from
# description: >-
#   Which images an object runs, and whether one lies in a registry or below a path of it. Tags and versions are lib.version's.
package lib.image

import data.lib.version
import data.lib.workload

# The images that the object runs: {name, reference, path, label, spec}, one for each container whose image is a text that is not
# empty. `reference` is the name taken apart, `spec` the container's.
running := [{
	"name": name,
	"reference": version.image(name),
	"path": array.concat(container.path, ["image"]),
	"label": container.label,
	"spec": container.spec,
} |
	some container in workload.containers
	name := object.get(container.spec, "image", "")
	is_string(name)
	name != ""
]

# Those whose repository matches a pattern, in a version of three numbers: the same with {numbers}.
versions(pattern) := [object.union(found, {"numbers": numbers}) |
	some found in running
	regex.match(pattern, found.reference.repository)
	numbers := version.parsed(found.reference.tag).numbers
	count(numbers) == 3
]

# With the registry that runtimes add: `docker.io/library/nginx:1.27` for `nginx:1.27`.
full(image) := hub(regex.replace(image, `^(index\.)?docker\.io/`, "")) if {
	regex.match(`^(index\.)?docker\.io/`, image)
} else := image if {
	parts := split(image, "/")
	count(parts) > 1
	regex.match(`[.:]|^localhost$`, parts[0])
} else := hub(image)

hub(image) := concat("", ["docker.io/", image]) if {
	contains(image, "/")
} else := concat("", ["docker.io/library/", image])

# True where the image lies in one of these registries or paths, however it is written: `ghcr.io/team` covers
# `ghcr.io/team/app:1.2` and not `ghcr.io/team-b/app:1.2`.
within(image, places) if {
	some place in places
	trimmed := trim_suffix(place, "/")
	some name in [image, full(image)]
	startswith(name, trimmed)
	substring(name, count(trimmed), 1) in ends(trimmed)
}

# After the name of a registry a colon begins a port, so that it is another one.
ends(place) := {"", "/", ":", "@"} if {
	contains(place, "/")
} else := {"/"}
