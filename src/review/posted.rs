//! What Plimsoll said before, found again: the hidden marker in each of its comments.
//!
//! The marker names findings by fingerprint, which hold no line, and the text by its hash. Only comments whose author is
//! this token's own are ever read as ours; that is decided where they are listed.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Anchor;
use crate::finding::Fingerprint;

/// How a marker begins. The number is that of its format.
const OPEN: &str = "<!-- plimsoll/1 ";

/// How it ends.
const CLOSE: &str = " -->";

/// More fingerprints than this are not written: they only serve to find the comment again.
const MOST: usize = 200;

/// What stands hidden in a comment of ours.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Marker {
    /// The fingerprints of the findings it speaks of; none for the summary.
    #[serde(default)]
    pub findings: Vec<String>,
    /// The hash of its text.
    #[serde(default)]
    pub text: String,
    /// True if and only if it says that its findings are gone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retired: bool,
}

impl Marker {
    /// Reads the marker of a comment; `None` for a comment without one.
    pub fn read(body: &str) -> Option<Self> {
        let (_, rest) = body.split_once(OPEN)?;
        let (json, _) = rest.split_once(CLOSE)?;
        serde_json::from_str(json).ok()
    }

    /// True if and only if this is the marker of the summary.
    pub fn is_summary(&self) -> bool {
        self.findings.is_empty()
    }

    /// True if and only if the comment says `text` already.
    pub fn says(&self, text: &str) -> bool {
        self.text == hash(text)
    }

    fn write(&self, text: &str) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("{OPEN}{json}{CLOSE}\n{text}")
    }
}

/// The most characters that a marker takes.
pub(super) const MARKER: usize = MOST * 35 + 128;

fn hash(text: &str) -> String {
    let mut short = String::new();
    for byte in Sha256::digest(text.as_bytes()).iter().take(8) {
        let _ = write!(short, "{byte:02x}");
    }
    short
}

/// A body with its marker, which stands first so that nothing can cut it off.
pub(super) fn with_marker(text: &str, findings: &[Fingerprint]) -> String {
    let findings = findings.iter().take(MOST);
    Marker {
        findings: findings.map(ToString::to_string).collect(),
        text: hash(text),
        retired: false,
    }
    .write(text)
}

/// The body of a comment whose findings are gone, still to be found by them.
pub(super) fn as_retired(text: &str, marker: &Marker) -> String {
    Marker {
        findings: marker.findings.clone(),
        text: hash(text),
        retired: true,
    }
    .write(text)
}

/// A thread that Plimsoll began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// Its first comment.
    pub comment: u64,
    /// The thread itself, as the forge names it, where that is known.
    pub id: Option<String>,
    /// The marker of its first comment.
    pub marker: Marker,
    /// Where the forge shows it now; `None` once its lines are no longer in the difference.
    pub anchor: Option<Anchor>,
    /// True if and only if somebody else wrote in it.
    pub answered: bool,
    /// True if and only if it was resolved.
    pub resolved: bool,
}

impl Thread {
    /// True if and only if it is about one of these findings, and does not call it gone.
    pub(super) fn speaks_of(&self, findings: &[Fingerprint]) -> bool {
        !self.marker.retired
            && findings
                .iter()
                .any(|finding| self.marker.findings.contains(&finding.to_string()))
    }

    /// True if and only if it is about some of these findings and no others, and does not call them gone.
    pub(super) fn speaks_only_of(&self, findings: &[Fingerprint]) -> bool {
        let named: Vec<String> = findings.iter().map(ToString::to_string).collect();
        !self.marker.retired && self.marker.findings.iter().all(|name| named.contains(name))
    }
}

/// The summary comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sticky {
    /// The comment.
    pub comment: u64,
    /// Its marker.
    pub marker: Marker,
}

/// Everything of ours on a pull request, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Posted {
    /// Threads on lines and files.
    pub threads: Vec<Thread>,
    /// The summary.
    pub summary: Option<Sticky>,
}
