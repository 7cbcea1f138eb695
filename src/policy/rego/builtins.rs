//! Built-in functions as OPA has them, where regorus has others or none.
//!
//! Go's regular expressions and formats come from the Helm renderer, which has to have them the same. A function that is given
//! what it cannot take is an error where the caller is strict, and else undefined, as in OPA.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;

use base64::Engine as _;
use regex::Regex;
use regorus::Value;
use sha2::{Digest, Sha256, Sha512};

use super::document::convert;
use super::{bounds, link, native};
use crate::origin::Origin;
use crate::render::helm::format;
use crate::render::helm::functions::re2;
use crate::render::helm::string::Text;
use crate::render::helm::value;
use crate::yaml::{self, Dialect};

type Answer = Result<Value, String>;
type Function = fn(&[Value]) -> Answer;

/// By name and number of arguments.
const FUNCTIONS: [(&str, u8, Function); 34] = [
    (bounds::SIZE, 1, |args| same(args, bounds::too_large)),
    (bounds::DIGITS, 1, |args| {
        same(args, bounds::too_many_digits)
    }),
    (bounds::ASCII, 1, |args| same(args, bounds::not_ascii)),
    (bounds::SHIFT, 1, |args| same(args, bounds::shift)),
    ("regex.match", 2, regex_match),
    ("re_match", 2, regex_match),
    ("regex.is_valid", 1, |args| {
        Ok(text(args, 0)
            .is_ok_and(|pattern| re2::compile(pattern).is_ok())
            .into())
    }),
    ("regex.template_match", 4, template_match),
    ("strings.count", 2, |args| {
        let (within, wanted) = (text(args, 0)?, text(args, 1)?);
        Ok((within.matches(wanted).count() as u64).into())
    }),
    ("object.subset", 2, |args| {
        match (args.first(), args.get(1)) {
            (Some(whole @ Value::Object(_)), Some(part @ Value::Object(_)))
            | (Some(whole @ Value::Set(_)), Some(part @ Value::Set(_)))
            | (Some(whole @ Value::Array(_)), Some(part @ Value::Array(_))) => {
                Ok(is_subset(whole, part).into())
            }
            (Some(Value::Array(whole)), Some(Value::Set(part))) => {
                Ok(part.iter().all(|item| whole.contains(item)).into())
            }
            _ => Err("the two must be of one type".to_owned()),
        }
    }),
    ("regex.split", 2, |args| {
        list(pattern(args, 0)?.split(text(args, 1)?).map(Value::from))
    }),
    ("regex.find_n", 3, |args| {
        let (pattern, limit) = (pattern(args, 0)?, count(args, 2)?);
        let found = pattern.find_iter(text(args, 1)?).take(limit);
        list(found.map(|found| Value::from(found.as_str())))
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
        list(found)
    }),
    ("regex.replace", 3, |args| {
        let (pattern, within, by) = (pattern(args, 1)?, text(args, 0)?, text(args, 2)?);
        let mut replaced = String::new();
        let mut end = 0;
        for found in pattern.captures_iter(within) {
            let Some(whole) = found.get(0) else { continue };
            replaced.push_str(within.get(end..whole.start()).unwrap_or_default());
            // Go knows `$1` and `${name}` as the `regex` crate does.
            found.expand(by, &mut replaced);
            bounds::too_long(replaced.len())?;
            end = whole.end();
        }
        replaced.push_str(within.get(end..).unwrap_or_default());
        Ok(replaced.into())
    }),
    ("replace", 3, |args| {
        let (within, old, new) = (text(args, 0)?, text(args, 1)?, text(args, 2)?);
        let times = within.matches(old).count();
        bounds::too_long(within.len().saturating_add(times.saturating_mul(new.len())))?;
        Ok(within.replace(old, new).into())
    }),
    ("strings.replace_n", 2, replace_all),
    ("concat", 2, |args| {
        let (between, items) = (text(args, 0)?, items(args, 1)?);
        let mut all = String::new();
        for (index, item) in items.into_iter().enumerate() {
            let Value::String(item) = item else {
                return Err("what is joined must be texts".to_owned());
            };
            if index > 0 {
                all.push_str(between);
            }
            all.push_str(item);
            bounds::too_long(all.len())?;
        }
        Ok(all.into())
    }),
    ("sprintf", 2, |args| {
        let arguments = args
            .get(1)
            .and_then(|args| args.as_array().ok())
            .ok_or("the arguments must be an array")?;
        arguments.iter().try_for_each(bounds::too_large)?;
        let arguments: Vec<value::Value> = arguments.iter().map(argument).collect();
        let format = text(args, 0)?;
        bounds::too_long(formatted(format, &arguments))?;
        let format = Text::new(format, Origin::NONE);
        Ok(format::sprintf(&format, &arguments).lossy().as_ref().into())
    }),
    ("yaml.unmarshal", 1, |args| {
        let text = text(args, 0)?;
        bounds::too_long(text.len())?;
        let stream = yaml::parse(text);
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
        range(from, to, 1)
    }),
    ("numbers.range_step", 3, |args| {
        let (from, to, step) = (whole(args, 0)?, whole(args, 1)?, whole(args, 2)?);
        match u64::try_from(step) {
            Ok(step) if step > 0 => range(from, to, step),
            _ => Err("the step must be a positive number".to_owned()),
        }
    }),
    ("net.cidr_expand", 1, |args| {
        let block = Block::read(text(args, 0)?)?;
        let addresses = (block.first..=block.last).map(|bits| Value::from(block.address(bits)));
        let all: std::collections::BTreeSet<Value> = few(addresses)?.into_iter().collect();
        Ok(all.into())
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
const MOST: usize = 1_000_000;

/// The items, unless they are too many.
fn few(items: impl Iterator<Item = Value>) -> Result<Vec<Value>, String> {
    let items: Vec<Value> = items.take(MOST + 1).collect();
    if items.len() > MOST {
        return Err(format!("a list of more than {MOST} items is refused"));
    }
    Ok(items)
}

fn list(items: impl Iterator<Item = Value>) -> Answer {
    few(items).map(Value::from)
}

/// The argument, unless something is wrong with it.
fn same(args: &[Value], wrong: fn(&Value) -> Result<(), String>) -> Answer {
    let value = args.first().ok_or("an argument is missing")?;
    wrong(value).map(|()| value.clone())
}

/// The numbers from one to another, in either direction.
fn range(from: i64, to: i64, step: u64) -> Answer {
    let step = i128::from(step) * if from <= to { 1 } else { -1 };
    let count = u128::from(from.abs_diff(to)) / step.unsigned_abs();
    let numbers = (0..=count.min(MOST as u128 + 1))
        .map(|index| i64::try_from(i128::from(from) + index as i128 * step).unwrap_or(to));
    list(numbers.map(Value::from))
}

/// How long the text of a format can become, at most.
fn formatted(format: &str, arguments: &[value::Value]) -> usize {
    let lengths = arguments.iter().map(|argument| {
        format::sprintf(
            &Text::new("%v", Origin::NONE),
            std::slice::from_ref(argument),
        )
        .lossy()
        .len()
    });
    let numbers = format.split(|c: char| !c.is_ascii_digit());
    let widths = numbers.map(|number| match number.len() {
        0 => 0,
        1..=6 => number.parse().unwrap_or_default(),
        // Go takes no wider ones.
        _ => 1_000_000,
    });
    // A width of `*` is among the arguments.
    let given = if format.contains('*') { 1_000_000 } else { 0 };
    let widest = lengths.chain(widths).max().unwrap_or_default().max(given);
    let verbs = format.matches('%').count();
    format.len().saturating_add(verbs.saturating_mul(widest))
}

/// Each text replaced by another, in one pass; of those that begin at one place, the first by its name.
fn replace_all(args: &[Value]) -> Answer {
    let Some(Value::Object(pairs)) = args.first() else {
        return Err("the patterns must be an object".to_owned());
    };
    let within = text(args, 1)?;
    let pairs = pairs
        .iter()
        .map(|(old, new)| match (old, new) {
            (Value::String(old), Value::String(new)) => Ok((old.as_ref(), new.as_ref())),
            _ => Err("the patterns must be texts".to_owned()),
        })
        .collect::<Result<Vec<(&str, &str)>, String>>()?;
    let mut replaced = String::new();
    let mut rest = within;
    // What is empty is found before each character that nothing else is found at, and at the end.
    let mut after_match = false;
    loop {
        let found = pairs
            .iter()
            .find(|(old, _)| rest.starts_with(old) && !(after_match && old.is_empty()));
        bounds::too_long(replaced.len())?;
        if let Some((old, new)) = found {
            replaced.push_str(new);
            rest = rest.get(old.len()..).unwrap_or_default();
            after_match = true;
            if !old.is_empty() {
                continue;
            }
        }
        let mut chars = rest.chars();
        let Some(next) = chars.next() else { break };
        replaced.push(next);
        rest = chars.as_str();
        after_match = false;
    }
    Ok(replaced.into())
}

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

/// Gives an engine with the built-in controls what they have natively.
pub(super) fn add_native(engine: &mut regorus::Engine) {
    for (name, arity, function) in native::FUNCTIONS {
        let call = move |args: Vec<Value>| {
            function(&args).ok_or_else(|| regorus_error(name, "it cannot take what it is given"))
        };
        // As above.
        let _ = engine.add_extension(link::native(name), arity, Box::new(call));
    }
}

/// The error type of an extension belongs to a crate that is not a dependency; parsing something is how to get one.
fn regorus_error<E: From<std::io::Error>>(name: &str, why: &str) -> E {
    std::io::Error::other(format!("error: `{name}` failed: {why}")).into()
}

/// True if and only if an object, a set or a run of an array is part of another; what is in an object likewise.
fn is_subset(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part.iter().all(|(key, part)| {
            let whole = whole.get(key);
            whole.is_some_and(|whole| is_subset(whole, part))
        }),
        (Value::Set(whole), Value::Set(part)) => part.iter().all(|item| whole.contains(item)),
        (Value::Array(whole), Value::Array(part)) => {
            let (whole, part) = (whole.as_slice(), part.as_slice());
            (0..=whole.len()).any(|start| whole.get(start..start + part.len()) == Some(part))
        }
        (whole, part) => whole == part,
    }
}

/// A text against a pattern whose delimited parts are regular expressions and whose rest stands for itself.
fn template_match(args: &[Value]) -> Answer {
    let (mut rest, value) = (text(args, 0)?, text(args, 1)?);
    let (open, close) = (text(args, 2)?, text(args, 3)?);
    if open.chars().count() != 1 || close.chars().count() != 1 {
        return Err("a delimiter must be one character".to_owned());
    }
    let mut pattern = String::from("^");
    while let Some((before, inside)) = rest.split_once(open) {
        let mut depth = 1;
        let end = inside
            .match_indices([open, close].map(char_of))
            .find(|(_, delimiter)| {
                depth += if *delimiter == open { 1 } else { -1 };
                depth == 0
            });
        let Some((end, _)) = end else {
            return Err("its delimiters do not match".to_owned());
        };
        let (inside, behind) = inside.split_at(end);
        pattern.push_str(&format!("{}({inside})", regex::escape(before)));
        rest = behind.strip_prefix(close).unwrap_or_default();
    }
    if rest.contains(close) {
        return Err("its delimiters do not match".to_owned());
    }
    pattern.push_str(&format!("{}$", regex::escape(rest)));
    Ok(compiled(&pattern)?.is_match(value).into())
}

fn char_of(text: &str) -> char {
    text.chars().next().unwrap_or_default()
}

fn text(args: &[Value], index: usize) -> Result<&str, String> {
    match args.get(index) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(format!("argument {} must be a text", index + 1)),
    }
}

/// The items of an array or a set.
fn items(args: &[Value], index: usize) -> Result<Vec<&Value>, String> {
    match args.get(index) {
        Some(Value::Array(items)) => Ok(items.iter().collect()),
        Some(Value::Set(items)) => Ok(items.iter().collect()),
        _ => Err(format!("argument {} must be an array or a set", index + 1)),
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

/// A clone of a `Regex` has no memory to work with, and makes it anew each time: so it is shared.
fn pattern(args: &[Value], index: usize) -> Result<Rc<Regex>, String> {
    compiled(text(args, index)?)
}

fn compiled(text: &str) -> Result<Rc<Regex>, String> {
    thread_local! {
        static COMPILED: std::cell::RefCell<BTreeMap<String, Rc<Regex>>> = const { std::cell::RefCell::new(BTreeMap::new()) };
    }
    bounds::too_long(text.len())?;
    COMPILED.with_borrow_mut(|compiled| {
        if let Some(known) = compiled.get(text) {
            return Ok(Rc::clone(known));
        }
        let pattern = re2::compile(text).map_err(|error| {
            // Go has another limit, so that nobody can tell what OPA would answer.
            let is_refused = error.contains("too large");
            error + if is_refused { " is refused" } else { "" }
        })?;
        let pattern = Rc::new(pattern);
        if compiled.len() >= 256 {
            compiled.clear();
        }
        compiled.insert(text.to_owned(), Rc::clone(&pattern));
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
            (None, None) => {
                value::Value::string(value.to_json_str().unwrap_or_default(), Origin::NONE)
            }
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
        other => other.to_json_str().unwrap_or_default(),
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
    /// The address of these bits, as it is written.
    fn address(&self, bits: u128) -> String {
        match u32::try_from(bits) {
            Ok(bits) if self.is_v4 => IpAddr::V4(bits.into()).to_string(),
            _ => IpAddr::V6(bits.into()).to_string(),
        }
    }

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
    let mut blocks = items(args, 0)?
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
            let address = range.address(first);
            out.insert(Value::from(format!("{address}/{}", width - host)));
            match last(host).checked_add(1) {
                Some(next) if next <= range.last => first = next,
                _ => break,
            }
        }
    }
    Ok(out.into())
}
