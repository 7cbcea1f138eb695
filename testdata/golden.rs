//! The cases of this folder, run through the binary as a user would run it: scrubbed environment, no network, no git.
//!
//! A case is a folder. `UPDATE=1 cargo test` rewrites what is expected of Plimsoll itself; what was recorded from a real
//! program (a `RECORDED` file names it) is never rewritten.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails by panicking has done its work"
)]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// The folders in `testdata/KIND`, sorted; at least one, so that a moved folder cannot pass unnoticed.
fn cases(kind: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(testdata().join(kind))
        .unwrap_or_else(|error| panic!("testdata/{kind}: {error}"))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    assert!(!found.is_empty(), "testdata/{kind} holds no case");
    found
}

fn plimsoll(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .output()
        .expect("the binary was built for this test")
}

/// A server of one file, which runs as long as the process; gives its address.
fn serve(body: &'static str) -> String {
    serve_to("", body)
}

/// The same for who sends an `Authorization`.
fn serve_to(authorization: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut told = authorization.is_empty();
            for line in BufReader::new(stream.try_clone().unwrap()).lines() {
                let line = line.unwrap();
                let header = line.split_once(": ");
                told |= header.is_some_and(|(name, value)| {
                    name.eq_ignore_ascii_case("authorization") && value == authorization
                });
                if line.is_empty() {
                    break;
                }
            }
            let status = if told {
                "200 OK"
            } else {
                "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\""
            };
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
            )
            .unwrap();
        }
    });
    address
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The first line in which two texts differ, for a message that a person can read.
fn first_difference(expected: &str, actual: &str) -> String {
    let (mut a, mut b) = (expected.lines(), actual.lines());
    for number in 1.. {
        match (a.next(), b.next()) {
            (None, None) => break,
            (x, y) if x == y => {}
            (x, y) => return format!("line {number}:\n  expected {x:?}\n  actual   {y:?}"),
        }
    }
    "they differ in white space at a line's end".to_owned()
}

/// Compares with a file of expectations, or rewrites it.
fn expect(path: &Path, actual: &str, failures: &mut String) {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, actual).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    if expected != actual {
        let _ = writeln!(
            failures,
            "{}: {}",
            path.display(),
            first_difference(&expected, actual)
        );
    }
}

fn recorded(case: &Path, output: &Output, failures: &mut String) {
    let expected = std::fs::read_to_string(case.join("expected.yaml")).unwrap();
    assert!(
        case.join("RECORDED").exists(),
        "{} does not say which program it was recorded from",
        case.display()
    );
    if !output.status.success() {
        let _ = writeln!(failures, "{}: {}", case.display(), text(&output.stderr));
    } else if text(&output.stdout) != expected {
        let difference = first_difference(&expected, &text(&output.stdout));
        let _ = writeln!(failures, "{}: {difference}", case.display());
    }
}

#[test]
fn renders_what_the_real_programs_printed() {
    let mut failures = String::new();
    for case in cases("render") {
        let arguments = std::fs::read_to_string(case.join("args")).unwrap();
        let arguments: Vec<&str> = std::iter::once("render")
            .chain(arguments.split_whitespace())
            .collect();
        recorded(&case, &plimsoll(&testdata(), &arguments), &mut failures);
    }
    assert!(failures.is_empty(), "{failures}");
}

/// A case without `expected.yaml` is one that Kustomize refuses, or, where nothing was recorded, one that Plimsoll alone does.
#[test]
fn builds_what_kustomize_built() {
    let mut failures = String::new();
    for case in cases("kustomize") {
        let target = std::fs::read_to_string(case.join("target")).unwrap();
        let flags = std::fs::read_to_string(case.join("args")).unwrap_or_default();
        let arguments: Vec<&str> = ["render", target.trim()]
            .into_iter()
            .chain(flags.split_whitespace())
            .collect();
        let output = plimsoll(&case.join("in"), &arguments);
        if case.join("expected.yaml").exists() {
            recorded(&case, &output, &mut failures);
            continue;
        }
        if output.status.code() != Some(2) || !output.stdout.is_empty() {
            let _ = writeln!(failures, "{}: is not refused", case.display());
        }
        // In a checkout, paths begin at its top.
        let name = case.file_name().unwrap().to_str().unwrap();
        let top = format!("testdata/kustomize/{name}/in/");
        let why = text(&output.stderr).replace(&top, "");
        expect(&case.join("refused.txt"), &why, &mut failures);
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn reviews_are_as_expected() {
    let mut failures = String::new();
    for case in cases("review") {
        let extra = std::fs::read_to_string(case.join("args")).unwrap_or_default();
        let run = |command: &[&str]| {
            let arguments: Vec<&str> = command
                .iter()
                .copied()
                .chain(["--base", "base", "--head", "head"])
                .chain(extra.split_whitespace())
                .collect();
            plimsoll(&case, &arguments)
        };
        let expected = case.join("expected");
        let report = run(&["check"]);
        let exit = report
            .status
            .code()
            .map_or_else(|| "killed".to_owned(), |code| code.to_string());
        expect(
            &expected.join("report.txt"),
            &text(&report.stdout),
            &mut failures,
        );
        expect(&expected.join("exit"), &format!("{exit}\n"), &mut failures);
        expect(
            &expected.join("report.json"),
            &text(&run(&["check", "--format", "json"]).stdout),
            &mut failures,
        );
        expect(
            &expected.join("diff.txt"),
            &text(&run(&["diff"]).stdout),
            &mut failures,
        );
        let again = run(&["check"]);
        assert_eq!(
            text(&report.stdout),
            text(&again.stdout),
            "{}: two runs differ",
            case.display()
        );
    }
    assert!(failures.is_empty(), "{failures}");
}

/// The formats whose text is the same everywhere, with the file that holds it.
const FORMATS: [(&str, &str); 6] = [
    ("text", "report.txt"),
    ("json", "report.json"),
    ("sarif", "report.sarif"),
    ("junit", "report.xml"),
    ("github", "annotations.txt"),
    ("markdown", "summary.md"),
];

const SIDES: [&str; 6] = ["--base", "base", "--head", "head", "--today", "2026-11-28"];

#[test]
fn waivers_are_told_in_every_format() {
    let mut failures = String::new();
    let case = testdata().join("report/waivers");
    let run = |extra: &[&str]| {
        let arguments: Vec<&str> = ["check"]
            .iter()
            .chain(&SIDES)
            .chain(extra)
            .copied()
            .collect();
        text(&plimsoll(&case, &arguments).stdout)
    };
    let expected = case.join("expected");
    for (format, file) in FORMATS {
        expect(
            &expected.join(file),
            &run(&["--existing", "--format", format]),
            &mut failures,
        );
    }
    for (flags, file) in [
        (&["--strict-waivers"][..], "strict.txt"),
        // Where the configuration in force allows it, what the change brings counts, and is marked.
        (
            &["--strict-waivers", "--config", "allowed.yaml"],
            "allowed.txt",
        ),
    ] {
        expect(&expected.join(file), &run(flags), &mut failures);
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn no_output_holds_a_secret() {
    let case = testdata().join("report/secrets");
    let mut commands: Vec<Vec<&str>> = FORMATS
        .iter()
        .map(|(format, _)| *format)
        .chain(["html"])
        .map(|format| vec!["check", "--existing", "--format", format])
        .collect();
    commands.push(vec!["check", "--existing", "--report", "markdown=-"]);
    commands.push(vec!["diff"]);
    commands.push(vec!["fix", "--all", "--unsafe", "--dry-run"]);
    let of_head = |subject, field| vec!["explain", subject, field, "--head", "head"];
    let web = "spec.containers[0].env";
    let told = [
        vec!["render", "head/broken"],
        of_head("pod/web", web),
        of_head("pod/web", "spec.containers[0].env[1].name"),
        of_head("secret/chart", "stringData.b"),
        of_head("configmap/chart", "data.settings"),
        of_head("configmap/config", "data.cache"),
    ];
    let with_sides = |command: Vec<&'static str>| [&command[..], &SIDES[..4]].concat();
    for arguments in commands.into_iter().map(with_sides).chain(told) {
        let command = &arguments;
        let output = plimsoll(&case, &arguments);
        let all = text(&output.stdout) + &text(&output.stderr);
        // What stands for a secret is there, so the case still holds some; in Base64, the needle begins alike.
        assert!(
            all.contains("hidden")
                || command.contains(&"sarif")
                || command.contains(&"json")
                || command.contains(&"junit"),
            "{command:?}: {all}"
        );
        for needle in ["Pl4nted", "UGw0bnRlZ"] {
            let shown = all.lines().find(|line| line.contains(needle));
            assert_eq!(shown, None, "{command:?} shows a secret");
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn fixes_are_as_expected_and_leave_nothing_for_a_second_run() {
    let mut failures = String::new();
    for case in cases("fix") {
        let extra = std::fs::read_to_string(case.join("args")).unwrap_or_default();
        let run = |directory: &Path, command: &[&str]| {
            let arguments: Vec<&str> = std::iter::once("fix")
                .chain(command.iter().copied())
                .chain(["--base", "base", "--head", "head"])
                .chain(extra.split_whitespace())
                .collect();
            plimsoll(directory, &arguments)
        };
        let expected = case.join("expected");
        let shown = run(&case, &["--dry-run"]);
        let diff = text(&shown.stdout);
        expect(&expected.join("diff.txt"), &diff, &mut failures);
        let scratch = tempfile::tempdir().unwrap();
        copy(&case, scratch.path());
        let done = run(scratch.path(), &[]);
        let exit = done.status.code();
        let told = format!("{}exit {exit:?}\n", text(&done.stdout));
        expect(&expected.join("told.txt"), &told, &mut failures);
        assert_eq!(exit, shown.status.code(), "{}", case.display());
        let again = text(&run(scratch.path(), &["--dry-run"]).stdout);
        assert_eq!(
            again,
            "",
            "{}: a second run changes something",
            case.display()
        );
        let sides = ["check", "--base", "base", "--head", "head", "--no-fixes"];
        let left = text(&plimsoll(scratch.path(), &sides).stdout);
        expect(&expected.join("left.txt"), &left, &mut failures);
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn several_reports_are_written_at_once() {
    let out = tempfile::tempdir().unwrap();
    let sarif = format!("sarif={}", out.path().join("out.sarif").display());
    let html = format!("html={}", out.path().join("out.html").display());
    let case = testdata().join("report/waivers");
    let run = |reports: &[&str]| {
        let reports = reports.iter().flat_map(|report| ["--report", report]);
        let arguments: Vec<&str> = ["check"]
            .iter()
            .chain(&SIDES)
            .copied()
            .chain(reports)
            .collect();
        plimsoll(&case, &arguments)
    };
    let output = run(&[&sarif, &html, "json=-"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).starts_with("{\n  \"schema\": \"plimsoll/1\""));
    assert!(text(&output.stderr).contains("block this change"));
    let page = std::fs::read_to_string(out.path().join("out.html")).unwrap();
    assert!(page.contains("data-standing=\"waived\"") && page.contains("class=\"diff\""));
    let log = std::fs::read_to_string(out.path().join("out.sarif")).unwrap();
    assert!(log.contains("\"version\": \"2.1.0\""));
    assert_eq!(run(&["json=-", "sarif=-"]).status.code(), Some(2));
    assert_eq!(run(&["pdf=x"]).status.code(), Some(2));
}

#[test]
fn a_baseline_silences_what_was_there_and_shrinks() {
    let out = tempfile::tempdir().unwrap();
    let here = out.path();
    copy(&testdata().join("report/waivers/base"), here);
    let run = |command: &[&str]| {
        let arguments: Vec<&str> = command
            .iter()
            .copied()
            .chain(["--head", ".", "--today", "2026-11-28"])
            .collect();
        plimsoll(here, &arguments)
    };
    let all = ["check", "--all", "--fail-on", "low"];
    let controls = |output: &Output| text(&output.stdout);
    assert_eq!(run(&all).status.code(), Some(1));
    assert!(run(&["baseline"]).status.success());
    let file = here.join(".plimsoll-baseline.yaml");
    let first = std::fs::read_to_string(&file).unwrap();
    assert!(first.contains("control: C-0271"), "{first}");
    assert!(run(&["baseline"]).status.success());
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        first,
        "twice is once"
    );
    // What is left are the waivers themselves; no finding of an object is.
    let rest = controls(&run(&all));
    assert!(
        rest.contains("[PL-0902]") && !rest.contains("\nmedium[C-"),
        "{rest}"
    );
    std::fs::remove_dir_all(here.join("agent")).unwrap();
    let gone = controls(&run(&all));
    assert!(gone.contains("[PL-0905]"), "{gone}");
    assert!(run(&["baseline", "--prune"]).status.success());
    let pruned = std::fs::read_to_string(&file).unwrap();
    assert!(
        pruned.len() < first.len() && !pruned.contains("app: agent"),
        "{pruned}"
    );
    assert!(!controls(&run(&all)).contains("[PL-0905]"));
}

/// What the first command of the README prints is in the README.
#[test]
fn the_readme_shows_what_is_printed() {
    let readme = std::fs::read_to_string(testdata().join("../README.md")).unwrap();
    let report =
        std::fs::read_to_string(testdata().join("review/clinic/expected/report.txt")).unwrap();
    let report = report.replace("the directory ", "the directory testdata/review/clinic/");
    assert!(
        readme.contains(&format!("```text\n{report}```")),
        "the README does not hold testdata/review/clinic/expected/report.txt as it is; {}",
        first_difference(
            &report,
            readme.split("```text\n").nth(1).unwrap_or_default()
        )
    );
}

#[test]
fn help_is_as_expected() {
    let mut failures = String::new();
    for command in [
        "", "check", "diff", "review", "init", "fix", "baseline", "render", "explain", "controls",
        "test", "schema",
    ] {
        let arguments: Vec<&str> = [command, "--help"]
            .into_iter()
            .filter(|a| !a.is_empty())
            .collect();
        let name = if command.is_empty() {
            "plimsoll"
        } else {
            command
        };
        let output = plimsoll(&testdata(), &arguments);
        expect(
            &testdata().join(format!("help/{name}.txt")),
            &text(&output.stdout),
            &mut failures,
        );
    }
    assert!(failures.is_empty(), "{failures}");
}

/// What is named elsewhere is fetched where the command line or the configuration in base allows it, by every command that renders.
#[test]
fn commands_fetch_what_they_may() {
    const FILE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: far}\ndata: {a: b}\n";
    let address = serve(FILE);
    let directory = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    for (side, prefix) in [("base", "a-"), ("head", "b-")] {
        let text = format!("resources: [{address}/far.yaml]\nnamePrefix: {prefix}\n");
        write(&format!("{side}/kustomization.yaml"), &text);
    }
    let run = |arguments: &[&str]| {
        let output = plimsoll(directory.path(), arguments);
        let told = text(&output.stdout) + &text(&output.stderr);
        (output.status.code(), told)
    };
    let sides = ["--base", "base", "--head", "head"];
    let check = |more: &[&str]| run(&[&["check"], &sides[..], more].concat());
    let cache = ["--cache-dir", "cache"];
    let allow = [
        "--allow-network",
        "--allow-host",
        &address,
        cache[0],
        cache[1],
    ];

    let (code, told) = check(&[]);
    assert!(
        code == Some(2) && told.contains("--allow-network"),
        "{told}"
    );
    let (code, told) = check(&cache);
    assert!(
        code == Some(2) && told.contains("has not been fetched before"),
        "{told}"
    );
    // A private address is asked only where somebody who is trusted names it; the change under review is not.
    let hosts = format!("network: {{allow: [\"{address}\"]}}\n");
    write("head/.plimsoll.yaml", &hosts);
    let open = ["--allow-network", cache[0], cache[1]];
    let (code, told) = check(&open);
    assert!(code == Some(2) && told.contains("not encrypted"), "{told}");
    write("base/.plimsoll.yaml", &hosts);
    let (code, told) = check(&open);
    assert!(code == Some(0) && told.contains("is not pinned"), "{told}");
    for side in ["base", "head"] {
        std::fs::remove_file(directory.path().join(side).join(".plimsoll.yaml")).unwrap();
    }

    let (code, told) = run(&[&["diff"], &sides[..], &allow].concat());
    assert!(code == Some(0) && told.contains("+  name: b-far"), "{told}");
    let (code, told) = run(&[&["render", "head"], &allow[..]].concat());
    assert!(code == Some(0) && told.contains("name: b-far"), "{told}");
    let explain = ["explain", "configmap/b-far", "data.a", "--head", "head"];
    let (code, told) = run(&[&explain[..], &allow].concat());
    assert!(code == Some(0) && told.contains("-far.yaml:4:11"), "{told}");
    // What was fetched is there without the network, too.
    let (code, told) = run(&[&["render", "base"], &cache[..]].concat());
    assert!(code == Some(0) && told.contains("name: a-far"), "{told}");
}

/// What private servers are told stands in the files of the person who runs it, where Helm has them, and not in the repository.
#[test]
fn logins_are_those_of_the_person() {
    // `me:s3cr3t`
    let address = serve_to(
        "Basic bWU6czNjcjN0",
        "apiVersion: v1\nentries: {}\n# {\"tags\": []}\n",
    );
    let host = address.strip_prefix("http://").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    };
    for (chart, repository) in [
        ("web", format!("{address}/charts")),
        ("oci", format!("oci://{host}/charts")),
    ] {
        let text = format!(
            "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n- name: part\n  version: 1.0.0\n  repository: {repository}\n"
        );
        write(&format!("{chart}/Chart.yaml"), &text);
    }
    let docker = format!("{{\"auths\": {{\"{host}\": {{\"auth\": \"bWU6czNjcjN0\"}}}}}}");
    let wrong = docker.replace("bWU6czNjcjN0", "bWU6d3IwbmcK");
    let repositories = format!(
        "repositories:\n- {{name: r, url: {address}/charts, username: me, password: s3cr3t}}\n"
    );
    // What lies in the repository is nobody's.
    write(".docker/config.json", &docker);
    write("repositories.yaml", &repositories);
    let home = tempfile::tempdir().unwrap();
    let at_home = |path: &str, text: &str| {
        let path = home.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let run = |chart: &str, environment: &[(&str, &str)], code: i32, expected: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(["render", chart, "--allow-network", "--cache-dir", "cache"])
            .args(["--allow-host", &address])
            .current_dir(directory.path())
            .env_clear()
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        let told = text(&output.stdout) + &text(&output.stderr);
        assert!(told.contains(expected), "{expected}: {told}");
        assert!(!told.contains("s3cr3t") && !told.contains("bWU6"), "{told}");
        assert_eq!(output.status.code(), Some(code));
    };
    for chart in ["web", "oci"] {
        run(chart, &[], 2, "there is no login for it");
    }
    let named = at_home("r.yaml", &repositories);
    run(
        "web",
        &[("HELM_REPOSITORY_CONFIG", &named)],
        2,
        "the repository has no chart part",
    );
    let named = at_home("helm.json", &docker);
    run(
        "oci",
        &[("HELM_REGISTRY_CONFIG", &named)],
        2,
        "the manifest cannot be read",
    );
    let user = home.path().to_str().unwrap();
    at_home(".docker/config.json", &docker);
    run("oci", &[("HOME", user)], 2, "the manifest cannot be read");
    // Helm's own file comes first.
    let named = at_home("wrong.json", &wrong);
    let both = [("HOME", user), ("HELM_REGISTRY_CONFIG", &*named)];
    run("oci", &both, 2, "does not accept the login");
    let named = at_home("broken.json", &docker.replace("}}}", "}"));
    run(
        "oci",
        &[("HELM_REGISTRY_CONFIG", &named)],
        2,
        "broken.json` cannot be read",
    );
    run(
        "oci",
        &[("SSL_CERT_FILE", "/nowhere/ca.pem")],
        2,
        "`/nowhere/ca.pem` cannot be read",
    );
    run(
        "oci",
        &[("SSL_CERT_FILE", &named)],
        2,
        "it holds no certificate",
    );
    run(
        "oci",
        &[("SSL_CERT_DIR", "/nowhere")],
        2,
        "`/nowhere` cannot be read",
    );
    run(
        "oci",
        &[("SSL_CERT_DIR", user), ("HOME", user)],
        2,
        "the manifest cannot be read",
    );
}

/// A finding in what was fetched is told on the line that asked for it, which is what a person can change, and no edit is offered there.
/// What its author accepted is not accepted here.
#[test]
fn what_was_fetched_is_the_business_of_who_asked() {
    let address = serve(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: far, namespace: x}\nspec:\n  hostPID: true # plimsoll:ignore[C-0038] we need it\n  containers: []\n",
    );
    let directory = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let kustomization = "namespace: x\nresources:\n- {address}/far.yaml\n";
    let kustomization = kustomization.replace("{address}", &address);
    write("base/app/kustomization.yaml", "namespace: x\n");
    write("head/app/kustomization.yaml", &kustomization);
    let run = |command: &str, more: &[&str]| {
        let mut arguments = vec![command, "--base", "base", "--head", "head"];
        arguments.extend(["--allow-network", "--allow-host", &address]);
        arguments.extend(["--cache-dir", "cache"]);
        let output = plimsoll(directory.path(), &[&arguments[..], more].concat());
        text(&output.stdout) + &text(&output.stderr)
    };
    let told = run("check", &["--no-fixes"]);
    let place = "app/kustomization.yaml:3:3";
    let finding = told
        .split("\n\n")
        .find(|block| block.contains("C-0038"))
        .unwrap();
    assert!(
        finding.contains(place) && finding.contains("far.yaml:5:12"),
        "{told}"
    );
    assert!(
        !told.contains("accepted") && !told.contains("waive"),
        "{told}"
    );
    let told = run("fix", &["--unsafe", "--dry-run"]);
    assert!(
        told.contains("+++ b/app/kustomization.yaml") && !told.contains("b/fetched:"),
        "{told}"
    );
}

/// The inputs of the action are flags of `plimsoll review`, each handed over in the flag's own variable, and nowhere else.
#[test]
fn the_action_hands_over_flags() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let action = std::fs::read_to_string(root.join("action.yml")).unwrap();
    let action: serde_yaml::Value = serde_yaml::from_str(&action).unwrap();
    let help = plimsoll(&testdata(), &["review", "--help"]);
    let help = text(&help.stdout);
    let steps = action["runs"]["steps"].as_sequence().unwrap();
    let review = steps.iter().find(|step| step["id"] == "review").unwrap();
    let inputs = action["inputs"].as_mapping().unwrap();
    assert!(inputs.len() > 5);
    for name in inputs.keys() {
        let name = name.as_str().unwrap();
        let variable = format!("PLIMSOLL_{}", name.to_uppercase().replace('-', "_"));
        assert!(help.contains(&format!("--{name}")), "{name} is no flag");
        assert!(
            help.contains(&format!("[env: {variable}")),
            "{variable} is not read"
        );
        let handed = review["env"][variable.as_str()].as_str();
        assert_eq!(handed, Some(&*format!("${{{{ inputs.{name} }}}}")));
    }
    assert_eq!(review["env"].as_mapping().unwrap().len(), inputs.len());
    for step in steps {
        let script = step["run"].as_str().unwrap();
        assert!(!script.contains("${{"), "{script}");
    }
}

/// What blocks: the exit code of `check` for one object that is privileged at base already, or only at head, under configurations.
#[test]
fn the_gate_is_what_the_configuration_says() {
    let pod = |side: &str, privileged: bool| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{ name: web, namespace: clinic, labels: {{ side: {side} }} }}\nspec:\n  containers:\n    - name: web\n      image: registry.example.com/web@sha256:{}\n      securityContext: {{ privileged: {privileged} }}\n",
            "0".repeat(64)
        )
    };
    let only = "frameworks: [pss-baseline]\n";
    let check = |config: &str, base: bool, head: bool, more: &[&str]| {
        let scratch = tempfile::tempdir().unwrap();
        for (side, privileged) in [("base", base), ("head", head)] {
            let folder = scratch.path().join(side).join("prod/web");
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("pod.yaml"), pod(side, privileged)).unwrap();
            let config = format!("{only}{config}");
            std::fs::write(scratch.path().join(side).join(".plimsoll.yaml"), config).unwrap();
        }
        let arguments: Vec<&str> = ["check"]
            .iter()
            .chain(&SIDES)
            .chain(more)
            .copied()
            .collect();
        let run = plimsoll(scratch.path(), &arguments);
        let code = run.status.code().unwrap();
        (code, text(&run.stdout) + &text(&run.stderr))
    };
    let off = "overrides: [{ control: privileged, paths: [prod/**], enabled: false, reason: a node agent }]\n";
    let elsewhere = off.replace("prod/**", "dev/**");
    let lower = off.replace("enabled: false", "severity: low");
    let unexplained = off.replace(", reason: a node agent", "");
    let unknown = off.replace("control: privileged", "control: privilegd");
    let odd = off.replace("enabled: false", "severity: awful");
    let odd_control = "controls: { privileged: { severity: awful, reason: x } }\n";
    for (config, base, head, more, code, says) in [
        ("", false, true, &[][..], 1, "privileged"),
        // What was there before blocks only where everything does.
        ("", true, true, &[], 0, ""),
        ("", true, true, &["--all"], 1, "privileged"),
        ("", true, false, &["--all"], 0, ""),
        ("fail-on: never\n", false, true, &[], 0, "privileged"),
        ("", false, true, &["--fail-on", "critical"], 0, "privileged"),
        // Overrides hold where their paths are, and say why.
        (off, false, true, &[], 0, "a node agent"),
        (&elsewhere, false, true, &[], 1, "privileged"),
        (&lower, false, true, &[], 0, "low"),
        (&lower, false, true, &["--fail-on", "low"], 1, "low"),
        (off, true, true, &["--all"], 0, ""),
        // What is not understood is no pass.
        (&unexplained, false, true, &[], 2, "reason"),
        (&unknown, false, true, &[], 2, "privilegd"),
        (&odd, false, true, &[], 2, "awful"),
        (odd_control, false, true, &[], 2, "awful"),
    ] {
        let (exit, out) = check(config, base, head, more);
        assert_eq!(exit, code, "{config}{more:?} {base} {head}\n{out}");
        assert!(out.contains(says), "{config}{more:?}\n{out}");
    }
}
