//! TOML as the BurntSushi encoder writes it (sub-tables indented, tables after values). How it is read is in `read`.

mod read;
mod scan;

use crate::discover::HelmVersion;
use crate::origin::Origin;
use crate::render::helm::format::format_float;
use crate::render::helm::function::{Context, FunctionError};
use crate::render::helm::string::{Text, TextBuilder};
use crate::render::helm::value::{Data, MAX_DEPTH, Value};

pub(super) use read::read;

const NIL_ELEMENT: &str = "toml: cannot encode array with nil element";
const NO_KEY: &str = "toml: top-level values must be Go maps or structs";

/// The value as TOML. Each scalar keeps its origin.
pub(super) fn write(context: &mut Context<'_>, value: &Value) -> Result<Text, FunctionError> {
    let mut writer = Writer {
        out: TextBuilder::new(),
        context,
    };
    writer.encode(&[], value)?;
    let length = writer.out.len();
    writer.context.spend_bytes(length)?;
    Ok(writer.out.finish())
}

struct Writer<'c, 'a> {
    out: TextBuilder,
    context: &'c mut Context<'a>,
}

/// What TOML makes of a value.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Nil,
    Value,
    Table,
    Tables,
}

fn shape(value: &Value, depth: usize) -> Result<Shape, FunctionError> {
    if depth > MAX_DEPTH {
        return Err(FunctionError::new("toml: the value is nested too deeply"));
    }
    if value.is_nil() {
        return Ok(Shape::Nil);
    }
    Ok(match &value.data {
        Data::Map(map) if map.borrow().is_nil => Shape::Nil,
        Data::List(list) if list.is_nil() => Shape::Nil,
        Data::Bytes(None) => Shape::Nil,
        Data::Map(_) => Shape::Table,
        Data::Object(object) if object.entries().is_some() => Shape::Table,
        Data::List(list) => {
            let mut all_tables = !list.is_empty();
            for item in list.iter() {
                match shape(item, depth + 1)? {
                    Shape::Nil => return Err(FunctionError::new(NIL_ELEMENT)),
                    Shape::Table => {}
                    Shape::Value | Shape::Tables => all_tables = false,
                }
            }
            if all_tables {
                Shape::Tables
            } else {
                Shape::Value
            }
        }
        _ => Shape::Value,
    })
}

fn members(value: &Value) -> Vec<(Text, Value)> {
    match &value.data {
        Data::Map(map) => map
            .entries()
            .into_iter()
            .map(|(key, entry)| (Text::new(key.as_bytes(), entry.key_origin), entry.value))
            .collect(),
        Data::Object(object) => object
            .entries()
            .unwrap_or_default()
            .into_iter()
            .map(|(key, value)| (Text::new(key.as_bytes(), Origin::NONE), value))
            .collect(),
        _ => Vec::new(),
    }
}

/// A key bare where TOML allows it, else in quotes.
fn quoted_key(key: &Text) -> Text {
    let bare = !key.is_empty()
        && key
            .as_bytes()
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if bare { key.clone() } else { quoted(key) }
}

fn quoted(text: &Text) -> Text {
    let first = text
        .runs()
        .next()
        .map_or(Origin::NONE, |(_, origin)| origin);
    let last = text
        .runs()
        .last()
        .map_or(Origin::NONE, |(_, origin)| origin);
    let mut out = TextBuilder::new();
    out.push(b"\"", first);
    out.push_text(&text.rewrite(|c, out| {
        let c = c.or_replacement();
        let mut buffer = [0; 4];
        match c {
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            '\r' => out.extend_from_slice(b"\\r"),
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\0'..='\u{1f}' | '\u{7f}' => {
                out.extend_from_slice(format!("\\u{:04x}", c as u32).as_bytes());
            }
            c => out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes()),
        }
    }));
    out.push(b"\"", last);
    out.finish()
}

impl Writer<'_, '_> {
    fn push(&mut self, text: &str) {
        let call = self.context.call;
        self.out.push(text.as_bytes(), call);
    }

    fn line_break(&mut self) {
        if !self.out.is_empty() {
            self.push("\n");
        }
    }

    fn indent(&mut self, key: &[Text]) {
        self.push(&"  ".repeat(key.len().saturating_sub(1)));
    }

    fn path(&mut self, key: &[Text]) {
        for (index, part) in key.iter().enumerate() {
            if index > 0 {
                self.push(".");
            }
            self.out.push_text(&quoted_key(part));
        }
    }

    fn encode(&mut self, key: &[Text], value: &Value) -> Result<(), FunctionError> {
        self.context.spend(1)?;
        match shape(value, key.len())? {
            Shape::Nil => Ok(()),
            Shape::Value => {
                if let Some(last) = key.last() {
                    self.indent(key);
                    self.out.push_text(&quoted_key(last));
                    self.push(" = ");
                    self.element(value, 0)?;
                    self.line_break();
                    Ok(())
                } else {
                    self.element(value, 0)
                }
            }
            Shape::Tables => {
                if key.is_empty() {
                    return Err(FunctionError::new(NO_KEY));
                }
                for item in value
                    .as_list()
                    .map(|list| list.to_vec())
                    .unwrap_or_default()
                {
                    self.line_break();
                    self.indent(key);
                    self.push("[[");
                    self.path(key);
                    self.push("]]");
                    self.line_break();
                    self.table(key, &item)?;
                }
                Ok(())
            }
            Shape::Table => {
                if key.len() == 1 {
                    self.line_break();
                }
                if !key.is_empty() {
                    self.indent(key);
                    self.push("[");
                    self.path(key);
                    self.push("]");
                    self.line_break();
                }
                self.table(key, value)
            }
        }
    }

    /// Values first, then tables, each sorted by key.
    fn table(&mut self, key: &[Text], value: &Value) -> Result<(), FunctionError> {
        let members = members(value);
        for tables in [false, true] {
            for (name, member) in &members {
                let is_table = matches!(shape(member, key.len())?, Shape::Table | Shape::Tables);
                if is_table == tables {
                    let mut path = key.to_vec();
                    path.push(name.clone());
                    self.encode(&path, member)?;
                }
            }
        }
        Ok(())
    }

    /// A value on the right of an equals sign or inside brackets.
    fn element(&mut self, value: &Value, depth: usize) -> Result<(), FunctionError> {
        if depth > MAX_DEPTH {
            return Err(FunctionError::new("toml: the value is nested too deeply"));
        }
        let here = if value.origin.is_none() {
            self.context.call
        } else {
            value.origin
        };
        match &value.data {
            Data::String(text) => self.out.push_text(&quoted(text)),
            Data::Float(number) => {
                let shown = float(*number, self.context.helm);
                self.out.push(shown.as_bytes(), here);
            }
            Data::Bool(truth) => self.out.push(truth.to_string().as_bytes(), here),
            Data::Int(number, _) => self.out.push(number.to_string().as_bytes(), here),
            Data::Uint(number, _) => self.out.push(number.to_string().as_bytes(), here),
            Data::Nil | Data::Absent => return Err(FunctionError::new(NIL_ELEMENT)),
            Data::Bytes(_) | Data::List(_) => {
                self.items(&value.items().unwrap_or_default(), depth)?;
            }
            Data::Map(_) => self.inline(value, depth)?,
            Data::Object(object) => {
                if object.entries().is_some() {
                    self.inline(value, depth)?;
                } else if let Some(items) = object.items() {
                    self.items(&items, depth)?;
                } else if let Some(time) = value.as_object::<super::dates::Time>() {
                    self.out.push(time.to_toml().as_bytes(), here);
                } else {
                    let shown = quoted(&Text::new(object.print(), here));
                    self.out.push_text(&shown);
                }
            }
        }
        Ok(())
    }

    fn items(&mut self, items: &[Value], depth: usize) -> Result<(), FunctionError> {
        self.push("[");
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.element(item, depth + 1)?;
        }
        self.push("]");
        Ok(())
    }

    fn inline(&mut self, value: &Value, depth: usize) -> Result<(), FunctionError> {
        self.push("{");
        let members = members(value);
        let mut first = true;
        for tables in [false, true] {
            for (name, member) in &members {
                let shape = shape(member, depth)?;
                let is_table = matches!(shape, Shape::Table | Shape::Tables);
                if is_table != tables || shape == Shape::Nil {
                    continue;
                }
                if !first {
                    self.push(", ");
                }
                first = false;
                self.out.push_text(&quoted_key(name));
                self.push(" = ");
                self.element(member, depth + 1)?;
            }
        }
        self.push("}");
        Ok(())
    }
}

/// A float, always recognisable as one: as Go's `%g` shows it, or in Helm 3, whose encoder is older, with all its digits.
fn float(number: f64, helm: HelmVersion) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let form = match helm {
        HelmVersion::V4 => b'g',
        HelmVersion::V3 => b'f',
    };
    let shown = format_float(number, form, None);
    if shown.contains(['.', 'e']) {
        shown
    } else {
        format!("{shown}.0")
    }
}
