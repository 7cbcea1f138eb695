//! Functions on times and durations. There is no clock: `now` is a fixed instant, and the machine's zone is UTC.

use std::any::Any as StdAny;

use super::clock::{self, Duration, Instant, Zone};
use super::{Result, casts, fail, mixed};
use crate::discover::HelmVersion;
use crate::render::helm::function::Type::{self, Any, Object as ObjectOf, String as Str};
use crate::render::helm::function::{Context, Function, FunctionError, Signature, int, text};
use crate::render::helm::string::Text;
use crate::render::helm::value::{Data, IntKind, Object, Value};

const TIME: &str = "time.Time";
const LOCATION: &str = "*time.Location";

const DATE_MODIFY: Function = |c, a| {
    let Some(time) = time(a, 1) else {
        return fail("the argument is no time");
    };
    match Duration::parse(&text(a, 0).lossy()) {
        Ok(duration) => shown(c, a, time.plus(duration)),
        Err(_) => shown(c, a, time),
    }
};

const MUST_DATE_MODIFY: Function = |c, a| {
    let Some(time) = time(a, 1) else {
        return fail("the argument is no time");
    };
    let duration = Duration::parse(&text(a, 0).lossy()).map_err(FunctionError::new)?;
    shown(c, a, time.plus(duration))
};

const DATE_IN_ZONE: Function = |c, a| {
    let formatted = in_zone(instant(a, 1), a, 2).format(&text(a, 0).lossy());
    mixed(c, a, formatted)
};

pub(super) const TABLE: &[Signature] = &[
    Signature::new("now", &[], |c, _| {
        let origin = c.call;
        Ok(Value::object(Time(clock::NOW), origin))
    }),
    Signature::new("ago", &[Any], |c, a| {
        let since = clock::NOW.since(instant(a, 0));
        let rounded = since.round(Duration(1_000_000_000)).to_go();
        mixed(c, a, rounded)
    }),
    Signature::new("date", &[Str, Any], |c, a| {
        let formatted = in_local(instant(a, 1)).format(&text(a, 0).lossy());
        mixed(c, a, formatted)
    }),
    Signature::new("dateInZone", &[Str, Any, Str], DATE_IN_ZONE),
    Signature::new("date_in_zone", &[Str, Any, Str], DATE_IN_ZONE),
    Signature::new("htmlDate", &[Any], |c, a| {
        let formatted = in_local(instant(a, 0)).format("2006-01-02");
        mixed(c, a, formatted)
    }),
    Signature::new("htmlDateInZone", &[Any, Str], |c, a| {
        let formatted = in_zone(instant(a, 0), a, 1).format("2006-01-02");
        mixed(c, a, formatted)
    }),
    Signature::new("dateModify", &[Str, ObjectOf(TIME)], DATE_MODIFY),
    Signature::new("date_modify", &[Str, ObjectOf(TIME)], DATE_MODIFY),
    Signature::new("mustDateModify", &[Str, ObjectOf(TIME)], MUST_DATE_MODIFY),
    Signature::new("must_date_modify", &[Str, ObjectOf(TIME)], MUST_DATE_MODIFY),
    Signature::new("toDate", &[Str, Str], |c, a| {
        let parsed = Instant::parse(&text(a, 0).lossy(), &text(a, 1).lossy());
        shown(c, a, parsed.unwrap_or(clock::ZERO))
    }),
    Signature::new("mustToDate", &[Str, Str], |c, a| {
        let (layout, given) = (text(a, 0), text(a, 1));
        let time = Instant::parse_or_why(&layout.lossy(), &given.lossy());
        shown(c, a, time.map_err(FunctionError::new)?)
    }),
    Signature::new("unixEpoch", &[ObjectOf(TIME)], |c, a| {
        let seconds = time(a, 0).map_or(0, |time| time.seconds);
        mixed(c, a, seconds.to_string())
    }),
    Signature::new("duration", &[Any], |c, a| {
        let seconds = match a.first().map(|value| &value.data) {
            Some(Data::String(text)) => text.lossy().parse().unwrap_or(0),
            Some(Data::Int(seconds, IntKind::Int64)) => *seconds,
            _ => 0i64,
        };
        let shown = Duration(seconds.wrapping_mul(1_000_000_000)).to_go();
        mixed(c, a, shown)
    }),
    Signature::new("durationRound", &[Any], |c, a| {
        let duration = match a.first().map(|value| &value.data) {
            Some(Data::String(text)) => Duration::parse(&text.lossy()).unwrap_or(Duration(0)),
            Some(Data::Int(nanos, IntKind::Int64)) => Duration(*nanos),
            _ => time(a, 0).map_or(Duration(0), |time| clock::NOW.since(time)),
        };
        mixed(c, a, duration.coarse())
    }),
];

/// What Helm 4 adds.
pub(super) const ONLY_HELM_4: &[Signature] = &[
    Signature::new("mustToDuration", &[Any], |c, a| {
        let duration = duration(a, 0).map_err(FunctionError::new)?;
        Ok(span(c, a, duration))
    }),
    Signature::new("durationSeconds", &[Any], |c, a| {
        Ok(float(c, a, 1_000_000_000, 1.0))
    }),
    Signature::new("durationMinutes", &[Any], |c, a| {
        Ok(float(c, a, 60_000_000_000, 1.0))
    }),
    Signature::new("durationHours", &[Any], |c, a| Ok(float(c, a, HOUR, 1.0))),
    Signature::new("durationDays", &[Any], |c, a| Ok(float(c, a, HOUR, 24.0))),
    Signature::new("durationWeeks", &[Any], |c, a| {
        let days = float(c, a, HOUR, 24.0);
        Ok(match days.data {
            Data::Float(number) => Value::float(number / 7.0, days.origin),
            _ => days,
        })
    }),
    Signature::new("durationMilliseconds", &[Any], |c, a| {
        Ok(whole(c, a, 1_000_000))
    }),
    Signature::new("durationMicroseconds", &[Any], |c, a| {
        Ok(whole(c, a, 1_000))
    }),
    Signature::new("durationNanoseconds", &[Any], |c, a| Ok(whole(c, a, 1))),
    Signature::new("durationRoundTo", &[Any, Any], |c, a| {
        Ok(to_unit(c, a, Duration::round))
    }),
    Signature::new("durationTruncateTo", &[Any, Any], |c, a| {
        Ok(to_unit(c, a, Duration::truncate))
    }),
];

fn time(arguments: &[Value], index: usize) -> Option<Instant> {
    arguments.get(index)?.as_object::<Time>().map(|time| time.0)
}

/// A time, seconds since 1970, or for anything else the present.
fn instant(arguments: &[Value], index: usize) -> Instant {
    if let Some(time) = time(arguments, index) {
        return time;
    }
    match arguments.get(index).map(|value| &value.data) {
        Some(Data::Int(seconds, IntKind::Int | IntKind::Int64 | IntKind::Int32)) => {
            Instant::from_unix(*seconds)
        }
        _ => clock::NOW,
    }
}

/// The instant as a clock in the zone that an argument names shows it; as in UTC where there is no such zone.
fn in_zone(time: Instant, arguments: &[Value], index: usize) -> Instant {
    let zone = Zone::of(&text(arguments, index).lossy(), time.seconds);
    Instant {
        zone: zone.unwrap_or(Zone::UTC),
        ..time
    }
}

/// The instant as the machine's own clock shows it.
fn in_local(time: Instant) -> Instant {
    Instant {
        zone: Zone::LOCAL,
        ..time
    }
}

fn shown(context: &mut Context<'_>, arguments: &[Value], time: Instant) -> Result {
    let origin = context.union(arguments);
    Ok(Value::object(Time(time), origin))
}

fn span(context: &mut Context<'_>, arguments: &[Value], duration: Duration) -> Value {
    let origin = context.union(arguments);
    Value::new(Data::Int(duration.0, IntKind::Duration), origin)
}

const HOUR: i64 = 3_600_000_000_000;

/// A duration in so many units of nanoseconds.
fn float(context: &mut Context<'_>, arguments: &[Value], unit: i64, divisor: f64) -> Value {
    let Duration(nanoseconds) = duration(arguments, 0).unwrap_or(Duration(0));
    let origin = context.union(arguments);
    Value::float(Duration(nanoseconds).count(unit) / divisor, origin)
}

fn whole(context: &mut Context<'_>, arguments: &[Value], unit: i64) -> Value {
    let duration = duration(arguments, 0).unwrap_or(Duration(0));
    let origin = context.union(arguments);
    Value::int64(duration.0 / unit, origin)
}

fn to_unit(
    context: &mut Context<'_>,
    arguments: &[Value],
    change: fn(Duration, Duration) -> Duration,
) -> Value {
    let duration_given = duration(arguments, 0);
    let result = match (duration_given, duration(arguments, 1)) {
        (Ok(given), Ok(unit)) => change(given, unit),
        (Ok(given), Err(_)) => given,
        (Err(_), _) => Duration(0),
    };
    span(context, arguments, result)
}

/// A duration, `1h30m`, or a number of seconds.
fn duration(arguments: &[Value], index: usize) -> std::result::Result<Duration, String> {
    let from_float = |seconds: f64| {
        if !seconds.is_finite() {
            return Err(format!("invalid duration seconds: {seconds}"));
        }
        if seconds.abs() > 9_223_372_036.854_776 {
            return Err(format!("duration seconds overflow: {seconds}"));
        }
        Ok(Duration(casts::float_to_int(seconds * 1e9)))
    };
    match arguments.get(index).map(|value| &value.data) {
        Some(Data::Int(nanos, IntKind::Duration)) => Ok(Duration(*nanos)),
        Some(Data::Int(seconds, _)) => seconds
            .checked_mul(1_000_000_000)
            .map(Duration)
            .ok_or_else(|| format!("duration seconds overflow: {seconds}")),
        Some(Data::Uint(seconds, _)) => i64::try_from(*seconds)
            .ok()
            .and_then(|seconds| seconds.checked_mul(1_000_000_000))
            .map(Duration)
            .ok_or_else(|| format!("duration seconds overflow: {seconds}")),
        Some(Data::Float(seconds)) => from_float(*seconds),
        Some(Data::String(text)) => {
            let given = text.lossy();
            let trimmed = given.trim();
            if trimmed.is_empty() {
                return Err("empty duration".to_owned());
            }
            if let Ok(duration) = Duration::parse(trimmed) {
                return Ok(duration);
            }
            match casts::parse_float(trimmed) {
                Some(seconds) => from_float(seconds),
                None => Err(format!("could not parse duration {given:?}")),
            }
        }
        Some(Data::Nil | Data::Absent) | None => Err("invalid duration".to_owned()),
        Some(_) => Err(format!(
            "unsupported duration type {}",
            arguments.get(index).map_or("", Value::type_name)
        )),
    }
}

/// How JSON and TOML write a time.
const RFC_3339: &str = "2006-01-02T15:04:05.999999999Z07:00";

/// The times of TOML, and the names of the zones that the decoder gives to those without one. The encoder writes a time
/// in such a zone as the first of its name.
const TOML_LAYOUTS: &[(Option<&str>, &str)] = &[
    (None, RFC_3339),
    (Some("datetime-local"), "2006-01-02T15:04:05.999999999"),
    (Some("date-local"), "2006-01-02"),
    (Some("time-local"), "15:04:05.999999999"),
    (None, "2006-01-02T15:04Z07:00"),
    (Some("datetime-local"), "2006-01-02T15:04"),
    (Some("time-local"), "15:04"),
];

/// `*time.Location`: a zone without an instant.
struct Location(Zone);

impl Object for Location {
    fn type_name(&self) -> &str {
        LOCATION
    }

    fn kind(&self) -> &'static str {
        "ptr"
    }

    fn field(&self, _: &str) -> Option<Value> {
        None
    }

    fn method(&self, name: &str) -> Option<&'static [Type]> {
        (name == "String").then_some(&[])
    }

    fn call(&self, _: &str, context: &mut Context<'_>, _: &[Value]) -> Result {
        Ok(Value::string(self.print(), context.call))
    }

    fn print(&self) -> String {
        self.0.location()
    }

    fn as_any(&self) -> &dyn StdAny {
        self
    }
}

/// `time.Time`.
pub(super) struct Time(Instant);

impl Time {
    /// As TOML writes it: what was read without a zone is written without one.
    pub(super) fn to_toml(&self) -> String {
        let zone = self.0.zone.location();
        let mut layouts = TOML_LAYOUTS.iter();
        let local = layouts.find(|(name, _)| *name == Some(zone.as_str()));
        self.0.format(local.map_or(RFC_3339, |(_, layout)| layout))
    }

    /// A TOML date, time or both. The decoder of Helm 3 is older, and wants seconds.
    pub(super) fn from_toml(word: &str, helm: HelmVersion) -> Option<Self> {
        TOML_LAYOUTS.iter().find_map(|(name, layout)| {
            let is_newer = layout.contains("15:04") && !layout.contains(":05");
            if is_newer && helm == HelmVersion::V3 {
                return None;
            }
            let time = Instant::parse(layout, word)?;
            // Go reads numbers of one digit where there should be two, which moves what stands behind them.
            let fixed = layout.split(['.', 'Z']).next().unwrap_or_default();
            let fits = fixed
                .bytes()
                .zip(word.bytes())
                .all(|(wanted, found)| wanted.is_ascii_digit() || wanted == found);
            let zone = match name {
                Some(name) => Zone::fixed(0, clock::Abbreviation::new(name)),
                None => time.zone,
            };
            fits.then_some(Self(Instant { zone, ..time }))
        })
    }
}

impl Object for Time {
    fn type_name(&self) -> &str {
        TIME
    }

    fn field(&self, _: &str) -> Option<Value> {
        None
    }

    fn method(&self, name: &str) -> Option<&'static [Type]> {
        const NONE: &[Type] = &[];
        const OTHER: &[Type] = &[ObjectOf(TIME)];
        match name {
            "Unix" | "UnixMilli" | "UnixMicro" | "UnixNano" | "Year" | "Month" | "Day" | "Hour"
            | "Minute" | "Second" | "Nanosecond" | "Weekday" | "YearDay" | "String" | "UTC"
            | "Local" | "IsZero" | "IsDST" | "Location" | "GoString" | "MarshalText"
            | "MarshalJSON" => Some(NONE),
            "Add" | "Round" | "Truncate" => Some(&[Type::Duration]),
            "In" => Some(&[ObjectOf(LOCATION)]),
            "Format" => Some(&[Type::String]),
            "AddDate" => Some(&[Type::Int, Type::Int, Type::Int]),
            "After" | "Before" | "Equal" | "Compare" | "Sub" => Some(OTHER),
            _ => None,
        }
    }

    fn call(&self, name: &str, context: &mut Context<'_>, arguments: &[Value]) -> Result {
        let origin = context.call;
        let time = self.0;
        let civil = time.civil();
        let count = |number: u32| Ok(Value::int(i64::from(number), origin));
        let nanos = i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos);
        match name {
            "Unix" => Ok(Value::int64(time.seconds, origin)),
            "UnixMilli" => Ok(Value::int64((nanos / 1_000_000) as i64, origin)),
            "UnixMicro" => Ok(Value::int64((nanos / 1_000) as i64, origin)),
            "UnixNano" => Ok(Value::int64(nanos as i64, origin)),
            "Year" => Ok(Value::int(civil.year, origin)),
            "Month" => Ok(Value::new(
                Data::Int(i64::from(civil.month), IntKind::Month),
                origin,
            )),
            "Weekday" => Ok(Value::new(
                Data::Int(i64::from(civil.weekday), IntKind::Weekday),
                origin,
            )),
            "Day" => count(civil.day),
            "Hour" => count(civil.hour),
            "Minute" => count(civil.minute),
            "Second" => count(civil.second),
            "Nanosecond" => count(time.nanos),
            "YearDay" => count(civil.year_day),
            "String" => Ok(Value::string(time.to_go(), origin)),
            "UTC" => {
                let zone = Zone::UTC;
                Ok(Value::object(Self(Instant { zone, ..time }), origin))
            }
            "Local" => Ok(Value::object(Self(in_local(time)), origin)),
            "In" => match arguments.first().and_then(Value::as_object::<Location>) {
                Some(&Location(zone)) => Ok(Value::object(Self(Instant { zone, ..time }), origin)),
                None => fail("time: missing Location in call to Time.In"),
            },
            "Location" => Ok(Value::object(Location(time.zone), origin)),
            // The zones of times that a template can have are offsets, which know no summer.
            "IsDST" => Ok(Value::bool(false, origin)),
            "GoString" => Ok(Value::string(time.to_go_syntax(), origin)),
            "MarshalText" => Ok(Value::bytes(Text::new(self.json(), origin))),
            "MarshalJSON" => Ok(Value::bytes(Text::new(
                format!("{:?}", self.json()),
                origin,
            ))),
            "Add" | "Round" | "Truncate" => {
                let duration = Duration(int(arguments, 0));
                let moved = match name {
                    "Add" => time.plus(duration),
                    "Round" => time.round(duration),
                    _ => time.truncate(duration),
                };
                Ok(Value::object(Self(moved), origin))
            }
            "IsZero" => Ok(Value::bool(time.seconds == clock::ZERO.seconds, origin)),
            "Format" => {
                let formatted = time.format(&text(arguments, 0).lossy());
                Ok(Value::string(formatted, origin))
            }
            "AddDate" => {
                let added = time.plus_date(int(arguments, 0), int(arguments, 1), int(arguments, 2));
                Ok(Value::object(Self(added), origin))
            }
            _ => {
                let Some(Time(other)) = arguments.first().and_then(Value::as_object::<Time>) else {
                    return fail("the argument is no time");
                };
                let order = (time.seconds, time.nanos).cmp(&(other.seconds, other.nanos));
                Ok(match name {
                    "After" => Value::bool(order.is_gt(), origin),
                    "Before" => Value::bool(order.is_lt(), origin),
                    "Equal" => Value::bool(order.is_eq(), origin),
                    "Compare" => Value::int(order as i64, origin),
                    "Sub" => Value::new(Data::Int(time.since(*other).0, IntKind::Duration), origin),
                    _ => return fail("no such method"),
                })
            }
        }
    }

    fn print(&self) -> String {
        self.0.to_go()
    }

    fn json(&self) -> String {
        self.0.format(RFC_3339)
    }

    fn go_syntax(&self) -> String {
        self.0.to_go_syntax()
    }

    /// Two times are equal only in one zone.
    fn key(&self) -> String {
        format!("{} {}", self.0.to_go(), self.0.zone.location())
    }

    fn as_any(&self) -> &dyn StdAny {
        self
    }
}
