//! Private servers: who is told a login, who is not, what a busy server is asked again, and what another run may see.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::cache::digest;
use super::server::{Reply, Server};
use super::{Logins, Reach, Settings, TEMPLATE, answer, archive, file, part, settings};

/// `me:s3cr3t`
const BASIC: &str = "Basic bWU6czNjcjN0";

/// A configuration of Docker with one login, for a server.
fn with_login(settings: Settings, server: &Server, login: &str) -> Settings {
    let config = format!("{{\"auths\":{{\"{}\":{login}}}}}", server.authority());
    let mut logins = Logins::default();
    logins.add_registries(config.as_bytes()).unwrap();
    Settings { logins, ..settings }
}

fn manifest(chart: &[u8]) -> String {
    format!(
        "{{\"config\":{{\"mediaType\":\"application/vnd.cncf.helm.config.v1+json\"}},\"layers\":[{{\"mediaType\":\"application/vnd.cncf.helm.chart.content.v1.tar+gzip\",\"digest\":\"sha256:{}\"}}]}}",
        digest(chart)
    )
}

/// A registry with `charts/part` 1.2.0, which wants `authorization` as `challenge` says, and keeps its archives elsewhere.
fn registry(
    challenge: impl Fn(&str) -> String + Send + Sync + 'static,
    wanted: &'static str,
) -> (Server, Server) {
    let chart = archive("part", "1.2.0", TEMPLATE);
    let manifest = manifest(&chart);
    let store = Server::start(move |_| Reply::ok(chart.clone()));
    let held = store.url.clone();
    let registry = Server::start(move |asked| {
        let target = asked.target.as_str();
        if target.starts_with("/token") {
            // What is asked for shows who was told what.
            let told = asked.authorization.as_deref() == Some(BASIC)
                || String::from_utf8_lossy(&asked.body).contains("refresh_token=r3fresh");
            let token = if told { "for-me" } else { "for-all" };
            return Reply::ok(format!("{{\"token\": \"{token}\"}}"));
        }
        if asked.authorization.as_deref() != Some(wanted) {
            return Reply::status(401).header("www-authenticate", &challenge(&asked.host));
        }
        if target.contains("/manifests/1.2.0") {
            Reply::ok(manifest.clone())
        } else if target.contains("/blobs/") {
            Reply::redirect(&held)
        } else {
            Reply::status(404)
        }
    });
    (registry, store)
}

fn fetched(settings: &Settings, registry: &Server) -> Result<String, String> {
    answer(
        settings,
        &part(&format!("oci://{}/charts", registry.authority()), "1.2.0"),
    )
}

#[test]
fn a_registry_is_told_its_login_and_no_other_server_is() {
    let cache = tempfile::tempdir().unwrap();
    let (server, store) = registry(|_| "Basic realm=\"x\"".to_owned(), BASIC);
    let settings = settings(cache.path(), &[&server, &store]);
    let why = fetched(&settings, &server).unwrap_err();
    assert!(why.contains("there is no login for it"), "{why}");
    let wrong = with_login(
        settings.clone(),
        &server,
        "{\"username\":\"me\",\"password\":\"wr0ng\"}",
    );
    let why = fetched(&wrong, &server).unwrap_err();
    assert!(
        why.contains("does not accept the login") && !why.contains("wr0ng"),
        "{why}"
    );
    let helped = with_login(
        settings.clone(),
        &server,
        "{}},\"credsStore\":\"desktop\",\"x\":{\"y\":{}",
    );
    let why = fetched(&helped, &server).unwrap_err();
    assert!(
        why.contains("the program `docker-credential-desktop`"),
        "{why}"
    );
    let right = with_login(settings.clone(), &server, "{\"auth\":\"bWU6czNjcjN0\"}");
    assert!(fetched(&right, &server).is_ok());
    assert!(
        store
            .asked()
            .iter()
            .all(|asked| asked.authorization.is_none())
    );
    // What is kept says who was told, and a run without the login has to ask itself.
    let record = std::fs::read_dir(cache.path().join("v1/wants"))
        .unwrap()
        .next();
    let record = std::fs::read_to_string(record.unwrap().unwrap().path()).unwrap();
    assert!(
        record.contains(&server.url) && !record.contains("s3cr3t"),
        "{record}"
    );
    assert!(fetched(&right, &server).is_ok());
    assert!(fetched(&settings, &server).is_err());
}

#[test]
fn a_token_is_had_with_the_login_where_the_registry_itself_gives_it() {
    let own = |host: &str| format!("Bearer realm=\"http://{host}/token\",service=\"r\"");
    for login in [
        "{\"auth\":\"bWU6czNjcjN0\"}",
        "{\"identitytoken\":\"r3fresh\"}",
        "{\"registrytoken\":\"for-me\"}",
    ] {
        let cache = tempfile::tempdir().unwrap();
        let (server, store) = registry(own, "Bearer for-me");
        let settings = settings(cache.path(), &[&server, &store]);
        let why = fetched(&settings, &server).unwrap_err();
        assert!(why.contains("there is no login for it"), "{why}");
        let settings = with_login(settings, &server, login);
        assert!(fetched(&settings, &server).is_ok(), "{login}");
        assert!(
            store
                .asked()
                .iter()
                .all(|asked| asked.authorization.is_none())
        );
    }
    // Another server is asked without, where the two do not speak in secret.
    let cache = tempfile::tempdir().unwrap();
    let tokens = Server::start(|_| Reply::ok("{\"token\": \"for-all\"}"));
    let realm = format!("Bearer realm=\"{}/token\"", tokens.url);
    let (server, store) = registry(move |_| realm.clone(), "Bearer for-all");
    let settings = settings(cache.path(), &[&server, &store, &tokens]);
    for login in [
        "{\"auth\":\"bWU6czNjcjN0\"}",
        "{\"identitytoken\":\"r3fresh\"}",
        "{\"registrytoken\":\"for-me\"}",
    ] {
        assert!(fetched(&with_login(settings.clone(), &server, login), &server).is_ok());
    }
    let told = tokens.asked();
    assert!(!told.is_empty());
    assert!(
        told.iter()
            .all(|asked| asked.authorization.is_none() && asked.body.is_empty())
    );
}

#[test]
fn the_next_page_of_tags_is_asked_without_a_token_where_it_lies_elsewhere() {
    let cache = tempfile::tempdir().unwrap();
    let other = Server::start(|_| Reply::ok("{\"tags\": []}"));
    let link = format!("<{}/v2/tags>; rel=\"next\"", other.url);
    let server = Server::start(move |asked| match asked.authorization.as_deref() {
        Some(BASIC) => {
            Reply::ok("{\"tags\": [\"v1.2.0\", \"1.3\", \"latest\"]}").header("link", &link)
        }
        _ => Reply::status(401).header("www-authenticate", "Basic"),
    });
    let settings = settings(cache.path(), &[&server, &other]);
    let settings = with_login(settings, &server, "{\"auth\":\"bWU6czNjcjN0\"}");
    let want = part(&format!("oci://{}/charts", server.authority()), "*");
    let why = answer(&settings, &want).unwrap_err();
    assert!(
        why.contains("no version of the chart satisfies `*`"),
        "{why}"
    );
    assert_eq!(other.asked().len(), 1);
    assert_eq!(other.asked()[0].authorization, None);
}

#[test]
fn a_chart_repository_is_told_its_login_and_no_other_server_is() {
    let cache = tempfile::tempdir().unwrap();
    let chart = archive("part", "1.2.0", TEMPLATE);
    let held = chart.clone();
    let store = Server::start(move |_| Reply::ok(held.clone()));
    let elsewhere = store.url.clone();
    let server = Server::start(move |asked| {
        match (asked.authorization.as_deref(), asked.target.as_str()) {
            (None, _) => Reply::status(401),
            (_, "/charts/index.yaml") => Reply::ok(format!(
                "apiVersion: v1\nentries:\n  part:\n  - {{name: part, version: 1.2.0, urls: [part.tgz]}}\n  - {{name: part, version: 1.3.0, urls: [{elsewhere}/part.tgz]}}\n  - {{name: part, version: 1.4.0, urls: [moved.tgz]}}\n"
            )),
            (_, "/charts/part.tgz") => Reply::ok(chart.clone()),
            (_, "/charts/moved.tgz") => Reply::redirect(&elsewhere),
            _ => Reply::status(404),
        }
    });
    let repository = format!("{}/charts", server.url);
    let open = settings(cache.path(), &[&server, &store]);
    let why = answer(&open, &part(&repository, "1.2.0")).unwrap_err();
    assert!(why.contains("there is no login for it"), "{why}");
    let mut logins = Logins::default();
    let config = format!(
        "repositories:\n- {{name: r, url: \"{repository}/\", username: me, password: s3cr3t}}\n"
    );
    logins.add_repositories(config.as_bytes()).unwrap();
    let settings = Settings { logins, ..open };
    for version in ["1.2.0", "1.3.0", "1.4.0"] {
        assert!(
            answer(&settings, &part(&repository, version)).is_ok(),
            "{version}"
        );
    }
    assert!(
        server
            .asked()
            .iter()
            .skip(1)
            .all(|asked| asked.authorization.as_deref() == Some(BASIC))
    );
    assert_eq!(store.asked().len(), 2);
    assert!(
        store
            .asked()
            .iter()
            .all(|asked| asked.authorization.is_none())
    );
    // Another repository of the same server is not told it.
    assert!(answer(&settings, &part(&server.url, "1.2.0")).is_err());
}

#[test]
fn a_busy_registry_is_asked_again_but_not_for_ever() {
    let cache = tempfile::tempdir().unwrap();
    let chart = archive("part", "1.2.0", TEMPLATE);
    let text = manifest(&chart);
    let count = AtomicUsize::new(0);
    let server = Server::start(move |asked| {
        let busy = match count.fetch_add(1, Ordering::Relaxed) {
            0 => Some(503),
            2 => Some(429),
            3 => Some(502),
            _ if asked.target.contains("/9.9.9") => Some(503),
            _ => None,
        };
        match busy {
            Some(status) => Reply::status(status).header("retry-after", "0"),
            None if asked.target.contains("/manifests/1.2.0") => Reply::ok(text.clone()),
            None if asked.target.contains("/blobs/") => Reply::ok(chart.clone()),
            None => Reply::status(404),
        }
    });
    let settings = settings(cache.path(), &[&server]);
    assert!(fetched(&settings, &server).is_ok());
    assert_eq!(server.asked().len(), 5);
    let repository = format!("oci://{}/charts", server.authority());
    let why = answer(&settings, &part(&repository, "9.9.9")).unwrap_err();
    assert!(
        why.contains("answered 503 for the tag `9.9.9` of `charts/part`"),
        "{why}"
    );
    assert_eq!(server.asked().len(), 11);
    // What is not there is not there the next time either.
    assert!(answer(&settings, &part(&repository, "1.0.0")).is_err());
    assert_eq!(server.asked().len(), 12);
}

#[test]
fn a_manifest_is_what_the_registry_says_it_is() {
    let cache = tempfile::tempdir().unwrap();
    let chart = archive("part", "1.2.0", TEMPLATE);
    let text = manifest(&chart);
    let server = Server::start(move |asked| {
        let told = if asked.target.contains("1.2.0") {
            digest(text.as_bytes())
        } else {
            digest(b"other")
        };
        if asked.target.contains("/manifests/") {
            Reply::ok(text.clone()).header("docker-content-digest", &format!("sha256:{told}"))
        } else {
            Reply::ok(chart.clone())
        }
    });
    let settings = settings(cache.path(), &[&server]);
    assert!(fetched(&settings, &server).is_ok());
    let repository = format!("oci://{}/charts", server.authority());
    let why = answer(&settings, &part(&repository, "1.2.1")).unwrap_err();
    assert!(
        why.contains("another digest than the registry says"),
        "{why}"
    );
    // Helm takes no dependency without a version, and no repository with an empty name in it.
    assert!(
        answer(&settings, &part(&repository, ""))
            .unwrap_err()
            .contains("has no version")
    );
    let slash = part(&format!("{repository}/"), "1.2.0");
    assert!(
        answer(&settings, &slash)
            .unwrap_err()
            .contains("`charts//part` is no name")
    );
}

#[test]
fn what_one_run_may_ask_is_not_shown_to_one_that_may_not() {
    let cache = tempfile::tempdir().unwrap();
    let server = super::chart_repository();
    let want = part(&format!("{}/charts", server.url), "1.2.0");
    let named = settings(cache.path(), &[&server]);
    assert!(answer(&named, &want).is_ok());
    let asked = server.asked().len();
    assert!(answer(&named, &want).is_ok());
    let unnamed = Settings {
        network: Some(Reach::of(["http://*"]).unwrap()),
        ..named
    };
    let why = answer(&unnamed, &want).unwrap_err();
    assert!(
        why.contains("private network") && why.contains("--allow-host http://127.0.0.1:"),
        "{why}"
    );
    assert_eq!(server.asked().len(), asked);
}

#[test]
fn nothing_of_an_address_that_may_be_secret_is_told_or_kept() {
    fn all_below(directory: &Path, found: &mut String) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            found.push_str(&path.to_string_lossy());
            if path.is_dir() {
                all_below(&path, found);
            } else {
                found.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|asked| match asked.target.as_str() {
        target if target.starts_with("/x.yaml") => Reply::ok("x: 1\n"),
        _ => Reply::status(404),
    });
    let settings = settings(cache.path(), &[&server]);
    let mut told = String::new();
    for address in [
        "http://HOST/x.yaml?token=s3cr3t",
        "http://HOST/none?sig=s3cr3t",
        "http://s3cr3t@HOST/x.yaml",
        "HTTP://me:s3cr3t@HOST/x.yaml",
        "http://me:s3/cr3t@HOST/x.yaml",
    ] {
        let want = file(&address.replace("HOST", server.authority()));
        let mut mounts = super::Mounts::default();
        let mut fetcher = super::Fetcher::new(&settings);
        fetcher.answer(&[want].into(), &mut mounts);
        let notes: Vec<&String> = fetcher.notes().collect();
        told.push_str(&format!("{notes:?} {mounts:?}\n"));
    }
    for repository in [
        "HOST/x?sig=s3cr3t",
        "me:s3cr3t@HOST/x",
        "s3/cr3t@HOST/x",
        "s3cr3t@HOST/x",
    ] {
        let repository = repository.replace("HOST", server.authority());
        told.push_str(
            &answer(&settings, &part(&format!("oci://{repository}"), "1.0.0")).unwrap_err(),
        );
    }
    all_below(cache.path(), &mut told);
    assert!(!told.contains("cr3t"), "{told}");
    assert!(told.contains("?(hidden)"), "{told}");
}
