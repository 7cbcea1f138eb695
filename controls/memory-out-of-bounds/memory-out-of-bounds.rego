# METADATA
# title: What containers may take of memory stays within bounds
# description: Bounds on memory keep one workload from taking a node, and from being given too little to work.
# scope: package
# custom:
#   id: C-0004
#   also: [C-0303]
#   severity: medium
#   since: 0.1.0
#   fix: never
#   kinds: [pods]
#   config:
#     limit-max: { default: "", about: "The most that a limit may be, such as `4Gi`; nothing is asked where it is empty." }
#     limit-min: { default: "", about: "The least that a limit may be, such as `4Gi`; nothing is asked where it is empty." }
#     request-max: { default: "", about: "The most that a request may be, such as `4Gi`; nothing is asked where it is empty." }
#     request-min: { default: "", about: "The least that a request may be, such as `4Gi`; nothing is asked where it is empty." }
package plimsoll.memory_out_of_bounds

import data.lib.resources

# Without bounds nothing is reported.
deny contains violation if some violation in resources.outside_bounds("memory")
