//! Hashes and encodings. All of them mix: the result comes from everything that went in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::random::Stream;
use super::{aes, mixed, password};
use crate::render::helm::function::Type::{String as Str, Uint32};
use crate::render::helm::function::{FunctionError, Signature, int, text};

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

pub(super) const TABLE: &[Signature] = &[
    Signature::new("sha1sum", &[Str], |c, a| {
        let sum = hex(&Sha1::digest(text(a, 0).as_bytes()));
        mixed(c, a, sum)
    }),
    Signature::new("sha256sum", &[Str], |c, a| {
        c.spend(text(a, 0).len() / 64)?;
        let sum = hex(&Sha256::digest(text(a, 0).as_bytes()));
        mixed(c, a, sum)
    }),
    Signature::new("sha512sum", &[Str], |c, a| {
        let sum = hex(&Sha512::digest(text(a, 0).as_bytes()));
        mixed(c, a, sum)
    }),
    Signature::new("adler32sum", &[Str], |c, a| {
        let sum = adler32(text(a, 0).as_bytes()).to_string();
        mixed(c, a, sum)
    }),
    Signature::new("b64enc", &[Str], |c, a| {
        let encoded = STANDARD.encode(text(a, 0).as_bytes());
        mixed(c, a, encoded)
    }),
    Signature::new("b64dec", &[Str], |c, a| {
        let decoded = base64_decode(text(a, 0).as_bytes())
            .unwrap_or_else(|at| format!("illegal base64 data at input byte {at}").into_bytes());
        mixed(c, a, decoded)
    }),
    Signature::new("b32enc", &[Str], |c, a| {
        let encoded = base32_encode(text(a, 0).as_bytes());
        mixed(c, a, encoded)
    }),
    Signature::new("b32dec", &[Str], |c, a| {
        let decoded = base32_decode(text(a, 0).as_bytes())
            .unwrap_or_else(|at| format!("illegal base32 data at input byte {at}").into_bytes());
        mixed(c, a, decoded)
    }),
    Signature::new("derivePassword", &[Uint32, Str, Str, Str, Str], |c, a| {
        // Each password costs as much as a large chart.
        c.spend(2_000_000)?;
        let derived = password::derive(
            int(a, 0) as u32,
            &text(a, 1).lossy(),
            text(a, 2).as_bytes(),
            text(a, 3).as_bytes(),
            text(a, 4).as_bytes(),
        );
        mixed(c, a, derived)
    }),
    // Helm's initialization vector is random; the seeded one keeps the length, and decryptAES reads it back.
    Signature::new("encryptAES", &[Str, Str], |c, a| {
        let mut stream = Stream::new(c.seed());
        let vector = [stream.next(), stream.next()]
            .map(u64::to_be_bytes)
            .concat();
        let encrypted = aes::encrypt(text(a, 0).as_bytes(), text(a, 1).as_bytes(), &vector);
        mixed(c, a, STANDARD.encode(encrypted))
    }),
    Signature::new("decryptAES", &[Str, Str], |c, a| {
        let crypt = base64_decode(text(a, 1).as_bytes())
            .map_err(|at| FunctionError::new(format!("illegal base64 data at input byte {at}")))?;
        let decrypted = aes::decrypt(text(a, 0).as_bytes(), &crypt).map_err(FunctionError::new)?;
        mixed(c, a, decrypted)
    }),
];

pub(in crate::render::helm) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn adler32(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (1u32, 0u32);
    for byte in bytes {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    b << 16 | a
}

/// The bytes, or where Go's decoder gives up. Line breaks are skipped; what is left over at the end is not checked.
fn base64_decode(text: &[u8]) -> Result<Vec<u8>, usize> {
    let value = |b: u8| match b {
        b'A'..=b'Z' => Some(u32::from(b - b'A')),
        b'a'..=b'z' => Some(u32::from(b - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(b - b'0') + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let mut out = Vec::new();
    let mut chars = text
        .iter()
        .enumerate()
        .filter(|(_, b)| !matches!(b, b'\n' | b'\r'));
    loop {
        let mut quantum = 0u32;
        let mut count = 0;
        while count < 4 {
            let Some((at, &b)) = chars.next() else {
                return if count == 0 {
                    Ok(out)
                } else {
                    Err(text.len() - count)
                };
            };
            if let Some(bits) = value(b) {
                quantum = quantum << 6 | bits;
                count += 1;
                continue;
            }
            if b != b'=' || count < 2 {
                return Err(at);
            }
            if count == 2 {
                match chars.next() {
                    None => return Err(text.len()),
                    Some((_, b'=')) => {}
                    Some((at, _)) => return Err(at),
                }
            }
            if let Some((at, _)) = chars.next() {
                return Err(at);
            }
            let bytes = (quantum << (6 * (4 - count))).to_be_bytes();
            out.extend(bytes.iter().skip(1).take(count - 1));
            return Ok(out);
        }
        out.extend(quantum.to_be_bytes().iter().skip(1));
    }
}

fn base32_encode(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(5) {
        let mut bits = 0u64;
        for index in 0..5 {
            bits = bits << 8 | u64::from(chunk.get(index).copied().unwrap_or(0));
        }
        let used = (chunk.len() * 8).div_ceil(5);
        for index in 0..8 {
            let digit = (bits >> (35 - 5 * index)) & 31;
            out.push(if index < used {
                BASE32.get(digit as usize).copied().map_or('=', char::from)
            } else {
                '='
            });
        }
    }
    out
}

fn base32_decode(text: &[u8]) -> Result<Vec<u8>, usize> {
    let text: Vec<u8> = text
        .iter()
        .copied()
        .filter(|b| !matches!(b, b'\n' | b'\r'))
        .collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let mut bits = 0u64;
        let mut count = 0;
        while count < 8 {
            match text.get(at + count) {
                None => return Err(at),
                Some(b'=') if count >= 2 => break,
                Some(b) => match BASE32.iter().position(|digit| digit == b) {
                    Some(digit) => bits = bits << 5 | digit as u64,
                    None => return Err(at + count),
                },
            }
            count += 1;
        }
        let padding = text.get(at + count..at + 8).ok_or(text.len())?;
        if let Some(wrong) = padding.iter().position(|b| *b != b'=') {
            return Err(at + count + wrong);
        }
        if matches!(count, 1 | 3 | 6) {
            return Err(at + count);
        }
        bits <<= 5 * (8 - count);
        out.extend(bits.to_be_bytes().iter().skip(3).take(count * 5 / 8));
        if count < 8 {
            return if at + 8 == text.len() {
                Ok(out)
            } else {
                Err(at + 8)
            };
        }
        at += 8;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoders_stop_where_go_stops() {
        for (text, expected) in [
            ("aGVsbG8=", Ok("hello")),
            ("aGVs\nbG8=", Ok("hello")),
            ("aGVsbG8", Err(4)),
            ("aGVs bG8=", Err(4)),
            ("!!", Err(0)),
            ("aA==", Ok("h")),
            ("aA=x", Err(3)),
            ("aA==x", Err(4)),
            ("", Ok("")),
        ] {
            let decoded = base64_decode(text.as_bytes());
            assert_eq!(decoded, expected.map(|t| t.as_bytes().to_vec()), "{text}");
        }
        assert_eq!(base32_encode(b"hello!"), "NBSWY3DPEE======");
        assert_eq!(base32_decode(b"NBSWY3DPEE======"), Ok(b"hello!".to_vec()));
        assert_eq!(base32_decode(b"abc"), Err(0));
        assert_eq!(adler32(b"foo"), 42_074_437);
    }
}
