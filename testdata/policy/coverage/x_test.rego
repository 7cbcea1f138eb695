package x_test

import data.x

test_allow if {
	x.allow with input as {
		"user": "a",
		"roles": ["A"],
		"r": "a",
	}
}

test_not if not x.allow with input as {}

test_deny if {
	count(x.deny) == 1 with input as {"kind": "Pod", "name": "a"}
}

test_f if {
	x.f(1) == 1
	x.f(3) == 3
	x.h.a == 1
}

test_p if x.p with input.ys as [1, 2]

todo_test_x if { false }

test_bad if {
	x.never
	true
}
