//! GitHub: what stands on a pull request, and a review plan carried out.
//!
//! What to say and where is decided by `review`; this module knows routes, wire formats, and what to do when GitHub
//! refuses, is busy, or does not say whether it did what it was asked. Semantics: GitHub's REST and GraphQL
//! descriptions, and the behaviour that others reported (`github.md`, sections 1 and 4).

pub mod actions;
mod client;
mod publish;
mod pull;
mod wire;

use std::fmt;
use std::str::FromStr;

pub use client::{Client, Failure, Sent};
pub use publish::{Outcome, publish};
pub use pull::{Files, Pull, diff, files, posted, pull};

/// A repository as GitHub names it: `owner/name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    owner: String,
    name: String,
}

/// A text that names no repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a repository: it is written `owner/name`")]
pub struct RepositorySyntax(String);

impl FromStr for Repository {
    type Err = RepositorySyntax;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let part = |part: &str| {
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
            !part.is_empty() && part.bytes().all(plain) && !part.bytes().all(|b| b == b'.')
        };
        match text.split_once('/') {
            Some((owner, name)) if part(owner) && part(name) => Ok(Self {
                owner: owner.to_owned(),
                name: name.to_owned(),
            }),
            _ => Err(RepositorySyntax(text.to_owned())),
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// A pull request of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullId {
    /// The repository that it is to be merged into.
    pub repository: Repository,
    /// Its number.
    pub number: u64,
}

impl PullId {
    fn route(&self, rest: &str) -> String {
        format!("/repos/{}/pulls/{}{rest}", self.repository, self.number)
    }
}
