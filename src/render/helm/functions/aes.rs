//! `encryptAES` and `decryptAES`: AES-256 in cipher block chaining, the password itself as the key.
//!
//! A text that Helm cannot decrypt makes Go's runtime fail, and its words are the error.

use aes::Aes256;
use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};

/// Bytes of a block, and of the initialization vector before the first one.
const BLOCK: usize = 16;

/// The password cut or filled with zeros.
fn cipher(password: &[u8]) -> Aes256 {
    let mut key = [0; 32];
    for (to, from) in key.iter_mut().zip(password) {
        *to = *from;
    }
    Aes256::new(&key.into())
}

fn mix(block: &mut [u8; BLOCK], other: &[u8]) {
    for (byte, other) in block.iter_mut().zip(other) {
        *byte ^= other;
    }
}

/// The vector, then the padded text; nothing for an empty text.
pub(super) fn encrypt(password: &[u8], plain: &[u8], vector: &[u8]) -> Vec<u8> {
    if plain.is_empty() {
        return Vec::new();
    }
    let cipher = cipher(password);
    let padding = BLOCK - plain.len() % BLOCK;
    let padded = [plain, &vec![padding as u8; padding]].concat();
    let mut out = vector.to_vec();
    let mut last = vector.to_vec();
    for chunk in padded.chunks_exact(BLOCK) {
        let mut block = [0; BLOCK];
        mix(&mut block, chunk);
        mix(&mut block, &last);
        let mut sealed = Array::from(block);
        cipher.encrypt_block(&mut sealed);
        out.extend_from_slice(&sealed);
        last = sealed.to_vec();
    }
    out
}

/// The text in what [`encrypt`] made; nothing for nothing.
pub(super) fn decrypt(password: &[u8], sealed: &[u8]) -> Result<Vec<u8>, String> {
    if sealed.is_empty() {
        return Ok(Vec::new());
    }
    let Some((vector, rest)) = sealed.split_at_checked(BLOCK) else {
        let capacity = sealed.len();
        return Err(format!(
            "runtime error: slice bounds out of range [:{BLOCK}] with capacity {capacity}"
        ));
    };
    if rest.len() % BLOCK != 0 {
        return Err("crypto/cipher: input not full blocks".to_owned());
    }
    let cipher = cipher(password);
    let mut out = Vec::with_capacity(rest.len());
    let mut last = vector;
    for chunk in rest.chunks_exact(BLOCK) {
        let mut block = [0; BLOCK];
        mix(&mut block, chunk);
        let mut opened = Array::from(block);
        cipher.decrypt_block(&mut opened);
        let mut plain: [u8; BLOCK] = opened.into();
        mix(&mut plain, last);
        out.extend_from_slice(&plain);
        last = chunk;
    }
    let Some(&padding) = out.last() else {
        return Err("runtime error: index out of range [-1]".to_owned());
    };
    match out.len().checked_sub(usize::from(padding)) {
        Some(length) => out.truncate(length),
        None => {
            let wrong = out.len() as i64 - i64::from(padding);
            return Err(format!(
                "runtime error: slice bounds out of range [:{wrong}]"
            ));
        }
    }
    Ok(out)
}
