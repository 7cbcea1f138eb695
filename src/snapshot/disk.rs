//! A directory of a disk that is read as it is asked for: what `render` needs, which reads one target out of a large tree.
//!
//! Unlike a listed directory it is no snapshot of one moment, so nothing is compared with it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use foldhash::fast::RandomState;

use super::directory::{Directory, Listed, identity, list, on_disk, open, read, read_file};
use super::{Entries, Entry, EntryKind, Names, ReadError, Snapshot};
use crate::text::RepoPath;

/// The files below a directory, read when they are asked for.
#[derive(Debug)]
pub struct Disk {
    label: String,
    root: PathBuf,
    known: Mutex<HashMap<RepoPath, Known, RandomState>>,
    listed: Mutex<HashMap<RepoPath, Option<Names>, RandomState>>,
    all: OnceLock<Entries>,
}

/// What was found at a path.
#[derive(Debug)]
enum Known {
    Nothing,
    Directory,
    Entry {
        entry: Entry,
        /// What was read to identify it, until somebody asks for it: most who look at a file read it next.
        bytes: Option<Result<Vec<u8>, ReadError>>,
    },
}

impl Disk {
    /// The files below `root`; nothing is read yet.
    pub fn new(root: &Path) -> Self {
        Self {
            label: root.display().to_string(),
            root: root.to_owned(),
            known: Mutex::default(),
            listed: Mutex::default(),
            all: OnceLock::new(),
        }
    }

    fn known<T>(&self, path: &RepoPath, ask: impl FnOnce(&mut Known) -> T) -> T {
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get_mut(path) {
            return ask(known);
        }
        // Others may ask for other files meanwhile. Who looks at the same one finds the same.
        let found = self.look(path);
        ask(lock().entry(path.clone()).or_insert(found))
    }

    fn look(&self, path: &RepoPath) -> Known {
        if path.components().any(|part| part == ".git") {
            return Known::Nothing;
        }
        let full = on_disk(&self.root, path);
        // Most of what is looked at is a file, which one look opens. What cannot be opened may be a link or not readable.
        let opened = open(&full).ok();
        let metadata = match &opened {
            Some((_, metadata)) => metadata.clone(),
            None => match std::fs::symlink_metadata(&full) {
                Ok(metadata) => metadata,
                Err(_) => return Known::Nothing,
            },
        };
        let kind = if metadata.is_symlink() {
            EntryKind::Link
        } else if metadata.is_file() {
            EntryKind::File
        } else if metadata.is_dir() {
            return Known::Directory;
        } else {
            return Known::Nothing;
        };
        let bytes = match opened {
            Some((file, metadata)) => read_file(file, path, &metadata),
            None => read(&self.root, path, kind),
        };
        let id = identity(&self.root, path, &bytes);
        Known::Entry {
            entry: Entry { kind, id },
            bytes: Some(bytes),
        }
    }

    fn look_into(&self, directory: &RepoPath) -> Option<Names> {
        if directory.components().any(|part| part == ".git") {
            return None;
        }
        let listing = list(&self.root, directory).ok()?;
        let entries = listing.names.into_iter().filter(|(name, _)| name != ".git");
        let entries = entries.map(|(name, listed)| match listed {
            Listed::Directory => (name, None),
            Listed::Entry(kind) => (name, Some(kind)),
        });
        Some(entries.collect())
    }
}

impl Snapshot for Disk {
    fn label(&self) -> &str {
        &self.label
    }

    fn entries(&self) -> &Entries {
        self.all.get_or_init(|| {
            Directory::open(&self.root, String::new())
                .map(|opened| opened.snapshot.into_entries())
                .unwrap_or_default()
        })
    }

    fn entry(&self, path: &RepoPath) -> Option<Entry> {
        self.known(path, |known| match known {
            Known::Entry { entry, .. } => Some(*entry),
            Known::Nothing | Known::Directory => None,
        })
    }

    fn names(&self, directory: &RepoPath) -> Option<Names> {
        let lock = || self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(directory) {
            return known.clone();
        }
        let found = self.look_into(directory);
        lock().entry(directory.clone()).or_insert(found).clone()
    }

    fn is_directory(&self, path: &RepoPath) -> bool {
        self.known(path, |known| matches!(known, Known::Directory))
    }

    fn bytes(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        let (kind, bytes) = self
            .known(path, |known| match known {
                Known::Entry { entry, bytes } => Some((entry.kind, bytes.take())),
                Known::Nothing | Known::Directory => None,
            })
            .ok_or_else(|| ReadError::Missing(path.clone()))?;
        let bytes = bytes.unwrap_or_else(|| read(&self.root, path, kind));
        Ok(bytes?.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{Found, Tree};

    #[test]
    fn it_shows_what_a_listed_directory_shows() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path();
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        std::fs::create_dir_all(root.join(".git")).unwrap();
        std::fs::write(root.join("a/x.yaml"), "x: 1\n").unwrap();
        std::fs::write(root.join("a/b/y.yaml"), "y: 1\n").unwrap();
        let disk = Disk::new(root);
        let tree = Tree::new(&disk);
        let path = |text| RepoPath::new(text).unwrap();
        assert_eq!(&*tree.read(&path("a/x.yaml")).unwrap(), b"x: 1\n");
        assert_eq!(
            tree.list(&path("a")).unwrap(),
            [
                ("b".to_owned(), Found::Directory),
                ("x.yaml".to_owned(), Found::File)
            ]
        );
        assert_eq!(tree.find(&path(".git")).unwrap(), None);
        assert_eq!(
            tree.read(&path("a/none")),
            Err(ReadError::Missing(path("a/none")))
        );
        assert_eq!(disk.entries().len(), 2);
    }
}
