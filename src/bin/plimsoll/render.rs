//! `plimsoll render`: what Helm or Kustomize would print, and with `--origins` where each line came from.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use plimsoll::check::Words;
use plimsoll::config;
use plimsoll::discover::{App, HelmVersion, Limits, Overlay, Release, Set, SetKind, Source};
use plimsoll::origin::{FileId, Origins, Traced};
use plimsoll::problem::Problem;
use plimsoll::render::helm::files_named;
use plimsoll::render::{self, Cache, Rendered};
use plimsoll::report::{SourceText, Texts, Trouble, Which, text};
use plimsoll::resource::credentials_in;
use plimsoll::snapshot::{Disk, Found, Mounted, Snapshot, Tree};
use plimsoll::text::{LineIndex, RepoPath, Span};

use crate::args::{Helm, Render};
use crate::network::{self, Round};
use crate::{Failure, Terminal, print};

pub(crate) fn render(terminal: &Terminal, arguments: &Render) -> Result<ExitCode, Failure> {
    let target = absolute(&terminal.directory, &arguments.target);
    let values: Vec<PathBuf> = arguments
        .helm
        .values
        .iter()
        .map(|file| absolute(&terminal.directory, file))
        .collect();
    let set_files: Vec<(String, PathBuf)> = (arguments.helm.set_file.iter())
        .flat_map(|argument| files_named(argument))
        .map(|name| {
            let file = absolute(&terminal.directory, Path::new(&name));
            (name, file)
        })
        .collect();
    let named = set_files.iter().map(|(_, file)| file);
    let others: Vec<&PathBuf> = named.chain(&values).collect();
    let root = root(&terminal.directory, &target, &others);
    let inside = |path: &Path| {
        let rest = path
            .strip_prefix(&root)
            .ok()
            .and_then(Path::to_str)
            .map(|p| p.replace('\\', "/"));
        rest.and_then(|rest| RepoPath::new(&rest).ok())
            .ok_or_else(|| {
                Failure::new(format!(
                    "`{}` is not a path below `{}`",
                    path.display(),
                    root.display()
                ))
            })
    };
    let snapshot = Disk::new(&root);
    let target = inside(&target)?;
    let values = values
        .iter()
        .map(|file| inside(file))
        .collect::<Result<Vec<_>, _>>()?;
    let set_files = set_files
        .into_iter()
        .map(|(name, file)| Ok((name, inside(&file)?)))
        .collect::<Result<_, Failure>>()?;
    let release = Release {
        values,
        set_files,
        ..release(&target, &arguments.helm)
    };
    let app = App {
        id: target.to_string(),
        environment: None,
        source: source(&Tree::new(&snapshot), &target, release, arguments)?,
    };
    // Of what was fetched, the second round reads only what the first did not have.
    let cache = Cache::default();
    let completed = network::complete(terminal, &arguments.network, |mounts| {
        let snapshot = Mounted::new(&snapshot, mounts);
        let rendered = if arguments.origins {
            render::render_with(&cache, &snapshot, &app)
        } else {
            render::print(&cache, &snapshot, &app)
        };
        Ok(Round {
            wants: rendered.inputs.unanswered().cloned().collect(),
            hosts: Vec::new(),
            result: rendered,
        })
    })?;
    for note in &completed.notes {
        eprintln!("note: {note}");
    }
    let rendered = completed.result;
    if rendered.rendering.problems.is_empty() {
        if arguments.origins {
            print(&with_origins(&rendered.rendering.output, &rendered.origins))?;
        } else {
            print(rendered.rendering.output.as_str())?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let style = text::Style {
        color: terminal.color,
        unicode: false,
        existing: false,
    };
    eprint!(
        "{}",
        text::problems(
            &texts(&snapshot, &rendered),
            &troubles(&rendered, &snapshot),
            style
        )
    );
    Ok(ExitCode::from(2))
}

/// What went wrong. What is rendered is what was asked for, Secrets and all; what is said about it ends in logs.
fn troubles(rendered: &Rendered, snapshot: &dyn Snapshot) -> Vec<Trouble> {
    let words = Words::of_rendered([rendered], snapshot);
    let trouble = |problem: &Problem| {
        let mut problem = problem.clone();
        words.cover_problem(&mut problem);
        Trouble {
            side: Which::Head,
            app: None,
            problem,
        }
    };
    rendered.rendering.problems.iter().map(trouble).collect()
}

/// The texts of the files that problems point into.
fn texts(snapshot: &dyn Snapshot, rendered: &Rendered) -> Texts {
    let tree = Tree::new(snapshot);
    let mut texts = Texts::new();
    for problem in &rendered.rendering.problems {
        for place in problem
            .place
            .iter()
            .chain(problem.chain.iter().map(|(place, _)| place))
        {
            let known = rendered
                .origins
                .files()
                .find(|(_, file)| file.path == place.path);
            let text = known
                .map(|(_, file)| Arc::clone(&file.text))
                .or_else(|| tree.read_text(&place.path).ok());
            if let Some(text) = text {
                let secrets = credentials_in(&text);
                texts.insert(
                    (Which::Head, place.path.clone()),
                    SourceText { text, secrets },
                );
            }
        }
    }
    texts
}

/// What the target is: a chart, a kustomization, or manifests.
fn source(
    tree: &Tree<'_>,
    target: &RepoPath,
    release: Release,
    arguments: &Render,
) -> Result<Source, Failure> {
    let found = tree
        .find(target)
        .map_err(|error| Failure::new(error.to_string()))?;
    let has = |name: &str| {
        target
            .join(name)
            .is_ok_and(|path| matches!(tree.find(&path), Ok(Some(Found::File))))
    };
    match found {
        None => Err(Failure::new(format!("`{target}` does not exist"))),
        Some(Found::File)
            if [".tgz", ".tar.gz"]
                .iter()
                .any(|end| target.as_str().ends_with(end)) =>
        {
            Ok(Source::Helm(release))
        }
        Some(Found::File) => Ok(Source::Manifests(vec![target.clone()])),
        Some(Found::Directory) if has("Chart.yaml") => Ok(Source::Helm(release)),
        Some(Found::Directory)
            if ["kustomization.yaml", "kustomization.yml", "Kustomization"]
                .into_iter()
                .any(has) =>
        {
            Ok(Source::Kustomize(Overlay {
                directory: target.clone(),
                restrict_loads: arguments.kustomize.load_restrictor != "LoadRestrictionsNone",
                inflate_charts: arguments.kustomize.enable_helm,
                reorder: arguments.kustomize.reorder != "none",
                managed_by_label: arguments.kustomize.enable_managedby_label,
                limits: limits(&arguments.helm),
            }))
        }
        Some(Found::Directory) => Err(Failure::new(format!(
            "`{target}` holds neither a Chart.yaml nor a kustomization file"
        ))
        .help("Name a chart, a kustomization's directory, or a manifest file.")),
    }
}

fn limits(helm: &Helm) -> Limits {
    Limits::times(config::Helm::limits_named(&helm.limits).unwrap_or(1))
}

fn release(chart: &RepoPath, helm: &Helm) -> Release {
    let sets = [
        (SetKind::Json, &helm.set_json),
        (SetKind::Typed, &helm.set),
        (SetKind::Text, &helm.set_string),
        (SetKind::File, &helm.set_file),
        (SetKind::Literal, &helm.set_literal),
    ];
    Release {
        sets: sets
            .into_iter()
            .flat_map(|(kind, given)| {
                given.iter().map(move |argument| Set {
                    kind,
                    argument: argument.clone(),
                })
            })
            .collect(),
        kube_version: helm.kube_version.clone(),
        api_versions: helm.api_versions.clone(),
        include_crds: helm.include_crds,
        hooks: !helm.no_hooks,
        skip_tests: helm.skip_tests,
        is_upgrade: helm.is_upgrade,
        show_only: helm.show_only.clone(),
        validate_schema: !helm.skip_schema_validation,
        helm: if helm.helm_version == "3" {
            HelmVersion::V3
        } else {
            HelmVersion::V4
        },
        limits: limits(helm),
        ..Release::new(chart.clone(), &helm.name, &helm.namespace)
    }
}

/// Joins and folds `.` and `..` without asking the disk, so that links are left to the snapshot.
fn absolute(here: &Path, path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in here.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

/// The directory that bounds what rendering may read: the repository around the target, else the current directory,
/// else the nearest directory that holds the target and all other files that were named.
fn root(here: &Path, target: &Path, others: &[&PathBuf]) -> PathBuf {
    let holds_all =
        |root: &Path| target.starts_with(root) && others.iter().all(|file| file.starts_with(root));
    let repository = target
        .ancestors()
        .find(|directory| directory.join(".git").exists());
    if let Some(root) = repository.filter(|root| holds_all(root)) {
        return root.to_owned();
    }
    if holds_all(here) {
        return here.to_owned();
    }
    let common = here.ancestors().find(|root| holds_all(root));
    common.unwrap_or(Path::new("/")).to_owned()
}

/// The output with the sources of each line beside it.
fn with_origins(output: &Traced, origins: &Origins) -> String {
    let text = output.as_str();
    let index = LineIndex::new(text);
    let mut indices: HashMap<FileId, LineIndex> = HashMap::new();
    let mut lines = Vec::new();
    for number in 1..=index.lines() {
        let span = index.line(number);
        let line = span.of(text).trim_end_matches(['\n', '\r']);
        // Indentation belongs to whoever began the line; what a person asks about is what stands in it.
        let from = span.start as usize + line.len() - line.trim_start().len();
        let mut places = Vec::new();
        for origin in output.runs_in(Span::new(from, span.start as usize + line.len())) {
            for source in origins.trace(origin).data {
                let file = origins.file(source.file);
                let lines = indices
                    .entry(source.file)
                    .or_insert_with(|| LineIndex::new(&file.text));
                let place = format!(
                    "{}:{}",
                    file.path,
                    lines.position(&file.text, source.span.start).line
                );
                if !places.contains(&place) && !line.trim().is_empty() {
                    places.push(place);
                }
            }
        }
        lines.push((line, places));
    }
    let width = lines
        .iter()
        .map(|(line, _)| line.chars().count())
        .filter(|&w| w <= 72)
        .max()
        .unwrap_or(0);
    let mut out = String::new();
    for (line, places) in lines {
        out.push_str(line);
        if !places.is_empty() {
            let pad = (width + 2).saturating_sub(line.chars().count()).max(2);
            out.extend(std::iter::repeat_n(' ', pad));
            out.push_str("# ");
            out.push_str(&places.join(", "));
        }
        out.push('\n');
    }
    out
}
