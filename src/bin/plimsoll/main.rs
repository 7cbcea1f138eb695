//! A stand-in for the command line: `render DIR` for the conformance runner. The real one replaces it.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command prints"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll::discover::Overlay;
use plimsoll::origin::Origins;
use plimsoll::render::kustomize;
use plimsoll::snapshot::{ContentId, Entries, Entry, EntryKind, ReadError, Snapshot, Tree};
use plimsoll::text::RepoPath;

struct Disk {
    root: PathBuf,
    entries: Entries,
}

fn walk(root: &Path, at: &Path, entries: &mut Entries) {
    let Ok(list) = std::fs::read_dir(at) else {
        return;
    };
    for entry in list.flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        let Some(name) = path.strip_prefix(root).ok().and_then(Path::to_str) else {
            continue;
        };
        if kind.is_dir() {
            if entry.file_name() != ".git" {
                walk(root, &path, entries);
            }
            continue;
        }
        let kind = if kind.is_symlink() {
            EntryKind::Link
        } else {
            EntryKind::File
        };
        if let Ok(name) = RepoPath::new(name) {
            let id = ContentId([0; 20]);
            entries.insert(name, Entry { kind, id });
        }
    }
}

impl Snapshot for Disk {
    fn label(&self) -> &str {
        "disk"
    }

    fn entries(&self) -> &Entries {
        &self.entries
    }

    fn bytes(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        let full = self.root.join(path.as_str());
        let is_link = self
            .entries
            .get(path)
            .is_some_and(|e| e.kind == EntryKind::Link);
        if is_link {
            return std::fs::read_link(full)
                .map(|target| Arc::from(target.to_string_lossy().as_bytes()))
                .map_err(|_| ReadError::Missing(path.clone()));
        }
        std::fs::read(full)
            .map(Arc::from)
            .map_err(|_| ReadError::Missing(path.clone()))
    }
}

fn main() -> std::process::ExitCode {
    let mut args = std::env::args().skip(1);
    let mut directory = None;
    let (mut restrict_loads, mut inflate_charts, mut origins_wanted) = (true, false, false);
    let mut ignored: BTreeMap<String, String> = BTreeMap::new();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "render" => {}
            "--enable-helm" => inflate_charts = true,
            "--origins" => origins_wanted = true,
            "--load-restrictor" => {
                restrict_loads = args.next().as_deref() != Some("LoadRestrictionsNone");
            }
            flag if flag.starts_with("--") => {
                let value = args.next().unwrap_or_default();
                ignored.insert(flag.to_owned(), value);
            }
            path => directory = Some(PathBuf::from(path)),
        }
    }
    let directory = directory.unwrap_or_default();
    let directory = std::fs::canonicalize(&directory).unwrap_or(directory);
    // The tree of a conformance case: the folder that holds all of its files.
    let root = directory
        .ancestors()
        .find(|path| {
            path.file_name().is_some_and(|name| name == "in")
                || path
                    .parent()
                    .and_then(Path::file_name)
                    .is_some_and(|name| name == "tree")
                || path.join(".git").exists()
        })
        .unwrap_or(&directory)
        .to_path_buf();
    let mut entries = Entries::new();
    walk(&root, &root, &mut entries);
    let name = directory
        .strip_prefix(&root)
        .ok()
        .and_then(Path::to_str)
        .unwrap_or("");
    let overlay = Overlay {
        directory: RepoPath::new(name).unwrap_or_else(|_| RepoPath::root()),
        restrict_loads,
        inflate_charts,
    };
    let disk = Disk { root, entries };
    let tree = Tree::new(&disk);
    let mut origins = Origins::new();
    let rendering = kustomize::render(&tree, &overlay, &mut origins);
    if origins_wanted {
        for resource in &rendering.resources {
            println!("{} {:?}", resource.identity, resource.stem);
        }
        let mut start = 0;
        for run in rendering.output.runs() {
            let text = rendering
                .output
                .as_str()
                .get(start..run.end as usize)
                .unwrap_or("");
            start = run.end as usize;
            let trace = origins.trace(run.origin);
            let show = |list: &[plimsoll::origin::Source]| {
                list.iter()
                    .map(|s| {
                        let file = origins.file(s.file);
                        format!("{}:{:?}[{:?}]", file.path, s.span.of(&file.text), s.role)
                    })
                    .collect::<Vec<_>>()
                    .join(" + ")
            };
            print!("{text:?}  <- {}", show(&trace.data));
            for layer in &trace.history {
                print!("  over {}", show(layer));
            }
            println!();
        }
    } else {
        print!("{}", rendering.output.as_str());
    }
    for problem in &rendering.problems {
        eprintln!(
            "{:?}: {} {:?}",
            problem.kind, problem.message, problem.place
        );
        for (place, what) in &problem.chain {
            eprintln!("    {what}: {place:?}");
        }
    }
    if rendering.problems.is_empty() {
        std::process::ExitCode::SUCCESS
    } else {
        std::process::ExitCode::from(2)
    }
}
