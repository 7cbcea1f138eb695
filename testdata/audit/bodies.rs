//! What would be posted for the findings of the conformance charts, for a reader of Markdown to judge:
//! `cargo run --example bodies -- OUT [FOLDER] [--every N] [--only NAME] | …`, then `testdata/audit/bodies.py OUT`.
//!
//! FOLDER holds the conformance cases (default `target/conformance`). Each chart is a pull request that adds it, so that
//! every line is in the difference. OUT gets a line of JSON for each body: where it stands, the file before, and the file
//! that was proved, where it suggests an edit.
#![expect(clippy::print_stdout, reason = "a program for people")]
#![allow(
    clippy::unwrap_used,
    reason = "an audit may end where its cases are not what they should be"
)]

use std::collections::BTreeSet;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use plimsoll::change::files;
use plimsoll::check::{self, Fixes, Gate, Progress, Request, Waiving};
use plimsoll::fix::Remedy;
use plimsoll::report::{Report, Which};
use plimsoll::review::{self, Anchor, Capabilities, Comment, Posted, Subject};
use plimsoll::snapshot::{EntryKind, Memory};
use plimsoll::text::RepoPath;
use serde_json::{Value as Json, json};

type Failure = Box<dyn std::error::Error>;

struct Silent;

impl Progress for Silent {
    fn rendered(&self, _: usize, _: usize) {}
}

fn main() -> Result<(), Failure> {
    let mut places: Vec<PathBuf> = Vec::new();
    let (mut every, mut only) = (1, String::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut next = || arguments.next().ok_or("an argument is missing");
        match argument.as_str() {
            "--every" => every = next()?.parse()?,
            "--only" => only = next()?,
            place => places.push(place.into()),
        }
    }
    let out = places
        .first()
        .ok_or("where to write the bodies is missing")?;
    let cases = places
        .get(1)
        .cloned()
        .unwrap_or_else(|| "target/conformance".into());
    let mut out = BufWriter::new(std::fs::File::create(out)?);
    let (mut charts, mut bodies, mut suggestions) = (0, 0, 0);
    for chart in charts_of(&cases.join("helm"))?
        .iter()
        .filter(|chart| chart.contains(&only))
        .step_by(every)
    {
        let memory = load(&cases.join("helm").join(chart))?;
        charts += 1;
        for line in reviewed(chart, &memory) {
            bodies += 1;
            suggestions += usize::from(line.get("proved").is_some());
            writeln!(out, "{line}")?;
        }
    }
    out.flush()?;
    println!("{charts} charts, {bodies} bodies, {suggestions} of them with a suggestion");
    Ok(())
}

/// The folders of the charts that Helm renders.
fn charts_of(folder: &Path) -> Result<BTreeSet<String>, Failure> {
    let text = std::fs::read_to_string(folder.join("cases.jsonl"))?;
    let mut found = BTreeSet::new();
    for line in text.lines() {
        let case: Json = serde_json::from_str(line)?;
        let of = |key: &str| case.get(key).and_then(Json::as_str).unwrap_or_default();
        if of("kind") == "default" && case.get("helm4_exit") == Some(&json!(0)) {
            found.insert(of("chart_dir").to_owned());
        }
    }
    Ok(found)
}

fn load(root: &Path) -> Result<Memory, Failure> {
    let mut memory = Memory::empty("head");
    let mut open = vec![(root.to_owned(), "chart/".to_owned())];
    while let Some((directory, prefix)) = open.pop() {
        for entry in std::fs::read_dir(&directory)? {
            let path = entry?.path();
            let name = format!("{prefix}{}", path.file_name().unwrap().to_string_lossy());
            if path.is_dir() {
                open.push((path, format!("{name}/")));
            } else {
                memory.insert(
                    RepoPath::new(&name)?,
                    EntryKind::File,
                    &std::fs::read(&path)?,
                );
            }
        }
    }
    Ok(memory)
}

/// Every body of the review of a pull request that adds these files.
fn reviewed(chart: &str, head: &Memory) -> Vec<Json> {
    let base = Memory::empty("base");
    let request = Request {
        base: &base,
        head,
        target: None,
        config: None,
        notes: Vec::new(),
        problems: Vec::new(),
        waivers: Waiving::default(),
    };
    let comparison = check::compare(&request, &Silent);
    let report = check::check(&request, &comparison, Gate::default(), Fixes::New);
    let forge = Capabilities {
        comments: usize::MAX,
        ..Capabilities::GITHUB
    };
    let subject = Subject {
        head: "0".repeat(40),
        open: true,
        report: None,
    };
    let diff = files::between(&base, head);
    let plan = review::plan(&report, &diff, &Posted::default(), &forge, &subject);
    let mut lines: Vec<Json> = plan
        .comments
        .iter()
        .map(|comment| of(chart, &report, comment))
        .collect();
    lines.push(json!({"chart": chart, "body": plan.summary.body}));
    lines
}

fn of(chart: &str, report: &Report, comment: &Comment) -> Json {
    let mut line = json!({"chart": chart, "body": comment.body});
    let Anchor::Lines {
        path, first, last, ..
    } = &comment.anchor
    else {
        return line;
    };
    let set = line.as_object_mut().unwrap();
    set.insert("path".into(), json!(path.as_str()));
    set.insert("first".into(), json!(first));
    set.insert("last".into(), json!(last));
    if comment.suggests {
        let told = report
            .findings
            .iter()
            .find(|told| comment.findings.contains(&told.finding.fingerprint));
        let remedy = told.and_then(|told| report.remedies.get(told.remedy?));
        let Some(Remedy::Fix(fix)) = remedy else {
            return line;
        };
        let before = &report.texts.get(&(Which::Head, path.clone())).unwrap().text;
        let proved = fix.edits.get(path).unwrap().apply(before);
        set.insert("before".into(), json!(before.to_string()));
        set.insert("proved".into(), json!(proved));
    }
    line
}
