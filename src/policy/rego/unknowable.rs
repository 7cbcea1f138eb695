//! What a policy may not ask for: what is not in the repository while a change is checked, and what no one has written yet.

use super::parse::Refused;

/// Functions whose answers nobody can know from the repository, and those that no one has written yet.
const REFUSED: [(&str, &str); 25] = [
    ("http.send", "reaches the network"),
    ("net.lookup_ip_addr", "reaches the network"),
    ("opa.runtime", "asks how OPA was started"),
    ("rand.intn", "is not the same twice"),
    ("uuid.rfc4122", "is not the same twice"),
    (
        "time.now_ns",
        "asks a clock, so that the same change would be judged differently tomorrow",
    ),
    ("providers.aws.sign_req", "is for reaching the network"),
    ("rego.metadata.rule", "is not supported"),
    ("rego.metadata.chain", "is not supported"),
    ("rego.parse_module", "is not supported"),
    ("strings.render_template", "is not supported"),
    ("crypto.md5", "is not supported"),
    ("crypto.hmac.md5", "is not supported"),
    ("crypto.parse_private_keys", "is not supported"),
    ("crypto.x509.parse_certificates", "is not supported"),
    ("crypto.x509.parse_certificate_request", "is not supported"),
    (
        "crypto.x509.parse_and_verify_certificates",
        "is not supported",
    ),
    ("crypto.x509.parse_rsa_private_key", "is not supported"),
    ("crypto.x509.parse_keypair", "is not supported"),
    ("io.jwt.verify_rs256", "is not supported"),
    ("io.jwt.verify_hs256", "is not supported"),
    ("io.jwt.decode_verify", "is not supported"),
    ("io.jwt.encode_sign", "is not supported"),
    ("graphql.parse", "is not supported"),
    (
        "graph.reachable_paths",
        "can find more paths than there is time for",
    ),
];

/// Why a function is refused at a line.
pub(super) fn refused(function: &str, line: u32) -> Option<Refused> {
    let (name, why) = REFUSED.iter().find(|(name, _)| *name == function)?;
    Some(Refused {
        line: line as usize,
        why: format!("`{name}` {why}"),
    })
}
