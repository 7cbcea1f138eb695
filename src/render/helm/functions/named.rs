//! The methods of the numbers that Go's `time` gives names: durations, months and weekdays.

use std::any::Any;

use super::clock::Duration;
use super::{Result, fail};
use crate::origin::Origin;
use crate::render::helm::format;
use crate::render::helm::function::{Context, Type, int};
use crate::render::helm::value::{Data, IntKind, Object, Value};

/// The number as a value with methods; `None` for one whose type has none.
pub(in crate::render::helm) fn named(number: i64, kind: IntKind, origin: Origin) -> Option<Value> {
    let value = Value::new(Data::Int(number, kind), origin);
    let is_named = matches!(kind, IntKind::Duration | IntKind::Month | IntKind::Weekday);
    is_named.then(|| {
        let object = Named {
            number,
            kind,
            value,
        };
        Value::object(object, origin)
    })
}

struct Named {
    number: i64,
    kind: IntKind,
    value: Value,
}

impl Object for Named {
    fn type_name(&self) -> &str {
        self.value.type_name()
    }

    fn kind(&self) -> &'static str {
        self.value.kind()
    }

    fn field(&self, _: &str) -> Option<Value> {
        None
    }

    fn method(&self, name: &str) -> Option<&'static [Type]> {
        const NONE: &[Type] = &[];
        match name {
            "String" => Some(NONE),
            _ if self.kind != IntKind::Duration => None,
            "Hours" | "Minutes" | "Seconds" | "Milliseconds" | "Microseconds" | "Nanoseconds"
            | "Abs" => Some(NONE),
            "Round" | "Truncate" => Some(&[Type::Duration]),
            _ => None,
        }
    }

    fn call(&self, name: &str, context: &mut Context<'_>, arguments: &[Value]) -> Result {
        // What is made of the number comes from where the number does.
        let origin = match self.value.origin {
            Origin::NONE => context.call,
            origin => origin,
        };
        let unit = Duration(int(arguments, 0));
        let duration = Duration(self.number);
        let span = |Duration(nanos)| {
            let data = Data::Int(nanos, IntKind::Duration);
            Ok(Value::new(data, origin))
        };
        match name {
            "String" => Ok(Value::string(self.print(), origin)),
            "Hours" => Ok(Value::float(duration.count(3_600_000_000_000), origin)),
            "Minutes" => Ok(Value::float(duration.count(60_000_000_000), origin)),
            "Seconds" => Ok(Value::float(duration.count(1_000_000_000), origin)),
            "Milliseconds" => Ok(Value::int64(self.number / 1_000_000, origin)),
            "Microseconds" => Ok(Value::int64(self.number / 1_000, origin)),
            "Nanoseconds" => Ok(Value::int64(self.number, origin)),
            "Abs" => span(Duration(self.number.saturating_abs())),
            "Round" => span(duration.round(unit)),
            "Truncate" => span(duration.truncate(unit)),
            _ => fail("no such method"),
        }
    }

    fn print(&self) -> String {
        format::plain(&self.value).lossy().into_owned()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
