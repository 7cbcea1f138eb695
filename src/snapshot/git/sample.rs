//! Repositories for tests, written object by object: no git program is needed.

use std::collections::BTreeMap;
use std::fs;

use gix::objs::Kind;
use gix::prelude::Write;

use super::*;

/// A repository in a temporary directory.
pub(in crate::snapshot) struct Sample {
    pub(in crate::snapshot) directory: tempfile::TempDir,
}

impl Sample {
    pub(in crate::snapshot) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let git = directory.path().join(".git");
        for part in [
            "objects/info",
            "objects/pack",
            "refs/heads",
            "refs/remotes",
            "info",
        ] {
            fs::create_dir_all(git.join(part)).unwrap();
        }
        fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        fs::write(
            git.join("config"),
            "[core]\n\trepositoryformatversion = 0\n\tbare = false\n",
        )
        .unwrap();
        Self { directory }
    }

    pub(in crate::snapshot) fn root(&self) -> &Path {
        self.directory.path()
    }

    fn write(&self, kind: Kind, bytes: &[u8]) -> Id {
        let repository = Repository::discover(self.root()).unwrap().unwrap();
        repository.with(|git| git.objects.write_buf(kind, bytes).unwrap())
    }

    /// Writes a tree of files; a text that begins with `->` is a link, one with `@` a submodule.
    pub(in crate::snapshot) fn tree(&self, files: &[(&str, &str)]) -> Id {
        let mut names: BTreeMap<Vec<u8>, (&str, Id)> = BTreeMap::new();
        let mut below: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
        for (path, text) in files {
            if let Some((directory, rest)) = path.split_once('/') {
                below.entry(directory).or_default().push((rest, text));
            } else if let Some(target) = text.strip_prefix("->") {
                let id = self.write(Kind::Blob, target.as_bytes());
                names.insert(path.as_bytes().to_vec(), ("120000", id));
            } else if text.starts_with('@') {
                let id = Id::from_hex(b"1234567890123456789012345678901234567890").unwrap();
                names.insert(path.as_bytes().to_vec(), ("160000", id));
            } else {
                let id = self.write(Kind::Blob, text.as_bytes());
                names.insert(path.as_bytes().to_vec(), ("100644", id));
            }
        }
        for (directory, files) in below {
            // Git sorts a directory as if its name ended with a slash.
            let key = format!("{directory}/").into_bytes();
            names.insert(key, ("40000", self.tree(&files)));
        }
        let mut bytes = Vec::new();
        for (name, (mode, id)) in names {
            bytes.extend(mode.as_bytes());
            bytes.push(b' ');
            bytes.extend(name.strip_suffix(b"/").unwrap_or(&name));
            bytes.push(0);
            bytes.extend(id.as_bytes());
        }
        self.write(Kind::Tree, &bytes)
    }

    pub(in crate::snapshot) fn raw_tree(&self, name: &[u8], blob: &[u8]) -> Id {
        let id = self.write(Kind::Blob, blob);
        let bytes = [b"100644 ", name, b"\0", id.as_bytes()].concat();
        self.write(Kind::Tree, &bytes)
    }

    pub(in crate::snapshot) fn commit_tree(&self, tree: Id, parents: &[Id]) -> Id {
        let parent_lines: String = parents
            .iter()
            .flat_map(|parent| ["parent ".to_owned(), parent.to_string(), "\n".to_owned()])
            .collect();
        let time = 1_700_000_000 + parents.len();
        let who = format!("A <a@example.org> {time} +0000");
        let text = format!("tree {tree}\n{parent_lines}author {who}\ncommitter {who}\n\nmessage\n");
        self.write(Kind::Commit, text.as_bytes())
    }

    pub(in crate::snapshot) fn commit(&self, files: &[(&str, &str)], parents: &[Id]) -> Id {
        self.commit_tree(self.tree(files), parents)
    }

    /// Sets a reference: an id, or `ref: NAME`.
    pub(in crate::snapshot) fn reference(&self, name: &str, value: &str) {
        let path = self.root().join(".git").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{value}\n")).unwrap();
    }

    /// Writes files to disk; a text that begins with `->` is a link.
    pub(in crate::snapshot) fn check_out(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            let path = self.root().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            match text.strip_prefix("->") {
                #[cfg(unix)]
                Some(target) => std::os::unix::fs::symlink(target, path).unwrap(),
                _ => fs::write(path, text).unwrap(),
            }
        }
    }

    /// Writes the index for `commit`. Where `looked`, it remembers the files on disk as git would,
    /// and was written a minute after them.
    pub(in crate::snapshot) fn index(&self, commit: Id, looked: bool) {
        let repository = Repository::discover(self.root()).unwrap().unwrap();
        repository.with(|git| {
            let tree = git.find_commit(commit).unwrap().tree_id().unwrap().detach();
            let state = gix::index::State::from_tree(
                &tree,
                &git.objects,
                gix::validate::path::component::Options::default(),
            );
            let path = git.git_dir().join("index");
            let mut file = gix::index::File::from_state(state.unwrap(), &path);
            if looked {
                let backing = file.path_backing().to_owned();
                for (entry, name) in file.entries_mut_with_paths_in(&backing) {
                    let full = self.root().join(name.to_str().unwrap());
                    if let Ok(metadata) = gix::index::fs::Metadata::from_path_no_follow(&full) {
                        entry.stat = gix::index::entry::Stat::from_fs(&metadata).unwrap();
                    }
                }
            }
            file.write(gix::index::write::Options::default()).unwrap();
            let ahead = std::time::SystemTime::now() + std::time::Duration::from_secs(60);
            if looked {
                let handle = fs::File::options().append(true).open(&path).unwrap();
                handle.set_modified(ahead).unwrap();
            }
        });
    }
}
