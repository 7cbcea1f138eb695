//! What fits no theme: `hello`, `getHostByName`, `lookup`.

use super::{Result, mixed};
use crate::render::helm::function::Type::String as Str;
use crate::render::helm::function::{Context, Signature};
use crate::render::helm::value::{Map, Value};

pub(super) const TABLE: &[Signature] = &[
    Signature::new("hello", &[], |c, a| mixed(c, a, "Hello!")),
    // Helm answers nothing unless it is told to ask the network.
    Signature::new("getHostByName", &[Str], |c, a| mixed(c, a, "")),
    // Without a cluster there is nothing to be found, as in `helm template`.
    Signature::new("lookup", &[Str, Str, Str, Str], lookup),
];

fn lookup(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let origin = context.union(arguments);
    Ok(Value::map(Map::new(), origin))
}
