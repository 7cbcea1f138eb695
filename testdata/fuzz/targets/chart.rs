//! A whole chart: any files, loaded, merged, rendered, split and parsed again. The first line of `set` is a `--set`.
#![no_main]

mod tree;

use libfuzzer_sys::fuzz_target;
use plimsoll::discover::{HelmVersion, SetKind, Source};

fuzz_target!(|input: &[u8]| {
    let mut files = tree::files("c/templates/t.yaml", input);
    let chart = b"apiVersion: v2\nname: c\nversion: 1.0.0\n".as_slice();
    if !files.iter().any(|(path, _)| path.as_str() == "c/Chart.yaml") {
        files.push((plimsoll::text::RepoPath::new("c/Chart.yaml").expect("a plain path"), chart));
    }
    let text = |name: &str| {
        let file = files.iter().find(|(path, _)| path.as_str() == name)?;
        std::str::from_utf8(file.1).ok()?.lines().next()
    };
    let sets: Vec<_> = text("set").map(|line| (SetKind::Typed, line)).into_iter().collect();
    let given: &[&str] = if text("values.yaml").is_some() { &["values.yaml"] } else { &[] };
    let mut release = tree::release(given, &sets);
    if input.len() % 2 == 1 {
        release.helm = HelmVersion::V3;
    }
    let snapshot = tree::snapshot(files);
    tree::render(&snapshot, Source::Helm(release));
});
