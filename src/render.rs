//! From an app to the objects that will reach the cluster, each value with its origin.
//!
//! Rendering is a function of a [`Tree`] and an [`App`]: no clock, no network, no process, no state between two calls but a
//! [`Cache`] of what has been parsed, which changes no result.
//! What cannot be rendered is a problem beside the resources that could be. What the objects mean is the next layers' work.

mod cache;
pub mod helm;
pub mod kustomize;
pub mod manifest;

pub use cache::Cache;
pub(crate) use cache::from_utf16;

use std::panic::{self, AssertUnwindSafe};

use crate::discover::{App, Source};
use crate::origin::{Origins, Traced};
use crate::problem::{Kind, Problem};
use crate::resource::Resource;
use crate::snapshot::{Inputs, Snapshot, Tree};
use crate::text::RepoPath;

/// Rendering follows the nesting of its input within limits (templates may include each other a thousand levels deep); this is
/// stack enough for those limits. Only what is used of it takes memory.
pub const STACK_BYTES: usize = 512 << 20;

/// What one engine made of one app.
#[derive(Debug, Clone, Default)]
pub struct Rendering {
    /// What the real program would print, with the origin of each character.
    pub output: Traced,
    /// The objects in the output, in its order.
    pub resources: Vec<Resource>,
    /// What went wrong. Any problem means that the rendering is incomplete.
    pub problems: Vec<Problem>,
    /// How much was done for it, whether it came out or not: about the bytes that were made. The same on every machine.
    pub work: u64,
}

/// A rendered app.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// Output, objects and problems.
    pub rendering: Rendering,
    /// The paths read, and what was there: the rendering depends on nothing else.
    pub inputs: Inputs,
    /// What the origins in the output and the objects refer to.
    pub origins: Origins,
}

/// Renders `app` from `snapshot`, on its own and with a stack of its own.
pub fn render(snapshot: &dyn Snapshot, app: &App) -> Rendered {
    let rendered = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        let thread = thread.spawn_scoped(scope, || render_with(&Cache::default(), snapshot, app));
        let rendered = thread.map_err(|error| error.to_string())?.join();
        rendered.map_err(|_| PANICKED.to_owned())
    });
    rendered.unwrap_or_else(|why| Rendered {
        rendering: Rendering::bug(app, &why),
        inputs: Inputs::default(),
        origins: Origins::new(),
    })
}

/// What the real program would print for `app`, for whoever wants only the text: of a chart no origin and no object is made.
/// If something goes wrong, it is rendered as [`render_with`] does, so that every problem has its place.
///
/// This runs on the caller's thread, which needs a stack of [`STACK_BYTES`].
pub fn print(cache: &Cache, snapshot: &dyn Snapshot, app: &App) -> Rendered {
    if matches!(app.source, Source::Helm(_)) {
        let rendered = rendered(cache, snapshot, app, Origins::untraced());
        if rendered.rendering.problems.is_empty() {
            return rendered;
        }
    }
    render_with(cache, snapshot, app)
}

/// Renders `app` from `snapshot`. What other renderings with the same cache have read is not parsed again: not what two
/// overlays share, not what is the same in base and head, and of an edited snapshot only what was edited.
///
/// This runs on the caller's thread, which needs a stack of [`STACK_BYTES`].
pub fn render_with(cache: &Cache, snapshot: &dyn Snapshot, app: &App) -> Rendered {
    rendered(cache, snapshot, app, Origins::new())
}

fn rendered(cache: &Cache, snapshot: &dyn Snapshot, app: &App, mut origins: Origins) -> Rendered {
    let tree = Tree::new(snapshot);
    // A bug that one app meets is a problem of that app, and the others are reviewed.
    let rendering = panic::catch_unwind(AssertUnwindSafe(|| match &app.source {
        Source::Helm(release) => helm::render(&tree, release, cache, &mut origins),
        Source::Kustomize(overlay) => kustomize::render(&tree, overlay, cache, &mut origins),
        Source::Manifests(files) => manifest::render(&tree, files, cache, &mut origins),
    }));
    Rendered {
        rendering: rendering.unwrap_or_else(|_| Rendering::bug(app, PANICKED)),
        inputs: tree.into_inputs(),
        origins,
    }
}

/// The files and directories in which all lies that `app` may read, links aside; of a kustomization only rendering knows it.
pub fn reach(cache: &Cache, snapshot: &dyn Snapshot, app: &App) -> Vec<RepoPath> {
    match &app.source {
        Source::Helm(release) => helm::reach(&Tree::new(snapshot), release, cache),
        Source::Manifests(files) => files.clone(),
        Source::Kustomize(_) => vec![RepoPath::root()],
    }
}

const PANICKED: &str = "the renderer panicked";

impl Rendering {
    fn bug(app: &App, why: &str) -> Self {
        let problem = Problem::new(Kind::Bug, why);
        let path = match &app.source {
            Source::Helm(release) => Some(&release.chart),
            Source::Kustomize(overlay) => Some(&overlay.directory),
            Source::Manifests(files) => files.first(),
        };
        Self {
            problems: vec![match path {
                Some(path) => problem.in_file(path),
                None => problem,
            }],
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::discover::{HelmVersion, Release};
    use crate::snapshot::{Disk, Memory};

    fn charts(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with("Chart.yaml") {
                found.push(directory.to_owned());
            } else if path.is_dir() {
                charts(&path, found);
            }
        }
    }

    #[test]
    fn what_others_have_read_changes_nothing() {
        let deep = std::thread::Builder::new().stack_size(STACK_BYTES);
        let compared = deep.spawn(compare_alone_and_together).unwrap().join();
        assert!(compared.is_ok());
    }

    fn compare_alone_and_together() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
        let mut found = Vec::new();
        charts(&root, &mut found);
        found.sort();
        assert!(found.len() > 10, "the charts have moved");
        let shared = Cache::default();
        // Cases hold one chart before and after an edit, so what is known already is never all and seldom nothing.
        for round in ["some of it known", "all of it known"] {
            for (directory, helm) in found
                .iter()
                .flat_map(|directory| [(directory, HelmVersion::V3), (directory, HelmVersion::V4)])
            {
                let chart = directory.strip_prefix(&root).unwrap();
                let chart = RepoPath::new(chart.to_str().unwrap()).unwrap();
                let mut release = Release::new(chart.clone(), "rel", "ns");
                release.helm = helm;
                release.include_crds = true;
                let app = App {
                    id: chart.to_string(),
                    environment: None,
                    source: Source::Helm(release),
                };
                let alone = render(&Disk::new(&root), &app);
                let together = render_with(&shared, &Disk::new(&root), &app);
                let printed = print(&shared, &Disk::new(&root), &app);
                let case = format!("{chart} for {helm:?}, {round}");
                let files = |rendered: &Rendered| -> Vec<(RepoPath, String)> {
                    let files = rendered.origins.files();
                    files
                        .map(|(_, file)| (file.path.clone(), file.text.to_string()))
                        .collect()
                };
                assert_eq!(together.rendering.output, alone.rendering.output, "{case}");
                assert_eq!(
                    printed.rendering.output.as_str(),
                    alone.rendering.output.as_str(),
                    "{case}"
                );
                assert_eq!(
                    format!("{:?}", together.rendering),
                    format!("{:?}", alone.rendering),
                    "{case}"
                );
                assert_eq!(together.inputs, alone.inputs, "{case}");
                assert_eq!(files(&together), files(&alone), "{case}");
            }
        }
    }

    #[test]
    fn a_release_reaches_the_charts_beside_its_own() {
        let chart = |rest: &str| format!("apiVersion: v1\nname: web\nversion: 1.0.0\n{rest}");
        let entry = |repository: &str| {
            format!("dependencies: [{{name: x, version: 1.x, repository: \"{repository}\"}}]\n")
        };
        // However it is written: what is not seen here is not rendered again when it changes.
        let manifest = chart(&entry("file:\\x2f/../parts/db"));
        let files = [
            ("apps/web/Chart.yaml", manifest.as_str()),
            ("apps/web/requirements.yaml", &entry("file://lib/")),
            ("apps/out/Chart.yaml", &chart(&entry("file://../../../x"))),
            ("apps/broken/Chart.yaml", "dependencies: ["),
        ];
        let snapshot = Memory::new("test", files).unwrap();
        let reach = |chart: &str| {
            let mut release = Release::new(RepoPath::new(chart).unwrap(), "rel", "ns");
            release.values = vec![RepoPath::new("prod.yaml").unwrap()];
            let app = App {
                id: chart.to_owned(),
                environment: None,
                source: Source::Helm(release),
            };
            let found = super::reach(&Cache::default(), &snapshot, &app);
            let found: Vec<&str> = found.iter().map(RepoPath::as_str).collect();
            found.join(" ")
        };
        assert_eq!(
            reach("apps/web"),
            "apps/web apps/parts/db apps/web/lib prod.yaml"
        );
        assert_eq!(reach("apps/out"), "apps/out prod.yaml");
        assert_eq!(reach("apps/broken"), "apps/broken prod.yaml");
    }
}
