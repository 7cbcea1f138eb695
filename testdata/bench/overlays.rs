//! What overlays cost: `cargo bench --bench overlays -- [CASES]`, run on a quiet machine.
//!
//! Generates a repository of 300 overlays over six shared bases, and renders 50, 100, 200 and 300 of them with one cache: the cost
//! per overlay should not grow. With a folder of unpacked conformance cases, all real kustomizations are rendered in one process
//! too, which `kustomize.py` compares with `kubectl kustomize`. Nothing here is a test.
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use plimsoll::discover::{App, Overlay, Source};
use plimsoll::render::{self, Cache};
use plimsoll::snapshot::{Disk, Memory};
use plimsoll::text::RepoPath;
use rayon::prelude::*;
use serde_json::Value as Json;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Outcome<()> {
    let repository = Memory::new("generated", files(300))?;
    for count in [50, 100, 200, 300] {
        let apps: Vec<App> = (0..count)
            .map(|number| app(&format!("overlays/o{number}"), true))
            .collect::<Outcome<_>>()?;
        let alone = best(|| {
            for app in &apps {
                render::render_with(&Cache::default(), &repository, app);
            }
        });
        let shared = best(|| {
            let cache = Cache::default();
            for app in &apps {
                render::render_with(&cache, &repository, app);
            }
        });
        let parallel = best(|| {
            let cache = Cache::default();
            apps.par_iter().for_each(|app| {
                render::render_with(&cache, &repository, app);
            });
        });
        let each = |took: Duration| took.as_secs_f64() * 1e6 / f64::from(count);
        println!(
            "{count} overlays, microseconds each: {:.0} without a cache, {:.0} with one, {:.0} on all cores",
            each(alone),
            each(shared),
            each(parallel)
        );
    }
    match std::env::args()
        .skip(1)
        .find(|argument| argument != "--bench")
    {
        Some(folder) => real(Path::new(&folder)),
        None => Ok(()),
    }
}

/// The shortest of five runs: the others were disturbed.
fn best(mut run: impl FnMut()) -> Duration {
    let time = |()| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    std::iter::repeat_n((), 5)
        .map(time)
        .min()
        .unwrap_or_default()
}

fn app(directory: &str, restrict_loads: bool) -> Outcome<App> {
    Ok(App {
        id: directory.to_owned(),
        environment: None,
        source: Source::Kustomize(Overlay {
            restrict_loads,
            ..Overlay::new(RepoPath::new(directory)?)
        }),
    })
}

/// Six bases of ten workloads each, and overlays that take two of them, with what overlays usually do.
fn files(overlays: usize) -> Vec<(String, String)> {
    const BASES: usize = 6;
    const WORKLOADS: usize = 10;
    let mut files = Vec::new();
    for base in 0..BASES {
        let mut resources = String::new();
        for number in 0..WORKLOADS {
            let name = format!("b{base}-w{number}");
            resources.push_str(&format!("- {name}.yaml\n"));
            let text = format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  labels: {{app: {name}}}\nspec:\n  replicas: 1\n  selector:\n    matchLabels: {{app: {name}}}\n  template:\n    metadata:\n      labels: {{app: {name}}}\n    spec:\n      serviceAccountName: {name}\n      containers:\n      - name: main\n        image: registry.example.com/{name}:1.0\n        ports:\n        - containerPort: 8080\n        env:\n        - name: MODE\n          value: base\n        envFrom:\n        - configMapRef:\n            name: settings-{base}\n        resources:\n          limits: {{cpu: 500m, memory: 256Mi}}\n          requests: {{cpu: 100m, memory: 128Mi}}\n        livenessProbe:\n          httpGet: {{path: /healthz, port: 8080}}\n        securityContext:\n          runAsNonRoot: true\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\nspec:\n  selector: {{app: {name}}}\n  ports:\n  - port: 80\n    targetPort: 8080\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {name}\n"
            );
            files.push((format!("bases/b{base}/{name}.yaml"), text));
        }
        files.push((
            format!("bases/b{base}/kustomization.yaml"),
            format!("resources:\n{resources}configMapGenerator:\n- name: settings-{base}\n  literals:\n  - LEVEL=info\n  - REGION=none\n"),
        ));
    }
    for overlay in 0..overlays {
        let (first, second) = (overlay % BASES, (overlay + 1) % BASES);
        files.push((
            format!("overlays/o{overlay}/kustomization.yaml"),
            format!(
                "resources:\n- ../../bases/b{first}\n- ../../bases/b{second}\nnamespace: tenant-{overlay}\nnamePrefix: t{overlay}-\nlabels:\n- pairs: {{tenant: t{overlay}}}\n  includeSelectors: true\nimages:\n- name: registry.example.com/b{first}-w0\n  newTag: 2.{overlay}.0\nconfigMapGenerator:\n- name: settings-{first}\n  behavior: merge\n  literals:\n  - REGION=r{overlay}\npatches:\n- path: patch.yaml\n- target: {{kind: Deployment, name: b{second}-.*}}\n  patch: |-\n    - op: replace\n      path: /spec/replicas\n      value: 3\n"
            ),
        ));
        files.push((
            format!("overlays/o{overlay}/patch.yaml"),
            format!("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: b{first}-w1\nspec:\n  template:\n    spec:\n      containers:\n      - name: main\n        env:\n        - name: MODE\n          value: overlay-{overlay}\n"),
        ));
    }
    files
}

/// All real kustomizations that Kustomize builds, each repository with one cache: one after the other, and on all cores, as a
/// check does it. Prints the seconds of both last.
fn real(cases: &Path) -> Outcome<()> {
    let mut repositories: BTreeMap<String, Vec<App>> = BTreeMap::new();
    for line in std::fs::read_to_string(cases.join("real/cases.jsonl"))?.lines() {
        let case: Json = serde_json::from_str(line)?;
        let text = |key: &str| case.get(key).and_then(Json::as_str).unwrap_or_default();
        if text("expect") != "ok" || case.get("helm").and_then(Json::as_bool) == Some(true) {
            continue;
        }
        let app = app(text("dir"), !line.contains("LoadRestrictionsNone"))?;
        let repository = text("repo").to_owned();
        repositories.entry(repository).or_default().push(app);
    }
    let count: usize = repositories.values().map(Vec::len).sum();
    let build = |parallel: bool| {
        let start = Instant::now();
        for (repository, apps) in &repositories {
            let disk = Disk::new(&cases.join("real/tree").join(repository));
            let cache = Cache::default();
            let one = |app: &App| drop(render::render_with(&cache, &disk, app));
            if parallel {
                apps.par_iter().for_each(one);
            } else {
                apps.iter().for_each(one);
            }
        }
        start.elapsed().as_secs_f64()
    };
    let (alone, parallel) = (build(false), build(true));
    println!(
        "{count} real kustomizations in one process, seconds one after the other and on all cores:\n{alone:.3}\n{parallel:.3}"
    );
    Ok(())
}
