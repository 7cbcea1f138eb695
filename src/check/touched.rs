//! Which lines of head the change wrote.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::compare::Request;
use crate::cause::Touched;
use crate::change::lines;
use crate::snapshot::{Change, Snapshot, Tree};
use crate::text::{RepoPath, Span};

/// The lines of head that the change added or altered.
pub(super) struct TouchedLines {
    files: BTreeMap<RepoPath, Vec<Span>>,
}

impl TouchedLines {
    pub(super) fn new(request: &Request<'_>, changes: &[Change]) -> Self {
        let text =
            |snapshot: &dyn Snapshot, path: &RepoPath| Tree::new(snapshot).read_text(path).ok();
        let files = changes
            .par_iter()
            .filter(|change| change.after.is_some())
            .filter_map(|change| {
                let after = text(request.head, &change.path)?;
                let was = change.moved_from.as_ref().unwrap_or(&change.path);
                let before = text(request.base, was).unwrap_or_else(|| Arc::from(""));
                Some((change.path.clone(), lines::inserted(&before, &after)))
            })
            .collect();
        Self { files }
    }
}

impl Touched for TouchedLines {
    fn touches(&self, path: &RepoPath, span: Span) -> bool {
        self.files
            .get(path)
            .is_some_and(|spans| spans.iter().any(|touched| touched.meets(span)))
    }
}
