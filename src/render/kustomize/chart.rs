//! `helmCharts`: charts in the repository are inflated by our own Helm engine, as `kustomize build --enable-helm` has Helm do it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::build::Target;
use super::configuration;
use super::decode::Text;
use super::file::{HelmChart, HelmGlobals};
use super::load::{Build, Failure, Fallible};
use super::merge::{Growth, merge};
use super::node::Node;
use super::object::Object;
use super::source::SourceText;
use crate::discover::{HelmVersion, Release};
use crate::origin::{Origin, Origins, Role};
use crate::problem::{Kind, Problem};
use crate::render::helm::{self, release_name};
use crate::snapshot::{
    ContentId, Entries, Entry, EntryKind, Fetched, Found, Names, ReadError, Snapshot, Tree, Want,
    mount_of,
};
use crate::text::{RepoPath, Span};
use crate::yaml::{self, Data, Dialect, Value, emit};

/// Renders a chart and gives its objects.
pub(super) fn inflate(
    build: &mut Build<'_>,
    target: &Target,
    chart: &HelmChart,
    globals: &HelmGlobals,
) -> Fallible<Vec<Object>> {
    let origin = chart.origin;
    if !build.overlay.inflate_charts {
        return Err(build
            .problem(Kind::Render, origin, "charts are not inflated")
            .help("Kustomize does this only when it is told `--enable-helm`.")
            .into());
    }
    if chart.name.is_empty() {
        return Err(build.fail(origin, "the name of a chart is empty"));
    }
    if !chart.name_template.is_empty() && !chart.release_name.is_empty() {
        return Err(build.fail(
            chart.name_template.origin,
            "`nameTemplate` and `releaseName` exclude each other",
        ));
    }
    let merge_mode = &*chart.values_merge;
    if !matches!(merge_mode, "" | "override" | "merge" | "replace") {
        return Err(build.fail(
            chart.values_merge.origin,
            format!("`{merge_mode}` is not a way to merge values; there are `override`, `merge` and `replace`"),
        ));
    }
    let join = |build: &Build<'_>, base: &RepoPath, path: &str| {
        base.join(path)
            .map_err(|error| Failure::from(build.problem(Kind::Read, origin, error.to_string())))
    };
    let home = if globals.chart_home.is_empty() {
        "charts"
    } else {
        &globals.chart_home
    };
    let mut home = join(build, &target.directory.path, home)?;
    if !chart.version.is_empty() && !chart.repo.is_empty() {
        home = join(
            build,
            &home,
            &format!("{}-{}", &*chart.name, &*chart.version),
        )?;
    }
    let path = join(build, &home, &chart.name)?;
    let path = match build.tree.find(&path) {
        Ok(Some(Found::Directory)) => path,
        _ => pulled(build, chart, &path)?,
    };
    let default = join(build, &path, "values.yaml")?;
    let values = values(build, target, chart, &default)?;
    let namespace = [
        &chart.namespace,
        &target.says.namespace,
        &target.chart_namespace,
    ]
    .into_iter()
    .find(|namespace| !namespace.is_empty())
    .cloned()
    .unwrap_or_else(|| Text::new("default", Origin::NONE));
    let name = name_of(build, chart)?;
    let mut release = Release::new(path.clone(), &name, &namespace);
    release.helm = HelmVersion::V4;
    release.limits = build.budget.of_chart();
    release.include_crds = chart.include_crds;
    release.hooks = !chart.skip_hooks;
    release.skip_tests = chart.skip_tests;
    release.api_versions = chart
        .api_versions
        .iter()
        .map(|version| version.text.clone())
        .collect();
    release.kube_version = Some(chart.kube_version.text.clone()).filter(|v| !v.is_empty());
    let entry = build.place(origin).map_or(0, |(_, span)| span.start);
    // Merged values are laid beside the chart as a file that is not there.
    let laid = target
        .directory
        .path
        .join(&format!(".{}-{entry}-values.yaml", &*chart.name))
        .map_err(|error| Problem::new(Kind::Read, error.to_string()))?;
    let mut laid_bytes: Arc<[u8]> = Arc::default();
    match &values {
        Values::File(path) => release.values.push(path.clone()),
        Values::Merged { text, .. } => {
            release.values.push(laid.clone());
            laid_bytes = Arc::from(text.as_bytes());
        }
    }
    for file in &chart.additional_values_files {
        let (path, _) = build.bytes(&target.directory, file, file.origin)?;
        release.values.push(path);
    }
    let snapshot = WithValues {
        under: build.tree.snapshot(),
        path: laid.clone(),
        bytes: laid_bytes,
    };
    let tree = Tree::new(&snapshot);
    let rendering = helm::render(&tree, &release, build.cache, build.origins);
    build.budget.worked(rendering.work);
    let inputs = tree.into_inputs();
    for path in inputs.files.keys().filter(|path| **path != laid) {
        // What the chart read is what this build has read.
        let _ = build.tree.find(path);
    }
    for path in inputs.listings.keys() {
        let _ = build.tree.list(path);
    }
    for want in inputs.wants.keys() {
        build.tree.fetched(want);
    }
    if let Values::Merged {
        text,
        origins: meant,
    } = &values
    {
        let file = build.origins.add_file(&laid, &Arc::from(text.as_str()));
        build.origins.stand_for(file, |span| meant.at(span));
    }
    if !rendering.problems.is_empty() {
        let place = build.place(origin).map(|(path, span)| (path, Some(span)));
        return Err(Failure(rendering.problems).through(place, "this chart"));
    }
    let chart_file = join(build, &path, "Chart.yaml")?;
    let text = build.tree.read_text(&chart_file).unwrap_or_default();
    let file = build.origins.add_file(&chart_file, &text);
    let source = SourceText::rendered(rendering.output, &chart_file, file);
    let mut objects = build.objects(&source)?;
    let reasons = chart.parts.iter().copied().chain([namespace.origin]);
    let condition = build.origins.all(reasons);
    for object in &mut objects {
        object.book.from_chart = true;
        if let Some(root) = &mut object.root {
            root.put_under(condition, build.origins);
        }
    }
    Ok(objects)
}

/// Where the chart lies that `helm pull --untar` would bring, as it is not at `path`.
fn pulled(build: &mut Build<'_>, chart: &HelmChart, path: &RepoPath) -> Fallible<RepoPath> {
    let missing = |message: String| build.problem(Kind::NotVendored, chart.name.origin, message);
    let absent = format!("the chart `{path}` is not in the repository");
    if chart.repo.is_empty() {
        return Err(missing(absent)
            .help("Put it there, or name the repository that it is pulled from in `repo`.")
            .into());
    }
    let want = Want::Chart {
        repository: chart.repo.text.clone(),
        name: chart.name.text.clone(),
        version: chart.version.text.clone(),
        unpacked: true,
    };
    match build.tree.fetched(&want) {
        Fetched::At(path) => {
            build.origins.ask(&path, chart.name.origin);
            Ok(path)
        }
        Fetched::NotTried => Err(missing(format!("{absent} ({want})"))
            .help("Pull it into the repository, or let Plimsoll fetch it with `--allow-network`.")
            .into()),
        Fetched::Failed(why) => Err(missing(format!("{want} could not be fetched: {why}"))
            .help("Pull it into the repository.")
            .into()),
    }
}

/// A snapshot with one more file, which is read but not listed. Unlike an overlay it does not list all files beforehand.
struct WithValues<'a> {
    under: &'a dyn Snapshot,
    path: RepoPath,
    bytes: Arc<[u8]>,
}

impl Snapshot for WithValues<'_> {
    fn label(&self) -> &str {
        self.under.label()
    }

    fn entries(&self) -> &Entries {
        self.under.entries()
    }

    fn entry(&self, path: &RepoPath) -> Option<Entry> {
        if *path == self.path {
            return Some(Entry {
                kind: EntryKind::File,
                id: ContentId::of(&self.bytes),
            });
        }
        self.under.entry(path)
    }

    fn names(&self, directory: &RepoPath) -> Option<Names> {
        self.under.names(directory)
    }

    fn is_directory(&self, path: &RepoPath) -> bool {
        self.under.is_directory(path)
    }

    fn bytes(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        if *path == self.path {
            return Ok(Arc::clone(&self.bytes));
        }
        self.under.bytes(path)
    }

    fn fetched(&self, want: &Want) -> Fetched {
        self.under.fetched(want)
    }
}

/// The name that Helm gives the release.
fn name_of(build: &mut Build<'_>, chart: &HelmChart) -> Fallible<String> {
    let said = [&chart.name_template, &chart.release_name];
    let Some(name) = said.into_iter().find(|name| !name.is_empty()) else {
        return Ok("release-name".to_owned());
    };
    let wrong = |build: &Build<'_>, why: String, help: &str| {
        build.problem(Kind::Render, name.origin, why).help(help)
    };
    let given = if chart.name_template.is_empty() {
        name.text.clone()
    } else {
        let whole = build.budget.of_chart();
        let mut left = whole;
        let given = release_name::of_template(name, &mut left);
        build.budget.worked(whole.spent(&left));
        let help = "Such a template knows Sprig's functions, and no values.";
        given.map_err(|why| wrong(build, why, help))?
    };
    let help =
        "Helm allows small letters, digits, `-` and `.` between them, 53 characters at most.";
    release_name::check(&given).map_err(|why| wrong(build, why, help))?;
    Ok(given)
}

/// The values that a chart is given.
enum Values {
    /// A file as it is.
    File(RepoPath),
    /// What a file and inline values came to.
    Merged {
        /// The values as YAML.
        text: String,
        /// What the places in it stand for.
        origins: Places,
    },
}

/// What the places of a text that was written from a value stand for: where they begin and end, the outer ones first.
struct Places(BTreeMap<(u32, Reverse<u32>), Origin>);

impl Places {
    /// Finds the nodes of `value` in the text that it was written as.
    fn new(value: &Value, text: &str, path: &RepoPath) -> Self {
        let mut places = Self(BTreeMap::new());
        let mut written = Origins::new();
        let file = written.add_file(path, &Arc::from(text));
        let read = yaml::parse(text).documents.first().map(|document| {
            document.value(Dialect::Helm, &mut |span| {
                written.source(file, span, Role::Values)
            })
        });
        if let Some(Ok(read)) = read {
            places.note(value, &read, &written);
        }
        places
    }

    fn note(&mut self, value: &Value, read: &Value, written: &Origins) {
        let mut stands_for = |read: Origin, meant: Origin| {
            if let Some(place) = written.trace(read).data.first() {
                let key = (place.span.start, Reverse(place.span.end));
                self.0.entry(key).or_insert(meant);
            }
        };
        stands_for(read.origin, value.origin);
        match (&value.data, &read.data) {
            (Data::Mapping(meant), Data::Mapping(read)) => {
                for entry in read {
                    if let Some(known) = meant.entry(&entry.key) {
                        stands_for(entry.key_origin, known.key_origin);
                    }
                }
                for entry in read {
                    if let Some(known) = meant.get(&entry.key) {
                        self.note(known, &entry.value, written);
                    }
                }
            }
            (Data::Sequence(meant), Data::Sequence(read)) => {
                for (meant, read) in meant.iter().zip(read) {
                    self.note(meant, read, written);
                }
            }
            _ => {}
        }
    }

    /// What the innermost node around a place stands for.
    fn at(&self, span: Span) -> Origin {
        let before = self.0.range(..=(span.start, Reverse(0))).rev();
        let mut around = before.filter(|((_, end), _)| end.0 >= span.end);
        around.next().map_or(Origin::NONE, |(_, meant)| *meant)
    }
}

/// The values file: the chart's own at `default` or the one named, and the inline values merged with it.
fn values(
    build: &mut Build<'_>,
    target: &Target,
    chart: &HelmChart,
    default: &RepoPath,
) -> Fallible<Values> {
    let own = Text::new(
        default.relative_to(&target.directory.path),
        chart.name.origin,
    );
    let is_named = !chart.values_file.is_empty();
    let file = if is_named { &chart.values_file } else { &own };
    let read = |build: &mut Build<'_>| {
        // A chart that was fetched would lie in the directory of the kustomization.
        if !is_named && mount_of(default) != mount_of(&target.directory.path) {
            build.text_at(default, file.origin, Role::Values)
        } else {
            build.text(&target.directory, file, file.origin, Role::Values)
        }
    };
    let Some(inline) = &chart.values_inline else {
        return Ok(Values::File(read(build)?.path));
    };
    let own = Node::from_json_text(inline.clone());
    let merged = if &*chart.values_merge == "replace" {
        Some(own)
    } else {
        let source = read(build)?;
        let base = build
            .values(&source)?
            .ok_or_else(|| build.fail(file.origin, "the values file holds no values"))?;
        let schema = configuration::schema(build)?;
        let (object, patch) = if &*chart.values_merge == "merge" {
            (own, base)
        } else {
            (base, own)
        };
        merge(object, patch, &schema, Growth::Append, build.origins)
            .map_err(|wrong| build.fail(wrong.origin, wrong.why))?
    };
    let Some(merged) = merged else {
        return Ok(Values::Merged {
            text: String::new(),
            origins: Places(BTreeMap::new()),
        });
    };
    let value = merged
        .into_value()
        .map_err(|wrong| build.fail(wrong.origin, wrong.why))?;
    let text = emit::emit(&value).map_err(|error| build.fail(chart.origin, error.to_string()))?;
    let origins = Places::new(&value, &text, default);
    Ok(Values::Merged { text, origins })
}
