//! What the targets share: several files in one fuzzer input, and an app rendered from them.
//!
//! An input is a text in which a line `-- PATH --` begins a file. A fuzzer can move, copy and cut such files as it
//! does any other bytes, and a person can read what it found.

use plimsoll::discover::{App, Release, Set, SetKind, Source};
use plimsoll::problem::Kind;
use plimsoll::render::{self, Rendered};
use plimsoll::snapshot::Memory;
use plimsoll::text::RepoPath;

/// The files of an input. What stands before the first mark is `first`; paths that leave the tree are dropped.
pub fn files<'a>(first: &str, input: &'a [u8]) -> Vec<(RepoPath, &'a [u8])> {
    let mut files = Vec::new();
    let mut path = RepoPath::new(first).ok();
    let (mut start, mut at) = (0, 0);
    for line in input.split_inclusive(|&b| b == b'\n') {
        let end = at + line.len();
        let mark = std::str::from_utf8(line)
            .ok()
            .and_then(|line| line.trim_end().strip_prefix("-- ")?.strip_suffix(" --"));
        if let Some(next) = mark {
            files.extend(path.take().map(|path| (path, &input[start..at])));
            path = RepoPath::new(next).ok();
            start = end;
        }
        at = end;
    }
    files.extend(path.map(|path| (path, &input[start..])));
    files
}

/// A snapshot of some files.
pub fn snapshot<'a>(files: impl IntoIterator<Item = (RepoPath, &'a [u8])>) -> Memory {
    let mut memory = Memory::empty("fuzz");
    for (path, bytes) in files {
        memory.insert(path, plimsoll::snapshot::EntryKind::File, bytes);
    }
    memory
}

/// Renders, and panics where Plimsoll itself says that it has a bug.
pub fn render(snapshot: &Memory, source: Source) -> Rendered {
    let app = App { id: "fuzz".to_owned(), environment: None, source };
    let rendered = render::render(snapshot, &app);
    if let Some(bug) = rendered.rendering.problems.iter().find(|problem| problem.kind == Kind::Bug) {
        panic!("{}", bug.message);
    }
    for resource in &rendered.rendering.resources {
        std::hint::black_box(rendered.origins.trace(resource.value.origin));
    }
    rendered
}

/// The chart in `c/` with the values files and `--set` arguments that `read` finds in the input.
pub fn release(values: &[&str], sets: &[(SetKind, &str)]) -> Release {
    let chart = RepoPath::new("c").expect("a plain name is a path");
    Release {
        values: values.iter().filter_map(|path| RepoPath::new(path).ok()).collect(),
        sets: sets
            .iter()
            .map(|&(kind, argument)| Set { kind, argument: argument.to_owned() })
            .collect(),
        include_crds: true,
        ..Release::new(chart, "rel", "ns")
    }
}
