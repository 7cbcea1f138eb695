//! Measures the origins: `cargo run --example origins-audit -- [FOLDER] [options]`.
//!
//! FOLDER (`target/conformance`) holds the unpacked conformance cases. Of every chart and overlay that renders, a seeded sample
//! of the scalars in the YAML files that it reads is taken (values files and `Chart.yaml` of a chart; everything of an
//! overlay). Each is changed in memory (a text's first and last character, a number by one, a boolean), the app is rendered
//! again, and the two renderings are compared:
//!
//! * **sound**: a rendered scalar whose data origin names the source scalar changed or vanished; what stays and names another
//!   place now is written twice, and counted apart;
//! * **complete**: a rendered scalar that changed, vanished or appeared names the source scalar among the data or control
//!   origins of itself or of the keys above it.
//!
//! Mutants that fail to render are counted apart. So are mutants of a `kind` or `apiVersion`, after which patches and transformers do
//! other things. An object that a mutant calls something else is compared with what it was called before.
//! Failures are counted by kind; `--failures` prints each.
//!
//! Options: `--helm` or `--kustomize` alone, `--filter TEXT` (part of an app's name), `--samples N` (20), `--seed N`, `--apps N`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people"
)]

#[path = "origins/apps.rs"]
mod apps;
#[path = "origins/compare.rs"]
mod compare;
#[path = "origins/mutate.rs"]
mod mutate;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use plimsoll::discover::App;
use plimsoll::origin::{Origin, Origins, Role, Source};
use plimsoll::render::{self, Rendered};
use plimsoll::snapshot::Snapshot;
use plimsoll::text::{RepoPath, Span};
use plimsoll::yaml::Value;
use rayon::prelude::*;

use compare::{Difference, Leaf};
use mutate::Mutation;

/// What the command line asked for.
struct Options {
    folder: PathBuf,
    engines: Vec<apps::Engine>,
    filter: String,
    samples: usize,
    seed: u64,
    apps: usize,
    failures: bool,
}

impl Options {
    fn read() -> Result<Self, String> {
        let mut options = Self {
            folder: PathBuf::from("target/conformance"),
            engines: vec![apps::Engine::Helm, apps::Engine::Kustomize],
            filter: String::new(),
            samples: 20,
            seed: 1,
            apps: usize::MAX,
            failures: false,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .ok_or_else(|| format!("{argument} needs a value"))
            };
            let number = |text: String| text.parse::<usize>().map_err(|error| error.to_string());
            match argument.as_str() {
                "--helm" => options.engines = vec![apps::Engine::Helm],
                "--kustomize" => options.engines = vec![apps::Engine::Kustomize],
                "--filter" => options.filter = value()?,
                "--samples" => options.samples = number(value()?)?,
                "--seed" => options.seed = number(value()?)? as u64,
                "--apps" => options.apps = number(value()?)?,
                "--failures" => options.failures = true,
                folder => options.folder = PathBuf::from(folder),
            }
        }
        Ok(options)
    }
}

/// Counts of one app, or of many.
#[derive(Default)]
struct Tally {
    apps: usize,
    mutants: usize,
    broken: usize,
    renamed: usize,
    claims: usize,
    sound: usize,
    /// Claims of what stays because it is written in another place too, which it then names.
    twice: usize,
    changes: usize,
    complete: usize,
    /// What changed in objects that are called something else, or because something is of another kind.
    apart: usize,
    complete_apart: usize,
    /// Kinds of failures, each with its count.
    kinds: BTreeMap<String, usize>,
    failures: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.apps += other.apps;
        self.mutants += other.mutants;
        self.broken += other.broken;
        self.renamed += other.renamed;
        self.claims += other.claims;
        self.sound += other.sound;
        self.twice += other.twice;
        self.changes += other.changes;
        self.complete += other.complete;
        self.apart += other.apart;
        self.complete_apart += other.complete_apart;
        for (kind, count) in other.kinds {
            *self.kinds.entry(kind).or_default() += count;
        }
        self.failures.extend(other.failures);
    }

    fn fail(&mut self, kind: String, failure: String) {
        self.failures.push(format!("{kind}: {failure}"));
        *self.kinds.entry(kind).or_default() += 1;
    }

    fn print(&self, engine: apps::Engine) {
        let share = |good: usize, all: usize| 100.0 * good as f64 / all.max(1) as f64;
        println!(
            "{}: {} apps, {} mutants, {} of them do not render, {} objects renamed; sound {} of {} ({:.2} %) and {} written twice, complete {} of {} ({:.2} %); after another kind or version: {} of {}",
            engine.name(),
            self.apps,
            self.mutants,
            self.broken,
            self.renamed,
            self.sound,
            self.claims,
            share(self.sound, self.claims),
            self.twice,
            self.complete,
            self.changes,
            share(self.complete, self.changes),
            self.complete_apart,
            self.apart,
        );
        let mut kinds: Vec<_> = self.kinds.iter().collect();
        kinds.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        for (kind, count) in kinds {
            println!("  {count:6}  {kind}");
        }
    }
}

fn main() -> Result<(), String> {
    let options = Options::read()?;
    rayon::ThreadPoolBuilder::new()
        .stack_size(render::STACK_BYTES)
        .build_global()
        .map_err(|error| error.to_string())?;
    for engine in &options.engines {
        let found = apps::load(&options.folder, *engine)?;
        let found: Vec<_> = found
            .into_iter()
            .filter(|(app, _)| app.id.contains(&options.filter))
            .take(options.apps)
            .collect();
        let tallies: Vec<Tally> = found
            .par_iter()
            .map(|(app, root)| {
                let disk = plimsoll::snapshot::Disk::new(root);
                audit(app, &disk, &options)
            })
            .collect();
        let mut total = Tally::default();
        for tally in tallies {
            total.add(tally);
        }
        if options.failures {
            for failure in &total.failures {
                eprintln!("{failure}");
            }
        }
        total.print(*engine);
    }
    Ok(())
}

fn audit(app: &App, snapshot: &dyn Snapshot, options: &Options) -> Tally {
    let mut tally = Tally::default();
    // What a mutant does not change is parsed once.
    let cache = render::Cache::default();
    let base = render::render_with(&cache, snapshot, app);
    if !base.rendering.problems.is_empty() {
        return tally;
    }
    tally.apps = 1;
    let named = Named::of(&base);
    for mutation in mutate::sample(snapshot, app, &base.inputs, options.samples, options.seed) {
        tally.mutants += 1;
        let mutant = mutate::Mutant::new(snapshot, &mutation);
        let changed = render::render_with(&cache, &mutant, app);
        if changed.rendering.problems.is_empty() {
            judge(app, &base, &named, &mutation, &changed, &mut tally);
        } else {
            tally.broken += 1;
        }
    }
    tally
}

/// The rendered scalars of an app by the source places that their data origins name.
struct Named<'a> {
    by_file: HashMap<RepoPath, Vec<(Span, &'a Value)>>,
}

impl<'a> Named<'a> {
    fn of(rendered: &'a Rendered) -> Self {
        let mut by_file: HashMap<RepoPath, Vec<(Span, &'a Value)>> = HashMap::new();
        for resource in &rendered.rendering.resources {
            for leaf in compare::leaves(&resource.value) {
                for source in rendered.origins.trace(leaf.origin).data {
                    let path = &rendered.origins.file(source.file).path;
                    by_file
                        .entry(path.clone())
                        .or_default()
                        .push((source.span, leaf));
                }
            }
        }
        Self { by_file }
    }

    /// The scalars that claim to come from a part of `span`.
    fn at(&self, path: &RepoPath, span: Span) -> Vec<&'a Value> {
        let Some(all) = self.by_file.get(path) else {
            return Vec::new();
        };
        let mut seen = HashSet::new();
        all.iter()
            .filter(|(source, _)| is_inside(*source, span))
            .map(|(_, value)| *value)
            .filter(|value| seen.insert(std::ptr::from_ref(*value)))
            .collect()
    }
}

/// True if and only if the mutation changes what type an object is of.
fn changes_type(base: &Rendered, mutation: &Mutation) -> bool {
    base.rendering.resources.iter().any(|resource| {
        ["kind", "apiVersion"].iter().any(|field| {
            let written = resource.value.get(field).map(|value| value.origin);
            written.is_some_and(|origin| {
                base.origins.trace(origin).data.iter().any(|source| {
                    base.origins.file(source.file).path == mutation.path
                        && is_inside(source.span, mutation.span)
                })
            })
        })
    })
}

fn is_inside(source: Span, span: Span) -> bool {
    source.start >= span.start && source.end <= span.end
}

fn judge(
    app: &App,
    base: &Rendered,
    named: &Named<'_>,
    mutation: &Mutation,
    mutant: &Rendered,
    tally: &mut Tally,
) {
    let compare::Comparison {
        differences,
        renamed,
    } = compare::renderings(base, mutant);
    tally.renamed += renamed;
    let renames_kind = changes_type(base, mutation);
    let gone: HashSet<*const Value> = differences
        .iter()
        .filter_map(|difference| difference.before.as_ref())
        .map(|leaf| std::ptr::from_ref(leaf.value))
        .collect();
    let named_now = Named::of(mutant);
    let claims_now = named_now.at(&mutation.path, mutation.new_span());
    for value in named.at(&mutation.path, mutation.span) {
        let stays = !gone.contains(&std::ptr::from_ref(value));
        if stays && claims_now.iter().all(|now| now.data != value.data) {
            tally.twice += 1;
            continue;
        }
        tally.claims += 1;
        if stays {
            let kind = format!(
                "unsound, {}: {}",
                mutation.what,
                action(&base.origins, value.origin)
            );
            tally.fail(
                kind,
                told(app, mutation, &format!("{:?} stays", value.data)),
            );
        } else {
            tally.sound += 1;
        }
    }
    for difference in &differences {
        let (side, leaf, span, verb) = match (&difference.before, &difference.after) {
            (Some(leaf), Some(_)) => (base, leaf, mutation.span, "changed"),
            (Some(leaf), None) => (base, leaf, mutation.span, "vanished"),
            (None, Some(leaf)) => (mutant, leaf, mutation.new_span(), "appeared"),
            (None, None) => continue,
        };
        let at = &mutation.path;
        let is_complete = names(&side.origins, leaf, at, span)
            || is_named(&base.origins, &difference.place, at, mutation.span);
        if renames_kind {
            tally.apart += 1;
            tally.complete_apart += usize::from(is_complete);
            if !is_complete {
                let kind = format!(
                    "incomplete after another kind, {}, {verb}: {}",
                    mutation.what,
                    action(&side.origins, leaf.value.origin)
                );
                tally.fail(kind, told(app, mutation, &describe(difference)));
            }
            continue;
        }
        tally.changes += 1;
        if is_complete {
            tally.complete += 1;
        } else {
            let kind = format!(
                "incomplete, {}, {verb}: {}",
                mutation.what,
                action(&side.origins, leaf.value.origin)
            );
            tally.fail(kind, told(app, mutation, &describe(difference)));
        }
    }
}

/// True if and only if the scalar, or what is above it, names the place among its data or control origins.
fn names(origins: &Origins, leaf: &Leaf<'_>, path: &RepoPath, span: Span) -> bool {
    is_named(origins, &[leaf.value.origin], path, span) || is_named(origins, &leaf.keys, path, span)
}

fn is_named(origins: &Origins, some: &[Origin], path: &RepoPath, span: Span) -> bool {
    // What is made of a whole file names all of it.
    let is_there = |source: &Source| {
        origins.file(source.file).path == *path
            && (is_inside(source.span, span)
                || source.role == Role::Generator && is_inside(span, source.span))
    };
    some.iter().any(|&origin| {
        let trace = origins.trace(origin);
        trace.data.iter().chain(&trace.control).any(is_there)
    })
}

/// What made the value, as far as a kind of failure needs it: the innermost template action, or the role of its source.
fn action(origins: &Origins, origin: Origin) -> String {
    let trace = origins.trace(origin);
    let is_action = |source: &&Source| {
        source.role == Role::Template
            && source
                .span
                .of(&origins.file(source.file).text)
                .contains("{{")
    };
    let source = trace
        .control
        .iter()
        .find(is_action)
        .or_else(|| trace.data.iter().find(is_action))
        .or_else(|| trace.data.first());
    source.map_or_else(
        || "no origin".to_owned(),
        |source| {
            let text = source.span.of(&origins.file(source.file).text);
            let short: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
            match source.role {
                Role::Template => short.chars().take(90).collect(),
                role => format!("{role:?}"),
            }
        },
    )
}

fn told(app: &App, mutation: &Mutation, what: &str) -> String {
    format!(
        "{} {}:{} {:?} -> {:?}: {what}",
        app.id, mutation.path, mutation.line, mutation.before, mutation.after
    )
}

fn describe(difference: &Difference<'_>) -> String {
    let short = |leaf: &Option<Leaf<'_>>| {
        leaf.as_ref().map_or_else(
            || "nothing".to_owned(),
            |leaf| {
                format!("{:?}", leaf.value.data)
                    .chars()
                    .take(120)
                    .collect::<String>()
            },
        )
    };
    format!(
        "{} {} -> {}",
        difference.path,
        short(&difference.before),
        short(&difference.after)
    )
}
