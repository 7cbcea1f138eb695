//! `derivePassword`: the Master Password algorithm, which makes the same password from the same words everywhere.
//!
//! It rests on scrypt, written out here because nothing else needs it.

use sha2::{Digest, Sha256};

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
    let key = scrypt(password, &salt);
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

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0u8; 64];
    let short = if key.len() > 64 {
        Sha256::digest(key).to_vec()
    } else {
        key.to_vec()
    };
    for (to, from) in block.iter_mut().zip(short) {
        *to = from;
    }
    let inner = Sha256::new()
        .chain_update(block.map(|b| b ^ 0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(block.map(|b| b ^ 0x5C))
        .chain_update(inner)
        .finalize()
        .into()
}

/// PBKDF2 with one round.
fn stretch(password: &[u8], salt: &[u8], length: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(length + 32);
    let mut block = 1u32;
    while out.len() < length {
        let message = [salt, &block.to_be_bytes()].concat();
        out.extend(hmac(password, &message));
        block += 1;
    }
    out.truncate(length);
    out
}

/// The cost parameters that the algorithm fixes.
const ROUNDS: usize = 32_768;
const BLOCKS: usize = 8;
const LANES: usize = 2;
/// Words of 32 bits in one lane.
const WORDS: usize = 32 * BLOCKS;

fn scrypt(password: &[u8], salt: &[u8]) -> Vec<u8> {
    let mut bytes = stretch(password, salt, WORDS * 4 * LANES);
    for lane in bytes.chunks_exact_mut(WORDS * 4) {
        let mut words: Vec<u32> = lane
            .chunks_exact(4)
            .map(|word| word.iter().rev().fold(0, |sum, b| sum << 8 | u32::from(*b)))
            .collect();
        mix(&mut words);
        for (to, word) in lane.chunks_exact_mut(4).zip(&words) {
            to.copy_from_slice(&word.to_le_bytes());
        }
    }
    stretch(password, &bytes, 64)
}

fn mix(words: &mut Vec<u32>) {
    let mut table: Vec<u32> = Vec::with_capacity(WORDS * ROUNDS);
    for _ in 0..ROUNDS {
        table.extend_from_slice(words);
        *words = mix_block(words);
    }
    for _ in 0..ROUNDS {
        let last = words.get(WORDS - 16).copied().unwrap_or(0);
        let row = last as usize % ROUNDS;
        let row = table
            .get(row * WORDS..(row + 1) * WORDS)
            .unwrap_or_default();
        for (word, other) in words.iter_mut().zip(row) {
            *word ^= other;
        }
        *words = mix_block(words);
    }
}

fn mix_block(words: &[u32]) -> Vec<u32> {
    let mut state = [0u32; 16];
    if let Some(last) = words.get(WORDS - 16..) {
        state.copy_from_slice(last);
    }
    let mut halves = [Vec::with_capacity(WORDS), Vec::with_capacity(WORDS / 2)];
    for (index, block) in words.chunks_exact(16).enumerate() {
        for (word, other) in state.iter_mut().zip(block) {
            *word ^= other;
        }
        salsa(&mut state);
        if let Some(half) = halves.get_mut(index % 2) {
            half.extend_from_slice(&state);
        }
    }
    let [mut even, odd] = halves;
    even.extend(odd);
    even
}

/// Salsa20 with eight rounds.
#[expect(
    clippy::indexing_slicing,
    reason = "the indices are constants below 16"
)]
fn salsa(state: &mut [u32; 16]) {
    const QUARTERS: [[usize; 4]; 8] = [
        [0, 4, 8, 12],
        [5, 9, 13, 1],
        [10, 14, 2, 6],
        [15, 3, 7, 11],
        [0, 1, 2, 3],
        [5, 6, 7, 4],
        [10, 11, 8, 9],
        [15, 12, 13, 14],
    ];
    let mut x = *state;
    for _ in 0..4 {
        for [a, b, c, d] in QUARTERS {
            x[b] ^= x[a].wrapping_add(x[d]).rotate_left(7);
            x[c] ^= x[b].wrapping_add(x[a]).rotate_left(9);
            x[d] ^= x[c].wrapping_add(x[b]).rotate_left(13);
            x[a] ^= x[d].wrapping_add(x[c]).rotate_left(18);
        }
    }
    for (word, mixed) in state.iter_mut().zip(x) {
        *word = word.wrapping_add(mixed);
    }
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
