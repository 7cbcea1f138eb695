//! The difference of a source file as a forge shows it: hunks with three lines of context, as `git diff` cuts them.
//!
//! A review comment can only stand on a line of a hunk. What the lines mean, and which file was renamed to which, is
//! known elsewhere. Door to imara-diff, whose Myers algorithm and slider heuristic are those of git.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};

/// How many unchanged lines stand around a change.
const CONTEXT: u32 = 3;

/// On which side of the difference a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Before the change.
    Old,
    /// After the change.
    New,
}

/// A stretch of a file with changed lines in it. Line numbers count from 1; the ends are exclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// The lines before the change, context included. An empty range stands after the line before its start.
    pub old: Range<u32>,
    /// The lines after the change, context included.
    pub new: Range<u32>,
    /// The runs of lines that differ, in order.
    pub changes: Vec<Run>,
}

/// Neighbouring lines of the old file replaced by neighbouring lines of the new one; either may be none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The lines that are gone.
    pub old: Range<u32>,
    /// The lines that came.
    pub new: Range<u32>,
}

impl Hunk {
    /// True if and only if a comment on this line of this side stands in the hunk.
    pub fn holds(&self, side: Side, line: u32) -> bool {
        match side {
            Side::Old => self.old.contains(&line),
            Side::New => self.new.contains(&line),
        }
    }

    /// True if and only if lines of the old file are gone within or right beside these lines of the new one.
    pub fn deletes_within(&self, lines: &Range<u32>) -> bool {
        self.changes.iter().any(|run| {
            !run.old.is_empty() && run.new.is_empty() && {
                lines.start < run.new.start && run.new.start < lines.end
            }
        })
    }
}

/// The hunks between two texts; none where they are equal.
pub fn between(before: &str, after: &str) -> Vec<Hunk> {
    let input = InternedInput::new(before, after);
    let mut diff = Diff::compute(Algorithm::Myers, &input);
    diff.postprocess_lines(&input);
    let (old_lines, new_lines) = (input.before.len() as u32, input.after.len() as u32);
    let mut hunks: Vec<Hunk> = Vec::new();
    for change in diff.hunks() {
        let run = Run {
            old: change.before.start + 1..change.before.end + 1,
            new: change.after.start + 1..change.after.end + 1,
        };
        let old = widened(&run.old, old_lines);
        let new = widened(&run.new, new_lines);
        match hunks.last_mut() {
            // Context lines that would be shown twice, or would touch, are shown once.
            Some(last) if old.start <= last.old.end => {
                last.old.end = old.end;
                last.new.end = new.end;
                last.changes.push(run);
            }
            _ => hunks.push(Hunk {
                old,
                new,
                changes: vec![run],
            }),
        }
    }
    hunks
}

fn widened(lines: &Range<u32>, all: u32) -> Range<u32> {
    lines.start.saturating_sub(CONTEXT).max(1)..(lines.end + CONTEXT).min(all + 1)
}

/// Reads the hunks of a patch as GitHub serves them, one file's, without its `---` and `+++` lines; `None` for a text
/// that is no patch or does not keep its own count.
pub fn parse(patch: &str) -> Option<Vec<Hunk>> {
    let mut hunks: Vec<Hunk> = Vec::new();
    let mut at = (0, 0);
    for line in patch.split('\n') {
        if let Some(rest) = line.strip_prefix("@@ -") {
            if hunks.last().is_some_and(|h| at != (h.old.end, h.new.end)) {
                return None;
            }
            let (ranges, _) = rest.split_once(" @@")?;
            let (old, new) = ranges.split_once(" +")?;
            let (old, new) = (range(old)?, range(new)?);
            at = (old.start, new.start);
            hunks.push(Hunk {
                old,
                new,
                changes: Vec::new(),
            });
            continue;
        }
        let Some(hunk) = hunks.last_mut() else {
            if line.is_empty() {
                continue;
            }
            return None;
        };
        match line.bytes().next() {
            Some(b' ') => at = (at.0 + 1, at.1 + 1),
            Some(b'-') => {
                run_at(hunk, at, |run| run.old.end += 1);
                at.0 += 1;
            }
            Some(b'+') => {
                run_at(hunk, at, |run| run.new.end += 1);
                at.1 += 1;
            }
            Some(b'\\') => {}
            // The text after the last line break, or an empty context line whose space was trimmed on the way.
            None if at == (hunk.old.end, hunk.new.end) => {}
            None => at = (at.0 + 1, at.1 + 1),
            Some(_) => return None,
        }
        if at.0 > hunk.old.end || at.1 > hunk.new.end {
            return None;
        }
    }
    match hunks.last() {
        Some(last) if at != (last.old.end, last.new.end) => None,
        _ => Some(hunks),
    }
}

/// Changes the run that ends here, or a new one.
fn run_at(hunk: &mut Hunk, (old, new): (u32, u32), change: impl FnOnce(&mut Run)) {
    match hunk.changes.last_mut() {
        Some(run) if run.old.end == old && run.new.end == new => change(run),
        _ => {
            let mut run = Run {
                old: old..old,
                new: new..new,
            };
            change(&mut run);
            hunk.changes.push(run);
        }
    }
}

/// `start,count` or `start`; an empty range is written with the line before it.
fn range(text: &str) -> Option<Range<u32>> {
    let (start, count) = match text.split_once(',') {
        Some((start, count)) => (start.parse::<u32>().ok()?, count.parse::<u32>().ok()?),
        None => (text.parse::<u32>().ok()?, 1),
    };
    let start = if count == 0 {
        start.checked_add(1)?
    } else {
        start
    };
    Some(start..start.checked_add(count)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(range: Range<u32>) -> String {
        range.map(|n| format!("{n}\n")).collect()
    }

    fn hunk(old: Range<u32>, new: Range<u32>, changes: &[(Range<u32>, Range<u32>)]) -> Hunk {
        let changes = changes.iter().cloned();
        Hunk {
            old,
            new,
            changes: changes.map(|(old, new)| Run { old, new }).collect(),
        }
    }

    // The expected ranges are those that `git diff -U3` prints for the same texts.
    #[test]
    fn hunks_are_cut_as_git_cuts_them() {
        let before = numbers(1..31);
        let after = before
            .replace("\n10\n", "\nten\n")
            .replace("\n17\n", "\n")
            .replace("\n25\n", "\n25\nnew\n");
        let found = between(&before, &after);
        assert_eq!(
            found,
            [
                hunk(7..21, 7..20, &[(10..11, 10..11), (17..18, 17..17)]),
                hunk(23..29, 22..29, &[(26..26, 25..26)]),
            ]
        );
        assert!(found[0].holds(Side::New, 19) && !found[0].holds(Side::New, 20));
        assert!(found[0].holds(Side::Old, 20) && !found[0].holds(Side::Old, 6));
        assert!(found[0].deletes_within(&(15..19)));
        assert!(!found[0].deletes_within(&(17..19)) && !found[0].deletes_within(&(15..17)));
    }

    #[test]
    fn whole_files_and_empty_ones() {
        assert_eq!(between("", "a\nb\n"), [hunk(1..1, 1..3, &[(1..1, 1..3)])]);
        assert_eq!(between("a\n", ""), [hunk(1..2, 1..1, &[(1..2, 1..1)])]);
        assert_eq!(between("a\n", "a"), [hunk(1..2, 1..2, &[(1..2, 1..2)])]);
        assert_eq!(between("a\r\n", "a\r\n"), []);
    }

    #[test]
    fn a_patch_is_read_back() {
        let patch = "@@ -1,4 +1,5 @@ kind: X\n a\n-b\n+c\n+d\n e\n f\n\\ No newline at end of file";
        let expected = [hunk(1..5, 1..6, &[(2..3, 2..4)])];
        assert_eq!(parse(patch).as_deref(), Some(&expected[..]));
        let added = parse("@@ -0,0 +1,2 @@\n+a\n+b");
        assert_eq!(added, Some(vec![hunk(1..1, 1..3, &[(1..1, 1..3)])]));
        let two = parse("@@ -1 +1 @@\n-a\n+b\n@@ -9,2 +9 @@\n x\n-y\n");
        assert_eq!(two.map(|hunks| hunks.len()), Some(2));
        for wrong in [
            "@@ -1,2 +1,2 @@\n a",
            "@@ -1 +1 @@\n-a\n+b\n+c",
            "no patch",
            "@@ -4294967295,2 +1 @@\n+a",
            "@@ x @@",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert_eq!(parse(""), Some(Vec::new()));
    }
}
