//! Decisions to accept a finding: how they are written, and which findings each of them covers.
//!
//! A waiver is a comment at the source line, an annotation of the object, or an entry of the configuration; the first two
//! share one grammar ([`Terms::parse`]). Each says which controls, why, and at best who answers for it and until when.
//! Whether the change under review may bring one is decided by whoever joins both sides.

mod comment;
mod date;
mod terms;

pub use comment::{Comment, comments};
pub use date::{Date, DateSyntax};
pub use terms::{Fault, Terms};

use crate::config::{self, Glob, WaiverRules};
use crate::control::Severity;
use crate::finding::Finding;
use crate::resource::Identity;
use crate::text::RepoPath;

/// The annotation that waives findings of its object; more than one is told apart by what follows (`….ignore.agent`).
pub const ANNOTATION: &str = "plimsoll.dev/ignore";

/// What is wrong with a waiver: a finding of its own, with the line where the waiver is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wrong {
    /// Its last day has passed.
    Expired,
    /// It covers nothing.
    Unused,
    /// It covers more than somebody can have looked at.
    TooWide,
    /// It cannot be understood, or lacks what the rules ask for.
    Incomplete,
    /// An entry of the baseline that is no longer found.
    Gone,
}

/// What a reader is told about a kind of [`Wrong`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// The permanent id.
    pub id: &'static str,
    /// The name, in kebab case.
    pub name: &'static str,
    /// What should hold.
    pub title: &'static str,
    /// What to do, as a sentence.
    pub help: &'static str,
    /// How bad it is.
    pub severity: Severity,
}

impl Wrong {
    /// All of them, in the order of their ids.
    pub const ALL: [Self; 5] = [
        Self::Expired,
        Self::Unused,
        Self::TooWide,
        Self::Incomplete,
        Self::Gone,
    ];

    /// What is said about it.
    pub fn about(self) -> About {
        let about = |id, name, title, help, severity| About {
            id,
            name,
            title,
            help,
            severity,
        };
        match self {
            Self::Expired => about(
                "PL-0901",
                "expired-waiver",
                "A waiver whose last day has passed is renewed or removed",
                "Mend what it covered, or decide again and write the new day.",
                Severity::Medium,
            ),
            Self::Unused => about(
                "PL-0902",
                "unused-waiver",
                "A waiver covers a finding",
                "Remove it: it could silence a finding that nobody has looked at.",
                Severity::Low,
            ),
            Self::TooWide => about(
                "PL-0903",
                "over-wide-waiver",
                "A waiver names its controls and what it is about",
                "Name the control, and the object, field or file it was decided for.",
                Severity::Medium,
            ),
            Self::Incomplete => about(
                "PL-0904",
                "incomplete-waiver",
                "A waiver can be understood and says why",
                "Write `plimsoll:ignore[CONTROL] until=YYYY-MM-DD owner=WHO why it is accepted`.",
                Severity::Medium,
            ),
            Self::Gone => about(
                "PL-0905",
                "baseline-entry-gone",
                "The baseline lists what is still found",
                "Run `plimsoll baseline --prune`, so that it cannot come back unseen.",
                Severity::Low,
            ),
        }
    }
}

/// What keeps a waiver from counting; `None` for one that counts. `today` is not known where nobody asked for expiry.
pub fn fault(terms: &Terms, rules: WaiverRules, today: Option<Date>) -> Option<(Wrong, String)> {
    match &terms.fault {
        Some(Fault::NoControl) => {
            return Some((
                Wrong::TooWide,
                "this waiver names no control, and counts for none".to_owned(),
            ));
        }
        Some(Fault::Malformed(what)) => return Some((Wrong::Incomplete, what.clone())),
        None => {}
    }
    if terms.reason.is_empty() {
        let what = "this waiver does not say why, and does not count".to_owned();
        return Some((Wrong::Incomplete, what));
    }
    if rules.require_expiry && terms.until.is_none() {
        let what = "this waiver has no last day, which the configuration asks for".to_owned();
        return Some((Wrong::Incomplete, what));
    }
    if rules.require_owner && terms.owner.is_none() {
        let what = "this waiver has no owner, which the configuration asks for".to_owned();
        return Some((Wrong::Incomplete, what));
    }
    let until = terms.until?;
    (today? > until).then(|| (Wrong::Expired, format!("this waiver counted until {until}")))
}

impl Terms {
    /// True if and only if these are terms for a finding of this control, by its id or `name`, and of this field.
    pub fn fit(&self, finding: &Finding, name: &str) -> bool {
        let id = finding.control.as_str();
        self.controls
            .iter()
            .any(|control| control == id || control == name)
            && self
                .path
                .as_deref()
                .is_none_or(|path| is_below(&finding.field, path))
    }
}

/// True if and only if the field `field` is `path` or something below it, both as findings name fields.
pub fn is_below(field: &str, path: &str) -> bool {
    field
        .strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// True if and only if the entry of a configuration is about this finding of the control called `name`, which lines of
/// `files` made.
pub fn covers(waiver: &config::Waiver, finding: &Finding, name: &str, files: &[&RepoPath]) -> bool {
    let is_app = |glob: &Glob| RepoPath::new(&finding.app).is_ok_and(|app| glob.covers(&app));
    (waiver.control == finding.control.as_str() || waiver.control == name)
        && waiver.app.as_ref().is_none_or(is_app)
        && waiver
            .resource
            .as_deref()
            .is_none_or(|wanted| names(wanted, &finding.resource))
        && waiver
            .path
            .as_deref()
            .is_none_or(|path| is_below(&finding.field, path))
        && (waiver.files.is_empty()
            || waiver
                .files
                .iter()
                .any(|glob| files.iter().any(|file| glob.covers(file))))
}

/// True if and only if `wanted` (`Deployment.apps/web in clinic`; group and namespace may be left out, `*` stands for
/// anything in the name) means this object.
fn names(wanted: &str, resource: &Identity) -> bool {
    let (object, namespace) = match wanted.split_once(" in ") {
        Some((object, namespace)) => (object, Some(namespace.trim())),
        None => (wanted, None),
    };
    let Some((kind, name)) = object.trim().split_once('/') else {
        return false;
    };
    let (kind, group) = match kind.split_once('.') {
        Some((kind, group)) => (kind, Some(group)),
        None => (kind, None),
    };
    kind.eq_ignore_ascii_case(&resource.kind)
        && group.is_none_or(|group| group == resource.group)
        && namespace.is_none_or(|namespace| namespace == resource.namespace)
        && matches_stars(name, &resource.name)
}

/// True if and only if `pattern`, in which `*` stands for any characters, matches the whole of `text`.
fn matches_stars(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_named_as_reports_name_it() {
        let web = Identity {
            group: "apps".into(),
            kind: "Deployment".into(),
            namespace: "clinic".into(),
            name: "web-7f9c".into(),
        };
        let check = |wanted: &str, expected: bool| {
            assert_eq!(names(wanted, &web), expected, "{wanted}");
        };
        for yes in [
            "Deployment.apps/web-7f9c in clinic",
            "Deployment/web-7f9c",
            "deployment/web-*",
            "Deployment/*",
            "Deployment/w*-*c in clinic",
        ] {
            check(yes, true);
        }
        for no in [
            "Deployment/web",
            "Deployment.batch/web-7f9c",
            "Deployment/web-7f9c in other",
            "StatefulSet/web-7f9c",
            "web-7f9c",
            "Deployment/w*d",
            "Deployment/web-7f9c*7f9c",
            "",
        ] {
            check(no, false);
        }
    }

    #[test]
    fn a_path_covers_what_is_below_it() {
        for (path, expected) in [
            ("spec", true),
            ("spec.containers", true),
            ("spec.containers[name=web]", true),
            ("spec.containers[name=web].image", true),
            ("spec.container", false),
            ("spec.containers[name=we", false),
            ("image", false),
        ] {
            assert_eq!(
                is_below("spec.containers[name=web].image", path),
                expected,
                "{path}"
            );
        }
    }

    #[test]
    fn what_does_not_count_is_told() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let rules = WaiverRules::default();
        let strict = WaiverRules {
            require_expiry: true,
            require_owner: true,
            allow_in_change: false,
        };
        let check = |text: &str, rules, expected: Option<Wrong>| {
            let found = fault(&Terms::parse(text), rules, Some(day("2026-11-28")));
            assert_eq!(found.map(|(wrong, _)| wrong), expected, "{text}");
        };
        check("[C-0057] the agent needs it", rules, None);
        check("[C-0057] until=2026-11-28 last day", rules, None);
        check(
            "[C-0057] until=2026-11-27 over",
            rules,
            Some(Wrong::Expired),
        );
        check("[C-0057]", rules, Some(Wrong::Incomplete));
        check("[C-0057] until=soon x", rules, Some(Wrong::Incomplete));
        check("the agent needs it", rules, Some(Wrong::TooWide));
        check("[] the agent needs it", rules, Some(Wrong::TooWide));
        check("[C-0057] owner=web why", strict, Some(Wrong::Incomplete));
        check(
            "[C-0057] until=2027-01-01 why",
            strict,
            Some(Wrong::Incomplete),
        );
        check("[C-0057] until=2027-01-01 owner=web why", strict, None);
        let terms = Terms::parse("[C-0057] until=2000-01-01 over");
        assert_eq!(fault(&terms, rules, None), None);
    }
}
