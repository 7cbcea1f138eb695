//! Runs the pages of controls as they are on disk: `cargo run --example controls -- [FOLDER/] [NAME…]`.
//!
//! Nothing has to be compiled again after a change of a control: this is for whoever writes one. FOLDER is `controls/` unless
//! it is given with a slash at its end; NAME is the name or id of a control, and without any all are run.
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use plimsoll::control::Controls;
use plimsoll::policy::{compile, pages};
use plimsoll::problem::Problem;
use plimsoll::snapshot::{Disk, Tree};
use plimsoll::text::{LineIndex, RepoPath};

#[allow(
    clippy::unnecessary_wraps,
    reason = "every program of this folder ends this way"
)]
fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut folder = "controls".to_owned();
    let mut names = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.strip_suffix('/') {
            Some(named) => named.clone_into(&mut folder),
            None => names.push(argument),
        }
    }
    let disk = Disk::new(Path::new(&folder));
    let tree = Tree::new(&disk);
    let (controls, mut problems) = Controls::load(&tree, &RepoPath::root());
    let is_wanted =
        |id: &str, name: &str| names.is_empty() || names.iter().any(|n| n == id || n == name);
    let (mut count, mut bad) = (0, 0);
    let start = Instant::now();
    for control in &controls {
        if !is_wanted(control.id.as_str(), &control.name) {
            continue;
        }
        count += 1;
        let (policy, unloaded) = compile(&controls.select(|other| other.id == control.id));
        let (cases, wrong) = pages::check(control, &policy);
        bad += usize::from(!wrong.is_empty() || !unloaded.is_empty());
        if wrong.is_empty() && unloaded.is_empty() {
            println!("ok   {} {} ({cases} cases)", control.id, control.name);
        }
        for found in wrong {
            let name = &control.name;
            println!(
                "FAIL {folder}/{name}/{name}.md:{}: {}",
                found.line, found.what
            );
        }
        problems.extend(unloaded);
    }
    problems.sort();
    problems.dedup();
    for problem in &problems {
        println!("FAIL {}{}", place(&tree, &folder, problem), problem.message);
    }
    for name in &names {
        if controls.find(name).is_none() {
            println!("FAIL there is no control {name}");
            bad += 1;
        }
    }
    println!(
        "{count} controls, {bad} bad, {} problems, {:?}",
        problems.len(),
        start.elapsed()
    );
    Ok(if bad == 0 && problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn place(tree: &Tree<'_>, folder: &str, problem: &Problem) -> String {
    let Some(place) = &problem.place else {
        return String::new();
    };
    let text = tree.read_text(&place.path).unwrap_or_else(|_| "".into());
    let line = place.span.map_or(1, |span| {
        LineIndex::new(&text).position(&text, span.start).line
    });
    format!("{folder}/{}:{line}: ", place.path)
}
