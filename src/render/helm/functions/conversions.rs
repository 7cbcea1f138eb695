//! Helm's own conversions: YAML, JSON and TOML, each way.

use std::rc::Rc;

use super::json::{self, Layout};
use super::{Result, fail, toml};
use crate::discover::HelmVersion;
use crate::origin::{Origin, Origins};
use crate::render::helm::function::Type::{Any, String as Str};
use crate::render::helm::function::{Context, Function, FunctionError, Signature, text};
use crate::render::helm::string::{Text, Unions};
use crate::render::helm::value::{Data, Items, List, Map, Value};
use crate::text::Span;
use crate::yaml::{self, Dialect};

const COMPACT: Layout = Layout {
    pretty: false,
    html: true,
};
const PRETTY: Layout = Layout {
    pretty: true,
    html: true,
};
const RAW: Layout = Layout {
    pretty: false,
    html: false,
};

const MUST_FROM_JSON: Function = |c, a| {
    let (value, refused) = read_json(c, a).map_err(FunctionError::new)?;
    refused.map_or(Ok(value), |words| Err(FunctionError::new(words)))
};

pub(super) const TABLE: &[Signature] = &[
    Signature::new("toYaml", &[Any], |c, a| {
        let value = a.first().cloned().unwrap_or_default();
        match to_yaml(c, &value, yaml::emit::Style::ToYaml) {
            Ok(text) => Ok(text.into()),
            Err(_) => nothing(c, a),
        }
    }),
    Signature::new("toYamlPretty", &[Any], |c, a| {
        let value = a.first().cloned().unwrap_or_default();
        match to_yaml(c, &value, yaml::emit::Style::ToYamlPretty) {
            Ok(text) => Ok(text.into()),
            Err(_) => nothing(c, a),
        }
    }),
    Signature::new("fromYaml", &[Str], |c, a| {
        Ok(from_yaml(c, &text(a, 0), "map[string]interface {}", |v| {
            v.as_map().is_some()
        })
        .unwrap_or_else(|error| as_error(c, a, &error)))
    }),
    Signature::new("fromYamlArray", &[Str], |c, a| {
        Ok(
            from_yaml(c, &text(a, 0), "[]interface {}", |v| v.as_list().is_some())
                .unwrap_or_else(|error| as_error_list(c, a, &error)),
        )
    }),
    Signature::new("toJson", &[Any], |c, a| write_or_nothing(c, a, COMPACT)),
    Signature::new("mustToJson", &[Any], |c, a| write(c, a, COMPACT)),
    Signature::new("toPrettyJson", &[Any], |c, a| {
        write_or_nothing(c, a, PRETTY)
    }),
    Signature::new("mustToPrettyJson", &[Any], |c, a| write(c, a, PRETTY)),
    Signature::new("toRawJson", &[Any], |c, a| write(c, a, RAW)),
    Signature::new("mustToRawJson", &[Any], |c, a| write(c, a, RAW)),
    Signature::new("fromJson", &[Str], |c, a| {
        let read = read_json(c, a).and_then(|(value, refused)| {
            let value = of_kind(value, "map[string]interface {}", |v| v.as_map().is_some())?;
            Ok((value, refused))
        });
        Ok(match read {
            Ok((value, None)) => value,
            // What could be read stays beside the reason.
            Ok((value, Some(refused))) => {
                let origin = c.union(a);
                if let Some(map) = value.as_map() {
                    map.set("Error", origin, Value::string(refused, origin));
                }
                value
            }
            Err(error) => as_error(c, a, &error),
        })
    }),
    Signature::new("fromJsonArray", &[Str], |c, a| {
        let read = read_json(c, a).and_then(|(value, refused)| {
            let value = of_kind(value, "[]interface {}", |v| v.as_list().is_some())?;
            refused.map_or(Ok(value), Err)
        });
        Ok(read.unwrap_or_else(|error| as_error_list(c, a, &error)))
    }),
    Signature::new("mustFromJson", &[Str], MUST_FROM_JSON),
    Signature::new("toToml", &[Any], |c, a| match to_toml(c, a) {
        Ok(value) => Ok(value),
        Err(error) if error.message.starts_with("toml: ") => super::mixed(c, a, error.message),
        Err(error) => Err(error),
    }),
    Signature::new("fromToml", &[Str], |c, a| {
        let given = text(a, 0);
        let origin = given.origin(c.origins);
        c.spend(given.len())?;
        Ok(match toml::read(&given.lossy(), origin, c.helm) {
            Ok(map) => Value::map(map, origin),
            Err(error) => as_error(c, a, &error),
        })
    }),
];

/// What Helm 4 adds.
pub(super) const ONLY_HELM_4: &[Signature] = &[
    Signature::new("mustToYaml", &[Any], |c, a| {
        let value = a.first().cloned().unwrap_or_default();
        to_yaml(c, &value, yaml::emit::Style::ToYaml)
            .map(Value::from)
            .map_err(|why| {
                FunctionError::new(if why.starts_with("json: ") {
                    why
                } else {
                    format!("yaml: {why}")
                })
            })
    }),
    Signature::new("mustToToml", &[Any], to_toml),
];

/// What Helm gives where a conversion fails silently.
fn nothing(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let origin = context.union(arguments);
    Ok(Value::string("", origin))
}

fn write(context: &mut Context<'_>, arguments: &[Value], layout: Layout) -> Result {
    let value = arguments.first().cloned().unwrap_or_default();
    Ok(json::write(context, &value, layout)?.into())
}

fn write_or_nothing(context: &mut Context<'_>, arguments: &[Value], layout: Layout) -> Result {
    match write(context, arguments, layout) {
        Err(error) if error.message.starts_with("json: ") => nothing(context, arguments),
        result => result,
    }
}

/// What JSON says, and what Go's decoder could not take of it.
fn read_json(
    context: &mut Context<'_>,
    arguments: &[Value],
) -> std::result::Result<(Value, Option<String>), String> {
    json::read_on(&text(arguments, 0), context.helm, context.origins).map_err(|words| {
        // The decoder of Go 1.27, which Helm 4 is built with, has other words for this.
        let escape = words
            .strip_prefix("invalid character '")
            .and_then(|rest| rest.strip_suffix("' in string escape code"));
        match escape {
            Some(c) if context.helm == HelmVersion::V4 => {
                format!("invalid escape sequence `\\{c}` in string")
            }
            _ => words,
        }
    })
}

fn to_toml(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match arguments.first() {
        Some(value) if !value.is_nil() => Ok(toml::write(context, value)?.into()),
        _ => fail("reflect: call of reflect.Value.Type on zero Value"),
    }
}

/// The value as YAML, without the last line break.
pub(in crate::render::helm) fn to_yaml(
    context: &mut Context<'_>,
    value: &Value,
    style: yaml::emit::Style,
) -> std::result::Result<Text, String> {
    let plain = value
        .to_yaml(context.origins)
        .ok_or("the value is nested too deeply")?;
    let printed = yaml::emit::print(&plain, style).map_err(|error| error.to_string())?;
    context
        .spend_bytes(printed.as_str().len())
        .map_err(|error| error.message)?;
    let text = Text::from(&printed);
    let length = text.len();
    Ok(match text.as_bytes().last() {
        Some(b'\n') => text.slice(0..length - 1),
        _ => text,
    })
}

/// Looks up the origin of a span of a text, remembering the answers.
pub(in crate::render::helm) fn origins_of<'t>(
    text: &Text,
    origins: &'t mut Origins,
) -> impl FnMut(Span) -> Origin + 't {
    let mut unions = Unions::of(text);
    move |span| unions.origin(span, origins)
}

/// Why a text is not YAML, as Helm says it. go-yaml counts lines from 0 where the parser complains, from 1 where the
/// scanner does, and does not mention the first one. What its reader and its decoder refuse has no line.
pub(in crate::render::helm) fn syntax_words(text: &[u8], error: &yaml::SyntaxError) -> String {
    const PARSER: &[&str] = &[
        "did not find expected key",
        "did not find expected node content",
        "did not find expected '-' indicator",
        "did not find expected ','",
        "did not find expected <",
        "found duplicate %",
        "found incompatible YAML document",
        "found undefined tag handle",
    ];
    const NO_LINE: &[&str] = &[
        "control characters are not allowed",
        "incomplete UTF-8",
        "invalid ",
        "unknown anchor",
        "anchor '",
        "map merge requires",
        "document contains excessive aliasing",
        "cannot decode",
        "!!binary value",
    ];
    let is_of = |all: &[&str]| all.iter().any(|words| error.message.starts_with(words));
    let at = (error.span.start as usize).min(text.len());
    let before = text.get(..at).unwrap_or_default();
    let mut line = yaml::line_breaks(&String::from_utf8_lossy(before));
    // The end of a text is the beginning of a new line, but to who looks for the end of a quoted text.
    let is_quoted = error.message == "found unexpected end of stream";
    if at == text.len() && !before.is_empty() && !before.ends_with(b"\n") && !is_quoted {
        line += 1;
    }
    let place = match (line, is_of(PARSER)) {
        _ if is_of(NO_LINE) => String::new(),
        (0, _) => String::new(),
        (line, true) => format!("line {line}: "),
        (line, false) => format!("line {}: ", line + 1),
    };
    if error.message.starts_with("json: ") || error.message.starts_with("unsupported map key") {
        return format!("error converting YAML to JSON: {error}");
    }
    let message = error.message.replace("hexadecimal", "hexdecimal");
    format!("error converting YAML to JSON: yaml: {place}{message}")
}

fn from_yaml(
    context: &mut Context<'_>,
    given: &Text,
    wanted: &str,
    fits: fn(&Value) -> bool,
) -> std::result::Result<Value, String> {
    context
        .spend(given.len() / 4)
        .map_err(|error| error.message)?;
    let stream = yaml::parse_bytes(given.as_bytes());
    let value = match (stream.documents.first(), stream.error) {
        (Some(document), _) => document
            .value(Dialect::Helm, &mut origins_of(given, context.origins))
            .map_err(|error| syntax_words(given.as_bytes(), &error))?,
        (None, Some(error)) => {
            return Err(syntax_words(given.as_bytes(), &error));
        }
        (None, None) => yaml::Value::default(),
    };
    if value.is_null() {
        let origin = given.origin(context.origins);
        return Ok(if wanted.starts_with("map") {
            Value::map(Map::new(), origin)
        } else {
            Value::list(Vec::new(), origin)
        });
    }
    of_kind(Value::from_yaml(&value), wanted, fits)
        .map_err(|error| format!("error unmarshaling JSON: while decoding JSON: {error}"))
}

/// The value if it fits; null stands for one that was never made.
fn of_kind(
    value: Value,
    wanted: &str,
    fits: fn(&Value) -> bool,
) -> std::result::Result<Value, String> {
    if fits(&value) {
        Ok(value)
    } else if matches!(value.data, Data::Nil) {
        Ok(if wanted.starts_with("map") {
            Value::map(Map::nil(), value.origin)
        } else {
            let list = List::or_nil(Items::Any, Vec::new());
            Value::new(Data::List(Rc::new(list)), value.origin)
        })
    } else {
        Err(format!(
            "json: cannot unmarshal {} into Go value of type {wanted}",
            json::kind(&value)
        ))
    }
}

/// Where a text cannot be read, Helm gives a map with the reason under `Error`.
fn as_error(context: &mut Context<'_>, arguments: &[Value], error: &str) -> Value {
    let origin = context.union(arguments);
    let map = Map::new();
    map.set("Error", origin, Value::string(error, origin));
    Value::map(map, origin)
}

fn as_error_list(context: &mut Context<'_>, arguments: &[Value], error: &str) -> Value {
    let origin = context.union(arguments);
    Value::list(vec![Value::string(error, origin)], origin)
}
