//! What is proposed, and what must be refused though it looks right.

use std::collections::BTreeSet;

use super::{
    Attempt, Bench, Fix, Judges, Layer, Refusal, Remedy, Safety, Subject, attempts, settle,
};
use crate::config::Config;
use crate::control::{Controls, Reads};
use crate::discover::{self, App};
use crate::finding::{Finding, Fingerprint};
use crate::origin::Origin;
use crate::policy::{self, Side};
use crate::problem::{Kind, Problem};
use crate::render::{self, Rendered};
use crate::resource::Identity;
use crate::snapshot::{Memory, Snapshot, Tree};
use crate::text::{RepoPath, Span};
use crate::yaml::Value;

/// The files of a repository, all its apps, and the controls that are to judge them.
struct Repository {
    memory: Memory,
    apps: Vec<App>,
    rendered: Vec<Rendered>,
    judges: Judges,
}

static NO_NAMESPACES: [String; 2] = [String::new(), String::new()];

impl Repository {
    fn new(controls: &[&str], files: &[(&str, &str)]) -> Self {
        let memory = Memory::new("test", files.iter().copied()).unwrap();
        let apps = discover::discover(&Tree::new(&memory), &Config::default()).apps;
        let rendered: Vec<Rendered> = apps
            .iter()
            .map(|app| render::render(&memory, app))
            .collect();
        for rendered in &rendered {
            assert_eq!(rendered.rendering.problems, []);
        }
        let built_in = Controls::built_in();
        let all = built_in.select(|control| controls.contains(&control.id.as_str()));
        let around =
            all.select(|control| control.reads(Reads::Inventory) || control.reads(Reads::Facts));
        let judges = Judges {
            all: policy::compile(&all).0,
            around_ids: around.iter().map(|control| control.id.clone()).collect(),
            around: policy::compile(&around).0,
        };
        Self {
            memory,
            apps,
            rendered,
            judges,
        }
    }

    fn bench<T>(&self, work: impl FnOnce(&mut Bench<'_>) -> T) -> T {
        let render = |snapshot: &dyn Snapshot, app: &App| render::render(snapshot, app);
        self.bench_with(&render, work)
    }

    /// A bench on which edited files are rendered so.
    fn bench_with<T>(
        &self,
        render: &super::Render<'_>,
        work: impl FnOnce(&mut Bench<'_>) -> T,
    ) -> T {
        let subjects = self
            .apps
            .iter()
            .zip(&self.rendered)
            .map(|(app, rendered)| Subject {
                app,
                namespaces: &NO_NAMESPACES,
                base: None,
                head: Some(rendered),
                findings: None,
            });
        let untouched = |_: &RepoPath, _: Span| false;
        let mut bench = Bench::new(
            &self.memory,
            &self.judges,
            render,
            &untouched,
            subjects.collect(),
        );
        work(&mut bench)
    }

    /// The fix of the only finding of an app, and what was refused before it.
    fn only(&self, app: &str) -> (Option<Fix>, Vec<Attempt>) {
        self.bench(|bench| {
            let findings = bench.findings(app);
            assert_eq!(findings.len(), 1, "{findings:?}");
            let (fix, refused) = attempts(bench, &findings[0]);
            if let Some(fix) = &fix {
                self.hold(fix);
            }
            (fix, refused)
        })
    }

    /// Shows again, without the bench, what a fix promises: its files are written out, all apps rendered and judged as if nobody had
    /// been there before.
    fn hold(&self, fix: &Fix) {
        assert!(!fix.resolves.is_empty(), "{fix:?}");
        let texts = self.memory.entries().keys().map(|path| {
            let text = Tree::new(&self.memory).read_text(path).unwrap();
            let edit = fix.edits.get(path);
            let text = edit.map_or_else(|| text.to_string(), |edit| edit.apply(&text));
            (path.to_string(), text)
        });
        let texts: Vec<(String, String)> = texts.collect();
        let texts = texts
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()));
        let fixed = Memory::new("fixed", texts).unwrap();
        let judge = |app: &App, rendered: &Rendered| -> BTreeSet<Fingerprint> {
            assert_eq!(rendered.rendering.problems, []);
            let head = Side::new(&app.id, &rendered.rendering.resources);
            let (findings, problems) =
                policy::evaluate(&self.judges.all, &Side::new(&app.id, &[]), &head);
            assert_eq!(problems, []);
            findings.iter().map(|finding| finding.fingerprint).collect()
        };
        let mut gone = BTreeSet::new();
        let mut moved: BTreeSet<(&str, &Identity)> = BTreeSet::new();
        for (app, before) in self.apps.iter().zip(&self.rendered) {
            let after = render::render(&fixed, app);
            let (was, is) = (judge(app, before), judge(app, &after));
            assert!(is.is_subset(&was), "{} lets something appear", fix.title);
            gone.extend(was.difference(&is).copied());
            let resources = &before.rendering.resources;
            assert_eq!(resources.len(), after.rendering.resources.len());
            for (old, new) in resources.iter().zip(&after.rendering.resources) {
                if old.value != new.value {
                    moved.insert((&app.id, &old.identity));
                }
            }
        }
        assert_eq!(gone, fix.resolves.iter().copied().collect());
        let told = fix.moves.iter();
        let told: BTreeSet<_> = told
            .map(|moved| (moved.app.as_str(), &moved.resource))
            .collect();
        assert_eq!(told, moved, "{}", fix.title);
    }

    /// The text of a file after a fix.
    fn after(&self, fix: &Fix, path: &str) -> String {
        let path = RepoPath::new(path).unwrap();
        let text = Tree::new(&self.memory).read_text(&path).unwrap();
        fix.edits[&path].apply(&text)
    }
}

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";

fn template(security: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels:\n    app: web\nspec:\n  containers:\n    - name: web\n      image: web:1\n      securityContext:\n{security}"
    )
}

#[test]
fn a_value_that_the_template_ignores_is_no_fix() {
    // The template asks for the value and prints something else.
    let ignored = template(
        "        {{- if .Values.securityContext }}\n        privileged: true\n        {{- else }}\n        privileged: true\n        {{- end }}\n",
    );
    let repository = Repository::new(
        &["C-0057"],
        &[
            ("web/Chart.yaml", CHART),
            ("web/values.yaml", "securityContext:\n  privileged: true\n"),
            ("web/templates/pod.yaml", &ignored),
        ],
    );
    let (fix, refused) = repository.only("web");
    let fix = fix.unwrap();
    assert_eq!(fix.layer, Layer::Template);
    assert!(
        refused
            .iter()
            .all(|attempt| attempt.refusal == Refusal::Remains)
    );
    // Only the branch that is rendered is edited; the other one is nobody's finding.
    let after = repository.after(&fix, "web/templates/pod.yaml");
    assert_eq!(after.matches("privileged: false").count(), 1);
}

#[test]
fn a_fix_that_breaks_another_environment_is_refused() {
    let guarded = template("        privileged: {{ .Values.privileged }}\n")
        + "{{- if and .Values.needsIt (not .Values.privileged) }}{{ fail \"this environment needs it\" }}{{ end }}\n";
    let repository = Repository::new(
        &["C-0057"],
        &[
            ("web/Chart.yaml", CHART),
            ("web/values.yaml", "privileged: true\n"),
            ("web/values-dev.yaml", "a: 1\n"),
            ("web/values-prod.yaml", "needsIt: true\n"),
            ("web/templates/pod.yaml", &guarded),
        ],
    );
    let (fix, _) = repository.only("web@dev");
    let fix = fix.unwrap();
    assert_eq!(fix.layer, Layer::Values);
    assert_eq!(
        repository.after(&fix, "web/values-dev.yaml"),
        "a: 1\nprivileged: false\n"
    );
    let apps: BTreeSet<&str> = fix.moves.iter().map(|moved| moved.app.as_str()).collect();
    assert_eq!(apps, BTreeSet::from(["web@dev"]));
    let (fix, refused) = repository.only("web@prod");
    assert_eq!(fix, None);
    let broke = |attempt: &&Attempt| matches!(&attempt.refusal, Refusal::Broke(why) if why.contains("needs it"));
    assert!(
        refused
            .iter()
            .any(|attempt| attempt.layer == Layer::Values && broke(&attempt))
    );
    assert!(
        refused
            .iter()
            .any(|attempt| attempt.layer == Layer::Defaults && broke(&attempt))
    );
}

#[test]
fn a_fix_that_makes_another_finding_appear_is_refused() {
    let traded = template("        privileged: {{ .Values.privileged }}\n")
        + "  {{- if not .Values.privileged }}\n  hostNetwork: true\n  {{- end }}\n";
    let repository = Repository::new(
        &["C-0057", "C-0041"],
        &[
            ("web/Chart.yaml", CHART),
            ("web/values.yaml", "privileged: true\n"),
            ("web/templates/pod.yaml", &traded),
        ],
    );
    let (fix, refused) = repository.only("web");
    assert_eq!(fix, None);
    assert!(matches!(&refused[0].refusal, Refusal::Appeared(what) if what.contains("C-0041")));
}

#[test]
fn a_fix_that_moves_something_else_is_refused() {
    let shared = template("        privileged: {{ .Values.privileged }}\n")
        .replace("app: web", "app: web-{{ .Values.privileged }}");
    let repository = Repository::new(
        &["C-0057"],
        &[
            ("web/Chart.yaml", CHART),
            ("web/values.yaml", "privileged: true\n"),
            ("web/templates/pod.yaml", &shared),
        ],
    );
    let (fix, refused) = repository.only("web");
    assert_eq!(fix, None);
    assert!(
        matches!(&refused[0].refusal, Refusal::Strayed(moved) if moved.field == "metadata.labels.app")
    );
}

/// Whatever makes the proof fail, nothing is offered: neither a fix, nor a draft, nor an applied edit.
#[test]
fn nothing_is_offered_whose_proof_fails() {
    let overlay = template("        privileged: true\n").replace("web:1", "web:latest");
    let repository = Repository::new(
        &["C-0057", "C-0271", "PL-0001"],
        &[
            ("web/Chart.yaml", CHART),
            ("web/values.yaml", "privileged: true\n"),
            (
                "web/templates/pod.yaml",
                &template("        privileged: {{ .Values.privileged }}\n"),
            ),
            ("base/pod.yaml", &overlay),
            ("base/kustomization.yaml", "resources: [pod.yaml]\n"),
            (
                "prod/kustomization.yaml",
                "resources: [../base]\nnamespace: prod\n",
            ),
            ("plain/pod.yaml", &overlay),
        ],
    );
    let offered = |render: &super::Render<'_>| {
        repository.bench_with(render, |bench| {
            let apps: Vec<&str> = bench.subjects.iter().map(|s| s.app.id.as_str()).collect();
            let findings: Vec<Finding> = apps.iter().flat_map(|app| bench.findings(app)).collect();
            let all: Vec<&Finding> = findings.iter().collect();
            let offered = super::remedies(bench, &all).0.len();
            (
                offered,
                settle(bench, true, &|_| true, &|_| true).files.len(),
            )
        })
    };
    let honest = |snapshot: &dyn Snapshot, app: &App| render::render(snapshot, app);
    let (remedies, files) = offered(&honest);
    assert!(remedies > 5 && files > 2, "{remedies} {files}");
    // The edit does nothing.
    let idle = |_: &dyn Snapshot, app: &App| render::render(&repository.memory, app);
    assert_eq!(offered(&idle), (0, 0));
    // The app no longer renders.
    let broken = |snapshot: &dyn Snapshot, app: &App| {
        let mut rendered = render::render(snapshot, app);
        let problem = Problem::new(Kind::Render, "it broke");
        rendered.rendering.problems.push(problem);
        rendered
    };
    assert_eq!(offered(&broken), (0, 0));
    // Something else moves: an object goes, and a field of another one changes.
    let lossy = |snapshot: &dyn Snapshot, app: &App| {
        let mut rendered = render::render(snapshot, app);
        rendered.rendering.resources.clear();
        rendered
    };
    assert_eq!(offered(&lossy), (0, 0));
    let stray = |snapshot: &dyn Snapshot, app: &App| {
        let mut rendered = render::render(snapshot, app);
        for resource in &mut rendered.rendering.resources {
            if let Some(map) = resource.value.as_mapping_mut() {
                let stray = Value::string("stray", Origin::NONE);
                map.insert("stray", Origin::NONE, stray);
            }
        }
        rendered
    };
    assert_eq!(offered(&stray), (0, 0));
}

#[test]
fn a_chart_from_elsewhere_is_steered_and_not_edited() {
    let files = |template: &str, values: &str| {
        vec![
            (
                "web/Chart.yaml".to_owned(),
                format!(
                    "{CHART}dependencies: [{{name: db, version: 1.0.0, repository: 'https://example.org', alias: store}}]\n"
                ),
            ),
            ("web/values.yaml".to_owned(), "# ours\n".to_owned()),
            (
                "web/charts/db/Chart.yaml".to_owned(),
                CHART.replace("web", "db"),
            ),
            ("web/charts/db/values.yaml".to_owned(), values.to_owned()),
            (
                "web/charts/db/templates/pod.yaml".to_owned(),
                template.to_owned(),
            ),
        ]
    };
    let read = files(
        &template("        privileged: {{ .Values.security.privileged }}\n"),
        "security: {privileged: true}\n",
    );
    let read: Vec<(&str, &str)> = read
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let repository = Repository::new(&["C-0057"], &read);
    let fix = repository.only("web").0.unwrap();
    assert_eq!(
        repository.after(&fix, "web/values.yaml"),
        "# ours\nstore:\n  security:\n    privileged: false\n"
    );
    let fixed = files(&template("        privileged: true\n"), "");
    let fixed: Vec<(&str, &str)> = fixed
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let (fix, refused) = Repository::new(&["C-0057"], &fixed).only("web");
    assert!(fix.is_none() && refused.is_empty());
}

#[test]
fn a_chart_beside_is_steered_from_above_and_its_templates_are_edited() {
    let manifest = format!(
        "{CHART}dependencies: [{{name: db, version: 1.x, repository: 'file://../parts/db', alias: store}}]\n"
    );
    let part = format!("{}type: library\n", CHART.replace("web", "db"));
    let after = |template: &str, values: &str, file: &str| {
        let files = [
            ("web/Chart.yaml", manifest.as_str()),
            ("web/values.yaml", "# ours\n"),
            ("parts/db/Chart.yaml", &part),
            ("parts/db/values.yaml", values),
            ("parts/db/templates/_pod.yaml", template),
            (
                "web/templates/pod.yaml",
                "{{ include \"pod\" .Values.store }}",
            ),
        ];
        let repository = Repository::new(&["C-0057"], &files);
        let fix = repository.only("web").0.unwrap();
        repository.after(&fix, file)
    };
    let pod = |privileged: &str| {
        let security = format!("        privileged: {privileged}\n");
        format!(
            "{{{{ define \"pod\" }}}}{}{{{{ end }}}}",
            template(&security)
        )
    };
    assert_eq!(
        after(
            &pod("{{ .security.privileged }}"),
            "security: {privileged: true}\n",
            "web/values.yaml"
        ),
        "# ours\nstore:\n  security:\n    privileged: false\n"
    );
    let edited = after(&pod("true"), "", "parts/db/templates/_pod.yaml");
    assert_eq!(edited, pod("false"));
}

#[test]
fn a_file_that_a_template_is_made_of_is_edited_at_its_line() {
    let pod = template(
        "        # why\n        privileged: true\n        runAsUser: {{ .Values.user }}\n",
    );
    let repository = Repository::new(
        &["C-0057"],
        &[
            ("web/Chart.yaml", CHART),
            ("web/values.yaml", "user: 7\n"),
            (
                "web/templates/all.yaml",
                "{{ tpl (.Files.Get \"files/pod.tpl\") . }}\n",
            ),
            ("web/files/pod.tpl", &pod),
        ],
    );
    let fix = repository.only("web").0.unwrap();
    assert_eq!(
        repository.after(&fix, "web/files/pod.tpl"),
        pod.replace("privileged: true", "privileged: false")
    );
}

#[test]
fn one_cause_in_several_apps_is_remedied_once() {
    let files = [
        (
            "base/pod.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - name: web\n      securityContext: {privileged: true}\n",
        ),
        ("base/kustomization.yaml", "resources: [pod.yaml]\n"),
        (
            "dev/kustomization.yaml",
            "namePrefix: dev-\nresources: [../base]\n",
        ),
        (
            "prod/kustomization.yaml",
            "namePrefix: prod-\nresources: [../base]\n",
        ),
    ];
    let repository = Repository::new(&["C-0057"], &files);
    repository.bench(|bench| {
        let findings: Vec<Finding> = ["dev", "prod"]
            .iter()
            .flat_map(|app| bench.findings(app))
            .collect();
        let all: Vec<&Finding> = findings.iter().collect();
        let (remedies, chosen) = super::remedies(bench, &all);
        assert_eq!(chosen, [Some(0), Some(0)]);
        let [Remedy::Fix(fix)] = remedies.as_slice() else {
            panic!("{remedies:?}");
        };
        assert_eq!((fix.layer, fix.resolves.len()), (Layer::Base, 2));
        assert!(matches!(&fix.safety, Safety::Unsafe(why) if why.contains("devices")));
        let apps: Vec<&str> = fix.moves.iter().map(|moved| moved.app.as_str()).collect();
        assert_eq!(apps, ["dev", "prod"]);
    });
    // Alone, an overlay is patched.
    let (fix, _) = repository.only("prod");
    assert_eq!(fix.unwrap().layer, Layer::Overlay);
}

#[test]
fn a_value_nobody_can_derive_is_a_draft() {
    let pod = "apiVersion: v1\r\nkind: Pod\r\nmetadata: {name: web}\r\nspec:\r\n  containers:\r\n    - name: web\r\n      image: web:latest\r\n      resources: {limits: {cpu: 1}}";
    let repository = Repository::new(&["C-0271", "PL-0001"], &[("pod.yaml", pod)]);
    repository.bench(|bench| {
        let findings = bench.findings(".");
        let (remedies, _) = super::remedies(bench, &findings.iter().collect::<Vec<_>>());
        let mut text = pod.to_owned();
        for remedy in &remedies {
            let Remedy::Draft(draft) = remedy else {
                panic!("{remedy:?}");
            };
            text = draft.edits[&RepoPath::new("pod.yaml").unwrap()].apply(pod);
            assert!(
                text.contains("memory: <memory>") || text.contains("image: web:<version>"),
                "{text}"
            );
        }
        assert_eq!(remedies.len(), 2);
        assert_eq!(text.matches("\r\n").count(), pod.matches("\r\n").count());
        // Nothing of it is applied.
        let applied = settle(bench, true, &|_| true, &|_| true);
        assert!(applied.files.is_empty());
    });
}

/// What the bound leaves over is found by the next run, and nothing is half done.
#[test]
fn proofs_end_and_say_so() {
    let pod = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  containers:\n  - name: web\n    image: web\n    securityContext: {{privileged: true}}\n"
        )
    };
    let mut files = [("a.yaml", pod("a")), ("b.yaml", pod("b"))];
    for left in [1, 0] {
        let texts = files.each_ref().map(|(path, text)| (*path, text.as_str()));
        let repository = Repository::new(&["C-0057"], &texts);
        let applied = repository.bench(|bench| {
            bench.most_work = 1;
            settle(bench, true, &|_| true, &|_| true)
        });
        assert!(applied.exhausted);
        assert_eq!((applied.fixes.len(), applied.files.len()), (1, 1));
        for (path, text) in &mut files {
            if let Some(edited) = applied.files.get(&RepoPath::new(path).unwrap()) {
                *text = edited.to_string();
            }
        }
        let privileged = files.iter().filter(|(_, text)| text.contains("true"));
        assert_eq!(privileged.count(), left);
    }
}
