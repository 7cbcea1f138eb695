//! Fixes applied together: one after the other, each proved on the files as those before it left them, until nothing more can be fixed.
//!
//! So two fixes of one place are never merged blindly: the second is found anew where the first has been. A pass that fixes nothing is
//! the last one, which is why a second run changes nothing.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Bench, Fix, Wanted, best, together};
use crate::finding::Finding;
use crate::text::RepoPath;

/// What has been applied.
#[derive(Debug, Default)]
pub struct Applied {
    /// The fixes in their order; the edits of each are of the files as those before it left them.
    pub fixes: Vec<Fix>,
    /// Proved fixes that were not allowed, on the files as they are now.
    pub withheld: Vec<Fix>,
    /// The new texts of the files that changed.
    pub files: BTreeMap<RepoPath, Arc<str>>,
    /// True where proofs cost so much that not all could be tried: there may be more to fix.
    pub exhausted: bool,
}

/// Applies what can be proved for the findings that are wanted and as safe as `is_allowed` asks; `everywhere` also in apps whose
/// findings nobody has asked for yet.
pub fn settle(
    bench: &mut Bench<'_>,
    everywhere: bool,
    is_wanted: &dyn Fn(&Finding) -> bool,
    is_allowed: &dyn Fn(&Fix) -> bool,
) -> Applied {
    let mut applied = Applied::default();
    loop {
        let before = applied.fixes.len();
        applied.withheld.clear();
        let all = (0..bench.subjects.len()).filter(|&index| everywhere || bench.knows(index));
        let mut findings: Vec<Finding> = all
            .filter_map(|index| bench.now(index))
            .flat_map(|now| &now.findings)
            .filter(|finding| finding.suggestion.is_some() && is_wanted(finding))
            .cloned()
            .collect();
        // What is worst is fixed while nothing stands in its way.
        findings.sort_by_key(|finding| Reverse(finding.severity));
        let wanted: Vec<Wanted> = findings
            .iter()
            .map(|finding| Wanted::new(bench, finding))
            .collect();
        for want in &wanted {
            if !is_there(bench, &want.finding) {
                continue;
            }
            match best(bench, want, &together(&wanted, want)).0 {
                Some(fix) if is_allowed(&fix) => {
                    bench.commit(&fix.edits);
                    applied.fixes.push(fix);
                }
                Some(fix) => applied.withheld.push(fix),
                None => {}
            }
        }
        if applied.fixes.len() == before {
            break;
        }
    }
    applied.files.clone_from(&bench.edited);
    applied.exhausted = bench.is_exhausted();
    applied
}

fn is_there(bench: &Bench<'_>, finding: &Finding) -> bool {
    let now = bench
        .subject(&finding.app)
        .and_then(|index| bench.now(index));
    now.is_some_and(|now| {
        now.findings
            .iter()
            .any(|other| other.fingerprint == finding.fingerprint)
    })
}
