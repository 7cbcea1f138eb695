//! The invariants that the compiler does not check, as tests over the sources: layers, doors, module documentation.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// An external crate, and the files that may name it.
const DOORS: &[(&str, &[&str])] = &[
    ("gix", &["snapshot/git.rs", "snapshot/git/"]),
    ("regorus", &["policy/rego.rs", "policy/rego/"]),
    ("libyaml_rs", &["yaml/events.rs"]),
    ("libyaml", &["yaml/events.rs"]),
    ("yaml_rust2", &["config/load.rs"]),
    ("annotate_snippets", &["report/text.rs"]),
    ("imara_diff", &["change/hunks.rs"]),
    ("ureq", &["fetch/client.rs"]),
    ("webpki_root_certs", &["fetch/client.rs"]),
    ("octocrab", &["github/client.rs"]),
    ("tokio", &["github/client.rs"]),
    ("clap", &["bin/"]),
];

/// The only file that may wrap unsafe code.
const UNSAFE: &[&str] = &["yaml/events.rs"];

fn sources() -> BTreeMap<String, String> {
    fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    found
        .into_iter()
        .map(|path| {
            let name = path
                .strip_prefix(&root)
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/");
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// The layer of each top-level module: the blank-line groups of `lib.rs`, lowest first.
fn layers(lib: &str) -> BTreeMap<String, usize> {
    let mut layer = 0;
    let mut layers = BTreeMap::new();
    for line in lib.lines() {
        match line
            .trim()
            .strip_prefix("pub mod ")
            .or_else(|| line.trim().strip_prefix("mod "))
        {
            Some(rest) => {
                layers.insert(rest.trim_end_matches(';').to_owned(), layer);
            }
            None if line.trim().is_empty() => layer += 1,
            None => {}
        }
    }
    layers
}

/// The top-level modules that a source names after `crate::`, grouped uses included.
fn named_modules(source: &str) -> Vec<(usize, String)> {
    let mut named = Vec::new();
    for (number, line) in source.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        let mut rest = code;
        while let Some(at) = rest.find("crate::") {
            rest = &rest[at + "crate::".len()..];
            let word = |text: &str| {
                text.chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect::<String>()
            };
            if let Some(group) = rest.strip_prefix('{') {
                assert!(
                    group.contains('}'),
                    "line {}: write grouped `use crate::{{…}}` on one line",
                    number + 1
                );
                let group = group.split('}').next().unwrap_or_default();
                named.extend(group.split(',').map(|item| (number + 1, word(item.trim()))));
            } else {
                named.push((number + 1, word(rest)));
            }
        }
    }
    named
}

#[test]
fn a_module_uses_only_the_layers_below_it() {
    let sources = sources();
    let layers = layers(&sources["lib.rs"]);
    let mut wrong = Vec::new();
    for (file, source) in &sources {
        let top = file.split('/').next().unwrap().trim_end_matches(".rs");
        let Some(&layer) = layers.get(top) else {
            assert!(
                matches!(top, "lib" | "bin" | "tidy"),
                "{file} belongs to no module of lib.rs"
            );
            continue;
        };
        for (line, named) in named_modules(source) {
            if named == top {
                continue;
            }
            if layers.get(&named).is_some_and(|&other| other >= layer) {
                wrong.push(format!("{file}:{line}: {top} may not use {named}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_layer_rule_catches_grouped_and_plain_uses() {
    let names = |source| {
        named_modules(source)
            .into_iter()
            .map(|(_, name)| name)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names("use crate::{text::Span, yaml};\nlet x = crate::render::render(); // crate::no"),
        ["text", "yaml", "render"]
    );
}

#[test]
fn each_heavy_crate_has_one_door() {
    let mut wrong = Vec::new();
    for (file, source) in sources() {
        for (name, doors) in DOORS {
            let uses = source.lines().any(|line| {
                let code = line.split("//").next().unwrap_or_default();
                [
                    format!("{name}::"),
                    format!("use {name};"),
                    format!("use {name} as"),
                ]
                .iter()
                .any(|form| {
                    code.match_indices(form.as_str()).any(|(at, _)| {
                        !code[..at]
                            .ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':')
                    })
                })
            });
            if uses && file != "tidy.rs" && !doors.iter().any(|door| file.starts_with(door)) {
                wrong.push(format!(
                    "{file} names {name}; its door is {}",
                    doors.join(" or ")
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for() {
    for (file, source) in sources() {
        assert!(
            source.starts_with("//! "),
            "{file} does not begin with `//!`"
        );
    }
}

#[test]
fn unsafe_code_stays_behind_its_door() {
    for (file, source) in sources() {
        let uses = source.lines().any(|line| {
            let code = line.split("//").next().unwrap_or_default();
            code.contains("unsafe {") || code.contains("unsafe fn") || code.contains("unsafe impl")
        });
        let allowed = UNSAFE.contains(&file.as_str()) || file == "tidy.rs";
        assert!(allowed || !uses, "{file} holds unsafe code");
    }
}

#[test]
fn nothing_below_the_doors_touches_the_outside() {
    // The core reads no file, clock or environment: those come in through `snapshot`, `bin` and, later, sockets.
    const OUTSIDE: &[&str] = &[
        "std::fs",
        "std::env",
        "TcpStream",
        "UdpSocket",
        "ToSocketAddrs",
        "std::process",
        "SystemTime",
        "Instant::now",
    ];
    // A deadline keeps a difference of hostile texts from taking for ever; where it is met, the difference says so.
    const EXCEPT: &[(&str, &str)] = &[("change/diff.rs", "Instant::now")];
    let mut wrong = Vec::new();
    for (file, source) in sources() {
        if file == "tidy.rs"
            || file.ends_with("tests.rs")
            || file.contains("/tests/")
            || file.starts_with("bin/")
            || file.starts_with("snapshot/")
            || matches!(file.as_str(), "fetch/client.rs" | "fetch/cache.rs")
        {
            continue;
        }
        for (number, line) in source.lines().enumerate() {
            if line.trim_start().starts_with("#[cfg(test)]") {
                break;
            }
            let code = line.split("//").next().unwrap_or_default();
            if let Some(name) = OUTSIDE
                .iter()
                .find(|name| code.contains(**name) && !EXCEPT.contains(&(&file, name)))
            {
                wrong.push(format!("{file}:{}: uses {name}", number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_module_is_a_drawer_for_everything() {
    for file in sources().keys() {
        for part in file.trim_end_matches(".rs").split('/') {
            assert!(
                !matches!(part, "utils" | "util" | "common" | "helpers" | "misc"),
                "{file}"
            );
        }
    }
}

#[test]
fn the_top_level_holds_only_what_belongs_there() {
    const ALLOWED: &[&str] = &[
        ".ci",
        ".git",
        ".github",
        ".gitignore",
        ".pre-commit-hooks.yaml",
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "Dockerfile",
        "LICENSE",
        "README.md",
        "action.yml",
        "controls",
        "src",
        "target",
        "testdata",
    ];
    for entry in std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(
            ALLOWED.contains(&name.as_str()),
            "{name} does not belong at the top level"
        );
    }
}
