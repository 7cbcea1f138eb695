//! The index of a repository: what is tracked, and whether a file on disk is certainly still what git wrote down.

use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice;
use gix::index::entry::{Flags, Mode, Stage};

use super::{Repository, content_id};
use crate::snapshot::{ContentId, Entry, EntryKind, OpenError};
use crate::text::RepoPath;

/// The index: what is tracked, and how it looked on disk when git last wrote it down.
#[derive(Default)]
pub(in crate::snapshot) struct Index {
    /// Sorted by path, each once.
    pub(in crate::snapshot) tracked: Vec<Tracked>,
    /// Paths that a [`RepoPath`] cannot name.
    pub(in crate::snapshot) unnamed: Vec<(String, ContentId)>,
    /// The first path that a merge left in conflict.
    pub(super) conflict: Option<RepoPath>,
    /// When the index was written, in seconds.
    written: u32,
}

/// One path of the index.
pub(in crate::snapshot) struct Tracked {
    pub(in crate::snapshot) path: RepoPath,
    pub(in crate::snapshot) entry: Entry,
    stat: Option<Stat>,
    /// It is not checked out on purpose (a sparse checkout): that it is not on disk does not mean that it was deleted.
    pub(in crate::snapshot) absent: bool,
    /// Only its name was added.
    pub(super) intent_to_add: bool,
}

struct Stat(gix::index::entry::Stat);

impl Index {
    /// True if and only if the file on disk is certainly what the index says, judged by its size and times alone.
    ///
    /// A file written in the second in which the index was written, or later, may have changed after git looked at it
    /// without its times telling, so it is never certain. Time in this is that of the disk, not of a clock.
    pub(in crate::snapshot) fn is_unchanged(&self, tracked: &Tracked, full: &Path) -> bool {
        let Some(Stat(stat)) = &tracked.stat else {
            return false;
        };
        let Ok(metadata) = gix::index::fs::Metadata::from_path_no_follow(full) else {
            return false;
        };
        let kind_matches = match tracked.entry.kind {
            EntryKind::File => metadata.is_file(),
            EntryKind::Link => metadata.is_symlink(),
            EntryKind::Submodule => false,
        };
        let Ok(now) = gix::index::entry::Stat::from_fs(&metadata) else {
            return false;
        };
        let options = gix::index::entry::stat::Options {
            // Some programs write indexes without the fractions of seconds.
            use_nsec: stat.mtime.nsecs != 0,
            ..Default::default()
        };
        kind_matches && stat.mtime.secs < self.written && stat.matches(&now, options)
    }
}

impl Repository {
    /// The index as it is now.
    pub(in crate::snapshot) fn index(&self) -> Result<Index, OpenError> {
        let path = std::env::var_os("GIT_INDEX_FILE").map_or_else(
            || self.git_dir().join("index"),
            |file| match self.root() {
                Some(root) => root.join(file),
                None => PathBuf::from(file),
            },
        );
        let mut index = Index::default();
        if !path.exists() {
            // Before the first `git add` there is none.
            return Ok(index);
        }
        let failed = |error: gix::Error| OpenError::Repository {
            path: path.clone(),
            why: error.to_string(),
        };
        let file = gix::index::File::at(
            &path,
            gix::hash::Kind::Sha1,
            false,
            gix::index::decode::Options::default(),
        )
        .map_err(failed)?;
        index.written = u32::try_from(file.timestamp().unix_seconds()).unwrap_or(0);
        for entry in file.entries() {
            let name = entry.path(&file);
            let id = content_id(&entry.id);
            let path = name.to_str().ok().and_then(|name| {
                RepoPath::new(name)
                    .ok()
                    .filter(|path| path.as_str() == name.trim_end_matches('/'))
            });
            let Some(path) = path else {
                index.unnamed.push((name.to_str_lossy().into_owned(), id));
                continue;
            };
            if entry.stage() != Stage::Unconflicted {
                if index.tracked.last().is_none_or(|last| last.path != path) {
                    index.conflict.get_or_insert_with(|| path.clone());
                    index.tracked.push(Tracked {
                        path,
                        entry: Entry {
                            kind: EntryKind::File,
                            id,
                        },
                        stat: None,
                        absent: false,
                        intent_to_add: false,
                    });
                }
                continue;
            }
            let absent = entry.flags.contains(Flags::SKIP_WORKTREE);
            let kind = match entry.mode {
                // A sparse index names a directory where nothing in it is checked out.
                Mode::DIR => {
                    let listed = self.tree(entry.id, &path, "the index")?;
                    index.unnamed.extend(listed.unnamed);
                    index
                        .tracked
                        .extend(listed.entries.into_iter().map(|(path, entry)| Tracked {
                            path,
                            entry,
                            stat: None,
                            absent: true,
                            intent_to_add: false,
                        }));
                    continue;
                }
                Mode::SYMLINK => EntryKind::Link,
                Mode::COMMIT => EntryKind::Submodule,
                _ => EntryKind::File,
            };
            index.tracked.push(Tracked {
                path,
                entry: Entry { kind, id },
                stat: Some(Stat(entry.stat)),
                absent,
                intent_to_add: entry.flags.contains(Flags::INTENT_TO_ADD),
            });
        }
        index.tracked.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(index)
    }
}
