//! The work tree of a git repository: tracked files as they are on disk, and new ones that git does not ignore.
//!
//! Content ids are those of git blobs. A file whose size and times are those in the index takes the id in the index
//! without being read; this is also how a file that git converts on checkout (line endings, filters) stays unchanged.
//! Its bytes are then those of the blob, so that a conversion never looks like a change.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::directory::{self, Listed, MAX_ENTRIES};
use super::git::{Ignored, Index, Repository, Tracked, submodules};
use super::open::{OpenError, Opened};
use super::{ContentId, Entries, Entry, EntryKind, ReadError, Snapshot};
use crate::text::RepoPath;

/// The files of a work tree, as they were when it was opened.
pub(super) struct Worktree {
    repository: Arc<Repository>,
    root: PathBuf,
    entries: Entries,
}

impl Worktree {
    /// Lists the work tree at `root` of `repository`.
    pub(super) fn open(
        repository: &Arc<Repository>,
        root: &Path,
    ) -> Result<Opened<Self>, OpenError> {
        let index = repository.index()?;
        let mut walk = Walk {
            root,
            index: &index,
            files: Vec::new(),
            problems: Vec::new(),
            notes: Vec::new(),
            unnamed: Vec::new(),
        };
        walk.run(Ignored::everywhere(repository))?;
        let Walk {
            files,
            problems,
            mut notes,
            unnamed,
            ..
        } = walk;
        let mut entries: Entries = files
            .into_par_iter()
            .map(|(path, kind)| {
                let entry = identify(root, &index, &path, kind);
                (path, entry)
            })
            .collect::<Vec<_>>()
            .into_iter()
            .collect();
        for tracked in &index.tracked {
            // What is not checked out on purpose is as it is in the index, and so is a submodule.
            if tracked.absent || tracked.entry.kind == EntryKind::Submodule {
                entries.entry(tracked.path.clone()).or_insert(tracked.entry);
            }
        }
        notes.extend(submodules(&entries));
        Ok(Opened {
            snapshot: Self {
                repository: Arc::clone(repository),
                root: root.to_owned(),
                entries,
            },
            unnamed,
            problems,
            notes,
        })
    }
}

impl Snapshot for Worktree {
    fn label(&self) -> &'static str {
        "the work tree"
    }

    fn entries(&self) -> &Entries {
        &self.entries
    }

    fn bytes(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        let entry = self
            .entries
            .get(path)
            .ok_or_else(|| ReadError::Missing(path.clone()))?;
        let on_disk = match directory::read(&self.root, path, entry.kind) {
            Ok(bytes) if ContentId::of(&bytes) == entry.id => return Ok(bytes.into()),
            Ok(_) => directory::changed_meanwhile(path),
            Err(error @ ReadError::Submodule(_)) => return Err(error),
            Err(error) => error,
        };
        // The bytes on disk are not those that were promised: a file that git converts on checkout,
        // one that is not checked out, or one that changed since. Git may have the promised ones.
        match self.repository.blob(path, entry.id) {
            Ok(bytes) => Ok(bytes),
            Err(error) if !directory::on_disk(&self.root, path).exists() => Err(error),
            Err(_) => Err(on_disk),
        }
    }
}

struct Walk<'a> {
    root: &'a Path,
    index: &'a Index,
    files: Vec<(RepoPath, EntryKind)>,
    problems: Vec<crate::problem::Problem>,
    notes: Vec<String>,
    unnamed: Vec<(String, Option<ContentId>)>,
}

impl Walk<'_> {
    fn run(&mut self, everywhere: Ignored) -> Result<(), OpenError> {
        // Each directory with what is ignored in it; `None` where it is ignored itself.
        let mut todo = vec![(RepoPath::root(), Some(everywhere))];
        while let Some((directory, ignored)) = todo.pop() {
            let found = match directory::list(self.root, &directory) {
                Ok(found) => found,
                Err(source) if directory.is_root() => {
                    return Err(OpenError::Directory {
                        path: self.root.to_owned(),
                        source,
                    });
                }
                Err(source) => {
                    self.problems.push(directory::unlisted(&directory, &source));
                    continue;
                }
            };
            let has = |wanted: &str| found.names.iter().any(|(name, _)| name == wanted);
            if !directory.is_root() && has(".git") && !self.has_tracked_below(&directory) {
                if ignored.is_some() {
                    self.notes.push(format!(
                        "`{directory}` is a repository of its own, whose files are not compared"
                    ));
                }
                continue;
            }
            let ignored =
                ignored.map(|ignored| self.within(ignored, &directory, has(".gitignore")));
            self.unnamed
                .extend(found.unnamed.into_iter().filter(|(name, _)| {
                    let path = RepoPath::bound(name);
                    let is_tracked = self.index.unnamed.iter().any(|(known, _)| known == name);
                    is_tracked || ignored.as_ref().is_some_and(|i| !i.contains(&path, false))
                }));
            for (name, kind) in found.names {
                if name == ".git" {
                    continue;
                }
                let Some(path) = directory.child(&name) else {
                    continue;
                };
                match kind {
                    Listed::Entry(kind) => {
                        let wanted = self.tracked(&path).is_some()
                            || ignored.as_ref().is_some_and(|i| !i.contains(&path, false));
                        if wanted {
                            self.files.push((path, kind));
                        }
                    }
                    Listed::Directory => {
                        if self
                            .tracked(&path)
                            .is_some_and(|t| t.entry.kind == EntryKind::Submodule)
                        {
                            continue;
                        }
                        let inside = ignored.clone().filter(|i| !i.contains(&path, true));
                        if inside.is_some() || self.has_tracked_below(&path) {
                            todo.push((path, inside));
                        }
                    }
                }
            }
            if self.files.len() > MAX_ENTRIES {
                return Err(OpenError::TooManyFiles {
                    label: "the work tree".to_owned(),
                    limit: MAX_ENTRIES,
                });
            }
        }
        Ok(())
    }

    /// What is ignored in `directory`. Like git, this does not follow a `.gitignore` that is a link.
    fn within(&self, ignored: Ignored, directory: &RepoPath, has_file: bool) -> Ignored {
        if !has_file {
            return ignored;
        }
        let bytes = directory
            .child(".gitignore")
            .and_then(|path| directory::read(self.root, &path, EntryKind::File).ok());
        match bytes {
            Some(bytes) => ignored.within(directory, &bytes),
            None => ignored,
        }
    }

    fn tracked(&self, path: &RepoPath) -> Option<&Tracked> {
        find(self.index, path)
    }

    fn has_tracked_below(&self, directory: &RepoPath) -> bool {
        let first = format!("{directory}/");
        let tracked = &self.index.tracked;
        let start = tracked.partition_point(|t| t.path.as_str() < first.as_str());
        tracked
            .get(start)
            .is_some_and(|t| t.path.as_str().starts_with(&first))
    }
}

fn find<'a>(index: &'a Index, path: &RepoPath) -> Option<&'a Tracked> {
    let found = index.tracked.binary_search_by(|t| t.path.cmp(path)).ok()?;
    index.tracked.get(found)
}

fn identify(root: &Path, index: &Index, path: &RepoPath, kind: EntryKind) -> Entry {
    if let Some(tracked) = find(index, path) {
        if index.is_unchanged(tracked, &directory::on_disk(root, path)) {
            return tracked.entry;
        }
        // Where links cannot be made, git writes their target into a file.
        if cfg!(windows) && tracked.entry.kind == EntryKind::Link && kind == EntryKind::File {
            let id = directory::identify(root, path, kind);
            return Entry {
                kind: if id == tracked.entry.id {
                    EntryKind::Link
                } else {
                    kind
                },
                id,
            };
        }
        let converts = cfg!(windows) && tracked.entry.kind == kind && kind == EntryKind::File;
        if converts && is_same_but_for_line_endings(root, path, tracked.entry.id) {
            return tracked.entry;
        }
    }
    Entry {
        kind,
        id: directory::identify(root, path, kind),
    }
}

/// True if and only if a file is the blob `id` with the line endings that Git for Windows writes.
fn is_same_but_for_line_endings(root: &Path, path: &RepoPath, id: ContentId) -> bool {
    let Ok(bytes) = directory::read(root, path, EntryKind::File) else {
        return false;
    };
    let Ok(text) = String::from_utf8(bytes) else {
        return false;
    };
    text.contains("\r\n") && ContentId::of(text.replace("\r\n", "\n").as_bytes()) == id
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::git::sample::Sample;
    use super::*;
    use EntryKind::{File, Link, Submodule};

    fn opened(sample: &Sample) -> Opened<Worktree> {
        let repository = Arc::new(Repository::discover(sample.root()).unwrap().unwrap());
        Worktree::open(&repository, sample.root()).unwrap()
    }

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    #[test]
    fn a_work_tree_is_what_a_commit_of_everything_would_hold() {
        let sample = Sample::new();
        let files = [
            ("a/kept.yaml", "kept"),
            ("a/gone.yaml", "gone"),
            ("b/edited.yaml", "before"),
            ("ignored/tracked.yaml", "t"),
            ("link", "->a"),
            ("sub", "@"),
        ];
        let id = sample.commit(&files, &[]);
        sample.check_out(&files[..5]);
        sample.index(id, false);
        fs::remove_file(sample.root().join("a/gone.yaml")).unwrap();
        fs::create_dir_all(sample.root().join("sub")).unwrap();
        sample.check_out(&[
            ("sub/inside", "x"),
            ("b/edited.yaml", "after"),
            ("b/new.yaml", "new"),
            (".gitignore", "/ignored/\n*.tmp\n"),
            ("ignored/untracked.yaml", "u"),
            ("b/x.tmp", "x"),
            ("nested/.git/HEAD", "x"),
            ("nested/y.yaml", "y"),
        ]);
        let opened = opened(&sample);
        let names: Vec<_> = opened
            .snapshot
            .entries()
            .iter()
            .map(|(path, entry)| (path.as_str(), entry.kind))
            .collect();
        assert_eq!(
            names,
            [
                (".gitignore", File),
                ("a/kept.yaml", File),
                ("b/edited.yaml", File),
                ("b/new.yaml", File),
                ("ignored/tracked.yaml", File),
                ("link", Link),
                ("sub", Submodule),
            ]
        );
        let id = |p: &str| opened.snapshot.entries().get(&path(p)).unwrap().id;
        assert_eq!(id("b/edited.yaml"), ContentId::of(b"after"));
        assert_eq!(id("link"), ContentId::of(b"a"));
        assert_eq!(
            &*opened.snapshot.bytes(&path("b/new.yaml")).unwrap(),
            b"new"
        );
        assert_eq!(opened.notes.len(), 2, "{:?}", opened.notes);
    }

    #[test]
    fn a_converted_file_is_unchanged_and_a_racy_one_is_looked_at() {
        let sample = Sample::new();
        let id = sample.commit(&[("x", "a\nb\n"), ("y", "same"), ("z", "z")], &[]);
        sample.check_out(&[("x", "a\r\nb\r\n"), ("y", "same"), ("z", "z")]);
        sample.index(id, true);
        // As long as `x` looks as it did when git wrote the index, it is the blob, not what is on disk.
        let first = opened(&sample);
        assert_eq!(&*first.snapshot.bytes(&path("x")).unwrap(), b"a\nb\n");
        // An index that is as old as the files proves nothing: the same size and time may hide a change.
        let written = fs::metadata(sample.root().join("x"))
            .unwrap()
            .modified()
            .unwrap();
        let index = fs::File::options()
            .append(true)
            .open(sample.root().join(".git/index"))
            .unwrap();
        index.set_modified(written).unwrap();
        let second = opened(&sample);
        assert_eq!(&*second.snapshot.bytes(&path("x")).unwrap(), b"a\r\nb\r\n");
        let entry = second.snapshot.entries().get(&path("y")).unwrap();
        assert_eq!(entry.id, ContentId::of(b"same"));
        // A file that changes while it is read cannot pass for what was listed.
        fs::write(sample.root().join("x"), "other").unwrap();
        assert!(second.snapshot.bytes(&path("x")).is_err());
        assert_eq!(&*first.snapshot.bytes(&path("x")).unwrap(), b"a\nb\n");
    }
}
