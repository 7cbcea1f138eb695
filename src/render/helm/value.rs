//! Values as templates see them: Go's kinds of values, each with its origin.
//!
//! Lists are immutable and shared. Maps are references, as Go's are: every holder of a map sees what `set` does to it.
//! Helm's own objects (`.Capabilities`, `.Files`, times, versions) implement [`Object`]. How values are printed is in
//! `format`, how they are compared by templates in `builtins`.

mod collection;

use std::fmt;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::function::{Context, FunctionError, Type};
use super::string::Text;
use crate::origin::{Origin, Origins};
use crate::yaml;

pub use collection::{Entries, Entry, Items, List, Map, MapType};

/// Values nested deeper than this are neither printed, compared nor converted.
pub const MAX_DEPTH: usize = 1000;

/// At most so many values are printed, copied, compared or converted at once. A map that holds one other map twice,
/// and so on, has few entries and no end of values.
pub const MAX_NODES: usize = 1_000_000;

/// A Go value with its origin.
#[derive(Clone, Default)]
pub struct Value {
    /// The value.
    pub data: Data,
    /// Where it came from; of a list or map, the place where it begins to exist. Unused for a string and for bytes,
    /// whose [`Text`] carries its origins: ask [`Value::origin`] where these may be met.
    pub origin: Origin,
}

/// What a [`Value`] is.
#[derive(Clone, Default)]
pub enum Data {
    /// A nil `interface{}`: a null in values, a key that is not there.
    #[default]
    Nil,
    /// No value at all, not even a nil (the zero `reflect.Value`). Only the evaluator sees it: a nil becomes this
    /// when it has passed through a pipeline or parentheses, and then `(.Values.none).x` is allowed where
    /// `.Values.none.x` is an error. Arguments of functions and items of lists and maps are never this.
    Absent,
    /// `bool`.
    Bool(bool),
    /// A signed integer.
    Int(i64, IntKind),
    /// An unsigned integer.
    Uint(u64, UintKind),
    /// `float64`.
    Float(f64),
    /// `string`.
    String(Text),
    /// `[]uint8`: the bytes of a file, without a value for each of them until somebody asks; `None` for a slice that was
    /// never made.
    Bytes(Option<Text>),
    /// Any other slice.
    List(Rc<List>),
    /// A map with string keys.
    Map(Map),
    /// A value with methods or fields.
    Object(Rc<dyn Object>),
}

/// Which signed integer type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IntKind {
    /// `int`
    Int,
    /// `int8`
    Int8,
    /// `int16`
    Int16,
    /// `int32`, which is also a `rune`
    Int32,
    /// `int64`
    Int64,
    /// `time.Duration`
    Duration,
    /// `time.Month`
    Month,
    /// `time.Weekday`
    Weekday,
}

/// Which unsigned integer type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UintKind {
    /// `uint`
    Uint,
    /// `uint8`, which is also a `byte`
    Uint8,
    /// `uint32`
    Uint32,
    /// `uint64`
    Uint64,
}

/// A Go value with methods or fields: Helm's objects, times, versions.
pub trait Object {
    /// Its Go type as `%T` prints it (`time.Time`, `*semver.Version`).
    fn type_name(&self) -> &str;

    /// Its reflect kind, as `kindOf` prints it.
    fn kind(&self) -> &'static str {
        "struct"
    }

    /// A field, or a key where the Go value is a map; `None` where there is none of that name.
    fn field(&self, name: &str) -> Option<Value>;

    /// The parameter types of a method, or `None` where there is none of that name.
    fn method(&self, _name: &str) -> Option<&'static [Type]> {
        None
    }

    /// Calls a method that [`Object::method`] knows; the arguments have its parameter types.
    fn call(
        &self,
        _name: &str,
        _context: &mut Context<'_>,
        _arguments: &[Value],
    ) -> Result<Value, FunctionError> {
        Err(FunctionError::new("no such method"))
    }

    /// What `%v` prints: the `String` method where the Go type has one.
    fn print(&self) -> String;

    /// What an action prints, which also finds a `String` method that needs the value's address.
    fn show(&self) -> String {
        self.print()
    }

    /// The text that JSON shows where the value has neither entries nor items.
    fn json(&self) -> String {
        self.print()
    }

    /// What `%#v` prints.
    fn go_syntax(&self) -> String {
        self.print()
    }

    /// True if and only if the Go type is a map: then a field that it lacks is nil and not an error.
    fn is_map(&self) -> bool {
        false
    }

    /// Keys and values, for `range`, `toYaml` and the functions on maps; `None` where the Go value is no map.
    /// For a struct, what JSON shows of it.
    fn entries(&self) -> Option<Vec<(Rc<str>, Value)>> {
        None
    }

    /// The elements where the Go value is a slice (`VersionSet`), for `range`, `len`, `index`.
    fn items(&self) -> Option<Rc<List>> {
        None
    }

    /// Go's truth: a struct is always true, a pointer unless nil.
    fn truth(&self) -> bool {
        true
    }

    /// What comparisons and `DeepEqual` compare; two objects of one type with the same key are equal.
    fn key(&self) -> String {
        self.print()
    }

    /// For functions that know the concrete type.
    fn as_any(&self) -> &dyn std::any::Any;
}

impl Value {
    /// A value from one place. For a string use [`Value::string`] or [`Value::from`] a [`Text`].
    pub fn new(data: Data, origin: Origin) -> Self {
        Self { data, origin }
    }

    /// Nil, read at `origin`.
    pub fn nil(origin: Origin) -> Self {
        Self::new(Data::Nil, origin)
    }

    /// A boolean.
    pub fn bool(truth: bool, origin: Origin) -> Self {
        Self::new(Data::Bool(truth), origin)
    }

    /// An `int`.
    pub fn int(number: i64, origin: Origin) -> Self {
        Self::new(Data::Int(number, IntKind::Int), origin)
    }

    /// An `int64`.
    pub fn int64(number: i64, origin: Origin) -> Self {
        Self::new(Data::Int(number, IntKind::Int64), origin)
    }

    /// A `uint8`.
    pub fn byte(byte: u8, origin: Origin) -> Self {
        Self::new(Data::Uint(u64::from(byte), UintKind::Uint8), origin)
    }

    /// A `float64`.
    pub fn float(number: f64, origin: Origin) -> Self {
        Self::new(Data::Float(number), origin)
    }

    /// A string with one origin.
    pub fn string(text: impl Into<Vec<u8>>, origin: Origin) -> Self {
        Text::new(text, origin).into()
    }

    /// An `[]uint8`.
    pub fn bytes(bytes: Text) -> Self {
        Self::new(Data::Bytes(Some(bytes)), Origin::NONE)
    }

    /// An `[]interface {}`.
    pub fn list(values: Vec<Self>, origin: Origin) -> Self {
        Self::new(Data::List(Rc::new(List::new(values))), origin)
    }

    /// An `[]string`.
    pub fn strings(texts: impl IntoIterator<Item = Text>, origin: Origin) -> Self {
        let values = texts.into_iter().map(Self::from).collect();
        Self::new(Data::List(Rc::new(List::of(Items::String, values))), origin)
    }

    /// A map.
    pub fn map(map: Map, origin: Origin) -> Self {
        Self::new(Data::Map(map), origin)
    }

    /// An object.
    pub fn object(object: impl Object + 'static, origin: Origin) -> Self {
        Self::new(Data::Object(Rc::new(object)), origin)
    }

    /// Where the value came from; of a string or bytes, all that is in them.
    pub fn origin(&self, origins: &mut Origins) -> Origin {
        match &self.data {
            Data::String(text) | Data::Bytes(Some(text)) => text.origin(origins),
            _ => self.origin,
        }
    }

    /// The value, which is there (or was chosen) only because of `condition`. Items of lists and maps stay as they are.
    #[must_use]
    pub fn under(self, condition: Origin, origins: &mut Origins) -> Self {
        match self.data {
            Data::String(text) => text.under(condition, origins).into(),
            Data::Bytes(Some(bytes)) => Self::bytes(bytes.under(condition, origins)),
            data => Self {
                origin: origins.under(self.origin, condition),
                data,
            },
        }
    }

    /// The text, if this is a string.
    pub fn as_text(&self) -> Option<&Text> {
        if let Data::String(text) = &self.data {
            Some(text)
        } else {
            None
        }
    }

    /// The map, if this is one.
    pub fn as_map(&self) -> Option<&Map> {
        if let Data::Map(map) = &self.data {
            Some(map)
        } else {
            None
        }
    }

    /// The slice, if this is one.
    pub fn as_list(&self) -> Option<&Rc<List>> {
        if let Data::List(list) = &self.data {
            Some(list)
        } else {
            None
        }
    }

    /// The elements, if this is a slice of whatever Go type. Those of bytes are made here, one value for each.
    pub fn items(&self) -> Option<Rc<List>> {
        match &self.data {
            Data::List(list) => Some(Rc::clone(list)),
            Data::Bytes(bytes) => {
                let values = bytes.iter().flat_map(Text::each_byte);
                let values = values.map(|(byte, origin)| Self::byte(byte, origin));
                Some(Rc::new(List::new(values.collect())))
            }
            Data::Object(object) => object.items(),
            _ => None,
        }
    }

    /// The object, if this is one of type `T`.
    pub fn as_object<T: 'static>(&self) -> Option<&T> {
        if let Data::Object(object) = &self.data {
            object.as_any().downcast_ref()
        } else {
            None
        }
    }

    /// True if and only if this is nil or no value at all.
    pub fn is_nil(&self) -> bool {
        matches!(self.data, Data::Nil | Data::Absent)
    }

    /// The value as functions and containers may hold it: no value at all becomes nil.
    #[must_use]
    pub fn or_nil(mut self) -> Self {
        if matches!(self.data, Data::Absent) {
            self.data = Data::Nil;
        }
        self
    }

    fn is_container(&self) -> bool {
        matches!(self.data, Data::List(_) | Data::Map(_))
    }

    /// Go templates' truth: false for the zero value of a type and for empty collections.
    pub fn truth(&self) -> bool {
        match &self.data {
            Data::Nil | Data::Absent => false,
            Data::Bool(truth) => *truth,
            Data::Int(number, _) => *number != 0,
            Data::Uint(number, _) => *number != 0,
            Data::Float(number) => *number != 0.0,
            Data::String(text) => !text.is_empty(),
            Data::Bytes(bytes) => bytes.as_ref().is_some_and(|bytes| !bytes.is_empty()),
            Data::List(list) => !list.is_empty(),
            Data::Map(map) => !map.is_empty(),
            Data::Object(object) => object.truth(),
        }
    }

    /// The reflect kind as `kindOf` prints it (`float64`, `map`, `slice`, `invalid` for nil).
    pub fn kind(&self) -> &'static str {
        match &self.data {
            Data::Nil | Data::Absent => "invalid",
            Data::Bool(_) => "bool",
            Data::Int(_, kind) => match kind {
                IntKind::Int | IntKind::Month | IntKind::Weekday => "int",
                IntKind::Int8 => "int8",
                IntKind::Int16 => "int16",
                IntKind::Int32 => "int32",
                IntKind::Int64 | IntKind::Duration => "int64",
            },
            Data::Uint(_, kind) => kind.name(),
            Data::Float(_) => "float64",
            Data::String(_) => "string",
            Data::Bytes(_) | Data::List(_) => "slice",
            Data::Map(_) => "map",
            Data::Object(object) => object.kind(),
        }
    }

    /// The Go type as `%T` and `typeOf` print it (`map[string]interface {}`, `<nil>` for nil).
    pub fn type_name(&self) -> &str {
        match &self.data {
            Data::Nil | Data::Absent => "<nil>",
            Data::Int(_, IntKind::Duration) => "time.Duration",
            Data::Int(_, IntKind::Month) => "time.Month",
            Data::Int(_, IntKind::Weekday) => "time.Weekday",
            Data::Bytes(_) => "[]uint8",
            Data::List(list) => match list.items {
                Items::Any => "[]interface {}",
                Items::String => "[]string",
                Items::Int => "[]int",
                Items::Map => "[]map[string]interface {}",
                Items::Lists => "[][]interface {}",
            },
            Data::Map(map) => match map.borrow().map_type {
                MapType::Any => "map[string]interface {}",
                MapType::Strings => "map[string]string",
                MapType::Values(name) => name,
            },
            Data::Object(object) => object.type_name(),
            _ => self.kind(),
        }
    }

    /// A copy that shares no map with this one. What lies deeper than [`MAX_DEPTH`] or beyond [`MAX_NODES`] values is
    /// shared: the maps of templates may hold themselves.
    #[must_use]
    pub fn deep_copy(&self) -> Self {
        self.copy_to(MAX_DEPTH, &mut MAX_NODES.clone())
    }

    fn copy_to(&self, depth: usize, nodes: &mut usize) -> Self {
        let (Some(depth), Some(left)) = (depth.checked_sub(1), nodes.checked_sub(1)) else {
            return self.clone();
        };
        *nodes = left;
        let data = match &self.data {
            Data::List(list) if list.iter().any(Self::is_container) => {
                let values = list
                    .iter()
                    .map(|value| value.copy_to(depth, nodes))
                    .collect();
                Data::List(Rc::new(List::of(list.items, values)))
            }
            Data::Map(map) => {
                let source = map.borrow();
                let entries = source
                    .iter()
                    .map(|(key, entry)| {
                        let value = entry.value.copy_to(depth, nodes);
                        (Rc::clone(key), Entry { value, ..*entry })
                    })
                    .collect();
                Data::Map(Map::from_entries(
                    source.map_type,
                    source.path.clone(),
                    entries,
                ))
            }
            other => other.clone(),
        };
        Self {
            data,
            origin: self.origin,
        }
    }

    /// Tells this map, and every map in it, where it is in the values of the top chart: the values themselves are at
    /// the empty path. Call it once values are merged; the maps of a subchart's values are part of them.
    pub fn name_paths(&self, path: &str) {
        self.name_paths_to(path, MAX_DEPTH);
    }

    fn name_paths_to(&self, path: &str, depth: usize) {
        let (Data::Map(map), Some(depth)) = (&self.data, depth.checked_sub(1)) else {
            return;
        };
        map.borrow_mut().path = Some(Rc::from(path));
        let below: Vec<_> = {
            let entries = map.borrow();
            entries
                .iter()
                .filter(|(_, entry)| matches!(entry.value.data, Data::Map(_)))
                .filter_map(|(key, entry)| Some((entries.path_of(key)?, entry.value.clone())))
                .collect()
        };
        for (path, value) in below {
            value.name_paths_to(&path, depth);
        }
    }

    /// How many values there are in this value, itself included; [`MAX_NODES`] where there are more.
    pub fn weight(&self) -> usize {
        let mut nodes = MAX_NODES;
        self.weigh(MAX_DEPTH, &mut nodes);
        MAX_NODES - nodes
    }

    fn weigh(&self, depth: usize, nodes: &mut usize) {
        let (Some(depth), Some(left)) = (depth.checked_sub(1), nodes.checked_sub(1)) else {
            return;
        };
        *nodes = left;
        match &self.data {
            Data::List(list) => list.iter().for_each(|value| value.weigh(depth, nodes)),
            Data::Map(map) => map
                .borrow()
                .iter()
                .for_each(|(_, entry)| entry.value.weigh(depth, nodes)),
            _ => {}
        }
    }

    /// How many bytes those lists, maps and texts take that nobody else holds: of a result, what its making took.
    pub(super) fn new_bytes(&self) -> usize {
        self.new_bytes_to(MAX_DEPTH)
    }

    fn new_bytes_to(&self, depth: usize) -> usize {
        let Some(depth) = depth.checked_sub(1) else {
            return 0;
        };
        match &self.data {
            Data::List(list) if Rc::strong_count(list) == 1 => list
                .iter()
                .map(|item| size_of::<Self>() + item.new_bytes_to(depth))
                .sum(),
            Data::Map(map) if map.is_unshared() => map
                .borrow()
                .iter()
                .map(|(key, entry)| Map::entry_bytes(key) + entry.value.new_bytes_to(depth))
                .sum(),
            Data::String(text) | Data::Bytes(Some(text)) => text.new_bytes(),
            _ => 0,
        }
    }

    /// Go's `reflect.DeepEqual`: equal only where the Go types are, so 1 and 1.0 differ. What differs only deeper than
    /// [`MAX_DEPTH`] or beyond [`MAX_NODES`] values is not equal.
    pub fn deep_equal(&self, other: &Self) -> bool {
        self.equal_to(other, MAX_DEPTH, &mut MAX_NODES.clone())
    }

    #[expect(clippy::float_cmp, reason = "Go compares floats so")]
    fn equal_to(&self, other: &Self, depth: usize, nodes: &mut usize) -> bool {
        let (Some(depth), Some(left)) = (depth.checked_sub(1), nodes.checked_sub(1)) else {
            return false;
        };
        *nodes = left;
        match (&self.data, &other.data) {
            (Data::Nil | Data::Absent, Data::Nil | Data::Absent) => true,
            (Data::Bool(a), Data::Bool(b)) => a == b,
            (Data::Int(a, of), Data::Int(b, or)) => a == b && of == or,
            (Data::Uint(a, of), Data::Uint(b, or)) => a == b && of == or,
            (Data::Float(a), Data::Float(b)) => a == b,
            (Data::String(a), Data::String(b)) => a == b,
            (Data::Bytes(a), Data::Bytes(b)) => a == b,
            (Data::List(a), Data::List(b)) if Rc::ptr_eq(a, b) => true,
            (Data::Map(a), Data::Map(b)) if a.is_same(b) => true,
            (Data::List(a), Data::List(b)) => {
                a.items == b.items
                    && a.len() == b.len()
                    && a.iter()
                        .zip(b.iter())
                        .all(|(a, b)| a.equal_to(b, depth, nodes))
            }
            (Data::Map(a), Data::Map(b)) => {
                let (a, b) = (a.borrow(), b.borrow());
                a.map_type == b.map_type
                    && a.len() == b.len()
                    && a.iter()
                        .zip(b.iter())
                        .all(|((key, value), (other_key, other))| {
                            key == other_key && value.value.equal_to(&other.value, depth, nodes)
                        })
            }
            (Data::Object(a), Data::Object(b)) => {
                a.type_name() == b.type_name() && a.key() == b.key()
            }
            _ => false,
        }
    }

    /// A values file or parsed YAML as templates see it: every number is a `float64`.
    pub fn from_yaml(value: &yaml::Value) -> Self {
        let data = match &value.data {
            yaml::Data::Null => Data::Nil,
            yaml::Data::Bool(truth) => Data::Bool(*truth),
            yaml::Data::Int(number) => Data::Float(*number as f64),
            yaml::Data::Uint(number) => Data::Float(*number as f64),
            yaml::Data::Float(number) => Data::Float(*number),
            yaml::Data::String(text) => {
                return Self::string(text.as_bytes(), value.origin);
            }
            yaml::Data::Sequence(items) => Data::List(Rc::new(List::new(
                items.iter().map(Self::from_yaml).collect(),
            ))),
            yaml::Data::Mapping(mapping) => {
                let entries = mapping
                    .iter()
                    .map(|entry| {
                        let value = Self::from_yaml(&entry.value);
                        let key: Rc<str> = Rc::from(entry.key.as_str());
                        let key_origin = entry.key_origin;
                        (key, Entry { key_origin, value })
                    })
                    .collect();
                Data::Map(Map::from_entries(MapType::Any, None, entries))
            }
        };
        Self::new(data, value.origin)
    }

    /// The value for what is not a template: YAML out, policies. Integers stay integers, objects become what JSON
    /// shows of them; strings become UTF-8. `None` for a value nested deeper than [`MAX_DEPTH`] or of more than [`MAX_NODES`] values.
    pub fn to_yaml(&self, origins: &mut Origins) -> Option<yaml::Value> {
        self.yaml_to(origins, MAX_DEPTH, &mut MAX_NODES.clone())
    }

    fn yaml_to(
        &self,
        origins: &mut Origins,
        depth: usize,
        nodes: &mut usize,
    ) -> Option<yaml::Value> {
        let depth = depth.checked_sub(1)?;
        *nodes = nodes.checked_sub(1)?;
        let origin = self.origin(origins);
        let data = match &self.data {
            Data::Nil | Data::Absent => yaml::Data::Null,
            Data::Bool(truth) => yaml::Data::Bool(*truth),
            Data::Int(number, _) => yaml::Data::Int(*number),
            Data::Uint(number, _) => match i64::try_from(*number) {
                Ok(number) => yaml::Data::Int(number),
                Err(_) => yaml::Data::Uint(*number),
            },
            Data::Float(number) => yaml::Data::Float(*number),
            Data::List(list) if list.is_nil() => yaml::Data::Null,
            Data::String(text) => yaml::Data::String(text.lossy().into_owned()),
            Data::Bytes(None) => yaml::Data::Null,
            Data::Bytes(Some(bytes)) => yaml::Data::String(STANDARD.encode(bytes.as_bytes())),
            Data::List(list) => yaml::Data::Sequence(
                list.iter()
                    .map(|value| value.yaml_to(origins, depth, nodes))
                    .collect::<Option<_>>()?,
            ),
            Data::Map(map) if map.borrow().is_nil => yaml::Data::Null,
            Data::Map(map) => {
                let mut mapping = yaml::Mapping::new();
                for (key, entry) in map.borrow().iter() {
                    let value = entry.value.yaml_to(origins, depth, nodes)?;
                    mapping.push(yaml::Entry {
                        key: key.to_string(),
                        key_origin: entry.key_origin,
                        value,
                    });
                }
                yaml::Data::Mapping(mapping)
            }
            Data::Object(object) => match (object.entries(), object.items()) {
                (Some(entries), _) => {
                    let mut mapping = yaml::Mapping::new();
                    for (key, value) in entries {
                        mapping.push(yaml::Entry {
                            key: key.to_string(),
                            key_origin: origin,
                            value: value.yaml_to(origins, depth, nodes)?,
                        });
                    }
                    yaml::Data::Mapping(mapping)
                }
                (None, Some(items)) => yaml::Data::Sequence(
                    items
                        .iter()
                        .map(|value| value.yaml_to(origins, depth, nodes))
                        .collect::<Option<_>>()?,
                ),
                (None, None) => yaml::Data::String(object.json()),
            },
        };
        Some(yaml::Value { data, origin })
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::new(Data::String(text), Origin::NONE)
    }
}

impl UintKind {
    /// The Go type's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Uint => "uint",
            Self::Uint8 => "uint8",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.data {
            Data::Nil => f.write_str("nil"),
            Data::Absent => f.write_str("absent"),
            Data::Bool(truth) => write!(f, "{truth}"),
            Data::Int(number, _) => write!(f, "{number}"),
            Data::Uint(number, _) => write!(f, "{number}u"),
            Data::Float(number) => write!(f, "{number:?}"),
            Data::String(text) => write!(f, "{text:?}"),
            Data::Bytes(bytes) => write!(f, "bytes {bytes:?}"),
            Data::List(list) => write!(f, "[{} items]", list.len()),
            Data::Map(map) => write!(f, "{{{} keys}}", map.len()),
            Data::Object(object) => write!(f, "{}", object.type_name()),
        }
    }
}
