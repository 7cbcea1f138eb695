# METADATA
# title: Ranges of addresses
# description: What several controls of exposure and of network policies ask.
package lib.network

# True where some range of the list holds the whole of another one.
within(range, list) if range in list

within(range, list) if {
	valid(range)
	some wider in list
	valid(wider)
	family(wider) == family(range)
	net.cidr_contains(wider, range)
}

valid(range) if {
	is_string(range)
	net.cidr_is_valid(range)
}

family(range) := contains(range, ":")
