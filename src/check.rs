//! The pipeline: two snapshots in, a report out. The command line calls this, and later the Action, the hook and the server.
//!
//! [`compare`] discovers and renders both sides; [`check`] evaluates policy on what it gives and finds the lines. Nothing
//! is decided here about how anything looks, and nothing is posted.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rayon::prelude::*;

use crate::cause::{self, Cause, Line, Touched};
use crate::change::{self, Pairing, lines};
use crate::config::{self, Config};
use crate::control::Controls;
use crate::discover::{self, App, Discovery, Source};
use crate::finding::{Finding, Severity, State};
use crate::origin::{Origins, Role};
use crate::policy;
use crate::problem::{Kind, Problem};
use crate::render::{self, Rendered};
use crate::report::{
    AppLine, AppState, Conclusion, Location, Reason, Report, Side, SourceText, Texts, Told,
    Trouble, Which,
};
use crate::resource::Resource;
use crate::snapshot::{self, Change, EntryKind, Inputs, Snapshot, Tree};
use crate::text::{LineIndex, RepoPath, Span};

/// The stack of a rendering thread. It is reserved, not used: nesting is bounded, and these bounds fit.
const STACK_BYTES: usize = 256 << 20;

/// What to compare, and under whose configuration.
pub struct Request<'a> {
    /// Before the change.
    pub base: &'a dyn Snapshot,
    /// After the change.
    pub head: &'a dyn Snapshot,
    /// A configuration that the caller trusts; `None` takes the one in base.
    pub config: Option<(RepoPath, String)>,
    /// What the reader should know about how the sides were chosen.
    pub notes: Vec<String>,
    /// What was met while the sides were opened.
    pub problems: Vec<Problem>,
}

/// One app on both sides.
pub struct Compared {
    /// Its id.
    pub id: String,
    /// Its environment, where it has one.
    pub environment: Option<String>,
    /// What the change does to it.
    pub state: AppState,
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

impl Progress for () {
    fn rendered(&self, _: usize, _: usize) {}
}

/// Discovers the apps of both sides and renders those that the change may touch.
pub fn compare(request: &Request<'_>, progress: &dyn Progress) -> Comparison {
    let changes = snapshot::changed(request.base, request.head);
    let mut notes = request.notes.clone();
    let (config, mut problems) = configuration(request, &mut notes);
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
    let work = || {
        ids.par_iter()
            .map(|&id| {
                let compared = compare_app(
                    request,
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
    // Rendering nests as deep as its input may; the pool's threads have the stack for it.
    let apps = match rayon::ThreadPoolBuilder::new()
        .stack_size(STACK_BYTES)
        .build()
    {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    };

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
        changes,
        apps,
        problems,
        notes,
    }
}

/// The configuration in force, and what the reader should know about the other one.
fn configuration(request: &Request<'_>, notes: &mut Vec<String>) -> (Config, Vec<Trouble>) {
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
        return (config, troubles(Which::Head, problems));
    }
    // Where there is nothing to compare with, there is no target whose configuration could govern.
    if request.base.entries().is_empty() {
        let (config, problems) = config::load(&Tree::new(request.head));
        return (config, troubles(Which::Head, problems));
    }
    let (config, problems) = config::load(&Tree::new(request.base));
    let mut all = troubles(Which::Base, problems);
    if let Some(path) = altered_configuration(request) {
        notes.push(format!("the change alters {path}, which is not in force until it is merged (`--config` uses a file you trust)"));
        let (_, proposed) = config::load(&Tree::new(request.head));
        all.extend(troubles(Which::Head, proposed));
    }
    (config, all)
}

/// The configuration file that the change alters, where the one in base governs.
fn altered_configuration(request: &Request<'_>) -> Option<RepoPath> {
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

/// What the check would say if the configuration that the change proposes were in force, as a sentence.
fn under_proposed(request: &Request<'_>, fail_on: Option<FailOn>) -> Option<String> {
    let path = altered_configuration(request)?;
    let text = Tree::new(request.head)
        .read_text(&path)
        .map_or_else(|_| String::new(), |text| text.to_string());
    let proposed = Request {
        base: request.base,
        head: request.head,
        config: Some((path.clone(), text)),
        notes: Vec::new(),
        problems: request.problems.clone(),
    };
    let report = check(&proposed, &compare(&proposed, &()), fail_on);
    let blocking = report.findings.iter().filter(|told| told.blocks).count();
    Some(format!(
        "under the {path} of the change, the check would end as {}: {blocking} blocking, {} problems",
        report.conclusion.name(),
        report.problems.len()
    ))
}

fn compare_app(
    request: &Request<'_>,
    before: Option<&App>,
    after: Option<&App>,
    changes: &[Change],
    linked: bool,
) -> Compared {
    let some = before.or(after);
    let mut compared = Compared {
        id: some.map(|app| app.id.clone()).unwrap_or_default(),
        environment: after.or(before).and_then(|app| app.environment.clone()),
        state: AppState::Unchanged,
        namespaces: [before, after].map(|app| app.map(namespace).unwrap_or_default()),
        base: None,
        head: None,
    };
    match (before, after) {
        (Some(before), Some(after)) if before == after => {
            if !may_be_touched(before, changes, linked) {
                return compared;
            }
            let base = render_one(request.base, before);
            if base.rendering.problems.is_empty() && base.inputs.hold_in(request.head) {
                compared.base = Some(base);
                return compared;
            }
            compared.state = AppState::Changed;
            compared.base = Some(base);
            compared.head = Some(render_one(request.head, after));
        }
        (before, after) => {
            compared.state = match (before, after) {
                (None, _) => AppState::Added,
                (_, None) => AppState::Removed,
                _ => AppState::Changed,
            };
            compared.base = before.map(|app| render_one(request.base, app));
            compared.head = after.map(|app| render_one(request.head, app));
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

/// False only where no changed file can be an input of the app.
fn may_be_touched(app: &App, changes: &[Change], linked: bool) -> bool {
    if changes.is_empty() {
        return false;
    }
    // Links may bring any file into a chart, and a kustomization names files anywhere: those have to be rendered to know.
    match &app.source {
        Source::Helm(release) if !linked => changes.iter().any(|change| {
            change.path.is_within(&release.chart) || release.values.contains(&change.path)
        }),
        Source::Manifests(files) if !linked => {
            changes.iter().any(|change| files.contains(&change.path))
        }
        _ => true,
    }
}

/// Renders an app; a panic, which would be a bug, becomes a problem of this app alone.
fn render_one(snapshot: &dyn Snapshot, app: &App) -> Rendered {
    catch_unwind(AssertUnwindSafe(|| render::render(snapshot, app))).unwrap_or_else(|_| {
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

/// Evaluates policy on a comparison and finds the line behind each finding.
pub fn check(request: &Request<'_>, comparison: &Comparison, fail_on: Option<FailOn>) -> Report {
    let mut notes = comparison.notes.clone();
    notes.extend(under_proposed(request, fail_on));
    let fail_on = match fail_on {
        Some(FailOn::Never) => None,
        Some(FailOn::Severity(severity)) => Some(severity),
        None => comparison.config.fail_on().map(policy::severity),
    };
    let mut problems = comparison.problems.clone();
    // Loading the controls is most of what a check of nothing would cost.
    let touched_any = comparison
        .apps
        .iter()
        .any(|app| app.state != AppState::Unchanged);
    let (controls, mut wrong) = if touched_any {
        policy::choose(&comparison.config)
    } else {
        (Controls::none(), Vec::new())
    };
    let (policy, unloaded) = policy::compile(&controls);
    wrong.extend(unloaded);
    problems.extend(wrong.into_iter().map(|problem| Trouble {
        side: Which::Head,
        app: None,
        problem,
    }));
    let touched = TouchedLines::new(request, &comparison.changes);
    let mut texts = TextLoader {
        request,
        texts: Texts::new(),
    };
    let mut findings = Vec::new();
    let mut apps = Vec::new();
    for app in &comparison.apps {
        let nothing: &[Resource] = &[];
        let base = app
            .base
            .as_ref()
            .map_or(nothing, |rendered| &rendered.rendering.resources);
        let head = app
            .head
            .as_ref()
            .map_or(nothing, |rendered| &rendered.rendering.resources);
        let mut line = AppLine {
            id: app.id.clone(),
            environment: app.environment.clone(),
            state: app.state,
            resources: Some(if app.head.is_some() {
                head.len()
            } else {
                base.len()
            }),
            changed_resources: 0,
        };
        if app.state == AppState::Unchanged {
            line.resources = app.base.as_ref().map(|_| base.len());
            apps.push(line);
            continue;
        }
        let [before, after] = &app.namespaces;
        let side = |namespace, resources| policy::Side {
            namespace,
            ..policy::Side::new(&app.id, resources)
        };
        let (found, wrong) = policy::evaluate(&policy, &side(before, base), &side(after, head));
        line.changed_resources = change::pair(base, head)
            .iter()
            .filter(|pair| pair.pairing() != Pairing::Unchanged)
            .count();
        apps.push(line);
        problems.extend(wrong.into_iter().map(|problem| Trouble {
            side: Which::Head,
            app: Some(app.id.clone()),
            problem,
        }));
        texts.hide_secrets(app);
        for finding in found {
            let (side, rendered) = match finding.state {
                State::Resolved => (Which::Base, &app.base),
                State::New | State::Existing => (Which::Head, &app.head),
            };
            let cause = rendered.as_ref().and_then(|rendered| {
                let resource = rendered
                    .rendering
                    .resources
                    .iter()
                    .find(|r| r.identity == finding.resource)?;
                cause::locate(&rendered.origins, &resource.value, &finding.path, &touched)
            });
            let reasons = finding
                .causes
                .iter()
                .map(|cause| texts.reason(cause, app))
                .collect();
            let mut told = tell(
                finding,
                cause,
                side,
                rendered.as_ref(),
                fail_on,
                &controls,
                &mut texts,
            );
            told.reasons = reasons;
            findings.push(told);
        }
    }
    texts.load_places(&problems);
    findings.sort_by(|a, b| order(a).cmp(&order(b)));
    problems.sort();
    problems.dedup();
    let conclusion = if !problems.is_empty() {
        Conclusion::Incomplete
    } else if findings.iter().any(|told| told.blocks) {
        Conclusion::Findings
    } else {
        Conclusion::Clean
    };
    Report {
        base: comparison.base.clone(),
        head: comparison.head.clone(),
        changed_files: comparison.changes.len(),
        notes,
        apps,
        findings,
        problems,
        fail_on,
        conclusion,
        texts: texts.texts,
    }
}

/// The texts that problems point into.
pub fn texts_of(request: &Request<'_>, problems: &[Trouble]) -> Texts {
    let mut texts = TextLoader {
        request,
        texts: Texts::new(),
    };
    texts.load_places(problems);
    texts.texts
}

/// The apps of head, all of them rendered.
pub struct Apps {
    /// Each app by id.
    pub apps: Vec<(String, Rendered)>,
    /// What could not be done.
    pub problems: Vec<Problem>,
}

/// Discovers and renders all apps of head.
pub fn render_head(request: &Request<'_>) -> Apps {
    let (config, problems) = configuration(request, &mut Vec::new());
    let discovery = discover::discover(&Tree::new(request.head), &config);
    let mut problems: Vec<Problem> = problems
        .into_iter()
        .map(|trouble| trouble.problem)
        .collect();
    problems.extend(discovery.problems);
    let apps: Vec<(String, Rendered)> = discovery
        .apps
        .iter()
        .map(|app| (app.id.clone(), render_one(request.head, app)))
        .collect();
    problems.extend(
        apps.iter()
            .flat_map(|(_, rendered)| rendered.rendering.problems.clone()),
    );
    problems.sort();
    problems.dedup();
    Apps { apps, problems }
}

/// What the command line says about the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailOn {
    /// Nothing blocks.
    Never,
    /// New findings of this severity or above block.
    Severity(Severity),
}

/// New before resolved before existing, the most severe first, then by place.
fn order(told: &Told) -> impl Ord + use<> {
    let state = match told.finding.state {
        State::New => 0,
        State::Resolved => 1,
        State::Existing => 2,
    };
    let place = told.location.as_ref().map(|l| (l.path.clone(), l.span));
    (
        state,
        std::cmp::Reverse(told.finding.severity),
        place,
        told.finding.control.clone(),
        told.finding.app.clone(),
        told.finding.resource.clone(),
        told.finding.field.clone(),
    )
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Manifest => "manifest",
        Role::Template => "template",
        Role::Values => "values",
        Role::Set => "set",
        Role::Base => "base",
        Role::Patch => "patch",
        Role::Generator => "generator",
        Role::Transformer => "transformer",
        Role::Default => "default",
    }
}

fn tell(
    finding: Finding,
    cause: Option<Cause>,
    side: Which,
    rendered: Option<&Rendered>,
    fail_on: Option<Severity>,
    controls: &Controls,
    texts: &mut TextLoader<'_>,
) -> Told {
    let mut place =
        |line: &Line| texts.locate(side, line, rendered.map(|rendered| &rendered.origins));
    let location = cause.as_ref().and_then(|cause| place(&cause.line));
    let history = cause
        .iter()
        .flat_map(|cause| &cause.history)
        .filter_map(&mut place)
        .collect();
    let control = controls.find(finding.control.as_str());
    let help = cause
        .as_ref()
        .and_then(|cause| cause.empty.first())
        .map(|path| {
            format!(
                "`{path}` was read there and is not set; setting it in the values may be the remedy"
            )
        });
    Told {
        blocks: finding.state == State::New
            && fail_on.is_some_and(|lowest| finding.severity >= lowest),
        name: control
            .map(|control| control.name.clone())
            .unwrap_or_default(),
        location,
        history,
        reasons: Vec::new(),
        help,
        finding,
    }
}

/// The texts that locations point into, loaded once, with the secrets in them.
struct TextLoader<'a> {
    request: &'a Request<'a>,
    texts: Texts,
}

impl TextLoader<'_> {
    fn load(
        &mut self,
        side: Which,
        path: &RepoPath,
        origins: Option<&Origins>,
    ) -> Option<&mut SourceText> {
        let key = (side, path.clone());
        if !self.texts.contains_key(&key) {
            let snapshot = match side {
                Which::Base => self.request.base,
                Which::Head => self.request.head,
            };
            let known = origins.and_then(|origins| {
                origins
                    .files()
                    .find(|(_, file)| file.path == *path)
                    .map(|(_, file)| Arc::clone(&file.text))
            });
            let text = known
                .or_else(|| Tree::new(snapshot).read_text(path).ok())
                .or_else(|| {
                    self.request
                        .config
                        .as_ref()
                        .filter(|(config, _)| config == path)
                        .map(|(_, text)| Arc::from(text.as_str()))
                })?;
            self.texts.insert(
                key.clone(),
                SourceText {
                    text,
                    secrets: Vec::new(),
                },
            );
        }
        self.texts.get_mut(&key)
    }

    fn load_places(&mut self, problems: &[Trouble]) {
        for trouble in problems {
            let chain = trouble.problem.chain.iter().map(|(place, _)| place);
            for place in trouble.problem.place.iter().chain(chain) {
                self.load(trouble.side, &place.path, None);
            }
        }
    }

    fn locate(&mut self, side: Which, line: &Line, origins: Option<&Origins>) -> Option<Location> {
        let source = self.load(side, &line.path, origins)?;
        let index = LineIndex::new(&source.text);
        Some(Location {
            side,
            path: line.path.clone(),
            span: line.span,
            start: index.position(&source.text, line.span.start),
            end: index.position(&source.text, line.span.end),
            role: role_name(line.role),
            replaced: line.replaced,
        })
    }

    fn reason(&mut self, cause: &crate::finding::Cause, app: &Compared) -> Reason {
        let (side, rendered) = if cause.removed {
            (Which::Base, app.base.as_ref())
        } else {
            (Which::Head, app.head.as_ref())
        };
        let location = rendered.and_then(|rendered| {
            let line = cause::place(&rendered.origins, cause.anchor.shown)?;
            self.locate(side, &line, Some(&rendered.origins))
        });
        Reason {
            resource: cause.resource.to_string(),
            removed: cause.removed,
            location,
        }
    }

    /// Marks the source bytes of every value that must not be shown.
    fn hide_secrets(&mut self, app: &Compared) {
        for (side, rendered) in [(Which::Base, &app.base), (Which::Head, &app.head)] {
            let Some(rendered) = rendered else { continue };
            let mut spans = Vec::new();
            for resource in &rendered.rendering.resources {
                for path in resource.secret_paths() {
                    let Some(value) = resource.value.at(&path) else {
                        continue;
                    };
                    let trace = rendered.origins.trace(value.origin);
                    for source in trace.data.iter().chain(trace.history.iter().flatten()) {
                        spans.push((rendered.origins.file(source.file).path.clone(), source.span));
                    }
                }
            }
            for (path, span) in spans {
                if let Some(source) = self.load(side, &path, Some(&rendered.origins)) {
                    source.secrets.push(span);
                    source.secrets.sort_unstable();
                    source.secrets.dedup();
                }
            }
        }
    }
}

/// The lines of head that the change added or altered.
struct TouchedLines {
    files: BTreeMap<RepoPath, Vec<Span>>,
}

impl TouchedLines {
    fn new(request: &Request<'_>, changes: &[Change]) -> Self {
        let text =
            |snapshot: &dyn Snapshot, path: &RepoPath| Tree::new(snapshot).read_text(path).ok();
        let files = changes
            .par_iter()
            .filter(|change| change.after.is_some())
            .filter_map(|change| {
                let after = text(request.head, &change.path)?;
                let was = change.moved_from.as_ref().unwrap_or(&change.path);
                let before = text(request.base, was).unwrap_or_else(|| Arc::from(""));
                Some((change.path.clone(), lines::inserted(&before, &after)))
            })
            .collect();
        Self { files }
    }
}

impl Touched for TouchedLines {
    fn touches(&self, path: &RepoPath, span: Span) -> bool {
        self.files
            .get(path)
            .is_some_and(|spans| spans.iter().any(|touched| touched.meets(span)))
    }
}
