//! A repository with a pull request, a GitHub that knows of it, and Plimsoll run on it as a workflow runs it.
//!
//! The repository is written object by object, so that no git program is needed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use crate::double::{Asked, Double, File, TOKEN};

/// Files by path.
pub(crate) type Tree = BTreeMap<String, String>;

pub(crate) fn tree<T: AsRef<str>>(files: &[(&str, T)]) -> Tree {
    files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), text.as_ref().to_owned()))
        .collect()
}

/// The files below a directory.
pub(crate) fn read(directory: &Path) -> Tree {
    let mut found = Tree::new();
    let mut open = vec![directory.to_owned()];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with(".git") {
                continue;
            } else if path.is_dir() {
                open.push(path);
            } else {
                let name = path
                    .strip_prefix(directory)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .replace('\\', "/");
                found.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// A git repository without a work tree of its own.
struct Repository(PathBuf);

impl Repository {
    fn new(directory: &Path) -> Self {
        let git = directory.join(".git");
        for part in ["objects", "refs/heads", "refs/remotes/origin"] {
            std::fs::create_dir_all(git.join(part)).unwrap();
        }
        std::fs::write(
            git.join("config"),
            "[core]\n\trepositoryformatversion = 0\n\tbare = false\n",
        )
        .unwrap();
        Self(git)
    }

    fn object(&self, kind: &str, content: &[u8]) -> String {
        let mut bytes = format!("{kind} {}\0", content.len()).into_bytes();
        bytes.extend(content);
        let name = hex(&Sha1::digest(&bytes));
        let (directory, file) = name.split_at(2);
        let directory = self.0.join("objects").join(directory);
        std::fs::create_dir_all(&directory).unwrap();
        let out = std::fs::File::create(directory.join(file)).unwrap();
        let mut out = flate2::write::ZlibEncoder::new(out, flate2::Compression::fast());
        out.write_all(&bytes).unwrap();
        out.finish().unwrap();
        name
    }

    fn tree(&self, files: &Tree) -> String {
        // Git sorts a directory as if its name ended with a slash.
        let mut entries: BTreeMap<String, (&str, String)> = BTreeMap::new();
        let mut below: BTreeMap<&str, Tree> = BTreeMap::new();
        for (path, text) in files {
            match path.split_once('/') {
                Some((directory, rest)) => {
                    below
                        .entry(directory)
                        .or_default()
                        .insert(rest.to_owned(), text.clone());
                }
                None => {
                    entries.insert(
                        path.clone(),
                        ("100644", self.object("blob", text.as_bytes())),
                    );
                }
            }
        }
        for (directory, files) in below {
            entries.insert(format!("{directory}/"), ("40000", self.tree(&files)));
        }
        let mut content = Vec::new();
        for (name, (mode, id)) in entries {
            content.extend(format!("{mode} {}\0", name.trim_end_matches('/')).bytes());
            content.extend((0..20).map(|n| u8::from_str_radix(&id[2 * n..2 * n + 2], 16).unwrap()));
        }
        self.object("tree", &content)
    }

    fn commit(&self, files: &Tree, parents: &[&str]) -> String {
        let mut text = format!("tree {}\n", self.tree(files));
        for parent in parents {
            let _ = writeln!(text, "parent {parent}");
        }
        let who = "dev <dev@example.test> 1764331200 +0000";
        let _ = write!(text, "author {who}\ncommitter {who}\n\nchange\n");
        self.object("commit", text.as_bytes())
    }

    fn set(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), format!("{text}\n")).unwrap();
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What GitHub lists of a change: `renamed` names old and new paths.
pub(crate) fn files(base: &Tree, head: &Tree, renamed: &[(&str, &str)]) -> Vec<File> {
    let patch = |before: &str, after: &str| {
        let diff = similar::TextDiff::from_lines(before, after);
        diff.unified_diff().context_radius(3).to_string()
    };
    let mut found = Vec::new();
    for (path, text) in head {
        let from = renamed
            .iter()
            .find(|(_, to)| to == path)
            .map(|(from, _)| *from);
        let before = from.map_or_else(|| base.get(path), |from| base.get(from));
        let (status, before) = match (from, before) {
            (Some(_), Some(before)) => ("renamed", before.as_str()),
            (_, Some(before)) if before == text => continue,
            (_, Some(before)) => ("modified", before.as_str()),
            (_, None) => ("added", ""),
        };
        found.push(File {
            path: path.clone(),
            previous: from.map(str::to_owned),
            status,
            patch: patch(before, text),
            shown: true,
        });
    }
    for (path, text) in base {
        if !head.contains_key(path) && !renamed.iter().any(|(from, _)| from == path) {
            found.push(File {
                path: path.clone(),
                previous: None,
                status: "removed",
                patch: patch(text, ""),
                shown: true,
            });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// A pull request as a workflow meets it.
pub(crate) struct World {
    pub double: Double,
    pub base: Tree,
    /// The binary.
    pub plimsoll: PathBuf,
    directory: tempfile::TempDir,
    repository: Repository,
    pub base_sha: String,
    pub head_sha: String,
    /// `GITHUB_EVENT_NAME`, and the event.
    pub event: (String, Value),
}

/// What a run of Plimsoll gave.
pub(crate) struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
    /// What it wrote for later steps.
    pub outputs: String,
    pub summary: String,
    pub asked: Vec<Asked>,
}

impl Run {
    pub(crate) fn creating(&self) -> usize {
        self.asked.iter().filter(|asked| asked.creates()).count()
    }

    pub(crate) fn changing(&self) -> usize {
        self.asked.iter().filter(|asked| asked.changes()).count()
    }

    /// How often this was asked.
    pub(crate) fn count(&self, method: &str, route: &str) -> usize {
        let fits = |asked: &&Asked| asked.method == method && asked.route.ends_with(route);
        self.asked.iter().filter(fits).count()
    }
}

impl World {
    pub(crate) fn new(plimsoll: &Path, base: Tree, head: &Tree) -> Self {
        Self::with(Double::start(), plimsoll, base, head, &[])
    }

    pub(crate) fn with(
        double: Double,
        plimsoll: &Path,
        base: Tree,
        head: &Tree,
        renamed: &[(&str, &str)],
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let repository = Repository::new(directory.path());
        let base_sha = repository.commit(&base, &[]);
        let mut world = Self {
            double,
            base,
            plimsoll: plimsoll.to_owned(),
            directory,
            repository,
            base_sha,
            head_sha: String::new(),
            event: ("pull_request".to_owned(), Value::Null),
        };
        world
            .repository
            .set("refs/remotes/origin/main", &world.base_sha);
        world
            .repository
            .set("refs/remotes/origin/HEAD", "ref: refs/remotes/origin/main");
        world.push_renamed(head, renamed);
        world
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The branch of the pull request has this commit alone, as after a force-push.
    pub(crate) fn push(&mut self, head: &Tree) {
        self.push_renamed(head, &[]);
    }

    fn push_renamed(&mut self, head: &Tree, renamed: &[(&str, &str)]) {
        self.head_sha = self.repository.commit(head, &[&self.base_sha]);
        // The checkout is the test merge, which is nobody's commit.
        let merge = self
            .repository
            .commit(head, &[&self.base_sha, &self.head_sha]);
        self.repository.set("HEAD", &merge);
        let mut state = self.double.state.lock().unwrap();
        state.push(&self.head_sha, files(&self.base, head, renamed));
        self.base_sha.clone_into(&mut state.base);
        let repository = |name: &str| json!({"full_name": name});
        self.event.1 = json!({
            "action": "synchronize",
            "number": 7,
            "repository": repository("acme/charts"),
            "pull_request": {
                "number": 7, "state": "open", "draft": state.draft,
                "head": {"sha": self.head_sha, "ref": "topic", "repo": repository(&state.head_repository)},
                "base": {"sha": self.base_sha, "ref": "main", "repo": repository("acme/charts")},
            },
        });
    }

    /// What is checked out has this commit's files.
    pub(crate) fn check_out(&self, sha: &str) {
        self.repository.set("HEAD", sha);
    }

    /// The pull request comes from a fork, whose runs get a token that only reads.
    pub(crate) fn fork(&mut self) {
        let mut state = self.double.state.lock().unwrap();
        state.rights = crate::double::Rights::Read;
        "eve/charts".clone_into(&mut state.head_repository);
        self.event.1["pull_request"]["head"]["repo"]["full_name"] = json!("eve/charts");
    }

    /// `plimsoll review`, in the environment that a runner gives.
    pub(crate) fn review(&self, arguments: &[&str]) -> Run {
        let before = self.double.asked().len();
        let file = |name: &str| self.directory.path().join(".git").join(name);
        let (event, outputs, summary) = (file("event.json"), file("outputs"), file("summary.md"));
        std::fs::write(&event, self.event.1.to_string()).unwrap();
        let _ = (
            std::fs::remove_file(&outputs),
            std::fs::remove_file(&summary),
        );
        let output = Command::new(&self.plimsoll)
            .arg("review")
            .args(arguments)
            .current_dir(self.directory.path())
            .env_clear()
            .env("GITHUB_ACTIONS", "true")
            .env("CI", "true")
            .env("GITHUB_EVENT_NAME", &self.event.0)
            .env("GITHUB_EVENT_PATH", event)
            .env("GITHUB_REPOSITORY", "acme/charts")
            .env("GITHUB_SERVER_URL", "https://example.test")
            .env("GITHUB_RUN_ID", "1")
            .env("GITHUB_API_URL", &self.double.api)
            .env("GITHUB_GRAPHQL_URL", &self.double.graphql)
            .env("GITHUB_OUTPUT", &outputs)
            .env("GITHUB_STEP_SUMMARY", &summary)
            .env("PLIMSOLL_TOKEN", TOKEN)
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let written = |path: PathBuf| std::fs::read_to_string(path).unwrap_or_default();
        let run = Run {
            code: output.status.code().unwrap(),
            out: text(output.stdout),
            err: text(output.stderr),
            outputs: written(outputs),
            summary: written(summary),
            asked: self.double.asked().split_off(before),
        };
        for place in [&run.out, &run.err, &run.outputs, &run.summary] {
            assert!(!place.contains(TOKEN), "the token is printed");
        }
        run
    }
}
