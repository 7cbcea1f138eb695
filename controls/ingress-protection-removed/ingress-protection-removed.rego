# METADATA
# title: What guards an Ingress stays
# description: Authentication, allowed addresses, filters and the redirect to HTTPS are annotations of an Ingress; without them it serves everybody, or in plain text.
# scope: package
# custom:
#   id: PL-0016
#   severity: high
#   since: 0.1.0
#   fix: unsafe
#   kinds: [Ingress.networking.k8s.io]
#   reads: [before]
package plimsoll.ingress_protection_removed

import data.lib.change
import data.lib.network

# Annotations that guard as long as they are there.
guards := {
	"alb.ingress.kubernetes.io/auth-type": "nobody has to log in",
	"alb.ingress.kubernetes.io/ssl-redirect": "visitors of plain HTTP are no longer sent to HTTPS",
	"alb.ingress.kubernetes.io/wafv2-acl-arn": "requests are no longer filtered",
	"haproxy-ingress.github.io/auth-secret": "nobody has to log in",
	"haproxy-ingress.github.io/auth-tls-secret": "visitors no longer need a certificate",
	"haproxy-ingress.github.io/auth-url": "nobody has to log in",
	"konghq.com/plugins": "the plugins that guarded it are off",
	"nginx.ingress.kubernetes.io/auth-secret": "nobody has to log in",
	"nginx.ingress.kubernetes.io/auth-tls-secret": "visitors no longer need a certificate",
	"nginx.ingress.kubernetes.io/auth-type": "nobody has to log in",
	"nginx.ingress.kubernetes.io/auth-url": "nobody has to log in",
	"nginx.org/basic-auth-secret": "nobody has to log in",
	"nginx.org/jwt-key": "nobody needs a token",
	"traefik.ingress.kubernetes.io/router.middlewares": "the middlewares that guarded it are off",
}

# Annotations of addresses that may come in, with another name of the same one.
ranges := {
	"alb.ingress.kubernetes.io/inbound-cidrs": "",
	"haproxy-ingress.github.io/allowlist-source-range": "haproxy-ingress.github.io/whitelist-source-range",
	"haproxy-ingress.github.io/whitelist-source-range": "haproxy-ingress.github.io/allowlist-source-range",
	"nginx.ingress.kubernetes.io/allowlist-source-range": "nginx.ingress.kubernetes.io/whitelist-source-range",
	"nginx.ingress.kubernetes.io/whitelist-source-range": "nginx.ingress.kubernetes.io/allowlist-source-range",
}

# Switches, with the value that guards, whether they have it where they are absent, and what is lost without it.
switches := {
	"haproxy-ingress.github.io/ssl-redirect": ["true", true, "visitors of plain HTTP are no longer sent to HTTPS"],
	"kubernetes.io/ingress.allow-http": ["false", false, "plain HTTP is served, too"],
	"nginx.ingress.kubernetes.io/enable-modsecurity": ["true", false, "requests are no longer filtered"],
	"nginx.ingress.kubernetes.io/enable-owasp-core-rules": ["true", false, "requests are no longer filtered by the common rules"],
	"nginx.ingress.kubernetes.io/force-ssl-redirect": ["true", false, "visitors of plain HTTP are no longer sent to HTTPS"],
	"nginx.ingress.kubernetes.io/ssl-redirect": ["true", true, "visitors of plain HTTP are no longer sent to HTTPS"],
	"alb.ingress.kubernetes.io/scheme": ["internal", true, "the load balancer has a public address"],
}

was(name) := change.text(change.annotations(input.before), name)

is(name) := change.text(change.annotations(input.resource), name)

deny contains violation if {
	some name, loss in guards
	was(name) != ""
	is(name) == ""
	violation := {
		"path": ["metadata", "annotations", name],
		"message": sprintf("`%s` goes: %s", [name, loss]),
		"fix": {"op": "set", "value": was(name)},
	}
}

deny contains violation if {
	some name, [guarding, present, loss] in switches
	guarded(was(name), guarding, present)
	value := is(name)
	not guarded(value, guarding, present)
	violation := {
		"path": ["metadata", "annotations", name],
		"message": sprintf("`%s` goes from %s to %s: %s", [name, change.shown(was(name)), change.shown(is(name)), loss]),
		"fix": change.restore(was(name)),
	}
}

deny contains violation if {
	some name, other in ranges
	old := listed(was(name))
	count(old) > 0
	new := array.concat(listed(is(name)), listed(is(other)))
	message := wider(new, old)
	violation := {
		"path": ["metadata", "annotations", name],
		"message": message,
		"fix": {"op": "set", "value": was(name)},
	}
}

guarded(value, guarding, _) if value == guarding

guarded("", _, true) := true

listed(text) := [trim_space(range) |
	some range in split(text, ",")
	trim_space(range) != ""
]

wider(new, old) := sprintf("only %s could come in, and now everybody can", [change.words(old)]) if {
	count(new) == 0
} else := sprintf("%s may now come in, too", [change.words(added)]) if {
	added := [range |
		some range in new
		not network.within(range, old)
	]
	count(added) > 0
}
