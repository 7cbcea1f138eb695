//! A whole kustomization: any files, built from the first directory that holds one. What stands before the first mark is
//! `kustomization.yaml`; loading, patches, replacements, JSON pointers, generators and references are all behind it.
#![no_main]

mod tree;

use libfuzzer_sys::fuzz_target;
use plimsoll::discover::{Overlay, Source};
use plimsoll::text::RepoPath;

fuzz_target!(|input: &[u8]| {
    let files = tree::files("kustomization.yaml", input);
    let mut directory = RepoPath::root();
    if let Some((path, _)) = files.iter().find(|(path, _)| path.as_str().ends_with("kustomization.yaml")) {
        directory = path.parent().unwrap_or_else(RepoPath::root);
    }
    let overlay = Overlay {
        restrict_loads: input.len() % 2 == 0,
        inflate_charts: input.len() % 3 == 0,
        reorder: input.len() % 5 != 0,
        ..Overlay::new(directory)
    };
    let snapshot = tree::snapshot(files);
    tree::render(&snapshot, Source::Kustomize(overlay));
});
