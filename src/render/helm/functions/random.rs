//! What is random in Helm is repeatable here: the same call in the same template of the same release gives the same value.
//!
//! Values have the shape of the real ones (length, alphabet, PEM armour), so that what is built from them is valid where
//! shape is all that counts. Keys and certificates are placeholders: armoured text that says what it is. Nothing here may
//! ever be used as a secret, and nothing here is: rendering is for review.

use std::any::Any as StdAny;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Result, fail};
use crate::render::helm::function::Type::{Int, List as ListOf, Object as ObjectOf, String as Str};
use crate::render::helm::function::{Context, FunctionError, Signature, int, text};
use crate::render::helm::string::Text;
use crate::render::helm::value::{Object, Value};

const CERTIFICATE: &str = "sprig.certificate";

/// Longer random texts are refused.
const MAX_LENGTH: i64 = 1 << 20;

pub(super) const TABLE: &[Signature] = &[
    Signature::new("randAlphaNum", &[Int], |c, a| {
        letters(c, a, |b| b.is_ascii_alphanumeric())
    }),
    Signature::new("randAlpha", &[Int], |c, a| {
        letters(c, a, |b| b.is_ascii_alphabetic())
    }),
    Signature::new("randNumeric", &[Int], |c, a| {
        letters(c, a, |b| b.is_ascii_digit())
    }),
    Signature::new("randAscii", &[Int], |c, a| {
        letters(c, a, |b| (32..127).contains(&b))
    }),
    Signature::new("randBytes", &[Int], |c, a| {
        let count = length(a)?;
        let mut stream = Stream::new(c.seed());
        let bytes: Vec<u8> = (0..count).map(|_| stream.next() as u8).collect();
        made(c, STANDARD.encode(bytes))
    }),
    Signature::new("randInt", &[Int, Int], |c, a| {
        let (low, high) = (int(a, 0), int(a, 1));
        let Some(range) = high.checked_sub(low).filter(|range| *range > 0) else {
            return fail("invalid argument to Intn");
        };
        let number = low + (Stream::new(c.seed()).next() % range as u64) as i64;
        Ok(Value::int(number, c.call))
    }),
    Signature::new("shuffle", &[Str], |c, a| {
        let whole = text(a, 0);
        let mut chars: Vec<char> = whole.lossy().chars().collect();
        let mut stream = Stream::new(c.seed());
        for last in (1..chars.len()).rev() {
            let other = (stream.next() % (last as u64 + 1)) as usize;
            chars.swap(last, other);
        }
        super::mixed(c, a, chars.into_iter().collect::<String>())
    }),
    Signature::new("uuidv4", &[], |c, _| {
        let mut stream = Stream::new(c.seed());
        let (high, low) = (stream.next(), stream.next());
        let high = high & !0xF000 | 0x4000;
        let low = low & !(0b11 << 62) | 0b10 << 62;
        let digits = format!("{high:016x}{low:016x}");
        let parts =
            [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| digits.get(part).unwrap_or(""));
        made(c, parts.join("-"))
    }),
    Signature::new("genPrivateKey", &[Str], |c, a| {
        let kind = text(a, 0);
        let label = match &*kind.lossy() {
            "" | "rsa" => "RSA PRIVATE KEY",
            "dsa" => "DSA PRIVATE KEY",
            "ecdsa" => "EC PRIVATE KEY",
            "ed25519" => "PRIVATE KEY",
            other => return super::mixed(c, a, format!("Unknown type {other}")),
        };
        let mut stream = Stream::new(c.seed());
        let key = armoured(label, &mut stream, 4);
        made(c, key)
    }),
    Signature::new("genCA", &[Str, Int], |c, a| certificate(c, a, false)),
    Signature::new("genCAWithKey", &[Str, Int, Str], |c, a| {
        certificate_with(c, a, 2)
    }),
    Signature::new("genSelfSignedCert", &[Str, ListOf, ListOf, Int], |c, a| {
        certificate(c, a, false)
    }),
    Signature::new(
        "genSelfSignedCertWithKey",
        &[Str, ListOf, ListOf, Int, Str],
        |c, a| certificate_with(c, a, 4),
    ),
    Signature::new(
        "genSignedCert",
        &[Str, ListOf, ListOf, Int, ObjectOf(CERTIFICATE)],
        |c, a| certificate(c, a, true),
    ),
    Signature::new(
        "genSignedCertWithKey",
        &[Str, ListOf, ListOf, Int, ObjectOf(CERTIFICATE), Str],
        |c, a| certificate_with(c, a, 5),
    ),
    Signature::new("buildCustomCert", &[Str, Str], |c, a| {
        let decode = |index: usize, what: &str| {
            STANDARD
                .decode(text(a, index).as_bytes())
                .map_err(|_| FunctionError::new(format!("unable to decode base64 {what}")))
        };
        let (certificate, key) = (decode(0, "certificate")?, decode(1, "private key")?);
        if !certificate.starts_with(b"-----BEGIN ") {
            return fail("unable to decode certificate");
        }
        if !key.starts_with(b"-----BEGIN ") {
            return fail("unable to decode private key");
        }
        let certificate = Text::new(certificate, text(a, 0).origin(c.origins));
        let key = Text::new(key, text(a, 1).origin(c.origins));
        let origin = c.union(a);
        Ok(Value::object(Certificate { certificate, key }, origin))
    }),
    // A placeholder as long as the real text: a block for the vector, then the padded text.
    Signature::new("encryptAES", &[Str, Str], |c, a| {
        let blocks = 2 + text(a, 1).len() / 16;
        let mut stream = Stream::new(c.seed());
        let bytes: Vec<u8> = (0..blocks * 16).map(|_| stream.next() as u8).collect();
        super::mixed(c, a, STANDARD.encode(bytes))
    }),
    Signature::new("bcrypt", &[Str], |c, a| {
        let hash = bcrypt_shape(c);
        super::mixed(c, a, hash)
    }),
    Signature::new("htpasswd", &[Str, Str], |c, a| {
        let user = text(a, 0);
        let user = user.lossy();
        if user.contains(':') {
            return super::mixed(c, a, format!("invalid username: {user}"));
        }
        let hash = bcrypt_shape(c);
        super::mixed(c, a, format!("{user}:{hash}"))
    }),
];

/// A text that the call itself made.
fn made(context: &mut Context<'_>, text: String) -> Result {
    context.spend_bytes(text.len())?;
    Ok(Value::string(text, context.call))
}

/// Numbers that look random and depend on the seed alone (SplitMix64).
pub(super) struct Stream(u64);

impl Stream {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }
}

fn length(arguments: &[Value]) -> std::result::Result<i64, FunctionError> {
    match int(arguments, 0) {
        count if count > MAX_LENGTH => {
            fail(format!("{count} random characters are above the limit"))
        }
        count if count < 0 => fail("runtime error: makeslice: len out of range"),
        count => Ok(count),
    }
}

fn letters(context: &mut Context<'_>, arguments: &[Value], belongs: fn(u8) -> bool) -> Result {
    // The library gives nothing for a negative length and swallows the error.
    let count = if int(arguments, 0) < 0 {
        0
    } else {
        length(arguments)?
    };
    let alphabet: Vec<char> = (0..128u8).filter(|b| belongs(*b)).map(char::from).collect();
    let mut stream = Stream::new(context.seed());
    let text: String = (0..count)
        .filter_map(|_| {
            alphabet
                .get((stream.next() % alphabet.len() as u64) as usize)
                .copied()
        })
        .collect();
    context.spend(text.len())?;
    made(context, text)
}

/// PEM armour around words that say what this is, and lines that depend on the seed.
fn armoured(label: &str, stream: &mut Stream, lines: usize) -> String {
    let mut body = b"Plimsoll placeholder: this is not a key and not a certificate. ".to_vec();
    while body.len() < lines * 48 {
        body.extend_from_slice(&stream.next().to_le_bytes());
    }
    body.truncate(lines * 48);
    let encoded = STANDARD.encode(body);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

fn certificate(context: &mut Context<'_>, arguments: &[Value], signed: bool) -> Result {
    check_certificate(arguments, signed.then_some(4))?;
    let mut stream = Stream::new(context.seed());
    let call = context.call;
    let certificate = armoured("CERTIFICATE", &mut stream, 6);
    let key = armoured("RSA PRIVATE KEY", &mut stream, 6);
    let origin = context.union(arguments);
    context.spend_bytes(certificate.len() + key.len())?;
    Ok(Value::object(
        Certificate {
            certificate: Text::new(certificate, call),
            key: Text::new(key, call),
        },
        origin,
    ))
}

/// As [`certificate`], with the key of the argument at `index`.
fn certificate_with(context: &mut Context<'_>, arguments: &[Value], index: usize) -> Result {
    check_certificate(arguments, (index == 5).then_some(4))?;
    let mut stream = Stream::new(context.seed());
    let certificate = Text::new(armoured("CERTIFICATE", &mut stream, 6), context.call);
    let key = text(arguments, index);
    if !key.as_bytes().starts_with(b"-----BEGIN ") {
        return fail("parsing private key: no PEM data in input");
    }
    let origin = context.union(arguments);
    Ok(Value::object(Certificate { certificate, key }, origin))
}

/// What the library checks before it makes a certificate: addresses, names, the authority's certificate.
fn check_certificate(
    arguments: &[Value],
    authority: Option<usize>,
) -> std::result::Result<(), FunctionError> {
    if let Some(list) = arguments.get(1).and_then(Value::as_list) {
        for address in list.iter() {
            let Some(address) = address.as_text() else {
                return fail(format!(
                    "error parsing ip: {} is not a string",
                    address.kind()
                ));
            };
            if address.lossy().parse::<std::net::IpAddr>().is_err() {
                return fail(format!("error parsing ip: {}", address.lossy()));
            }
        }
    }
    if let Some(list) = arguments.get(2).and_then(Value::as_list) {
        for name in list.iter() {
            if name.as_text().is_none() {
                return fail(format!(
                    "error processing alternate dns name: {} is not a string",
                    name.kind()
                ));
            }
        }
    }
    if let Some(index) = authority {
        let given = arguments
            .get(index)
            .and_then(Value::as_object::<Certificate>);
        if given.is_none_or(|given| given.certificate.is_empty()) {
            return fail("unable to decode certificate");
        }
    }
    Ok(())
}

/// The shape of a bcrypt hash of cost 10.
fn bcrypt_shape(context: &mut Context<'_>) -> String {
    const ALPHABET: &[u8] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut stream = Stream::new(context.seed());
    let body: String = (0..53)
        .filter_map(|_| ALPHABET.get((stream.next() % 64) as usize))
        .map(|b| char::from(*b))
        .collect();
    format!("$2a$10${body}")
}

/// `sprig.certificate`: the armoured certificate and its key.
struct Certificate {
    certificate: Text,
    key: Text,
}

impl Object for Certificate {
    fn type_name(&self) -> &str {
        CERTIFICATE
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "Cert" => Some(self.certificate.clone().into()),
            "Key" => Some(self.key.clone().into()),
            _ => None,
        }
    }

    fn print(&self) -> String {
        format!("{{{} {}}}", self.certificate.lossy(), self.key.lossy())
    }

    fn entries(&self) -> Option<Vec<(std::rc::Rc<str>, Value)>> {
        Some(vec![
            ("Cert".into(), self.certificate.clone().into()),
            ("Key".into(), self.key.clone().into()),
        ])
    }

    fn as_any(&self) -> &dyn StdAny {
        self
    }
}
