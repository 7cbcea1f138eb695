package x

import data.lib

default allow := false

allow if {
	input.user == "a"
	some role in input.roles
	role == upper(
		lower(
			input.r),
	)
}

deny contains msg if {
	input.kind == "Pod"
	msg := sprintf("%s %s", [
		input.kind,
		input.name,
		concat("", ["a",
			upper("b")]),
	])
}

deny contains {
	"msg": msg,
	"x": [y |
		some y in input.ys
		y > 1
	],
} if {
	input.kind == "Other"
	msg := "x"
}

f(x) := 1 if {
	x == 1
} else := 2 if {
	x == 2
} else := 3

g(1)

g(2) if true

h := {"a": 1,
	"b": 2}

never if {
	every x in input.xs {
		x > 1
	}
	not input.foo
	some i
	input.xs[i] == 1
}

p if {
	x := {a |
		some a in input.ys
		a != 1
	}
	count(x) > 0
	not input.z.y ==
		upper("a")
}
