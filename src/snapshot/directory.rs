//! A plain directory as a snapshot, and what reading files from a disk has in common.
//!
//! Everything below the directory is part of it except what is named `.git`; no ignore file is heeded. Links are
//! entries of their own and never followed, so nothing outside the directory is read. Pipes, sockets and devices
//! do not exist here. How a work tree differs is in `worktree`.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::open::{OpenError, Opened};
use super::{ContentId, Entries, Entry, EntryKind, MAX_FILE_BYTES, ReadError, Snapshot};
use crate::problem::{Kind, Problem};
use crate::text::RepoPath;

/// Trees with more files than this are refused: nobody reviews them, and a few git objects can describe billions.
pub(super) const MAX_ENTRIES: usize = 2_000_000;

/// The files below a directory, as they were when it was opened.
#[derive(Debug)]
pub struct Directory {
    label: String,
    root: PathBuf,
    entries: Entries,
}

impl Directory {
    /// Lists the files below `root` and identifies their contents. A file that cannot be read says so when it is read;
    /// what cannot even be listed is among the problems.
    pub(super) fn open(root: &Path, label: String) -> Result<Opened<Self>, OpenError> {
        let mut files = Vec::new();
        let mut problems = Vec::new();
        let mut unnamed = Vec::new();
        let mut todo = vec![RepoPath::root()];
        while let Some(directory) = todo.pop() {
            let found = match list(root, &directory) {
                Ok(found) => found,
                Err(source) if directory.is_root() => {
                    return Err(OpenError::Directory {
                        path: root.to_owned(),
                        source,
                    });
                }
                Err(source) => {
                    problems.push(unlisted(&directory, &source));
                    continue;
                }
            };
            unnamed.extend(found.unnamed);
            for (name, kind) in found.names {
                if name == ".git" {
                    continue;
                }
                let Some(path) = directory.child(&name) else {
                    continue;
                };
                match kind {
                    Listed::Directory => todo.push(path),
                    Listed::Entry(kind) => files.push((path, kind)),
                }
            }
            if files.len() > MAX_ENTRIES {
                return Err(OpenError::TooManyFiles {
                    label,
                    limit: MAX_ENTRIES,
                });
            }
        }
        let entries = files
            .into_par_iter()
            .map(|(path, kind)| {
                let id = identify(root, &path, kind);
                (path, Entry { kind, id })
            })
            .collect::<Vec<_>>()
            .into_iter()
            .collect();
        Ok(Opened {
            snapshot: Self {
                label,
                root: root.to_owned(),
                entries,
            },
            unnamed,
            problems,
            notes: Vec::new(),
        })
    }
}

impl Directory {
    /// Everything that is in the directory.
    pub(super) fn into_entries(self) -> Entries {
        self.entries
    }
}

impl Snapshot for Directory {
    fn label(&self) -> &str {
        &self.label
    }

    fn entries(&self) -> &Entries {
        &self.entries
    }

    fn bytes(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        let entry = self
            .entries
            .get(path)
            .ok_or_else(|| ReadError::Missing(path.clone()))?;
        let bytes = read(&self.root, path, entry.kind)?;
        if ContentId::of(&bytes) == entry.id {
            Ok(bytes.into())
        } else {
            Err(changed_meanwhile(path))
        }
    }
}

/// The names in one directory of a disk.
pub(super) struct Listing {
    /// Names and what they are, in no particular order.
    pub(super) names: Vec<(String, Listed)>,
    /// What has a name that is not UTF-8, each with its path spelled as well as possible and its content.
    pub(super) unnamed: Vec<(String, Option<ContentId>)>,
}

/// What a name in a directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listed {
    Directory,
    Entry(EntryKind),
}

/// Lists one directory. What is neither a file, a link nor a directory is left out.
pub(super) fn list(root: &Path, directory: &RepoPath) -> io::Result<Listing> {
    let mut listing = Listing {
        names: Vec::new(),
        unnamed: Vec::new(),
    };
    for entry in fs::read_dir(on_disk(root, directory))? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let kind = if kind.is_dir() {
            Listed::Directory
        } else if kind.is_symlink() {
            Listed::Entry(EntryKind::Link)
        } else if kind.is_file() {
            Listed::Entry(EntryKind::File)
        } else {
            continue;
        };
        match entry.file_name().into_string() {
            // On Unix a name may hold a backslash, elsewhere it cannot: it is never a separator.
            Ok(name) => listing.names.push((name, kind)),
            Err(name) => {
                let name = name.to_string_lossy();
                let shown = if directory.is_root() {
                    name.into_owned()
                } else {
                    format!("{directory}/{name}")
                };
                listing
                    .unnamed
                    .push((shown, identify_unnamed(&entry.path())));
            }
        }
    }
    Ok(listing)
}

pub(super) fn on_disk(root: &Path, path: &RepoPath) -> PathBuf {
    let mut full = root.to_owned();
    full.extend(path.components());
    full
}

/// The bytes of a file on disk, or the target of a link.
pub(super) fn read(root: &Path, path: &RepoPath, kind: EntryKind) -> Result<Vec<u8>, ReadError> {
    let full = on_disk(root, path);
    match kind {
        EntryKind::Link => fs::read_link(&full)
            .map(link_target)
            .map_err(|error| unread(path, &error)),
        EntryKind::Submodule => Err(ReadError::Submodule(path.clone())),
        EntryKind::File => {
            // The file may have become a link since it was listed, or a pipe.
            match open(&full) {
                Ok((file, metadata)) => read_file(file, path, &metadata),
                Err(_) if fs::symlink_metadata(&full).is_ok_and(|found| !found.is_file()) => {
                    Err(changed_meanwhile(path))
                }
                Err(error) => Err(unread(path, &error)),
            }
        }
    }
}

/// Opens what is at `full` unless it is a link, and does not wait for anybody.
pub(super) fn open(full: &Path) -> io::Result<(fs::File, fs::Metadata)> {
    let mut options = fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY,
    );
    #[cfg(not(unix))]
    if fs::symlink_metadata(full)?.is_symlink() {
        return Err(io::Error::other("it is a link"));
    }
    let file = options.open(full)?;
    let metadata = file.metadata()?;
    Ok((file, metadata))
}

/// The bytes of a file that was just opened.
pub(super) fn read_file(
    file: fs::File,
    path: &RepoPath,
    metadata: &fs::Metadata,
) -> Result<Vec<u8>, ReadError> {
    if !metadata.is_file() {
        return Err(changed_meanwhile(path));
    }
    if metadata.len() > MAX_FILE_BYTES as u64 {
        return Err(ReadError::TooLarge(path.clone()));
    }
    // A file is read as far as it was said to reach, which takes one call: what is written behind that meanwhile is of a
    // later moment. Some file systems tell no length.
    let length = match metadata.len() {
        0 => MAX_FILE_BYTES as u64 + 1,
        told => told,
    };
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    file.take(length)
        .read_to_end(&mut bytes)
        .map_err(|error| unread(path, &error))?;
    if bytes.len() > MAX_FILE_BYTES {
        return Err(ReadError::TooLarge(path.clone()));
    }
    Ok(bytes)
}

fn unread(path: &RepoPath, error: &io::Error) -> ReadError {
    match error.kind() {
        io::ErrorKind::NotFound => changed_meanwhile(path),
        _ => ReadError::Unavailable(path.clone(), error.to_string()),
    }
}

/// The content id of something on disk.
pub(super) fn identify(root: &Path, path: &RepoPath, kind: EntryKind) -> ContentId {
    identity(root, path, &read(root, path, kind))
}

/// The content id of something on disk of which `bytes` was read. What cannot be read gets an id that no content has.
pub(super) fn identity(
    root: &Path,
    path: &RepoPath,
    bytes: &Result<Vec<u8>, ReadError>,
) -> ContentId {
    match bytes {
        Ok(bytes) => ContentId::of(bytes),
        Err(ReadError::TooLarge(_)) => {
            // Such a file is refused when it is read. Hashing gigabytes would only tell whether it changed,
            // and its size and time tell that well enough.
            let metadata = fs::symlink_metadata(on_disk(root, path));
            let size = metadata.as_ref().map_or(0, fs::Metadata::len);
            let time = metadata.and_then(|m| m.modified()).ok();
            no_content(&format!("{size} bytes at {time:?}"))
        }
        Err(error) => no_content(&error.to_string()),
    }
}

/// The content id of a file whose name cannot be a path here; `None` for what is no file or cannot be read.
fn identify_unnamed(full: &Path) -> Option<ContentId> {
    let metadata = fs::symlink_metadata(full).ok()?;
    let is_small = metadata.is_file() && metadata.len() <= MAX_FILE_BYTES as u64;
    is_small
        .then(|| fs::read(full).ok())?
        .map(|bytes| ContentId::of(&bytes))
}

/// An id for what has no bytes. It differs from all ids of content, whose text begins with `blob`.
fn no_content(why: &str) -> ContentId {
    use sha1::{Digest, Sha1};
    ContentId(Sha1::digest(format!("no content: {why}")).into())
}

fn link_target(target: PathBuf) -> Vec<u8> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        target.into_os_string().into_vec()
    }
    #[cfg(not(unix))]
    {
        target.to_string_lossy().replace('\\', "/").into_bytes()
    }
}

pub(super) fn changed_meanwhile(path: &RepoPath) -> ReadError {
    ReadError::Unavailable(
        path.clone(),
        "it changed on disk after Plimsoll began to read; run again".to_owned(),
    )
}

pub(super) fn unlisted(directory: &RepoPath, source: &io::Error) -> Problem {
    Problem::new(
        Kind::Read,
        format!("the directory `{directory}` cannot be listed: {source}"),
    )
    .in_file(directory)
    .help("What lies in it was not checked; make it readable, or let git ignore it.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Tree;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_became_a_link_is_not_read() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path();
        fs::write(root.join("secret"), "x").unwrap();
        std::os::unix::fs::symlink("secret", root.join("a")).unwrap();
        let read = read(root, &path("a"), EntryKind::File);
        assert_eq!(read, Err(changed_meanwhile(&path("a"))));
    }

    #[test]
    fn a_directory_is_listed_without_following_links() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path();
        fs::create_dir_all(root.join("a/.git")).unwrap();
        fs::write(root.join("a/.git/config"), "x").unwrap();
        fs::write(root.join("a/.gitignore"), "*").unwrap();
        fs::write(root.join("a/x.yaml"), "x: 1\n").unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("../..", root.join("a/up")).unwrap();
            std::os::unix::fs::symlink("a", root.join("b")).unwrap();
        }
        let opened = Directory::open(root, "here".to_owned()).unwrap();
        let names: Vec<_> = opened
            .snapshot
            .entries()
            .keys()
            .map(RepoPath::as_str)
            .collect();
        #[cfg(unix)]
        assert_eq!(names, ["a/.gitignore", "a/up", "a/x.yaml", "b"]);
        let tree = Tree::new(&opened.snapshot);
        assert_eq!(&*tree.read(&path("a/x.yaml")).unwrap(), b"x: 1\n");
        #[cfg(unix)]
        {
            assert_eq!(&*tree.read(&path("b/x.yaml")).unwrap(), b"x: 1\n");
            assert_eq!(
                tree.read(&path("a/up")),
                Err(ReadError::Outside(path("a/up")))
            );
        }
        fs::write(root.join("a/x.yaml"), "x: 2\n").unwrap();
        assert_eq!(
            opened.snapshot.bytes(&path("a/x.yaml")),
            Err(changed_meanwhile(&path("a/x.yaml")))
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_that_are_not_text_are_told() {
        use std::os::unix::ffi::OsStrExt;
        let temporary = tempfile::tempdir().unwrap();
        let name = std::ffi::OsStr::from_bytes(b"b\xff.yaml");
        fs::write(temporary.path().join(name), "x").unwrap();
        let opened = Directory::open(temporary.path(), "here".to_owned()).unwrap();
        assert!(opened.snapshot.entries().is_empty());
        assert_eq!(
            opened.unnamed,
            [("b\u{fffd}.yaml".to_owned(), Some(ContentId::of(b"x")))]
        );
    }
}
