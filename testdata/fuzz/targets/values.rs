//! Values over values: the input's files `c/values.yaml`, `a.yaml`, `b.yaml`, and `set`, whose lines are arguments of the
//! flag that their first word names (`set`, `set-string`, `set-json`, `set-literal`).
#![no_main]

mod tree;

use libfuzzer_sys::fuzz_target;
use plimsoll::discover::{SetKind, Source};
use plimsoll::text::RepoPath;

fuzz_target!(|input: &[u8]| {
    let file = |path: &str| RepoPath::new(path).expect("a plain path");
    let mut files = tree::files("c/values.yaml", input);
    files.push((
        file("c/Chart.yaml"),
        b"apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies: [{name: s, version: '*', condition: s.on, import-values: [x, {child: y, parent: z}]}]\n",
    ));
    files.push((file("c/charts/s/Chart.yaml"), b"apiVersion: v2\nname: s\nversion: 1.0.0\n"));
    files.push((file("c/templates/NOTES.txt"), b"{{ toYaml .Values }}{{ toJson .Values }}"));
    let arguments: Vec<String> = files
        .iter()
        .find(|(path, _)| path.as_str() == "set")
        .map(|(_, bytes)| String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect())
        .unwrap_or_default();
    let sets: Vec<(SetKind, &str)> = arguments
        .iter()
        .filter_map(|line| {
            let (flag, argument) = line.split_once(' ')?;
            let kind = match flag {
                "set" => SetKind::Typed,
                "set-string" => SetKind::Text,
                "set-json" => SetKind::Json,
                "set-literal" => SetKind::Literal,
                _ => return None,
            };
            Some((kind, argument))
        })
        .collect();
    let given: Vec<&str> = ["a.yaml", "b.yaml"]
        .into_iter()
        .filter(|name| files.iter().any(|(path, _)| path.as_str() == *name))
        .collect();
    let release = tree::release(&given, &sets);
    tree::render(&tree::snapshot(files), Source::Helm(release));
});
