//! `derivePassword`: the Master Password algorithm, which makes the same password from the same words everywhere.

use hmac::{Hmac, KeyInit, Mac};
use scrypt::Params;
use sha2::Sha256;

const SEED: &[u8] = b"com.lyndir.masterpassword";

/// The shapes of passwords by kind; each letter names a set of characters.
const SHAPES: &[(&str, &[&str])] = &[
    ("maximum", &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"]),
    (
        "long",
        &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
    ),
    ("medium", &["CvcnoCvc", "CvcCvcno"]),
    ("short", &["Cvcn"]),
    ("basic", &["aaanaaan", "aannaaan", "aaannaaa"]),
    ("pin", &["nnnn"]),
];

fn characters(class: char) -> &'static [u8] {
    match class {
        'V' => b"AEIOU",
        'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        'v' => b"aeiou",
        'c' => b"bcdfghjklmnpqrstvwxyz",
        'A' => b"AEIOUBCDFGHJKLMNPQRSTVWXYZ",
        'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        'n' => b"0123456789",
        'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

/// The password, or a message in its place where the kind is unknown, as Sprig gives it.
pub(super) fn derive(
    counter: u32,
    kind: &str,
    password: &[u8],
    user: &[u8],
    site: &[u8],
) -> String {
    let Some((_, shapes)) = SHAPES.iter().find(|(name, _)| *name == kind) else {
        return format!("cannot find password template {kind}");
    };
    let salt = [SEED, &(user.len() as u32).to_be_bytes(), user].concat();
    let key = key_of(password, &salt);
    let message = [
        SEED,
        &(site.len() as u32).to_be_bytes(),
        site,
        &counter.to_be_bytes(),
    ]
    .concat();
    let seed = hmac(&key, &message);
    let pick = |set: usize, byte: usize| usize::from(seed.get(byte).copied().unwrap_or(0)) % set;
    let shape = shapes
        .get(pick(shapes.len(), 0))
        .copied()
        .unwrap_or_default();
    shape
        .chars()
        .enumerate()
        .filter_map(|(place, class)| {
            let set = characters(class);
            set.get(pick(set.len(), place + 1)).copied().map(char::from)
        })
        .collect()
}

/// The key of a user, at the cost that the algorithm fixes: 2 to the 15 rounds of 8 blocks, twice.
fn key_of(password: &[u8], salt: &[u8]) -> [u8; 64] {
    let mut key = [0; 64];
    let cost = Params::new(15, 8, 2).expect("because these are within scrypt's bounds");
    scrypt::scrypt(password, salt, &cost, &mut key).expect("because scrypt makes 64 bytes");
    key
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("because a key may have any length");
    mac.chain_update(message).finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_those_of_helm() {
        let password = derive(1, "long", b"password", b"user", b"example.com");
        assert_eq!(password, "ZedaFaxcZaso9*");
        assert_eq!(
            derive(1, "x", b"", b"", b""),
            "cannot find password template x"
        );
    }
}
