//! Functions that ask what a value is, and those that choose one.

use super::{Result, mixed, truth};
use crate::origin::Origin;
use crate::render::helm::function::Type::{Any, Bool, String as Str};
use crate::render::helm::function::{Context, Signature, bool, text};
use crate::render::helm::value::{Data, Value};

pub(super) const TABLE: &[Signature] = &[
    Signature::new("typeOf", &[Any], |c, a| {
        let name = type_name(a, 0);
        mixed(c, a, name)
    }),
    Signature::new("typeIs", &[Str, Any], |c, a| {
        let is = text(a, 0).as_bytes() == type_name(a, 1).as_bytes();
        truth(c, a, is)
    }),
    Signature::new("typeIsLike", &[Str, Any], |c, a| {
        let name = type_name(a, 1);
        let target = text(a, 0);
        let target = target.lossy();
        truth(c, a, target == name || format!("*{target}") == name)
    }),
    Signature::new("kindOf", &[Any], |c, a| {
        let kind = a.first().map_or("invalid", Value::kind);
        mixed(c, a, kind)
    }),
    Signature::new("kindIs", &[Str, Any], |c, a| {
        let kind = a.get(1).map_or("invalid", Value::kind);
        truth(c, a, text(a, 0).as_bytes() == kind.as_bytes())
    }),
    Signature::new("deepEqual", &[Any, Any], |c, a| {
        let equal = matches!(a, [x, y] if x.deep_equal(y));
        // What lies deeper than the items is left out: nobody compares large values for a condition.
        let mut inside = Origin::NONE;
        for value in a {
            let items = match &value.data {
                Data::Bytes(_) => vec![value.clone()],
                Data::List(list) => list.to_vec(),
                Data::Map(map) => map.entries().into_iter().map(|(_, e)| e.value).collect(),
                _ => Vec::new(),
            };
            for item in items {
                let origin = item.origin(c.origins);
                inside = c.origins.both(inside, origin);
            }
        }
        truth(c, a, equal).map(|truth| truth.under(inside, c.origins))
    }),
    Signature::variadic("default", &[Any], Any, default),
    Signature::new("empty", &[Any], |c, a| {
        let empty = a.first().is_none_or(|value| !value.truth());
        truth(c, a, empty)
    }),
    Signature::variadic("coalesce", &[], Any, |c, a| {
        let mut passed = Origin::NONE;
        for value in a {
            if value.truth() {
                return Ok(value.clone().under(passed, c.origins));
            }
            let origin = value.origin(c.origins);
            passed = c.origins.both(passed, origin);
        }
        Ok(Value::nil(passed))
    }),
    Signature::variadic("all", &[], Any, |c, a| {
        truth(c, a, a.iter().all(Value::truth))
    }),
    Signature::variadic("any", &[], Any, |c, a| {
        truth(c, a, a.iter().any(Value::truth))
    }),
    Signature::new("ternary", &[Any, Any, Bool], |c, a| {
        let chosen = a.get(usize::from(!bool(a, 2))).cloned().unwrap_or_default();
        let decided = a.get(2).map_or(Origin::NONE, |value| value.origin);
        Ok(chosen.under(decided, c.origins))
    }),
];

fn type_name(arguments: &[Value], index: usize) -> String {
    arguments
        .get(index)
        .map_or("<nil>", Value::type_name)
        .to_owned()
}

/// The value, or the default where it is empty. That it was empty is why the default appears.
fn default(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let fallback = arguments.first().cloned().unwrap_or_default();
    match arguments.get(1) {
        Some(given) if given.truth() => Ok(given.clone()),
        Some(given) => {
            let empty = given.origin(context.origins);
            Ok(fallback.under(empty, context.origins))
        }
        None => Ok(fallback),
    }
}
