//! The fetch layer against servers in this process: what is asked, what is refused, and what rendering makes of it.

mod private;
mod repository;
mod server;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::cache::digest;
use super::{Authorities, Fetcher, Limits, Logins, Reach, Settings};
use crate::discover::{App, Overlay, Release, Source};
use crate::render::{self, Rendered};
use crate::snapshot::{Content, Fetched, Memory, Mounted, Mounts, Snapshot, Want};
use crate::text::RepoPath;

use repository::{Entry, blob, commit, delta, id, pack, serve, tree};
use server::{Reply, Server};

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

fn settings(cache: &Path, servers: &[&Server]) -> Settings {
    let hosts = servers.iter().map(|server| server.url.as_str());
    Settings {
        cache: cache.to_owned(),
        network: Some(Reach::of(hosts).unwrap()),
        limits: Limits {
            request: Duration::from_secs(10),
            ..Limits::default()
        },
        authorities: Authorities::default(),
        logins: Logins::default(),
        has_proxy: false,
    }
}

fn offline(cache: &Path) -> Settings {
    Settings {
        network: None,
        ..settings(cache, &[])
    }
}

/// What a fetcher says to one want: why not, or the path it is mounted at.
fn answer(settings: &Settings, want: &Want) -> Result<String, String> {
    let mut mounts = Mounts::default();
    let mut fetcher = Fetcher::new(settings);
    fetcher.answer(&BTreeSet::from([want.clone()]), &mut mounts);
    match &mounts.answers()[want] {
        Fetched::At(path) => Ok(path.to_string()),
        Fetched::Failed(why) => Err(why.to_string()),
        Fetched::NotTried => panic!("a want without an answer"),
    }
}

fn file(url: &str) -> Want {
    Want::File {
        url: url.to_owned(),
    }
}

fn git(server: &Server, reference: &str) -> Want {
    Want::Git {
        url: format!("{}/org/repo", server.url),
        reference: reference.to_owned(),
    }
}

/// Renders until nothing new is wanted, as the command line does.
fn complete(
    snapshot: &dyn Snapshot,
    source: Source,
    settings: &Settings,
) -> (Rendered, Vec<String>) {
    let app = App {
        id: "app".to_owned(),
        environment: None,
        source,
    };
    let mut mounts = Mounts::default();
    let mut fetcher = Fetcher::new(settings);
    for _ in 0..9 {
        let rendered = render::render(&Mounted::new(snapshot, &mounts), &app);
        let wants = rendered.inputs.unanswered().cloned().collect();
        if !fetcher.answer(&wants, &mut mounts) {
            return (rendered, fetcher.notes().cloned().collect());
        }
    }
    panic!("there is no end of wants");
}

fn archive(name: &str, version: &str, text: &str) -> Vec<u8> {
    let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let mut archive = tar::Builder::new(encoder);
    let manifest = format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
    for (path, text) in [
        ("Chart.yaml", manifest.as_str()),
        ("values.yaml", "greeting: hello\n"),
        ("templates/x.yaml", text),
    ] {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive
            .append_data(&mut header, format!("{name}/{path}"), text.as_bytes())
            .unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

const TEMPLATE: &str =
    "apiVersion: v1\nkind: C\nmetadata:\n  name: {{ .Chart.Version }}-{{ .Values.greeting }}\n";

/// A chart repository at `/charts`: `part` in three versions, one of which has a wrong digest, one an absolute address.
fn chart_repository() -> Server {
    let old = archive("part", "1.2.0", TEMPLATE);
    let new = archive("part", "1.10.0", TEMPLATE);
    Server::start(move |asked| match asked.target.as_str() {
        "/charts/index.yaml" => Reply::ok(format!(
            "apiVersion: v1\nentries:\n  part:\n  - name: part\n    version: 1.2.0\n    urls: [files/part-1.2.0.tgz]\n    digest: {}\n  - name: part\n    version: 1.10.0\n    urls: [/elsewhere/part-1.10.0.tgz]\n    digest: sha256:{}\n  - name: part\n    version: 2.0.0\n    urls: [files/part-1.2.0.tgz]\n    digest: {}\n  - name: part\n    version: 3.0.0\n    urls: [gone.tgz]\n",
            digest(&old),
            digest(&new),
            digest(b"other")
        )),
        "/charts/files/part-1.2.0.tgz" => Reply::ok(old.clone()),
        "/elsewhere/part-1.10.0.tgz" => Reply::ok(new.clone()),
        _ => Reply::status(404),
    })
}

fn part(repository: &str, version: &str) -> Want {
    Want::Chart {
        repository: repository.to_owned(),
        name: "part".to_owned(),
        version: version.to_owned(),
        unpacked: false,
    }
}

/// A chart that depends on `part`.
fn parent(repository: &str, version: &str, more: &[(&str, String)]) -> (Memory, Source) {
    let manifest = format!(
        "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n- name: part\n  version: {version:?}\n  repository: {repository}\n"
    );
    let mut files = vec![("c/Chart.yaml", manifest)];
    files.extend_from_slice(more);
    let release = Release::new(path("c"), "rel", "ns");
    (Memory::new("test", files).unwrap(), Source::Helm(release))
}

fn names(rendered: &Rendered) -> Vec<&str> {
    let resources = rendered.rendering.resources.iter();
    resources
        .map(|resource| resource.identity.name.as_str())
        .collect()
}

fn first_problem(rendered: &Rendered) -> &str {
    &rendered.rendering.problems.first().unwrap().message
}

#[test]
fn a_dependency_is_fetched_by_its_constraint_and_kept() {
    let cache = tempfile::tempdir().unwrap();
    let server = chart_repository();
    let (snapshot, source) = parent(&format!("{}/charts", server.url), "^1.2.0", &[]);
    let (rendered, notes) = complete(
        &snapshot,
        source.clone(),
        &settings(cache.path(), &[&server]),
    );
    assert_eq!(rendered.rendering.problems, []);
    assert_eq!(names(&rendered), ["1.10.0-hello"]);
    assert!(
        notes[0].contains("is not pinned: it was version 1.10.0"),
        "{notes:?}"
    );
    let origin = rendered.rendering.resources[0].value.origin;
    let place = rendered.origins.trace(origin).data[0];
    let file = &rendered.origins.file(place.file).path;
    assert!(
        file.as_str().starts_with("fetched:")
            && file.as_str().ends_with("-part-1.10.0.tgz/templates/x.yaml"),
        "{file}"
    );

    // Without the network, what was kept is used, and the note is the same.
    let before = server.asked().len();
    let (rendered, again) = complete(&snapshot, source.clone(), &offline(cache.path()));
    assert_eq!((names(&rendered), again), (vec!["1.10.0-hello"], notes));
    assert_eq!(server.asked().len(), before);
    let empty = tempfile::tempdir().unwrap();
    let (rendered, _) = complete(&snapshot, source, &offline(empty.path()));
    assert!(first_problem(&rendered).contains("has not been fetched before"));
}

#[test]
fn a_lock_decides_the_version_unless_it_is_stale() {
    let cache = tempfile::tempdir().unwrap();
    let server = chart_repository();
    let repository = format!("{}/charts", server.url);
    let lock = |constraint: &str| {
        let constraint = constraint.replace('<', "\\u003c").replace('>', "\\u003e");
        let json = format!(
            "[[{{\"name\":\"part\",\"version\":\"{constraint}\",\"repository\":\"{repository}\"}}],[{{\"name\":\"part\",\"version\":\"1.2.0\",\"repository\":\"{repository}\"}}]]"
        );
        let digest = digest(json.as_bytes());
        let text = format!(
            "dependencies:\n- name: part\n  repository: {repository}\n  version: 1.2.0\ndigest: sha256:{digest}\ngenerated: \"2026-01-01T00:00:00Z\"\n"
        );
        [("c/Chart.lock", text)]
    };
    let settings = settings(cache.path(), &[&server]);
    let (snapshot, source) = parent(&repository, ">=1.2.0 <2", &lock(">=1.2.0 <2"));
    let (rendered, notes) = complete(&snapshot, source, &settings);
    assert_eq!(rendered.rendering.problems, []);
    assert_eq!((names(&rendered), notes.len()), (vec!["1.2.0-hello"], 0));
    let before = server.asked().len();
    let (snapshot, source) = parent(&repository, ">=1.2.0 <3", &lock(">=1.2.0 <2"));
    let (rendered, _) = complete(&snapshot, source, &settings);
    let problem = rendered.rendering.problems.first().unwrap();
    assert!(
        problem.help.as_deref().unwrap().contains("out of sync"),
        "{problem:?}"
    );
    assert_eq!(server.asked().len(), before);
}

#[test]
fn what_cannot_be_had_is_a_problem_at_the_line_that_names_it() {
    let cache = tempfile::tempdir().unwrap();
    let server = chart_repository();
    let settings = settings(cache.path(), &[&server]);
    let repository = format!("{}/charts", server.url);
    let fails = |version: &str, why: &str| {
        let (snapshot, source) = parent(&repository, version, &[]);
        let (rendered, _) = complete(&snapshot, source, &settings);
        let problem = rendered.rendering.problems.first().unwrap();
        assert!(problem.message.contains(why), "{problem:?}");
        assert_eq!(
            problem.place.as_ref().unwrap().path.as_str(),
            "c/Chart.yaml"
        );
    };
    fails("2.0.0", "where the repository's index says");
    fails("3.0.0", "answered 404");
    fails("4.x", "no version of the chart satisfies `4.x`");
    // Nothing of this is kept.
    assert!(answer(&offline(cache.path()), &part(&repository, "2.0.0")).is_err());
}

#[test]
fn what_is_kept_is_checked_and_fetched_again() {
    let cache = tempfile::tempdir().unwrap();
    let server = chart_repository();
    let settings = settings(cache.path(), &[&server]);
    let want = part(&format!("{}/charts", server.url), "1.2.0");
    let first = answer(&settings, &want).unwrap();
    let asked = server.asked().len();
    assert_eq!(answer(&settings, &want), Ok(first.clone()));
    assert_eq!(server.asked().len(), asked);
    for entry in std::fs::read_dir(cache.path().join("v1/content")).unwrap() {
        std::fs::write(entry.unwrap().path(), "spoilt").unwrap();
    }
    assert!(answer(&offline(cache.path()), &want).is_err());
    assert_eq!(answer(&settings, &want), Ok(first.clone()));
    assert_eq!(answer(&offline(cache.path()), &want), Ok(first));
    let elsewhere = Settings {
        network: Some(Reach::public()),
        ..settings
    };
    assert!(
        answer(&elsewhere, &want)
            .unwrap_err()
            .contains("not encrypted")
    );
}

#[test]
fn redirects_are_bounded_and_checked() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|asked| match asked.target.as_str() {
        "/loop" => Reply::redirect("loop"),
        "/private" => Reply::redirect("http://10.0.0.1/x.yaml"),
        "/scheme" => Reply::redirect("file:///etc/passwd"),
        "/fine" => Reply::redirect("/x.yaml"),
        _ => Reply::ok("x: 1\n"),
    });
    let settings = settings(cache.path(), &[&server]);
    let fails = |target: &str, why: &str| {
        let answer = answer(&settings, &file(&format!("{}{target}", server.url)));
        let message = answer.unwrap_err();
        assert!(message.contains(why), "{message}");
    };
    fails("/loop", "redirects more than 5 times");
    fails(
        "/private",
        "a redirect leads to http://10.0.0.1: http://10.0.0.1 is not among the hosts",
    );
    fails("/scheme", "`file` is not a way that Plimsoll fetches by");
    let fine = answer(&settings, &file(&format!("{}/fine", server.url))).unwrap();
    assert!(fine.ends_with("-fine"), "{fine}");
}

#[test]
fn private_addresses_are_not_connected_to() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|_| Reply::ok("x: 1\n"));
    let mut settings = settings(cache.path(), &[]);
    let port = server.authority().rsplit_once(':').unwrap().1.to_owned();
    // Whatever a name or a number is called, what counts is the address that it comes to.
    for host in [
        "localhost",
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
    ] {
        let message = answer(&settings, &file(&format!("https://{host}:{port}/x"))).unwrap_err();
        assert!(
            message.contains("private network") || message.contains("no host"),
            "{host}: {message}"
        );
    }
    settings.network = Some(Reach::of(["http://*"]).unwrap());
    let message = answer(&settings, &file(&format!("{}/x", server.url))).unwrap_err();
    assert!(message.contains("private network"), "{message}");
    settings.network = Some(Reach::of(["http://localhost"]).unwrap());
    assert!(answer(&settings, &file(&format!("http://localhost:{port}/x"))).is_ok());
    assert_eq!(server.asked().len(), 1);
    let message = answer(&settings, &file("https://me:secret@localhost/x")).unwrap_err();
    assert!(message.contains("holds a password") && !message.contains("secret"));
}

#[test]
fn sizes_times_and_the_whole_are_bounded() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(|asked| match asked.target.as_str() {
        "/slow" => Reply::ok("x: 1\n").slowly(Duration::from_secs(3)),
        _ => Reply::ok(vec![b'#'; 2000]),
    });
    let fails = |limits: Limits, target: &str, why: &str| {
        let settings = Settings {
            limits,
            ..settings(cache.path(), &[&server])
        };
        let message = answer(&settings, &file(&format!("{}{target}", server.url))).unwrap_err();
        assert!(message.contains(why), "{message}");
    };
    let limits = Limits::default();
    let quick = Duration::from_millis(300);
    fails(
        Limits {
            bytes: 1999,
            ..limits.clone()
        },
        "/",
        "sends more than 1999 bytes",
    );
    fails(
        Limits {
            request: quick,
            ..limits.clone()
        },
        "/slow",
        "takes longer than 0.3 seconds",
    );
    fails(
        Limits {
            requests: 0,
            ..limits.clone()
        },
        "/",
        "more than 0 requests",
    );
    fails(
        Limits {
            total: Duration::ZERO,
            ..limits
        },
        "/",
        "longer than 0 seconds",
    );
}

/// A registry at `/v2/charts/part`, whose tokens another server gives and whose blobs a third one holds.
#[test]
fn a_registry_hands_out_its_token() {
    let cache = tempfile::tempdir().unwrap();
    let chart = archive("part", "1.2.0+a", TEMPLATE);
    let blob = format!("/v2/charts/part/blobs/sha256:{}", digest(&chart));
    let manifest = format!(
        "{{\"config\":{{\"mediaType\":\"application/vnd.cncf.helm.config.v1+json\"}},\"layers\":[{{\"mediaType\":\"application/vnd.cncf.helm.chart.content.v1.tar+gzip\",\"digest\":\"sha256:{}\"}}]}}",
        digest(&chart)
    );
    let store = Server::start(move |_| Reply::ok(chart.clone()));
    let tokens = Server::start(|asked| match asked.target.as_str() {
        "/token?service=reg&scope=repository:charts/part:pull" => {
            Reply::ok("{\"token\": \"open-sesame\"}")
        }
        _ => Reply::status(400),
    });
    let (realm, held) = (tokens.url.clone(), format!("{}/blob", store.url));
    let registry = Server::start(move |asked| {
        if asked.authorization.as_deref() != Some("Bearer open-sesame") {
            let challenge = format!(
                "Bearer realm=\"{realm}/token\",service=\"reg\",scope=\"repository:charts/part:pull\""
            );
            return Reply::status(401).header("www-authenticate", &challenge);
        }
        match asked.target.as_str() {
            "/v2/charts/part/tags/list?n=1000" => Reply::ok("{\"tags\": [\"0.9.0\", \"latest\"]}")
                .header(
                    "link",
                    "</v2/charts/part/tags/list?last=latest>; rel=\"next\"",
                ),
            "/v2/charts/part/tags/list?last=latest" => {
                Reply::ok("{\"tags\": [\"1.2.0_a\", \"2.0.0-rc.1\"]}")
            }
            "/v2/charts/part/manifests/1.2.0_a" => Reply::ok(manifest.clone()),
            "/v2/charts/part/manifests/1.0.0" => Reply::ok(manifest.replace("sha256:", "sha256:0")),
            target if target == blob => Reply::redirect(&held),
            _ => Reply::status(404),
        }
    });
    let repository = format!("oci://{}/charts", registry.authority());
    let settings = settings(cache.path(), &[&registry, &tokens, &store]);
    let (snapshot, source) = parent(&repository, "^1.0.0", &[]);
    let (rendered, notes) = complete(&snapshot, source, &settings);
    assert_eq!(rendered.rendering.problems, []);
    assert_eq!(names(&rendered), ["1.2.0+a-hello"]);
    assert!(notes[0].contains("version 1.2.0+a"), "{notes:?}");
    // The token went to the registry, and to no other server.
    assert!(
        registry
            .asked()
            .iter()
            .skip(1)
            .all(|asked| asked.authorization.is_some())
    );
    assert!(
        store
            .asked()
            .iter()
            .chain(&tokens.asked())
            .all(|asked| asked.authorization.is_none())
    );
    assert_eq!(tokens.asked().len(), 1);
    assert!(
        answer(&settings, &part(&repository, "1.0.0"))
            .unwrap_err()
            .contains("no SHA-256 digest")
    );
    assert!(
        answer(&settings, &part(&repository, "7.0.0"))
            .unwrap_err()
            .contains("answered 404")
    );
    let alone = Settings {
        network: Some(Reach::of([registry.url.as_str()]).unwrap()),
        ..settings
    };
    let message = answer(&alone, &part(&repository, "1.2.1")).unwrap_err();
    assert!(message.contains("is not among the hosts"), "{message}");
}

#[test]
fn a_registry_that_sends_another_archive_is_refused() {
    let cache = tempfile::tempdir().unwrap();
    let registry = Server::start(|asked| match asked.target.as_str() {
        "/v2/charts/part/manifests/1.0.0" => Reply::ok(format!(
            "{{\"config\":{{\"mediaType\":\"application/vnd.cncf.helm.config.v1+json\"}},\"layers\":[{{\"mediaType\":\"application/tar+gzip\",\"digest\":\"sha256:{}\"}}]}}",
            digest(b"right")
        )),
        "/v2/charts/part/manifests/2.0.0" => {
            Reply::status(401).header("www-authenticate", "Basic realm=\"x\"")
        }
        _ => Reply::ok("wrong"),
    });
    let repository = format!("oci://{}/charts", registry.authority());
    let settings = settings(cache.path(), &[&registry]);
    let message = answer(&settings, &part(&repository, "1.0.0")).unwrap_err();
    assert!(message.contains("where the manifest says"), "{message}");
    let message = answer(&settings, &part(&repository, "2.0.0")).unwrap_err();
    assert!(message.contains("there is no login for it"), "{message}");
}

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: remote\n";

/// A repository with a kustomization in `base`, which reads a file through a link, and one more file.
fn git_repository() -> (Server, String) {
    let config_map = blob(CONFIG_MAP);
    let kustomization = blob("resources: [x.yaml]\nnamePrefix: p-\n");
    let link = blob("../files/x.yaml");
    let outside = blob("../../../secret.yaml");
    let base = tree(&[
        ("100644", "kustomization.yaml", &kustomization),
        ("120000", "out.yaml", &outside),
        ("120000", "x.yaml", &link),
    ]);
    let long = blob(&format!("{CONFIG_MAP}# {}\n", "long ".repeat(200)));
    let longer = blob(&format!("{}more", std::str::from_utf8(&long.1).unwrap()));
    let longest = blob(&format!("{}more", std::str::from_utf8(&longer.1).unwrap()));
    let files = tree(&[
        ("100644", "long", &long),
        ("100644", "longer", &longer),
        ("100755", "longest", &longest),
        ("100644", "x.yaml", &config_map),
    ]);
    let module = commit(&files);
    let top = tree(&[
        ("40000", "base", &base),
        ("40000", "files", &files),
        ("160000", "module", &module),
    ]);
    let head = commit(&top);
    let tag = (
        "tag",
        format!(
            "object {}\ntype commit\ntag v1\ntagger A <a@example.com> 0 +0000\n\nx\n",
            id(&head)
        )
        .into_bytes(),
    );
    let bytes = pack(&[
        Entry::Whole(&tag),
        // Built on an object that comes later.
        Entry::On(&longer, delta(&longer, longer.1.len(), "more")),
        Entry::Whole(&head),
        Entry::Whole(&top),
        Entry::Whole(&base),
        Entry::Whole(&files),
        Entry::Whole(&long),
        Entry::Near(1, delta(&long, long.1.len(), "more")),
        Entry::Whole(&config_map),
        Entry::Whole(&kustomization),
        Entry::Whole(&link),
        Entry::Whole(&outside),
    ]);
    let head = id(&head);
    let names = vec![
        ("HEAD", head.clone()),
        ("refs/heads/main", head.clone()),
        ("refs/tags/v1", id(&tag)),
        ("refs/tags/v1^{}", head.clone()),
    ];
    (serve(names, bytes), head)
}

#[test]
fn a_base_in_another_repository_is_fetched_at_its_commit() {
    let cache = tempfile::tempdir().unwrap();
    let (server, head) = git_repository();
    let settings = settings(cache.path(), &[&server]);
    let build = |name: &str, settings: &Settings| {
        let text = format!("resources:\n- {}/org/repo{name}\n", server.url);
        let files = [
            ("app/kustomization.yaml", text.as_str()),
            ("secret.yaml", CONFIG_MAP),
        ];
        let snapshot = Memory::new("test", files).unwrap();
        let overlay = Overlay {
            restrict_loads: false,
            ..Overlay::new(path("app"))
        };
        complete(&snapshot, Source::Kustomize(overlay), settings)
    };
    for reference in ["", "?ref=main", "?ref=v1", "?ref=refs/heads/main"] {
        let (rendered, notes) = build(&format!("//base{reference}"), &settings);
        assert_eq!(rendered.rendering.problems, [], "{reference}");
        assert_eq!(names(&rendered), ["p-remote"]);
        assert!(
            notes[0].contains(&format!("it was commit {head}")),
            "{notes:?}"
        );
    }
    let (rendered, notes) = build(&format!("//base?ref={head}"), &settings);
    assert_eq!((names(&rendered), notes.len()), (vec!["p-remote"], 0));
    // A file is asked for first, where nothing says that it is a repository.
    let (rendered, _) = build(&format!("/base?ref={head}"), &settings);
    assert_eq!(names(&rendered), ["p-remote"]);
    let target = format!("/org/repo/base?ref={head}");
    assert!(server.asked().iter().any(|asked| asked.target == target));
    // A commit is kept under its name: nothing is asked for it again.
    let before = server.asked().len();
    let (rendered, _) = build(&format!("//base?ref={head}"), &settings);
    assert_eq!(
        (names(&rendered), server.asked().len()),
        (vec!["p-remote"], before)
    );
    let (rendered, _) = build("//base?ref=main", &offline(cache.path()));
    assert_eq!(
        (names(&rendered), server.asked().len()),
        (vec!["p-remote"], before)
    );

    let fails = |name: &str, why: &str| {
        let (rendered, _) = build(name, &settings);
        let message = first_problem(&rendered);
        assert!(message.contains(why), "{message}");
    };
    fails("//base?ref=v2", "it has no branch and no tag `v2`");
    fails(&format!("//base?ref={}", "0".repeat(40)), "not our ref");
    fails("//nowhere?ref=v1", "does not exist");
    fails("//module?ref=v1", "submodule");
    fails("/base/x.yaml?ref=v1", "is not a directory");
    fails(
        "/gone?ref=v9",
        "it has no branch and no tag `v9`; and as a file",
    );
}

#[test]
fn a_server_that_speaks_only_the_old_protocol_is_understood() {
    let cache = tempfile::tempdir().unwrap();
    let (server, head) = git_repository();
    let want = |reference: &str| Want::Git {
        url: format!("{}/old/repo", server.url),
        reference: reference.to_owned(),
    };
    let settings = settings(cache.path(), &[&server]);
    for reference in ["", "main", "v1", &head] {
        let mounted = answer(&settings, &want(reference)).unwrap();
        assert!(mounted.contains(&head[..20]), "{mounted}");
    }
    let message = answer(&settings, &want("v2")).unwrap_err();
    assert!(message.contains("no branch and no tag `v2`"), "{message}");
    let elsewhere = Want::Git {
        url: server.url.clone(),
        reference: String::new(),
    };
    assert!(
        answer(&settings, &elsewhere)
            .unwrap_err()
            .contains("answered 404")
    );
}

#[test]
fn a_repository_elsewhere_does_not_lead_into_this_one() {
    let cache = tempfile::tempdir().unwrap();
    let (server, _) = git_repository();
    let mut mounts = Mounts::default();
    let want = git(&server, "main");
    Fetcher::new(&settings(cache.path(), &[&server]))
        .answer(&BTreeSet::from([want.clone()]), &mut mounts);
    let Fetched::At(top) = &mounts.answers()[&want] else {
        panic!("{mounts:?}");
    };
    let snapshot = Memory::new("test", [("secret.yaml", CONFIG_MAP)]).unwrap();
    let mounted = Mounted::new(&snapshot, &mounts);
    let tree = crate::snapshot::Tree::new(&mounted);
    let read = |name: &str| tree.read(&top.join(name).unwrap());
    assert!(read("base/x.yaml").is_ok());
    assert!(read("base/out.yaml").is_err());
    let longest = read("files/longest").unwrap();
    assert!(longest.ends_with(b"\nmoremore"));
}

#[test]
fn packs_that_are_not_what_they_say_are_refused() {
    let files = |pack: &[u8], id: &str| super::git::pack::files(pack, id).unwrap_err();
    let one = blob("x: 1\n");
    let listed = |mode: &str, name: &str| {
        let top = tree(&[(mode, name, &one)]);
        let head = commit(&top);
        let bytes = pack(&[Entry::Whole(&one), Entry::Whole(&top), Entry::Whole(&head)]);
        (bytes, id(&head))
    };
    let (good, head) = listed("100644", "x.yaml");
    assert!(super::git::pack::files(&good, &head).is_ok());
    for name in [".git", ".GIT", "..", ".", "", "a/b"] {
        let (bytes, head) = listed("100644", name);
        let why = files(&bytes, &head);
        assert!(why.contains("it holds a file"), "{name}: {why}");
    }
    assert!(files(&good, &id(&one)).contains("is not in its pack"));
    assert!(files(&good, "main").contains("names no object"));
    let (bytes, head) = listed("40000", "x");
    assert!(files(&bytes, &head).contains("the tree"));
    // Every byte counts, and every length.
    for at in 0..good.len() {
        let mut broken = good.clone();
        broken[at] ^= 1;
        assert!(files(&broken, &head).contains("hash"));
        assert!(!files(&good[..at], &head).is_empty());
        // The same with a hash that fits, as somebody who means harm would send it.
        let body = &broken[..good.len() - 20];
        let hash = <sha1::Sha1 as sha1::Digest>::digest(body);
        let _ = super::git::pack::files(&[body, &hash[..]].concat(), &head);
    }
    let mut lost = delta(&one, 5, "more");
    let on_nothing = pack(&[Entry::On(&one, lost.clone())]);
    assert!(files(&on_nothing, &head).contains("not in it"));
    lost[1] = 127;
    let too_short = pack(&[Entry::Whole(&one), Entry::Near(1, lost)]);
    assert!(files(&too_short, &head).contains("broken"));
}

#[test]
fn a_file_and_a_pulled_chart_feed_a_kustomization() {
    let cache = tempfile::tempdir().unwrap();
    let charts = chart_repository();
    let web = Server::start(|asked| match asked.target.as_str() {
        "/a/b/x.yaml" => Reply::ok(CONFIG_MAP),
        "/a/b/data.txt" => Reply::ok("text"),
        _ => Reply::status(404),
    });
    let text = format!(
        "resources: [{0}/a/b/x.yaml]\nconfigMapGenerator:\n- name: g\n  files: [\"d={0}/a/b/data.txt\"]\n  options: {{disableNameSuffixHash: true}}\nhelmCharts:\n- name: part\n  repo: {1}/charts\n  version: 1.2.0\n  valuesInline: {{more: 1}}\n",
        web.url, charts.url
    );
    let snapshot = Memory::new("test", [("app/kustomization.yaml", text)]).unwrap();
    let overlay = Overlay {
        inflate_charts: true,
        ..Overlay::new(path("app"))
    };
    let source = Source::Kustomize(overlay);
    let settings = settings(cache.path(), &[&web, &charts]);
    let (rendered, notes) = complete(&snapshot, source.clone(), &settings);
    assert_eq!(rendered.rendering.problems, []);
    let mut found = names(&rendered);
    found.sort_unstable();
    assert_eq!(found, ["1.2.0-hello", "g", "remote"]);
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(rendered.rendering.output.as_str().contains("  d: text\n"));
    let app = App {
        id: "app".to_owned(),
        environment: None,
        source,
    };
    // Without an answer, each is a problem that names the flag.
    let rendered = render::render(&snapshot, &app);
    let help = rendered.rendering.problems[0].help.as_deref().unwrap();
    assert!(help.contains("--allow-network"), "{help}");
    assert_eq!(rendered.inputs.unanswered().count(), 1);
}

#[test]
fn names_of_mounts_are_plain() {
    let mut mounts = Mounts::default();
    let want = file("https://example.com/x");
    mounts.add(&want, "../a b/\u{e9}", &Content::File((*b"x").into()));
    assert_eq!(
        mounts.answers()[&want],
        Fetched::At(path("fetched:.._a_b__"))
    );
}
