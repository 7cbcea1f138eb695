//! Built-in functions as OPA has them, where regorus has others or none.
//!
//! Go's regular expressions and formats come from the Helm renderer, which has to have them the same. A function that is given
//! what it cannot take is an error where the caller is strict, and else undefined, as in OPA.

use std::collections::BTreeMap;
use std::net::IpAddr;

use base64::Engine as _;
use regex::Regex;
use regorus::Value;
use sha2::{Digest, Sha256, Sha512};

use super::convert;
use crate::origin::Origin;
use crate::render::helm::format;
use crate::render::helm::functions::re2;
use crate::render::helm::string::Text;
use crate::render::helm::value;
use crate::yaml::{self, Dialect};

type Answer = Result<Value, String>;
type Function = fn(&[Value]) -> Answer;

/// By name and number of arguments.
const FUNCTIONS: [(&str, u8, Function); 22] = [
    ("regex.match", 2, regex_match),
    ("re_match", 2, regex_match),
    ("regex.is_valid", 1, |args| {
        Ok(text(args, 0)
            .is_ok_and(|pattern| re2::compile(pattern).is_ok())
            .into())
    }),
    ("regex.split", 2, |args| {
        let pieces = pattern(args, 0)?
            .split(text(args, 1)?)
            .map(Value::from)
            .collect::<Vec<_>>();
        Ok(pieces.into())
    }),
    ("regex.find_n", 3, |args| {
        let (pattern, limit) = (pattern(args, 0)?, count(args, 2)?);
        let found = pattern.find_iter(text(args, 1)?).take(limit);
        Ok(found
            .map(|found| Value::from(found.as_str()))
            .collect::<Vec<_>>()
            .into())
    }),
    ("regex.find_all_string_submatch_n", 3, |args| {
        let (pattern, limit) = (pattern(args, 0)?, count(args, 2)?);
        let found = pattern
            .captures_iter(text(args, 1)?)
            .take(limit)
            .map(|captures| {
                let groups = captures
                    .iter()
                    .map(|group| group.map_or("", |group| group.as_str()).into());
                Value::from(groups.collect::<Vec<Value>>())
            });
        Ok(found.collect::<Vec<_>>().into())
    }),
    ("regex.replace", 3, |args| {
        // Go knows `$1` and `${name}` as the `regex` crate does.
        let replaced = pattern(args, 1)?.replace_all(text(args, 0)?, text(args, 2)?);
        Ok(replaced.as_ref().into())
    }),
    ("sprintf", 2, |args| {
        let arguments = args
            .get(1)
            .and_then(|args| args.as_array().ok())
            .ok_or("the arguments must be an array")?;
        let arguments: Vec<value::Value> = arguments.iter().map(argument).collect();
        let format = Text::new(text(args, 0)?, Origin::NONE);
        Ok(format::sprintf(&format, &arguments).lossy().as_ref().into())
    }),
    ("yaml.unmarshal", 1, |args| {
        let stream = yaml::parse(text(args, 0)?);
        if let Some(error) = stream.error {
            return Err(error.to_string());
        }
        let Some(document) = stream.documents.first() else {
            return Ok(Value::Null);
        };
        let value = document
            .value(Dialect::Helm, &mut |_| Origin::NONE)
            .map_err(|error| error.to_string())?;
        convert(&value, 0).ok_or_else(|| "the document is nested too deeply".to_owned())
    }),
    ("yaml.is_valid", 1, |args| {
        Ok(text(args, 0)
            .is_ok_and(|text| yaml::parse(text).error.is_none())
            .into())
    }),
    ("numbers.range", 2, |args| {
        let (from, to) = (whole(args, 0)?, whole(args, 1)?);
        if from.abs_diff(to) > MOST {
            return Err(format!("a range of more than {MOST} numbers is refused"));
        }
        let numbers: Vec<Value> = if from <= to {
            (from..=to).map(Value::from).collect()
        } else {
            (to..=from).rev().map(Value::from).collect()
        };
        Ok(numbers.into())
    }),
    ("crypto.sha256", 1, |args| {
        Ok(hex(&Sha256::digest(text(args, 0)?)).into())
    }),
    ("crypto.sha1", 1, |args| {
        Ok(hex(&sha1::Sha1::digest(text(args, 0)?)).into())
    }),
    ("crypto.hmac.sha1", 2, |args| {
        Ok(hmac::<sha1::Sha1>(args, 64)?.into())
    }),
    ("crypto.hmac.sha256", 2, |args| {
        Ok(hmac::<Sha256>(args, 64)?.into())
    }),
    ("crypto.hmac.sha512", 2, |args| {
        Ok(hmac::<Sha512>(args, 128)?.into())
    }),
    ("crypto.hmac.equal", 2, |args| {
        Ok((text(args, 0)? == text(args, 1)?).into())
    }),
    ("io.jwt.decode", 1, jwt),
    ("net.cidr_intersects", 2, |args| {
        let (a, b) = (Block::read(text(args, 0)?)?, Block::read(text(args, 1)?)?);
        Ok((a.is_v4 == b.is_v4 && a.first <= b.last && b.first <= a.last).into())
    }),
    ("net.cidr_overlap", 2, |args| {
        let (a, b) = (Block::read(text(args, 0)?)?, Block::read(text(args, 1)?)?);
        Ok((a.is_v4 == b.is_v4 && a.first <= b.last && b.first <= a.last).into())
    }),
    ("net.cidr_merge", 1, merge),
    ("strings.count", 2, |args| {
        Ok(Value::from(text(args, 0)?.matches(text(args, 1)?).count()))
    }),
];

/// No function makes more items than this at once.
const MOST: u64 = 1_000_000;

/// Gives an engine these functions.
pub(super) fn add(engine: &mut regorus::Engine, strict: bool) {
    for (name, arity, function) in FUNCTIONS {
        let call = move |args: Vec<Value>| match function(&args) {
            Ok(value) => Ok(value),
            Err(why) if strict || why.contains("is refused") => Err(regorus_error(name, &why)),
            Err(_) => Ok(Value::Undefined),
        };
        // The names are distinct, so that none is refused.
        let _ = engine.add_extension(name.to_owned(), arity, Box::new(call));
    }
}

/// The error type of an extension belongs to a crate that is not a dependency; parsing something is how to get one.
fn regorus_error<E: From<std::io::Error>>(name: &str, why: &str) -> E {
    std::io::Error::other(format!("error: `{name}` failed: {why}")).into()
}

fn text(args: &[Value], index: usize) -> Result<&str, String> {
    match args.get(index) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(format!("argument {} must be a text", index + 1)),
    }
}

fn whole(args: &[Value], index: usize) -> Result<i64, String> {
    let number = args.get(index).and_then(|value| value.as_i64().ok());
    number.ok_or_else(|| format!("argument {} must be a whole number", index + 1))
}

/// How many are wanted; all where the number is negative.
fn count(args: &[Value], index: usize) -> Result<usize, String> {
    Ok(usize::try_from(whole(args, index)?).unwrap_or(usize::MAX))
}

fn pattern(args: &[Value], index: usize) -> Result<Regex, String> {
    thread_local! {
        static COMPILED: std::cell::RefCell<BTreeMap<String, Regex>> = const { std::cell::RefCell::new(BTreeMap::new()) };
    }
    let text = text(args, index)?;
    COMPILED.with_borrow_mut(|compiled| {
        if let Some(known) = compiled.get(text) {
            return Ok(known.clone());
        }
        let pattern = re2::compile(text)?;
        if compiled.len() >= 256 {
            compiled.clear();
        }
        compiled.insert(text.to_owned(), pattern.clone());
        Ok(pattern)
    })
}

fn regex_match(args: &[Value]) -> Answer {
    Ok(pattern(args, 0)?.is_match(text(args, 1)?).into())
}

/// What OPA hands to Go's `fmt`: numbers and texts as they are, anything else as Rego writes it.
fn argument(value: &Value) -> value::Value {
    match value {
        Value::String(text) => value::Value::string(text.as_bytes(), Origin::NONE),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => value::Value::int64(number, Origin::NONE),
            (None, Some(number)) => value::Value::float(number, Origin::NONE),
            (None, None) => value::Value::string(value.to_string(), Origin::NONE),
        },
        other => value::Value::string(written(other), Origin::NONE),
    }
}

/// A value as Rego writes it.
fn written(value: &Value) -> String {
    let list =
        |items: &mut dyn Iterator<Item = &Value>| items.map(written).collect::<Vec<_>>().join(", ");
    match value {
        Value::Array(items) => format!("[{}]", list(&mut items.iter())),
        Value::Set(items) if items.is_empty() => "set()".to_owned(),
        Value::Set(items) => format!("{{{}}}", list(&mut items.iter())),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(key, value)| format!("{}: {}", written(key), written(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// RFC 2104, over the text and key of the arguments.
fn hmac<D: Digest>(args: &[Value], block: usize) -> Result<String, String> {
    let (message, key) = (text(args, 0)?, text(args, 1)?);
    let mut key = if key.len() > block {
        D::digest(key).to_vec()
    } else {
        key.as_bytes().to_vec()
    };
    key.resize(block, 0);
    let padded = |with: u8| key.iter().map(|byte| byte ^ with).collect::<Vec<u8>>();
    let inner = D::new()
        .chain_update(padded(0x36))
        .chain_update(message)
        .finalize();
    Ok(hex(&D::new()
        .chain_update(padded(0x5c))
        .chain_update(inner)
        .finalize()))
}

/// `[header, payload, signature]` of a token; nothing is verified.
fn jwt(args: &[Value]) -> Answer {
    let token = text(args, 0)?;
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else {
        return Err("a token has three parts".to_owned());
    };
    let decode = |part: &str| {
        let part = part.trim_end_matches('=');
        let decoded = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part);
        decoded.map_err(|_| "a part of the token is not base64".to_owned())
    };
    let json = |part: &str| {
        let text = String::from_utf8(decode(part)?).map_err(|error| error.to_string())?;
        Value::from_json_str(&text).map_err(|_| "a part of the token is not JSON".to_owned())
    };
    Ok(vec![
        json(header)?,
        json(payload)?,
        hex(&decode(signature)?).into(),
    ]
    .into())
}

/// The addresses of one CIDR block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Block {
    is_v4: bool,
    first: u128,
    last: u128,
}

impl Block {
    fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no CIDR block");
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let (is_v4, bits, width) = match address {
            IpAddr::V4(address) => (true, u128::from(u32::from(address)), 32),
            IpAddr::V6(address) => (false, u128::from(address), 128),
        };
        let length: u32 = match length {
            Some(length) => length.parse().map_err(|_| wrong())?,
            None => width,
        };
        let host = width.checked_sub(length).ok_or_else(wrong)?;
        let mask = 1u128.checked_shl(host).map_or(u128::MAX, |size| size - 1);
        Ok(Self {
            is_v4,
            first: bits & !mask,
            last: bits | mask,
        })
    }
}

/// The fewest blocks that hold the same addresses.
fn merge(args: &[Value]) -> Answer {
    let items: Vec<&Value> = match args.first() {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(Value::Set(items)) => items.iter().collect(),
        _ => return Err("the argument must be an array or a set".to_owned()),
    };
    let mut blocks = items
        .into_iter()
        .map(|item| match item {
            Value::String(text) => Block::read(text),
            _ => Err("a block must be a text".to_owned()),
        })
        .collect::<Result<Vec<_>, _>>()?;
    blocks.sort();
    let mut merged: Vec<Block> = Vec::new();
    for block in blocks {
        match merged.last_mut() {
            Some(last)
                if last.is_v4 == block.is_v4 && block.first <= last.last.saturating_add(1) =>
            {
                last.last = last.last.max(block.last);
            }
            _ => merged.push(block),
        }
    }
    let mut out = std::collections::BTreeSet::new();
    for range in merged {
        let width = if range.is_v4 { 32 } else { 128 };
        let mut first = range.first;
        loop {
            // The largest block that begins here and ends in the range.
            let mut host = first.trailing_zeros().min(width);
            let last = |host: u32| {
                1u128
                    .checked_shl(host)
                    .map_or(u128::MAX, |size| first + (size - 1))
            };
            while last(host) > range.last {
                host -= 1;
            }
            let address = match u32::try_from(first) {
                Ok(bits) if range.is_v4 => IpAddr::V4(bits.into()),
                _ => IpAddr::V6(first.into()),
            };
            out.insert(Value::from(format!("{address}/{}", width - host)));
            match last(host).checked_add(1) {
                Some(next) if next <= range.last => first = next,
                _ => break,
            }
        }
    }
    Ok(out.into())
}
