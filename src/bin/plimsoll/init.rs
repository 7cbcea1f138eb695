//! `plimsoll init`: a workflow and a configuration, written into a repository for a person to read and commit.

use std::path::Path;
use std::process::ExitCode;

use crate::args::Init;
use crate::{Failure, Terminal, print};

/// `uses:` of the action: where the package says that its repository is.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

pub(crate) fn init(terminal: &Terminal, arguments: &Init) -> Result<ExitCode, Failure> {
    let action = REPOSITORY
        .strip_prefix("https://github.com/")
        .unwrap_or(REPOSITORY);
    let version = env!("CARGO_PKG_VERSION");
    let files = [
        (
            ".github/workflows/plimsoll.yml",
            include_str!("init/workflow.yml").replace("ACTION", &format!("{action}@v{version}")),
        ),
        (
            ".plimsoll.yaml",
            include_str!("init/config.yaml").to_owned(),
        ),
    ];
    let there: Vec<&str> = files
        .iter()
        .map(|(path, _)| *path)
        .filter(|path| terminal.directory.join(path).exists())
        .collect();
    if !there.is_empty() && !arguments.force {
        return Err(
            Failure::new(format!("{} is there already", there.join(" and ")))
                .help("`--force` replaces it."),
        );
    }
    for (path, text) in &files {
        write(&terminal.directory.join(path), text)?;
    }
    print(&format!(
        "wrote {} and {}\n\n{}",
        files[0].0,
        files[1].0,
        include_str!("init/next.txt")
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let parent = path.parent().unwrap_or(path);
    std::fs::create_dir_all(parent)
        .and_then(|()| std::fs::write(path, text))
        .map_err(|error| Failure::new(format!("`{}` cannot be written: {error}", path.display())))
}
