//! How much one build may make: replacements, copies, vars and long names multiply small files into endless texts.
//!
//! The largest output of a real repository that was measured has 12 MB; the default is ten times as much. Whatever writes a value into a resource pays for it here; what files hold is paid for when they are read.

use super::node::{Body, Node};
use crate::discover::Limits;
use crate::yaml::{Data, MAX_DEPTH, Value};

/// What a node costs beside its text.
const NODE_BYTES: usize = 32;

/// What is left of what a build may make.
#[derive(Debug)]
pub(super) struct Budget {
    limits: Limits,
    left: u64,
    charts: u64,
}

impl Budget {
    /// What may be made in all.
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            left: limits.bytes,
            charts: 0,
        }
    }

    /// What was paid, the work of charts included.
    pub(super) fn spent(&self) -> u64 {
        self.limits.bytes - self.left + self.charts
    }

    /// How much the next chart may do: all charts of a build share its limits.
    pub(super) fn of_chart(&self) -> Limits {
        self.limits.after(self.charts)
    }

    /// Notes what a chart has done.
    pub(super) fn worked(&mut self, work: u64) {
        self.charts += work;
    }

    /// Pays for a text, or says in a clause that there is too much.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), String> {
        self.left = self
            .left
            .checked_sub(bytes as u64)
            .ok_or_else(|| format!("the build makes more than {} MiB", self.limits.bytes >> 20))?;
        Ok(())
    }

    /// Pays for a tree that is put `depth` levels below the root of a resource.
    pub(super) fn take_node(&mut self, node: &Node, depth: usize) -> Result<(), String> {
        self.take(NODE_BYTES + node.text().len())?;
        check_depth(depth)?;
        match &node.body {
            Body::Scalar { .. } => Ok(()),
            Body::List(items) => items
                .iter()
                .try_for_each(|item| self.take_node(item, depth + 1)),
            Body::Map(pairs) => pairs.iter().try_for_each(|pair| {
                self.take(pair.key.text.len())?;
                self.take_node(&pair.value, depth + 1)
            }),
        }
    }

    /// The same for a value.
    pub(super) fn take_value(&mut self, value: &Value, depth: usize) -> Result<(), String> {
        self.take(NODE_BYTES)?;
        check_depth(depth)?;
        match &value.data {
            Data::String(text) => self.take(text.len()),
            Data::Sequence(items) => items
                .iter()
                .try_for_each(|item| self.take_value(item, depth + 1)),
            Data::Mapping(mapping) => mapping.iter().try_for_each(|entry| {
                self.take(entry.key.len())?;
                self.take_value(&entry.value, depth + 1)
            }),
            Data::Null | Data::Bool(_) | Data::Int(_) | Data::Uint(_) | Data::Float(_) => Ok(()),
        }
    }
}

/// Refuses what is nested deeper than files may be: trees are walked by recursion.
pub(super) fn check_depth(depth: usize) -> Result<(), String> {
    if depth > MAX_DEPTH {
        Err("the resource would be nested too deeply".to_owned())
    } else {
        Ok(())
    }
}
