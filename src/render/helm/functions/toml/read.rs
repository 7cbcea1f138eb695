//! TOML as the BurntSushi decoder reads it: tables, keys, arrays, and which key may be defined again. What the words
//! of a text are, and what is wrong with one, is in `scan`.
//!
//! A table that only the path of another one mentions is implicit, and may be defined once more. Everything here
//! follows from that, the decoder's mistakes included: `a.b = 1` before `a = 2` leaves the second unread.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::scan::{Scanner, Wrong};
use crate::discover::HelmVersion;
use crate::origin::Origin;
use crate::render::helm::format::quote_lossless;
use crate::render::helm::value::{Data, Items, List, MAX_DEPTH, Map, Value};

/// Reads TOML into a map. Everything in it has the origin of the whole text.
pub(in super::super) fn read(text: &str, origin: Origin, helm: HelmVersion) -> Result<Map, String> {
    let mut reader = Reader {
        scanner: Scanner::new(text, helm),
        origin,
        helm,
        root: Table::new(),
        implicit: BTreeSet::new(),
        arrays: BTreeSet::new(),
        context: Vec::new(),
        key: String::new(),
        key_line: 1,
    };
    match reader.document() {
        Ok(()) => Ok(to_map(reader.root, origin)),
        Err(wrong) => Err(reader.told(&wrong)),
    }
}

/// A table while it is being read.
type Table = BTreeMap<String, Node>;

enum Node {
    Table(Table),
    /// The tables of `[[…]]`, and those in an array that is not read to its end.
    Tables(Vec<Table>),
    Value(Value),
}

fn to_map(table: Table, origin: Origin) -> Map {
    let map = Map::new();
    for (key, node) in table {
        let value = match node {
            Node::Value(value) => value,
            Node::Table(table) => Value::map(to_map(table, origin), origin),
            Node::Tables(tables) => {
                let tables = tables.into_iter();
                let maps = tables.map(|table| Value::map(to_map(table, origin), origin));
                let list = List::of(Items::Map, maps.collect());
                Value::new(Data::List(Rc::new(list)), origin)
            }
        };
        map.set(key, origin, value);
    }
    map
}

struct Reader<'t> {
    scanner: Scanner<'t>,
    origin: Origin,
    helm: HelmVersion,
    root: Table,
    implicit: BTreeSet<Vec<String>>,
    /// The keys whose value is, or begins as, an array in brackets.
    arrays: BTreeSet<Vec<String>>,
    /// The table that keys are put into.
    context: Vec<String>,
    /// The last part of the key whose value is read.
    key: String,
    /// Where the last key began.
    key_line: usize,
}

type Read<T> = Result<T, Wrong>;

impl Reader<'_> {
    /// The decoder's words: where it was, and in which key.
    fn told(&self, wrong: &Wrong) -> String {
        let key = match (self.key.as_str(), self.context.as_slice()) {
            ("", context) => path(context),
            (key, []) => key.to_owned(),
            (key, context) => format!("{}.{key}", path(context)),
        };
        let Wrong { line, words } = wrong;
        if key.is_empty() {
            format!("toml: line {line}: {words}")
        } else {
            let key = quote_lossless(key.as_bytes());
            format!("toml: line {line} (last key {key}): {words}")
        }
    }

    /// An error about the key that was read last.
    fn refuse<T>(&self, words: String) -> Read<T> {
        let line = self.key_line;
        Err(Wrong { line, words })
    }

    fn document(&mut self) -> Read<()> {
        loop {
            match self.scanner.peek()? {
                None => return Ok(()),
                Some(' ' | '\t' | '\n' | '\r') => {
                    self.scanner.next()?;
                    continue;
                }
                Some('#') => {
                    self.scanner.comment()?;
                    continue;
                }
                Some('[') => self.header()?,
                Some(_) => {
                    let outer = self.context.clone();
                    self.pair(0)?;
                    self.context = outer;
                    self.key.clear();
                }
            }
            self.scanner.end_of_item()?;
        }
    }

    fn header(&mut self) -> Read<()> {
        self.scanner.next()?;
        let is_array = self.scanner.eat('[')?;
        let mut path = Vec::new();
        loop {
            self.scanner.blank()?;
            if path.is_empty() {
                self.key_line = self.scanner.line();
            }
            match self.scanner.peek()? {
                Some(']') | None => {
                    return self
                        .scanner
                        .refuse("unexpected end of table name (table names cannot be empty)");
                }
                Some('.') => {
                    return self
                        .scanner
                        .refuse("unexpected table separator (table names cannot be empty)");
                }
                Some(_) => path.push(self.scanner.name()?),
            }
            self.scanner.blank()?;
            match self.scanner.next()? {
                Some('.') => {}
                Some(']') => break,
                other => {
                    let words = "expected '.' or ']' to end table name, but got";
                    return self.scanner.unexpected(words, other);
                }
            }
        }
        if is_array {
            match self.scanner.next()? {
                Some(']') => {}
                other => {
                    let words = "expected end of table array name delimiter ']', but got";
                    return self.scanner.unexpected(words, other);
                }
            }
        }
        self.enter(&path, is_array)
    }

    /// `key = value`, into the table that keys are put into. Afterwards that is the one that the key itself has named.
    fn pair(&mut self, depth: usize) -> Read<()> {
        self.scanner.key_start()?;
        self.key_line = self.scanner.line();
        let mut path = vec![self.scanner.name()?];
        while self.scanner.key_goes_on()? {
            path.push(self.scanner.name()?);
        }
        self.key = path.pop().unwrap_or_default();
        for part in path {
            let mut table = self.context.clone();
            table.push(part);
            self.implicit.insert(table.clone());
            self.enter(&table, false)?;
        }
        let value = self.value(depth, false)?;
        self.put(self.key.clone(), Node::Value(value))
    }

    /// Makes a table the one that keys are put into: a new one in an array, or one that may not be there yet.
    fn enter(&mut self, path: &[String], in_array: bool) -> Read<()> {
        if path.len() > MAX_DEPTH {
            return self.refuse("the tables are nested too deeply".to_owned());
        }
        let Some((last, parents)) = path.split_last() else {
            return Ok(());
        };
        let mut table = &mut self.root;
        for (n, part) in parents.iter().enumerate() {
            let so_far = parents.get(..=n).unwrap_or_default();
            let node = table.entry(part.clone()).or_insert_with(|| {
                self.implicit.insert(so_far.to_vec());
                Node::Table(Table::new())
            });
            match inside(node) {
                Some(next) => table = next,
                None => {
                    let shown = self::path(so_far);
                    return self.refuse(format!("Key '{shown}' was already created as a hash."));
                }
            }
        }
        self.context = parents.to_vec();
        if in_array {
            let node = table
                .entry(last.clone())
                .or_insert_with(|| Node::Tables(Vec::new()));
            let Node::Tables(tables) = node else {
                let shown = self::path(path);
                return self.refuse(format!(
                    "Key '{shown}' was already created and cannot be used as an array."
                ));
            };
            tables.push(Table::new());
        } else {
            self.put(last.clone(), Node::Table(Table::new()))?;
        }
        self.context.push(last.clone());
        Ok(())
    }

    /// The table that keys are put into, or how much of its path is no table.
    fn table(&mut self) -> Result<&mut Table, usize> {
        let mut table = &mut self.root;
        for (n, part) in self.context.iter().enumerate() {
            table = table.get_mut(part).and_then(inside).ok_or(n + 1)?;
        }
        Ok(table)
    }

    /// Puts a value under a key, unless it is there: then it must be implicit.
    fn put(&mut self, key: String, node: Node) -> Read<()> {
        let mut path = self.context.clone();
        path.push(key.clone());
        let is_there = match self.table() {
            Ok(table) => table.contains_key(&key),
            Err(length) => {
                let shown = self::path(path.get(..length).unwrap_or_default());
                return self.refuse(format!("Key '{shown}' has already been defined."));
            }
        };
        let was_implicit = is_there && self.implicit.remove(&path);
        if is_there && !was_implicit {
            let shown = self::path(&path);
            return self.refuse(format!("Key '{shown}' has already been defined."));
        }
        // What an implicit table holds stays; an array takes the place of the tables that were read for it.
        if (!is_there || self.arrays.contains(&path))
            && let Ok(table) = self.table()
        {
            table.insert(key, node);
        }
        Ok(())
    }

    fn value(&mut self, depth: usize, in_array: bool) -> Read<Value> {
        if depth > MAX_DEPTH / 4 {
            return self.scanner.refuse("the value is nested too deeply");
        }
        self.scanner.blank()?;
        match self.scanner.peek()? {
            Some('[') => self.array(depth),
            Some('{') => self.inline(depth, in_array),
            _ => self.scanner.scalar(self.origin),
        }
    }

    fn array(&mut self, depth: usize) -> Read<Value> {
        self.scanner.next()?;
        let mut path = self.context.clone();
        path.push(self.key.clone());
        self.arrays.insert(path);
        let mut items = Vec::new();
        loop {
            self.scanner.lines()?;
            match self.scanner.peek()? {
                Some(',') => {
                    self.scanner.next()?;
                    return self.scanner.refuse("unexpected comma");
                }
                Some(']') => break,
                _ => items.push(self.value(depth + 1, true)?),
            }
            self.scanner.lines()?;
            match self.scanner.peek()? {
                Some(',') => self.scanner.next()?,
                Some(']') => break,
                other => {
                    self.scanner.next()?;
                    let got = shown(other);
                    return self.scanner.refuse(&format!(
                        "expected a comma (',') or array terminator (']'), but got {got}"
                    ));
                }
            };
        }
        self.scanner.next()?;
        Ok(Value::list(items, self.origin))
    }

    /// A table in braces. Outside of arrays it is where it belongs already, and what is given says nothing.
    fn inline(&mut self, depth: usize, in_array: bool) -> Read<Value> {
        self.scanner.next()?;
        let (outer, key) = (self.context.clone(), std::mem::take(&mut self.key));
        self.context.push(key.clone());
        let context = self.context.clone();
        self.implicit.insert(context.clone());
        self.enter(&context, in_array)?;
        while self.inline_goes_on()? {
            self.pair(depth + 1)?;
            self.context.clone_from(&context);
            if !self.inline_ends()? {
                break;
            }
        }
        let value = match self.table() {
            Ok(table) if in_array => {
                Value::map(to_map(std::mem::take(table), self.origin), self.origin)
            }
            _ => Value::nil(self.origin),
        };
        (self.context, self.key) = (outer, key);
        Ok(value)
    }

    /// Before a key in braces: false behind the last.
    fn inline_goes_on(&mut self) -> Read<bool> {
        self.inline_blank()?;
        match self.scanner.peek()? {
            Some(',') => {
                self.scanner.next()?;
                self.scanner.refuse("unexpected comma")
            }
            Some('}') => {
                self.scanner.next()?;
                Ok(false)
            }
            _ => Ok(true),
        }
    }

    /// Behind a value in braces: false where they close.
    fn inline_ends(&mut self) -> Read<bool> {
        self.inline_blank()?;
        match self.scanner.next()? {
            Some('}') => Ok(false),
            Some(',') => {
                self.scanner.blank()?;
                if self.helm == HelmVersion::V3 && self.scanner.peek()? == Some('}') {
                    return self
                        .scanner
                        .refuse("trailing comma not allowed in inline tables");
                }
                Ok(true)
            }
            other => {
                let got = shown(other);
                self.scanner.refuse(&format!(
                    "expected a comma or an inline table terminator '}}', but got {got} instead"
                ))
            }
        }
    }

    /// What may stand between the parts of a table in braces; the decoder of Helm 3 is older, and takes no new lines.
    fn inline_blank(&mut self) -> Read<()> {
        if self.helm == HelmVersion::V4 {
            return self.scanner.lines();
        }
        self.scanner.blank()?;
        self.scanner.comment()?;
        match self.scanner.peek()? {
            Some('\n' | '\r') => self
                .scanner
                .refuse("newlines not allowed within inline tables"),
            _ => Ok(()),
        }
    }
}

/// The table at a place; of an array of tables, the last one.
fn inside(node: &mut Node) -> Option<&mut Table> {
    match node {
        Node::Table(table) => Some(table),
        Node::Tables(tables) => tables.last_mut(),
        Node::Value(_) => None,
    }
}

/// A key as messages show it.
fn path(parts: &[String]) -> String {
    let is_bare = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
    };
    let shown = parts.iter().map(|part| {
        if is_bare(part) {
            part.clone()
        } else {
            quote_lossless(part.as_bytes())
        }
    });
    shown.collect::<Vec<_>>().join(".")
}

fn shown(found: Option<char>) -> String {
    found.map_or("end of file".to_owned(), |c| format!("'{c}'"))
}
