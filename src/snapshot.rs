//! Read-only trees of files: the repository at one revision, and the recorder of what was read from it.
//!
//! A [`Snapshot`] lists its files with content ids and gives their bytes. A [`Tree`] is how renderers read one:
//! it follows symbolic links inside the tree, refuses what leaves it, and remembers each path that was read,
//! listed or found missing. Reading from git, from the work tree and from a directory are in the modules below,
//! and [`open()`] decides which two are compared; nothing here interprets a file.

mod directory;
mod disk;
mod git;
mod mount;
mod open;
mod worktree;

pub use crate::text::address::shown as without_password;
pub use directory::Directory;
pub use disk::Disk;
pub use mount::{Content, Fetched, Mounted, Mounts, Want, mount_of};
pub use open::{OpenError, Pair, Side, commit_at_head, open, open_pull};

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha1::{Digest, Sha1};

use crate::text::RepoPath;

/// Files larger than this are refused: 64 MiB.
pub const MAX_FILE_BYTES: usize = 64 << 20;

/// The id that git gives a blob of the same bytes, so that a file in a commit and one on disk can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentId(pub [u8; 20]);

impl ContentId {
    /// The id of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hash = Sha1::new();
        hash.update(format!("blob {}\0", bytes.len()).as_bytes());
        hash.update(bytes);
        Self(hash.finalize().into())
    }
}

/// What a path of a snapshot is. Directories are implied by the files in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// A file.
    File,
    /// A symbolic link; its bytes are the target.
    Link,
    /// A submodule: a commit of another repository, whose files are not here.
    Submodule,
}

/// A path of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// The id of its bytes (of the link's target for a link, of the commit's name for a submodule).
    pub id: ContentId,
}

/// The names in a directory with what they are; `None` stands for a directory.
pub type Names = BTreeSet<(String, Option<EntryKind>)>;

/// All files of a snapshot by path.
pub type Entries = BTreeMap<RepoPath, Entry>;

/// Why a path could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// There is nothing at the path.
    #[error("`{0}` does not exist")]
    Missing(RepoPath),
    /// The path is a directory.
    #[error("`{0}` is a directory")]
    Directory(RepoPath),
    /// The path is a file where a directory was wanted.
    #[error("`{0}` is not a directory")]
    NotDirectory(RepoPath),
    /// A symbolic link leads out of the repository.
    #[error("the link `{0}` leads outside the repository")]
    Outside(RepoPath),
    /// Symbolic links lead to each other.
    #[error("the link `{0}` leads back to itself")]
    LinkLoop(RepoPath),
    /// The path lies in a submodule, whose files are not part of this repository.
    #[error("`{0}` is in a submodule, whose files are not in this repository")]
    Submodule(RepoPath),
    /// The bytes are not UTF-8.
    #[error("`{0}` is not UTF-8 text")]
    NotText(RepoPath),
    /// The file is larger than [`MAX_FILE_BYTES`].
    #[error("`{0}` is larger than 64 MiB")]
    TooLarge(RepoPath),
    /// The snapshot cannot give the bytes: a missing git object, an error of the disk.
    #[error("`{0}` cannot be read: {1}")]
    Unavailable(RepoPath, String),
}

/// The repository at one revision. Implementations never change what they show.
pub trait Snapshot: Send + Sync {
    /// What the snapshot is, for the first line of a report (`main at 1a2b3c4`, `the work tree`).
    fn label(&self) -> &str;

    /// All files, links and submodules.
    fn entries(&self) -> &Entries;

    /// What is at a path without links, unless it is a directory or nothing.
    fn entry(&self, path: &RepoPath) -> Option<Entry> {
        self.entries().get(path).copied()
    }

    /// The names directly in the directory at a path without links; `None` where there is no directory.
    fn names(&self, directory: &RepoPath) -> Option<Names> {
        names_in(self.entries(), directory)
    }

    /// True if and only if there is a directory at a path without links.
    fn is_directory(&self, path: &RepoPath) -> bool {
        is_directory_in(self.entries(), path)
    }

    /// The bytes of one entry: of a file, or the target of a link. Fails for what is not an entry.
    fn bytes(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError>;

    /// What is known of something outside the repository. A snapshot knows of nothing unless it is [`Mounted`].
    fn fetched(&self, _: &Want) -> Fetched {
        Fetched::NotTried
    }
}

/// A snapshot in memory, for tests and for what has no files (an empty base).
#[derive(Debug, Default)]
pub struct Memory {
    label: String,
    entries: Entries,
    files: BTreeMap<RepoPath, Arc<[u8]>>,
}

impl Memory {
    /// A snapshot without files.
    pub fn empty(label: &str) -> Self {
        Self {
            label: label.to_owned(),
            ..Self::default()
        }
    }

    /// A snapshot of some files. A path that leaves the tree is an error.
    pub fn new<P: AsRef<str>, B: AsRef<[u8]>>(
        label: &str,
        files: impl IntoIterator<Item = (P, B)>,
    ) -> Result<Self, crate::text::PathError> {
        let mut memory = Self::empty(label);
        for (path, bytes) in files {
            memory.insert(
                RepoPath::new(path.as_ref())?,
                EntryKind::File,
                bytes.as_ref(),
            );
        }
        Ok(memory)
    }

    /// Adds a file, link or submodule, or replaces it.
    pub fn insert(&mut self, path: RepoPath, kind: EntryKind, bytes: &[u8]) {
        self.entries.insert(
            path.clone(),
            Entry {
                kind,
                id: ContentId::of(bytes),
            },
        );
        self.files.insert(path, Arc::from(bytes));
    }
}

impl Snapshot for Memory {
    fn label(&self) -> &str {
        &self.label
    }

    fn entries(&self) -> &Entries {
        &self.entries
    }

    fn bytes(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        self.files
            .get(path)
            .cloned()
            .ok_or_else(|| ReadError::Missing(path.clone()))
    }
}

/// A snapshot with some files written over it: how an edit is tried.
pub struct Overlay<'a> {
    under: &'a dyn Snapshot,
    entries: Entries,
    files: BTreeMap<RepoPath, Arc<[u8]>>,
}

impl<'a> Overlay<'a> {
    /// Lays `files` over `under`: new bytes, or `None` where the file is deleted.
    pub fn new(
        under: &'a dyn Snapshot,
        files: impl IntoIterator<Item = (RepoPath, Option<Vec<u8>>)>,
    ) -> Self {
        let mut overlay = Self {
            under,
            entries: under.entries().clone(),
            files: BTreeMap::new(),
        };
        for (path, bytes) in files {
            if let Some(bytes) = bytes {
                let entry = Entry {
                    kind: EntryKind::File,
                    id: ContentId::of(&bytes),
                };
                overlay.entries.insert(path.clone(), entry);
                overlay.files.insert(path, Arc::from(bytes));
            } else {
                overlay.entries.remove(&path);
                overlay.files.remove(&path);
            }
        }
        overlay
    }
}

impl Snapshot for Overlay<'_> {
    fn label(&self) -> &str {
        self.under.label()
    }

    fn entries(&self) -> &Entries {
        &self.entries
    }

    // What was fetched is not among the entries, and no edit changes it.
    fn entry(&self, path: &RepoPath) -> Option<Entry> {
        match mount_of(path) {
            Some(_) => self.under.entry(path),
            None => self.entries.get(path).copied(),
        }
    }

    fn names(&self, directory: &RepoPath) -> Option<Names> {
        match mount_of(directory) {
            Some(_) => self.under.names(directory),
            None => names_in(&self.entries, directory),
        }
    }

    fn is_directory(&self, path: &RepoPath) -> bool {
        match mount_of(path) {
            Some(_) => self.under.is_directory(path),
            None => is_directory_in(&self.entries, path),
        }
    }

    fn bytes(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        if mount_of(path).is_some() {
            return self.under.bytes(path);
        }
        match self.files.get(path) {
            Some(bytes) => Ok(Arc::clone(bytes)),
            None if self.entries.contains_key(path) => self.under.bytes(path),
            None => Err(ReadError::Missing(path.clone())),
        }
    }

    fn fetched(&self, want: &Want) -> Fetched {
        self.under.fetched(want)
    }
}

/// What was found at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Found {
    /// A file, directly or through links.
    File,
    /// A directory, directly or through links.
    Directory,
}

/// The paths that a rendering depends on, and what was there. Two snapshots that agree on all of them render alike.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inputs {
    /// Files read with their content, or `None` where nothing was found.
    pub files: BTreeMap<RepoPath, Option<ContentId>>,
    /// Directories listed, with an id of the names and kinds found in them.
    pub listings: BTreeMap<RepoPath, ContentId>,
    /// What was asked for that the repository does not hold, and the answers. What is in it was read by its path.
    pub wants: BTreeMap<Want, Fetched>,
}

impl Inputs {
    /// True if and only if `snapshot` holds the same at each of these paths.
    pub fn hold_in(&self, snapshot: &dyn Snapshot) -> bool {
        let holds_file = |path: &RepoPath, id: &Option<ContentId>| {
            snapshot.entry(path).map(|entry| entry.id) == *id
                // Where nothing was found, a directory would be something.
                && (id.is_some() || !snapshot.is_directory(path))
        };
        let holds_listing = |path: &RepoPath, id: &ContentId| {
            let names = snapshot.names(path);
            names.is_some_and(|names| listing_id(&names) == *id)
        };
        self.files.iter().all(|(path, id)| holds_file(path, id))
            && self
                .listings
                .iter()
                .all(|(path, id)| holds_listing(path, id))
            && self
                .wants
                .iter()
                .all(|(want, answer)| snapshot.fetched(want) == *answer)
    }

    /// What was asked for, and nobody has looked for yet.
    pub fn unanswered(&self) -> impl Iterator<Item = &Want> {
        self.wants
            .iter()
            .filter(|(_, answer)| **answer == Fetched::NotTried)
            .map(|(want, _)| want)
    }

    /// Adds the paths of `other`.
    pub fn extend(&mut self, other: Self) {
        self.files.extend(other.files);
        self.listings.extend(other.listings);
        self.wants.extend(other.wants);
    }
}

type Followed = HashMap<RepoPath, (RepoPath, usize), foldhash::fast::RandomState>;

/// A snapshot as renderers see it: links followed, reads recorded.
pub struct Tree<'a> {
    snapshot: &'a dyn Snapshot,
    inputs: Mutex<Inputs>,
    /// Directories whose links were followed, each with its path without links and how many there were.
    followed: Mutex<Followed>,
}

impl<'a> Tree<'a> {
    /// A view of `snapshot` that has read nothing yet.
    pub fn new(snapshot: &'a dyn Snapshot) -> Self {
        Self {
            snapshot,
            inputs: Mutex::default(),
            followed: Mutex::default(),
        }
    }

    /// The snapshot itself, for what is not to be recorded.
    pub fn snapshot(&self) -> &'a dyn Snapshot {
        self.snapshot
    }

    /// What is at a path without links, unless it is a directory or nothing: for whoever knows some contents already.
    pub(crate) fn entry(&self, real: &RepoPath) -> Option<Entry> {
        let entry = self.snapshot.entry(real);
        if entry.is_some() || !self.snapshot.is_directory(real) {
            let id = entry.map(|entry| entry.id);
            self.record(|inputs| inputs.files.insert(real.clone(), id));
        }
        entry
    }

    /// What has been read.
    pub fn into_inputs(self) -> Inputs {
        self.inputs
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn record<T>(&self, note: impl FnOnce(&mut Inputs) -> T) -> T {
        // A reader that panicked left a complete map behind: every change to it is a single insertion.
        note(&mut self.inputs.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note_file(&self, path: &RepoPath) -> Option<Entry> {
        let entry = self.snapshot.entry(path);
        self.record(|inputs| {
            inputs
                .files
                .insert(path.clone(), entry.map(|entry| entry.id))
        });
        entry
    }

    /// What is known of something outside the repository.
    pub fn fetched(&self, want: &Want) -> Fetched {
        let answer = self.snapshot.fetched(want);
        self.record(|inputs| inputs.wants.insert(want.clone(), answer.clone()));
        answer
    }

    fn followed(&self) -> MutexGuard<'_, Followed> {
        // As above.
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the links in `path` and gives the path without links, which may name nothing.
    pub fn real(&self, path: &RepoPath) -> Result<RepoPath, ReadError> {
        let Some(directory) = path.parent() else {
            return Ok(RepoPath::root());
        };
        let known = self.followed().get(&directory).cloned();
        let mut is_known = known.is_some();
        let (mut real, mut links) = known.unwrap_or_else(|| (RepoPath::root(), 0));
        let mut rest: Vec<String> = vec![path.file_name().to_owned()];
        if !is_known {
            rest.extend(directory.components().rev().map(str::to_owned));
        }
        while let Some(part) = rest.pop() {
            if rest.is_empty() && !is_known {
                let followed = (real.clone(), links);
                self.followed().insert(directory.clone(), followed);
                is_known = true;
            }
            if part == ".." {
                real = real
                    .parent()
                    .ok_or_else(|| ReadError::Outside(path.clone()))?;
                continue;
            }
            let next = real
                .child(&part)
                .ok_or_else(|| ReadError::Outside(path.clone()))?;
            match self.snapshot.entry(&next).map(|entry| entry.kind) {
                Some(EntryKind::Link) => {
                    links += 1;
                    if links > 40 {
                        return Err(ReadError::LinkLoop(path.clone()));
                    }
                    self.note_file(&next);
                    let target = self.snapshot.bytes(&next)?;
                    let target = std::str::from_utf8(&target)
                        .map_err(|_| ReadError::NotText(next.clone()))?;
                    if target.starts_with('/') {
                        return Err(ReadError::Outside(next));
                    }
                    rest.extend(
                        target
                            .split('/')
                            .rev()
                            .filter(|p| !matches!(*p, "" | "."))
                            .map(str::to_owned),
                    );
                }
                Some(EntryKind::Submodule) => return Err(ReadError::Submodule(path.clone())),
                Some(EntryKind::File) | None => real = next,
            }
        }
        if mount_of(&real) != mount_of(path) {
            return Err(ReadError::Outside(path.clone()));
        }
        Ok(real)
    }

    /// What is at `path`, or `None` where nothing is.
    pub fn find(&self, path: &RepoPath) -> Result<Option<Found>, ReadError> {
        let real = self.real(path)?;
        if self.snapshot.is_directory(&real) {
            return Ok(Some(Found::Directory));
        }
        Ok(self.note_file(&real).map(|_| Found::File))
    }

    /// The bytes of the file at `path`.
    pub fn read(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        let real = self.real(path)?;
        let entry = self.note_file(&real);
        self.read_noted(path, &real, entry)
    }

    /// The bytes of the file at `path`, of which it is noted already what is at its path without links.
    pub(crate) fn read_noted(
        &self,
        path: &RepoPath,
        real: &RepoPath,
        entry: Option<Entry>,
    ) -> Result<Arc<[u8]>, ReadError> {
        if entry.is_none() {
            return Err(if self.snapshot.is_directory(real) {
                ReadError::Directory(path.clone())
            } else {
                ReadError::Missing(path.clone())
            });
        }
        let bytes = self.snapshot.bytes(real)?;
        if bytes.len() > MAX_FILE_BYTES {
            Err(ReadError::TooLarge(path.clone()))
        } else {
            Ok(bytes)
        }
    }

    /// The text of the file at `path`, exactly as it is: line endings and a byte order mark are kept.
    pub fn read_text(&self, path: &RepoPath) -> Result<Arc<str>, ReadError> {
        let bytes = self.read(path)?;
        std::str::from_utf8(&bytes)
            .map(Arc::from)
            .map_err(|_| ReadError::NotText(path.clone()))
    }

    /// The names in the directory at `path`, sorted bytewise, and what they are, links followed.
    /// A link that leads nowhere or outside, and a submodule, is left out.
    pub fn list(&self, path: &RepoPath) -> Result<Vec<(String, Found)>, ReadError> {
        let real = self.real(path)?;
        let Some(names) = self.snapshot.names(&real) else {
            return Err(match self.note_file(&real) {
                Some(_) => ReadError::NotDirectory(path.clone()),
                None => ReadError::Missing(path.clone()),
            });
        };
        self.record(|inputs| inputs.listings.insert(real.clone(), listing_id(&names)));
        let mut found = Vec::new();
        for (name, kind) in names {
            let kind = match kind {
                None => Some(Found::Directory),
                Some(EntryKind::File) => Some(Found::File),
                Some(EntryKind::Submodule) => None,
                Some(EntryKind::Link) => {
                    let link = real
                        .join(&name)
                        .map_err(|_| ReadError::Outside(path.clone()))?;
                    self.find(&link).ok().flatten()
                }
            };
            found.extend(kind.map(|kind| (name, kind)));
        }
        Ok(found)
    }
}

/// What lies below a directory, in the order of paths. All paths in `a` start with `a/`, and `0` is the
/// character after `/`, so they are one range, however many `a-b` stand between `a` and `a/c`.
fn below<'s>(
    entries: &'s Entries,
    directory: &RepoPath,
) -> std::collections::btree_map::Range<'s, RepoPath, Entry> {
    if directory.is_root() {
        entries.range::<RepoPath, _>(..)
    } else {
        let first = RepoPath::bound(&format!("{directory}/"));
        let end = RepoPath::bound(&format!("{directory}0"));
        entries.range(first..end)
    }
}

fn is_directory_in(entries: &Entries, path: &RepoPath) -> bool {
    path.is_root() || below(entries, path).next().is_some()
}

fn names_in(entries: &Entries, directory: &RepoPath) -> Option<Names> {
    is_directory_in(entries, directory).then(|| list_directory(entries, directory))
}

/// Names directly in a directory with the kind of their entry; `None` for a directory.
/// Takes time for the names it gives, not for what lies in the directories among them.
fn list_directory(entries: &Entries, directory: &RepoPath) -> Names {
    let mut names = Names::new();
    let mut rest = below(entries, directory);
    while let Some((path, entry)) = rest.next() {
        let Some(inside) = path.strip_prefix(directory) else {
            continue;
        };
        match inside.split_once('/') {
            None => {
                names.insert((inside.to_owned(), Some(entry.kind)));
            }
            Some((name, _)) => {
                names.insert((name.to_owned(), None));
                let start = if directory.is_root() {
                    RepoPath::bound(&format!("{name}0"))
                } else {
                    RepoPath::bound(&format!("{directory}/{name}0"))
                };
                rest = if directory.is_root() {
                    entries.range(start..)
                } else {
                    let end = RepoPath::bound(&format!("{directory}0"));
                    entries.range(start..end)
                };
            }
        }
    }
    names
}

fn listing_id(names: &Names) -> ContentId {
    let mut text = String::new();
    for (name, kind) in names {
        text.push_str(name);
        text.push_str(match kind {
            None => "/\0",
            Some(EntryKind::File) => "\0",
            Some(EntryKind::Link) => "@\0",
            Some(EntryKind::Submodule) => "#\0",
        });
    }
    ContentId::of(text.as_bytes())
}

/// A path whose entry differs between two snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The path.
    pub path: RepoPath,
    /// What was there before; `None` where nothing was.
    pub before: Option<ContentId>,
    /// What is there now; `None` where nothing is.
    pub after: Option<ContentId>,
    /// For a new path, one that is gone and had exactly this content: most likely the file was moved.
    pub moved_from: Option<RepoPath>,
}

/// The paths that differ between two snapshots, sorted. A moved file is two changes: the new path names the old one.
pub fn changed(base: &dyn Snapshot, head: &dyn Snapshot) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut gone: BTreeMap<ContentId, Vec<RepoPath>> = BTreeMap::new();
    let mut base_entries = base.entries().iter().peekable();
    let mut head_entries = head.entries().iter().peekable();
    loop {
        let order = match (base_entries.peek(), head_entries.peek()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((before, _)), Some((after, _))) => before.cmp(after),
        };
        let before = base_entries.next_if(|_| order.is_le());
        let after = head_entries.next_if(|_| order.is_ge());
        let Some((path, _)) = before.or(after) else {
            break;
        };
        let (before, after) = (before.map(|(_, e)| *e), after.map(|(_, e)| *e));
        if before == after {
            continue;
        }
        if let (Some(entry), None) = (before, after)
            && entry.kind == EntryKind::File
            && entry.id != ContentId::of(b"")
        {
            gone.entry(entry.id).or_default().push(path.clone());
        }
        changes.push(Change {
            path: path.clone(),
            before: before.map(|entry| entry.id),
            after: after.map(|entry| entry.id),
            moved_from: None,
        });
    }
    for change in &mut changes {
        if let (None, Some(id)) = (change.before, change.after)
            && let Some(paths) = gone.get_mut(&id)
        {
            let same_name = |path: &RepoPath| path.file_name() == change.path.file_name();
            let index = paths.iter().position(same_name).unwrap_or(0);
            if index < paths.len() {
                change.moved_from = Some(paths.remove(index));
            }
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    fn sample() -> Memory {
        let mut memory = Memory::new(
            "test",
            [
                ("a/x.yaml", "x"),
                ("a/b/y.yaml", "y"),
                ("a-b/z.yaml", "z"),
                ("top", "t"),
            ],
        )
        .unwrap();
        memory.insert(path("a/link"), EntryKind::Link, b"../a-b");
        memory.insert(path("a/out"), EntryKind::Link, b"../../etc/passwd");
        memory.insert(path("a/loop"), EntryKind::Link, b"loop");
        memory.insert(path("vendor"), EntryKind::Submodule, b"0123");
        memory
    }

    #[test]
    fn links_are_followed_inside_the_tree_only() {
        let memory = sample();
        let tree = Tree::new(&memory);
        assert_eq!(&*tree.read(&path("a/link/z.yaml")).unwrap(), b"z");
        assert_eq!(
            tree.read(&path("a/out")),
            Err(ReadError::Outside(path("a/out")))
        );
        assert_eq!(
            tree.read(&path("a/loop")),
            Err(ReadError::LinkLoop(path("a/loop")))
        );
        assert_eq!(
            tree.read(&path("vendor/x")),
            Err(ReadError::Submodule(path("vendor/x")))
        );
        assert_eq!(tree.read(&path("a")), Err(ReadError::Directory(path("a"))));
    }

    #[test]
    fn a_listing_is_sorted_and_shallow() {
        let memory = sample();
        let tree = Tree::new(&memory);
        let names = |p: &str| {
            tree.list(&path(p))
                .unwrap()
                .into_iter()
                .map(|(n, _)| n)
                .collect::<Vec<_>>()
        };
        assert_eq!(names("a"), ["b", "link", "x.yaml"]);
        assert_eq!(names(""), ["a", "a-b", "top"]);
        assert_eq!(names("a/link"), ["z.yaml"]);
        assert!(tree.list(&path("nowhere")).is_err());
    }

    #[test]
    fn inputs_tell_whether_another_snapshot_renders_alike() {
        let memory = sample();
        let tree = Tree::new(&memory);
        tree.read(&path("a/x.yaml")).unwrap();
        tree.list(&path("a/b")).unwrap();
        assert!(tree.read(&path("missing.yaml")).is_err());
        let inputs = tree.into_inputs();
        assert!(inputs.hold_in(&memory));
        let with = |name: &str, bytes: Option<&[u8]>| {
            inputs.hold_in(&Overlay::new(
                &memory,
                [(path(name), bytes.map(<[u8]>::to_vec))],
            ))
        };
        assert!(with("top", Some(b"other")));
        assert!(!with("a/x.yaml", Some(b"other")));
        assert!(!with("a/x.yaml", None));
        assert!(!with("a/b/new.yaml", Some(b"")));
        assert!(!with("missing.yaml", Some(b"")));
        assert!(!with("missing.yaml/in-a-directory", Some(b"")));
    }

    #[test]
    fn changes_are_sorted_and_moves_are_paired() {
        let base = Memory::new(
            "base",
            [
                ("a", "1"),
                ("b", "2"),
                ("c/x", "3"),
                ("old/k.yaml", "4"),
                ("e", ""),
            ],
        )
        .unwrap();
        let head = Memory::new(
            "head",
            [
                ("a", "1"),
                ("b", "20"),
                ("d", "5"),
                ("new/k.yaml", "4"),
                ("f", ""),
            ],
        )
        .unwrap();
        let told: Vec<_> = changed(&base, &head)
            .into_iter()
            .map(|change| {
                let sides = match (change.before, change.after) {
                    (None, _) => "+",
                    (_, None) => "-",
                    _ => "~",
                };
                let from = change.moved_from.map(|p| format!(" from {p}"));
                format!("{sides}{}{}", change.path, from.unwrap_or_default())
            })
            .collect();
        assert_eq!(
            told,
            [
                "~b",
                "-c/x",
                "+d",
                "-e",
                "+f",
                "+new/k.yaml from old/k.yaml",
                "-old/k.yaml"
            ]
        );
    }
}
