//! Build script: embeds every control, library and framework of this folder, so that nothing is registered by hand.
//!
//! It writes two Rust files of constants; what is in the texts is read where they are used.
#![expect(
    clippy::print_stdout,
    reason = "cargo reads a build script's instructions from its standard output"
)]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("controls");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    println!("cargo::rerun-if-changed=controls");
    fix_addresses();

    let mut controls = String::new();
    let mut libraries = String::new();
    for folder in sorted(&root)? {
        let name = stem(&folder);
        if name == "lib" {
            for file in with_extension(&folder, "rego")? {
                let _ = writeln!(
                    libraries,
                    "    ({:?}, include_str!({:?})),",
                    format!("controls/lib/{}.rego", stem(&file)),
                    file.to_string_lossy(),
                );
            }
        } else if folder.is_dir() && name != "frameworks" {
            let rego = folder.join(&name).with_extension("rego");
            let page = folder.join(&name).with_extension("md");
            let _ = writeln!(
                controls,
                "    ({name:?}, include_str!({:?}), include_str!({:?})),",
                rego.to_string_lossy(),
                page.to_string_lossy(),
            );
        }
    }
    fs::write(
        out.join("controls.rs"),
        format!(
            "/// Name, Rego and page of each control.\n\
             pub(super) const CONTROLS: &[(&str, &str, &str)] = &[\n{controls}];\n\
             /// Path and Rego of each library.\n\
             pub(super) const LIBRARIES: &[(&str, &str)] = &[\n{libraries}];\n"
        ),
    )?;

    let mut frameworks = String::new();
    for file in with_extension(&root.join("frameworks"), "yaml")? {
        let _ = writeln!(
            frameworks,
            "    ({:?}, include_str!({:?})),",
            stem(&file),
            file.to_string_lossy(),
        );
    }
    fs::write(
        out.join("frameworks.rs"),
        format!(
            "/// Name and text of each framework.\n\
             const FRAMEWORKS: &[(&str, &str)] = &[\n{frameworks}];\n"
        ),
    )
}

/// Links the program for Linux at fixed addresses. A tool that is started once per commit would otherwise spend most of its
/// start on moving seventy thousand addresses, and touch every page that holds one. Stack, heap and libraries are still at
/// random addresses. With musl the compiler itself chooses what to start with, so there it has to be told
/// (`-C relocation-model=static`, see the release workflow).
fn fix_addresses() {
    let target = |what: &str| env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn with_extension(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut paths = sorted(folder)?;
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    Ok(paths)
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
