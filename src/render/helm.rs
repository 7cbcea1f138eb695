//! Charts: what `helm template` prints, with the origin of every character.
//!
//! The language is in `lex`, `parse`, `eval`, `template`, `format` and `builtins`; its values in `value` and `string`;
//! the function library in `functions`. Charts are loaded by `chart` and completed by `absent`, their values combined by
//! `values`, `coalesce` and `dependencies`, and what templates gave is put in order by `output`.

mod absent;
mod archive;
mod ast;
pub mod builtins;
mod capabilities;
mod chart;
mod coalesce;
mod content;
mod dependencies;
mod eval;
mod files;
pub mod format;
pub mod function;
pub(crate) mod functions;
mod glob;
#[cfg(test)]
mod hostile;
mod ignore;
mod lex;
mod lock;
mod metadata;
mod objects;
mod output;
mod parse;
pub(super) mod release_name;
mod schema;
mod set;
pub mod string;
pub mod template;
pub mod value;
mod values;

use std::collections::BTreeMap;

pub(crate) use self::archive::unpack;
pub(super) use self::content::Content;
pub(crate) use self::functions::semver;
pub use self::set::files_named;

use self::capabilities::KubeVersion;
use self::coalesce::{Coalescing, Mode};
use self::function::Context;
use self::output::Output;
use self::template::{TemplateError, TemplateSet};
use self::value::{Map, Value};
use super::{Cache, Rendering};
use crate::discover::{HelmVersion, Limits, Release};
use crate::origin::{Origin, Origins};
use crate::problem::{Kind, Problem};
use crate::snapshot::Tree;
use crate::text::RepoPath;

/// What `helm template` prints for `release`. Where Helm would fail nothing is printed, and a problem says why.
pub fn render(
    tree: &Tree<'_>,
    release: &Release,
    cache: &Cache,
    origins: &mut Origins,
) -> Rendering {
    let mut left = release.limits;
    let rendered = rendered(tree, release, cache, origins, &mut left);
    let work = release.limits.spent(&left);
    match rendered {
        Ok(output) => {
            let (text, is_text) = output.text.into_traced();
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
                work,
            }
        }
        Err(problems) => Rendering {
            problems,
            work,
            ..Rendering::default()
        },
    }
}

/// Where all lies that a release may read, links aside.
pub(super) fn reach(tree: &Tree<'_>, release: &Release, cache: &Cache) -> Vec<RepoPath> {
    let mut found = vec![release.chart.clone()];
    found.extend(absent::all_beside(tree, cache, &release.chart));
    found.extend(release.values.iter().cloned());
    found.extend(release.set_files.values().cloned());
    found
}

fn rendered(
    tree: &Tree<'_>,
    release: &Release,
    cache: &Cache,
    origins: &mut Origins,
    left: &mut Limits,
) -> Result<Output, Vec<Problem>> {
    let fail = |message: String| vec![Problem::new(Kind::Render, message).in_file(&release.chart)];
    let helm = release.helm;
    let kube = KubeVersion::of(release).map_err(fail)?;
    let given = values::given(tree, cache, release, origins).map_err(|problem| vec![problem])?;
    let chart = chart::load(tree, cache, &release.chart, release.helm, origins)
        .map_err(|problem| vec![problem])?;
    let chart_type = chart.metadata.chart_type.lossy().into_owned();
    if !matches!(chart_type.as_str(), "" | "application") {
        return Err(fail(format!("{chart_type} charts are not installable")));
    }
    if helm == HelmVersion::V4 {
        chart.metadata.check_version().map_err(fail)?;
    }
    let missing = absent::complete(tree, cache, &chart, helm, origins);
    if !missing.is_empty() {
        return Err(missing);
    }
    release_name::check(&release.name).map_err(|why| {
        fail(match helm {
            HelmVersion::V3 => why,
            HelmVersion::V4 => format!("release name check failed: {why}"),
        })
    })?;
    let mut coalescing = Coalescing { helm, origins };
    dependencies::process(&chart, &given, &mut coalescing)
        .map_err(|why| fail(format!("chart dependencies processing failed: {why}")))?;
    let values = coalescing
        .values(&chart, &given, Mode::Coalesce)
        .map_err(fail)?;
    if release.validate_schema {
        schema::check(&chart, &values, cache, helm, coalescing.origins)
            .map_err(|problem| vec![problem])?;
    }
    let wanted = chart.metadata.kube_version.lossy();
    if !wanted.is_empty() && !chart::is_compatible(&wanted, &kube.normalized) {
        return Err(fail(format!(
            "chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {}",
            kube.version
        )));
    }
    if origins.traces() {
        Value::map(values.clone(), Origin::NONE).name_paths("");
    }
    let capabilities = capabilities::capabilities(release, &kube);
    let templates = objects::templates(&chart, &values, release, &capabilities, origins);
    let files =
        execute(&templates, release, cache, origins, left).map_err(|problem| vec![problem])?;
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
    cache: &Cache,
    origins: &mut Origins,
    left: &mut Limits,
) -> Result<BTreeMap<String, string::Text>, Problem> {
    let functions = functions::of(release.helm);
    let mut set = TemplateSet::new(functions);
    let names = in_order(templates);
    for name in &names {
        let Some(template) = templates.get(*name) else {
            continue;
        };
        let file = origins.add_file(&template.path, template.content.text());
        set.parse_content(name, file, &template.content, cache, release.helm)
            .map_err(|error| failed(&error, name, release.helm, origins))?;
    }
    let seed = format!("{}/{}", release.namespace, release.name);
    let mut context = Context::new(origins, &seed, release.helm, release.limits);
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
        context.control = template.control;
        let executed = set.execute(name, &dot, &mut context);
        *left = context.left;
        match executed {
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
    for (place, template) in error.chain() {
        // The innermost place is that of the problem itself.
        if Some(place) == error.place() {
            continue;
        }
        let (file, span) = place;
        problem = problem.through(
            &origins.file(file).path,
            Some(span),
            format!("in the template {template}"),
        );
    }
    problem
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discover::{App, Source};
    use crate::origin::Role;
    use crate::render::Rendered;
    use crate::snapshot::Memory;

    const CHART: &str = "apiVersion: v2\nname: c\nversion: 1.0.0\n";

    /// With the stack that a rendering needs.
    pub(super) fn alone(snapshot: &Memory, release: Release) -> Rendered {
        let app = App {
            id: release.chart.to_string(),
            environment: None,
            source: Source::Helm(release),
        };
        crate::render::render(snapshot, &app)
    }

    fn rendering(
        files: &[(&str, &str)],
        change: impl FnOnce(&mut Release),
    ) -> (Rendering, Origins) {
        let snapshot = Memory::new("test", files.iter().copied()).unwrap();
        let mut release = Release::new(RepoPath::new("c").unwrap(), "rel", "ns");
        change(&mut release);
        let rendered = alone(&snapshot, release);
        (rendered.rendering, rendered.origins)
    }

    #[test]
    fn values_carry_their_files_into_resources() {
        let (rendering, origins) = rendering(
            &[
                ("c/Chart.yaml", CHART),
                ("c/values.yaml", "replicas: 1\nimage: {tag: old}\n"),
                (
                    "c/templates/d.yaml",
                    "apiVersion: v1\nkind: D\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  {{- toYaml .Values | nindent 2 }}\n",
                ),
                ("prod.yaml", "image: {tag: new}\n"),
            ],
            |release| release.values = vec![RepoPath::new("prod.yaml").unwrap()],
        );
        assert_eq!(rendering.problems, []);
        let resource = rendering.resources.first().unwrap();
        assert_eq!(resource.identity.to_string(), "D/rel");
        let tag = resource
            .value
            .at(&"spec.image.tag".parse().unwrap())
            .unwrap();
        assert_eq!(tag.as_str(), Some("new"));
        let trace = origins.trace(tag.origin);
        let first = trace.data.first().unwrap();
        assert_eq!(first.role, Role::Values);
        let file = origins.file(first.file);
        assert_eq!(
            (file.path.as_str(), first.span.of(&file.text)),
            ("prod.yaml", "new")
        );
        let was = trace
            .history
            .first()
            .and_then(|layer| layer.first())
            .unwrap();
        assert_eq!(
            (was.role, origins.file(was.file).path.as_str()),
            (Role::Default, "c/values.yaml")
        );
        assert_eq!(
            resource.span.of(rendering.output.as_str()).lines().next(),
            Some("apiVersion: v1")
        );
    }

    #[test]
    fn a_name_that_no_release_can_have_is_refused() {
        for (helm, before) in [
            (HelmVersion::V3, "release name \"Bad\": "),
            (
                HelmVersion::V4,
                "release name check failed: release name \"Bad\": ",
            ),
        ] {
            let (rendering, _) = rendering(&[("c/Chart.yaml", CHART)], |release| {
                release.helm = helm;
                "Bad".clone_into(&mut release.name);
            });
            let problem = rendering.problems.first().unwrap();
            assert!(problem.message.starts_with(before), "{}", problem.message);
        }
    }

    #[test]
    fn what_is_missing_is_named_with_its_pin() {
        let chart = format!(
            "{CHART}dependencies:\n- name: redis\n  version: 1.x\n  repository: https://example.com\n"
        );
        let (rendering, _) = rendering(&[("c/Chart.yaml", &chart)], |_| {});
        let problem = rendering.problems.first().unwrap();
        assert_eq!(problem.kind, Kind::NotVendored);
        assert!(
            problem
                .message
                .contains("redis (1.x from https://example.com)")
        );
        assert!(
            problem
                .help
                .as_deref()
                .unwrap()
                .contains("helm dependency build c")
        );
        let place = problem.place.as_ref().unwrap();
        assert_eq!(place.span.unwrap().of(&chart), "redis");
    }

    #[test]
    fn failures_have_their_place() {
        let (rendering, _) = rendering(
            &[
                ("c/Chart.yaml", CHART),
                (
                    "c/templates/a.yaml",
                    "a: {{ required \"need b\" .Values.b }}\n",
                ),
            ],
            |_| {},
        );
        let problem = rendering.problems.first().unwrap();
        assert_eq!(
            problem.message,
            "execution error at (c/templates/a.yaml:1:6): need b"
        );
        assert_eq!(
            problem.place.as_ref().unwrap().path.as_str(),
            "c/templates/a.yaml"
        );
        assert_eq!(rendering.output.as_str(), "");
    }

    #[test]
    fn hooks_follow_manifests_and_kinds_are_ordered() {
        let hook = "kind: Job\napiVersion: v1\nmetadata:\n  name: h\n  annotations: {helm.sh/hook: test}\n";
        let files = [
            ("c/Chart.yaml", CHART),
            (
                "c/templates/a.yaml",
                "apiVersion: v1\nkind: Service\n---\napiVersion: v1\nkind: Secret\n",
            ),
            ("c/templates/b.yaml", hook),
        ];
        let kinds = |change: fn(&mut Release)| -> Vec<String> {
            let (rendering, _) = rendering(&files, change);
            rendering
                .resources
                .iter()
                .map(|r| r.identity.kind.clone())
                .collect()
        };
        assert_eq!(kinds(|_| {}), ["Secret", "Service", "Job"]);
        assert_eq!(
            kinds(|release| release.skip_tests = true),
            ["Secret", "Service"]
        );
        assert_eq!(
            kinds(|release| release.hooks = false),
            ["Secret", "Service"]
        );
    }
}
