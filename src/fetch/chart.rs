//! Charts of chart repositories: `index.yaml`, which version of a chart is meant, and the archive.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::cache::digest;
use super::client::Client;
use super::oci::Registries;
use super::url::Url;
use crate::render::helm::semver::{Constraint, Version};

/// An index is not larger than this.
const MAX_INDEX: usize = 128 << 20;

/// A packed chart is not larger than this.
pub(super) const MAX_ARCHIVE: usize = 64 << 20;

/// One version of a chart in an index.
#[derive(Debug, Clone)]
struct Release {
    version: Version,
    url: String,
    digest: Option<String>,
}

/// The charts of a repository by name, the newest version first.
#[derive(Debug, Default)]
struct Index {
    charts: BTreeMap<String, Vec<Release>>,
}

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
            let path = format!("{}/{name}", registry.trim_end_matches('/'));
            return self.registries.chart(client, &path, version);
        }
        let url = Url::parse(repository)?;
        let index = self
            .indexes
            .entry(repository.to_owned())
            .or_insert_with(|| Index::fetch(client, &url));
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
        let bytes = client.get(&url.below(&release.url)?, MAX_ARCHIVE)?;
        if let Some(expected) = digest_in_index {
            let expected = expected.strip_prefix("sha256:").unwrap_or(expected);
            let found = digest(&bytes);
            if !expected.eq_ignore_ascii_case(&found) {
                return Err(format!(
                    "the archive has the digest {found}, where the repository's index says {expected}"
                ));
            }
        }
        Ok((chosen.clone(), bytes))
    }
}

impl Index {
    fn fetch(client: &mut Client, repository: &Url) -> Result<Self, String> {
        let bytes = client.get(&repository.below("index.yaml")?, MAX_INDEX)?;
        Self::read(&bytes)
    }

    /// Reads an index. What Helm leaves out is left out: versions that are none, and those without an address.
    fn read(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct File {
            #[serde(rename = "apiVersion")]
            api_version: Option<IgnoredAny>,
            #[serde(default)]
            entries: BTreeMap<String, Option<Vec<Option<Entry>>>>,
        }
        #[derive(Deserialize)]
        struct Entry {
            version: Option<serde_yaml::Value>,
            #[serde(default)]
            urls: Option<Vec<String>>,
            digest: Option<String>,
        }
        let file: File = serde_yaml::from_slice(bytes)
            .map_err(|error| format!("the repository's index cannot be read: {error}"))?;
        if file.api_version.is_none() {
            return Err("the repository's index has no apiVersion".to_owned());
        }
        let release = |entry: Entry| {
            let version = entry.version?;
            Some(Release {
                version: Version::parse(version.as_str()?).ok()?,
                url: entry.urls?.into_iter().next()?,
                digest: entry.digest.filter(|digest| !digest.is_empty()),
            })
        };
        let charts = file.entries.into_iter().map(|(name, entries)| {
            let entries = entries.unwrap_or_default().into_iter().flatten();
            let mut releases: Vec<Release> = entries.filter_map(release).collect();
            releases.sort_by(|a, b| b.version.compare(&a.version));
            (name, releases)
        });
        Ok(Self {
            charts: charts.collect(),
        })
    }

    fn choose(&self, name: &str, version: &str) -> Result<&Release, String> {
        let releases = self
            .charts
            .get(name)
            .ok_or_else(|| format!("the repository has no chart {name}"))?;
        let versions = releases.iter().map(|release| &release.version);
        let chosen = choose(versions, version)?;
        releases
            .get(chosen)
            .ok_or_else(|| "the chart is gone".to_owned())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_one_that_helm_takes() {
        let index = Index::read(
            b"apiVersion: v1\nentries:\n  a:\n  - version: 1.2.0\n    urls: [a-1.2.0.tgz]\n  - version: 2.0.0-rc.1\n    urls: [x]\n  - version: 1.10.0\n    urls: [a-1.10.0.tgz]\n  - version: v1.3.0\n    urls: [x]\n  - version: 9.9.9\n  - version: latest\n    urls: [x]\n  -\n  b:\n",
        )
        .unwrap();
        let check = |version: &str, expected: &str| {
            let chosen = index
                .choose("a", version)
                .map(|r| r.version.original.clone());
            assert_eq!(chosen.as_deref().unwrap_or("none"), expected, "{version}");
        };
        check("", "1.10.0");
        check("1.2.0", "1.2.0");
        check("~1.2", "1.2.0");
        check("^1.2.0", "1.10.0");
        check("<1.10", "v1.3.0");
        check("1.3.0", "v1.3.0");
        check(">1.0.0-0", "2.0.0-rc.1");
        check("3.x", "none");
        check("9.9.9", "none");
        check("nonsense!", "none");
        assert!(index.choose("b", "").is_err());
        assert!(index.choose("c", "").is_err());
        assert!(Index::read(b"entries: {}").is_err());
        assert!(Index::read(b"<html>").is_err());
        assert!(Index::read(b"{\"apiVersion\": \"v1\", \"entries\": null}").is_err());
    }
}
