//! Git without a git program: the only module that knows gix.
//!
//! It finds the repository around a directory, resolves revisions, knows the default branch and where a branch left it,
//! and lists commits and the index. Nothing that a repository's configuration names is ever run or followed: no hook,
//! no filter, no monitor, no include, no `core.worktree`; the work tree is where `.git` stands. Who owns the files does
//! not matter for the same reason. The environment is not read, with one exception: `GIT_INDEX_FILE`, which is how
//! `git commit -a` tells its hooks where the index of the commit is. Work trees are read in `worktree`.

#[cfg(test)]
pub(super) mod sample;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use gix::bstr::{BStr, ByteSlice};
use gix::index::entry::{Flags, Mode, Stage};
use gix::objs::tree::EntryKind as Listing;
use gix::prelude::FindExt;

use super::directory::MAX_ENTRIES;
use super::open::{OpenError, Opened};
use super::{ContentId, Entries, Entry, EntryKind, MAX_FILE_BYTES, ReadError, Snapshot};
use crate::text::RepoPath;

/// The id of a git object.
pub(super) type Id = gix::ObjectId;

/// A repository that was found around a directory.
pub(super) struct Repository {
    shared: gix::ThreadSafeRepository,
    /// Handles that are not in use. Each keeps caches of its own, so handing them out again is faster than making them.
    idle: Mutex<Vec<gix::Repository>>,
    root: Option<PathBuf>,
}

/// A revision that was named by a person, or found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Revision {
    /// The commit, where the revision is one and not only a tree.
    pub(super) commit: Option<Id>,
    /// Its tree.
    tree: Id,
    /// For people: `main at 1a2b3c4`.
    pub(super) label: String,
}

/// The branch that changes are merged into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Branch {
    /// `origin/main`
    pub(super) name: String,
    pub(super) tip: Id,
}

impl Repository {
    /// The repository around `directory`: the nearest ancestor with a `.git`, else the nearest that is a bare repository.
    ///
    /// Bare repositories come second so that a directory of a work tree cannot pretend to be one.
    pub(super) fn discover(directory: &Path) -> Result<Option<Self>, OpenError> {
        let directory = std::path::absolute(directory).map_err(|source| OpenError::Directory {
            path: directory.to_owned(),
            source,
        })?;
        let with_git = directory
            .ancestors()
            .find(|ancestor| ancestor.join(".git").symlink_metadata().is_ok());
        if let Some(root) = with_git {
            return Self::at(&root.join(".git"), Some(root)).map(Some);
        }
        let is_bare = |path: &&Path| {
            path.join("HEAD").is_file()
                && path.join("objects").is_dir()
                && path.join("refs").is_dir()
        };
        match directory.ancestors().find(is_bare) {
            Some(bare) => Self::at(bare, None).map(Some),
            None => Ok(None),
        }
    }

    fn at(git: &Path, root: Option<&Path>) -> Result<Self, OpenError> {
        let options = gix::open::Options::isolated()
            .with(gix::sec::Trust::Full)
            .filter_config_section(|_| true)
            .open_path_as_is(true);
        let unreadable = |error: String| {
            unsupported_format(git).unwrap_or_else(|| OpenError::Repository {
                path: git.to_owned(),
                why: error,
            })
        };
        let shared = gix::ThreadSafeRepository::open_opts(git, options)
            .map_err(|error| unreadable(error.to_string()))?;
        let repository = shared.to_thread_local();
        if let Some(unsupported) = unsupported_format(repository.common_dir()) {
            return Err(unsupported);
        }
        Ok(Self {
            shared,
            idle: Mutex::new(vec![repository]),
            root: root.map(Path::to_owned),
        })
    }

    /// The work tree; `None` for a bare repository.
    pub(super) fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// The directory that belongs to this work tree alone.
    pub(super) fn git_dir(&self) -> &Path {
        self.shared.git_dir()
    }

    fn with<T>(&self, work: impl FnOnce(&gix::Repository) -> T) -> T {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = idle().pop();
        let repository = taken.unwrap_or_else(|| self.shared.to_thread_local());
        let result = work(&repository);
        idle().push(repository);
        result
    }

    /// True if and only if history was cut off when this clone was made.
    pub(super) fn is_shallow(&self) -> bool {
        self.with(|git| git.is_shallow().unwrap_or(false))
    }

    /// The revision that `text` names, as `git rev-parse` reads it.
    pub(super) fn revision(&self, text: &str) -> Result<Revision, OpenError> {
        let unknown = |why: String| OpenError::UnknownRevision {
            revision: text.to_owned(),
            why,
            shallow: self.is_shallow(),
        };
        self.with(|git| {
            let spec = git.rev_parse(BStr::new(text)).map_err(|_| {
                let is_prefix = text.len() >= 4 && text.bytes().all(|b| b.is_ascii_hexdigit());
                unknown(if is_prefix {
                    "no commit begins with it, or several objects do".to_owned()
                } else {
                    "there is no branch, tag or commit of that name".to_owned()
                })
            })?;
            let id = spec.single().ok_or_else(|| {
                unknown("it names a range, and a side is one revision".to_owned())
            })?;
            let object = id.object().map_err(|error| unknown(error.to_string()))?;
            let object = object
                .peel_tags_to_end()
                .map_err(|error| unknown(error.to_string()))?;
            match object.kind {
                gix::objs::Kind::Commit => commit(git, object.id, Some(text)),
                gix::objs::Kind::Tree => Ok(Revision {
                    commit: None,
                    tree: object.id,
                    label: name_at(Some(text), object.id),
                }),
                kind => Err(unknown(format!("it is a {kind}, not a commit"))),
            }
        })
    }

    /// The commit `id`, called `name` where it has one.
    pub(super) fn commit(&self, id: Id, name: Option<&str>) -> Result<Revision, OpenError> {
        self.with(|git| commit(git, id, name))
    }

    /// The commit that is checked out; `None` before the first one.
    pub(super) fn head(&self) -> Result<Option<Revision>, OpenError> {
        self.with(|git| {
            let failed = |error: gix::Error| OpenError::UnknownRevision {
                revision: "HEAD".to_owned(),
                why: error.to_string(),
                shallow: false,
            };
            let head = git.head().map_err(failed)?;
            let branch = head.referent_name().map(|name| name.shorten().to_string());
            let Some(id) = head.try_into_peeled_id().map_err(failed)? else {
                return Ok(None);
            };
            commit(git, id.detach(), branch.as_deref().or(Some("HEAD"))).map(Some)
        })
    }

    /// The remote's default branch: what `origin/HEAD` says, else the `HEAD` of the only remote,
    /// else `main` or `master` of `origin` or of the only remote.
    pub(super) fn default_branch(&self) -> Result<Branch, OpenError> {
        self.with(|git| {
            let find = |name: &str| -> Option<Branch> {
                let full = format!("refs/remotes/{name}");
                let mut reference = git.try_find_reference(full.as_str()).ok()??;
                let target = reference
                    .target()
                    .try_name()
                    .and_then(|name| name.as_bstr().to_str().ok())
                    .and_then(|name| name.strip_prefix("refs/remotes/"))
                    .map(str::to_owned);
                Some(Branch {
                    name: target.unwrap_or_else(|| name.to_owned()),
                    tip: reference.peel_to_commit().ok()?.id,
                })
            };
            let of = |remote: &str| find(&format!("{remote}/HEAD"));
            let usual = |remote: &str| {
                ["main", "master"]
                    .iter()
                    .find_map(|branch| find(&format!("{remote}/{branch}")))
            };
            if let Some(branch) = of("origin") {
                return Ok(branch);
            }
            let remotes = remotes(git);
            let only = match remotes.as_slice() {
                [only] => Some(only.as_str()),
                _ => None,
            };
            only.and_then(of)
                .or_else(|| usual("origin"))
                .or_else(|| only.and_then(usual))
                .ok_or(if remotes.is_empty() {
                    OpenError::NoRemote
                } else {
                    OpenError::NoDefaultBranch { remotes }
                })
        })
    }

    /// The newest commit that two commits share; `None` where none can be found.
    pub(super) fn merge_base(&self, one: Id, other: Id) -> Result<Option<Id>, OpenError> {
        if one == other {
            return Ok(Some(one));
        }
        self.with(|git| match git.merge_base(one, other) {
            Ok(base) => Ok(base.map(gix::Id::detach)),
            // A walk that meets the end of a shallow clone is no defect of the repository.
            Err(_) if git.is_shallow().unwrap_or(false) => Ok(None),
            Err(error) => Err(OpenError::Repository {
                path: git.git_dir().to_owned(),
                why: error.to_string(),
            }),
        })
    }

    /// The files of a revision.
    pub(super) fn snapshot(
        self: &Arc<Self>,
        revision: &Revision,
    ) -> Result<Opened<Committed>, OpenError> {
        let listed = self.tree(revision.tree, &RepoPath::root(), &revision.label)?;
        Ok(Committed::opened(self, listed, revision.label.clone()))
    }

    /// The files of the index.
    pub(super) fn index_snapshot(self: &Arc<Self>) -> Result<Opened<Committed>, OpenError> {
        let index = self.index()?;
        if let Some(path) = index.conflict {
            return Err(OpenError::Conflict { path });
        }
        let listed = Listed {
            unnamed: index.unnamed,
            entries: index
                .tracked
                .into_iter()
                .filter(|tracked| !tracked.intent_to_add)
                .map(|tracked| (tracked.path, tracked.entry))
                .collect(),
        };
        Ok(Committed::opened(self, listed, "the index".to_owned()))
    }

    /// What lies in a tree, which is at `directory`.
    fn tree(&self, tree: Id, directory: &RepoPath, label: &str) -> Result<Listed, OpenError> {
        self.with(|git| {
            let mut listed = Listed::default();
            let mut todo = vec![(tree, directory.clone())];
            let mut buffer = Vec::new();
            let mut seen = 0;
            while let Some((id, directory)) = todo.pop() {
                let missing = |why: String| OpenError::MissingObject {
                    what: if directory.is_root() {
                        format!("the list of files of {label}")
                    } else {
                        format!("the list of files in `{directory}` of {label}")
                    },
                    id: id.to_string(),
                    why,
                };
                let tree = git
                    .objects
                    .find_tree_iter(&id, &mut buffer)
                    .map_err(|error| missing(error.to_string()))?;
                for entry in tree {
                    let entry = entry.map_err(|error| missing(error.to_string()))?;
                    // Empty directories count as well: ten trees of ten trees each, ten levels deep, are few objects.
                    seen += 1;
                    if seen > MAX_ENTRIES {
                        return Err(OpenError::TooManyFiles {
                            label: label.to_owned(),
                            limit: MAX_ENTRIES,
                        });
                    }
                    let name = entry.filename.to_str().ok();
                    let Some(path) = name.and_then(|name| directory.child(name)) else {
                        let name = entry.filename.to_str_lossy();
                        listed
                            .unnamed
                            .push((join_lossy(&directory, &name), content_id(entry.oid)));
                        continue;
                    };
                    let kind = match entry.mode.kind() {
                        Listing::Tree => {
                            todo.push((entry.oid.to_owned(), path));
                            continue;
                        }
                        Listing::Blob | Listing::BlobExecutable => EntryKind::File,
                        Listing::Link => EntryKind::Link,
                        Listing::Commit => EntryKind::Submodule,
                    };
                    let id = content_id(entry.oid);
                    listed.entries.push((path, Entry { kind, id }));
                }
            }
            Ok(listed)
        })
    }

    /// The index as it is now.
    pub(super) fn index(&self) -> Result<Index, OpenError> {
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

    /// The bytes of a blob.
    pub(super) fn blob(&self, path: &RepoPath, id: ContentId) -> Result<Arc<[u8]>, ReadError> {
        let unavailable = |why: String| ReadError::Unavailable(path.clone(), why);
        let id = Id::from(id.0);
        self.with(|git| {
            match git.try_find_header(id) {
                Ok(Some(header)) if header.size() > MAX_FILE_BYTES as u64 => {
                    return Err(ReadError::TooLarge(path.clone()));
                }
                Ok(Some(_)) => {}
                Ok(None) => {
                    return Err(unavailable(format!(
                        "the git object {id} is not in this clone, which is partial; \
                         `git fetch --refetch --no-filter` completes it, `git cat-file blob {id}` fetches this one"
                    )));
                }
                Err(error) => return Err(unavailable(error.to_string())),
            }
            let object = git
                .find_object(id)
                .map_err(|error| unavailable(error.to_string()))?;
            Ok(Arc::from(object.data.as_slice()))
        })
    }
}

/// The files of a commit or of the index.
pub(super) struct Committed {
    repository: Arc<Repository>,
    label: String,
    entries: Entries,
}

impl Committed {
    fn opened(repository: &Arc<Repository>, listed: Listed, label: String) -> Opened<Self> {
        let entries: Entries = listed.entries.into_iter().collect();
        Opened {
            notes: submodules(&entries),
            snapshot: Self {
                repository: Arc::clone(repository),
                label,
                entries,
            },
            unnamed: listed
                .unnamed
                .into_iter()
                .map(|(name, id)| (name, Some(id)))
                .collect(),
            problems: Vec::new(),
        }
    }
}

impl Snapshot for Committed {
    fn label(&self) -> &str {
        &self.label
    }

    fn entries(&self) -> &Entries {
        &self.entries
    }

    fn bytes(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        match self.entries.get(path) {
            None => Err(ReadError::Missing(path.clone())),
            Some(entry) if entry.kind == EntryKind::Submodule => {
                Err(ReadError::Submodule(path.clone()))
            }
            Some(entry) => self.repository.blob(path, entry.id),
        }
    }
}

/// What a person is told about submodules, if there are any.
pub(super) fn submodules(entries: &Entries) -> Vec<String> {
    let paths: Vec<_> = entries
        .iter()
        .filter(|(_, entry)| entry.kind == EntryKind::Submodule)
        .map(|(path, _)| format!("`{path}`"))
        .collect();
    match paths.as_slice() {
        [] => Vec::new(),
        [one] => vec![format!("the files of the submodule {one} are not compared")],
        many => vec![format!(
            "the files of the submodules {} are not compared",
            many.join(", ")
        )],
    }
}

#[derive(Default)]
struct Listed {
    entries: Vec<(RepoPath, Entry)>,
    /// Paths that a [`RepoPath`] cannot name.
    unnamed: Vec<(String, ContentId)>,
}

/// The index: what is tracked, and how it looked on disk when git last wrote it down.
#[derive(Default)]
pub(super) struct Index {
    /// Sorted by path, each once.
    pub(super) tracked: Vec<Tracked>,
    /// Paths that a [`RepoPath`] cannot name.
    pub(super) unnamed: Vec<(String, ContentId)>,
    /// The first path that a merge left in conflict.
    conflict: Option<RepoPath>,
    /// When the index was written, in seconds.
    written: u32,
}

/// One path of the index.
pub(super) struct Tracked {
    pub(super) path: RepoPath,
    pub(super) entry: Entry,
    stat: Option<Stat>,
    /// It is not checked out on purpose (a sparse checkout): that it is not on disk does not mean that it was deleted.
    pub(super) absent: bool,
    /// Only its name was added.
    intent_to_add: bool,
}

struct Stat(gix::index::entry::Stat);

impl Index {
    /// True if and only if the file on disk is certainly what the index says, judged by its size and times alone.
    ///
    /// A file written in the second in which the index was written, or later, may have changed after git looked at it
    /// without its times telling, so it is never certain. Time in this is that of the disk, not of a clock.
    pub(super) fn is_unchanged(&self, tracked: &Tracked, full: &Path) -> bool {
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

/// What git ignores in one directory: its `.gitignore` over those of the directories around it, over `info/exclude`.
#[derive(Clone)]
pub(super) struct Ignored {
    search: Arc<gix::ignore::Search>,
    around: Option<Arc<Ignored>>,
}

impl Ignored {
    /// What the repository ignores everywhere.
    pub(super) fn everywhere(repository: &Repository) -> Self {
        let common = repository.with(|git| git.common_dir().to_owned());
        let search = gix::ignore::Search::from_git_dir(
            &common,
            None,
            &mut Vec::new(),
            gix::ignore::search::Ignore::default(),
        );
        Self {
            search: Arc::new(search.unwrap_or_default()),
            around: None,
        }
    }

    /// The same with the `.gitignore` of a directory.
    pub(super) fn within(self, directory: &RepoPath, bytes: &[u8]) -> Self {
        let root = Path::new("/");
        let source = root.join(directory.as_str()).join(".gitignore");
        let mut search = gix::ignore::Search::default();
        let added = search.add_patterns_buffer(
            bytes,
            source,
            Some(root),
            gix::ignore::search::Ignore::default(),
        );
        if added.is_err() {
            return self;
        }
        Self {
            search: Arc::new(search),
            around: Some(Arc::new(self)),
        }
    }

    /// True if and only if git ignores `path`, where nothing around it is ignored.
    pub(super) fn contains(&self, path: &RepoPath, is_directory: bool) -> bool {
        let case = if cfg!(any(windows, target_os = "macos")) {
            gix::glob::pattern::Case::Fold
        } else {
            gix::glob::pattern::Case::Sensitive
        };
        let mut scope = Some(self);
        while let Some(here) = scope {
            let found = here.search.pattern_matching_relative_path(
                BStr::new(path.as_str()),
                Some(is_directory),
                case,
            );
            if let Some(found) = found {
                return !found.pattern.is_negative();
            }
            scope = here.around.as_deref();
        }
        false
    }
}

fn commit(git: &gix::Repository, id: Id, name: Option<&str>) -> Result<Revision, OpenError> {
    let missing = |error: gix::Error| OpenError::MissingObject {
        what: format!("the commit {}", name_at(name, id)),
        id: id.to_string(),
        why: error.to_string(),
    };
    let commit = git.find_commit(id).map_err(missing)?;
    Ok(Revision {
        commit: Some(id),
        tree: commit.tree_id().map_err(missing)?.detach(),
        label: name_at(name, id),
    })
}

/// `main at 1a2b3c4`, or only the id where the name is nothing else.
fn name_at(name: Option<&str>, id: Id) -> String {
    let id = id.to_string();
    let short = id.get(..7).unwrap_or_default();
    match name {
        Some(name) if !id.starts_with(name) => format!("{name} at {short}"),
        _ => short.to_owned(),
    }
}

fn content_id(id: &gix::oid) -> ContentId {
    // Other lengths do not occur: repositories with other hashes are refused when they are opened.
    ContentId(id.as_bytes().try_into().unwrap_or_default())
}

fn join_lossy(directory: &RepoPath, name: &str) -> String {
    if directory.is_root() {
        name.to_owned()
    } else {
        format!("{directory}/{name}")
    }
}

/// The remotes that something was fetched from, sorted.
fn remotes(git: &gix::Repository) -> Vec<String> {
    let mut names = BTreeSet::new();
    if let Ok(platform) = git.references()
        && let Ok(references) = platform.prefixed("refs/remotes/")
    {
        for reference in references.flatten() {
            let name = reference.name().as_bstr().to_str_lossy();
            let remote = name
                .strip_prefix("refs/remotes/")
                .and_then(|rest| rest.split_once('/'));
            if let Some((remote, _)) = remote {
                names.insert(remote.to_owned());
            }
        }
    }
    names.into_iter().collect()
}

/// Says so where a repository is stored in a way that this program does not read.
fn unsupported_format(common: &Path) -> Option<OpenError> {
    let config = std::fs::read(common.join("config")).ok()?;
    let config = String::from_utf8_lossy(&config).to_ascii_lowercase();
    let set = |key: &str, value: &str| {
        config.lines().any(|line| {
            line.split_once('=').is_some_and(|(left, right)| {
                left.trim() == key && right.trim().trim_matches('"') == value
            })
        })
    };
    let what = if set("objectformat", "sha256") {
        "SHA-256 object names"
    } else if set("refstorage", "reftable") {
        "its references in a reftable"
    } else {
        return None;
    };
    Some(OpenError::UnsupportedFormat {
        path: common.to_owned(),
        what,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::sample::Sample;
    use super::*;

    fn found(sample: &Sample) -> Arc<Repository> {
        Arc::new(Repository::discover(sample.root()).unwrap().unwrap())
    }

    fn paths(snapshot: &dyn Snapshot) -> Vec<String> {
        let kind = |entry: &Entry| match entry.kind {
            EntryKind::File => "",
            EntryKind::Link => "@",
            EntryKind::Submodule => "#",
        };
        snapshot
            .entries()
            .iter()
            .map(|(path, entry)| format!("{path}{}", kind(entry)))
            .collect()
    }

    #[test]
    fn a_commit_is_listed_and_read() {
        let sample = Sample::new();
        let files = [
            ("a/x", "x"),
            ("a-b", "y"),
            ("a/l", "->x"),
            ("sub", "@"),
            ("top", "t"),
        ];
        let id = sample.commit(&files, &[]);
        sample.reference("refs/heads/main", &id.to_string());
        let repository = found(&sample);
        let revision = repository.revision("main").unwrap();
        assert_eq!(revision.label, format!("main at {}", &id.to_string()[..7]));
        let opened = repository.snapshot(&revision).unwrap();
        assert_eq!(
            paths(&opened.snapshot),
            ["a-b", "a/l@", "a/x", "sub#", "top"]
        );
        assert_eq!(
            opened.notes,
            ["the files of the submodule `sub` are not compared"]
        );
        let path = |p: &str| RepoPath::new(p).unwrap();
        assert_eq!(&*opened.snapshot.bytes(&path("a/l")).unwrap(), b"x");
        let short = id.to_string()[..10].to_owned();
        assert_eq!(
            repository.revision(&short).unwrap().label,
            id.to_string()[..7]
        );
        let sub = repository.revision("main:a").unwrap();
        assert_eq!(sub.commit, None);
        assert_eq!(
            paths(&repository.snapshot(&sub).unwrap().snapshot),
            ["l@", "x"]
        );
        for wrong in ["nothing", "main..main", "main:top", "", "-x", "\u{0}"] {
            assert!(repository.revision(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_in_the_clone_is_told() {
        let sample = Sample::new();
        let id = sample.commit(&[("a/x", "x"), ("y", "yy")], &[]);
        sample.reference("refs/heads/main", &id.to_string());
        let remove = |kind: gix::objs::Kind, bytes: &[u8]| {
            let id = gix::objs::compute_hash(gix::hash::Kind::Sha1, kind, bytes)
                .unwrap()
                .to_string();
            fs::remove_file(
                sample
                    .root()
                    .join(".git/objects")
                    .join(&id[..2])
                    .join(&id[2..]),
            )
            .unwrap();
            id
        };
        let blob = remove(gix::objs::Kind::Blob, b"yy");
        let repository = found(&sample);
        let revision = repository.revision("main").unwrap();
        let opened = repository.snapshot(&revision).unwrap();
        let error = opened
            .snapshot
            .bytes(&RepoPath::new("y").unwrap())
            .unwrap_err();
        assert!(
            error
                .to_string()
                .contains(&format!("git cat-file blob {blob}")),
            "{error}"
        );
        let mut tree = b"100644 x\0".to_vec();
        let x =
            gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Blob, b"x").unwrap();
        tree.extend(x.as_bytes());
        remove(gix::objs::Kind::Tree, &tree);
        let error = repository.snapshot(&revision).err().unwrap();
        assert!(matches!(error, OpenError::MissingObject { .. }), "{error}");
    }

    #[test]
    fn names_that_cannot_be_paths_are_set_apart() {
        let sample = Sample::new();
        for name in [&b"b\xff"[..], b"..", b"a/b"] {
            let id = sample.commit_tree(sample.raw_tree(name, b"x"), &[]);
            sample.reference("refs/heads/main", &id.to_string());
            let repository = found(&sample);
            let revision = repository.revision("main").unwrap();
            let opened = repository.snapshot(&revision).unwrap();
            assert!(opened.snapshot.entries().is_empty());
            assert_eq!(opened.unnamed.len(), 1);
        }
    }

    #[test]
    fn the_default_branch_is_the_remotes() {
        let sample = Sample::new();
        let id = sample.commit(&[("a", "x")], &[]);
        let name = || found(&sample).default_branch().map(|branch| branch.name);
        assert!(matches!(name(), Err(OpenError::NoRemote)));
        sample.reference("refs/remotes/fork/topic", &id.to_string());
        assert!(matches!(name(), Err(OpenError::NoDefaultBranch { .. })));
        sample.reference("refs/remotes/fork/master", &id.to_string());
        assert_eq!(name().unwrap(), "fork/master");
        sample.reference("refs/remotes/fork/HEAD", "ref: refs/remotes/fork/topic");
        assert_eq!(name().unwrap(), "fork/topic");
        sample.reference("refs/remotes/origin/main", &id.to_string());
        assert_eq!(name().unwrap(), "origin/main");
        // A HEAD that names a branch that is gone says nothing.
        sample.reference("refs/remotes/origin/HEAD", "ref: refs/remotes/origin/gone");
        assert_eq!(name().unwrap(), "origin/main");
        sample.reference("refs/remotes/origin/HEAD", "ref: refs/remotes/origin/main");
        assert_eq!(name().unwrap(), "origin/main");
    }

    #[test]
    fn other_formats_are_refused_in_words() {
        for (extension, word) in [
            ("objectformat = sha256", "SHA-256"),
            ("refStorage = reftable", "reftable"),
        ] {
            let sample = Sample::new();
            fs::write(
                sample.root().join(".git/config"),
                format!("[core]\n\trepositoryformatversion = 1\n[extensions]\n\t{extension}\n"),
            )
            .unwrap();
            let error = Repository::discover(sample.root()).err().unwrap();
            assert!(error.to_string().contains(word), "{error}");
        }
    }

    #[test]
    fn a_directory_in_a_work_tree_cannot_pretend_to_be_a_repository() {
        let sample = Sample::new();
        let inner = sample.root().join("charts/evil");
        for part in ["objects", "refs"] {
            fs::create_dir_all(inner.join(part)).unwrap();
        }
        fs::write(inner.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        fs::write(inner.join("config"), "[core]\n\tbare = true\n").unwrap();
        let repository = Repository::discover(&inner).unwrap().unwrap();
        assert_eq!(
            repository.root(),
            Some(std::path::absolute(sample.root()).unwrap().as_path())
        );
    }

    #[test]
    fn a_configured_work_tree_is_not_followed() {
        let sample = Sample::new();
        fs::write(
            sample.root().join(".git/config"),
            "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = /\n\tfsmonitor = /bin/false\n",
        )
        .unwrap();
        let repository = Repository::discover(&sample.root().join(".git/refs"))
            .unwrap()
            .unwrap();
        assert_eq!(repository.root(), Some(sample.root()));
    }

    #[test]
    fn ignore_rules_of_inner_directories_come_first() {
        let sample = Sample::new();
        fs::write(sample.root().join(".git/info/exclude"), "*.log\n").unwrap();
        let path = |p: &str| RepoPath::new(p).unwrap();
        let everywhere = Ignored::everywhere(&found(&sample));
        let top = everywhere.within(&RepoPath::root(), b"/build\n*.tmp\n!keep.log\n");
        let inner = top.clone().within(&path("a/b"), b"!x.tmp\n/y\n");
        let check = |ignored: &Ignored, text: &str, expected: bool| {
            assert_eq!(ignored.contains(&path(text), false), expected, "{text}");
        };
        check(&top, "x.log", true);
        check(&top, "keep.log", false);
        check(&top, "build", true);
        check(&top, "a/build", false);
        check(&inner, "a/b/x.tmp", false);
        check(&inner, "a/b/z.tmp", true);
        check(&inner, "a/b/y", true);
        check(&inner, "a/b/c/y", false);
    }
}
