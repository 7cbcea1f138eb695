//! The command line: arguments in, exit code out. What the commands do is the library's work.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what a command line is for"
)]

mod args;
mod baseline;
mod check;
mod controls;
mod diff;
mod explain;
mod fix;
mod init;
mod network;
mod person;
mod render;
mod review;
mod test;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command, SchemaOf, When};

#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Why a command could not do its work: a sentence, and one of help.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    help: Option<String>,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: None,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Where a command runs and how it may print.
pub(crate) struct Terminal {
    pub(crate) directory: PathBuf,
    pub(crate) color: bool,
    /// A person is watching standard error.
    pub(crate) watched: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let work = std::thread::Builder::new()
        .stack_size(plimsoll::render::STACK_BYTES)
        .spawn(move || run(arguments));
    match work.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        // The panic has printed itself; what it means for the user is that nothing was checked.
        Ok(Err(_)) => {
            eprintln!("plimsoll: this is a bug in Plimsoll, and nothing was checked");
            eprintln!(
                "help: please report it, with the files if you can: {}/issues",
                env!("CARGO_PKG_REPOSITORY")
            );
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("plimsoll: no thread could be started: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> ExitCode {
    let color = match arguments.color {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            std::io::stdout().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    };
    let here = match std::env::current_dir() {
        Ok(here) => here,
        Err(error) => {
            return fail(&Failure::new(format!(
                "the current directory cannot be read: {error}"
            )));
        }
    };
    let directory = match &arguments.directory {
        Some(directory) => here.join(directory),
        None => here,
    };
    let terminal = Terminal {
        directory,
        color,
        watched: std::io::stderr().is_terminal(),
    };
    let done = match arguments.command {
        Command::Check(arguments) => check::check(&terminal, &arguments),
        Command::Review(arguments) => review::review(&terminal, &arguments),
        Command::Init(arguments) => init::init(&terminal, &arguments),
        Command::Diff(arguments) => diff::diff(&terminal, &arguments),
        Command::Baseline(arguments) => baseline::baseline(&terminal, &arguments),
        Command::Fix(arguments) => fix::fix(&terminal, &arguments),
        Command::Render(arguments) => render::render(&terminal, &arguments),
        Command::Explain(arguments) => explain::explain(&terminal, &arguments),
        Command::Controls(arguments) => controls::controls(&terminal, &arguments),
        Command::Test(arguments) => test::test(&terminal, &arguments),
        Command::Schema(arguments) => print(match arguments.of {
            SchemaOf::Config => plimsoll::config::SCHEMA,
            SchemaOf::Report => plimsoll::report::json::JSON_SCHEMA,
            SchemaOf::Baseline => plimsoll::config::baseline::JSON_SCHEMA,
        })
        .map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|failure| fail(&failure))
}

fn fail(failure: &Failure) -> ExitCode {
    eprintln!("plimsoll: {}", failure.message);
    if let Some(help) = &failure.help {
        eprintln!("help: {help}");
    }
    ExitCode::from(2)
}

/// Writes to standard output. A reader that went away (`plimsoll diff | head`) is no failure.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::new(format!(
            "standard output cannot be written: {error}"
        ))),
        _ => Ok(()),
    }
}
