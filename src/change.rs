//! What a change does to the rendered objects: base paired with head, and the difference of each pair.
//!
//! Two renderings of one app go in, changes come out: which fields, and how they read as text. The values of Secrets never
//! leave this module. Whether a change is good is judged by policy.

mod diff;
pub mod files;
pub mod hunks;
pub mod lines;
mod pair;
mod rows;

use std::time::Duration;

pub use diff::{Content, FieldChange, Part, TextDiff, What};
pub use pair::{Pair, Pairing, pair};
pub use rows::{Line, Row, SideBySide, line_of};

use crate::resource::{Identity, Resource};

/// How long a textual difference may take before it is made coarsely.
const DEADLINE: Duration = Duration::from_secs(2);

/// One object that is not the same at base and at head.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    /// Its identity at head, or at base where it is removed.
    pub identity: &'a Identity,
    /// Whether it was added, removed or changed.
    pub pairing: Pairing,
    /// The object at base.
    pub before: Option<&'a Resource>,
    /// The object at head.
    pub after: Option<&'a Resource>,
    /// The fields that differ; none for an object that was added or removed as a whole.
    pub fields: Vec<FieldChange>,
}

impl Change<'_> {
    /// The difference as text: of what the two look like as YAML, in unified format.
    pub fn text(&self) -> TextDiff {
        diff::text(self.before, self.after, DEADLINE)
    }

    /// The difference as lines side by side, of the same two texts.
    pub fn side_by_side(&self) -> SideBySide {
        let (before, after) = diff::printed(self.before, self.after);
        rows::align(before, after, DEADLINE)
    }
}

/// The objects that differ between two renderings: those of head in its order, then the removed ones in base's.
pub fn changes<'a>(base: &'a [Resource], head: &'a [Resource]) -> Vec<Change<'a>> {
    let pairs = pair(base, head);
    let renamed = pair::renamed(&pairs);
    pairs
        .into_iter()
        .filter_map(|Pair { before, after }| {
            let fields = match (before, after) {
                (Some(before), Some(after)) => diff::fields(before, after, &renamed),
                _ => Vec::new(),
            };
            let pairing = match (before, after) {
                (Some(_), Some(_)) if fields.is_empty() => return None,
                (Some(_), Some(_)) => Pairing::Changed,
                (None, _) => Pairing::Added,
                (_, None) => Pairing::Removed,
            };
            Some(Change {
                identity: &after.or(before)?.identity,
                pairing,
                before,
                after,
                fields,
            })
        })
        .collect()
}
