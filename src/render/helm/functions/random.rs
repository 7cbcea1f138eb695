//! What is random in Helm is repeatable here: the same call in the same template of the same release gives the same value.
//!
//! Values have the shape of the real ones (length, alphabet, PEM armour), so that what is built from them is valid where
//! shape is all that counts. Keys and certificates are placeholders: of the real length, armoured, a DER sequence that holds
//! words that say what it is. What is given as a key or certificate is looked at as far: its armour and its outermost
//! sequence, not the numbers inside. Nothing here may ever be used as a secret, and nothing here is: rendering is for review.

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
        let (label, bytes) = match &*kind.lossy() {
            "" | "rsa" => ("RSA PRIVATE KEY", 2349),
            "dsa" => ("DSA PRIVATE KEY", 861),
            "ecdsa" => ("EC PRIVATE KEY", 121),
            "ed25519" => ("PRIVATE KEY", 48),
            other => return super::mixed(c, a, format!("Unknown type {other}")),
        };
        let mut stream = Stream::new(c.seed());
        let key = armoured(label, &mut stream, bytes);
        made(c, key)
    }),
    Signature::new("genCA", &[Str, Int], |c, a| {
        made_certificate(c, a, AUTHORITY_BYTES)
    }),
    Signature::new("genCAWithKey", &[Str, Int, Str], |c, a| {
        certificate_with(c, a, 2, AUTHORITY_BYTES)
    }),
    Signature::new("genSelfSignedCert", &[Str, ListOf, ListOf, Int], |c, a| {
        check_names(a)?;
        made_certificate(c, a, CERTIFICATE_BYTES)
    }),
    Signature::new(
        "genSelfSignedCertWithKey",
        &[Str, ListOf, ListOf, Int, Str],
        |c, a| {
            check_key(&text(a, 4), "parsing private key")?;
            check_names(a)?;
            certificate_with(c, a, 4, CERTIFICATE_BYTES)
        },
    ),
    Signature::new(
        "genSignedCert",
        &[Str, ListOf, ListOf, Int, ObjectOf(CERTIFICATE)],
        |c, a| {
            check_authority(a)?;
            check_names(a)?;
            made_certificate(c, a, CERTIFICATE_BYTES)
        },
    ),
    Signature::new(
        "genSignedCertWithKey",
        &[Str, ListOf, ListOf, Int, ObjectOf(CERTIFICATE), Str],
        |c, a| {
            check_key(&text(a, 5), "parsing private key")?;
            check_authority(a)?;
            check_names(a)?;
            certificate_with(c, a, 5, CERTIFICATE_BYTES)
        },
    ),
    Signature::new("buildCustomCert", &[Str, Str], |c, a| {
        let decode = |index: usize, what: &str| {
            STANDARD
                .decode(text(a, index).as_bytes())
                .map_err(|_| FunctionError::new(format!("unable to decode base64 {what}")))
        };
        let (certificate, key) = (decode(0, "certificate")?, decode(1, "private key")?);
        let certificate = Text::new(certificate, text(a, 0).origin(c.origins));
        let key = Text::new(key, text(a, 1).origin(c.origins));
        check_encoded(&certificate, "decodedCert")?;
        check_key(&key, "error parsing private key")?;
        let origin = c.union(a);
        Ok(Value::object(Certificate { certificate, key }, origin))
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

/// Bytes of Helm's certificates of authorities, of others, and of the keys that it makes for them.
const AUTHORITY_BYTES: usize = 790;
const CERTIFICATE_BYTES: usize = 750;
const KEY_BYTES: usize = 1191;

/// PEM armour around a DER sequence of so many bytes, whose content says what this is and then depends on the seed.
fn armoured(label: &str, stream: &mut Stream, bytes: usize) -> String {
    let inside = bytes - if bytes > 255 { 4 } else { 2 };
    let mut body = match (inside, inside.to_be_bytes()) {
        (0..128, [.., low]) => vec![0x30, low],
        (_, [.., high, low]) => vec![0x30, 0x82, high, low],
    };
    body.extend_from_slice(b"Plimsoll placeholder ");
    while body.len() < bytes {
        body.extend_from_slice(&stream.next().to_le_bytes());
    }
    body.truncate(bytes);
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

fn made_certificate(context: &mut Context<'_>, arguments: &[Value], bytes: usize) -> Result {
    let mut stream = Stream::new(context.seed());
    let certificate = armoured("CERTIFICATE", &mut stream, bytes);
    let key = armoured("RSA PRIVATE KEY", &mut stream, KEY_BYTES);
    let call = context.call;
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

/// As [`made_certificate`], with the key of the argument at `index`.
fn certificate_with(
    context: &mut Context<'_>,
    arguments: &[Value],
    index: usize,
    bytes: usize,
) -> Result {
    let key = text(arguments, index);
    check_key(&key, "parsing private key")?;
    let mut stream = Stream::new(context.seed());
    let certificate = Text::new(armoured("CERTIFICATE", &mut stream, bytes), context.call);
    let origin = context.union(arguments);
    Ok(Value::object(Certificate { certificate, key }, origin))
}

type Checked = std::result::Result<(), FunctionError>;

/// The label and the bytes of the first armoured block in a text.
fn block(text: &Text) -> Option<(String, Vec<u8>)> {
    let whole = text.lossy();
    let (_, rest) = whole.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    let body: String = body.split_whitespace().collect();
    Some((label.to_owned(), STANDARD.decode(body).ok()?))
}

/// A certificate's armour, and that its bytes are one DER sequence.
fn check_encoded(certificate: &Text, what: &str) -> Checked {
    let Some((_, bytes)) = block(certificate) else {
        return fail("unable to decode certificate");
    };
    let length = match bytes.as_slice() {
        [0x30, 0x81, length, ..] => 3 + usize::from(*length),
        [0x30, 0x82, high, low, ..] => 4 + usize::from(u16::from_be_bytes([*high, *low])),
        [0x30, length @ 0..=127, ..] => 2 + usize::from(*length),
        _ => 0,
    };
    if length != bytes.len() || length == 0 {
        return fail(format!(
            "error parsing certificate: {what}.Bytes: x509: malformed certificate"
        ));
    }
    Ok(())
}

/// A key's armour.
fn check_key(key: &Text, words: &str) -> Checked {
    let why = match block(key).as_ref().map(|(label, _)| label.as_str()) {
        None => "no PEM data in input".to_owned(),
        Some("PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" | "DSA PRIVATE KEY") => {
            return Ok(());
        }
        Some(label) if label.ends_with(" PRIVATE KEY") => {
            format!("invalid private key type {label}")
        }
        Some(label) => format!("no private key data in PEM block of type {label}"),
    };
    fail(format!("{words}: {why}"))
}

/// The authority that signs, the argument at 4.
fn check_authority(arguments: &[Value]) -> Checked {
    let given = arguments.get(4).and_then(Value::as_object::<Certificate>);
    let Some(authority) = given else {
        return fail("unable to decode certificate");
    };
    check_encoded(&authority.certificate, "decodedSignerCert")?;
    check_key(&authority.key, "error parsing private key")
}

/// The addresses and names that a certificate is for, the arguments at 1 and 2.
fn check_names(arguments: &[Value]) -> Checked {
    let list = |index: usize| arguments.get(index).and_then(Value::as_list).cloned();
    for address in list(1).unwrap_or_default().iter() {
        let shown = crate::render::helm::format::plain(address);
        let shown = shown.lossy();
        if address.as_text().is_none() {
            return fail(format!("error parsing ip: {shown} is not a string"));
        }
        if shown.parse::<std::net::IpAddr>().is_err() {
            return fail(format!("error parsing ip: {shown}"));
        }
    }
    for name in list(2).unwrap_or_default().iter() {
        if name.as_text().is_none() {
            let shown = crate::render::helm::format::plain(name);
            return fail(format!(
                "error processing alternate dns name: {} is not a string",
                shown.lossy()
            ));
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
