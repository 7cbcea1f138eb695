//! What the person who runs Plimsoll has for private servers, for `--allow-network`: authorities of certificates, logins.
//!
//! They are read where Helm reads them: from the environment, and from the files that it names or that lie in the home directory.
//! Nothing in a repository has a say in this.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use plimsoll::fetch::{Authorities, Logins};

use crate::Failure;

/// The certificates that `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
pub(crate) fn authorities() -> Result<Authorities, Failure> {
    let mut authorities = Authorities::default();
    if let Some(path) = variable("SSL_CERT_FILE").map(PathBuf::from) {
        let help = "`SSL_CERT_FILE` names a file with certificates in PEM.";
        let pem = std::fs::read(&path).map_err(|error| unreadable(&path, error, help))?;
        match authorities.add(&pem) {
            Ok(0) => return Err(unreadable(&path, "it holds no certificate", help)),
            Ok(_) => {}
            Err(why) => return Err(unreadable(&path, why, help)),
        }
    }
    for directory in variable("SSL_CERT_DIR")
        .iter()
        .flat_map(std::env::split_paths)
    {
        let help = "`SSL_CERT_DIR` names directories of files with certificates in PEM.";
        let failed = |error| unreadable(&directory, error, help);
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&directory).map_err(failed)? {
            files.push(entry.map_err(failed)?.path());
        }
        files.sort();
        for path in files.iter().filter(|path| path.is_file()) {
            let pem = std::fs::read(path).map_err(|error| unreadable(path, error, help))?;
            // Such a directory holds other things, too, and Go leaves them out.
            let _ = authorities.add(&pem);
        }
    }
    Ok(authorities)
}

/// The logins of Helm, and for registries those of Docker after them.
pub(crate) fn logins() -> Result<Logins, Failure> {
    let mut logins = Logins::default();
    let helm = |name: &str| helm_home().map(|home| home.join(name));
    let named = |name: &str| variable(name).map(PathBuf::from);
    let docker = named("DOCKER_CONFIG").or_else(|| Some(home()?.join(".docker")));
    let registries = [
        named("HELM_REGISTRY_CONFIG").or_else(|| helm("registry/config.json")),
        docker.map(|directory| directory.join("config.json")),
    ];
    for path in registries.iter().flatten() {
        add(path, |text| logins.add_registries(text))?;
    }
    let repositories = named("HELM_REPOSITORY_CONFIG").or_else(|| helm("repositories.yaml"));
    if let Some(path) = repositories {
        add(&path, |text| logins.add_repositories(text))?;
    }
    Ok(logins)
}

/// True if and only if the environment names a proxy, as Go reads it.
pub(crate) fn has_proxy() -> bool {
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"]
        .iter()
        .any(|name| variable(name).is_some())
}

/// Hands a file over, if there is one.
fn add(path: &Path, take: impl FnOnce(&[u8]) -> Result<(), String>) -> Result<(), Failure> {
    let help = "It is read for `--allow-network`, as Helm reads it: mend it, or name another one.";
    match std::fs::read(path) {
        Ok(text) => take(&text).map_err(|why| unreadable(path, why, help)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(unreadable(path, error, help)),
    }
}

fn unreadable(path: &Path, why: impl std::fmt::Display, help: &str) -> Failure {
    Failure::new(format!("`{}` cannot be read: {why}", path.display())).help(help)
}

/// Helm's directory of configuration.
fn helm_home() -> Option<PathBuf> {
    let own = variable("HELM_CONFIG_HOME").map(PathBuf::from);
    own.or_else(|| Some(PathBuf::from(variable("XDG_CONFIG_HOME")?).join("helm")))
        .or_else(|| {
            if cfg!(windows) {
                Some(PathBuf::from(variable("APPDATA")?).join("helm"))
            } else if cfg!(target_os = "macos") {
                Some(home()?.join("Library/Preferences/helm"))
            } else {
                Some(home()?.join(".config/helm"))
            }
        })
}

fn home() -> Option<PathBuf> {
    let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    variable(name).map(PathBuf::from)
}

fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
