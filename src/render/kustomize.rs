//! Kustomizations: what `kustomize build` prints (v5.8.1), with the origin of every value.
//!
//! Resources are read into trees of their own (`node`), accumulated and transformed (`build`) and printed once, at the end.
//! Nothing is printed and read again in between, so each value keeps where it came from.

mod budget;
mod build;
mod chart;
mod configuration;
mod decode;
mod fieldspec;
mod file;
mod generator;
mod jsonpatch;
mod load;
mod merge;
mod node;
mod object;
mod patch;
mod path;
mod pattern;
mod plugin;
mod reference;
mod remote;
mod replacement;
mod reprint;
mod schema;
mod selector;
mod set;
mod sort;
mod source;
mod structured;
mod transform;
mod value;
mod vars;

use super::{Cache, Rendering};
use crate::discover::Overlay;
use crate::origin::{Origin, Origins, Role, Traced};
use crate::problem::Kind;
use crate::resource::Resource;
use crate::snapshot::Tree;
use crate::text::Span;
use crate::yaml::emit::{self, Style};

use build::{Accumulated, Target};
use decode::{Text, TextMap};
use load::{Build, Fallible};
use object::Object;
use sort::Ranks;

/// What `kustomize build` prints for `overlay`. Where Kustomize fails, the output is empty and a problem says why.
pub fn render(
    tree: &Tree<'_>,
    overlay: &Overlay,
    cache: &Cache,
    origins: &mut Origins,
) -> Rendering {
    let mut build = Build::new(tree, overlay, cache, origins);
    let mut rendering = run(&mut build).unwrap_or_else(|failure| Rendering {
        problems: failure.0,
        ..Rendering::default()
    });
    rendering.work = build.budget.spent() + rendering.output.as_str().len() as u64;
    rendering
}

fn run(build: &mut Build<'_>) -> Fallible<Rendering> {
    let directory = build.top()?;
    let mut target = build::read(build, directory, Role::Manifest)?;
    configuration::choose_schema(build, &target, true)?;
    let wants = |target: &Target, option: &str| {
        target
            .says
            .build_metadata
            .iter()
            .any(|wanted| **wanted == *option)
    };
    if !target.says.build_metadata.is_empty() {
        target.lineage = Some(build::Lineage::default());
    }
    let Accumulated {
        mut objects,
        config,
        vars,
    } = build::accumulate(build, &target, Accumulated::default())?;
    let config = config.unwrap_or_default();
    add_hashes(build, &mut objects)?;
    reference::fix(build, &mut objects, &config.name_reference)?;
    vars::resolve(build, &mut objects, &vars, &config.var_reference)?;
    drop_local(build, &mut objects)?;
    order(build, &target, &mut objects)?;
    if build.overlay.managed_by_label || wants(&target, "managedByLabel") {
        let managed: TextMap = [(
            "app.kubernetes.io/managed-by".to_owned(),
            Text::new("kustomize-v5.8.1", Origin::NONE),
        )]
        .into();
        let spec = fieldspec::FieldSpec {
            path: "metadata/labels".to_owned(),
            create: true,
            ..fieldspec::FieldSpec::default()
        };
        transform::entries(build, &mut objects, &managed, &[spec])?;
    }
    for object in &mut objects {
        if !wants(&target, "originAnnotations") {
            object.remove_annotation(set::ORIGIN);
        }
        if !wants(&target, "transformerAnnotations") {
            object.remove_annotation(set::TRANSFORMATIONS);
        }
        object.clean_annotations();
    }
    print(build, objects)
}

/// Adds the hash of its content to the name of each object whose generator asked for it.
fn add_hashes(build: &mut Build<'_>, objects: &mut [Object]) -> Fallible<()> {
    for object in objects {
        if !object.book.needs_hash || object.is_gone() {
            continue;
        }
        let content = generator::content(object, build.origins);
        let hash = generator::hash(object).map_err(|wrong| build.fail(wrong.origin, wrong.why))?;
        object.remember_name();
        let stem = object.name().to_owned();
        let origin = object
            .node()
            .field("metadata")
            .and_then(|metadata| metadata.field("name"))
            .map_or(Origin::NONE, |name| name.origin);
        let origin = build.origins.under(origin, content);
        object.set_name(&format!("{stem}-{hash}"), origin);
        object.stem = Some(stem);
    }
    Ok(())
}

/// Leaves out what is only for the build itself.
fn drop_local(build: &Build<'_>, objects: &mut Vec<Object>) -> Fallible<()> {
    for object in &*objects {
        if object.kind().is_empty() || object.name().is_empty() && !object.kind().ends_with("List")
        {
            return Err(build.fail(
                object.node().origin,
                "an object has lost its kind or its name",
            ));
        }
    }
    for object in &*objects {
        let annotations = object
            .node()
            .field("metadata")
            .and_then(|metadata| metadata.field("annotations"));
        if let Some(list) = annotations.filter(|node| !node.items().is_empty()) {
            return Err(build.fail(list.origin, "annotations are a map, not a list"));
        }
    }
    objects.retain(|object| {
        object
            .annotation("config.kubernetes.io/local-config")
            .is_none_or(|local| local == "false")
    });
    Ok(())
}

fn order(build: &Build<'_>, target: &Target, objects: &mut Vec<Object>) -> Fallible<()> {
    let ranks = match &target.says.sort_options {
        None if !build.overlay.reorder => return Ok(()),
        None => Ranks::default(),
        Some(options) => match (&*options.order, &options.legacy) {
            ("fifo", None) => return Ok(()),
            ("fifo", Some(_)) => {
                return Err(build.fail(
                    options.order.origin,
                    "`legacySortOptions` need the order `legacy`",
                ));
            }
            ("legacy", None) => Ranks::default(),
            ("legacy", Some((first, last))) => Ranks::new(first.clone(), last.clone()),
            (other, _) => {
                return Err(build
                    .problem(
                        Kind::Render,
                        options.order.origin,
                        format!("`{other}` is not an order"),
                    )
                    .help("There are `legacy` and `fifo`.")
                    .into());
            }
        },
    };
    sort::legacy(objects, &ranks);
    let sorted = std::mem::take(objects);
    set::append_all(build, objects, sorted, Origin::NONE)
}

fn print(build: &Build<'_>, objects: Vec<Object>) -> Fallible<Rendering> {
    let mut rendering = Rendering::default();
    let mut output = Traced::new();
    for object in objects {
        let Some(root) = object.root else { continue };
        let origin = root.origin;
        let value = root
            .into_value()
            .map_err(|wrong| build.fail(wrong.origin, wrong.why))?;
        if !output.is_empty() {
            output.push("---\n", Origin::NONE);
        }
        let start = output.as_str().len();
        output = emit::print_onto(output, &value, Style::ToYaml)
            .map_err(|error| build.fail(origin, error.to_string()))?;
        let span = Span::new(start, output.as_str().len());
        if let Some(mut resource) = Resource::new(value, span) {
            resource.stem = object.stem;
            rendering.resources.push(resource);
        }
    }
    rendering.output = output;
    Ok(rendering)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discover::Limits;
    use crate::snapshot::Memory;
    use crate::text::RepoPath;

    fn build(directory: &str, files: &[(&str, &str)]) -> (Rendering, Origins) {
        let memory = Memory::new("test", files.iter().copied()).unwrap();
        let tree = Tree::new(&memory);
        let overlay = Overlay {
            // Little is enough to show that there is an end.
            limits: Limits {
                bytes: 1 << 20,
                ..Limits::default()
            },
            ..Overlay::new(RepoPath::new(directory).unwrap())
        };
        let mut origins = Origins::new();
        let rendering = render(&tree, &overlay, &Cache::default(), &mut origins);
        (rendering, origins)
    }

    const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";

    #[test]
    fn where_kustomize_fails_a_problem_says_why_and_where() {
        let check = |files: &[(&str, &str)], kind: Kind, place: &str| {
            let (rendering, _) = build("app", files);
            assert_eq!(rendering.output.as_str(), "");
            let problem = rendering.problems.first().unwrap();
            let found = problem.place.as_ref().unwrap();
            let text = files
                .iter()
                .find(|(path, _)| *path == found.path.as_str())
                .map(|(_, text)| *text);
            assert_eq!(problem.kind, kind, "{problem:?}");
            assert_eq!(found.span.unwrap().of(text.unwrap()), place, "{problem:?}");
        };
        let file = "app/kustomization.yaml";
        check(&[(file, "resorces: []\n")], Kind::Syntax, "resorces");
        check(&[(file, "namespace: no\n")], Kind::Syntax, "no");
        check(&[(file, "resources: [x.yaml]\n")], Kind::Read, "x.yaml");
        check(
            &[(file, "resources:\n- https://github.com/a/b?ref=v1\n")],
            Kind::NotVendored,
            "https://github.com/a/b?ref=v1",
        );
        check(&[(file, "resources: [../app]\n")], Kind::Render, "../app");
        check(
            &[(file, "resources: [../x.yaml]\n"), ("x.yaml", CONFIG_MAP)],
            Kind::Render,
            "../x.yaml",
        );
        check(
            &[
                (file, "resources: [../part]\n"),
                (
                    "part/kustomization.yaml",
                    "kind: Component\nresources: []\n",
                ),
            ],
            Kind::Render,
            "../part",
        );
        check(
            &[
                (file, "transformers: [t.yaml]\n"),
                (
                    "app/t.yaml",
                    "apiVersion: e.com/v1\nkind: T\nmetadata: {name: t}\n",
                ),
            ],
            Kind::Unsupported,
            "apiVersion",
        );
        check(
            &[
                (
                    file,
                    "resources: [a.yaml]\npatches:\n- patch: |-\n    kind: X\n    metadata: {name: nope}\n",
                ),
                ("app/a.yaml", CONFIG_MAP),
            ],
            Kind::Render,
            "kind",
        );
    }

    #[test]
    fn a_problem_in_a_base_names_the_way_there() {
        let (rendering, _) = build(
            "app",
            &[
                ("app/kustomization.yaml", "resources: [../base]\n"),
                ("base/kustomization.yaml", "resources: [gone.yaml]\n"),
            ],
        );
        let problem = rendering.problems.first().unwrap();
        let way: Vec<&str> = problem
            .chain
            .iter()
            .map(|(place, _)| place.path.as_str())
            .collect();
        assert_eq!(way, ["app/kustomization.yaml"]);
    }

    #[test]
    fn what_would_grow_without_end_is_refused() {
        let check = |name: &str, says: &str, resource: &str, why: &str| {
            let says = format!("resources: [a.yaml]\n{says}");
            let files = [
                ("app/kustomization.yaml", says.as_str()),
                ("app/a.yaml", resource),
                (
                    "app/c.yaml",
                    &format!(
                        "commonLabels:\n- {{path: {}, create: true}}\n",
                        "x/".repeat(2000)
                    ),
                ),
            ];
            let (rendering, _) = build("app", &files);
            let problem = rendering.problems.first().expect(name);
            assert!(problem.message.contains(why), "{name}: {}", problem.message);
            assert!(problem.place.is_some(), "{name}");
        };
        let object = format!("{CONFIG_MAP}data: {{k: vv}}\n");
        let too_much = "the build makes more than";
        let replacement = |source: &str, target: &str, options: &str| {
            format!(
                "- source: {{kind: ConfigMap, name: a, fieldPath: {source}}}\n  targets:\n  - select: {{kind: ConfigMap}}\n    fieldPaths: [{target}]\n    options: {{{options}}}\n"
            )
        };
        let doubling: String = (0..40)
            .map(|n| replacement("data", &format!("data.x{n}"), "create: true"))
            .collect();
        check(
            "replacements",
            &format!("replacements:\n{doubling}"),
            &object,
            too_much,
        );
        let texts = replacement("data.k", "data.k", "delimiter: v, index: -1").repeat(40);
        check(
            "texts",
            &format!("replacements:\n{texts}"),
            &object,
            too_much,
        );
        let deep = replacement(
            "data.k",
            &format!("data{}", ".x".repeat(2000)),
            "create: true",
        );
        check(
            "depth",
            &format!("replacements:\n{deep}"),
            &object,
            "nested too deeply",
        );
        let copies: String = (0..40)
            .map(|n| format!("    - {{op: copy, from: /data, path: /data/x{n}}}\n"))
            .collect();
        let patch = format!("patches:\n- target: {{kind: ConfigMap}}\n  patch: |-\n{copies}");
        check("copies", &patch, &object, too_much);
        let labels = "configurations: [c.yaml]\ncommonLabels: {a: b}\n";
        check("field specs", labels, &object, "nested too deeply");
        let files = format!(
            "configMapGenerator:\n- name: g\n  files: [{}]\n",
            (0..2000)
                .map(|n| format!("k{n}=a.yaml"))
                .collect::<Vec<_>>()
                .join(", ")
        );
        let large = format!("{object}# {}\n", "x".repeat(2000));
        check("generated", &files, &large, too_much);
        let var = "vars:\n- name: V\n  objref: {apiVersion: v1, kind: ConfigMap, name: a}\n  fieldref: {fieldpath: data.k}\n";
        let pod = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{k: {}}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - name: c\n    command: [{}]\n",
            "v".repeat(10_000),
            "$(V)".repeat(1000)
        );
        check("vars", var, &pod, too_much);
        let bomb: String = (1..9)
            .map(|n| {
                format!(
                    "d{n}: &d{n} [{}]\n",
                    vec![format!("*d{}", n - 1); 20].join(",")
                )
            })
            .collect();
        let bomb = format!("{CONFIG_MAP}d0: &d0 [x, x]\n{bomb}");
        check("aliases", "", &bomb, "unfold into too many nodes");
    }

    #[test]
    fn charts_share_the_limits_of_the_build() {
        let entry = |name: &str| {
            format!("- {{name: c, releaseName: {name}, valuesInline: {{name: {name}}}}}\n")
        };
        let problems = |charts: &str| {
            let says = format!("helmCharts:\n{charts}");
            let memory = Memory::new(
                "test",
                [
                    ("kustomization.yaml", says.as_str()),
                    (
                        "charts/c/Chart.yaml",
                        "apiVersion: v2\nname: c\nversion: 1.0.0\n",
                    ),
                    ("charts/c/values.yaml", "name: c\n"),
                    (
                        "charts/c/templates/a.yaml",
                        "{{ range until 2000 }}{{ end }}\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Values.name }}}\n",
                    ),
                ],
            );
            let overlay = Overlay {
                inflate_charts: true,
                limits: Limits {
                    steps: 10_000,
                    bytes: 1 << 20,
                    memory: 1 << 20,
                },
                ..Overlay::new(RepoPath::root())
            };
            let memory = memory.unwrap();
            let tree = Tree::new(&memory);
            let rendering = render(&tree, &overlay, &Cache::default(), &mut Origins::new());
            rendering.problems
        };
        let few: String = ["a", "b"].map(entry).concat();
        assert_eq!(problems(&few), []);
        // What a template of a name does counts as well.
        let said = few.replace("releaseName: ", "nameTemplate: ");
        assert_eq!(problems(&said), []);
        let loops = "nameTemplate: '{{ range until 4000 }}{{ end }}a'";
        let looping = few
            .replace("releaseName: a", loops)
            .replace("releaseName: b", loops);
        let found = problems(&looping);
        let message = &found.first().unwrap().message;
        assert!(message.contains("the limit allows"), "{message}");
        let names = (0..50).map(|n| format!("c{n}"));
        let many: String = names.map(|name| entry(&name)).collect();
        let found = problems(&many);
        let message = &found.first().unwrap().message;
        assert!(message.contains("the limit allows"), "{message}");
    }

    #[test]
    fn bases_nest_deep_and_hold_much() {
        let mut files = vec![
            (
                "b0/kustomization.yaml".to_owned(),
                "resources: [a.yaml]\n".to_owned(),
            ),
            (
                "b0/a.yaml".to_owned(),
                (0..10_000)
                    .map(|n| {
                        format!("---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s{n}}}\n")
                    })
                    .collect(),
            ),
        ];
        for n in 1..=150 {
            let prefix = if n == 150 { "namePrefix: p-\n" } else { "" };
            let says = format!("resources: [../b{}]\n{prefix}", n - 1);
            files.push((format!("b{n}/kustomization.yaml"), says));
        }
        let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (&**a, &**b)).collect();
        let rendered = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(64 << 20);
            let built = thread.spawn_scoped(scope, || build("b150", &files).0);
            built.unwrap().join().unwrap()
        });
        assert_eq!(rendered.problems, []);
        assert_eq!(rendered.resources.len(), 10_000);
    }

    #[test]
    fn values_know_who_wrote_them_and_what_they_replaced() {
        let files = [
            (
                "app/kustomization.yaml",
                "resources: [../base]\nnamePrefix: p-\npatches:\n- patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: a}\n    data: {k: new}\n",
            ),
            ("base/kustomization.yaml", "resources: [a.yaml]\n"),
            (
                "base/a.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: old\n  s: same\n",
            ),
        ];
        let (rendering, origins) = build("app", &files);
        let resource = rendering.resources.first().unwrap();
        let check = |path: &str, data: &[(&str, Role)], history: &[&str]| {
            let value = resource.value.at(&path.parse().unwrap()).unwrap();
            let trace = origins.trace(value.origin);
            let text = |source: &crate::origin::Source| {
                source.span.of(&origins.file(source.file).text).to_owned()
            };
            let found: Vec<_> = trace.data.iter().map(|s| (text(s), s.role)).collect();
            let expected: Vec<_> = data.iter().map(|(t, r)| ((*t).to_owned(), *r)).collect();
            assert_eq!(found, expected, "{path}");
            let before: Vec<String> = trace.history.iter().flatten().map(text).collect();
            assert_eq!(before, history, "{path}");
        };
        check("data.k", &[("new", Role::Patch)], &["old"]);
        check("data.s", &[("same", Role::Base)], &[]);
        check(
            "metadata.name",
            &[("p-", Role::Transformer), ("a", Role::Base)],
            &[],
        );
    }

    #[test]
    fn what_is_configured_elsewhere_is_among_the_reasons() {
        let says = "resources: [a.yaml]\nconfigurations: [k.yaml]\nvars:\n- name: V\n  objref: {apiVersion: v1, kind: ConfigMap, name: a}\n  fieldref: {fieldpath: data.k}\nreplacements:\n- source: {kind: ConfigMap, fieldPath: data.k, options: {delimiter: '.', index: 1}}\n  targets:\n  - select: {kind: Foo}\n    fieldPaths: [spec.r]\n    options: {delimiter: '-', index: 2}\n";
        let resources = format!(
            "{CONFIG_MAP}data: {{k: x.y}}\n---\napiVersion: e.com/v1\nkind: Foo\nmetadata: {{name: f}}\nspec: {{v: $(V), r: a-b-c}}\n"
        );
        let files = [
            ("kustomization.yaml", says),
            ("k.yaml", "varReference:\n- {path: spec/v, kind: Foo}\n"),
            ("a.yaml", resources.as_str()),
        ];
        let (rendering, origins) = build("", &files);
        let check = |path: &str, text: &str, reasons: &[(&str, &str)]| {
            let value = rendering.resources[1].value.at(&path.parse().unwrap());
            let value = value.unwrap();
            assert_eq!(value.as_str(), Some(text));
            let trace = origins.trace(value.origin);
            let found: Vec<(&str, &str)> = trace
                .control
                .iter()
                .map(|source| {
                    let file = origins.file(source.file);
                    (file.path.as_str(), source.span.of(&file.text))
                })
                .collect();
            for reason in reasons {
                assert!(found.contains(reason), "{path}: {found:?}");
            }
        };
        check("spec.v", "x.y", &[("k.yaml", "spec/v")]);
        let file = "kustomization.yaml";
        check(
            "spec.r",
            "a-b-y",
            &[(file, "1"), (file, "2"), (file, "'-'")],
        );
    }

    #[test]
    fn a_generated_name_is_known_without_its_hash() {
        let (rendering, _) = build(
            "",
            &[(
                "kustomization.yaml",
                "configMapGenerator:\n- name: c\n  literals: [a=b]\n",
            )],
        );
        let resource = rendering.resources.first().unwrap();
        assert_eq!(resource.stem.as_deref(), Some("c"));
        assert_eq!(resource.identity.name, "c-4h2mbtbbt6");
    }
}
