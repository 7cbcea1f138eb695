//! Two versions of one object side by side, line by line.

use std::time::Duration;

use similar::{DiffOp, TextDiff};

use super::diff::timed;
use crate::yaml::{self, Path};

/// A line of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number in the version, from 1.
    pub number: u32,
    /// Its text, without the line break.
    pub text: String,
}

/// A line of base beside the line of head that stands in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line at base.
    pub before: Option<Line>,
    /// The line at head.
    pub after: Option<Line>,
}

impl Row {
    /// True if and only if the line is the same on both sides.
    pub fn is_same(&self) -> bool {
        matches!((&self.before, &self.after), (Some(a), Some(b)) if a.text == b.text)
    }
}

/// Two versions of one object as YAML, Secrets masked, aligned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SideBySide {
    /// The version at base; empty where there is none.
    pub before: String,
    /// The version at head; empty where there is none.
    pub after: String,
    /// All lines of both.
    pub rows: Vec<Row>,
    /// True if and only if time ran out, so that more lines are shown as changed than had to be.
    pub coarse: bool,
}

/// Aligns two texts.
pub(super) fn align(before: String, after: String, deadline: Duration) -> SideBySide {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let (diff, coarse) = timed(deadline, || {
        TextDiff::configure()
            .timeout(deadline)
            .diff_slices(&old, &new)
    });
    let line = |lines: &[&str], index: usize| {
        lines.get(index).map(|text| Line {
            number: index as u32 + 1,
            text: (*text).to_owned(),
        })
    };
    let mut rows = Vec::new();
    for op in diff.ops() {
        let (old_range, new_range) = (op.old_range(), op.new_range());
        let length = match op {
            DiffOp::Equal { len, .. } => *len,
            _ => old_range.len().max(new_range.len()),
        };
        for offset in 0..length {
            let at = |range: &std::ops::Range<usize>, lines: &[&str]| {
                (offset < range.len())
                    .then(|| line(lines, range.start + offset))
                    .flatten()
            };
            rows.push(Row {
                before: at(&old_range, &old),
                after: at(&new_range, &new),
            });
        }
    }
    SideBySide {
        before,
        after,
        rows,
        coarse,
    }
}

/// The line of `text`, which is one YAML document, on which the value at `path`, or its nearest ancestor, begins; from 1.
pub fn line_of(text: &str, path: &Path) -> Option<u32> {
    let stream = yaml::parse(text);
    let document = stream.documents.first()?;
    let (node, _) = document.at(path)?;
    let before = text.get(..document.node(node).span.start as usize)?;
    Some(before.matches('\n').count() as u32 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_beside_what_they_replace() {
        let aligned = align(
            "a\nb\nc\n".to_owned(),
            "a\nB\nB2\nc\n".to_owned(),
            Duration::from_secs(5),
        );
        let shown: Vec<String> = aligned
            .rows
            .iter()
            .map(|row| {
                let side = |line: &Option<Line>| {
                    line.as_ref()
                        .map_or("-".to_owned(), |l| format!("{}{}", l.number, l.text))
                };
                format!(
                    "{} {} {}",
                    side(&row.before),
                    side(&row.after),
                    row.is_same()
                )
            })
            .collect();
        assert_eq!(
            shown,
            ["1a 1a true", "2b 2B false", "- 3B2 false", "3c 4c true"]
        );
        assert!(
            align(String::new(), String::new(), Duration::from_secs(5))
                .rows
                .is_empty()
        );
    }

    #[test]
    fn a_field_has_a_line() {
        let text = "spec:\n  containers:\n  - name: web\n    image: x\n";
        let line = |path: &str| line_of(text, &path.parse().unwrap());
        assert_eq!(line("spec.containers[0].image"), Some(4));
        assert_eq!(line("spec.containers[0].resources.limits"), Some(3));
        assert_eq!(line("status"), Some(1));
    }
}
