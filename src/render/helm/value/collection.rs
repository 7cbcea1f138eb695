//! Lists and maps: shared, and dropped without recursion.

use std::cell::{Ref, RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Data, Value};
use crate::origin::Origin;

/// What a slice holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Items {
    /// `[]interface {}`
    #[default]
    Any,
    /// `[]string`
    String,
    /// `[]int`
    Int,
    /// `[]map[string]interface {}`
    Map,
    /// `[][]interface {}`
    Lists,
}

/// A slice.
#[derive(Clone, Default)]
pub struct List {
    /// Its element type.
    pub items: Items,
    values: Vec<Value>,
    /// A slice that was never made: empty, and null where JSON or YAML is written.
    is_nil: bool,
}

impl List {
    /// An `[]interface {}`.
    pub fn new(values: Vec<Value>) -> Self {
        Self::of(Items::Any, values)
    }

    /// A slice of another element type.
    pub fn of(items: Items, values: Vec<Value>) -> Self {
        Self {
            items,
            values,
            is_nil: false,
        }
    }

    /// The values, or where there are none a slice that Go's function never made.
    pub fn or_nil(items: Items, values: Vec<Value>) -> Self {
        Self {
            items,
            is_nil: values.is_empty(),
            values,
        }
    }

    /// True if and only if the slice was never made.
    pub fn is_nil(&self) -> bool {
        self.is_nil
    }
}

impl std::ops::Deref for List {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.values
    }
}

/// Takes nested containers apart one by one: a chart may build a list a million levels deep, and dropping it level
/// by level would need a million stack frames.
impl Drop for List {
    fn drop(&mut self) {
        if self.values.iter().any(Value::is_container) {
            dismantle(std::mem::take(&mut self.values));
        }
    }
}

fn dismantle(mut todo: Vec<Value>) {
    while let Some(value) = todo.pop() {
        match value.data {
            Data::List(list) => {
                if let Some(mut list) = Rc::into_inner(list) {
                    todo.extend(
                        std::mem::take(&mut list.values)
                            .into_iter()
                            .filter(Value::is_container),
                    );
                }
            }
            Data::Map(map) => {
                if let Some(inner) = Rc::into_inner(map.0) {
                    let mut entries = inner.into_inner();
                    todo.extend(
                        std::mem::take(&mut entries.by_key)
                            .into_values()
                            .map(|entry| entry.value)
                            .filter(Value::is_container),
                    );
                }
            }
            _ => {}
        }
    }
}

/// The Go type of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MapType {
    /// `map[string]interface {}`
    #[default]
    Any,
    /// `map[string]string`
    Strings,
    /// Helm's name for a values map: `common.Values` in Helm 4, `chartutil.Values` in Helm 3.
    Values(&'static str),
}

/// A map: a reference that all its holders share.
#[derive(Clone)]
pub struct Map(Rc<RefCell<Entries>>);

/// The keys of a [`Map`], sorted bytewise as Go prints and ranges them.
#[derive(Clone, Default)]
pub struct Entries {
    /// The Go type of the map.
    pub map_type: MapType,
    /// Where the map is in the values of the top chart (`web.resources`); `None` for a map that is not from values.
    /// Templates that read an unset key of it leave an empty read of that path.
    pub path: Option<Rc<str>>,
    /// A map that was never made: empty, null where JSON or YAML is written, and nothing can be set in it.
    pub is_nil: bool,
    by_key: BTreeMap<Rc<str>, Entry>,
}

/// What a map holds under one key.
#[derive(Clone)]
pub struct Entry {
    /// Where the key was written.
    pub key_origin: Origin,
    /// The value.
    pub value: Value,
}

impl Drop for Entries {
    fn drop(&mut self) {
        if self.by_key.values().any(|entry| entry.value.is_container()) {
            dismantle(
                std::mem::take(&mut self.by_key)
                    .into_values()
                    .map(|entry| entry.value)
                    .collect(),
            );
        }
    }
}

impl Entries {
    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// True if and only if there is no key.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// The entry of a key.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.by_key.get(key)
    }

    /// The entry of a key, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Entry> {
        self.by_key.get_mut(key)
    }

    /// Sets a key and gives what it had.
    pub fn insert(&mut self, key: impl Into<Rc<str>>, entry: Entry) -> Option<Entry> {
        self.is_nil = false;
        self.by_key.insert(key.into(), entry)
    }

    /// Removes a key and gives what it had.
    pub fn remove(&mut self, key: &str) -> Option<Entry> {
        self.by_key.remove(key)
    }

    /// The values path of a key of this map, if this is a map from values.
    pub fn path_of(&self, key: &str) -> Option<String> {
        let path = self.path.as_ref()?;
        Some(if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        })
    }

    /// Keys and entries, sorted bytewise.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Rc<str>, &Entry)> + ExactSizeIterator {
        self.by_key.iter()
    }
}

impl Default for Map {
    fn default() -> Self {
        Self::new()
    }
}

impl Map {
    /// A `map[string]interface {}` without keys.
    pub fn new() -> Self {
        Self(Rc::default())
    }

    /// A `map[string]interface {}` that was never made.
    pub fn nil() -> Self {
        let map = Self::new();
        map.borrow_mut().is_nil = true;
        map
    }

    /// A map without keys, of another Go type.
    pub fn of(map_type: MapType) -> Self {
        let map = Self::new();
        map.borrow_mut().map_type = map_type;
        map
    }

    pub(super) fn from_entries(
        map_type: MapType,
        path: Option<Rc<str>>,
        entries: BTreeMap<Rc<str>, Entry>,
    ) -> Self {
        Self(Rc::new(RefCell::new(Entries {
            map_type,
            path,
            is_nil: false,
            by_key: entries,
        })))
    }

    /// The entries, to read. Do not hold this while anything that may change the map runs.
    pub fn borrow(&self) -> Ref<'_, Entries> {
        self.0.borrow()
    }

    /// The entries, to change.
    pub fn borrow_mut(&self) -> RefMut<'_, Entries> {
        self.0.borrow_mut()
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.borrow().get(key).map(|entry| entry.value.clone())
    }

    /// Sets a key. A value that is no value at all is stored as nil.
    pub fn set(&self, key: impl Into<Rc<str>>, key_origin: Origin, value: Value) {
        let value = value.or_nil();
        self.borrow_mut().insert(key, Entry { key_origin, value });
    }

    /// A snapshot of keys and entries, sorted bytewise: for loops whose body may change the map.
    pub fn entries(&self) -> Vec<(Rc<str>, Entry)> {
        self.borrow()
            .iter()
            .map(|(key, entry)| (Rc::clone(key), entry.clone()))
            .collect()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.borrow().len()
    }

    /// True if and only if there is no key.
    pub fn is_empty(&self) -> bool {
        self.borrow().is_empty()
    }

    /// True if and only if nobody else holds the map.
    pub(in crate::render::helm) fn is_unshared(&self) -> bool {
        Rc::strong_count(&self.0) == 1
    }

    /// About how many bytes a key takes, its value's own place included: nodes of the tree are at least half full.
    pub(in crate::render::helm) fn entry_bytes(key: &str) -> usize {
        2 * (size_of::<Entry>() + size_of::<Rc<str>>()) + key.len()
    }

    /// True if and only if both are the same map, not merely equal ones.
    pub fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}
