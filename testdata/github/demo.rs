//! A whole review of a pull request, posted against a GitHub on loopback, twice, by the binary that the tests use:
//! `cargo test --no-run --test github && cargo run --example github`.
//!
//! `cargo run --example github -- serve BASE_DIR HEAD_DIR BASE_SHA HEAD_SHA` only answers, with the pull request that turns
//! the one directory into the other, at `DOUBLE_LISTEN`; it prints each request.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::pedantic,
    clippy::panic,
    clippy::print_stdout,
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "a demonstration may fail by panicking; the stories use the rest of the double"
)]

mod double;
mod world;

use std::path::Path;
use std::process::ExitCode;

use double::Double;
use world::{Run, World};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => twice(),
        ["serve", base, head, base_sha, head_sha] => serve(base, head, base_sha, head_sha),
        _ => {
            println!("usage: github [serve BASE_DIR HEAD_DIR BASE_SHA HEAD_SHA]");
            ExitCode::from(2)
        }
    }
}

fn serve(base: &str, head: &str, base_sha: &str, head_sha: &str) -> ExitCode {
    let double = Double::start();
    {
        let mut state = double.state.lock().unwrap();
        let (base, head) = (world::read(Path::new(base)), world::read(Path::new(head)));
        state.push(head_sha, world::files(&base, &head, &[]));
        base_sha.clone_into(&mut state.base);
        state.loud = true;
    }
    println!("{}", double.api);
    double.serve();
    ExitCode::SUCCESS
}

fn twice() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // target/PROFILE/examples/github, beside whose folder the binary lies.
    let example = std::env::current_exe().unwrap();
    let plimsoll = example.parent().unwrap().parent().unwrap().join("plimsoll");
    assert!(
        plimsoll.exists(),
        "`cargo test --no-run --test github` builds the binary"
    );

    let case = root.join("testdata/review/clinic");
    let (base, head) = (
        world::read(&case.join("base")),
        world::read(&case.join("head")),
    );
    let world = World::new(&plimsoll, base, &head);
    let first = world.review(&[]);
    shown("The first run", &first);
    let state = world.double.state.lock().unwrap();
    for comment in &state.comments {
        let place = match (comment.on_file, comment.start_line, comment.line) {
            (false, Some(first), Some(last)) => {
                format!("{}, lines {first} to {last}", comment.path)
            }
            (false, None, Some(line)) => format!("{}, line {line}", comment.path),
            _ => comment.path.clone(),
        };
        println!("--- on {place}\n{}\n", comment.body);
    }
    for (_, _, body) in &state.summaries {
        println!("--- the summary\n{body}\n");
    }
    drop(state);
    let second = world.review(&[]);
    shown("The second run, of the same head", &second);
    println!(
        "requests that create: {} in the first run, {} in the second",
        first.creating(),
        second.creating()
    );
    ExitCode::from(u8::from(first.creating() == 0 || second.creating() > 0))
}

fn shown(heading: &str, run: &Run) {
    println!("=== {heading}: exit code {}", run.code);
    for asked in &run.asked {
        let does = match () {
            () if asked.creates() => "  creates",
            () if asked.changes() => "  changes",
            () => "",
        };
        println!("{} {} {}{does}", asked.method, asked.route, asked.status);
    }
    println!();
}
