//! A command for judging the Helm renderer, until the real one takes its place: `plimsoll render CHART …` over a directory.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::exit,
    reason = "a command prints and exits"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll::discover::{App, HelmVersion, Release, Set, SetKind, Source};
use plimsoll::render;
use plimsoll::snapshot::{ContentId, Entries, Entry, EntryKind, ReadError, Snapshot};
use plimsoll::text::{LineIndex, RepoPath};

/// The directories that a rendering may read.
struct Directory {
    root: PathBuf,
    entries: Entries,
}

impl Directory {
    fn new(root: &Path, below: &[PathBuf]) -> Self {
        let mut directory = Self {
            root: root.to_owned(),
            entries: Entries::new(),
        };
        for path in below {
            directory.add(path);
        }
        directory
    }

    fn add(&mut self, path: &Path) {
        let Ok(meta) = std::fs::symlink_metadata(path) else {
            return;
        };
        if meta.is_dir() {
            let mut names: Vec<PathBuf> = std::fs::read_dir(path)
                .into_iter()
                .flatten()
                .filter_map(|entry| Some(entry.ok()?.path()))
                .collect();
            names.sort();
            for name in names {
                self.add(&name);
            }
            return;
        }
        let Some(inside) = path
            .strip_prefix(&self.root)
            .ok()
            .and_then(|inside| RepoPath::new(&inside.to_string_lossy()).ok())
        else {
            return;
        };
        let kind = if meta.is_symlink() {
            // What the link leads to is needed too.
            if let Ok(target) = path.canonicalize()
                && !self.covers(&target)
            {
                self.entries.insert(
                    inside.clone(),
                    Entry {
                        kind: EntryKind::Link,
                        id: ContentId([0; 20]),
                    },
                );
                self.add(&target);
            }
            EntryKind::Link
        } else {
            EntryKind::File
        };
        let id = ContentId([0; 20]);
        self.entries.insert(inside, Entry { kind, id });
    }

    fn covers(&self, path: &Path) -> bool {
        path.strip_prefix(&self.root)
            .ok()
            .and_then(|inside| RepoPath::new(&inside.to_string_lossy()).ok())
            .is_some_and(|inside| {
                self.entries.contains_key(&inside)
                    || self.entries.keys().any(|known| known.is_within(&inside))
            })
    }
}

impl Snapshot for Directory {
    fn label(&self) -> &'static str {
        "a directory"
    }

    fn entries(&self) -> &Entries {
        &self.entries
    }

    fn bytes(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        let full = self.root.join(path.as_str());
        let failed =
            |error: std::io::Error| ReadError::Unavailable(path.clone(), error.to_string());
        match self.entries.get(path).map(|entry| entry.kind) {
            Some(EntryKind::Link) => {
                let target = std::fs::read_link(full).map_err(failed)?;
                Ok(Arc::from(target.to_string_lossy().as_bytes()))
            }
            Some(_) => Ok(Arc::from(std::fs::read(full).map_err(failed)?)),
            None => Err(ReadError::Missing(path.clone())),
        }
    }
}

fn absolute(path: &str) -> PathBuf {
    let mut out = std::env::current_dir().unwrap_or_default();
    for part in Path::new(path).components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some("render") {
        eprintln!(
            "usage: plimsoll render CHART [--name NAME] [--namespace NS] [-f FILE] [--set …]"
        );
        std::process::exit(2);
    }
    let root = PathBuf::from("/");
    let inside = |path: &str| {
        RepoPath::new(absolute(path).to_string_lossy().trim_start_matches('/'))
            .unwrap_or_else(|_| RepoPath::root())
    };
    let mut release = Release::new(RepoPath::root(), "release-name", "default");
    let mut roots = Vec::new();
    let mut explain = false;
    while let Some(argument) = arguments.next() {
        let (flag, given) = match argument.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => {
                (flag.to_owned(), Some(value.to_owned()))
            }
            _ => (argument.clone(), None),
        };
        let mut value = || {
            given
                .clone()
                .or_else(|| arguments.next())
                .unwrap_or_default()
        };
        match flag.as_str() {
            "--name" => release.name = value(),
            "--namespace" | "-n" => release.namespace = value(),
            "-f" | "--values" => {
                for path in value().split(',') {
                    roots.push(absolute(path));
                    release.values.push(inside(path));
                }
            }
            "--set" | "--set-string" | "--set-json" | "--set-literal" => {
                let kind = match flag.as_str() {
                    "--set" => SetKind::Typed,
                    "--set-string" => SetKind::Text,
                    "--set-json" => SetKind::Json,
                    _ => SetKind::Literal,
                };
                release.sets.push(Set {
                    kind,
                    argument: value(),
                });
            }
            "--set-file" => {
                let argument = value();
                let (key, path) = argument.split_once('=').unwrap_or((&argument, ""));
                roots.push(absolute(path));
                release.sets.push(Set {
                    kind: SetKind::File,
                    argument: format!("{key}={}", inside(path).as_str()),
                });
            }
            "--kube-version" => release.kube_version = Some(value()),
            "--api-versions" | "-a" => release
                .api_versions
                .extend(value().split(',').map(str::to_owned)),
            "--include-crds" => release.include_crds = true,
            "--no-hooks" => release.hooks = false,
            "--skip-tests" => release.skip_tests = true,
            "--is-upgrade" => release.is_upgrade = true,
            "--show-only" | "-s" => release.show_only.push(value()),
            "--skip-schema-validation" => release.validate_schema = false,
            "--helm-version" => {
                release.helm = if value().starts_with('3') {
                    HelmVersion::V3
                } else {
                    HelmVersion::V4
                };
            }
            "--explain" => explain = true,
            flag if flag.starts_with('-') => {
                eprintln!("unknown flag {flag}");
                std::process::exit(2);
            }
            chart => {
                roots.push(absolute(chart));
                release.chart = inside(chart);
            }
        }
    }
    let snapshot = Directory::new(&root, &roots);
    let app = App {
        id: release.name.clone(),
        environment: None,
        source: Source::Helm(release),
    };
    let rendered = render::render(&snapshot, &app);
    let output = &rendered.rendering.output;
    if explain {
        let text = output.as_str();
        let index = LineIndex::new(text);
        for number in 1..=index.lines() {
            let span = index.line(number);
            let mut origins = rendered.origins.clone();
            let all = origins.all(output.runs_in(span).collect::<Vec<_>>());
            let trace = origins.trace(all);
            let show = |source: &plimsoll::origin::Source| {
                let file = origins.file(source.file);
                let at = LineIndex::new(&file.text).position(&file.text, source.span.start);
                format!(
                    "{}:{}:{} {:?}",
                    file.path.file_name(),
                    at.line,
                    at.column,
                    source.role
                )
            };
            let data: Vec<String> = trace.data.iter().map(show).collect();
            let control: Vec<String> = trace.control.iter().map(show).collect();
            println!(
                "{:<60} <- {} | {}",
                span.of(text).trim_end_matches('\n'),
                data.join(", "),
                control.join(", ")
            );
        }
    } else {
        print!("{}", output.as_str());
    }
    for problem in &rendered.rendering.problems {
        let place = problem.place.as_ref().map(|place| place.path.to_string());
        eprintln!(
            "Error: {}{}",
            problem.message,
            place.map(|place| format!(" [{place}]")).unwrap_or_default()
        );
    }
    if !rendered.rendering.problems.is_empty() {
        std::process::exit(1);
    }
}
