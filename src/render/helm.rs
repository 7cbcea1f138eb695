//! Charts: what `helm template` prints, with the origin of every character.
//!
//! The language is in `lex`, `parse`, `eval`, `template`, `format` and `builtins`; its values in `value` and `string`;
//! the function library in `functions`. Charts are loaded by `chart`, their values combined by `values`, `coalesce` and
//! `dependencies`, and what templates gave is put in order by `output`.

mod archive;
mod ast;
pub mod builtins;
mod capabilities;
mod chart;
mod coalesce;
mod dependencies;
mod eval;
mod files;
pub mod format;
pub mod function;
mod functions;
mod glob;
mod ignore;
mod lex;
mod metadata;
mod objects;
mod output;
mod parse;
mod schema;
mod set;
pub mod string;
pub mod template;
pub mod value;
mod values;

use std::collections::BTreeMap;

use self::capabilities::KubeVersion;
use self::coalesce::{Coalescing, Mode};
use self::function::{Context, Limits};
use self::output::Output;
use self::template::{TemplateError, TemplateSet};
use self::value::{Map, Value};
use super::Rendering;
use crate::discover::{HelmVersion, Release};
use crate::origin::{Origin, Origins};
use crate::problem::{Kind, Problem};
use crate::snapshot::Tree;

/// Templates may include each other a thousand levels deep. Only what is used of a stack takes memory.
const STACK: usize = 512 << 20;

/// What `helm template` prints for `release`. Where Helm would fail nothing is printed, and a problem says why.
pub fn render(tree: &Tree<'_>, release: &Release, origins: &mut Origins) -> Rendering {
    let rendering = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("helm".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, || render_here(tree, release, origins))
            .map_err(|error| error.to_string())?;
        thread
            .join()
            .map_err(|_| "the renderer panicked".to_owned())
    });
    rendering.unwrap_or_else(|why| Rendering {
        problems: vec![Problem::new(Kind::Bug, why).in_file(&release.chart)],
        ..Rendering::default()
    })
}

fn render_here(tree: &Tree<'_>, release: &Release, origins: &mut Origins) -> Rendering {
    match rendered(tree, release, origins) {
        Ok(output) => {
            let (text, is_text) = output.text.to_traced();
            let mut problems = Vec::new();
            if !is_text {
                problems.push(
                    Problem::new(Kind::Render, "the rendered text is not UTF-8")
                        .in_file(&release.chart),
                );
            }
            Rendering {
                output: text,
                resources: output.resources,
                problems,
            }
        }
        Err(problems) => Rendering {
            problems,
            ..Rendering::default()
        },
    }
}

fn rendered(
    tree: &Tree<'_>,
    release: &Release,
    origins: &mut Origins,
) -> Result<Output, Vec<Problem>> {
    let fail = |message: String| vec![Problem::new(Kind::Render, message).in_file(&release.chart)];
    let kube = KubeVersion::of(release).map_err(fail)?;
    let given = values::given(tree, release, origins).map_err(|problem| vec![problem])?;
    let mut chart = chart::load(tree, &release.chart, release.helm, origins)
        .map_err(|problem| vec![problem])?;
    let chart_type = chart.metadata.chart_type.lossy().into_owned();
    if !matches!(chart_type.as_str(), "" | "application") {
        return Err(fail(format!("{chart_type} charts are not installable")));
    }
    let missing = dependencies::missing(&chart, origins);
    if !missing.is_empty() {
        return Err(missing);
    }
    let helm = release.helm;
    let mut coalescing = Coalescing { helm, origins };
    dependencies::process(&mut chart, &given, &mut coalescing)
        .map_err(|why| fail(format!("chart dependencies processing failed: {why}")))?;
    let values = coalescing
        .values(&chart, &given, Mode::Coalesce)
        .map_err(fail)?;
    if release.validate_schema {
        schema::check(&chart, &values, coalescing.origins).map_err(|problem| vec![problem])?;
    }
    let wanted = chart.metadata.kube_version.lossy();
    if !wanted.is_empty() && !chart::is_compatible(&wanted, &kube.normalized) {
        return Err(fail(format!(
            "chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {}",
            kube.version
        )));
    }
    Value::map(values.clone(), Origin::NONE).name_paths("");
    let capabilities = capabilities::capabilities(release, &kube);
    let templates = objects::templates(&chart, &values, release, &capabilities, origins);
    let files = execute(&templates, release, origins).map_err(|problem| vec![problem])?;
    let places = templates
        .iter()
        .map(|(name, template)| (name.clone(), template.path.clone()))
        .collect();
    output::print(&chart, release, files, &places, origins).map_err(|problem| vec![problem])
}

/// The names of templates in the order in which Helm parses and executes them: deepest first, and backwards.
fn in_order(templates: &objects::Templates) -> Vec<&str> {
    let mut names: Vec<&str> = templates.keys().map(String::as_str).collect();
    names.sort_by_key(|name| (name.bytes().filter(|b| *b == b'/').count(), *name));
    names.reverse();
    names
}

fn execute(
    templates: &objects::Templates,
    release: &Release,
    origins: &mut Origins,
) -> Result<BTreeMap<String, string::Text>, Problem> {
    let functions = functions::of(release.helm);
    let mut set = TemplateSet::new(functions);
    let names = in_order(templates);
    for name in &names {
        let Some(template) = templates.get(*name) else {
            continue;
        };
        let file = origins.add_file(&template.path, &template.text);
        set.parse(name, file, &template.text)
            .map_err(|error| failed(&error, name, release.helm, origins))?;
    }
    let seed = format!("{}/{}", release.namespace, release.name);
    let mut context = Context::new(origins, &seed, Limits::default());
    let mut rendered = BTreeMap::new();
    for name in names {
        let base = name.rsplit('/').next().unwrap_or(name);
        let Some(template) = templates.get(name).filter(|_| !base.starts_with('_')) else {
            continue;
        };
        let about = Map::of(objects::values_type(release.helm));
        for (key, text) in [("Name", name), ("BasePath", template.base.as_str())] {
            about.set(key, Origin::NONE, Value::string(text, Origin::NONE));
        }
        template
            .dot
            .set("Template", Origin::NONE, Value::map(about, Origin::NONE));
        let dot = Value::map(template.dot.clone(), Origin::NONE);
        match set.execute(name, &dot, &mut context) {
            Ok(text) => {
                rendered.insert(name.to_owned(), text);
            }
            Err(error) => return Err(failed(&error, name, release.helm, context.origins)),
        }
    }
    Ok(rendered)
}

/// The failure of a template as a problem with its place and the way to it.
fn failed(error: &TemplateError, name: &str, helm: HelmVersion, origins: &Origins) -> Problem {
    let kind = if error.is_syntax() {
        Kind::Syntax
    } else {
        Kind::Render
    };
    let mut problem = Problem::new(kind, error.message(name, helm));
    if let Some((file, span)) = error.place() {
        problem = problem.at(&origins.file(file).path, span);
    }
    for ((file, span), template) in error.chain() {
        problem = problem.through(
            &origins.file(file).path,
            Some(span),
            format!("in the template {template}"),
        );
    }
    problem
}
