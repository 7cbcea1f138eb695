//! What a kustomization says about where transformers look: `configurations`, `crds` and `openapi`.

use std::sync::Arc;

use super::build::{Accumulated, Target, check};
use super::decode::Decoder;
use super::fieldspec::{Config, FieldSpec, NameReference, merge_one};
use super::file::{field_spec, gvk};
use super::load::{Build, Failure, Fallible};
use super::object::Gvk;
use super::schema::{self, Schema};
use super::source::SourceText;
use crate::origin::{Origin, Role};
use crate::problem::Kind;
use crate::yaml::{Data, Value};

/// Adds the built-in table, the configurations and the CRDs of a kustomization to what is known.
pub(super) fn merge(
    build: &mut Build<'_>,
    target: &Target,
    so_far: &mut Accumulated,
) -> Fallible<()> {
    let says = &target.says;
    if so_far.config.is_none() {
        so_far.config = Some(Arc::clone(Config::built_in()));
    }
    if !says.configurations.is_empty() {
        let mut config = Config::clone(Config::built_in());
        for name in &says.configurations {
            let source = build.text(&target.directory, name, name.origin, Role::Transformer)?;
            let value = build.value(&source)?;
            let mut decoder = Decoder::configuration();
            let mut read = read(&mut decoder, &value);
            check(build, decoder)?;
            read.sort();
            merge_into(build, &mut config, read, name.origin)?;
        }
        add(build, &mut so_far.config, Arc::new(config), Origin::NONE)?;
    }
    for name in &says.crds {
        let source = build.text(&target.directory, name, name.origin, Role::Transformer)?;
        let value = build.value(&source)?;
        check_definitions(build, &value)?;
        let config = from_crds(&value).map_err(|path| conflict(build, name.origin, &path))?;
        add(build, &mut so_far.config, Arc::new(config), name.origin)?;
    }
    Ok(())
}

/// Adds what a base, or a file, says to what is known.
pub(super) fn add(
    build: &Build<'_>,
    known: &mut Option<Arc<Config>>,
    incoming: Arc<Config>,
    origin: Origin,
) -> Fallible<()> {
    match known {
        None => {
            *known = Some(incoming);
            Ok(())
        }
        Some(known) if incoming == *Config::built_in() && !known.images.is_empty() => Ok(()),
        Some(known) => {
            let incoming = Arc::unwrap_or_clone(incoming);
            merge_into(build, Arc::make_mut(known), incoming, origin)
        }
    }
}

fn merge_into(
    build: &Build<'_>,
    known: &mut Config,
    incoming: Config,
    origin: Origin,
) -> Fallible<()> {
    known
        .merge(incoming)
        .map_err(|wrong| conflict(build, origin, &wrong.0))
}

fn conflict(build: &Build<'_>, origin: Origin, path: &str) -> Failure {
    build.fail(
        origin,
        format!("two field specs of `{path}` disagree about `create`"),
    )
}

fn read(d: &mut Decoder, value: &Value) -> Config {
    const SECTIONS: &[&str] = &[
        "namePrefix",
        "nameSuffix",
        "namespace",
        "commonLabels",
        "labels",
        "templateLabels",
        "commonAnnotations",
        "nameReference",
        "varReference",
        "images",
        "replicas",
    ];
    let o = d.object(value, "a transformer configuration", SECTIONS);
    let mut config = Config::default();
    for section in SECTIONS {
        if let Some(list) = config.section(section) {
            *list = d.list(o.get(section), field_spec);
        }
    }
    config.name_reference = d.list(o.get("nameReference"), |d, value| {
        let o = d.object(
            value,
            "an entry of `nameReference`",
            &["group", "version", "kind", "fieldSpecs"],
        );
        let mut referrers = d.list(o.get("fieldSpecs"), field_spec);
        for spec in &mut referrers {
            spec.parts.extend(o.origins());
        }
        NameReference {
            gvk: gvk(d, &o),
            referrers,
        }
    });
    config
}

/// Types of CRDs are followed no deeper than this.
const MAX_TYPES: usize = 30;

/// Refuses what Go cannot read as definitions. That `crds` names CRDs, as its name says, is a common mistake.
fn check_definitions(build: &Build<'_>, value: &Value) -> Fallible<()> {
    let wrong = |origin: Origin, message: String| {
        build
            .problem(Kind::Syntax, origin, message)
            .help("`crds` names files of OpenAPI definitions, each under its name with a `Schema`, not CustomResourceDefinitions.")
    };
    for entry in value.as_mapping().into_iter().flatten() {
        let definition = match &entry.value.data {
            Data::Null => continue,
            Data::Mapping(definition) => definition,
            _ => {
                let message = format!("`{}` is not an OpenAPI definition", entry.key);
                return Err(wrong(entry.value.origin, message).into());
            }
        };
        for field in definition {
            let fits = match (field.key.to_ascii_lowercase().as_str(), &field.value.data) {
                (_, Data::Null) => true,
                ("schema", data) => matches!(data, Data::Mapping(_)),
                ("dependencies", Data::Sequence(names)) => names
                    .iter()
                    .all(|name| name.is_null() || name.as_str().is_some()),
                ("dependencies", _) => false,
                _ => true,
            };
            if !fits {
                let message = format!("`{}` of `{}` is of another type", field.key, entry.key);
                return Err(wrong(field.value.origin, message).into());
            }
        }
    }
    Ok(())
}

/// What the OpenAPI extensions of CRDs say about their fields.
fn from_crds(value: &Value) -> Result<Config, String> {
    let mut config = Config::default();
    let Some(types) = value.as_mapping() else {
        return Ok(config);
    };
    for entry in types {
        let Some(properties) = properties(&entry.value) else {
            continue;
        };
        let is_object = ["kind", "apiVersion", "metadata"]
            .iter()
            .all(|field| properties.get(field).is_some());
        if !is_object {
            continue;
        }
        let kind = entry.key.rsplit('.').next().unwrap_or_default();
        let gvk = Gvk {
            kind: kind.to_owned(),
            ..Gvk::default()
        };
        let mut path = Vec::new();
        fields_of(value, &entry.key, &gvk, &mut path, &mut config)?;
    }
    Ok(config)
}

fn properties(definition: &Value) -> Option<&Value> {
    let schema = definition
        .get("Schema")
        .or_else(|| definition.get("schema"))?;
    schema
        .get("properties")
        .filter(|value| matches!(value.data, Data::Mapping(_)))
}

fn fields_of(
    types: &Value,
    name: &str,
    gvk: &Gvk,
    path: &mut Vec<String>,
    config: &mut Config,
) -> Result<(), String> {
    let Some(fields) = types
        .get(name)
        .and_then(properties)
        .and_then(Value::as_mapping)
    else {
        return Ok(());
    };
    if path.len() > MAX_TYPES {
        return Ok(());
    }
    for entry in fields {
        let says = |name: &str| entry.value.get(name).and_then(Value::as_str);
        path.push(entry.key.clone());
        let spec = |path: &[String]| FieldSpec {
            gvk: gvk.clone(),
            path: path.join("/"),
            create: false,
            parts: Vec::new(),
        };
        let note = |list: &mut Vec<FieldSpec>| merge_one(list, spec(path)).map_err(|c| c.0);
        if says("x-kubernetes-annotation").is_some() {
            note(&mut config.common_annotations)?;
        }
        if says("x-kubernetes-label-selector").is_some() {
            note(&mut config.common_labels)?;
        }
        if says("x-kubernetes-identity").is_some() {
            note(&mut config.name_prefix)?;
        }
        if let (Some(version), Some(kind)) = (
            says("x-kubernetes-object-ref-api-version"),
            says("x-kubernetes-object-ref-kind"),
        ) {
            let key = says("x-kubernetes-object-ref-name-key").unwrap_or("name");
            let mut full = path.clone();
            full.push(key.to_owned());
            config
                .merge_reference(NameReference {
                    gvk: Gvk {
                        group: String::new(),
                        version: version.to_owned(),
                        kind: kind.to_owned(),
                    },
                    referrers: vec![spec(&full)],
                })
                .map_err(|c| c.0)?;
        }
        if let Some(reference) = says("$ref") {
            fields_of(types, reference, gvk, path, config)?;
        }
        path.pop();
    }
    Ok(())
}

/// The types that merging knows, chosen by `openapi` and read when they are needed.
#[derive(Default)]
pub(super) struct Types {
    /// The file that a kustomization chose.
    chosen: Option<Chosen>,
    /// True once some kustomization has asked for types, be it the built-in ones.
    is_chosen: bool,
    /// Kinds that were read before, each once: one that the built-in table of scopes does not know makes Kustomize look.
    met: Vec<(String, String)>,
    /// True once the built-in types were used, which Kustomize does not forget.
    used_built_in: bool,
}

struct Chosen {
    source: SourceText,
    origin: Origin,
    on_top_of_built_in: bool,
    read: Option<Arc<Schema>>,
}

impl Types {
    /// Notes the kind of a resource that was read.
    pub(super) fn met(&mut self, api_version: &str, kind: &str) {
        let same = |(a, b): &(String, String)| a == api_version && b == kind;
        if !self.met.iter().any(same) && self.met.len() < MAX_KINDS {
            self.met.push((api_version.to_owned(), kind.to_owned()));
        }
    }

    /// True if and only if the chosen types have not been read and Kustomize would look into them for a scope.
    pub(super) fn are_needed(&self) -> bool {
        let unread = self
            .chosen
            .as_ref()
            .is_some_and(|chosen| chosen.read.is_none());
        unread && self.met_unknown()
    }

    fn met_unknown(&self) -> bool {
        let built_in = schema::built_in();
        let unknown = |(version, kind): &(String, String)| built_in.kind(version, kind).is_none();
        self.met.iter().any(unknown)
    }
}

/// Kinds beyond this many are not told apart: there are types for none of them.
const MAX_KINDS: usize = 1000;

/// The types that merging knows.
pub(super) fn schema(build: &mut Build<'_>) -> Fallible<Arc<Schema>> {
    let Some(chosen) = &build.types.chosen else {
        build.types.used_built_in = true;
        return Ok(Arc::clone(schema::built_in()));
    };
    if let Some(read) = &chosen.read {
        return Ok(Arc::clone(read));
    }
    let (source, origin, on_top) = (
        chosen.source.clone(),
        chosen.origin,
        chosen.on_top_of_built_in,
    );
    let json = super::structured::json(&build.value(&source)?, false);
    let read = serde_json::from_str(&json)
        .ok()
        .and_then(|document| Schema::from_openapi(&document));
    let Some(read) = read else {
        return Err(build.fail(origin, "the file is not an OpenAPI document"));
    };
    let read = Arc::new(if on_top {
        schema::built_in().with(&read)
    } else {
        read
    });
    if let Some(chosen) = &mut build.types.chosen {
        chosen.read = Some(Arc::clone(&read));
    }
    Ok(read)
}

/// Chooses the types that merging knows, if a kustomization asks for others. The first one to ask is heard; the top one always.
pub(super) fn choose_schema(build: &mut Build<'_>, target: &Target, is_top: bool) -> Fallible<()> {
    let says = &target.says;
    let path = says.openapi.get("path").cloned();
    let source = match &path {
        Some(path) => Some(build.text(&target.directory, path, path.origin, Role::Transformer)?),
        None => None,
    };
    if build.types.is_chosen && !is_top {
        return Ok(());
    }
    let version = says.openapi.get("version");
    if let (Some(source), Some(path)) = (source, path) {
        if let Some(version) = version {
            return Err(build.fail(version.origin, "`version` and `path` exclude each other"));
        }
        // Kustomize forgets the built-in types unless it has needed them before.
        let on_top_of_built_in = build.types.used_built_in || build.types.met_unknown();
        build.types.met.clear();
        build.types.is_chosen = true;
        build.types.chosen = Some(Chosen {
            source,
            origin: path.origin,
            on_top_of_built_in,
            read: None,
        });
        return Ok(());
    }
    match version {
        None => Ok(()),
        Some(version) if version.is_empty() => Ok(()),
        Some(version) if &**version == "v1.21.2" => {
            build.types.is_chosen = true;
            Ok(())
        }
        Some(version) => Err(build
            .problem(
                crate::problem::Kind::Render,
                version.origin,
                format!("the types of Kubernetes {} are not built in", &**version),
            )
            .help("The only version is v1.21.2.")
            .into()),
    }
}
