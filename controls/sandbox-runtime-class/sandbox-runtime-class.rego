# METADATA
# title: Sandboxes of agents run in a hardened runtime
# description: What an agent runs was written by nobody who is trusted; an ordinary container shares its node's kernel with it.
# scope: package
# custom:
#   id: C-0297
#   severity: high
#   since: 0.1.0
#   fix: never
#   kinds: [SandboxTemplate.extensions.agents.x-k8s.io]
#   config:
#     runtime-classes: { default: [gvisor], about: "The names of the runtime classes that keep a container from the kernel of its node." }
package plimsoll.sandbox_runtime_class

way := ["spec", "podTemplate", "spec", "runtimeClassName"]

deny contains violation if {
	class := object.get(input.resource, way, "")
	soft(class, input.config["runtime-classes"])
	violation := {
		"path": way,
		"message": sprintf("what agents run here shares the kernel of its node: the runtime class is %s", [words(class)]),
	}
}

soft(class, hardened) if not class in hardened

words("") := "not set"

words(class) := sprintf("`%v`, which is none of the hardened ones", [class]) if class != ""
