//! A waiver with what the check knows about it, and what is told about one that is wrong.

use std::collections::BTreeMap;

use super::places::Places;
use crate::config;
use crate::finding::{Anchor, ControlId, Finding, Fingerprint, FixClass, Severity, State};
use crate::report::{Location, Told, WaiverSource};
use crate::resource::Identity;
use crate::text::RepoPath;
use crate::waiver::{self, Terms, Wrong};
use crate::yaml::Path;

/// A waiver, wherever it is written.
pub(super) struct Known {
    pub(super) source: WaiverSource,
    pub(super) terms: Terms,
    /// Who it is for, beside what its terms say.
    pub(super) scope: Scope,
    pub(super) location: Option<Location>,
    /// It is in base, too.
    pub(super) in_base: bool,
    /// Why it does not count.
    pub(super) fault: Option<(Wrong, String)>,
    pub(super) covered: Covered,
    /// Whether it covers nothing cannot be known: an app that was not evaluated may have what it covers.
    pub(super) unseen: bool,
}

/// What a waiver was seen to cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Covered {
    /// Nothing.
    Nothing,
    /// A finding of base that the change resolves.
    Resolved,
    /// A finding of head.
    Standing,
}

pub(super) enum Scope {
    Line {
        file: RepoPath,
        line: u32,
        text: String,
    },
    Object {
        app: String,
        resource: Identity,
    },
    Entry(config::Waiver),
    Fingerprint(String),
}

impl Known {
    pub(super) fn covers(&self, told: &Told, places: &Places) -> bool {
        let finding = &told.finding;
        match &self.scope {
            Scope::Fingerprint(_) => true,
            Scope::Entry(entry) => waiver::covers(entry, finding, &told.name, &places.of_reader),
            Scope::Object { .. } => self.terms.fit(finding, &told.name),
            Scope::Line { file, line, text } => {
                let there = match finding.state {
                    // A line of base has another number; it is known by its text.
                    State::Resolved => places.has_text(file, text),
                    State::New | State::Existing => places.has(file, *line),
                };
                there && self.terms.fit(finding, &told.name)
            }
        }
    }

    pub(super) fn told(
        &self,
        wrong: Wrong,
        message: String,
        was_there: bool,
        fail_on: Option<Severity>,
        seen: &mut BTreeMap<String, usize>,
    ) -> Told {
        let about = wrong.about();
        let control: ControlId = about.id.parse().expect("because a test reads each id");
        let file = self
            .location
            .as_ref()
            .map(|at| at.path.to_string())
            .unwrap_or_default();
        let resource = Identity {
            group: String::new(),
            kind: "Waiver".to_owned(),
            namespace: String::new(),
            name: match self.terms.controls.as_slice() {
                [] => "unnamed".to_owned(),
                controls => controls.join(","),
            },
        };
        // What it is about is a part of the identity: two waivers of a file are two findings.
        let field = match &self.scope {
            Scope::Line { text, .. } => text.trim().to_owned(),
            Scope::Object { app, resource } => format!("{app}: {resource}"),
            Scope::Entry(entry) => [&entry.resource, &entry.path]
                .into_iter()
                .flatten()
                .cloned()
                .collect::<Vec<_>>()
                .join(" "),
            Scope::Fingerprint(fingerprint) => fingerprint.clone(),
        };
        let key = format!("{}\0{file}\0{}\0{field}", about.id, resource.name);
        let ordinal = seen.entry(key).or_default();
        let fingerprint = Fingerprint::of(&control, &file, &resource, &field, *ordinal);
        *ordinal += 1;
        let state = if was_there {
            State::Existing
        } else {
            State::New
        };
        Told {
            name: about.name.to_owned(),
            blocks: state == State::New && fail_on.is_some_and(|lowest| about.severity >= lowest),
            location: self.location.clone(),
            history: Vec::new(),
            reasons: Vec::new(),
            help: Some(about.help.to_owned()),
            remedy: None,
            waiver: None,
            finding: Finding {
                control,
                severity: about.severity,
                state,
                app: file,
                resource,
                path: Path::root(),
                field: String::new(),
                message,
                anchor: Anchor::NONE,
                removed: false,
                causes: Vec::new(),
                fingerprint,
                suggestion: None,
                fix: FixClass::Never,
            },
        }
    }
}
