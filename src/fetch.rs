//! Fetching what a repository names but does not hold, for `--allow-network`: the only part of Plimsoll that asks the internet.
//!
//! Rendering never fetches. It says what it wants ([`Want`]), a [`Fetcher`] answers each want once (from its cache or from the
//! network, within [`Limits`] and [`Reach`]), and the caller renders again with the answers mounted, until nothing new is wanted.
//! What cannot be had is an answer as well, so that the line that names it becomes a problem that says why.
//!
//! HTTP is in `client`, what may be asked in `reach`, logins in `login`, kept contents in `cache`; chart repositories in `chart` and
//! `index`, registries in `oci`, git in `git`. The environment and the files of a person are read by who calls this.

mod cache;
mod chart;
mod client;
mod git;
mod index;
mod login;
mod oci;
mod reach;
#[cfg(test)]
mod tests;
mod url;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::render::helm;
use crate::snapshot::{Content, EntryKind, MAX_FILE_BYTES, Mounts, Want};
use crate::text::RepoPath;

use cache::{Cache, digest};
use chart::Charts;
use client::{Client, Rights};
use url::Url;

pub use client::{Authorities, Limits};
pub use login::Logins;
pub use reach::Reach;

/// What a fetcher may do.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where contents are kept.
    pub cache: PathBuf,
    /// The servers that may be asked; `None` for none, so that only what is kept is used.
    pub network: Option<Reach>,
    /// What a run may take.
    pub limits: Limits,
    /// The authorities that sign the certificates of private servers.
    pub authorities: Authorities,
    /// What private servers are told.
    pub logins: Logins,
    /// True if and only if the environment names a proxy. None is used; where a server cannot be reached, that is said.
    pub has_proxy: bool,
}

/// Answers wants, each once.
pub struct Fetcher {
    cache: Cache,
    client: Option<Client>,
    charts: Charts,
    notes: BTreeSet<String>,
}

/// What was found for a want.
struct Answer {
    /// What was chosen: a version, a commit; empty where there is no choice.
    resolved: String,
    /// An archive, a file, a pack.
    bytes: Vec<u8>,
}

impl Fetcher {
    /// A fetcher that has fetched nothing yet.
    pub fn new(settings: &Settings) -> Self {
        let client = |reach: &Reach| Client::new(reach, settings);
        Self {
            cache: Cache::new(&settings.cache),
            client: settings.network.as_ref().map(client),
            charts: Charts::default(),
            notes: BTreeSet::new(),
        }
    }

    /// What the reader should know: which sources are not pinned, and what they were this time.
    pub fn notes(&self) -> impl Iterator<Item = &String> {
        self.notes.iter()
    }

    /// Answers each want that has no answer yet. True if and only if there was one.
    pub fn answer(&mut self, wants: &BTreeSet<Want>, mounts: &mut Mounts) -> bool {
        let mut any = false;
        for want in wants {
            if mounts.answers().contains_key(want) {
                continue;
            }
            any = true;
            match self.find(want) {
                Ok((answer, content)) => mounts.add(want, &name(want, &answer), &content),
                Err(why) => mounts.fail(want, &why),
            }
        }
        any
    }

    /// What a want is: as it is kept where it cannot have changed or nobody may be asked, else as it is now.
    fn find(&mut self, want: &Want) -> Result<(Answer, Content), String> {
        let kept = self.cache.find(want).and_then(|(record, bytes)| {
            let rights = Rights {
                named: record.named,
                logins: record.logins,
            };
            // What another run was allowed to fetch is not shown to one that is not.
            let client = self.client.as_ref();
            if client.is_some_and(|client| !client.has(&rights)) {
                return None;
            }
            let answer = Answer {
                resolved: record.resolved,
                bytes,
            };
            let content = content(want, &answer).ok()?;
            Some((answer, content))
        });
        let found = match (kept, &mut self.client) {
            (None, None) => {
                return Err("it has not been fetched before, and nothing is fetched without `--allow-network`".to_owned());
            }
            (Some(kept), None) => kept,
            (Some(kept), Some(client)) if want.is_pinned() => {
                client.allows(&address(client, want)?)?;
                return Ok(kept);
            }
            (_, Some(client)) => {
                let answer = ask(client, &mut self.charts, want)?;
                // Bytes that turn out to be useless are not kept.
                let content = content(want, &answer)?;
                let (resolved, bytes) = (&answer.resolved, &answer.bytes);
                if let Err(why) = self.cache.keep(want, resolved, bytes, client.rights()) {
                    self.notes
                        .insert(format!("nothing is kept of what was fetched: {why}"));
                }
                (answer, content)
            }
        };
        if !want.is_pinned() {
            let (answer, _) = &found;
            let what = match want {
                Want::Chart { .. } => format!("version {}", answer.resolved),
                Want::Git { .. } => format!("commit {}", answer.resolved),
                Want::File { .. } => format!("content {}", short(&digest(&answer.bytes))),
            };
            self.notes.insert(format!(
                "{want} is not pinned: it was {what} when it was fetched"
            ));
        }
        Ok(found)
    }
}

/// The address that is asked first for a want.
fn address(client: &Client, want: &Want) -> Result<Url, String> {
    let text = match want {
        Want::Chart { repository, .. } => repository,
        Want::File { url } | Want::Git { url, .. } => url,
    };
    match text.strip_prefix("oci://") {
        Some(registry) => client.reachable(registry.split('/').next().unwrap_or_default()),
        None => Url::parse(text),
    }
}

fn ask(client: &mut Client, charts: &mut Charts, want: &Want) -> Result<Answer, String> {
    match want {
        Want::Chart {
            repository,
            name,
            version,
            unpacked,
        } => {
            // `helm pull` takes the newest, but a dependency without a version is none to Helm.
            if version.is_empty() && !unpacked {
                return Err(
                    "it has no version, and Helm takes no dependency without one".to_owned(),
                );
            }
            let (resolved, bytes) = charts.fetch(client, repository, name, version)?;
            Ok(Answer { resolved, bytes })
        }
        Want::File { url } => {
            let bytes = client.get(&Url::parse(url)?, "the file", MAX_FILE_BYTES)?;
            Ok(Answer {
                resolved: String::new(),
                bytes,
            })
        }
        Want::Git { url, reference } => {
            let commit = git::fetch(client, url, reference)?;
            Ok(Answer {
                resolved: commit.id,
                bytes: commit.pack,
            })
        }
    }
}

/// As much of a hash as tells two things apart that somebody wants to look alike.
fn short(hex: &str) -> &str {
    hex.get(..20).unwrap_or(hex)
}

/// The name under which an answer is mounted: what it is, and a digest so that no other content has it.
fn name(want: &Want, answer: &Answer) -> String {
    let id = digest(&answer.bytes);
    let id = short(&id);
    match want {
        Want::Chart { name, unpacked, .. } => {
            let end = if *unpacked { "" } else { ".tgz" };
            format!("{id}-{name}-{}{end}", answer.resolved)
        }
        Want::File { url } => {
            let name = Url::parse(url).map(|url| url.file_name().to_owned());
            format!("{id}-{}", name.unwrap_or_default())
        }
        Want::Git { url, .. } => {
            let path = Url::parse(url).map(|url| format!("{}{}", url.host, url.path));
            let path = path.unwrap_or_default();
            let path = path.strip_suffix(".git").unwrap_or(&path);
            format!("{}-{path}", short(&answer.resolved))
        }
    }
}

/// What is mounted.
fn content(want: &Want, answer: &Answer) -> Result<Content, String> {
    match want {
        Want::File { .. } => Ok(Content::File(Arc::from(answer.bytes.as_slice()))),
        Want::Chart { unpacked, .. } => {
            // Helm refuses such an archive as well, and what is no chart must not be kept as one.
            let files = helm::unpack(&answer.bytes)
                .map_err(|why| format!("the archive cannot be unpacked: {why}"))?;
            if !unpacked {
                return Ok(Content::File(Arc::from(answer.bytes.as_slice())));
            }
            let placed = |(name, data): (String, _)| match RepoPath::new(&name) {
                Ok(path) => Ok((path, EntryKind::File, data)),
                Err(error) => Err(format!("the archive cannot be unpacked: {error}")),
            };
            let files: Result<_, String> = files.into_iter().map(placed).collect();
            files.map(Content::Directory)
        }
        Want::Git { .. } => {
            git::pack::files(&answer.bytes, &answer.resolved).map(Content::Directory)
        }
    }
}
