//! Charts that loop, explode or reach out: each is a problem with a place, or harmless, quickly and in bounded memory.

use super::tests::alone;
use super::*;
use crate::discover::Limits;
use crate::snapshot::{EntryKind, Memory};
use crate::text::RepoPath;

const CHART: &str = "apiVersion: v2\nname: c\nversion: 1.0.0\n";

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

fn chart(files: &[(&str, &str)]) -> Memory {
    let mut memory = Memory::new("test", files.iter().copied()).unwrap();
    memory.insert(path("c/Chart.yaml"), EntryKind::File, CHART.as_bytes());
    memory
}

fn rendered(memory: &Memory, change: impl FnOnce(&mut Release)) -> Rendering {
    let mut release = Release::new(path("c"), "rel", "ns");
    change(&mut release);
    alone(memory, release).rendering
}

/// The chart stops with these words at this file.
fn refused(memory: &Memory, change: impl FnOnce(&mut Release), file: &str, words: &str) {
    let rendering = rendered(memory, change);
    let problem = rendering.problems.first().expect("a problem");
    let place = problem.place.as_ref().expect("a place");
    assert!(problem.message.contains(words), "{}", problem.message);
    assert_eq!(place.path.as_str(), file, "{words}");
    assert_eq!(rendering.output.as_str(), "");
}

#[test]
fn templates_that_explode_are_stopped() {
    const STEPS: &str = "do more work than the limit allows";
    const BYTES: &str = "make more text than the limit allows";
    const MEMORY: &str = "make more values than the limit allows";
    let limits = Limits {
        steps: 200_000,
        bytes: 4 << 20,
        memory: 64 << 20,
    };
    let little_memory = Limits {
        memory: 2 << 20,
        ..limits
    };
    for (template, words) in [
        (
            "{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}",
            STEPS,
        ),
        ("{{ untilStep 0 1000000 1 | len }}", STEPS),
        ("{{ until 1000000000 | len }}", "above the limit"),
        ("{{ seq 1000000000 | len }}", "above the limit"),
        (
            "{{ $l := list 1 }}{{ range 40 }}{{ $l = concat $l $l }}{{ end }}",
            STEPS,
        ),
        // Little work, and much to hold.
        (
            "{{ $d := dict }}{{ range $i, $_ := until 20000 }}{{ $_ := set $d (print $i) $i }}{{ end }}",
            MEMORY,
        ),
        (
            "{{ $l := list }}{{ range 1000 }}{{ $l = append $l (until 1000) }}{{ end }}",
            MEMORY,
        ),
        (
            "{{ $y := printf \"[%s]\" (repeat 60000 \"a,\") }}{{ range 10 }}{{ $_ := fromYamlArray $y }}{{ end }}",
            MEMORY,
        ),
        (
            "{{ range $i, $_ := until 500 }}{{ $_ := tpl (print (repeat 100 \"{{ 1 }}\") $i) $ }}{{ end }}",
            MEMORY,
        ),
        ("{{ repeat 1000000000 \"x\" }}", BYTES),
        ("{{ indent 1000000000 \"x\" }}", BYTES),
        (
            "{{ range 1000 }}{{ printf \"%1000000d\" 1 }}{{ end }}",
            BYTES,
        ),
        (
            "{{ $s := \"0123456789\" }}{{ range 40 }}{{ $s = print $s $s }}{{ end }}",
            BYTES,
        ),
        (
            "{{ $s := \"0123456789\" }}{{ range 40 }}{{ $s = replace \"0\" $s $s }}{{ end }}",
            BYTES,
        ),
        // No character is made here, but ever more places that say where nothing came from.
        (
            "{{ define \"n\" }}{{ .Values.x }}{{ .Values.y }}{{ end }}{{ $s := include \"n\" . }}{{ range 40 }}{{ $s = print $s $s }}{{ end }}",
            BYTES,
        ),
        ("{{ randAlphaNum 1000000000 }}", "above the limit"),
        ("{{ randBytes 1000000000 }}", "above the limit"),
        (
            "{{ mustRegexMatch (repeat 2000 \"a{1000}\") \"a\" }}",
            "expression too large",
        ),
        (
            "{{ mustRegexMatch \"((a{100}){100}){100}\" \"a\" }}",
            "invalid repeat count",
        ),
        (
            "{{ mustRegexMatch (repeat 2000 \"(\") \"a\" }}",
            "expression nests too deeply",
        ),
        (
            "{{ define \"x\" }}{{ include \"x\" . }}{{ end }}{{ include \"x\" . }}",
            "nested reference name: x",
        ),
        (
            "{{ define \"x\" }}{{ template \"x\" . }}{{ end }}{{ template \"x\" . }}",
            "nested too deeply",
        ),
        ("{{ tpl .Values.t . }}", "tpl is nested too deeply"),
    ] {
        let memory = chart(&[
            ("c/values.yaml", "t: '{{ tpl .Values.t . }}'\n"),
            ("c/templates/a.txt", template),
        ]);
        refused(
            &memory,
            |release| {
                release.limits = match words {
                    MEMORY => little_memory,
                    _ => limits,
                };
            },
            "c/templates/a.txt",
            words,
        );
    }
}

#[test]
fn values_that_explode_are_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = format!("*a{}, ", level - 1).repeat(9);
        bomb.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }
    let file = "c/values.yaml";
    refused(&chart(&[(file, &bomb)]), |_| {}, file, "excessive aliasing");
    let deep = format!("a: {}", "[".repeat(100_000));
    refused(&chart(&[(file, &deep)]), |_| {}, file, "levels of nesting");
    let set = |argument: &str, words: &str| {
        let change = |release: &mut Release| {
            release.sets.push(crate::discover::Set {
                kind: crate::discover::SetKind::Typed,
                argument: argument.to_owned(),
            });
        };
        refused(&chart(&[]), change, "--set", words);
    };
    set("a[100000000]=1", "maximum supported index");
    set(&format!("{}=1", "a.".repeat(100_000)), "nest");
    let schema = chart(&[("c/values.schema.json", r##"{"$ref": "#"}"##)]);
    assert!(rendered(&schema, |_| {}).resources.is_empty());
}

#[test]
fn what_lies_outside_a_chart_is_out_of_reach() {
    let reads = "{{ .Files.Get \"../secret\" }}{{ .Files.Get \"/secret\" }}{{ range $p, $_ := .Files.Glob \"**\" }}{{ $p }}{{ end }}{{ (.Files.Glob \"../*\").AsConfig }}";
    let memory = chart(&[("secret", "hidden"), ("c/templates/a.txt", reads)]);
    let rendering = rendered(&memory, |_| {});
    assert_eq!(rendering.problems, []);
    assert!(!rendering.output.as_str().contains("secret"));
    assert!(!rendering.output.as_str().contains("hidden"));
    for target in ["../../etc/passwd", "/etc/passwd", "loop"] {
        let mut memory = chart(&[("c/templates/a.txt", "")]);
        memory.insert(path("c/loop"), EntryKind::Link, target.as_bytes());
        refused(&memory, |_| {}, "c/loop", "leads nowhere or outside");
    }
    let mut memory = chart(&[]);
    memory.insert(path("c/up"), EntryKind::Link, b"..");
    let deep = format!("c/up{}", "/c/up".repeat(32));
    refused(&memory, |_| {}, &deep, "nested too deeply");
}

#[test]
fn packed_charts_that_explode_are_refused() {
    let packed = |names: &[&str], size: u64| -> Memory {
        let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut archive = tar::Builder::new(encoder);
        for name in names {
            let mut header = tar::Header::new_gnu();
            let raw = name.as_bytes();
            header.as_mut_bytes()[..raw.len()].copy_from_slice(raw);
            header.set_entry_type(tar::EntryType::Regular);
            header.set_size(size);
            header.set_cksum();
            // The header alone: what it announces need not be there.
            std::io::Write::write_all(archive.get_mut(), header.as_bytes()).unwrap();
        }
        let bytes = archive.into_inner().unwrap().finish().unwrap();
        let mut memory = Memory::empty("test");
        memory.insert(path("c.tgz"), EntryKind::File, &bytes);
        memory
    };
    let check = |memory: &Memory, words: &str| {
        refused(
            memory,
            |release| release.chart = path("c.tgz"),
            "c.tgz",
            words,
        );
    };
    check(
        &packed(&["c/big"], 6 << 20),
        "larger than the maximum file size",
    );
    check(&packed(&["c/big"], 1 << 40), "larger than the maximum size");
    check(&packed(&["c/../../x"], 0), "references parent directory");
    check(&packed(&["c//etc/x"], 0), "absolute paths");
    let many = vec!["c/x"; 20_001];
    check(&packed(&many, 0), "more than 20000 entries");
}
