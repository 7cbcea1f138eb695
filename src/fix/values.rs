//! Candidates in values files: the value that feeds a field, or the one that a template read there and found empty.
//!
//! The files of the environment come before the chart's own. A chart that is packed, or that a `Chart.yaml` takes from a
//! repository, is steered by the values of the chart around it and never edited.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::Layer;
use super::candidate::{Candidate, Goal, Scene, parts, shown};
use super::place;
use crate::cause::{Printed, alike};
use crate::discover::Release;
use crate::origin::{FileId, Origin, Role, Source as Place};
use crate::text::{Edit, RepoPath, TextEdit};
use crate::yaml::{self, Data, Dialect, Path, Step, Stream, Value};

/// How many empty reads and switches around a place are tried.
const MOST_NEARBY: usize = 6;

/// A value that could be set, by its path in the values of the release.
struct Setting {
    path: Path,
    goal: Goal,
    /// The file in which the value is written now.
    now_in: Option<RepoPath>,
    /// It turns a whole block on or off, and not the field alone.
    is_switch: bool,
}

pub(super) fn candidates(scene: &Scene<'_>, release: &Release, out: &mut Vec<Candidate>) {
    let chart = ChartTree::new(scene, release);
    let mut settings = Vec::new();
    match scene.value() {
        Some(value) => feeding(scene, &chart, value, &mut settings),
        None => missing(scene, &chart, &mut settings),
    }
    for setting in settings {
        for (path, layer) in chart.files(setting.now_in.as_ref()) {
            let Some(text) = (scene.text)(&path) else {
                continue;
            };
            if let Some((edit, title)) = write(&text, &setting) {
                let mut candidate = scene.candidate(title, layer, &path, edit);
                if setting.is_switch {
                    candidate.meant.extend(block_of(scene));
                }
                out.push(candidate);
            }
        }
    }
}

/// The security context or the resources that a missing field would be a part of.
fn block_of(scene: &Scene<'_>) -> Option<Path> {
    let steps = scene.field.steps();
    let at = steps.iter().rposition(
        |step| matches!(step, Step::Key(key) if key == "securityContext" || key == "resources"),
    )?;
    scene.value().is_none().then(|| scene.field.prefix(at + 1))
}

fn write(text: &str, setting: &Setting) -> Option<(TextEdit, String)> {
    let stream = yaml::parse(text);
    if stream.error.is_some() {
        return None;
    }
    let path = &setting.path;
    let set = |value: &Value| {
        let title = Goal::Set(value.clone()).title(&path.to_string());
        let edit = match stream.documents.first() {
            Some(document) => yaml::edit::set(text, document, path, value),
            None => yaml::edit::begin(text, path, value),
        };
        Some((edit.ok()?, title))
    };
    match &setting.goal {
        Goal::Set(value) => set(value),
        Goal::Remove => {
            let document = stream.documents.first()?;
            match document.at(path) {
                Some((_, depth)) if depth == path.steps().len() => {
                    let edit = yaml::edit::remove(text, document, path).ok()?;
                    let has_comment = |edit: &Edit| edit.span.of(text).contains('#');
                    if edit.edits().iter().any(has_comment) {
                        // What a person wrote about the key would go with it; a null leaves it.
                        return set(&Value::default());
                    }
                    Some((edit, format!("remove {path}")))
                }
                // What a chart sets is taken away by a null.
                _ => set(&Value::default()),
            }
        }
    }
}

/// The values that a field which exists is made of, or that let it appear.
fn feeding(scene: &Scene<'_>, chart: &ChartTree<'_>, value: &Value, out: &mut Vec<Setting>) {
    let is_collection = matches!(value.data, Data::Mapping(_) | Data::Sequence(_));
    if is_collection {
        for (place, is_part) in parts(scene, value) {
            if let Some(path) = chart.collection_path(&place, is_part) {
                push(out, path, scene.goal.clone(), Some(scene.file_of(&place)));
            }
        }
        return;
    }
    if value.is_null() && matches!(scene.goal, Goal::Set(_)) {
        // What was read for it and found empty feeds it, whatever it is called.
        let printed = Printed::of(scene.rendered, scene.resource);
        for origin in printed.iter().flat_map(|p| p.origins_in(&scene.field)) {
            for read in scene.trace(origin).empty {
                push(out, read_path(&read.path), scene.goal.clone(), None);
            }
        }
    }
    let trace = scene.trace(value.origin);
    for place in &trace.data {
        let Some(path) = chart.values_path(place) else {
            continue;
        };
        let now_in = Some(scene.file_of(place));
        for goal in scene.replacements() {
            match goal {
                Goal::Set(new) => {
                    let whole = chart.value_at(place);
                    for new in fitting(value, whole.as_ref(), &new) {
                        push(out, path.clone(), Goal::Set(new), now_in);
                    }
                }
                // A switch that is set to off needs no removal, which a null would be where a chart sets it.
                Goal::Remove if value.data == Data::Bool(true) => {}
                Goal::Remove => push(out, path.clone(), Goal::Remove, now_in),
            }
        }
    }
    switches(scene, chart, &trace.control, true, out);
}

/// What has to be written in the place of `part` so that `whole`, which is made of it, becomes `wanted`.
fn fitting(whole: &Value, part: Option<&Value>, wanted: &Value) -> Vec<Value> {
    let (Some(whole), Some(part), Some(wanted)) = (
        whole.as_str(),
        part.and_then(Value::as_str),
        wanted.as_str(),
    ) else {
        // What was written as a text stays one, unless the template asks for its truth.
        let is_plain = matches!(wanted.data, Data::Bool(_) | Data::Int(_) | Data::Uint(_));
        let is_text = is_plain && part.is_some_and(|part| part.as_str().is_some());
        let kept = is_text.then(|| Value::string(shown(wanted), Origin::NONE));
        return kept.into_iter().chain([wanted.clone()]).collect();
    };
    if whole == part || part.is_empty() {
        return vec![Value::string(wanted, Origin::NONE)];
    }
    whole
        .match_indices(part)
        .filter_map(|(at, _)| {
            let inner = wanted
                .strip_prefix(whole.get(..at)?)?
                .strip_suffix(whole.get(at + part.len()..)?)?;
            Some(Value::string(inner, Origin::NONE))
        })
        .collect()
}

/// The values that a template would have taken a missing field from.
fn missing(scene: &Scene<'_>, chart: &ChartTree<'_>, out: &mut Vec<Setting>) {
    let Goal::Set(wanted) = &scene.goal else {
        return;
    };
    let goal = Goal::Set(wanted.clone());
    let (nearest, depth) = scene.nearest();
    // A map that comes from values takes one more key there.
    for (place, is_part) in parts(scene, nearest) {
        if let Some(path) = chart.collection_path(&place, is_part) {
            let path = joined(&path, scene.rest(depth));
            push(out, path, goal.clone(), Some(scene.file_of(&place)));
        }
    }
    let Some(printed) = Printed::of(scene.rendered, scene.resource) else {
        return;
    };
    let pod = scene.resource.pod().map_or(0, |pod| pod.spec.steps().len());
    let mut reads: Vec<Arc<str>> = Vec::new();
    let mut control: Vec<Place> = Vec::new();
    for depth in (pod.min(depth)..=depth).rev() {
        for origin in printed.origins_in(&scene.field.prefix(depth)) {
            let trace = scene.trace(origin);
            for read in trace.empty {
                if !reads.contains(&read.path) {
                    reads.push(read.path);
                }
            }
            for place in trace.control {
                if !control.contains(&place) {
                    control.push(place);
                }
            }
        }
    }
    let mut found = 0;
    for read in reads {
        let read = read_path(&read);
        let Some(Step::Key(last)) = read.steps().last() else {
            continue;
        };
        for (at, step) in scene.field.steps().iter().enumerate() {
            let Step::Key(key) = step else { continue };
            if at >= pod && alike(last, key) && found < MOST_NEARBY {
                found += 1;
                push(out, joined(&read, scene.rest(at + 1)), goal.clone(), None);
            }
        }
    }
    switches(scene, chart, &control, false, out);
}

/// Conditions of the values that let a field appear, or keep it away, and could be turned over.
fn switches(
    scene: &Scene<'_>,
    chart: &ChartTree<'_>,
    control: &[Place],
    is_on: bool,
    out: &mut Vec<Setting>,
) {
    let (nearest, depth) = scene.nearest();
    let wanted: Vec<&str> = scene
        .field
        .steps()
        .iter()
        .skip(if nearest.is_null() {
            depth.saturating_sub(1)
        } else {
            depth.min(scene.field.steps().len() - 1)
        })
        .filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        })
        .collect();
    let mut found = 0;
    for place in control {
        let Some(path) = chart.values_path(place) else {
            continue;
        };
        let is_switch = chart
            .value_at(place)
            .is_some_and(|value| value.data == Data::Bool(is_on));
        let is_named = path.steps().iter().any(|step| match step {
            Step::Key(key) => wanted.iter().any(|wanted| alike(key, wanted)),
            Step::Index(_) => false,
        });
        if is_switch && is_named && found < MOST_NEARBY {
            found += 1;
            let value = Value::new(Data::Bool(!is_on));
            push(out, path, Goal::Set(value), Some(scene.file_of(place)));
            if let Some(last) = out.last_mut() {
                last.is_switch = true;
            }
        }
    }
}

/// The path that a template read, as an empty read names it.
fn read_path(read: &str) -> Path {
    let steps = read.split('.').map(|key| Step::Key(key.to_owned()));
    Path::from(steps.collect::<Vec<_>>())
}

fn joined(path: &Path, rest: &[Step]) -> Path {
    Path::from(path.steps().iter().chain(rest).cloned().collect::<Vec<_>>())
}

fn push(out: &mut Vec<Setting>, path: Path, goal: Goal, now_in: Option<&RepoPath>) {
    if !out
        .iter()
        .any(|known| known.path == path && known.goal == goal)
    {
        out.push(Setting {
            path,
            goal,
            now_in: now_in.cloned(),
            is_switch: false,
        });
    }
}

/// The files of a release, and how the values of the charts in it are called from the top.
pub(super) struct ChartTree<'a> {
    scene: &'a Scene<'a>,
    release: &'a Release,
    streams: RefCell<BTreeMap<FileId, Rc<Stream>>>,
    beside: OnceCell<Vec<(RepoPath, Step)>>,
}

impl<'a> ChartTree<'a> {
    pub(super) fn new(scene: &'a Scene<'a>, release: &'a Release) -> Self {
        Self {
            scene,
            release,
            streams: RefCell::default(),
            beside: OnceCell::new(),
        }
    }

    /// The values files in which something could be set for the release, the best first.
    fn files(&self, now_in: Option<&RepoPath>) -> Vec<(RepoPath, Layer)> {
        let mut given: Vec<RepoPath> = self.release.values.iter().rev().cloned().collect();
        if let Some(at) = now_in.and_then(|now| given.iter().position(|path| path == now)) {
            // What is written in one of several files is set there, unless a later one hides it.
            let now = given.remove(at);
            given.insert(0, now);
        }
        let mut files: Vec<(RepoPath, Layer)> = given
            .into_iter()
            .map(|path| (path, Layer::Values))
            .collect();
        files.extend(
            self.release
                .chart
                .join("values.yaml")
                .ok()
                .map(|path| (path, Layer::Defaults)),
        );
        files
    }

    fn known_text(&self, path: &RepoPath) -> Option<Arc<str>> {
        let known = self
            .scene
            .rendered
            .origins
            .files()
            .find(|(_, file)| file.path == *path);
        known
            .map(|(_, file)| Arc::clone(&file.text))
            .or_else(|| (self.scene.text)(path))
    }

    /// The value written at a place of a values file.
    fn value_at(&self, place: &Place) -> Option<Value> {
        let text = &self.scene.rendered.origins.file(place.file).text;
        let stream = yaml::parse(place.span.of(text));
        stream
            .documents
            .first()?
            .value(Dialect::Helm, &mut |_| Origin::NONE)
            .ok()
    }

    /// The path of the collection that a place is, or that it is a part of. A map is named by its first key.
    fn collection_path(&self, place: &Place, is_part: bool) -> Option<Path> {
        let path = self.values_path(place)?;
        let is_key = || {
            let stream = self.stream(place);
            let (document, path) = place::find(&stream, place.span)?;
            let (node, _) = document.at(&path)?;
            Some(document.node(node).span != place.span)
        };
        if !is_part && !is_key()? {
            return Some(path);
        }
        Some(path.prefix(path.steps().len().saturating_sub(1)))
    }

    /// The parsed text of a place's file, which most findings of a chart ask for again.
    fn stream(&self, place: &Place) -> Rc<Stream> {
        let mut streams = self.streams.borrow_mut();
        let parse = || {
            Rc::new(yaml::parse(
                &self.scene.rendered.origins.file(place.file).text,
            ))
        };
        Rc::clone(streams.entry(place.file).or_insert_with(parse))
    }

    /// The path, in the values of the release, of what is written at a place of a values file.
    fn values_path(&self, place: &Place) -> Option<Path> {
        if !matches!(place.role, Role::Values | Role::Default) {
            return None;
        }
        let file = self.scene.rendered.origins.file(place.file);
        let (_, path) = place::find(&self.stream(place), place.span)?;
        if path.steps().is_empty() {
            return None;
        }
        if self.release.values.contains(&file.path) {
            return Some(path);
        }
        let (mut directory, mut above) = self.home(&file.path)?;
        let inside = file.path.strip_prefix(&directory)?;
        let below = inside.strip_suffix("values.yaml")?.trim_end_matches('/');
        for name in below
            .split('/')
            .filter(|part| !part.is_empty() && *part != "charts")
        {
            let inner = directory.join("charts").ok()?.join(name).ok()?;
            above.push(Step::Key(self.key_of(&directory, &inner, name)));
            directory = inner;
        }
        above.extend(path.steps().iter().cloned());
        Some(Path::from(above))
    }

    /// The chart that a file lies in, and where its values are in those of the release: the chart of the release, or one that it
    /// takes from beside it (`file://../db`).
    fn home(&self, path: &RepoPath) -> Option<(RepoPath, Vec<Step>)> {
        let chart = &self.release.chart;
        let beside = self.beside.get_or_init(|| self.beside(chart));
        if let Some((directory, key)) = beside.iter().find(|(top, _)| path.is_within(top)) {
            return Some((directory.clone(), vec![key.clone()]));
        }
        path.is_within(chart).then(|| (chart.clone(), Vec::new()))
    }

    /// The directories that a chart takes dependencies from, and the keys of their values.
    fn beside(&self, chart: &RepoPath) -> Vec<(RepoPath, Step)> {
        let of = |entry: &Value| {
            let path = entry.get("repository")?.as_str()?.strip_prefix("file://")?;
            let directory = chart.join(path).ok()?;
            let key = self.key_of(chart, &directory, entry.get("name")?.as_str()?);
            (!chart.is_within(&directory)).then_some((directory, Step::Key(key)))
        };
        let mut found = Vec::new();
        for manifest in self.manifests(chart) {
            let entries = manifest.get("dependencies").and_then(Value::as_sequence);
            found.extend(entries.into_iter().flatten().filter_map(of));
        }
        found
    }

    /// Under which key a chart reads the values of a dependency: its alias, else its name.
    fn key_of(&self, chart: &RepoPath, dependency: &RepoPath, file_name: &str) -> String {
        let name = self
            .manifest(dependency)
            .and_then(|manifest| manifest.get("name")?.as_str().map(str::to_owned))
            .unwrap_or_else(|| without_version(file_name).to_owned());
        let alias = self.dependency(chart, &name).and_then(|entry| {
            let alias = entry.get("alias")?.as_str()?;
            (!alias.is_empty()).then(|| alias.to_owned())
        });
        alias.unwrap_or(name)
    }

    fn manifest(&self, chart: &RepoPath) -> Option<Value> {
        self.manifests(chart).next()
    }

    /// The files that say what a chart is and what it depends on.
    fn manifests(&self, chart: &RepoPath) -> impl Iterator<Item = Value> {
        ["Chart.yaml", "requirements.yaml"]
            .into_iter()
            .filter_map(|name| {
                let text = self.known_text(&chart.join(name).ok()?)?;
                let stream = yaml::parse(&text);
                let document = stream.documents.first()?;
                document.value(Dialect::Helm, &mut |_| Origin::NONE).ok()
            })
    }

    /// What a chart says about a dependency.
    fn dependency(&self, chart: &RepoPath, name: &str) -> Option<Value> {
        let find = |manifest: Value| {
            let all = manifest.get("dependencies")?.as_sequence()?;
            all.iter()
                .find(|entry| entry.get("name").and_then(Value::as_str) == Some(name))
                .cloned()
        };
        self.manifests(chart).find_map(find)
    }

    /// True if and only if a file of the release is a person's own to edit: not one of a chart that comes from elsewhere.
    pub(super) fn is_own(&self, path: &RepoPath) -> bool {
        let Some((mut directory, _)) = self.home(path) else {
            return self.release.values.contains(path);
        };
        let inside = path.strip_prefix(&directory).unwrap_or_default();
        let mut parts = inside.split('/');
        while parts.next() == Some("charts") {
            let Some(name) = parts.next() else {
                return false;
            };
            let Ok(inner) = directory
                .join("charts")
                .and_then(|charts| charts.join(name))
            else {
                return false;
            };
            let called = self
                .manifest(&inner)
                .and_then(|manifest| manifest.get("name")?.as_str().map(str::to_owned));
            let Some(called) = called else {
                return false;
            };
            let from = self
                .dependency(&directory, &called)
                .and_then(|entry| entry.get("repository")?.as_str().map(str::to_owned))
                .unwrap_or_default();
            if !from.is_empty() && !from.starts_with("file:") {
                return false;
            }
            directory = inner;
        }
        true
    }
}

/// The name in `name-1.2.3.tgz`.
fn without_version(file: &str) -> &str {
    let stem = file.trim_end_matches(".tgz").trim_end_matches(".tar.gz");
    if stem.len() == file.len() {
        return file;
    }
    stem.match_indices('-')
        .find(|(at, _)| stem.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit))
        .map_or(stem, |(at, _)| stem.get(..at).unwrap_or(stem))
}
