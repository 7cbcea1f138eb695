//! Which files a change touches, as a forge lists them: added, removed, modified, renamed, each with its hunks.
//!
//! Renames are found as git finds them with its defaults: equal contents first, then a unique file name whose content
//! is three quarters the same, then the pairs that share most, down to half.

use std::collections::{BTreeMap, BTreeSet};

use super::hunks::{self, Hunk};
use crate::snapshot::{self, ContentId, EntryKind, Snapshot, Tree};
use crate::text::RepoPath;

/// More candidates than this on both sides are not compared by content; git's limit.
const RENAME_LIMIT: usize = 1000;

/// The share of a file that has to be kept for a rename, in thousandths.
const HALF: u64 = 500;

/// The same where the file keeps its name.
const SAME_NAME: u64 = 750;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Its content changed.
    Modified,
    /// It has another path, and perhaps another content.
    Renamed,
}

/// One file of the difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDiff {
    /// Its path; where it is gone, the path it had.
    pub path: RepoPath,
    /// The path it had, where that is another.
    pub previous: Option<RepoPath>,
    /// What became of it.
    pub status: Status,
    /// Its hunks; `None` where there are none to be had (no text, or the forge shows none).
    pub hunks: Option<Vec<Hunk>>,
}

/// The files that differ between two snapshots, by path.
pub fn between(base: &dyn Snapshot, head: &dyn Snapshot) -> Vec<FileDiff> {
    let changes = snapshot::changed(base, head);
    let moves = renames(base, head, &changes);
    let sources: BTreeSet<&RepoPath> = moves.values().collect();
    let text = |side: &dyn Snapshot, path: &RepoPath| Tree::new(side).read_text(path).ok();
    changes
        .iter()
        .filter(|change| change.after.is_some() || !sources.contains(&change.path))
        .map(|change| {
            let previous = moves.get(&change.path);
            let status = match (change.before, change.after) {
                (_, None) => Status::Removed,
                (Some(_), _) => Status::Modified,
                (None, _) if previous.is_some() => Status::Renamed,
                (None, _) => Status::Added,
            };
            let before = match status {
                Status::Added => Some("".into()),
                _ => text(base, previous.unwrap_or(&change.path)),
            };
            let after = match status {
                Status::Removed => Some("".into()),
                _ => text(head, &change.path),
            };
            FileDiff {
                path: change.path.clone(),
                previous: previous.cloned(),
                status,
                hunks: before
                    .zip(after)
                    .map(|(before, after)| hunks::between(&before, &after)),
            }
        })
        .collect()
}

/// New path → the path it had.
fn renames(
    base: &dyn Snapshot,
    head: &dyn Snapshot,
    changes: &[snapshot::Change],
) -> BTreeMap<RepoPath, RepoPath> {
    let mut moves: BTreeMap<RepoPath, RepoPath> = changes
        .iter()
        .filter_map(|change| Some((change.path.clone(), change.moved_from.clone()?)))
        .collect();
    let taken: BTreeSet<RepoPath> = moves.values().cloned().collect();
    let is_file = |side: &dyn Snapshot, path: &RepoPath| {
        side.entry(path)
            .is_some_and(|entry| entry.kind == EntryKind::File && entry.id != ContentId::of(b""))
    };
    let gone = changes.iter().map(|change| (&change.path, change));
    let gone: Vec<&RepoPath> = gone
        .filter(|(path, change)| {
            change.after.is_none() && !taken.contains(path) && is_file(base, path)
        })
        .map(|(path, _)| path)
        .collect();
    let came: Vec<&RepoPath> = changes
        .iter()
        .filter(|change| change.before.is_none() && change.moved_from.is_none())
        .map(|change| &change.path)
        .filter(|path| is_file(head, path))
        .collect();
    if gone.is_empty() || came.is_empty() || gone.len() * came.len() > RENAME_LIMIT * RENAME_LIMIT {
        return moves;
    }
    let read = |side: &dyn Snapshot, path: &RepoPath| {
        let bytes = Tree::new(side).read(path).ok();
        bytes.map(|bytes| Pieces::of(&bytes))
    };
    let before: Vec<Option<Pieces>> = gone.iter().map(|path| read(base, path)).collect();
    let after: Vec<Option<Pieces>> = came.iter().map(|path| read(head, path)).collect();
    let kept = |old: usize, new: usize| match (before.get(old), after.get(new)) {
        (Some(Some(old)), Some(Some(new))) => new.kept(old),
        _ => 0,
    };
    let alone = |paths: &[&RepoPath], name: &str| {
        let mut same = (0..)
            .zip(paths)
            .filter(|(_, path)| path.file_name() == name);
        match (same.next(), same.next()) {
            (Some((index, _)), None) => Some(index),
            _ => None,
        }
    };
    // Better pairs first; of equal ones, those whose file keeps its name.
    let mut pairs: Vec<(u64, bool, usize, usize)> = Vec::new();
    for (new, path) in came.iter().enumerate() {
        let name = path.file_name();
        if alone(&came, name) == Some(new)
            && let Some(old) = alone(&gone, name)
            && kept(old, new) >= SAME_NAME
        {
            pairs.push((u64::MAX, true, old, new));
            continue;
        }
        for (old, from) in gone.iter().enumerate() {
            let kept = kept(old, new);
            if kept >= HALF {
                pairs.push((kept, from.file_name() == name, old, new));
            }
        }
    }
    pairs.sort_by_key(|&(kept, same_name, old, new)| {
        (std::cmp::Reverse((kept, same_name)), new, old)
    });
    let mut used = BTreeSet::new();
    for (_, _, old, new) in pairs {
        let (Some(from), Some(to)) = (gone.get(old), came.get(new)) else {
            continue;
        };
        if !used.contains(&old) && !moves.contains_key(*to) {
            used.insert(old);
            moves.insert((*to).clone(), (*from).clone());
        }
    }
    moves
}

/// The content of a file cut into lines (long ones into pieces of 64 bytes), each with how many bytes of it there are.
struct Pieces {
    bytes: u64,
    of: BTreeMap<Vec<u8>, u64>,
}

impl Pieces {
    fn of(content: &[u8]) -> Self {
        let mut of: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
        for line in content.split_inclusive(|&byte| byte == b'\n') {
            for piece in line.chunks(64) {
                *of.entry(piece.to_vec()).or_default() += piece.len() as u64;
            }
        }
        Self {
            bytes: content.len() as u64,
            of,
        }
    }

    /// How much of `old` is in this content, in thousandths of the larger of the two.
    fn kept(&self, old: &Self) -> u64 {
        let larger = self.bytes.max(old.bytes).max(1);
        let smaller = self.bytes.min(old.bytes);
        if smaller * 1000 < larger * HALF {
            return 0;
        }
        let shared: u64 = old
            .of
            .iter()
            .map(|(piece, bytes)| self.of.get(piece).map_or(0, |ours| *ours.min(bytes)))
            .sum();
        shared * 1000 / larger
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Memory;

    #[test]
    fn files_are_told_apart_and_renames_found() {
        let long: String = (0..20).map(|n| format!("line {n}\n")).collect();
        let base = Memory::new(
            "base",
            [
                ("same", "x"),
                ("gone", "y\n"),
                ("old/name.yaml", long.as_str()),
                ("a.yaml", &format!("a\n{long}")),
                ("changed", "1\n2\n"),
            ],
        )
        .unwrap();
        let head = Memory::new(
            "head",
            [
                ("same", "x"),
                ("came", "z\n"),
                ("new/name.yaml", &long.replace("line 3\n", "line three\n")),
                ("b.yaml", &format!("a\n{long}")),
                ("changed", "1\n3\n"),
            ],
        )
        .unwrap();
        let found: Vec<String> = between(&base, &head)
            .iter()
            .map(|file| {
                let hunks = file.hunks.as_ref().map_or(0, Vec::len);
                let previous = file.previous.as_ref().map(ToString::to_string);
                format!(
                    "{:?} {} {} {hunks}",
                    file.status,
                    file.path,
                    previous.unwrap_or_default()
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                "Renamed b.yaml a.yaml 0",
                "Added came  1",
                "Modified changed  1",
                "Removed gone  1",
                "Renamed new/name.yaml old/name.yaml 1",
            ]
        );
    }
}
