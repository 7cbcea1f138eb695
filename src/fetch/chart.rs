//! Charts of chart repositories and registries: which version of a chart is meant, and its archive.

use std::collections::BTreeMap;

use super::cache::digest;
use super::client::{Client, Request};
use super::index::{Index, MAX_INDEX};
use super::oci::Registries;
use super::url::Url;
use crate::render::helm::semver::{Constraint, Version};

/// A packed chart is not larger than this.
pub(super) const MAX_ARCHIVE: usize = 64 << 20;

/// Fetches charts, and reads each index once.
#[derive(Default)]
pub(super) struct Charts {
    indexes: BTreeMap<String, Result<Index, String>>,
    registries: Registries,
}

impl Charts {
    /// The version that is meant, and the archive.
    pub(super) fn fetch(
        &mut self,
        client: &mut Client,
        repository: &str,
        name: &str,
        version: &str,
    ) -> Result<(String, Vec<u8>), String> {
        if let Some(registry) = repository.strip_prefix("oci://") {
            let path = format!("{registry}/{name}");
            return self.registries.chart(client, &path, version);
        }
        let url = Url::parse(repository)?;
        let index = self
            .indexes
            .entry(repository.to_owned())
            .or_insert_with(|| Index::read(&get(client, &url, "index.yaml", MAX_INDEX)?));
        let release = index
            .as_ref()
            .map_err(Clone::clone)?
            .choose(name, version)?;
        let (chosen, digest_in_index) = (&release.version.original, release.digest.as_deref());
        if let Some(reference) = release.url.strip_prefix("oci://") {
            let (path, tag) = match reference.rsplit_once(':') {
                Some((path, tag)) if !tag.contains('/') => (path, tag),
                _ => (reference, chosen.as_str()),
            };
            let (_, bytes) = self.registries.chart(client, path, tag)?;
            return Ok((chosen.clone(), bytes));
        }
        let bytes = get(client, &url, &release.url, MAX_ARCHIVE)?;
        if let Some(expected) = digest_in_index {
            let expected = expected.strip_prefix("sha256:").unwrap_or(expected);
            let found = digest(&bytes);
            if !expected.eq_ignore_ascii_case(&found) {
                // What the index says need not be a digest.
                let expected: String = expected.chars().take(found.len()).collect();
                return Err(format!(
                    "the archive has the digest {found}, where the repository's index says {expected}"
                ));
            }
        }
        Ok((chosen.clone(), bytes))
    }
}

/// A file of a chart repository. As with Helm, its login is for what lies on the same server; unlike Helm, nothing can make it go to
/// another one.
fn get(
    client: &mut Client,
    repository: &Url,
    reference: &str,
    limit: usize,
) -> Result<Vec<u8>, String> {
    let url = repository.below(reference)?;
    let login = client.login_of_repository(repository);
    let request = Request {
        authorization: login.filter(|_| url.origin() == repository.origin()),
        ..Request::default()
    };
    let answer = client.ask(&url, &request, limit)?;
    if request.authorization.is_some() {
        client.used_login(&url);
    }
    answer.ok(format!("`{url}`"))
}

/// Which of some versions is meant: the one that is written like that, else the first that the constraint allows.
/// They are in the order in which Helm tries them, the newest first.
pub(super) fn choose<'v>(
    versions: impl Iterator<Item = &'v Version> + Clone,
    wanted: &str,
) -> Result<usize, String> {
    let exact = versions
        .clone()
        .position(|version| version.original == wanted);
    if let Some(exact) = exact {
        return Ok(exact);
    }
    let constraint = Constraint::parse(if wanted.is_empty() { "*" } else { wanted })
        .map_err(|why| format!("`{wanted}` is no version and no constraint: {why}"))?;
    let mut versions = versions;
    versions
        .position(|version| constraint.check(version))
        .ok_or_else(|| format!("no version of the chart satisfies `{wanted}`"))
}
