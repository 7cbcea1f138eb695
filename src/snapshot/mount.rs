//! What a repository names but does not hold: charts of chart repositories, files on web servers, trees of other git repositories.
//!
//! Rendering asks a snapshot for a [`Want`] and is told where it lies, why it could not be had, or that nobody has looked for it.
//! A plain snapshot has nothing; a [`Mounted`] one has what the fetch layer put into its [`Mounts`]. Nothing is fetched here.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{Entries, Entry, EntryKind, Memory, Names, ReadError, Snapshot};
use crate::text::RepoPath;
use crate::text::address::shown;

/// Something outside the repository that a rendering depends on: its source and its pin.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Want {
    /// A chart of a chart repository (`https://…`) or of an OCI registry (`oci://…`).
    Chart {
        /// The repository, as it is written.
        repository: String,
        /// The chart's name in it.
        name: String,
        /// A version or a constraint, as Masterminds' library reads them; empty for the newest that is no prerelease.
        version: String,
        /// True for a directory, as `helm pull --untar` leaves it; false for the archive, as `helm dependency build` does.
        unpacked: bool,
    },
    /// One file.
    File {
        /// Where it is.
        url: String,
    },
    /// The files of a git repository at one commit.
    Git {
        /// What `git clone` would be given.
        url: String,
        /// A branch, a tag or a commit; empty for the default branch.
        reference: String,
    },
}

impl Want {
    /// True if and only if what is wanted cannot change while the want stays the same: a commit, or one version of a chart,
    /// which chart repositories do not publish twice.
    pub fn is_pinned(&self) -> bool {
        match self {
            Self::Chart { version, .. } => {
                let mut parts = version.trim_start_matches('v').split(['-', '+']);
                let numbers = parts.next().unwrap_or_default();
                numbers.split('.').count() == 3
                    && numbers.split('.').all(|number| {
                        !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
                    })
                    && !version.contains([' ', ',', '|'])
            }
            Self::File { .. } => false,
            Self::Git { reference, .. } => is_commit(reference),
        }
    }
}

/// True if and only if the text is the full name of a commit.
fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// As it is displayed: what is printed for whoever looks for a fault shows no password either.
impl fmt::Debug for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Want({self})")
    }
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = match self {
            Self::Chart { repository, .. } => shown(repository),
            Self::File { url } | Self::Git { url, .. } => shown(url),
        };
        match self {
            Self::Chart { name, version, .. } if version.is_empty() => {
                write!(f, "the chart {name} from {shown}")
            }
            Self::Chart { name, version, .. } => {
                write!(f, "the chart {name} {version} from {shown}")
            }
            Self::Git { reference, .. } if !reference.is_empty() => {
                write!(f, "{shown} at {reference}")
            }
            Self::File { .. } | Self::Git { .. } => f.write_str(&shown),
        }
    }
}

/// The answer to a [`Want`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// Nobody has looked for it.
    NotTried,
    /// It could not be had; why, as a clause.
    Failed(Arc<str>),
    /// The path of the file or directory.
    At(RepoPath),
}

/// What stands before the names of things that were fetched. They lie at the top of the tree, one name each.
const MARK: &str = "fetched:";

/// The mounted file or directory that a path lies in; `None` for a path of the repository itself.
pub fn mount_of(path: &RepoPath) -> Option<&str> {
    path.components()
        .next()
        .filter(|name| name.starts_with(MARK))
}

/// What was fetched, for all snapshots of one run.
#[derive(Debug, Default)]
pub struct Mounts {
    answers: BTreeMap<Want, Fetched>,
    files: Memory,
}

/// What a want turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A file.
    File(Arc<[u8]>),
    /// Files and links of a directory by their paths in it.
    Directory(Vec<(RepoPath, EntryKind, Arc<[u8]>)>),
}

impl Mounts {
    /// The answers so far.
    pub fn answers(&self) -> &BTreeMap<Want, Fetched> {
        &self.answers
    }

    /// Notes that `want` could not be had.
    pub fn fail(&mut self, want: &Want, why: &str) {
        self.answers
            .insert(want.clone(), Fetched::Failed(Arc::from(why)));
    }

    /// Mounts what `want` is, under a name that tells a person what it is and that no other content has.
    pub fn add(&mut self, want: &Want, name: &str, content: &Content) {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '+') {
                c
            } else {
                '_'
            }
        };
        let name: String = name.chars().map(plain).collect();
        let Some(top) = RepoPath::root().child(&format!("{MARK}{name}")) else {
            return self.fail(want, "it has no name");
        };
        match content {
            Content::File(bytes) => self.files.insert(top.clone(), EntryKind::File, bytes),
            Content::Directory(files) => {
                for (path, kind, bytes) in files {
                    if let Ok(path) = top.join(path.as_str()) {
                        self.files.insert(path, *kind, bytes);
                    }
                }
            }
        }
        self.answers.insert(want.clone(), Fetched::At(top));
    }
}

/// A snapshot together with what was fetched for it. The mounted files can be read, but are not among its entries: no app is
/// looked for in them, and they are no part of a change. What a repository keeps under such a name itself is out of sight,
/// so that a change cannot pass its own files off as fetched ones.
pub struct Mounted<'a> {
    under: &'a dyn Snapshot,
    mounts: &'a Mounts,
}

impl<'a> Mounted<'a> {
    /// Lays `mounts` beside `under`.
    pub fn new(under: &'a dyn Snapshot, mounts: &'a Mounts) -> Self {
        Self { under, mounts }
    }

    /// The snapshot that holds a path.
    fn holder(&self, path: &RepoPath) -> &dyn Snapshot {
        if mount_of(path).is_some() {
            &self.mounts.files
        } else {
            self.under
        }
    }
}

impl Snapshot for Mounted<'_> {
    fn label(&self) -> &str {
        self.under.label()
    }

    fn entries(&self) -> &Entries {
        self.under.entries()
    }

    fn entry(&self, path: &RepoPath) -> Option<Entry> {
        self.holder(path).entry(path)
    }

    fn names(&self, directory: &RepoPath) -> Option<Names> {
        self.holder(directory).names(directory)
    }

    fn is_directory(&self, path: &RepoPath) -> bool {
        self.holder(path).is_directory(path)
    }

    fn bytes(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        self.holder(path).bytes(path)
    }

    fn fetched(&self, want: &Want) -> Fetched {
        let answer = self.mounts.answers.get(want);
        answer.cloned().unwrap_or(Fetched::NotTried)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{Found, Tree};

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    fn chart(version: &str) -> Want {
        Want::Chart {
            repository: "https://example.com".to_owned(),
            name: "c".to_owned(),
            version: version.to_owned(),
            unpacked: true,
        }
    }

    #[test]
    fn commits_and_single_versions_are_pins() {
        let git = |reference: &str| Want::Git {
            url: "https://example.com/a/b".to_owned(),
            reference: reference.to_owned(),
        };
        for pinned in ["1.2.3", "v1.2.3", "1.2.3-rc.1+a"] {
            assert!(chart(pinned).is_pinned(), "{pinned}");
        }
        for open in ["", "1.2", "^1.2.3", "1.x.x", "1.2.3 - 2.0.0", ">1.2.3"] {
            assert!(!chart(open).is_pinned(), "{open}");
        }
        assert!(git("0123456789012345678901234567890123456789").is_pinned());
        assert!(!git("main").is_pinned());
        assert!(!git("0123456").is_pinned());
    }

    #[test]
    fn what_is_mounted_is_read_but_not_listed() {
        let mut under = Memory::new("test", [("a/x.yaml", "x"), ("fetched:c/x", "mine")]).unwrap();
        under.insert(path("in"), EntryKind::Link, b"fetched:c/x");
        let mut mounts = Mounts::default();
        let out = Content::Directory(vec![
            (path("x"), EntryKind::File, Arc::from(&b"theirs"[..])),
            (path("up"), EntryKind::Link, Arc::from(&b"../a/x.yaml"[..])),
            (path("ok"), EntryKind::Link, Arc::from(&b"x"[..])),
        ]);
        mounts.add(&chart("1.0.0"), "c", &out);
        mounts.fail(&chart("2.0.0"), "no");
        let mounted = Mounted::new(&under, &mounts);
        let tree = Tree::new(&mounted);
        assert_eq!(tree.fetched(&chart("3.0.0")), Fetched::NotTried);
        assert_eq!(
            tree.fetched(&chart("2.0.0")),
            Fetched::Failed(Arc::from("no"))
        );
        assert_eq!(
            tree.fetched(&chart("1.0.0")),
            Fetched::At(path("fetched:c"))
        );
        assert_eq!(&*tree.read(&path("fetched:c/x")).unwrap(), b"theirs");
        assert_eq!(&*tree.read(&path("fetched:c/ok")).unwrap(), b"theirs");
        assert_eq!(tree.find(&path("fetched:c")), Ok(Some(Found::Directory)));
        // Links do not lead from what was fetched into the repository, nor the other way.
        for link in ["fetched:c/up", "in"] {
            assert_eq!(
                tree.read(&path(link)),
                Err(ReadError::Outside(path(link))),
                "{link}"
            );
        }
        assert_eq!(mounted.entries().len(), 3);
        // An edit that is tried leaves it in place.
        let edits = [(path("fetched:c/x"), Some(b"mine".to_vec()))];
        let edited = crate::snapshot::Overlay::new(&mounted, edits);
        let tried = Tree::new(&edited);
        assert_eq!(&*tried.read(&path("fetched:c/ok")).unwrap(), b"theirs");
        assert_eq!(tried.list(&path("fetched:c")).unwrap().len(), 2);
        // A rendering that asked is not the same where the answer is another one.
        let inputs = tree.into_inputs();
        assert_eq!(inputs.wants.len(), 3);
        assert!(inputs.hold_in(&mounted));
        assert!(!inputs.hold_in(&under));
    }
}
