# METADATA
# title: Charts are deployed in a version that was chosen
# description: A range of versions deploys what its authors published last, without a change that anybody could review.
# scope: package
# custom:
#   id: PL-0037
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [Application.argoproj.io, HelmRelease.helm.toolkit.fluxcd.io, OCIRepository.source.toolkit.fluxcd.io]
package plimsoll.source_not_pinned

import data.lib.workload

spec := workload.map(input.resource, "spec")

sources := array.concat([{"path": ["spec", "source"], "source": spec.source} | is_object(spec.source)], [{"path": ["spec", "sources", index], "source": source} |
	some index, source in workload.list(spec, "sources")
])

# Branches of Git are how GitOps works; a chart of a repository of charts has versions.
deny contains violation if {
	input.resource.kind == "Application"
	some entry in sources
	is_string(entry.source.chart)
	version := workload.text(object.get(entry.source, "targetRevision", ""), "")
	floating(version)
	violation := {
		"path": array.concat(entry.path, ["targetRevision"]),
		"message": sprintf("the chart `%s` is deployed in whatever version %s", [entry.source.chart, matching(version)]),
	}
}

deny contains violation if {
	input.resource.kind == "HelmRelease"
	chart := workload.map(workload.map(spec, "chart"), "spec")
	source := workload.map(chart, "sourceRef")
	source.kind == "HelmRepository"
	version := workload.text(object.get(chart, "version", ""), "")
	ranging(version)
	violation := {
		"path": ["spec", "chart", "spec", "version"],
		"message": sprintf("the chart `%v` is deployed in whatever version %s", [object.get(chart, "chart", "?"), matching(version)]),
	}
}

deny contains violation if {
	input.resource.kind == "OCIRepository"
	reference := workload.map(spec, "ref")
	object.get(reference, "digest", "") == ""
	version := workload.text(object.get(reference, "semver", ""), workload.text(object.get(reference, "tag", ""), ""))
	moving(reference, version)
	violation := {
		"path": ["spec", "ref"],
		"message": sprintf("the artifact is deployed in whatever version %s", [matching(version)]),
	}
}

# What names no single version.
floating(version) if {
	regex.match(`^ *$|[*^~<>|]|(^|\.)x($|\.)|^(HEAD|latest)$| - `, version)
}

# A tag is one name, whatever its numbers; `semver` takes what Helm takes.
moving(_, version) if floating(version)

moving(reference, version) if {
	version == object.get(reference, "semver", "")
	ranging(version)
}

# To Helm a version of fewer than three numbers is a range.
ranging(version) if floating(version)

ranging(version) if regex.match(`^ *=? *v?[0-9]+(\.[0-9]+)? *$`, version)

matching("") := "is the newest"

matching(version) := sprintf("`%s` matches", [version]) if version != ""
