//! Charts of OCI registries: tags, manifest, blob, and the token that a registry hands to everybody who asks, or to a login.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::cache::digest;
use super::chart::{MAX_ARCHIVE, choose};
use super::client::{Client, Request, Response};
use super::login::{Authorization, Login};
use super::url::{Scheme, Url};
use crate::render::helm::semver::Version;
use crate::text::address::shown;

/// A manifest, a list of tags and a token are not larger than this.
const MAX_ANSWER: usize = 8 << 20;

/// More pages of tags than this are not read.
const MAX_PAGES: usize = 100;

/// More tags than this are not read.
const MAX_TAGS: usize = 200_000;

/// What Helm says the configuration of a chart is.
const CONFIGURATION: &str = "application/vnd.cncf.helm.config.v1+json";

/// The media types of a chart's archive; the second is what early versions of Helm 3 wrote.
const ARCHIVES: [&str; 2] = [
    "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
    "application/tar+gzip",
];

/// Registries, and the tokens they gave.
#[derive(Default)]
pub(super) struct Registries {
    /// By the address of a repository in a registry.
    known: BTreeMap<String, Authorization>,
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
        // What a server could read another way must not decide which login is used.
        if !is_repository(name) {
            return Err(format!(
                "`{}` is no name of a repository in a registry",
                shown(name)
            ));
        }
        let place = Repository {
            url: client.reachable(host)?.below(&format!("v2/{name}"))?,
            name,
        };
        let version = if Version::parse(version).is_ok() {
            version.to_owned()
        } else {
            self.newest(client, &place, version)?
        };
        let tag = version.replace('+', "_");
        let mut request = Request::default();
        let accepted = "application/vnd.oci.image.manifest.v1+json";
        request.headers.push(("accept", accepted.to_owned()));
        let manifest = place.url.below(&format!("manifests/{tag}"))?;
        let answer = self.ask(client, &place, &manifest, request, MAX_ANSWER)?;
        let told = answer.digest.clone();
        let manifest = answer.ok(format!("the tag `{tag}` of `{name}`"))?;
        let found = format!("sha256:{}", digest(&manifest));
        if told.is_some_and(|told| told.starts_with("sha256:") && told != found) {
            return Err("the manifest has another digest than the registry says".to_owned());
        }
        let layer = Manifest::read(&manifest)?;
        let blob = place.url.below(&format!("blobs/sha256:{layer}"))?;
        let bytes = self
            .ask(client, &place, &blob, Request::default(), MAX_ARCHIVE)?
            .ok(format!("the archive of `{name}` with the tag `{tag}`"))?;
        let found = digest(&bytes);
        if found != layer {
            return Err(format!(
                "the archive has the digest {found}, where the manifest says {layer}"
            ));
        }
        Ok((version, bytes))
    }

    /// The newest tag that satisfies a constraint. As with Helm, tags that are no full version are none (`v1.2.3`, `1.2`).
    fn newest(
        &mut self,
        client: &mut Client,
        place: &Repository<'_>,
        constraint: &str,
    ) -> Result<String, String> {
        #[derive(Deserialize)]
        struct Page {
            tags: Option<Vec<String>>,
        }
        let name = place.name;
        let mut versions = Vec::new();
        let mut count = 0;
        let mut next = Some(place.url.below("tags/list?n=1000")?);
        for _ in 0..MAX_PAGES {
            let Some(url) = next.take() else { break };
            let answer = self.ask(client, place, &url, Request::default(), MAX_ANSWER)?;
            let link = answer.next.as_deref().map(|link| answer.url.join(link));
            next = link.transpose()?;
            let page = answer.ok(format!("the tags of `{name}`"))?;
            let page: Page = serde_json::from_slice(&page)
                .map_err(|_| "the list of tags cannot be read".to_owned())?;
            let tags = page.tags.unwrap_or_default();
            count += tags.len();
            if count > MAX_TAGS {
                break;
            }
            let tags = tags.iter().map(|tag| tag.replace('_', "+"));
            versions.extend(
                tags.filter(|tag| is_strict(tag))
                    .filter_map(|tag| Version::parse(&tag).ok()),
            );
        }
        // The newest might be among those that were not read.
        if next.is_some() || count > MAX_TAGS {
            return Err(format!("`{name}` has more tags than are read"));
        }
        versions.sort_by(|a, b| b.compare(a));
        let chosen = choose(versions.iter(), constraint)?;
        let chosen = versions.get(chosen).map(|version| version.original.clone());
        chosen.ok_or_else(|| "the tag is gone".to_owned())
    }

    /// Asks a repository; where it wants to know who asks, it is told, once.
    fn ask(
        &mut self,
        client: &mut Client,
        place: &Repository<'_>,
        url: &Url,
        mut request: Request,
        limit: usize,
    ) -> Result<Response, String> {
        let key = place.url.wire();
        // Only the registry itself is told, and not where it sends us.
        let is_registry = |url: &Url| url.origin() == place.url.origin();
        let known = self.known.get(&key).filter(|_| is_registry(url));
        request.authorization = known.cloned();
        let answer = client.ask_patiently(url, &request, limit)?;
        let is_registry = is_registry(url) && is_registry(&answer.url);
        let challenge = match (&answer.challenge, &request.authorization) {
            (Some(challenge), None) if answer.status == 401 && is_registry => challenge,
            _ => return Ok(answer),
        };
        let login = client.login_of_registry(&place.url, place.name);
        let authorization = match Challenge::read(challenge) {
            Some(Challenge::Bearer(wanted)) => {
                Some(wanted.token(client, &place.url, login.as_ref())?)
            }
            Some(Challenge::Basic) => login.as_ref().and_then(Login::basic),
            None => None,
        };
        let Some(authorization) = authorization else {
            return Ok(answer);
        };
        if login.is_some() {
            client.used_login(&place.url);
        }
        request.authorization = Some(authorization.clone());
        self.known.insert(key, authorization);
        client.ask_patiently(url, &request, limit)
    }
}

/// True if and only if the text has the form of a repository in a registry, as the distribution specification has it.
fn is_repository(name: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    name.split('/').all(|part| {
        part.bytes().next().is_some_and(is_inner)
            && part.bytes().last().is_some_and(is_inner)
            && part
                .bytes()
                .all(|b| is_inner(b) || matches!(b, b'.' | b'_' | b'-'))
    })
}

/// A repository in a registry.
struct Repository<'n> {
    /// Its address below `/v2/`.
    url: Url,
    name: &'n str,
}

/// True if and only if the text has the form that Helm asks of a tag: three numbers without leading zeros, and what may follow them.
fn is_strict(version: &str) -> bool {
    let numbers = version.split(['-', '+']).next().unwrap_or_default();
    let is_number = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    numbers.split('.').count() == 3 && numbers.split('.').all(is_number)
}

/// How a registry wants to be told who asks.
#[derive(Debug, PartialEq, Eq)]
enum Challenge {
    /// By a user and a password.
    Basic,
    /// By a token.
    Bearer(Wanted),
}

/// Where a token is had, and what it is for: `Bearer realm="…",service="…",scope="…"`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    realm: String,
    service: String,
    scope: String,
}

impl Challenge {
    /// `None` for another sort of challenge.
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let (sort, mut rest) = text.split_once(' ').unwrap_or((text, ""));
        if sort.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !sort.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let mut wanted = Wanted::default();
        while let Some((name, after)) = rest.split_once('=') {
            let (value, after) = match after.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => after.split_at(after.find(',').unwrap_or(after.len())),
            };
            let place = match name.trim().to_ascii_lowercase().as_str() {
                "realm" => Some(&mut wanted.realm),
                "service" => Some(&mut wanted.service),
                "scope" => Some(&mut wanted.scope),
                _ => None,
            };
            if let Some(place) = place {
                value.clone_into(place);
            }
            rest = after.trim_start_matches([',', ' ']);
        }
        (!wanted.realm.is_empty()).then_some(Self::Bearer(wanted))
    }
}

impl Wanted {
    /// A token from where the registry says: one for everybody, unless there is a login.
    ///
    /// Helm and its library (ORAS) tell a login to whatever realm the registry names, also one that is not encrypted. Here a login
    /// leaves the registry's own server only where both are reached by HTTPS, as then it is the registry that wants it there.
    fn token(
        &self,
        client: &mut Client,
        registry: &Url,
        login: Option<&Login>,
    ) -> Result<Authorization, String> {
        #[derive(Deserialize)]
        struct Answer {
            token: Option<String>,
            access_token: Option<String>,
        }
        let mut url = Url::parse(&self.realm)?;
        let is_trusted = url.origin() == registry.origin()
            || url.scheme == Scheme::Https && registry.scheme == Scheme::Https;
        let login = login.filter(|_| is_trusted);
        if let Some(login) = login.filter(|login| !login.token.is_empty()) {
            return bearer(&login.token, true);
        }
        let mut request = Request::default();
        let mut query: Vec<String> = url.query.take().into_iter().collect();
        let mut fields = Vec::new();
        for (name, value) in [("service", &self.service), ("scope", &self.scope)] {
            if !value.is_empty() {
                fields.push(format!("{name}={}", escaped(value)));
            }
        }
        if let Some(login) = login.filter(|login| !login.refresh.is_empty()) {
            fields.push("grant_type=refresh_token&client_id=plimsoll".to_owned());
            fields.push(format!("refresh_token={}", escaped(&login.refresh)));
            let form = "application/x-www-form-urlencoded";
            request.body = Some((form, fields.join("&").into_bytes()));
        } else {
            request.authorization = login.and_then(Login::basic);
            query.append(&mut fields);
        }
        url.query = (!query.is_empty()).then(|| query.join("&"));
        let answer = client.ask_patiently(&url, &request, MAX_ANSWER)?;
        let answer: Answer = serde_json::from_slice(&answer.ok("a token")?)
            .map_err(|_| "the registry's token cannot be read".to_owned())?;
        let token = answer.token.or(answer.access_token).unwrap_or_default();
        bearer(&token, login.is_some())
    }
}

fn bearer(token: &str, is_personal: bool) -> Result<Authorization, String> {
    if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("the registry's token cannot be read".to_owned());
    }
    Ok(Authorization::bearer(token, is_personal))
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
    config: Option<Configuration>,
    #[serde(default)]
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
struct Configuration {
    #[serde(rename = "mediaType")]
    media_type: String,
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
        let manifest: Self =
            serde_json::from_slice(bytes).map_err(|_| "the manifest cannot be read".to_owned())?;
        let config = manifest.config.map(|config| config.media_type);
        if config.is_none_or(|media_type| media_type != CONFIGURATION) {
            return Err(
                "what lies there is no chart: its configuration is another program's".to_owned(),
            );
        }
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
            let expected = expected.map(|[realm, service, scope]| {
                Challenge::Bearer(Wanted {
                    realm: realm.to_owned(),
                    service: service.to_owned(),
                    scope: scope.to_owned(),
                })
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
        assert_eq!(Challenge::read("Basic realm=\"x\""), Some(Challenge::Basic));
        assert_eq!(Challenge::read("basic"), Some(Challenge::Basic));
        check("Negotiate", None);
        check("Bearer realm=\"x", None);
        check("Bearer", None);
        check("Bearer service=\"x\"", None);
    }

    #[test]
    fn a_manifest_names_the_archive() {
        let hex = "0123456789abcdef".repeat(4);
        let with = |media_type: &str, digest: &str| {
            let text = format!(
                "{{\"config\":{{\"mediaType\":\"{CONFIGURATION}\"}},\"layers\":[{{\"mediaType\":\"application/x\",\"digest\":\"\"}},{{\"mediaType\":\"{media_type}\",\"digest\":\"{digest}\"}}]}}"
            );
            Manifest::read(text.as_bytes())
        };
        assert_eq!(with(ARCHIVES[0], &format!("sha256:{hex}")), Ok(hex.clone()));
        assert!(with("application/y", &format!("sha256:{hex}")).is_err());
        assert!(with(ARCHIVES[0], &format!("sha512:{hex}")).is_err());
        assert!(with(ARCHIVES[0], "sha256:../../x").is_err());
        assert!(Manifest::read(b"[]").is_err());
        let image = format!(
            "{{\"config\":{{\"mediaType\":\"application/vnd.oci.image.config.v1+json\"}},\"layers\":[{{\"mediaType\":\"{}\",\"digest\":\"sha256:{hex}\"}}]}}",
            ARCHIVES[0]
        );
        assert!(
            Manifest::read(image.as_bytes())
                .unwrap_err()
                .contains("no chart")
        );
        let deep = "[".repeat(1_000_000);
        assert!(Manifest::read(format!("{{\"layers\":{deep}").as_bytes()).is_err());
        assert!(Manifest::read(format!("{{\"x\":{deep}").as_bytes()).is_err());
    }

    #[test]
    fn a_repository_has_a_plain_name() {
        for plain in ["part", "charts/part", "a.b/c_d/e--f", "1"] {
            assert!(is_repository(plain), "{plain}");
        }
        for other in [
            "",
            "charts//part",
            "charts/",
            "a/../b",
            "a/%2e%2e/b",
            "A",
            "a?b",
            "-a",
            "a b",
        ] {
            assert!(!is_repository(other), "{other}");
        }
    }

    #[test]
    fn a_tag_is_a_full_version() {
        for strict in ["1.2.3", "0.0.0", "1.2.3-rc.1", "1.2.3+a.b"] {
            assert!(is_strict(strict), "{strict}");
        }
        for other in [
            "v1.2.3", "1.2", "1", "latest", "01.2.3", "1.2.3.4", "", "1..3",
        ] {
            assert!(!is_strict(other), "{other}");
        }
    }
}
