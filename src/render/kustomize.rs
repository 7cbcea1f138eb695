//! Kustomizations: what `kustomize build` prints (v5.8.1), with the origin of every value.
//!
//! Resources are read into trees of their own ([`node`]), accumulated and transformed ([`build`]) and printed once, at the end.
//! Nothing is printed and read again in between, so each value keeps where it came from.

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
mod replacement;
mod reprint;
mod schema;
mod selector;
mod set;
mod sort;
mod source;
mod structured;
mod transform;
mod vars;

use super::Rendering;
use crate::discover::Overlay;
use crate::origin::{Origin, Origins, Role, Traced};
use crate::problem::Kind;
use crate::resource::Resource;
use crate::snapshot::Tree;
use crate::text::Span;
use crate::yaml::emit;

use build::{Accumulated, Target};
use decode::{Text, TextMap};
use load::{Build, Fallible};
use object::Object;
use sort::Ranks;

/// What `kustomize build` prints for `overlay`. Where Kustomize fails, the output is empty and a problem says why.
pub fn render(tree: &Tree<'_>, overlay: &Overlay, origins: &mut Origins) -> Rendering {
    let mut build = Build::new(tree, overlay, origins);
    match run(&mut build) {
        Ok(rendering) => rendering,
        Err(failure) => Rendering {
            problems: failure.0,
            ..Rendering::default()
        },
    }
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
        target.annotated_path = Some(String::new());
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
    if wants(&target, "managedByLabel") {
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
        object.retype_metadata_map("annotations");
    }
    print(build, objects)
}

/// Adds the hash of its content to the name of each object whose generator asked for it.
fn add_hashes(build: &mut Build<'_>, objects: &mut [Object]) -> Fallible<()> {
    for object in objects {
        if !object.book.needs_hash || object.is_gone() {
            continue;
        }
        let hash = generator::hash(object).map_err(|wrong| build.fail(wrong.origin, wrong.why))?;
        object.remember_name();
        let stem = object.name().to_owned();
        let origin = object
            .node()
            .field("metadata")
            .and_then(|metadata| metadata.field("name"))
            .map_or(Origin::NONE, |name| name.origin);
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
    objects.retain(|object| {
        object
            .annotation("config.kubernetes.io/local-config")
            .is_none_or(|local| local == "false")
    });
    Ok(())
}

fn order(build: &Build<'_>, target: &Target, objects: &mut Vec<Object>) -> Fallible<()> {
    let ranks = match &target.says.sort_options {
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
        let value = object
            .node()
            .value()
            .map_err(|wrong| build.fail(wrong.origin, wrong.why))?;
        let text = emit::emit_traced(&value)
            .map_err(|error| build.fail(object.node().origin, error.to_string()))?;
        if !output.is_empty() {
            output.push("---\n", Origin::NONE);
        }
        let start = output.as_str().len();
        output.push_traced(&text);
        let span = Span::new(start, output.as_str().len());
        if let Some(mut resource) = Resource::new(value, span) {
            resource.stem = object.stem;
            rendering.resources.push(resource);
        }
    }
    rendering.output = output;
    Ok(rendering)
}
