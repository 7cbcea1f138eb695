# METADATA
# title: References of images, and which of two versions is older
# description: >-
#   Tags are texts. Only those that plainly are versions are compared, and only with each other: `1.27.3`, `v2.0.0-rc.1`,
#   `17.2-bookworm`, a date. Of two that cannot be compared, neither is older.
package lib.version

# The parts of a reference: {repository, tag, digest}, empty texts for what is absent. The tag stands after the last colon of
# the last part of the name; a colon before that belongs to the registry's port.
image(reference) := {"repository": repository, "tag": tag, "digest": digest} if {
	pinned := array.concat(split(reference, "@"), [""])
	digest := pinned[1]
	parts := split(pinned[0], "/")
	pieces := array.concat(split(parts[count(parts) - 1], ":"), [""])
	tag := pieces[1]
	repository := concat("/", array.concat(array.slice(parts, 0, count(parts) - 1), [pieces[0]]))
}

# A short number, or a date; then more numbers; then what tells variants and pre-releases apart.
pattern := `^v?([0-9]{1,4}|20[0-9]{6})((\.[0-9]{1,9})*)([-+_].*)?$`

# Words of versions that come before the one they are named after, in their order.
early := {"dev": 0, "snapshot": 0, "alpha": 1, "beta": 2, "pre": 3, "preview": 3, "rc": 4}

# The version that a tag names: {numbers, stage, step, variant}; undefined for other tags.
parsed(tag) := {"numbers": numbers, "stage": stage(rest), "step": step(rest), "variant": variant(rest)} if {
	is_string(tag)
	regex.match(pattern, tag)
	groups := regex.find_all_string_submatch_n(pattern, tag, 1)[0]
	numbers := [to_number(digits) |
		some digits in split(concat("", [groups[1], groups[2]]), ".")
	]
	rest := lower(groups[4])
}

stage_pattern := `^-(dev|snapshot|alpha|beta|pre|preview|rc)[.-]?([0-9]{0,6})$`

stage(rest) := early[regex.find_all_string_submatch_n(stage_pattern, rest, 1)[0][1]] if {
	regex.match(stage_pattern, rest)
} else := 5

step(rest) := to_number(digits) if {
	regex.match(stage_pattern, rest)
	digits := regex.find_all_string_submatch_n(stage_pattern, rest, 1)[0][2]
	digits != ""
} else := 0

variant(rest) := "" if {
	regex.match(stage_pattern, rest)
} else := rest

# True where the first version comes before the second one.
older(one, other) if {
	length := min({count(one.numbers), count(other.numbers)})
	array.slice(one.numbers, 0, length) < array.slice(other.numbers, 0, length)
}

older(one, other) if {
	one.numbers == other.numbers
	one.variant == other.variant
	[one.stage, one.step] < [other.stage, other.step]
}
