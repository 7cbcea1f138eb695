//! A JSON schema and the values it judges: the input's files `c/values.schema.json` and `c/values.yaml`.
#![no_main]

mod tree;

use libfuzzer_sys::fuzz_target;
use plimsoll::discover::Source;
use plimsoll::text::RepoPath;

fuzz_target!(|input: &[u8]| {
    let mut files = tree::files("c/values.schema.json", input);
    let chart = RepoPath::new("c/Chart.yaml").expect("a plain path");
    files.push((chart, b"apiVersion: v2\nname: c\nversion: 1.0.0\n"));
    tree::render(&tree::snapshot(files), Source::Helm(tree::release(&[], &[])));
});
