//! One template over fixed values: lexer, parser, evaluator, the function library.
#![no_main]

mod tree;

use libfuzzer_sys::fuzz_target;
use plimsoll::discover::Source;
use plimsoll::text::RepoPath;

const VALUES: &str = "s: text\nn: 3\nf: 1.5\nb: true\nempty:\nl: [a, b, {c: d}]\nm: {k: v, deep: {x: 1, y: [1, 2]}}\nt: '{{ .Values.s }}'\nv: 1.2.3\nd: 2024-02-29T12:00:00Z\nnul: ~\n";

fuzz_target!(|input: &[u8]| {
    let file = |path: &str| RepoPath::new(path).expect("a plain path");
    let files = [
        (file("c/Chart.yaml"), b"apiVersion: v2\nname: c\nversion: 1.0.0\n".as_slice()),
        (file("c/values.yaml"), VALUES.as_bytes()),
        (file("c/templates/NOTES.txt"), input),
    ];
    tree::render(&tree::snapshot(files), Source::Helm(tree::release(&[], &[])));
});
