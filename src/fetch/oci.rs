//! Charts of OCI registries: tags, manifest, blob, and the token that a registry hands to everybody who asks.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::cache::digest;
use super::chart::{MAX_ARCHIVE, choose};
use super::client::{Client, Request, Response};
use super::url::Url;
use crate::render::helm::semver::Version;

/// A manifest, a list of tags and a token are not larger than this.
const MAX_ANSWER: usize = 8 << 20;

/// More pages of tags than this are not read.
const MAX_PAGES: usize = 100;

/// The media types of a chart's archive; the second is what early versions of Helm 3 wrote.
const ARCHIVES: [&str; 2] = [
    "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
    "application/tar+gzip",
];

/// Registries, and the tokens they gave.
#[derive(Default)]
pub(super) struct Registries {
    /// By the address of a repository in a registry.
    tokens: BTreeMap<String, String>,
}

impl Registries {
    /// The version that is meant of the chart at `host/path`, and its archive. A plus in a version is an underscore in a tag.
    pub(super) fn chart(
        &mut self,
        client: &mut Client,
        path: &str,
        version: &str,
    ) -> Result<(String, Vec<u8>), String> {
        let (host, name) = path
            .split_once('/')
            .ok_or_else(|| "it names no repository in the registry".to_owned())?;
        let host = if host == "docker.io" {
            "registry-1.docker.io"
        } else {
            host
        };
        let repository = client.reachable(host)?.below(&format!("v2/{name}"))?;
        let version = if Version::parse(version).is_ok() {
            version.to_owned()
        } else {
            self.newest(client, &repository, version)?
        };
        let tag = version.replace('+', "_");
        let mut request = Request::default();
        let accepted = "application/vnd.oci.image.manifest.v1+json";
        request.headers.push(("accept", accepted.to_owned()));
        let manifest = repository.below(&format!("manifests/{tag}"))?;
        let manifest = self
            .ask(client, &repository, &manifest, request, MAX_ANSWER)?
            .ok()?;
        let layer = Manifest::read(&manifest)?;
        let blob = repository.below(&format!("blobs/sha256:{layer}"))?;
        let bytes = self
            .ask(client, &repository, &blob, Request::default(), MAX_ARCHIVE)?
            .ok()?;
        let found = digest(&bytes);
        if found != layer {
            return Err(format!(
                "the archive has the digest {found}, where the manifest says {layer}"
            ));
        }
        Ok((version, bytes))
    }

    /// The newest tag that satisfies a constraint.
    fn newest(
        &mut self,
        client: &mut Client,
        repository: &Url,
        constraint: &str,
    ) -> Result<String, String> {
        #[derive(Deserialize)]
        struct Page {
            tags: Option<Vec<String>>,
        }
        let mut versions = Vec::new();
        let mut next = Some(repository.below("tags/list?n=1000")?);
        for _ in 0..MAX_PAGES {
            let Some(url) = next else { break };
            let answer = self.ask(client, repository, &url, Request::default(), MAX_ANSWER)?;
            let link = answer.next.as_deref().map(|link| answer.url.join(link));
            next = link.transpose()?;
            let page: Page = serde_json::from_slice(&answer.ok()?)
                .map_err(|error| format!("the list of tags cannot be read: {error}"))?;
            let tags = page.tags.unwrap_or_default();
            versions.extend(
                tags.iter()
                    .filter_map(|tag| Version::parse(&tag.replace('_', "+")).ok()),
            );
        }
        versions.sort_by(|a, b| b.compare(a));
        let chosen = choose(versions.iter(), constraint)?;
        let chosen = versions.get(chosen).map(|version| version.original.clone());
        chosen.ok_or_else(|| "the tag is gone".to_owned())
    }

    /// Asks a repository; where it wants a token, one is fetched, once.
    fn ask(
        &mut self,
        client: &mut Client,
        repository: &Url,
        url: &Url,
        mut request: Request,
        limit: usize,
    ) -> Result<Response, String> {
        let key = repository.to_string();
        request.token = self.tokens.get(&key).cloned();
        let answer = client.ask(url, &request, limit)?;
        let challenge = match (&answer.challenge, &request.token) {
            (Some(challenge), None) if answer.status == 401 => challenge,
            _ => return Ok(answer),
        };
        let token = token(client, challenge)?;
        request.token = Some(token.clone());
        self.tokens.insert(key, token);
        client.ask(url, &request, limit)
    }
}

/// A token for everybody, from where the registry says.
fn token(client: &mut Client, challenge: &str) -> Result<String, String> {
    #[derive(Deserialize)]
    struct Answer {
        token: Option<String>,
        access_token: Option<String>,
    }
    let challenge = Challenge::read(challenge)
        .ok_or_else(|| "the registry wants credentials, and Plimsoll sends none".to_owned())?;
    let mut url = Url::parse(&challenge.realm)?;
    let mut query: Vec<String> = url.query.take().into_iter().collect();
    for (name, value) in [("service", &challenge.service), ("scope", &challenge.scope)] {
        if !value.is_empty() {
            query.push(format!("{name}={}", escaped(value)));
        }
    }
    url.query = Some(query.join("&"));
    let answer = client.get(&url, MAX_ANSWER)?;
    let answer: Answer = serde_json::from_slice(&answer)
        .map_err(|_| "the registry's token cannot be read".to_owned())?;
    let token = answer.token.or(answer.access_token).unwrap_or_default();
    if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("the registry's token cannot be read".to_owned());
    }
    Ok(token)
}

/// What a registry wants: `Bearer realm="…",service="…",scope="…"`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Challenge {
    realm: String,
    service: String,
    scope: String,
}

impl Challenge {
    /// `None` for another sort of challenge.
    fn read(text: &str) -> Option<Self> {
        let (sort, mut rest) = text.trim().split_once(' ')?;
        if !sort.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let mut challenge = Self::default();
        while let Some((name, after)) = rest.split_once('=') {
            let (value, after) = match after.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => after.split_at(after.find(',').unwrap_or(after.len())),
            };
            let place = match name.trim().to_ascii_lowercase().as_str() {
                "realm" => Some(&mut challenge.realm),
                "service" => Some(&mut challenge.service),
                "scope" => Some(&mut challenge.scope),
                _ => None,
            };
            if let Some(place) = place {
                value.clone_into(place);
            }
            rest = after.trim_start_matches([',', ' ']);
        }
        (!challenge.realm.is_empty()).then_some(challenge)
    }
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b':' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// A manifest, as far as it is needed.
#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
struct Layer {
    #[serde(rename = "mediaType")]
    media_type: String,
    digest: String,
}

impl Manifest {
    /// The SHA-256 of the chart's archive.
    fn read(bytes: &[u8]) -> Result<String, String> {
        let manifest: Self = serde_json::from_slice(bytes)
            .map_err(|error| format!("the manifest cannot be read: {error}"))?;
        let layer = ARCHIVES.iter().find_map(|archive| {
            let mut layers = manifest.layers.iter();
            layers.find(|layer| layer.media_type == *archive)
        });
        let layer = layer.ok_or_else(|| "what lies there is no chart".to_owned())?;
        let hex = layer.digest.strip_prefix("sha256:");
        hex.filter(|hex| {
            hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        })
        .map(str::to_owned)
        .ok_or_else(|| "the manifest names no SHA-256 digest".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read() {
        let check = |text: &str, expected: Option<[&str; 3]>| {
            let expected = expected.map(|[realm, service, scope]| Challenge {
                realm: realm.to_owned(),
                service: service.to_owned(),
                scope: scope.to_owned(),
            });
            assert_eq!(Challenge::read(text), expected, "{text}");
        };
        check(
            "Bearer realm=\"https://a/t\",service=\"r\",scope=\"repository:a/b:pull,push\"",
            Some(["https://a/t", "r", "repository:a/b:pull,push"]),
        );
        check(
            "bearer  realm=\"https://a/t\", x=y,scope=s",
            Some(["https://a/t", "", "s"]),
        );
        check("Basic realm=\"x\"", None);
        check("Bearer realm=\"x", None);
        check("Bearer", None);
        check("Bearer service=\"x\"", None);
    }

    #[test]
    fn a_manifest_names_the_archive() {
        let hex = "0123456789abcdef".repeat(4);
        let with = |media_type: &str, digest: &str| {
            let text = format!(
                "{{\"layers\":[{{\"mediaType\":\"application/x\",\"digest\":\"\"}},{{\"mediaType\":\"{media_type}\",\"digest\":\"{digest}\"}}]}}"
            );
            Manifest::read(text.as_bytes())
        };
        assert_eq!(with(ARCHIVES[0], &format!("sha256:{hex}")), Ok(hex.clone()));
        assert!(with("application/y", &format!("sha256:{hex}")).is_err());
        assert!(with(ARCHIVES[0], &format!("sha512:{hex}")).is_err());
        assert!(with(ARCHIVES[0], "sha256:../../x").is_err());
        assert!(Manifest::read(b"[]").is_err());
    }
}
