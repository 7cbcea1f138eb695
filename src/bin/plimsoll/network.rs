//! `--allow-network`: rendering says what it wants, the fetch layer answers, and rendering is done again, until nothing is wanted.

use std::collections::BTreeSet;
use std::path::PathBuf;

use plimsoll::config::Config;
use plimsoll::fetch::{Authorities, Fetcher, Limits, Logins, Reach, Settings};
use plimsoll::snapshot::{Mounts, Want};

use crate::args::Network;
use crate::{Failure, Terminal, person};

/// What was fetched may name something else again; more often than this nothing is rendered anew.
const MAX_ROUNDS: usize = 32;

/// What one rendering gave.
pub(crate) struct Round<T> {
    pub(crate) result: T,
    /// What was asked for, and nobody has looked for yet.
    pub(crate) wants: BTreeSet<Want>,
    /// The hosts that the configuration in force names.
    pub(crate) hosts: Vec<String>,
}

/// A rendering that wants nothing that could be had.
pub(crate) struct Completed<T> {
    pub(crate) result: T,
    /// What it was rendered with.
    pub(crate) mounts: Mounts,
    /// What the reader should know about its sources.
    pub(crate) notes: Vec<String>,
}

/// Renders until nothing new is wanted. Without `--allow-network` and without a cache that is named, that is once.
pub(crate) fn complete<T>(
    terminal: &Terminal,
    network: &Network,
    render: impl Fn(&Mounts) -> Result<Round<T>, Failure>,
) -> Result<Completed<T>, Failure> {
    let mut mounts = Mounts::default();
    let mut round = render(&mounts)?;
    let may_answer = network.allow_network || network.cache_dir.is_some();
    if !may_answer || round.wants.is_empty() {
        return Ok(Completed {
            result: round.result,
            mounts,
            notes: Vec::new(),
        });
    }
    let mut fetcher = Fetcher::new(&settings(terminal, network, &round.hosts)?);
    for _ in 0..MAX_ROUNDS {
        if !fetcher.answer(&round.wants, &mut mounts) {
            break;
        }
        round = render(&mounts)?;
    }
    Ok(Completed {
        result: round.result,
        mounts,
        notes: fetcher.notes().cloned().collect(),
    })
}

/// The hosts that a configuration names.
pub(crate) fn hosts(config: &Config) -> Vec<String> {
    config.hosts.iter().map(|host| host.value.clone()).collect()
}

fn settings(terminal: &Terminal, network: &Network, hosts: &[String]) -> Result<Settings, Failure> {
    // Whoever types a host is trusted at least as much as the configuration.
    let hosts = if network.allow_host.is_empty() {
        hosts
    } else {
        &network.allow_host
    };
    let reach = Reach::of(hosts.iter().map(String::as_str)).map_err(Failure::new)?;
    let cache = match &network.cache_dir {
        Some(directory) => terminal.directory.join(directory),
        None => user_cache().ok_or_else(|| {
            Failure::new("there is no cache directory for this user")
                .help("Name a directory with `--cache-dir`.")
        })?,
    };
    let (authorities, logins) = if network.allow_network {
        (person::authorities()?, person::logins()?)
    } else {
        (Authorities::default(), Logins::default())
    };
    Ok(Settings {
        cache,
        network: network.allow_network.then_some(reach),
        limits: Limits::default(),
        authorities,
        logins,
        has_proxy: person::has_proxy(),
    })
}

/// `plimsoll` in the user's cache directory.
fn user_cache() -> Option<PathBuf> {
    let named = |variable: &str| {
        let value = std::env::var_os(variable).filter(|value| !value.is_empty());
        value.map(PathBuf::from).filter(|path| path.is_absolute())
    };
    let directory = if cfg!(windows) {
        named("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        named("HOME").map(|home| home.join("Library/Caches"))
    } else {
        named("XDG_CACHE_HOME").or_else(|| named("HOME").map(|home| home.join(".cache")))
    };
    Some(directory?.join("plimsoll"))
}
