//! Functions on lists. Lists are never changed: each function gives a new one.

use std::rc::Rc;

use super::{Result, casts, fail, truth};
use crate::render::helm::function::Type::{Any, Int};
use crate::render::helm::function::{Context, FunctionError, Signature, int};
use crate::render::helm::value::{Data, Items, List, Value};

pub(super) const TABLE: &[Signature] = &[
    Signature::variadic("list", &[], Any, list),
    Signature::variadic("tuple", &[], Any, list),
    Signature::new("append", &[Any, Any], push),
    Signature::new("push", &[Any, Any], push),
    Signature::new("mustAppend", &[Any, Any], push),
    Signature::new("mustPush", &[Any, Any], push),
    Signature::new("prepend", &[Any, Any], prepend),
    Signature::new("mustPrepend", &[Any, Any], prepend),
    Signature::new("first", &[Any], first),
    Signature::new("mustFirst", &[Any], first),
    Signature::new("rest", &[Any], rest),
    Signature::new("mustRest", &[Any], rest),
    Signature::new("last", &[Any], last),
    Signature::new("mustLast", &[Any], last),
    Signature::new("initial", &[Any], initial),
    Signature::new("mustInitial", &[Any], initial),
    Signature::new("reverse", &[Any], reverse),
    Signature::new("mustReverse", &[Any], reverse),
    Signature::new("uniq", &[Any], uniq),
    Signature::new("mustUniq", &[Any], uniq),
    Signature::variadic("without", &[Any], Any, without),
    Signature::variadic("mustWithout", &[Any], Any, without),
    Signature::new("has", &[Any, Any], has),
    Signature::new("mustHas", &[Any, Any], has),
    Signature::variadic("slice", &[Any], Any, slice),
    Signature::variadic("mustSlice", &[Any], Any, slice),
    Signature::variadic("concat", &[], Any, concat),
    Signature::new("chunk", &[Int, Any], chunk),
    Signature::new("mustChunk", &[Int, Any], chunk),
    Signature::new("compact", &[Any], compact),
    Signature::new("mustCompact", &[Any], compact),
];

/// The items of the argument at `index`, or the error of a function that wanted to `what` it.
fn of(
    context: &mut Context<'_>,
    arguments: &[Value],
    index: usize,
    what: &str,
) -> std::result::Result<Rc<List>, FunctionError> {
    let value = arguments.get(index).cloned().unwrap_or_default();
    match value.items() {
        Some(list) => {
            context.spend(list.len())?;
            Ok(list)
        }
        None if value.is_nil() => {
            fail("runtime error: invalid memory address or nil pointer dereference")
        }
        None => fail(format!("Cannot {what} {}", value.kind())),
    }
}

/// A list made from the argument at `index`, which keeps its place.
fn derived(
    context: &mut Context<'_>,
    arguments: &[Value],
    index: usize,
    values: Vec<Value>,
) -> Result {
    let origin = match arguments.get(index) {
        Some(value) if !value.origin.is_none() => value.origin,
        _ => context.call,
    };
    Ok(Value::list(values, origin))
}

fn list(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    context.spend(arguments.len())?;
    Ok(Value::list(arguments.to_vec(), context.call))
}

fn push(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let list = of(context, arguments, 0, "push on type")?;
    let mut values = list.to_vec();
    values.extend(arguments.get(1).cloned());
    derived(context, arguments, 0, values)
}

fn prepend(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let list = of(context, arguments, 0, "prepend on type")?;
    let mut values: Vec<Value> = arguments.get(1).cloned().into_iter().collect();
    values.extend(list.iter().cloned());
    derived(context, arguments, 0, values)
}

fn first(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let list = of(context, arguments, 0, "find first on type")?;
    let origin = context.union(arguments);
    Ok(list.first().cloned().unwrap_or(Value::nil(origin)))
}

fn last(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let list = of(context, arguments, 0, "find last on type")?;
    let origin = context.union(arguments);
    Ok(list.last().cloned().unwrap_or(Value::nil(origin)))
}

fn rest(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let list = of(context, arguments, 0, "find rest on type")?;
    if list.is_empty() {
        return nothing(context, arguments);
    }
    let values = list.iter().skip(1).cloned().collect();
    derived(context, arguments, 0, values)
}

fn initial(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let list = of(context, arguments, 0, "find initial on type")?;
    if list.is_empty() {
        return nothing(context, arguments);
    }
    let values = list.split_last().map_or(&[][..], |(_, before)| before);
    let values = values.to_vec();
    derived(context, arguments, 0, values)
}

fn reverse(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let list = of(context, arguments, 0, "find reverse on type")?;
    let values = list.iter().rev().cloned().collect();
    derived(context, arguments, 0, values)
}

fn uniq(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let list = of(context, arguments, 0, "find uniq on type")?;
    let mut values: Vec<Value> = Vec::new();
    for item in list.iter() {
        context.spend(values.len())?;
        if !values.iter().any(|known| known.deep_equal(item)) {
            values.push(item.clone());
        }
    }
    derived(context, arguments, 0, values)
}

fn without(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let list = of(context, arguments, 0, "find without on type")?;
    let omitted = arguments.get(1..).unwrap_or_default();
    context.spend(list.len().saturating_mul(omitted.len()))?;
    let values = list
        .iter()
        .filter(|item| !omitted.iter().any(|omit| omit.deep_equal(item)))
        .cloned()
        .collect();
    derived(context, arguments, 0, values)
}

fn has(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    if arguments.get(1).is_none_or(Value::is_nil) {
        return truth(context, arguments, false);
    }
    let list = of(context, arguments, 1, "find has on type")?;
    let found = arguments
        .first()
        .is_some_and(|needle| list.iter().any(|item| item.deep_equal(needle)));
    let items = context.union(&list);
    truth(context, arguments, found).map(|truth| truth.under(items, context.origins))
}

fn slice(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let value = arguments.first().cloned().unwrap_or_default();
    let Some(list) = value.items() else {
        return if value.is_nil() {
            fail("runtime error: invalid memory address or nil pointer dereference")
        } else {
            fail(format!(
                "list should be type of slice or array but {}",
                value.kind()
            ))
        };
    };
    if list.is_empty() {
        let origin = context.union(arguments);
        return Ok(Value::nil(origin));
    }
    let index = |at: usize, otherwise: usize| match arguments.get(at) {
        Some(value) => usize::try_from(casts::to_int(value)).ok(),
        None => Some(otherwise),
    };
    let range = index(1, 0).zip(index(2, list.len()));
    let Some(values) = range.and_then(|(start, end)| list.get(start..end)) else {
        return fail("reflect.Value.Slice: slice index out of bounds");
    };
    Ok(match (&value.data, range) {
        (Data::Bytes(Some(bytes)), Some((start, end))) => Value::bytes(bytes.slice(start..end)),
        _ => {
            let part = List::of(list.items, values.to_vec());
            Value::new(Data::List(Rc::new(part)), value.origin)
        }
    })
}

fn concat(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let mut values = Vec::new();
    for (index, argument) in arguments.iter().enumerate() {
        match argument.items() {
            Some(list) => {
                context.spend(list.len())?;
                values.extend(list.iter().cloned());
            }
            None if argument.is_nil() => {
                return of(context, arguments, index, "").map(|_| Value::default());
            }
            None => return fail(format!("Cannot concat type {} as list", argument.kind())),
        }
    }
    if values.is_empty() {
        return nothing(context, arguments);
    }
    let origin = context.union(arguments);
    Ok(Value::list(values, origin))
}

/// A list that Go's function never makes.
fn nothing(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let origin = context.union(arguments);
    let list = List::or_nil(Items::Any, Vec::new());
    Ok(Value::new(Data::List(Rc::new(list)), origin))
}

fn chunk(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let list = of(context, arguments, 1, "chunk type")?;
    let origin = context.union(arguments);
    let chunks = match usize::try_from(int(arguments, 0)) {
        Ok(0) => return fail("runtime error: makeslice: len out of range"),
        Ok(size) => list
            .chunks(size)
            .map(|chunk| Value::list(chunk.to_vec(), origin))
            .collect(),
        Err(_) => Vec::new(),
    };
    Ok(Value::new(
        Data::List(Rc::new(List::of(Items::Lists, chunks))),
        origin,
    ))
}

fn compact(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let list = of(context, arguments, 0, "compact on type")?;
    let values = list.iter().filter(|item| item.truth()).cloned().collect();
    derived(context, arguments, 0, values)
}
