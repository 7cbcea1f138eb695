//! TOML as the BurntSushi encoder writes it (sub-tables indented, tables after values), and what it reads.

use std::collections::BTreeSet;

use crate::discover::HelmVersion;
use crate::origin::Origin;
use crate::render::helm::format::format_float;
use crate::render::helm::function::{Context, FunctionError};
use crate::render::helm::string::{Text, TextBuilder};
use crate::render::helm::value::{Data, MAX_DEPTH, Map, Value};

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
                self.push("[");
                let items = value.items().unwrap_or_default();
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.push(", ");
                    }
                    self.element(item, depth + 1)?;
                }
                self.push("]");
            }
            Data::Map(_) => self.inline(value, depth)?,
            Data::Object(object) => {
                if object.entries().is_some() {
                    self.inline(value, depth)?;
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

/// Reads TOML into a map. Everything in it has the origin of the whole text.
pub(super) fn read(text: &str, origin: Origin, helm: HelmVersion) -> Result<Map, String> {
    let mut reader = Reader {
        text,
        at: 0,
        origin,
        helm,
        table: Vec::new(),
        key: String::new(),
    };
    // The tables whose headers were read.
    let mut opened: BTreeSet<Vec<String>> = BTreeSet::new();
    let root = Map::new();
    let mut table = root.clone();
    loop {
        reader.lines();
        if reader.rest().is_empty() {
            return Ok(root);
        }
        if reader.eat("[[") {
            let path = reader.header("]]")?;
            opened.retain(|known| !known.starts_with(&path));
            table = append_table(&root, &path, origin)
                .ok_or_else(|| reader.wrong("a key is used twice"))?;
        } else if reader.eat("[") {
            let path = reader.header("]")?;
            if !opened.insert(path.clone()) {
                let words = format!("Key '{}' has already been defined.", path.join("."));
                return Err(reader.wrong(&words));
            }
            table =
                descend(&root, &path, origin).ok_or_else(|| reader.wrong("a key is used twice"))?;
        } else {
            reader.pair(&table, 0)?;
        }
        reader.end_of_line()?;
    }
}

/// The table at a path, made where it is missing; of an array of tables, the last one.
fn descend(root: &Map, path: &[String], origin: Origin) -> Option<Map> {
    let mut here = root.clone();
    for key in path {
        let next = match here.get(key) {
            None => {
                let next = Map::new();
                here.set(key.as_str(), origin, Value::map(next.clone(), origin));
                next
            }
            Some(value) => match &value.data {
                Data::Map(map) => map.clone(),
                Data::List(list) => list.last()?.as_map()?.clone(),
                _ => return None,
            },
        };
        here = next;
    }
    Some(here)
}

fn append_table(root: &Map, path: &[String], origin: Origin) -> Option<Map> {
    let (last, before) = path.split_last()?;
    let parent = descend(root, before, origin)?;
    let mut items = match parent.get(last) {
        None => Vec::new(),
        Some(value) => value.as_list()?.to_vec(),
    };
    let table = Map::new();
    items.push(Value::map(table.clone(), origin));
    parent.set(last.as_str(), origin, Value::list(items, origin));
    Some(table)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    origin: Origin,
    helm: HelmVersion,
    /// The table of the last header.
    table: Vec<String>,
    /// The last key whose value was asked for, for messages.
    key: String,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn wrong(&self, what: &str) -> String {
        let before = self.text.get(..self.at).unwrap_or_default();
        let line = 1 + before.bytes().filter(|&b| b == b'\n').count();
        if self.key.is_empty() {
            format!("toml: line {line}: {what}")
        } else {
            format!("toml: line {line} (last key {:?}): {what}", self.key)
        }
    }

    fn eat(&mut self, prefix: &str) -> bool {
        let fits = self.rest().starts_with(prefix);
        if fits {
            self.at += prefix.len();
        }
        fits
    }

    /// The path of a table, and the brackets behind it.
    fn header(&mut self, close: &str) -> Result<Vec<String>, String> {
        self.key.clear();
        let path = self.keys()?;
        if !self.eat(close) {
            let next = self.rest().chars().next();
            let shown = next.map_or("'\\x00'".to_owned(), |c| format!("{c:?}"));
            return Err(self.wrong(&format!(
                "expected '.' or ']' to end table name, but got {shown} instead"
            )));
        }
        self.table.clone_from(&path);
        Ok(path)
    }

    fn blank(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    fn comment(&mut self) {
        self.blank();
        if self.rest().starts_with('#') {
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    fn lines(&mut self) {
        loop {
            self.comment();
            if !(self.eat("\n") || self.eat("\r\n")) {
                return;
            }
        }
    }

    fn end_of_line(&mut self) -> Result<(), String> {
        self.comment();
        if self.rest().is_empty() || self.eat("\n") || self.eat("\r\n") {
            Ok(())
        } else {
            Err(self.wrong("expected a new line"))
        }
    }

    fn keys(&mut self) -> Result<Vec<String>, String> {
        let mut path = Vec::new();
        loop {
            self.blank();
            if self.rest().starts_with(['"', '\'']) {
                path.push(self.string()?);
            } else {
                let rest = self.rest();
                let length = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))
                    .unwrap_or(rest.len());
                if length == 0 {
                    return Err(match rest.chars().next() {
                        Some('=') => self.wrong("unexpected '=': key name appears blank"),
                        _ => self.wrong("expected a key"),
                    });
                }
                path.push(rest.get(..length).unwrap_or_default().to_owned());
                self.at += length;
            }
            self.blank();
            if !self.eat(".") {
                return Ok(path);
            }
            if path.len() > 100 {
                return Err(self.wrong("a key has too many parts"));
            }
        }
    }

    fn pair(&mut self, table: &Map, depth: usize) -> Result<(), String> {
        let path = self.keys()?;
        if !self.eat("=") {
            return Err(match self.rest().chars().next() {
                None => self.wrong("unexpected EOF; expected key separator '='"),
                Some(c) => self.wrong(&format!("expected '.' or '=', but got {c:?} instead")),
            });
        }
        if depth == 0 {
            let whole = self.table.iter().chain(&path);
            self.key = whole.map(String::as_str).collect::<Vec<_>>().join(".");
        }
        self.blank();
        let value = self.value(depth)?;
        let (last, before) = path
            .split_last()
            .ok_or_else(|| self.wrong("expected a key"))?;
        let parent =
            descend(table, before, self.origin).ok_or_else(|| self.wrong("a key is used twice"))?;
        if parent.get(last).is_some() {
            return Err(self.wrong(&format!("Key '{last}' has already been defined.")));
        }
        parent.set(last.as_str(), self.origin, value);
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth > MAX_DEPTH / 4 {
            return Err(self.wrong("the value is nested too deeply"));
        }
        let origin = self.origin;
        if self.rest().starts_with(['"', '\'']) {
            return Ok(Value::string(self.string()?, origin));
        }
        if self.eat("[") {
            let mut items = Vec::new();
            loop {
                self.lines();
                if self.eat("]") {
                    return Ok(Value::list(items, origin));
                }
                items.push(self.value(depth + 1)?);
                self.lines();
                if !self.eat(",") && !self.rest().starts_with(']') {
                    return Err(self.wrong("expected a comma or ']'"));
                }
            }
        }
        if self.eat("{") {
            let table = Map::new();
            loop {
                self.lines();
                if self.eat("}") {
                    return Ok(Value::map(table, origin));
                }
                self.pair(&table, depth + 1)?;
                self.lines();
                if !self.eat(",") && !self.rest().starts_with('}') {
                    return Err(self.wrong("expected a comma or '}'"));
                }
            }
        }
        let rest = self.rest();
        let length = rest
            .find(|c: char| {
                !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '.' | ':'))
            })
            .unwrap_or(rest.len());
        let mut word = rest.get(..length).unwrap_or_default();
        // A date may be followed by a space and a time.
        let after = rest.get(length..).unwrap_or_default();
        if is_date(word)
            && after.starts_with(' ')
            && after.as_bytes().get(1).is_some_and(u8::is_ascii_digit)
        {
            let more = after
                .char_indices()
                .skip(1)
                .find(|(_, c)| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.' | ':')))
                .map_or(after.len(), |(at, _)| at);
            word = rest.get(..length + more).unwrap_or_default();
        }
        self.at += word.len();
        if word.is_empty() {
            return Err(self.wrong("unexpected EOF; expected value"));
        }
        scalar(word, origin).ok_or_else(|| {
            let letters = word
                .find(|c: char| !c.is_alphabetic())
                .unwrap_or(word.len());
            let words = match word.get(..letters).unwrap_or_default() {
                "" => format!("invalid value: {word:?}"),
                letters => format!("expected value but found {letters:?} instead"),
            };
            self.wrong(&words)
        })
    }

    fn string(&mut self) -> Result<String, String> {
        for (open, raw) in [("\"\"\"", false), ("'''", true)] {
            if self.eat(open) {
                let _ = self.eat("\n") || self.eat("\r\n");
                return self.body(open, raw, true);
            }
        }
        if self.eat("'") {
            self.body("'", true, false)
        } else {
            self.at += 1;
            self.body("\"", false, false)
        }
    }

    fn body(&mut self, close: &str, raw: bool, lines: bool) -> Result<String, String> {
        let mut out = String::new();
        loop {
            if self.eat(close) {
                // Up to two quotes may stand right before the closing ones.
                while lines
                    && out.len() < usize::MAX
                    && self.rest().starts_with(close.get(..1).unwrap_or("\""))
                {
                    out.push_str(close.get(..1).unwrap_or("\""));
                    self.at += 1;
                }
                return Ok(out);
            }
            let Some(c) = self.rest().chars().next() else {
                return Err(self.wrong("unexpected EOF; expected '\"'"));
            };
            self.at += c.len_utf8();
            if c == '\n' && !lines {
                return Err(self.wrong("strings cannot contain newlines"));
            }
            if c != '\\' || raw {
                out.push(c);
                continue;
            }
            let Some(escape) = self.rest().chars().next() else {
                continue;
            };
            self.at += escape.len_utf8();
            // The decoder of Helm 3 is older, and knows fewer escapes.
            if self.helm == HelmVersion::V3 && matches!(escape, 'x' | 'e') {
                return Err(self.wrong(&format!("invalid escape in string '\\{escape}'")));
            }
            match escape {
                'b' => out.push('\u{8}'),
                't' => out.push('\t'),
                'n' => out.push('\n'),
                'f' => out.push('\u{c}'),
                'r' => out.push('\r'),
                'e' => out.push('\u{1b}'),
                '"' | '\\' => out.push(escape),
                'x' | 'u' | 'U' => {
                    let width = match escape {
                        'x' => 2,
                        'u' => 4,
                        _ => 8,
                    };
                    let c = self
                        .rest()
                        .get(..width)
                        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
                        .and_then(char::from_u32);
                    let Some(c) = c else {
                        let rest = self.rest();
                        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
                        let end = rest.len().min(digits.min(width) + 1);
                        let got = format!("\\{escape}{}", rest.get(..end).unwrap_or(rest));
                        let count = match escape {
                            'x' => "two",
                            'u' => "four",
                            _ => "eight",
                        };
                        return Err(self.wrong(&format!(
                            "expected {count} hexadecimal digits after '\\{escape}', but got {got:?} instead"
                        )));
                    };
                    self.at += width;
                    out.push(c);
                }
                c if lines && c.is_whitespace() => {
                    let rest = self.rest();
                    self.at += rest.len() - rest.trim_start().len();
                }
                c => return Err(self.wrong(&format!("invalid escape character {c:?}"))),
            }
        }
    }
}

fn is_date(word: &str) -> bool {
    word.len() == 10 && super::clock::Instant::parse("2006-01-02", word).is_some()
}

fn scalar(word: &str, origin: Origin) -> Option<Value> {
    match word {
        "true" => return Some(Value::bool(true, origin)),
        "false" => return Some(Value::bool(false, origin)),
        "inf" | "+inf" => return Some(Value::float(f64::INFINITY, origin)),
        "-inf" => return Some(Value::float(f64::NEG_INFINITY, origin)),
        "nan" | "+nan" | "-nan" => return Some(Value::float(f64::NAN, origin)),
        _ => {}
    }
    if let Some(time) = super::dates::Time::from_toml(word) {
        return Some(Value::object(time, origin));
    }
    let plain = word.strip_prefix(['+', '-']).unwrap_or(word);
    let prefixed = plain.starts_with("0x") || plain.starts_with("0o") || plain.starts_with("0b");
    if prefixed || plain.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
        let leading_zero = plain.len() > 1 && plain.starts_with('0') && !prefixed;
        return super::casts::parse_int(word)
            .filter(|_| !leading_zero)
            .map(|number| Value::int64(number, origin));
    }
    super::casts::parse_float(word).map(|number| Value::float(number, origin))
}
