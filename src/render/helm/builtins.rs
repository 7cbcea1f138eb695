//! Go's own template functions, and those of Helm that belong to the language: `include`, `tpl`, `required`, `fail`, `lookup`.
//!
//! Sprig overrides some of these (`slice`, for one): its table comes after this one.
#![expect(
    clippy::unnecessary_wraps,
    reason = "all functions of a table have one type"
)]

use super::format;
use super::function::{Context, Form, FunctionError, Signature, Type, text};
use super::string::{Char, Text};
use super::value::{Data, Map, MapType, Value};
use crate::origin::Origin;

/// The functions of this module, by name.
pub static TABLE: &[Signature] = &[
    Signature::form("and", &[Type::Reflect], Some(Type::Reflect), Form::And),
    Signature::form("call", &[Type::Reflect], Some(Type::Reflect), Form::Call),
    Signature::variadic("eq", &[Type::Reflect], Type::Reflect, eq),
    Signature::new("fail", &[Type::String], fail),
    Signature::new("ge", &[Type::Reflect, Type::Reflect], ge),
    Signature::new("gt", &[Type::Reflect, Type::Reflect], gt),
    Signature::variadic("html", &[], Type::Any, html),
    Signature::form("include", &[Type::String, Type::Any], None, Form::Include),
    Signature::variadic("index", &[Type::Reflect], Type::Reflect, index),
    Signature::variadic("js", &[], Type::Any, js),
    Signature::new("le", &[Type::Reflect, Type::Reflect], le),
    Signature::new("len", &[Type::Reflect], len),
    Signature::new(
        "lookup",
        &[Type::String, Type::String, Type::String, Type::String],
        lookup,
    ),
    Signature::new("lt", &[Type::Reflect, Type::Reflect], lt),
    Signature::new("ne", &[Type::Reflect, Type::Reflect], ne),
    Signature::new("not", &[Type::Reflect], not),
    Signature::form("or", &[Type::Reflect], Some(Type::Reflect), Form::Or),
    Signature::variadic("print", &[], Type::Any, print),
    Signature::variadic("printf", &[Type::String], Type::Any, printf),
    Signature::variadic("println", &[], Type::Any, println),
    Signature::new("required", &[Type::String, Type::Any], required),
    Signature::variadic("slice", &[Type::Reflect], Type::Reflect, slice),
    Signature::form("tpl", &[Type::String, Type::Any], None, Form::Tpl),
    Signature::variadic("urlquery", &[], Type::Any, urlquery),
];

type Outcome = Result<Value, FunctionError>;

fn fail_with<T>(message: impl Into<String>) -> Result<T, FunctionError> {
    Err(FunctionError::new(message))
}

/// The argument at `index`; no value where there is none.
fn value(arguments: &[Value], index: usize) -> Value {
    arguments.get(index).cloned().unwrap_or_default()
}

fn fail(_: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    Err(FunctionError::by_author(text(arguments, 0).lossy()))
}

fn required(_: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    let value = value(arguments, 1);
    let is_missing = value.is_nil() || value.as_text().is_some_and(Text::is_empty);
    if is_missing {
        return Err(FunctionError::by_author(text(arguments, 0).lossy()));
    }
    Ok(value)
}

/// Without a cluster, nothing is ever found.
fn lookup(context: &mut Context<'_>, _: &[Value]) -> Outcome {
    Ok(Value::map(Map::new(), context.call))
}

fn not(context: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    let origin = context.union(arguments);
    Ok(Value::bool(!value(arguments, 0).truth(), origin))
}

fn print(_: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    Ok(format::sprint(arguments).into())
}

fn println(_: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    Ok(format::sprintln(arguments).into())
}

fn printf(_: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    let rest = arguments.get(1..).unwrap_or_default();
    Ok(format::sprintf(&text(arguments, 0), rest).into())
}

/// Go's kinds of comparable values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Basic {
    Bool,
    Int,
    Uint,
    Float,
    String,
    None,
}

fn basic(value: &Value) -> Basic {
    match &value.data {
        Data::Bool(_) => Basic::Bool,
        Data::Int(..) => Basic::Int,
        Data::Uint(..) => Basic::Uint,
        Data::Float(_) => Basic::Float,
        Data::String(_) => Basic::String,
        _ => Basic::None,
    }
}

/// What two values of different kinds cannot be; Go 1.24, which Helm 3 is built with, says no more.
pub(super) const INCOMPATIBLE: &str = "incompatible types for comparison";

fn incompatible<T>(a: &Value, b: &Value) -> Result<T, FunctionError> {
    fail_with(format!(
        "{INCOMPATIBLE}: {} and {}",
        a.type_name(),
        b.type_name()
    ))
}

#[expect(clippy::float_cmp, reason = "Go compares floats so")]
fn equal(a: &Value, b: &Value) -> Result<bool, FunctionError> {
    match (&a.data, &b.data) {
        (Data::Bool(a), Data::Bool(b)) => Ok(a == b),
        (Data::Int(a, _), Data::Int(b, _)) => Ok(a == b),
        (Data::Uint(a, _), Data::Uint(b, _)) => Ok(a == b),
        (Data::Float(a), Data::Float(b)) => Ok(a == b),
        (Data::String(a), Data::String(b)) => Ok(a == b),
        (Data::Int(int, _), Data::Uint(uint, _)) | (Data::Uint(uint, _), Data::Int(int, _)) => {
            Ok(u64::try_from(*int) == Ok(*uint))
        }
        _ if basic(a) != basic(b) => {
            if a.is_nil() || b.is_nil() {
                Ok(false)
            } else {
                incompatible(a, b)
            }
        }
        _ if a.is_nil() || b.is_nil() => Ok(a.is_nil() && b.is_nil()),
        (Data::Object(x), Data::Object(y)) => {
            Ok(x.type_name() == y.type_name() && x.key() == y.key())
        }
        _ if a.kind() != b.kind() => fail_with(format!(
            "non-comparable types {}: {}, {}: {}",
            format::as_string(a).lossy(),
            a.type_name(),
            b.type_name(),
            format::plain(b).lossy()
        )),
        _ => fail_with(format!(
            "non-comparable type {}: {}",
            format::as_string(b).lossy(),
            b.type_name()
        )),
    }
}

fn less(a: &Value, b: &Value) -> Result<bool, FunctionError> {
    const INVALID: &str = "invalid type for comparison";
    if basic(a) == Basic::None || basic(b) == Basic::None {
        return fail_with(INVALID);
    }
    match (&a.data, &b.data) {
        (Data::Int(a, _), Data::Int(b, _)) => Ok(a < b),
        (Data::Uint(a, _), Data::Uint(b, _)) => Ok(a < b),
        (Data::Float(a), Data::Float(b)) => Ok(a < b),
        (Data::String(a), Data::String(b)) => Ok(a.as_bytes() < b.as_bytes()),
        (Data::Int(int, _), Data::Uint(uint, _)) => {
            Ok(u64::try_from(*int).is_ok_and(|int| int < *uint) || *int < 0)
        }
        (Data::Uint(uint, _), Data::Int(int, _)) => {
            Ok(u64::try_from(*int).is_ok_and(|int| *uint < int))
        }
        (Data::Bool(_), Data::Bool(_)) => fail_with(INVALID),
        _ => incompatible(a, b),
    }
}

fn eq(context: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    let Some((first, rest)) = arguments.split_first() else {
        return fail_with("missing argument for comparison");
    };
    if rest.is_empty() {
        return fail_with("missing argument for comparison");
    }
    let origin = context.union(arguments);
    for other in rest {
        if equal(first, other)? {
            return Ok(Value::bool(true, origin));
        }
    }
    Ok(Value::bool(false, origin))
}

/// A comparison of two arguments.
fn compare(
    context: &mut Context<'_>,
    arguments: &[Value],
    holds: fn(&Value, &Value) -> Result<bool, FunctionError>,
) -> Outcome {
    let (a, b) = (value(arguments, 0), value(arguments, 1));
    let truth = holds(&a, &b)?;
    Ok(Value::bool(truth, context.union(arguments)))
}

fn ne(context: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    compare(context, arguments, |a, b| Ok(!equal(a, b)?))
}

fn lt(context: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    compare(context, arguments, less)
}

fn le(context: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    compare(context, arguments, |a, b| Ok(less(a, b)? || equal(a, b)?))
}

fn gt(context: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    compare(
        context,
        arguments,
        |a, b| Ok(!(less(a, b)? || equal(a, b)?)),
    )
}

fn ge(context: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    compare(context, arguments, |a, b| Ok(!less(a, b)?))
}

fn len(context: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    let value = value(arguments, 0);
    let length = match &value.data {
        Data::Nil => return fail_with("len of nil pointer"),
        Data::Absent => {
            return fail_with("reflect: call of reflect.Value.Type on zero Value");
        }
        Data::String(text) => text.len(),
        Data::Bytes(bytes) => bytes.as_ref().map_or(0, Text::len),
        Data::List(list) => list.len(),
        Data::Map(map) => map.len(),
        Data::Object(object) => match (object.items(), object.entries()) {
            (Some(items), _) => items.len(),
            (None, Some(entries)) if object.is_map() => entries.len(),
            _ => return fail_with(format!("len of type {}", value.type_name())),
        },
        _ => return fail_with(format!("len of type {}", value.type_name())),
    };
    let origin = context.union(arguments);
    Ok(Value::int(length as i64, origin))
}

/// An index into something of `length` elements.
fn position(index: &Value, length: usize) -> Result<usize, FunctionError> {
    let number = match &index.data {
        Data::Int(number, _) => *number,
        Data::Uint(number, _) => i64::try_from(*number).unwrap_or(-1),
        Data::Nil | Data::Absent => return fail_with("cannot index slice/array with nil"),
        _ => {
            return fail_with(format!(
                "cannot index slice/array with type {}",
                index.type_name()
            ));
        }
    };
    usize::try_from(number)
        .ok()
        .filter(|&position| position <= length)
        .map_or_else(|| fail_with(format!("index out of range: {number}")), Ok)
}

fn index(context: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    let Some((first, indexes)) = arguments.split_first() else {
        return fail_with("index of untyped nil");
    };
    if first.is_nil() {
        return fail_with("index of untyped nil");
    }
    let mut item = first.clone();
    for index in indexes {
        if item.is_nil() {
            return fail_with("index of nil pointer");
        }
        item = index_once(context, &item, index)?;
    }
    Ok(item)
}

fn index_once(context: &mut Context<'_>, item: &Value, index: &Value) -> Outcome {
    let next = match &item.data {
        Data::String(text) => {
            let at = position(index, text.len())?;
            match text.as_bytes().get(at) {
                Some(&byte) => {
                    let origin = text.slice(at..at + 1).origin(context.origins);
                    Value::byte(byte, origin)
                }
                None => return fail_with("reflect: string index out of range"),
            }
        }
        Data::Bytes(_) | Data::List(_) => element(&item.items().unwrap_or_default(), index)?,
        Data::Map(map) => {
            let key = key_of(index)?;
            let entries = map.borrow();
            match entries.get(&key) {
                Some(entry) => entry.value.clone(),
                None if entries.map_type == MapType::Strings => Value::string("", item.origin),
                None => {
                    let origin = match entries.path_of(&key) {
                        Some(path) => {
                            let read_at = context.call;
                            context.origins.empty(&path, read_at)
                        }
                        None => Origin::NONE,
                    };
                    Value::nil(origin)
                }
            }
        }
        Data::Object(object) => match object.items() {
            Some(items) => element(&items, index)?,
            None if object.is_map() => object.field(&key_of(index)?).unwrap_or_default(),
            None => {
                return fail_with(format!("can't index item of type {}", item.type_name()));
            }
        },
        _ => return fail_with(format!("can't index item of type {}", item.type_name())),
    };
    // Which element it is depends on where the index came from.
    let chosen_by = index.origin(context.origins);
    let next = next.or_nil();
    Ok(next.under(chosen_by, context.origins))
}

fn element(list: &[Value], index: &Value) -> Outcome {
    let at = position(index, list.len())?;
    match list.get(at) {
        Some(item) => Ok(item.clone()),
        None => fail_with("reflect: slice index out of range"),
    }
}

fn key_of(index: &Value) -> Result<String, FunctionError> {
    match &index.data {
        Data::String(text) => Ok(text.lossy().into_owned()),
        Data::Nil | Data::Absent => fail_with("value is nil; should be of type string"),
        _ => fail_with(format!(
            "value has type {}; should be string",
            index.type_name()
        )),
    }
}

fn slice(_: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    let item = value(arguments, 0);
    let indexes = arguments.get(1..).unwrap_or_default();
    let length = match &item.data {
        Data::Nil | Data::Absent => return fail_with("slice of untyped nil"),
        _ if indexes.len() > 3 => {
            return fail_with(format!("too many slice indexes: {}", indexes.len()));
        }
        Data::String(_) if indexes.len() == 3 => {
            return fail_with("cannot 3-index slice a string");
        }
        Data::String(text) => text.len(),
        Data::Bytes(bytes) => bytes.as_ref().map_or(0, Text::len),
        Data::List(list) => list.len(),
        _ => return fail_with(format!("can't slice item of type {}", item.type_name())),
    };
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = position(index, length)?;
    }
    let [from, to, limit] = bounds;
    if from > to {
        return fail_with(format!("invalid slice index: {from} > {to}"));
    }
    if to > limit {
        return fail_with(format!("invalid slice index: {to} > {limit}"));
    }
    Ok(match &item.data {
        Data::String(text) => text.slice(from..to).into(),
        Data::Bytes(Some(bytes)) => Value::bytes(bytes.slice(from..to)),
        Data::List(list) => {
            let values = list.get(from..to).unwrap_or_default().to_vec();
            let list = super::value::List::of(list.items, values);
            Value::new(Data::List(std::rc::Rc::new(list)), item.origin)
        }
        _ => Value::default(),
    })
}

/// The arguments as one text, as the escaping functions read them.
fn joined(arguments: &[Value]) -> Text {
    let shown: Vec<Value> = arguments
        .iter()
        .map(|argument| {
            if argument.is_nil() {
                Value::string("<no value>", argument.origin)
            } else {
                argument.clone()
            }
        })
        .collect();
    // Go decides about spaces after it has replaced a nil by these words.
    format::sprint(&shown)
}

fn html(_: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    let escaped = joined(arguments).rewrite(|char, out| {
        let replaced: &[u8] = match char {
            Char::Valid('\0') => "\u{FFFD}".as_bytes(),
            Char::Valid('"') => b"&#34;",
            Char::Valid('\'') => b"&#39;",
            Char::Valid('&') => b"&amp;",
            Char::Valid('<') => b"&lt;",
            Char::Valid('>') => b"&gt;",
            other => return push_char(other, out),
        };
        out.extend_from_slice(replaced);
    });
    Ok(escaped.into())
}

fn js(_: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    let escaped = joined(arguments).rewrite(|char, out| {
        let c = match char {
            Char::Valid(c) => c,
            Char::Invalid(_) => '\u{FFFD}',
        };
        let replaced = match c {
            '\\' => "\\\\".to_owned(),
            '\'' => "\\'".to_owned(),
            '"' => "\\\"".to_owned(),
            '<' | '>' | '&' | '=' => format!("\\u{:04X}", u32::from(c)),
            c if c < ' ' => format!("\\u{:04X}", u32::from(c)),
            c if !c.is_ascii() && !format::is_print(c) => format!("\\u{:04X}", u32::from(c)),
            _ => return push_char(char, out),
        };
        out.extend_from_slice(replaced.as_bytes());
    });
    Ok(escaped.into())
}

fn urlquery(_: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    let escaped = joined(arguments).rewrite(|char, out| match char {
        Char::Valid(' ') => out.push(b'+'),
        Char::Valid(c) if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~') => {
            out.push(c as u8);
        }
        Char::Valid(c) => {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                out.extend_from_slice(format!("%{byte:02X}").as_bytes());
            }
        }
        Char::Invalid(byte) => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
    });
    Ok(escaped.into())
}

fn push_char(char: Char, out: &mut Vec<u8>) {
    match char {
        Char::Valid(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        Char::Invalid(byte) => out.push(byte),
    }
}
