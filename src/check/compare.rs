//! Both sides of a change, discovered and rendered: everything before judgement.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use super::waive::Waiving;
use crate::config::{self, Config, PodTemplate};
use crate::discover::{self, App, Discovery, Source};
use crate::origin::Origins;
use crate::problem::{Kind, Problem};
use crate::render::{self, Cache, Rendered};
use crate::report::{AppState, Side, Trouble, Which};
use crate::resource::Identity;
use crate::snapshot::{self, Change, EntryKind, Inputs, Snapshot, Tree, Want};
use crate::text::RepoPath;
use crate::yaml::Path;

/// What to compare, and under whose configuration.
pub struct Request<'a> {
    /// Before the change.
    pub base: &'a dyn Snapshot,
    /// After the change.
    pub head: &'a dyn Snapshot,
    /// The tip of the branch that the change is to be merged into, where its configuration and policies are in force.
    pub target: Option<&'a dyn Snapshot>,
    /// A configuration that the caller trusts; `None` takes the one in force.
    pub config: Option<(RepoPath, String)>,
    /// What the reader should know about how the sides were chosen.
    pub notes: Vec<String>,
    /// What was met while the sides were opened.
    pub problems: Vec<Problem>,
    /// How waivers are treated.
    pub waivers: Waiving,
}

impl<'a> Request<'a> {
    /// Whose configuration and policies are in force: the target's, else the base's, and the head's where there is nothing
    /// before it.
    pub fn governing(&self) -> &'a dyn Snapshot {
        if let Some(target) = self.target {
            target
        } else if self.base.entries().is_empty() {
            self.head
        } else {
            self.base
        }
    }
}

/// One app on both sides.
pub struct Compared {
    /// Its id.
    pub id: String,
    /// Its environment, where it has one.
    pub environment: Option<String>,
    /// What to render in head; `None` where it is not there.
    pub app: Option<App>,
    /// What the change does to it.
    pub state: AppState,
    /// Files and directories that it reads, for one that was not rendered.
    pub reads: Vec<RepoPath>,
    /// The namespace it is deployed to in base and in head, for objects that name none; empty where nobody says.
    pub namespaces: [String; 2],
    /// Its rendering in base; `None` where it is not there, or does not need to be known.
    pub base: Option<Rendered>,
    /// Its rendering in head; `None` where it is not there, or is what it is in base.
    pub head: Option<Rendered>,
}

/// Both sides, discovered and rendered.
pub struct Comparison {
    /// Before the change.
    pub base: Side,
    /// After the change.
    pub head: Side,
    /// The configuration in force.
    pub config: Config,
    /// The configuration that the change brings, where it is another one and not in force.
    pub proposed: Option<Config>,
    /// The files that differ.
    pub changes: Vec<Change>,
    /// Every app of either side, by id.
    pub apps: Vec<Compared>,
    /// What could not be done.
    pub problems: Vec<Trouble>,
    /// What the reader should know.
    pub notes: Vec<String>,
}

/// How far a comparison has come, for a person who waits.
pub trait Progress: Sync {
    /// An app has been rendered: the `done`th of `all`.
    fn rendered(&self, done: usize, all: usize);
}

impl Comparison {
    /// What the renderings of both sides asked for, and nobody has looked for yet.
    pub fn unanswered(&self) -> impl Iterator<Item = &Want> {
        let renderings = self.apps.iter().flat_map(|app| [&app.base, &app.head]);
        renderings
            .flatten()
            .flat_map(|rendered| rendered.inputs.unanswered())
    }
}

impl Progress for () {
    fn rendered(&self, _: usize, _: usize) {}
}

/// Discovers the apps of both sides and renders those that the change may touch.
pub fn compare(request: &Request<'_>, progress: &dyn Progress) -> Comparison {
    let changes = snapshot::changed(request.base, request.head);
    let mut notes = request.notes.clone();
    let (config, proposed, mut problems) = configuration(request, &mut notes);
    let (before, after) =
        discover::discover_both(&Tree::new(request.base), &Tree::new(request.head), &config);
    let mut trouble = |side, found: &[Problem]| {
        problems.extend(found.iter().map(|problem| Trouble {
            side,
            app: None,
            problem: problem.clone(),
        }));
    };
    trouble(Which::Head, &request.problems);
    trouble(Which::Base, &before.problems);
    trouble(Which::Head, &after.problems);

    let by_id = |discovery: &Discovery| -> BTreeMap<String, App> {
        discovery
            .apps
            .iter()
            .map(|app| (app.id.clone(), app.clone()))
            .collect()
    };
    let (base_apps, head_apps) = (by_id(&before), by_id(&after));
    let ids: Vec<&String> = base_apps
        .keys()
        .chain(head_apps.keys())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let linked = [request.base, request.head].iter().any(|side| {
        side.entries()
            .values()
            .any(|entry| entry.kind == EntryKind::Link)
    });
    let done = std::sync::atomic::AtomicUsize::new(0);
    let renderer = Renderer::new(&config);
    let work = || {
        ids.par_iter()
            .map(|&id| {
                let compared = compare_app(
                    request,
                    &renderer,
                    base_apps.get(id),
                    head_apps.get(id),
                    &changes,
                    linked,
                );
                let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
                progress.rendered(done, ids.len());
                compared
            })
            .collect::<Vec<Compared>>()
    };
    let apps = on_deep_stacks(work);

    for app in &apps {
        for (side, rendered) in [(Which::Base, &app.base), (Which::Head, &app.head)] {
            let Some(rendered) = rendered else { continue };
            problems.extend(rendered.rendering.problems.iter().map(|problem| Trouble {
                side,
                app: Some(app.id.clone()),
                problem: problem.clone(),
            }));
        }
    }
    let inputs: Vec<&Inputs> = apps
        .iter()
        .flat_map(|app| [&app.base, &app.head])
        .flatten()
        .map(|rendered| &rendered.inputs)
        .collect();
    let uncovered = discover::covered(
        &changes,
        &inputs,
        &before,
        &after,
        &config,
        request.base,
        request.head,
    );
    problems.extend(uncovered.into_iter().map(|(in_head, problem)| Trouble {
        side: if in_head { Which::Head } else { Which::Base },
        app: None,
        problem,
    }));
    problems.sort();
    problems.dedup();
    let side = |snapshot: &dyn Snapshot, apps: usize| Side {
        label: snapshot.label().to_owned(),
        files: snapshot.entries().len(),
        apps,
    };
    Comparison {
        base: side(request.base, base_apps.len()),
        head: side(request.head, head_apps.len()),
        config,
        proposed,
        changes,
        apps,
        problems,
        notes,
    }
}

/// Runs parallel work on threads whose stacks fit what is nested as deep as its input may be.
pub(super) fn on_deep_stacks<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    match rayon::ThreadPoolBuilder::new()
        .stack_size(render::STACK_BYTES)
        .build()
    {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

/// The configuration in force, the one that the change proposes, and what the reader should know about it.
fn configuration(
    request: &Request<'_>,
    notes: &mut Vec<String>,
) -> (Config, Option<Config>, Vec<Trouble>) {
    let troubles = |side, problems: Vec<Problem>| {
        problems
            .into_iter()
            .map(|problem| Trouble {
                side,
                app: None,
                problem,
            })
            .collect::<Vec<_>>()
    };
    if let Some((path, text)) = &request.config {
        let (config, problems) = config::load_text(path, text);
        return (config, None, troubles(Which::Head, problems));
    }
    // Where there is nothing to compare with, there is no target whose configuration could govern.
    if request.target.is_none() && request.base.entries().is_empty() {
        let (config, problems) = config::load(&Tree::new(request.head));
        return (config, None, troubles(Which::Head, problems));
    }
    let (config, problems) = config::load(&Tree::new(request.governing()));
    let mut all = troubles(Which::Base, problems);
    let mut proposed = None;
    if let Some(path) = altered_configuration(request) {
        notes.push(format!("the change alters {path}, which is not in force until it is merged (`--config` uses a file you trust)"));
        let (config, problems) = config::load(&Tree::new(request.head));
        all.extend(troubles(Which::Head, problems));
        proposed = Some(config);
    }
    (config, proposed, all)
}

/// The configuration file that the change alters, where the one in base governs.
pub(super) fn altered_configuration(request: &Request<'_>) -> Option<RepoPath> {
    if request.config.is_some() || request.base.entries().is_empty() {
        return None;
    }
    config::PATHS
        .iter()
        .filter_map(|path| RepoPath::new(path).ok())
        .find(|path| {
            request.base.entry(path).map(|e| e.id) != request.head.entry(path).map(|e| e.id)
        })
}

fn compare_app(
    request: &Request<'_>,
    renderer: &Renderer<'_>,
    before: Option<&App>,
    after: Option<&App>,
    changes: &[Change],
    linked: bool,
) -> Compared {
    let some = before.or(after);
    let side = before.map_or(request.head, |_| request.base);
    let reads = some.map(|app| render::reach(&renderer.cache, side, app));
    let mut compared = Compared {
        id: some.map(|app| app.id.clone()).unwrap_or_default(),
        environment: after.or(before).and_then(|app| app.environment.clone()),
        app: after.cloned(),
        state: AppState::Unchanged,
        reads: reads.unwrap_or_default(),
        namespaces: [before, after].map(|app| app.map(namespace).unwrap_or_default()),
        base: None,
        head: None,
    };
    match (before, after) {
        (Some(before), Some(after)) if before == after => {
            // Links may bring any file into a chart: those have to be rendered to know.
            let is_touched = |change: &Change| {
                linked
                    || compared
                        .reads
                        .iter()
                        .any(|read| change.path.is_within(read))
            };
            if !changes.iter().any(is_touched) {
                return compared;
            }
            let base = renderer.render(request.base, before);
            if base.rendering.problems.is_empty() && base.inputs.hold_in(request.head) {
                compared.base = Some(base);
                return compared;
            }
            compared.state = AppState::Changed;
            compared.base = Some(base);
            compared.head = Some(renderer.render(request.head, after));
        }
        (before, after) => {
            compared.state = match (before, after) {
                (None, _) => AppState::Added,
                (_, None) => AppState::Removed,
                _ => AppState::Changed,
            };
            compared.base = before.map(|app| renderer.render(request.base, app));
            compared.head = after.map(|app| renderer.render(request.head, app));
        }
    }
    compared
}

/// Where Helm is told a namespace, it is where objects go that name none; Kustomize and manifests say it in the objects.
fn namespace(app: &App) -> String {
    match &app.source {
        Source::Helm(release) => release.namespace.clone(),
        Source::Kustomize(_) | Source::Manifests(_) => String::new(),
    }
}

/// What renders the apps of one request: whatever they share is read once.
pub(super) struct Renderer<'a> {
    cache: Cache,
    config: &'a Config,
}

impl<'a> Renderer<'a> {
    pub(super) fn new(config: &'a Config) -> Self {
        Self {
            cache: Cache::default(),
            config,
        }
    }

    /// Renders an app; a panic, which would be a bug, becomes a problem of this app alone.
    pub(super) fn render(&self, snapshot: &dyn Snapshot, app: &App) -> Rendered {
        catch_unwind(AssertUnwindSafe(|| {
            let mut rendered = render::render_with(&self.cache, snapshot, app);
            for resource in &mut rendered.rendering.resources {
                resource.pod_template = self.pod_template(&resource.identity);
            }
            rendered
        }))
        .unwrap_or_else(|_| {
            let mut rendering = render::Rendering::default();
            rendering.problems.push(
                Problem::new(
                    Kind::Bug,
                    format!("rendering `{}` failed inside Plimsoll", app.id),
                )
                .help("This is a bug in Plimsoll; please report it with the files of this app."),
            );
            Rendered {
                rendering,
                inputs: Inputs::default(),
                origins: Origins::new(),
            }
        })
    }

    fn pod_template(&self, identity: &Identity) -> Option<Path> {
        let mut templates = self.config.pod_templates.iter();
        let fits = |template: &&PodTemplate| {
            template.kind == identity.kind && template.group == identity.group
        };
        Some(templates.find(fits)?.pod.clone())
    }
}

/// The apps of head, all of them rendered.
pub struct Apps {
    /// The configuration in force.
    pub config: Config,
    /// Each app by id.
    pub apps: Vec<(String, Rendered)>,
    /// What could not be done.
    pub problems: Vec<Problem>,
}

/// Discovers and renders all apps of head.
pub fn render_head(request: &Request<'_>) -> Apps {
    let (config, _, problems) = configuration(request, &mut Vec::new());
    let discovery = discover::discover(&Tree::new(request.head), &config);
    let mut problems: Vec<Problem> = problems
        .into_iter()
        .map(|trouble| trouble.problem)
        .collect();
    problems.extend(discovery.problems);
    let renderer = Renderer::new(&config);
    let apps: Vec<(String, Rendered)> = on_deep_stacks(|| {
        let apps = discovery.apps.par_iter();
        apps.map(|app| (app.id.clone(), renderer.render(request.head, app)))
            .collect()
    });
    problems.extend(
        apps.iter()
            .flat_map(|(_, rendered)| rendered.rendering.problems.clone()),
    );
    problems.sort();
    problems.dedup();
    Apps {
        config,
        apps,
        problems,
    }
}
