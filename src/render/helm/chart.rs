//! Charts as they are loaded: from a directory or an archive, with the charts in `charts/`.
//!
//! Nothing is decided here about values or which dependencies are on; that is `dependencies` and `values`.

use std::cell::{Cell, Ref, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::archive;
use super::content::{Content, Packed};
use super::functions::semver::Version;
use super::ignore::Rules;
use super::metadata::{self, Metadata};
use super::string::Text;
use super::value::Map;
use super::values;
use crate::discover::HelmVersion;
use crate::origin::{Origin, Origins, Role};
use crate::problem::{Kind, Problem};
use crate::render::Cache;
use crate::snapshot::{EntryKind, Found, ReadError, Tree};
use crate::text::RepoPath;

/// Charts inside charts beyond this depth are refused.
const MAX_CHART_DEPTH: usize = 16;

/// Directories inside a chart beyond this depth are refused: a link may lead back to a parent.
const MAX_DIRECTORY_DEPTH: usize = 64;

/// A chart with more files than this is refused.
const MAX_FILES: usize = 50_000;

/// One file of a chart.
#[derive(Debug, Clone)]
pub(super) struct File {
    /// Its path in the chart (`templates/web.yaml`).
    pub(super) name: String,
    /// Its path in the repository.
    pub(super) path: RepoPath,
    /// What is in it, without a byte order mark.
    pub(super) content: Arc<Content>,
}

/// A loaded chart, or a copy of one that a dependency asked for.
///
/// Helm's charts are references that it changes in place, and what it prints depends on which of them are shared; the same are
/// shared here. What a copy shares with its original is said in [`Chart::copy`]. A chart has its depth for ever, so
/// there are no rings.
pub(super) struct Chart {
    /// The directory or archive.
    pub(super) path: RepoPath,
    /// `Chart.yaml`, with what `requirements.yaml` adds.
    pub(super) metadata: Rc<Metadata>,
    /// `values.yaml`, and later what is imported from dependencies.
    values: RefCell<Map>,
    /// `values.schema.json`.
    pub(super) schema: Option<File>,
    /// The files under `templates/`.
    pub(super) templates: Rc<[File]>,
    /// The files that templates may read.
    pub(super) files: Rc<[File]>,
    /// `Chart.lock` or `requirements.lock`.
    pub(super) lock: Option<File>,
    /// The charts in `charts/`, and later the dependencies that are on.
    dependencies: RefCell<Vec<Rc<Chart>>>,
    place: Rc<Place>,
    /// What decided that the chart is on: the conditions and tags of its parent's dependency.
    pub(super) control: Cell<Origin>,
}

/// Where a chart is among charts: below the one that took it up last, which need not be one that is rendered.
struct Place {
    name: String,
    above: RefCell<Option<Rc<Place>>>,
}

impl Place {
    fn of(metadata: &Metadata) -> Rc<Self> {
        Rc::new(Self {
            name: metadata.name.lossy().into_owned(),
            above: RefCell::default(),
        })
    }

    fn path(&self) -> String {
        match &*self.above.borrow() {
            Some(above) => format!("{}/charts/{}", above.path(), self.name),
            None => self.name.clone(),
        }
    }
}

impl Chart {
    /// The chart's name, which is its alias where a dependency gives it one.
    pub(super) fn name(&self) -> &str {
        &self.place.name
    }

    /// The path of the chart in Helm's words (`web/charts/db`).
    pub(super) fn full_path(&self) -> String {
        self.place.path()
    }

    /// True if and only if the chart is the one that is installed.
    pub(super) fn is_root(&self) -> bool {
        self.place.above.borrow().is_none()
    }

    /// The charts below this one.
    pub(super) fn dependencies(&self) -> Ref<'_, Vec<Rc<Self>>> {
        self.dependencies.borrow()
    }

    /// Makes `charts` the charts below this one.
    pub(super) fn adopt(&self, charts: Vec<Rc<Self>>) {
        for chart in &charts {
            *chart.place.above.borrow_mut() = Some(Rc::clone(&self.place));
        }
        *self.dependencies.borrow_mut() = charts;
    }

    /// The chart's own values.
    pub(super) fn values(&self) -> Map {
        self.values.borrow().clone()
    }

    /// Replaces the chart's own values.
    pub(super) fn set_values(&self, values: Map) {
        *self.values.borrow_mut() = values;
    }

    /// A copy for a dependency, under its alias if it has one. Helm 3 copies the chart and its metadata; the entries of
    /// `dependencies` and the charts below stay those of the original. Helm 4 copies the entries too, and the charts
    /// directly below, but not their metadata or what lies further down.
    pub(super) fn copy(&self, alias: &Text, helm: HelmVersion) -> Rc<Self> {
        let mut metadata = Metadata::clone(&self.metadata);
        if !alias.is_empty() {
            metadata.name = alias.clone();
        }
        if helm == HelmVersion::V4 {
            metadata.copy_entries();
        }
        let copy = Rc::new(self.with(Rc::new(metadata)));
        if helm == HelmVersion::V4 {
            let below = |below: &Rc<Self>| Rc::new(below.with(Rc::clone(&below.metadata)));
            copy.adopt(self.dependencies().iter().map(below).collect());
        }
        copy
    }

    /// Makes the chart what Helm reads once it has packed it. It writes `Chart.yaml` anew and leaves an empty list of
    /// dependencies out, and for a chart of the first version every list, which it expects in `requirements.yaml`.
    pub(super) fn repack(&self) {
        let is_v1 = self.metadata.api_version.as_bytes() == b"v1";
        let mut list = self.metadata.dependencies.borrow_mut();
        let is_lost = if is_v1 {
            self.files
                .iter()
                .all(|file| file.name != "requirements.yaml")
        } else {
            list.as_ref().is_some_and(Vec::is_empty)
        };
        if is_lost {
            *list = None;
        }
        for below in self.dependencies().iter() {
            below.repack();
        }
    }

    /// The chart with other metadata, nowhere yet.
    fn with(&self, metadata: Rc<Metadata>) -> Self {
        Self {
            path: self.path.clone(),
            place: Place::of(&metadata),
            metadata,
            values: self.values.clone(),
            schema: self.schema.clone(),
            templates: Rc::clone(&self.templates),
            files: Rc::clone(&self.files),
            lock: self.lock.clone(),
            dependencies: self.dependencies.clone(),
            control: Cell::default(),
        }
    }

    /// True if and only if the chart only lends definitions to others.
    pub(super) fn is_library(&self) -> bool {
        self.metadata
            .chart_type
            .lossy()
            .eq_ignore_ascii_case("library")
    }
}

/// Loads the chart at `path`.
pub(super) fn load(
    tree: &Tree<'_>,
    cache: &Cache,
    path: &RepoPath,
    helm: HelmVersion,
    origins: &mut Origins,
) -> Result<Chart, Problem> {
    let files = match tree.find(path) {
        Ok(Some(Found::Directory)) => directory(tree, cache, path)?,
        Ok(Some(Found::File)) => {
            let content = cache.content(tree, path);
            let content = content.map_err(|error| unreadable(path, &error))?;
            packed(cache, path, &content)?
        }
        Ok(None) => {
            return Err(Problem::new(Kind::Read, format!("path {path} not found")).in_file(path));
        }
        Err(error) => return Err(unreadable(path, &error)),
    };
    let mut loader = Loader {
        cache,
        helm,
        origins,
    };
    loader.chart(path, files, 0)
}

/// The files of the archive at `path`.
fn packed(cache: &Cache, path: &RepoPath, archive: &Content) -> Result<Vec<File>, Problem> {
    let wrong = |why: String| Problem::new(Kind::Render, why).in_file(path);
    let files = archive.files(cache).map_err(wrong)?;
    let file = |packed: &Packed| {
        Ok(File {
            name: packed.name.clone(),
            path: path
                .join(&packed.name)
                .map_err(|error| wrong(error.to_string()))?,
            content: Arc::clone(&packed.content),
        })
    };
    files.iter().map(file).collect()
}

/// The problem of a file that could not be read.
pub(super) fn unreadable(path: &RepoPath, error: &ReadError) -> Problem {
    Problem::new(Kind::Read, error.to_string()).in_file(path)
}

/// Which files of the chart in a directory Helm does not load.
pub(super) fn rules(tree: &Tree<'_>, top: &RepoPath) -> Result<Rules, Problem> {
    let ignore = top
        .join(".helmignore")
        .map_err(|error| Problem::new(Kind::Bug, error.to_string()))?;
    let text = match tree.read(&ignore) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
    };
    Rules::parse(&text).map_err(|why| Problem::new(Kind::Render, why).in_file(&ignore))
}

fn directory(tree: &Tree<'_>, cache: &Cache, top: &RepoPath) -> Result<Vec<File>, Problem> {
    let rules = rules(tree, top)?;
    if let Some(link) = broken_link(tree, top, &rules) {
        let message =
            format!("error evaluating symlink {link}: it leads nowhere or outside the repository");
        return Err(Problem::new(Kind::Read, message).in_file(&link));
    }
    let mut files = Vec::new();
    let mut todo = vec![(String::new(), top.clone(), 0)];
    while let Some((prefix, path, depth)) = todo.pop() {
        let names = tree
            .list(&path)
            .map_err(|error| unreadable(&path, &error))?;
        for (name, found) in names {
            let inner = format!("{prefix}{name}");
            let place = path
                .child(&name)
                .ok_or_else(|| Problem::new(Kind::Bug, format!("{name:?} is no name")))?;
            if rules.ignores(&inner, found == Found::Directory) {
                continue;
            }
            if found == Found::Directory {
                if depth >= MAX_DIRECTORY_DEPTH {
                    let message =
                        "directories are nested too deeply; a link may lead back to a parent";
                    return Err(Problem::new(Kind::Render, message).in_file(&place));
                }
                todo.push((format!("{inner}/"), place, depth + 1));
                continue;
            }
            let content = cache.content(tree, &place);
            let content = content.map_err(|error| unreadable(&place, &error))?;
            let bytes = content.bytes();
            if bytes.len() as u64 > archive::MAX_FILE {
                let limit = archive::MAX_FILE;
                let message =
                    format!("chart file {name:?} is larger than the maximum file size {limit}");
                return Err(Problem::new(Kind::Render, message).in_file(&place));
            }
            files.push(File {
                name: inner,
                path: place,
                content: Content::unmarked(&content, cache),
            });
            if files.len() > MAX_FILES {
                let message = format!("the chart has more than {MAX_FILES} files");
                return Err(Problem::new(Kind::Render, message).in_file(top));
            }
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// A link in the chart that leads nowhere, on which Helm stops, even where the link itself is ignored.
fn broken_link(tree: &Tree<'_>, top: &RepoPath, rules: &Rules) -> Option<RepoPath> {
    let real = tree.real(top).ok()?;
    let mut todo = vec![real.clone()];
    while let Some(directory) = todo.pop() {
        for (name, kind) in tree.snapshot().names(&directory)? {
            let path = directory.child(&name)?;
            let inner = path.strip_prefix(&real).unwrap_or_default();
            match kind {
                None if !rules.ignores(inner, true) => todo.push(path),
                Some(EntryKind::Link) if !matches!(tree.find(&path), Ok(Some(_))) => {
                    return Some(path);
                }
                _ => {}
            }
        }
    }
    None
}

struct Loader<'o> {
    cache: &'o Cache,
    helm: HelmVersion,
    origins: &'o mut Origins,
}

impl Loader<'_> {
    fn chart(&mut self, path: &RepoPath, files: Vec<File>, depth: usize) -> Result<Chart, Problem> {
        if depth > MAX_CHART_DEPTH {
            return Err(Problem::new(Kind::Render, "charts are nested too deeply").in_file(path));
        }
        let mut metadata = Metadata::default();
        let manifest = files.iter().find(|file| file.name == "Chart.yaml");
        let is_named = manifest.is_some();
        if let Some(file) = manifest {
            metadata = self.metadata(file, metadata)?;
        }
        let mut values = Map::new();
        let mut schema = None;
        let mut templates = Vec::new();
        let mut others = Vec::new();
        let mut locked = None;
        let mut packed: BTreeMap<String, Vec<File>> = BTreeMap::new();
        let is_v1 = metadata.api_version.as_bytes() == b"v1";
        for mut file in files {
            match file.name.as_str() {
                "Chart.yaml" => {}
                "Chart.lock" => {
                    lock(&file)?;
                    locked = Some(file);
                }
                "values.yaml" => {
                    values = values::load(
                        &file.path,
                        &file.content,
                        Role::Default,
                        self.helm,
                        self.origins,
                    )
                    .map_err(|problem| Problem {
                        message: format!("cannot load values.yaml: {}", problem.message),
                        ..problem
                    })?;
                }
                "values.schema.json" => schema = Some(file),
                "requirements.yaml" => {
                    metadata = self.metadata(&file, metadata)?;
                    if is_v1 {
                        others.push(file);
                    }
                }
                "requirements.lock" => {
                    lock(&file)?;
                    locked = Some(file.clone());
                    if is_v1 {
                        others.push(file);
                    }
                }
                name if name.starts_with("templates/") => templates.push(file),
                name if name.starts_with("charts/") => {
                    if name.ends_with(".prov") {
                        others.push(file);
                        continue;
                    }
                    let inner = name.strip_prefix("charts/").unwrap_or(name).to_owned();
                    let first = inner.split('/').next().unwrap_or(&inner).to_owned();
                    file.name = inner;
                    packed.entry(first).or_default().push(file);
                }
                _ => others.push(file),
            }
        }
        if !is_named {
            return Err(Problem::new(Kind::Render, "Chart.yaml file is missing").in_file(path));
        }
        let manifest = path
            .join("Chart.yaml")
            .map_err(|error| Problem::new(Kind::Bug, error.to_string()))?;
        metadata.validate(self.helm).map_err(|why| {
            Problem::new(Kind::Render, format!("validation: {why}")).in_file(&manifest)
        })?;
        let chart = Chart {
            path: path.clone(),
            place: Place::of(&metadata),
            metadata: Rc::new(metadata),
            values: RefCell::new(values),
            schema,
            templates: templates.into(),
            files: others.into(),
            lock: locked,
            dependencies: RefCell::default(),
            control: Cell::default(),
        };
        let mut below = Vec::new();
        for (name, files) in packed {
            if name.starts_with(['_', '.']) {
                continue;
            }
            let found = self
                .packed(path, &name, files, depth)
                .map_err(|problem| Problem {
                    message: format!(
                        "error unpacking subchart {name} in {}: {}",
                        chart.name(),
                        problem.message
                    ),
                    ..problem
                })?;
            below.push(Rc::new(found));
        }
        chart.adopt(below);
        Ok(chart)
    }

    /// A chart in `charts/`: an archive, or the files of a directory.
    fn packed(
        &mut self,
        parent: &RepoPath,
        name: &str,
        files: Vec<File>,
        depth: usize,
    ) -> Result<Chart, Problem> {
        let path = parent
            .join(&format!("charts/{name}"))
            .map_err(|error| Problem::new(Kind::Bug, error.to_string()))?;
        if name.ends_with(".tgz") {
            let Some(file) = files.into_iter().next().filter(|file| file.name == name) else {
                return Err(Problem::new(Kind::Render, format!("expected {name}")).in_file(&path));
            };
            let files = packed(self.cache, &file.path, &file.content)?;
            return self.chart(&file.path, files, depth + 1);
        }
        let files = files
            .into_iter()
            .filter_map(|file| {
                let (_, inner) = file.name.split_once('/')?;
                Some(File {
                    name: inner.to_owned(),
                    ..file
                })
            })
            .collect();
        self.chart(&path, files, depth + 1)
    }

    fn metadata(&mut self, file: &File, known: Metadata) -> Result<Metadata, Problem> {
        metadata::read(&file.path, &file.content, known, self.origins).map_err(|problem| Problem {
            message: format!("cannot load {}: {}", file.name, problem.message),
            ..problem
        })
    }
}

/// True if and only if a dependency that asks for `constraint` may be a chart of `version`.
pub(super) fn is_compatible(constraint: &str, version: &str) -> bool {
    super::functions::semver::satisfies(constraint, version)
}

/// True if and only if the text is a version.
pub(super) fn is_version(text: &str) -> bool {
    Version::parse(text).is_ok()
}

/// Checks that a lock file can be read, as Helm reads it when it loads a chart.
fn lock(file: &File) -> Result<(), Problem> {
    let cannot = |why| {
        let message = format!("cannot load {}: {why}", file.name);
        Problem::new(Kind::Render, message).in_file(&file.path)
    };
    let stream = file.content.stream();
    match &stream.error {
        Some(error) if stream.documents.is_empty() => Err(Problem::new(
            Kind::Syntax,
            format!(
                "cannot load {}: error converting YAML to JSON: yaml: {error}",
                file.name
            ),
        )
        .at(&file.path, error.span)),
        _ => metadata::locked(&file.content).map(|_| ()).map_err(cannot),
    }
}
