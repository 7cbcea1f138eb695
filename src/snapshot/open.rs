//! Which two snapshots a check compares: what a person asked for, and what is meant where they did not say.
//!
//! Reading them is the work of the modules beside this one.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::directory::Directory;
use super::git::{Branch, Repository, Revision};
use super::worktree::Worktree;
use super::{ContentId, Memory, Snapshot};
use crate::problem::{Kind, Problem};
use crate::text::RepoPath;

/// One side of a comparison, as `--base` and `--head` name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// A git revision: a branch, a tag, a commit, a tree (`main~3`, `v1.2`, `HEAD:charts`).
    Revision(String),
    /// What the next commit would hold.
    Index,
    /// The files as they are on disk, without those that git ignores.
    Worktree,
    /// The files below a directory, whatever git thinks of them.
    Directory(PathBuf),
}

impl Side {
    /// Reads an argument: `:index`, `:worktree`, a directory that exists, else a git revision.
    ///
    /// Where a directory and a branch have the same name the directory is meant; `heads/NAME` is the branch.
    /// [`open`] says so in its notes when that happens.
    pub fn parse(text: &str, current_dir: &Path) -> Self {
        match text {
            ":index" => Self::Index,
            ":worktree" => Self::Worktree,
            _ if !text.is_empty() && current_dir.join(text).is_dir() => {
                Self::Directory(PathBuf::from(text))
            }
            _ => Self::Revision(text.to_owned()),
        }
    }
}

/// The two sides of a comparison.
pub struct Pair {
    /// What was.
    pub base: Box<dyn Snapshot>,
    /// What is to be.
    pub head: Box<dyn Snapshot>,
    /// The directory that the paths of `head` are relative to. For a revision of a bare repository, the repository.
    pub root: PathBuf,
    /// What a reader should know and need not do anything about.
    pub notes: Vec<String>,
    /// What is in one of the two and could not be listed.
    pub problems: Vec<Problem>,
}

/// Why there is nothing to compare.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A revision or the index was asked for where there is no git repository.
    #[error("{wanted}: `{}` is not in a git repository", .directory.display())]
    NoRepository {
        /// Where it was looked for.
        directory: PathBuf,
        /// What cannot be had, as a clause.
        wanted: String,
    },
    /// The repository is damaged, or something in it is not what it should be.
    #[error("the git repository `{path}` cannot be read: {why}")]
    Repository {
        /// The file or directory that is wrong.
        path: PathBuf,
        /// In the words of the library that reads it.
        why: String,
    },
    /// The repository uses a format that Plimsoll does not read.
    #[error("the git repository `{path}` keeps {what}, which Plimsoll cannot read yet")]
    UnsupportedFormat {
        /// The directory of the repository.
        path: PathBuf,
        /// The format, to complete the sentence.
        what: &'static str,
    },
    /// A revision does not exist, or is no commit and no tree.
    #[error("`{revision}` is no revision of this repository: {why}")]
    UnknownRevision {
        /// As it was given.
        revision: String,
        /// What was found instead, as a clause.
        why: String,
        /// True if and only if history was cut off when this clone was made.
        shallow: bool,
    },
    /// A git object that is needed to list files is not there.
    #[error("{what} is not in this clone (git object {id}): {why}")]
    MissingObject {
        /// What it holds.
        what: String,
        /// Its name.
        id: String,
        /// In the words of the library that looked for it.
        why: String,
    },
    /// The work tree or the index was asked for, and the repository has none.
    #[error("the git repository `{0}` is bare: it has no work tree")]
    Bare(PathBuf),
    /// Without a remote nobody can tell what a branch is to be merged into.
    #[error("there is nothing to compare with: this repository knows no branch of a remote")]
    NoRemote {
        /// True if and only if history was cut off when this clone was made.
        shallow: bool,
    },
    /// No remote says which of its branches is the default one.
    #[error("there is nothing to compare with: the default branch of {} is not known", .remotes.join(", "))]
    NoDefaultBranch {
        /// The remotes.
        remotes: Vec<String>,
    },
    /// The history that leads to the merge base is not in this clone.
    #[error("this clone is shallow: the commit where {head} left {branch} is not in it")]
    ShallowHistory {
        /// The label of the revision.
        head: String,
        /// The branch.
        branch: String,
    },
    /// Two histories never meet.
    #[error("{head} and {branch} have no commit in common")]
    NoMergeBase {
        /// The label of the revision.
        head: String,
        /// The branch.
        branch: String,
    },
    /// A tree without history has no merge base.
    #[error("{0} is a tree and not a commit, so there is no telling what it changes")]
    NoHistory(String),
    /// A merge left conflicts in the index, so it is no state that could be committed.
    #[error("the index holds a conflict in `{path}`")]
    Conflict {
        /// The first file with a conflict.
        path: RepoPath,
    },
    /// A directory cannot be listed.
    #[error("the directory `{}` cannot be read: {source}", .path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There are more files than anybody reviews.
    #[error("{label} holds more than {limit} files")]
    TooManyFiles {
        /// Which side.
        label: String,
        /// How many are allowed.
        limit: usize,
    },
}

impl OpenError {
    /// What to do about it, as a sentence.
    pub fn help(&self) -> String {
        match self {
            Self::NoRepository { .. } => {
                "Run Plimsoll inside a repository, or name directories: `--base OLD --head NEW`.".to_owned()
            }
            Self::Repository { .. } => {
                "Ask `git fsck` about it; a fresh clone is the quickest cure.".to_owned()
            }
            Self::UnsupportedFormat { .. } => {
                "Check out the two sides and name their directories: `--base OLD --head NEW`.".to_owned()
            }
            Self::UnknownRevision {
                revision,
                shallow: true,
                ..
            } => format!(
                "This clone is shallow; `git fetch --unshallow` fetches what `{revision}` may need \
                 (`fetch-depth: 0` for actions/checkout)."
            ),
            Self::UnknownRevision { .. } => {
                "`git branch --all` and `git tag` list what there is; a branch of the remote is `origin/NAME`."
                    .to_owned()
            }
            Self::MissingObject { .. } => {
                "Complete this clone: `git fetch --unshallow` where it is shallow, \
                 `git fetch --refetch --no-filter` where it is partial."
                    .to_owned()
            }
            Self::Bare(_) => "Name two revisions: `--base main --head BRANCH`.".to_owned(),
            Self::NoRemote { shallow: true } => {
                "This clone is shallow. Fetch the branch that this is to be merged into and its history \
                 (`fetch-depth: 0` for actions/checkout), or name what to compare with by `--base`."
                    .to_owned()
            }
            Self::NoRemote { shallow: false } => {
                "Name what to compare with, for example `--base main`, \
                 or `--base HEAD` for what is not committed yet."
                    .to_owned()
            }
            Self::NoDefaultBranch { remotes } => {
                let remote = remotes.first().map_or("origin", String::as_str);
                format!(
                    "Run `git remote set-head {remote} --auto`, \
                     or name what to compare with: `--base {remote}/BRANCH`."
                )
            }
            Self::ShallowHistory { branch, .. } => format!(
                "Run `git fetch --unshallow`, with actions/checkout set `fetch-depth: 0`, \
                 or compare with the tip of the branch: `--base {branch}`."
            ),
            Self::NoMergeBase { branch, .. } => {
                format!("Name what to compare with: `--base {branch}` compares with the tip of the branch.")
            }
            Self::NoHistory(_) => "Name what to compare with by `--base`.".to_owned(),
            Self::Conflict { .. } => "Resolve it and `git add` the file.".to_owned(),
            Self::Directory { .. } => "Check the name and the permissions.".to_owned(),
            Self::TooManyFiles { .. } => {
                "Name the part of it that is deployed: `--base OLD/DIR --head NEW/DIR`.".to_owned()
            }
        }
    }
}

/// A snapshot, and what was noticed when it was listed.
#[derive(Debug)]
pub(super) struct Opened<S> {
    pub(super) snapshot: S,
    /// Files whose names cannot be paths here, with their content where it is known.
    pub(super) unnamed: Vec<(String, Option<ContentId>)>,
    pub(super) problems: Vec<Problem>,
    pub(super) notes: Vec<String>,
}

impl<S: Snapshot + 'static> Opened<S> {
    fn boxed(self) -> Opened<Box<dyn Snapshot>> {
        Opened {
            snapshot: Box::new(self.snapshot),
            unnamed: self.unnamed,
            problems: self.problems,
            notes: self.notes,
        }
    }
}

/// Opens the two sides of a comparison for somebody who stands in `current_dir`.
///
/// | head | base, where none is named |
/// | --- | --- |
/// | not named: the work tree | where `HEAD` left the default branch of the remote |
/// | a revision | where that revision left the default branch of the remote |
/// | the index | `HEAD` |
/// | a directory, or no git repository here | nothing: every finding is new |
///
/// A base that is named is taken as it is, without looking for a merge base.
pub fn open(current_dir: &Path, base: Option<Side>, head: Option<Side>) -> Result<Pair, OpenError> {
    let only_directories = |side: &Option<Side>| matches!(side, None | Some(Side::Directory(_)));
    let repository = if matches!(head, Some(Side::Directory(_))) && only_directories(&base) {
        None
    } else {
        Repository::discover(current_dir)?.map(Arc::new)
    };
    let mut notes = Vec::new();
    let head_side = match head {
        Some(side) => side,
        None if repository.is_some() => Side::Worktree,
        None => {
            notes.push(format!(
                "`{}` is not in a git repository: its files are checked as they are",
                current_dir.display()
            ));
            Side::Directory(PathBuf::from("."))
        }
    };
    let sources = Sources {
        current_dir,
        repository,
    };
    let base = match base {
        Some(side) => sources.side(&side)?,
        None => sources.default_base(&head_side)?,
    };
    let root = sources.root(&head_side)?;
    let head = sources.side(&head_side)?;
    Ok(paired(base, head, root, notes))
}

fn paired(
    base: Opened<Box<dyn Snapshot>>,
    head: Opened<Box<dyn Snapshot>>,
    root: PathBuf,
    mut notes: Vec<String>,
) -> Pair {
    let mut problems = unnamed_that_differ(&base.unnamed, &head.unnamed);
    problems.extend(base.problems);
    problems.extend(head.problems);
    for note in base.notes.into_iter().chain(head.notes) {
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    Pair {
        base: base.snapshot,
        head: head.snapshot,
        root,
        notes,
        problems,
    }
}

/// The commit that is checked out around a directory, in hexadecimal digits; `None` where there is none.
pub fn commit_at_head(current_dir: &Path) -> Option<String> {
    let repository = Repository::discover(current_dir).ok()??;
    let commit = repository.head().ok()??.commit?;
    Some(commit.to_string())
}

/// Opens what a pull request is judged by: its head, where that left the target branch, and the tip of the target branch.
/// `target` and `head` are revisions.
pub fn open_pull(
    current_dir: &Path,
    target: &str,
    head: &str,
) -> Result<(Pair, Box<dyn Snapshot>), OpenError> {
    let sources = Sources {
        current_dir,
        repository: Repository::discover(current_dir)?.map(Arc::new),
    };
    let head_side = Side::Revision(head.to_owned());
    let repository = sources.repository(&head_side)?;
    let commit = |text: &str| {
        let revision = repository.revision(text)?;
        match revision.commit {
            Some(commit) => Ok((revision, commit)),
            None => Err(OpenError::NoHistory(revision.label)),
        }
    };
    let (target_revision, tip) = commit(target)?;
    let (revision, _) = commit(head)?;
    let branch = Branch {
        name: target_revision.label.clone(),
        tip,
    };
    let base = sources.where_it_left(&revision, &head_side, branch)?;
    let target = repository.snapshot(&target_revision)?.boxed().snapshot;
    let root = sources.root(&head_side)?;
    let head = sources.side(&head_side)?;
    Ok((paired(base, head, root, Vec::new()), target))
}

struct Sources<'a> {
    current_dir: &'a Path,
    repository: Option<Arc<Repository>>,
}

impl Sources<'_> {
    fn repository(&self, wanted: &Side) -> Result<&Arc<Repository>, OpenError> {
        self.repository
            .as_ref()
            .ok_or_else(|| OpenError::NoRepository {
                directory: self.current_dir.to_owned(),
                wanted: match wanted {
                    Side::Revision(text) => {
                        format!("`{text}` is neither a directory nor a revision")
                    }
                    Side::Index => "there is no index".to_owned(),
                    Side::Worktree | Side::Directory(_) => "there is no work tree".to_owned(),
                },
            })
    }

    fn side(&self, side: &Side) -> Result<Opened<Box<dyn Snapshot>>, OpenError> {
        match side {
            Side::Revision(text) => {
                let repository = self.repository(side)?;
                let revision = repository.revision(text)?;
                repository.snapshot(&revision).map(Opened::boxed)
            }
            Side::Index => {
                self.work_tree(side)?;
                self.repository(side)?.index_snapshot().map(Opened::boxed)
            }
            Side::Worktree => {
                Worktree::open(self.repository(side)?, self.work_tree(side)?).map(Opened::boxed)
            }
            Side::Directory(path) => self.directory(path),
        }
    }

    fn directory(&self, path: &Path) -> Result<Opened<Box<dyn Snapshot>>, OpenError> {
        let mut opened = Directory::open(
            &self.current_dir.join(path),
            if path == Path::new(".") {
                "the current directory".to_owned()
            } else {
                format!("the directory {}", path.display())
            },
        )?;
        if let Some(name) = path.to_str()
            && let Some(repository) = &self.repository
            && !name.starts_with('.')
            && repository.revision(name).is_ok()
        {
            opened.notes.push(format!(
                "`{name}` is the directory; the revision of that name is `heads/{name}` or `tags/{name}`"
            ));
        }
        Ok(opened.boxed())
    }

    fn work_tree(&self, wanted: &Side) -> Result<&Path, OpenError> {
        let repository = self.repository(wanted)?;
        repository
            .root()
            .ok_or_else(|| OpenError::Bare(repository.git_dir().to_owned()))
    }

    fn root(&self, head: &Side) -> Result<PathBuf, OpenError> {
        Ok(match head {
            Side::Directory(path) => self.current_dir.join(path),
            Side::Index | Side::Worktree => self.work_tree(head)?.to_owned(),
            Side::Revision(_) => {
                let repository = self.repository(head)?;
                repository
                    .root()
                    .unwrap_or_else(|| repository.git_dir())
                    .to_owned()
            }
        })
    }

    fn default_base(&self, head_side: &Side) -> Result<Opened<Box<dyn Snapshot>>, OpenError> {
        match head_side {
            Side::Directory(_) => Ok(nothing("nothing (every finding is new)")),
            Side::Index => {
                let repository = self.repository(head_side)?;
                match repository.head()? {
                    Some(head) => repository.snapshot(&head).map(Opened::boxed),
                    None => Ok(nothing("nothing (no commit yet)")),
                }
            }
            Side::Worktree => match self.repository(head_side)?.head()? {
                Some(head) => {
                    self.work_tree(head_side)?;
                    self.merge_base(&head, head_side)
                }
                None => Ok(nothing("nothing (no commit yet)")),
            },
            Side::Revision(text) => {
                self.merge_base(&self.repository(head_side)?.revision(text)?, head_side)
            }
        }
    }

    /// Where `head` left the default branch of the remote.
    fn merge_base(
        &self,
        head: &Revision,
        side: &Side,
    ) -> Result<Opened<Box<dyn Snapshot>>, OpenError> {
        let branch = self.repository(side)?.default_branch()?;
        self.where_it_left(head, side, branch)
    }

    /// Where `head` left a branch.
    fn where_it_left(
        &self,
        head: &Revision,
        side: &Side,
        branch: Branch,
    ) -> Result<Opened<Box<dyn Snapshot>>, OpenError> {
        let repository = self.repository(side)?;
        let commit = head
            .commit
            .ok_or_else(|| OpenError::NoHistory(head.label.clone()))?;
        let Some(base) = repository.merge_base(commit, branch.tip)? else {
            let (head, branch) = (head.label.clone(), branch.name);
            return Err(if repository.is_shallow() {
                OpenError::ShallowHistory { head, branch }
            } else {
                OpenError::NoMergeBase { head, branch }
            });
        };
        let name = if base == branch.tip {
            branch.name
        } else {
            format!("the merge base with {}", branch.name)
        };
        let base = repository.commit(base, Some(&name))?;
        repository.snapshot(&base).map(Opened::boxed)
    }
}

fn nothing(label: &str) -> Opened<Box<dyn Snapshot>> {
    Opened {
        snapshot: Box::new(Memory::empty(label)),
        unnamed: Vec::new(),
        problems: Vec::new(),
        notes: Vec::new(),
    }
}

/// A file whose name is not UTF-8 is a problem where it may have changed, and nobody's business elsewhere.
fn unnamed_that_differ(
    base: &[(String, Option<ContentId>)],
    head: &[(String, Option<ContentId>)],
) -> Vec<Problem> {
    let same = |side: &[(String, Option<ContentId>)], file: &(String, Option<ContentId>)| {
        file.1.is_some() && side.contains(file)
    };
    let names: BTreeSet<&String> = base
        .iter()
        .filter(|file| !same(head, file))
        .chain(head.iter().filter(|file| !same(base, file)))
        .map(|(name, _)| name)
        .collect();
    names
        .into_iter()
        .map(|name| {
            Problem::new(
                Kind::Read,
                format!(
                    "the name of `{}` is not UTF-8 text, and the file was not checked",
                    name.escape_debug()
                ),
            )
            .help("Rename the file.")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::changed;
    use super::super::git::sample::Sample;
    use super::*;

    /// A repository with `origin/main` one commit ahead of where `main` left it, a file edited and one staged.
    fn clone() -> Sample {
        let sample = Sample::new();
        let root = sample.commit(&[("a", "1"), ("b", "1")], &[]);
        let ours = sample.commit(&[("a", "2"), ("b", "1")], &[root]);
        let theirs = sample.commit(&[("a", "1"), ("b", "9")], &[root]);
        sample.reference("refs/heads/main", &ours.to_string());
        sample.reference("refs/remotes/origin/main", &theirs.to_string());
        sample.reference("refs/tags/start", &root.to_string());
        let staged = sample.commit(&[("a", "2"), ("b", "1"), ("staged", "s")], &[]);
        sample.check_out(&[("a", "2"), ("b", "1"), ("staged", "s"), ("new", "n")]);
        sample.index(staged, false);
        sample
    }

    fn check(sample: &Sample, base: Option<&str>, head: Option<&str>) -> Result<String, OpenError> {
        let side = |text: &str| Side::parse(text, sample.root());
        let pair = open(sample.root(), base.map(side), head.map(side))?;
        let paths: Vec<_> = changed(&*pair.base, &*pair.head)
            .iter()
            .map(|change| change.path.to_string())
            .collect();
        // Ids are what they are; only the words matter here.
        let words = |label: &str| label.split(" at ").next().unwrap_or_default().to_owned();
        Ok(format!(
            "{} | {} | {}",
            words(pair.base.label()),
            words(pair.head.label()),
            paths.join(" ")
        ))
    }

    #[test]
    fn what_is_not_named_is_what_a_review_needs() {
        let sample = clone();
        fs::create_dir(sample.root().join("dir")).unwrap();
        fs::write(sample.root().join("dir/f"), "f").unwrap();
        let told = |base, head| check(&sample, base, head).unwrap();
        assert_eq!(
            told(None, None),
            "the merge base with origin/main | the work tree | a dir/f new staged"
        );
        assert_eq!(told(None, Some(":index")), "main | the index | staged");
        assert_eq!(
            told(None, Some("main")),
            "the merge base with origin/main | main | a"
        );
        assert_eq!(
            told(None, Some("origin/main")),
            "origin/main | origin/main | "
        );
        assert_eq!(
            told(Some("origin/main"), Some("main")),
            "origin/main | main | a b"
        );
        assert_eq!(
            told(Some("start"), None),
            "start | the work tree | a dir/f new staged"
        );
        assert_eq!(
            told(Some(":index"), None),
            "the index | the work tree | dir/f new"
        );
        assert_eq!(
            told(None, Some("dir")),
            "nothing (every finding is new) | the directory dir | f"
        );
        assert!(matches!(
            check(&sample, None, Some("main^{tree}")),
            Err(OpenError::NoHistory(_))
        ));
    }

    #[test]
    fn a_subdirectory_is_as_good_as_the_root() {
        let sample = clone();
        let inner = sample.root().join("deep/er");
        fs::create_dir_all(&inner).unwrap();
        let pair = open(&inner, None, None).unwrap();
        assert_eq!(pair.root, sample.root());
        assert_eq!(changed(&*pair.base, &*pair.head).len(), 3);
    }

    #[test]
    fn without_a_repository_everything_is_new() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("x"), "x").unwrap();
        let pair = open(directory.path(), None, None).unwrap();
        assert_eq!(pair.base.label(), "nothing (every finding is new)");
        assert_eq!(changed(&*pair.base, &*pair.head).len(), 1);
        assert!(matches!(
            open(directory.path(), None, Some(Side::Index)),
            Err(OpenError::NoRepository { .. })
        ));
    }

    #[test]
    fn before_the_first_commit_everything_is_new() {
        let sample = Sample::new();
        sample.check_out(&[("x", "x")]);
        for (head, count) in [(None, 1), (Some(Side::Index), 0)] {
            let pair = open(sample.root(), None, head).unwrap();
            assert_eq!(pair.base.label(), "nothing (no commit yet)");
            assert_eq!(changed(&*pair.base, &*pair.head).len(), count);
        }
    }

    #[test]
    fn a_shallow_clone_says_what_to_fetch() {
        let sample = Sample::new();
        let missing = super::super::git::Id::from_hex(b"1234567890123456789012345678901234567890");
        let parents = [missing.unwrap()];
        let ours = sample.commit(&[("a", "1")], &parents);
        let theirs = sample.commit(&[("a", "2")], &parents);
        sample.reference("refs/heads/main", &ours.to_string());
        sample.reference("refs/remotes/origin/HEAD", "ref: refs/remotes/origin/main");
        sample.reference("refs/remotes/origin/main", &theirs.to_string());
        fs::write(
            sample.root().join(".git/shallow"),
            format!("{ours}\n{theirs}\n"),
        )
        .unwrap();
        let error = check(&sample, None, None).unwrap_err();
        assert!(matches!(error, OpenError::ShallowHistory { .. }), "{error}");
        assert!(error.help().contains("git fetch --unshallow"));
        assert!(error.help().contains("fetch-depth: 0"));
        assert!(check(&sample, Some("origin/main"), None).is_ok());
    }

    #[test]
    fn a_directory_beats_a_branch_of_its_name_and_says_so() {
        let sample = clone();
        fs::create_dir(sample.root().join("main")).unwrap();
        let head = Side::parse("main", sample.root());
        let pair = open(sample.root(), Some(Side::Worktree), Some(head)).unwrap();
        assert_eq!(pair.head.label(), "the directory main");
        assert!(pair.notes.iter().any(|note| note.contains("heads/main")));
    }

    #[test]
    fn files_without_a_proper_name_matter_where_they_differ() {
        let id = Some(ContentId::of(b"x"));
        let file = |name: &str, id| (name.to_owned(), id);
        let problems = |base: &[_], head: &[_]| unnamed_that_differ(base, head).len();
        assert_eq!(problems(&[file("a", id)], &[file("a", id)]), 0);
        assert_eq!(problems(&[file("a", id)], &[file("a", None)]), 1);
        assert_eq!(problems(&[], &[file("a", id), file("b", id)]), 2);
        assert_eq!(problems(&[file("a", id)], &[]), 1);
    }
}
