//! A finding: a control, violated at one place of one object, and since when. Plain data for everything below.
//!
//! What a reader sees of it is decided by reports and reviews; which edit remedies it, by the fix layer.

use std::fmt;

use sha2::{Digest, Sha256};

pub use crate::control::{ControlId, FixClass, Severity};
use crate::origin::Origin;
use crate::resource::Identity;
use crate::yaml::{Data, Path, Step, Value};

/// Since when a finding is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// At head and not at base: the change introduces it.
    New,
    /// At base and at head.
    Existing,
    /// At base and not at head: the change resolves it. Its origins belong to the rendering of the base.
    Resolved,
}

impl State {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Existing => "existing",
            Self::Resolved => "resolved",
        }
    }
}

/// What identifies a finding from one run to the next: control, app, object and field, but neither line nor message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// The fingerprint of the `ordinal`th finding (from 0) of a control at one field of one object of an app.
    ///
    /// `resource` is the [lasting identity](crate::resource::Resource::lasting_identity) of the object, `field` the path
    /// with its list items [named](crate::resource::name_path).
    pub fn of(
        control: &ControlId,
        app: &str,
        resource: &Identity,
        field: &str,
        ordinal: usize,
    ) -> Self {
        let mut hash = Sha256::new();
        let parts = [
            "plimsoll/1",
            control.as_str(),
            app,
            &resource.group,
            &resource.kind,
            &resource.namespace,
            &resource.name,
            field,
        ];
        for part in parts {
            // The length keeps the parts apart, whatever is in them.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.update((ordinal as u64).to_be_bytes());
        let mut short = [0; 16];
        for (byte, from) in short.iter_mut().zip(hash.finalize()) {
            *byte = from;
        }
        Self(short)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The smallest change of the object that a control proposes, at the path of its finding.
#[derive(Debug, Clone, PartialEq)]
pub enum Suggestion {
    /// Set the field, which may be absent.
    Set(Value),
    /// Remove it.
    Remove,
}

/// Where a field is in the sources, or, for a missing one, its nearest ancestor that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// How many steps of the path exist; all of them unless the field is missing.
    pub depth: usize,
    /// Where the value at that depth came from.
    pub value: Origin,
    /// Where its key was written; of an item of a list, the same as `value`.
    pub key: Origin,
    /// What a reader is shown: a scalar itself; of a map or list under a key, the key. Where nobody wrote either, the
    /// nearest ancestor that somebody wrote.
    pub shown: Origin,
}

impl Anchor {
    /// Of a finding that is about no value.
    pub const NONE: Self = Self {
        depth: 0,
        value: Origin::NONE,
        key: Origin::NONE,
        shown: Origin::NONE,
    };

    /// Finds `path` in an object.
    pub fn of(object: &Value, path: &Path) -> Self {
        let (mut value, mut key) = (object, object.origin);
        let mut shown = Origin::NONE;
        let mut depth = 0;
        for step in path.steps() {
            let next = match (step, &value.data) {
                (Step::Key(name), Data::Mapping(map)) => map
                    .entry(name)
                    .map(|entry| (&entry.value, entry.key_origin)),
                (Step::Index(index), Data::Sequence(items)) => {
                    items.get(*index).map(|item| (item, item.origin))
                }
                _ => None,
            };
            let Some(next) = next else { break };
            shown = place(value, key, shown);
            (value, key) = next;
            depth += 1;
        }
        let shown = place(value, key, shown);
        Self {
            depth,
            value: value.origin,
            key,
            shown,
        }
    }
}

/// Another object that the change touched, without which the finding would not be new.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    /// The object.
    pub resource: Identity,
    /// True if and only if the change removes it, so that it is in the base's rendering only.
    pub removed: bool,
    /// Where its name is: in the base's rendering where it is removed, else in the head's.
    pub anchor: Anchor,
}

/// What is shown of a value under a key, or of what is around it.
fn place(value: &Value, key: Origin, around: Origin) -> Origin {
    let is_scalar = !matches!(
        value.data,
        Data::Null | Data::Sequence(_) | Data::Mapping(_)
    );
    let order = if is_scalar {
        [value.origin, key]
    } else {
        [key, value.origin]
    };
    let known = order.into_iter().find(|origin| !origin.is_none());
    known.unwrap_or(around)
}

/// One violation of one control.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The control.
    pub control: ControlId,
    /// How bad it is.
    pub severity: Severity,
    /// Since when it is there.
    pub state: State,
    /// The app that renders the object.
    pub app: String,
    /// The object, at head unless the finding is resolved.
    pub resource: Identity,
    /// The offending field, or the one that is missing.
    pub path: Path,
    /// The same with list items named (`spec.containers[name=web].image`).
    pub field: String,
    /// What is wrong, as a clause.
    pub message: String,
    /// Where it is in the sources: of the base's rendering where the finding is resolved or the object removed, else of the
    /// head's.
    pub anchor: Anchor,
    /// True if and only if the control objects to the removal of the object, which is in the base's rendering only: then the
    /// path and the origins are of that.
    pub removed: bool,
    /// The other objects that made it new; none where the object's own change did, or nothing else was found.
    pub causes: Vec<Cause>,
    /// What identifies it from one run to the next.
    pub fingerprint: Fingerprint,
    /// What the control proposes.
    pub suggestion: Option<Suggestion>,
    /// The most that the suggestion may claim.
    pub fix: FixClass,
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::origin::{Origins, Role};
    use crate::text::{RepoPath, Span};
    use crate::yaml::Mapping;

    fn identity(name: &str) -> Identity {
        Identity {
            group: "apps".into(),
            kind: "Deployment".into(),
            namespace: "clinic".into(),
            name: name.into(),
        }
    }

    #[test]
    fn an_anchor_is_the_value_its_key_or_what_is_around_it() {
        let mut origins = Origins::new();
        let file = origins.add_file(&RepoPath::root(), &Arc::from(""));
        let mut at = |offset| origins.source(file, Span::at(offset), Role::Manifest);
        let scalar = |origin| Value::with(Data::Bool(true), origin);
        let mut inner = Mapping::new();
        inner.insert("written", at(3), scalar(at(4)));
        inner.insert("unwritten", Origin::NONE, scalar(Origin::NONE));
        let mut outer = Mapping::new();
        outer.insert("map", at(1), Value::with(Data::Mapping(inner), at(2)));
        let items = vec![Value::with(Data::Mapping(Mapping::new()), at(6))];
        outer.insert("list", at(5), Value::new(Data::Sequence(items)));
        let object = Value::with(Data::Mapping(outer), at(0));
        for (path, depth, shown) in [
            ("map.written", 2, 4),
            ("map.unwritten", 2, 1),
            ("map.missing.more", 1, 1),
            ("list[0].missing", 2, 6),
            ("list[1]", 1, 5),
            ("missing", 0, 0),
        ] {
            let anchor = Anchor::of(&object, &path.parse().unwrap());
            assert_eq!((anchor.depth, anchor.shown), (depth, at(shown)), "{path}");
        }
    }

    #[test]
    fn a_fingerprint_is_stable_and_tells_its_parts_apart() {
        let id: ControlId = "C-0057".parse().unwrap();
        let of = |app, name, field, ordinal| {
            Fingerprint::of(&id, app, &identity(name), field, ordinal).to_string()
        };
        let first = of("a", "web", "spec.x", 0);
        // Comments on pull requests and baseline files hold these: a change of this text is a breaking change.
        assert_eq!(first, "1e251dee1713a348190af57b428a171c");
        assert_eq!(first, of("a", "web", "spec.x", 0));
        for other in [
            of("b", "web", "spec.x", 0),
            of("a", "webs", "pec.x", 0),
            of("a", "web", "spec.y", 0),
            of("a", "web", "spec.x", 1),
        ] {
            assert_ne!(first, other);
        }
    }
}
