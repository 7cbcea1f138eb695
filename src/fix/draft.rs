//! Drafts: where and how a value would be set that nobody can derive.
//!
//! The place is found as for a fix, by trying a value that stands in. What a reader gets holds a blank in its stead, and is
//! no fix: that the place is right was shown, that a value is was not.

use super::{Bench, Draft, Wanted, first_proved};
use crate::finding::{Finding, Suggestion};
use crate::origin::Origin;
use crate::text::{Edit, TextEdit};
use crate::yaml::{Step, Value};

/// A value that a person has to find.
struct Blank {
    /// The end of the field.
    field: &'static [&'static str],
    /// What is written in its place.
    blank: &'static str,
    /// What is tried in its place: right in kind, not to be met anywhere else, and no step back from what was there.
    stand_in: &'static str,
    /// How one finds it.
    hint: &'static str,
}

const BLANKS: [Blank; 5] = [
    Blank {
        field: &["limits", "memory"],
        blank: "<memory>",
        stand_in: "131313Ki",
        hint: "how much memory the container may take before it is killed, such as 256Mi; `kubectl top pod` shows what it takes now",
    },
    Blank {
        field: &["limits", "cpu"],
        blank: "<cpu>",
        stand_in: "1313m",
        hint: "how much CPU time the container may take before it is slowed down, such as 500m; `kubectl top pod` shows what it takes now",
    },
    Blank {
        field: &["requests", "memory"],
        blank: "<memory>",
        stand_in: "131313Ki",
        hint: "how much memory the container needs to run well, such as 128Mi; `kubectl top pod` shows what it takes now",
    },
    Blank {
        field: &["requests", "cpu"],
        blank: "<cpu>",
        stand_in: "1313m",
        hint: "how much CPU time the container needs to run well, such as 100m; `kubectl top pod` shows what it takes now",
    },
    Blank {
        field: &["image"],
        blank: "<version>",
        stand_in: "131313.0.0",
        hint: "the version that runs now, or better its digest (`@sha256:…`), which the registry shows",
    },
];

/// A draft for a finding whose control suggests nothing; `None` where not even a place is known.
pub(super) fn draft(bench: &Bench<'_>, want: &Wanted, together: &[&Finding]) -> Option<Draft> {
    if want.finding.suggestion.is_some() {
        return None;
    }
    let keys: Vec<&str> = want
        .finding
        .path
        .steps()
        .iter()
        .filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        })
        .collect();
    let blank = BLANKS.iter().find(|blank| keys.ends_with(blank.field))?;
    let stand_in = whole(bench, want, blank)?;
    let suggestion = Suggestion::Set(Value::string(stand_in, Origin::NONE));
    let (candidate, _) = first_proved(bench, want, together, &suggestion).0?;
    let mut edits = candidate.edits;
    let mut is_filled = false;
    for edit in edits.values_mut() {
        let blanked = edit.edits().iter().map(|edit| {
            is_filled |= edit.text.contains(blank.stand_in);
            Edit {
                span: edit.span,
                text: edit.text.replace(blank.stand_in, blank.blank),
            }
        });
        *edit = TextEdit::new(blanked.collect()).ok()?;
    }
    is_filled.then(|| Draft {
        title: candidate.title.replace(blank.stand_in, blank.blank),
        blank: blank.hint.to_owned(),
        edits,
    })
}

/// The whole value that is tried: of an image, its name with a version that stands in.
fn whole(bench: &Bench<'_>, want: &Wanted, blank: &Blank) -> Option<String> {
    if blank.field != ["image"] {
        return Some(blank.stand_in.to_owned());
    }
    let now = bench.now(bench.subject(&want.finding.app)?)?;
    let resources = &now.rendered.rendering.resources;
    let resource = resources
        .iter()
        .find(|r| r.identity == want.finding.resource)?;
    let image = resource.value.at(&want.finding.path)?.as_str()?;
    let image = image.split('@').next()?;
    let name = match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    };
    Some(format!("{name}:{}", blank.stand_in))
}
