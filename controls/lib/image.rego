# METADATA
# title: The names of images
# description: >-
#   Takes `registry.example.com:5000/team/app:1.2@sha256:…` apart as container runtimes do, and compares versions in tags.
package lib.image

# The images of the object: {name, path, label}, one for each container whose image is a text that is not empty.
named(containers) := [{"name": name, "path": array.concat(container.path, ["image"]), "label": container.label} |
	some container in containers
	name := object.get(container.spec, "image", "")
	is_string(name)
	name != ""
]

# Without the digest.
undigested(image) := split(image, "@")[0]

digested(image) if contains(image, "@")

# "" where there is none. The tag stands after the last colon of the last part; a colon before that belongs to a registry's port.
tag(image) := array.concat(pieces(image), [""])[1]

# `nginx` for `nginx:1.27` and for `docker.io/library/nginx@sha256:…`.
base(image) := pieces(image)[0]

pieces(image) := split(last, ":") if {
	parts := split(undigested(image), "/")
	last := parts[count(parts) - 1]
}

# With the registry that runtimes add: `docker.io/library/nginx:1.27` for `nginx:1.27`.
full(image) := image if {
	registry_given(image)
} else := concat("", ["docker.io/", image]) if {
	contains(image, "/")
} else := concat("", ["docker.io/library/", image])

# The first part is a registry where it looks like a host.
registry_given(image) if {
	parts := split(image, "/")
	count(parts) > 1
	regex.match(`[.:]|^localhost$`, parts[0])
}

# True where the image lies in a registry or below a path of one, however both are written. `ghcr.io/team` covers `ghcr.io/team/app`
# and not `ghcr.io/team-b/app`.
within(image, place) if {
	trimmed := trim_suffix(place, "/")
	some name in [image, full(image)]
	startswith(name, trimmed)
	substring(name, count(trimmed), 1) in {"", "/", ":", "@"}
}

# [major, minor, patch] of a tag like v1.2.3 or 1.2.3-alpine; undefined for another one.
version(image) := [to_number(part) | some part in parts] if {
	found := regex.find_n(`^v?[0-9]+\.[0-9]+\.[0-9]+`, tag(image), 1)
	count(found) == 1
	parts := split(trim_prefix(found[0], "v"), ".")
}
