//! Everyday YAML as Helm reads it, straight from its events: no tree, no places, no origins. It is for who renders without origins,
//! which is all that such a reader would drop.
//!
//! Nothing is refused here: whatever may be an error (a key that is no text, a merge, a number that JSON does not have), and
//! all that is not everyday, makes [`everyday`] give up, and the caller asks [`parse`](mod@super::parse), which says what is wrong.

use std::borrow::Cow;

use super::events::Event;
use super::resolve::{Entries, data};
use super::{Data, Dialect, Entry, Mapping, Scalar, ScalarStyle, Value, implied};
use crate::origin::Origin;

/// What [`Document::value`](super::Document::value) would give for the only document of `text` in Helm's dialect, without
/// origins. `keep` is asked for each collection, by how many are around it and by its key where it is in a mapping; what it
/// does not keep is left empty, though it is checked like everything else.
pub fn everyday(text: &str, keep: impl Fn(usize, Option<&str>) -> bool) -> Option<Value> {
    let mut reading = Reading {
        open: Vec::new(),
        keep,
        root: None,
    };
    super::everyday::read(text, |event, _| reading.take(event))?;
    reading.root
}

struct Reading<K> {
    open: Vec<Open>,
    keep: K,
    root: Option<Value>,
}

/// A collection whose end was not seen yet.
enum Open {
    Sequence(Vec<Value>),
    /// With the key whose value comes next.
    Mapping(Box<Entries>, Option<String>),
    /// One that is not kept, and whether it is a mapping where a key comes next.
    Passed {
        is_mapping: bool,
        at_key: bool,
    },
}

impl<K: Fn(usize, Option<&str>) -> bool> Reading<K> {
    fn take(&mut self, event: Event<'_>) -> Option<()> {
        match event {
            Event::Scalar { text, style, .. } => self.scalar(text, style),
            Event::Start { mapping, .. } => {
                let key = match self.open.last() {
                    Some(Open::Mapping(_, key)) => key.as_deref(),
                    _ => None,
                };
                let is_passed = matches!(self.open.last(), Some(Open::Passed { .. }))
                    || !(self.keep)(self.open.len(), key);
                let open = if is_passed {
                    Open::Passed {
                        is_mapping: mapping,
                        at_key: mapping,
                    }
                } else if mapping {
                    Open::Mapping(Box::default(), None)
                } else {
                    Open::Sequence(Vec::new())
                };
                self.open.push(open);
                Some(())
            }
            Event::End => {
                let data = match self.open.pop()? {
                    Open::Sequence(items) => Data::Sequence(items),
                    Open::Mapping(entries, _) => Data::Mapping(entries.mapping),
                    Open::Passed {
                        is_mapping: true, ..
                    } => Data::Mapping(Mapping::new()),
                    Open::Passed { .. } => Data::Sequence(Vec::new()),
                };
                self.value(Value::with(data, Origin::NONE));
                Some(())
            }
            Event::DocumentStart { .. } | Event::DocumentEnd { .. } => Some(()),
            Event::Alias { .. } => None,
        }
    }

    fn scalar(&mut self, text: Cow<'_, str>, style: ScalarStyle) -> Option<()> {
        let implied = match style {
            ScalarStyle::Plain => implied(&text, Dialect::Helm),
            _ => None,
        };
        let is_text = matches!(implied, None | Some(Scalar::Timestamp(_)));
        let is_key = match self.open.last()? {
            Open::Sequence(_) => false,
            Open::Mapping(_, key) => key.is_none(),
            Open::Passed { at_key, .. } => *at_key,
        };
        if is_key {
            let is_merge = style == ScalarStyle::Plain && text == "<<";
            if is_merge || implied.is_some() {
                return None;
            }
            match self.open.last_mut()? {
                Open::Mapping(_, key) => *key = Some(text.into_owned()),
                Open::Passed { at_key, .. } => *at_key = false,
                Open::Sequence(_) => {}
            }
            return Some(());
        }
        if let (Some(Open::Passed { is_mapping, at_key }), true) = (self.open.last_mut(), is_text) {
            *at_key = *is_mapping;
            return Some(());
        }
        let data = match implied {
            Some(scalar) if !is_text => data(scalar).ok()?,
            _ => Data::String(text.into_owned()),
        };
        self.value(Value::with(data, Origin::NONE));
        Some(())
    }

    /// Puts a value where it belongs.
    fn value(&mut self, value: Value) {
        match self.open.last_mut() {
            None => self.root = Some(value),
            Some(Open::Sequence(items)) => items.push(value),
            Some(Open::Mapping(entries, key)) => {
                if let Some(key) = key.take() {
                    entries.set(Entry {
                        key,
                        key_origin: Origin::NONE,
                        value,
                    });
                }
            }
            Some(Open::Passed { is_mapping, at_key }) => *at_key = *is_mapping,
        }
    }
}
