//! The language of `--set` and its relatives: `a.b[0].c=1,d={x,y},e\.f=null`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::format::quote_char;
use super::functions::json;
use super::string::Text;
use super::value::{Data, Map, Value};
use super::values::over;
use crate::discover::{HelmVersion, Set, SetKind};
use crate::origin::{FileId, Origin, Origins, Role};
use crate::snapshot::Tree;
use crate::text::{RepoPath, Span};

/// The greatest index of a list, as in Helm.
const MAX_INDEX: usize = 65_536;

/// How deep keys may be nested, as in Helm.
const MAX_LEVEL: usize = 30;

/// How deep indices may follow each other; Helm has no limit.
const MAX_INDICES: usize = 100;

/// Applies one argument to `values`.
pub(super) fn apply(
    set: &Set,
    file: FileId,
    files: &dyn Files,
    helm: HelmVersion,
    values: &Map,
    origins: &mut Origins,
) -> Result<(), String> {
    let mut parser = Parser {
        kind: set.kind,
        argument: &set.argument,
        at: 0,
        file,
        files,
        helm,
        origins,
    };
    loop {
        match parser.key(values, 0) {
            Ok(()) => {}
            Err(Stop::End) => return Ok(()),
            Err(Stop::Wrong(why)) => return Err(why),
        }
    }
}

/// The files that an argument of `--set-file` names, as far as it can be read.
pub fn files_named(argument: &str) -> Vec<String> {
    let (named, mut origins) = (Named::default(), Origins::default());
    let file = origins.add_file(&RepoPath::root(), &Arc::from(argument));
    let set = Set {
        kind: SetKind::File,
        argument: argument.to_owned(),
    };
    // What is wrong with it is said when it is applied.
    let _ = apply(
        &set,
        file,
        &named,
        HelmVersion::V4,
        &Map::new(),
        &mut origins,
    );
    named.0.into_inner()
}

/// Where the content of a file comes from that an argument names.
pub(super) trait Files {
    /// Where the file is, and what is in it.
    fn read(&self, name: &str) -> Result<(RepoPath, Arc<[u8]>), String>;
}

/// The files of a release.
pub(super) struct Given<'a> {
    pub(super) tree: &'a Tree<'a>,
    pub(super) places: &'a BTreeMap<String, RepoPath>,
}

impl Files for Given<'_> {
    fn read(&self, name: &str) -> Result<(RepoPath, Arc<[u8]>), String> {
        let missing = || format!("open {name}: no such file or directory");
        let path = self.places.get(name).ok_or_else(missing)?;
        let bytes = self.tree.read(path).map_err(|_| missing())?;
        Ok((path.clone(), bytes))
    }
}

/// Only the names.
#[derive(Default)]
struct Named(RefCell<Vec<String>>);

impl Files for Named {
    fn read(&self, name: &str) -> Result<(RepoPath, Arc<[u8]>), String> {
        self.0.borrow_mut().push(name.to_owned());
        Ok((RepoPath::root(), Arc::default()))
    }
}

/// Why reading a key came to an end.
enum Stop {
    /// The argument is over.
    End,
    /// It is wrong.
    Wrong(String),
}

fn wrong<T>(why: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Wrong(why.into()))
}

/// Characters up to a stop, which is `None` at the end, and the bytes they were read from.
struct Word {
    text: String,
    stop: Option<char>,
    span: Span,
}

struct Parser<'a> {
    kind: SetKind,
    argument: &'a str,
    at: usize,
    file: FileId,
    files: &'a dyn Files,
    helm: HelmVersion,
    origins: &'a mut Origins,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        self.argument.get(self.at..).unwrap_or_default()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// A backslash takes the character after it as it is, but not in a literal.
    fn until(&mut self, stops: &str) -> Word {
        let start = self.at;
        let mut text = String::new();
        loop {
            let end = self.at;
            let stop = self.next();
            match stop {
                Some(c) if stops.contains(c) => {}
                Some('\\') if self.kind != SetKind::Literal => {
                    if let Some(c) = self.next() {
                        text.push(c);
                        continue;
                    }
                    return Word {
                        text,
                        stop: None,
                        span: Span::new(start, self.at),
                    };
                }
                Some(c) => {
                    text.push(c);
                    continue;
                }
                None => {}
            }
            return Word {
                text,
                stop,
                span: Span::new(start, end),
            };
        }
    }

    fn origin(&mut self, span: Span) -> Origin {
        self.origins.source(self.file, span, Role::Set)
    }

    /// Sets a key; an empty one is passed over.
    fn put(&mut self, map: &Map, key: &str, key_span: Span, value: Value) {
        if key.is_empty() {
            return;
        }
        let value = match map.get(key) {
            Some(was) if !matches!(value.data, Data::Map(_)) => over(value, &was, self.origins),
            _ => value,
        };
        let key_origin = self.origin(key_span);
        map.set(key, key_origin, value);
    }

    fn key(&mut self, map: &Map, level: usize) -> Result<(), Stop> {
        let stops = if self.kind == SetKind::Literal {
            "=[."
        } else {
            "=[,."
        };
        let word = self.until(stops);
        let key = word.text.as_str();
        match word.stop {
            None if key.is_empty() => Err(Stop::End),
            None => wrong(format!("key {key:?} has no value")),
            Some('[') => {
                let index = self.index()?;
                let list = match map.get(key) {
                    None => Vec::new(),
                    Some(value) => items(&value)?,
                };
                let (list, result) = self.item(list, index, level, 0);
                let origin = self.origin(word.span);
                self.put(map, key, word.span, Value::list(list, origin));
                result
            }
            Some('=') => self.value_of(map, &word),
            Some(',') => {
                let value = Value::string("", self.origin(word.span));
                self.put(map, key, word.span, value);
                wrong(format!("key {key:?} has no value (cannot end with ,)"))
            }
            Some(_) => {
                if level >= MAX_LEVEL {
                    return wrong(format!(
                        "value name nested level is greater than maximum supported nested level of {MAX_LEVEL}"
                    ));
                }
                let origin = self.origin(word.span);
                let inner = match map.get(key) {
                    None => Value::map(Map::new(), origin),
                    Some(value) => value,
                };
                let Data::Map(inner_map) = &inner.data else {
                    return wrong(conversion(&inner, "map[string]interface {}"));
                };
                let inner_map = inner_map.clone();
                let result = self.key(&inner_map, level + 1);
                if result.is_ok() && inner_map.is_empty() {
                    return wrong(format!("key map {key:?} has no value"));
                }
                if !inner_map.is_empty() {
                    self.put(map, key, word.span, inner);
                }
                result
            }
        }
    }

    /// After `key=`.
    fn value_of(&mut self, map: &Map, word: &Word) -> Result<(), Stop> {
        let (value, result) = match self.value() {
            Ok(value) => (Some(value), Ok(())),
            Err(Stop::End) => {
                let origin = self.origin(Span::at(self.at));
                (Some(Value::string("", origin)), Err(Stop::End))
            }
            Err(error) => (None, Err(error)),
        };
        if let Some(value) = value {
            self.put(map, &word.text, word.span, value);
        }
        result
    }

    /// A value after an equals sign.
    fn value(&mut self) -> Result<Value, Stop> {
        match self.kind {
            SetKind::Json => self.json(),
            SetKind::Literal => {
                let word = self.until("");
                let origin = self.origin(word.span);
                Ok(Value::string(word.text, origin))
            }
            _ if self.rest().is_empty() => Err(Stop::End),
            _ if self.rest().starts_with('{') => self.list(),
            _ => {
                let word = self.until(",");
                self.scalar(&word)
            }
        }
    }

    /// Null where nothing stands before the next comma.
    fn json(&mut self) -> Result<Value, Stop> {
        let start = self.at;
        if self.skip_to_value() {
            return Ok(Value::nil(self.origin(Span::new(start, self.at))));
        }
        let start = self.at;
        let text = Text::new(self.rest(), Origin::NONE);
        let (_, length) =
            json::read_first(&text, self.origins).map_err(|why| Stop::Wrong(why.clone()))?;
        self.at += length;
        let origin = self.origin(Span::new(start, self.at));
        let part = self.argument.get(start..self.at).unwrap_or_default();
        let (value, _) =
            json::read_first(&Text::new(part, origin), self.origins).map_err(Stop::Wrong)?;
        self.skip_to_value();
        Ok(value)
    }

    /// Skips blanks. True at the end or behind a comma.
    fn skip_to_value(&mut self) -> bool {
        loop {
            match self.rest().chars().next() {
                None => return true,
                Some(',') => {
                    self.at += 1;
                    return true;
                }
                Some(c) if c.is_whitespace() => self.at += c.len_utf8(),
                Some(_) => return false,
            }
        }
    }

    fn list(&mut self) -> Result<Value, Stop> {
        let start = self.at;
        self.next();
        let mut items = Vec::new();
        loop {
            let word = self.until(",}");
            match word.stop {
                None => return wrong("list must terminate with '}'"),
                Some('}') => {
                    if self.rest().starts_with(',') {
                        self.at += 1;
                    }
                    items.push(self.scalar(&word)?);
                    let origin = self.origin(Span::new(start, word.span.end as usize + 1));
                    return Ok(Value::list(items, origin));
                }
                Some(_) => items.push(self.scalar(&word)?),
            }
        }
    }

    fn scalar(&mut self, word: &Word) -> Result<Value, Stop> {
        let origin = self.origin(word.span);
        let text = word.text.as_str();
        if self.kind == SetKind::File {
            return self.file(text);
        }
        if self.kind == SetKind::Typed {
            if text.eq_ignore_ascii_case("true") {
                return Ok(Value::bool(true, origin));
            }
            if text.eq_ignore_ascii_case("false") {
                return Ok(Value::bool(false, origin));
            }
            if text.eq_ignore_ascii_case("null") {
                return Ok(Value::nil(origin));
            }
            if text == "0" {
                return Ok(Value::int64(0, origin));
            }
            if !text.starts_with('0')
                && let Ok(number) = text.parse()
            {
                return Ok(Value::int64(number, origin));
            }
        }
        Ok(Value::string(text, origin))
    }

    /// The content of the file that the argument names.
    fn file(&mut self, name: &str) -> Result<Value, Stop> {
        let (path, bytes) = self.files.read(name).map_err(Stop::Wrong)?;
        let text = String::from_utf8_lossy(&bytes);
        let file = self.origins.add_file(&path, &Arc::from(&*text));
        let span = Span::new(0, text.len());
        let origin = self.origins.source(file, span, Role::Set);
        Ok(Value::string(bytes.to_vec(), origin))
    }

    /// The number between brackets.
    fn index(&mut self) -> Result<i64, Stop> {
        let word = self.until("]");
        if word.stop.is_none() {
            // Helm 4 takes an argument that ends in an index for one that ended before it.
            return match self.helm {
                HelmVersion::V4 => Err(Stop::End),
                HelmVersion::V3 => wrong("error parsing index: EOF"),
            };
        }
        word.text.parse().map_err(|_| {
            Stop::Wrong(format!(
                "error parsing index: strconv.Atoi: parsing {:?}: invalid syntax",
                word.text
            ))
        })
    }

    /// Behind `[index]`. The list comes back changed as far as it was, as Helm's does.
    fn item(
        &mut self,
        mut list: Vec<Value>,
        index: i64,
        level: usize,
        indices: usize,
    ) -> (Vec<Value>, Result<(), Stop>) {
        let Ok(index) = usize::try_from(index) else {
            return (list, wrong(format!("negative {index} index not allowed")));
        };
        if indices > MAX_INDICES {
            return (list, wrong("too many indices follow each other"));
        }
        let word = self.until("[.=");
        if !word.text.is_empty() {
            let runes: Vec<String> = word.text.chars().map(|c| quote_char(c, false)).collect();
            let found = runes.join(" ");
            return (
                list,
                wrong(format!("unexpected data at end of array index: [{found}]")),
            );
        }
        let value = match word.stop {
            None => return (list, Err(Stop::End)),
            Some('=') => match self.value() {
                Ok(value) => Ok(value),
                Err(Stop::End) => {
                    let origin = self.origin(Span::at(self.at));
                    Ok(Value::string("", origin))
                }
                Err(error) => Err(error),
            },
            Some('[') => self.index().and_then(|next| {
                let below = match list.get(index) {
                    Some(value) if !value.is_nil() => items(value)?,
                    _ => Vec::new(),
                };
                let (below, result) = self.item(below, next, level, indices + 1);
                result?;
                let origin = self.origin(word.span);
                Ok(Value::list(below, origin))
            }),
            Some(_) => {
                let origin = self.origin(word.span);
                let inner = match list.get(index) {
                    Some(value) if value.as_map().is_some() => value.clone(),
                    _ => Value::map(Map::new(), origin),
                };
                match inner.as_map().cloned() {
                    Some(map) => match self.key(&map, level) {
                        Ok(()) => Ok(inner),
                        // Helm forgets the item where the argument ends inside it, unless the list had it.
                        Err(Stop::End) if !map.is_empty() => {
                            let result = place(&mut list, index, inner);
                            return (list, result.and(Err(Stop::End)));
                        }
                        Err(error) => Err(error),
                    },
                    None => Ok(inner),
                }
            }
        };
        let result = value.and_then(|value| {
            let value = match list.get(index) {
                Some(was) if value.as_map().is_none() => over(value, was, self.origins),
                _ => value,
            };
            place(&mut list, index, value)
        });
        (list, result)
    }
}

fn place(list: &mut Vec<Value>, index: usize, value: Value) -> Result<(), Stop> {
    if index > MAX_INDEX {
        return wrong(format!(
            "index of {index} is greater than maximum supported index of {MAX_INDEX}"
        ));
    }
    if list.len() <= index {
        list.resize(index + 1, Value::default());
    }
    if let Some(item) = list.get_mut(index) {
        *item = value;
    }
    Ok(())
}

fn items(value: &Value) -> Result<Vec<Value>, Stop> {
    match value.as_list() {
        Some(list) => Ok(list.to_vec()),
        None => wrong(conversion(value, "[]interface {}")),
    }
}

fn conversion(value: &Value, wanted: &str) -> String {
    let found = if value.is_nil() {
        "nil"
    } else {
        value.type_name()
    };
    format!("unable to parse key: interface conversion: interface {{}} is {found}, not {wanted}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Memory;

    #[test]
    fn the_files_are_named_as_the_argument_is_read() {
        let named = |argument: &str| files_named(argument).join(" ");
        assert_eq!(named(r"a=x\,y.txt,b.c={p,q},d[1]=z"), "x,y.txt p q z");
        assert_eq!(named("a=x,b"), "x");
        assert_eq!(named(""), "");
    }

    fn check(helm: HelmVersion, kind: SetKind, argument: &str, expected: Result<&str, &str>) {
        let snapshot = Memory::new("test", [("d/f.txt", "content")]).unwrap();
        let files = Given {
            tree: &Tree::new(&snapshot),
            places: &[("f.txt".to_owned(), RepoPath::new("d/f.txt").unwrap())].into(),
        };
        let set = Set {
            kind,
            argument: argument.to_owned(),
        };
        let mut origins = Origins::new();
        let file = origins.add_file(&RepoPath::new("--set").unwrap(), &Arc::from(argument));
        let values = Map::new();
        let result = apply(&set, file, &files, helm, &values, &mut origins);
        let mut context = super::super::function::Context::new(
            &mut origins,
            "test",
            helm,
            super::super::function::Limits::default(),
        );
        let layout = json::Layout {
            pretty: false,
            html: false,
        };
        let shown = result.map(|()| {
            let value = Value::map(values, Origin::NONE);
            let text = json::write(&mut context, &value, layout).unwrap();
            text.lossy().into_owned()
        });
        match (shown, expected) {
            (Ok(shown), Ok(expected)) => assert_eq!(shown, expected, "{argument}"),
            (Err(error), Err(expected)) => assert!(error.contains(expected), "{argument}: {error}"),
            (shown, _) => panic!("{argument}: {shown:?}"),
        }
    }

    #[test]
    fn arguments_are_read_as_in_helm() {
        use SetKind::{File, Json, Literal, Text, Typed};
        for (kind, argument, expected) in [
            (Typed, "a=1,b.c=x", Ok(r#"{"a":1,"b":{"c":"x"}}"#)),
            (
                Typed,
                "a=1.5,b=007,c=+5,d=True,e=null",
                Ok(r#"{"a":"1.5","b":"007","c":5,"d":true,"e":null}"#),
            ),
            (Typed, "a={x,1,true}", Ok(r#"{"a":["x",1,true]}"#)),
            (Typed, "a[0].b=1,a[1].b=2", Ok(r#"{"a":[{"b":1},{"b":2}]}"#)),
            (Typed, "a[2]=x", Ok(r#"{"a":[null,null,"x"]}"#)),
            (Typed, "a[0][1]=x", Ok(r#"{"a":[[null,"x"]]}"#)),
            (Typed, r"a\.b=1\,2", Ok(r#"{"a.b":"1,2"}"#)),
            (Typed, "a=", Ok(r#"{"a":""}"#)),
            (Typed, "a", Err("has no value")),
            (Typed, "a,b=1", Err("cannot end with ,")),
            (Typed, "a={x", Err("list must terminate")),
            (Typed, "a=1,a.b=2", Err("interface conversion")),
            (Text, "a=1,b=true", Ok(r#"{"a":"1","b":"true"}"#)),
            (Literal, "a.b={x},y", Ok(r#"{"a":{"b":"{x},y"}}"#)),
            (File, "a=f.txt", Ok(r#"{"a":"content"}"#)),
            (File, "a=none", Err("no such file")),
            (
                Json,
                r#"a={"x":[1,2]},b=null"#,
                Ok(r#"{"a":{"x":[1,2]},"b":null}"#),
            ),
            (Json, "a=", Ok(r#"{"a":null}"#)),
            (Typed, "b=1,a[=1", Ok(r#"{"b":1}"#)),
            (Typed, "a[0].x[=1", Ok(r#"{"a":[]}"#)),
        ] {
            check(HelmVersion::V4, kind, argument, expected);
        }
        check(
            HelmVersion::V3,
            Typed,
            "a[=1",
            Err("error parsing index: EOF"),
        );
    }
}
