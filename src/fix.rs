//! What remedies a finding: an edit of the files that people write, which was rendered again before it is offered.
//!
//! A [`Remedy`] is either a [`Fix`], proved, or a [`Draft`], which shows where and how a value would be set that nobody
//! can derive, and is never applied. What a reader sees of either is decided by reports and reviews.

use std::collections::BTreeMap;

use crate::finding::Fingerprint;
use crate::resource::Identity;
use crate::text::{RepoPath, TextEdit};

/// Whether a fix may be applied without a person who knows the workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Safety {
    /// It cannot stop a workload from starting or working.
    Safe,
    /// It could, for this reason.
    Unsafe(String),
}

/// Which kind of file a fix edits, best place first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// The values of one environment.
    Values,
    /// A patch of an overlay, or a field of its kustomization.
    Overlay,
    /// A plain manifest.
    Manifest,
    /// A base that overlays share.
    Base,
    /// The values that a chart comes with.
    Defaults,
    /// A chart's template.
    Template,
}

/// Edits of several files of the head, each sorted and disjoint.
pub type Edits = BTreeMap<RepoPath, TextEdit>;

/// A field of a rendered object that a fix changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moved {
    /// The app that renders the object.
    pub app: String,
    /// The object.
    pub resource: Identity,
    /// The field, list items named (`spec.containers[name=web].image`).
    pub field: String,
}

/// Edits that were rendered and evaluated again: the findings are gone, none appeared, nothing else moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an imperative clause (`set web.privileged to false`).
    pub title: String,
    /// Whether it may be applied unseen.
    pub safety: Safety,
    /// The kind of file it edits.
    pub layer: Layer,
    /// The edits.
    pub edits: Edits,
    /// Every finding that it was shown to remove, in all apps.
    pub resolves: Vec<Fingerprint>,
    /// Everything that it changes in what is rendered.
    pub moves: Vec<Moved>,
}

/// Edits with a blank that a person has to fill in. Not proved, and never applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What it does, as an imperative clause.
    pub title: String,
    /// What has to be filled in, and how one finds it.
    pub blank: String,
    /// The edits, the blank written as `<…>`.
    pub edits: Edits,
}

/// What can be offered for a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// Proved.
    Fix(Fix),
    /// To be filled in.
    Draft(Draft),
}
