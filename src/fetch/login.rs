//! Logins: what the person who runs Plimsoll has for private servers, in the files in which Helm finds it.
//!
//! For registries that is Docker's `config.json`, which `helm registry login` writes, too; for chart repositories Helm's
//! `repositories.yaml`. A login belongs to a host and, below it, to the repositories that its key names. It goes to no other server
//! (see `client` and `oci`), and has no form in which it could be printed. Programs that keep logins are not run.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::url::{Scheme, Url, host_and_port};

/// A user and a password, a token that is changed for another one, or a token. What is not there is empty.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: String,
    /// What a token service takes in place of a password (`identitytoken`).
    pub(super) refresh: String,
    /// What the registry itself takes (`registrytoken`).
    pub(super) token: String,
}

impl Login {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What an HTTP server is told: the header `Authorization`.
    pub(super) fn basic(&self) -> Option<Authorization> {
        let Self { user, password, .. } = self;
        let pair = STANDARD.encode(format!("{user}:{password}"));
        (!user.is_empty() || !password.is_empty()).then(|| Authorization {
            header: format!("Basic {pair}"),
            is_personal: true,
        })
    }
}

/// The value of a header `Authorization`.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Authorization {
    header: String,
    is_personal: bool,
}

impl Authorization {
    /// A token that was had with a login, or one that everybody gets.
    pub(super) fn bearer(token: &str, is_personal: bool) -> Self {
        Self {
            header: format!("Bearer {token}"),
            is_personal,
        }
    }

    /// The text, for the wire only.
    pub(super) fn header(&self) -> &str {
        &self.header
    }

    /// True if and only if it says who asks.
    pub(super) fn is_personal(&self) -> bool {
        self.is_personal
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorization(hidden)")
    }
}

/// The part of a host that a login is for.
#[derive(Clone, PartialEq, Eq)]
struct Place {
    host: String,
    /// `None` for that of the scheme.
    port: Option<u16>,
    /// A repository, and what lies below; empty for all.
    below: String,
}

impl Place {
    /// Reads a key of `auths`: a host; a host and a path, as Podman writes them; an address, as Docker wrote them once.
    fn parse(key: &str) -> Option<Self> {
        let bare = key
            .strip_prefix("https://")
            .or_else(|| key.strip_prefix("http://"));
        let (authority, path) = match bare.unwrap_or(key).split_once('/') {
            Some((authority, path)) => (authority, path.trim_matches('/')),
            None => (bare.unwrap_or(key), ""),
        };
        let has_port = authority
            .rsplit_once(':')
            .is_some_and(|(_, port)| !port.ends_with(']'));
        let (host, port) = host_and_port(authority, Scheme::Https)?;
        // The registry of Docker Hub has three names.
        let host = match host.as_str() {
            "docker.io" | "index.docker.io" => "registry-1.docker.io".to_owned(),
            _ => host,
        };
        // An address ends with the version of the interface, which is no repository.
        let is_version = matches!(path, "v1" | "v2");
        Some(Self {
            host,
            port: has_port.then_some(port),
            below: if is_version {
                String::new()
            } else {
                path.to_owned()
            },
        })
    }

    fn is_at(&self, server: &Url) -> bool {
        let port = self.port.unwrap_or(server.scheme.port());
        self.host == server.host && port == server.port
    }

    fn covers(&self, server: &Url, repository: &str) -> bool {
        let inside = repository.strip_prefix(self.below.as_str());
        let inside = inside
            .is_some_and(|rest| self.below.is_empty() || rest.is_empty() || rest.starts_with('/'));
        self.is_at(server) && inside
    }
}

/// All logins of a person. They cannot be printed.
#[derive(Clone, Default)]
pub struct Logins {
    registries: Vec<(Place, Login)>,
    repositories: Vec<(Url, Login)>,
    /// The programs that keep logins of registries; `None` for the one that keeps all others.
    programs: Vec<(Option<Place>, String)>,
}

impl fmt::Debug for Logins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Logins(hidden)")
    }
}

impl Logins {
    /// Takes the logins of registries from a `config.json` of Helm or Docker. What was taken before is preferred. The reason of a
    /// failure is a clause; it does not quote the file.
    pub fn add_registries(&mut self, config: &[u8]) -> Result<(), String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct File {
            auths: Option<BTreeMap<String, Option<Entry>>>,
            creds_store: Option<String>,
            cred_helpers: Option<BTreeMap<String, String>>,
        }
        #[derive(Deserialize)]
        #[serde(default)]
        #[derive(Default)]
        struct Entry {
            auth: Option<String>,
            username: Option<String>,
            password: Option<String>,
            identitytoken: Option<String>,
            registrytoken: Option<String>,
        }
        let file: File = serde_json::from_slice(config).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            format!("it is no configuration of Docker: line {line}, column {column}")
        })?;
        for (key, entry) in file.auths.unwrap_or_default() {
            let (Some(place), Some(entry)) = (Place::parse(&key), entry) else {
                continue;
            };
            let mut login = Login {
                user: entry.username.unwrap_or_default(),
                password: entry.password.unwrap_or_default(),
                refresh: entry.identitytoken.unwrap_or_default(),
                token: entry.registrytoken.unwrap_or_default(),
            };
            if let Some(auth) = entry.auth.filter(|auth| !auth.is_empty()) {
                let text = STANDARD.decode(auth.trim()).ok();
                let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
                let pair = text.as_deref().and_then(|text| text.split_once(':'));
                let (user, password) =
                    pair.ok_or_else(|| format!("its login for `{}` cannot be read", place.host))?;
                user.clone_into(&mut login.user);
                password.trim_matches('\0').clone_into(&mut login.password);
            }
            if !login.is_empty() {
                self.registries.push((place, login));
            }
        }
        for (key, program) in file.cred_helpers.unwrap_or_default() {
            self.programs
                .extend(Place::parse(&key).map(|place| (Some(place), program)));
        }
        let store = file.creds_store.filter(|program| !program.is_empty());
        self.programs.extend(store.map(|program| (None, program)));
        Ok(())
    }

    /// Takes the logins of chart repositories from a `repositories.yaml`. The reason of a failure is a clause; it does not quote the
    /// file.
    pub fn add_repositories(&mut self, config: &[u8]) -> Result<(), String> {
        #[derive(Deserialize)]
        struct File {
            #[serde(default)]
            repositories: Option<Vec<Entry>>,
        }
        #[derive(Deserialize)]
        struct Entry {
            url: Option<String>,
            username: Option<String>,
            password: Option<String>,
        }
        let file: File = serde_yaml::from_slice(config)
            .map_err(|_| "it is no list of Helm's chart repositories".to_owned())?;
        for entry in file.repositories.unwrap_or_default() {
            let login = Login {
                user: entry.username.unwrap_or_default(),
                password: entry.password.unwrap_or_default(),
                ..Login::default()
            };
            if let (Ok(url), false) = (Url::parse(&entry.url.unwrap_or_default()), login.is_empty())
            {
                self.repositories.push((url, login));
            }
        }
        Ok(())
    }

    /// The login for a repository of a registry: that of the longest key.
    pub(super) fn of_registry(&self, server: &Url, repository: &str) -> Option<&Login> {
        let covering = self
            .registries
            .iter()
            .rev()
            .filter(|(place, _)| place.covers(server, repository));
        let best = covering.max_by_key(|(place, _)| place.below.len());
        best.map(|(_, login)| login)
    }

    /// The login for a chart repository: Helm compares the whole address, but for a slash at its end.
    pub(super) fn of_repository(&self, repository: &Url) -> Option<&Login> {
        let path = |url: &Url| url.path.trim_end_matches('/').to_owned();
        let mut same = self.repositories.iter().filter(|(url, _)| {
            url.origin() == repository.origin()
                && path(url) == path(repository)
                && url.query == repository.query
        });
        same.next().map(|(_, login)| login)
    }

    /// True if and only if there is a login for something on a server.
    pub(super) fn has(&self, server: &Url) -> bool {
        let repositories = self.repositories.iter();
        self.registries.iter().any(|(place, _)| place.is_at(server))
            || repositories
                .clone()
                .any(|(url, _)| url.origin() == server.origin())
    }

    /// The program that would know the login for a server.
    pub(super) fn program(&self, server: &Url) -> Option<&str> {
        let of_server = |(place, _): &&(Option<Place>, String)| {
            place.as_ref().is_none_or(|place| place.is_at(server))
        };
        let found = self.programs.iter().find(of_server);
        found.map(|(_, program)| program.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_for_its_host_and_repositories() {
        let mut logins = Logins::default();
        logins
            .add_registries(
                br#"{"auths": {
                "a.example": {"auth": "bWU6cDpx"},
                "a.example/team/x": {"username": "x", "password": "y"},
                "https://old.example:444/v1/": {"auth": "bWU6cA=="},
                "https://index.docker.io/v1/": {"identitytoken": "i"},
                "helped.example": {}},
                "credHelpers": {"helped.example": "pass"}}"#,
            )
            .unwrap();
        let check = |server: &str, repository: &str, expected: Option<[&str; 2]>| {
            let url = Url::parse(server).unwrap();
            let found = logins.of_registry(&url, repository);
            let found = found.map(|login| [login.user.as_str(), login.password.as_str()]);
            assert_eq!(found, expected, "{server} {repository}");
        };
        check("https://a.example", "charts/x", Some(["me", "p:q"]));
        check("https://a.example", "team/x", Some(["x", "y"]));
        check("https://a.example", "team/x/y", Some(["x", "y"]));
        check("https://a.example", "team/xy", Some(["me", "p:q"]));
        check("https://a.example:444", "x", None);
        check("https://b.a.example", "x", None);
        check("https://a.example.evil", "x", None);
        check("https://old.example:444", "x", Some(["me", "p"]));
        check("https://old.example", "x", None);
        check("https://registry-1.docker.io", "x", Some(["", ""]));
        check("https://helped.example", "x", None);
        let program = |host: &str| logins.program(&Url::parse(host).unwrap());
        assert_eq!(program("https://helped.example"), Some("pass"));
        assert_eq!(program("https://a.example"), None);
        assert_eq!(format!("{logins:?}"), "Logins(hidden)");
        // The file of Helm is read first.
        logins
            .add_registries(
                br#"{"auths": {"a.example": {"auth": "eDp5"}}, "credsStore": "desktop"}"#,
            )
            .unwrap();
        let a = Url::parse("https://a.example").unwrap();
        assert_eq!(logins.of_registry(&a, "x").unwrap().user, "me");
        assert_eq!(logins.program(&a), Some("desktop"));
        for wrong in ["", "[]", r#"{"auths": {"a": {"auth": "s3cr3t"}}}"#] {
            let why = Logins::default()
                .add_registries(wrong.as_bytes())
                .unwrap_err();
            assert!(!why.contains("s3cr3t"), "{why}");
        }
    }

    #[test]
    fn a_chart_repository_is_known_by_its_address() {
        let mut logins = Logins::default();
        logins
            .add_repositories(
                b"apiVersion: ''\nrepositories:\n- name: r\n  url: https://r.example/charts/\n  username: me\n  password: p\n- name: open\n  url: https://o.example\n  username: ''\n",
            )
            .unwrap();
        let check = |url: &str, expected: bool| {
            let url = Url::parse(url).unwrap();
            assert_eq!(logins.of_repository(&url).is_some(), expected, "{url:?}");
        };
        check("https://r.example/charts", true);
        check("https://R.example:443/charts/", true);
        check("http://r.example/charts", false);
        check("https://r.example/charts/x", false);
        check("https://r.example", false);
        check("https://o.example", false);
        let why = logins
            .add_repositories(b"repositories: s3cr3t")
            .unwrap_err();
        assert!(!why.contains("s3cr3t"), "{why}");
    }
}
