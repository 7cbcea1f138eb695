//! `Chart.yaml`: what a chart says about itself.

mod shown;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

pub(super) use self::shown::{Field, Struct};

use super::content::Content;
use super::format::format_float;
use super::string::Text;
use super::value::Value;
use crate::discover::HelmVersion;
use crate::origin::{Origin, Origins, Role};
use crate::problem::{Kind, Problem};
use crate::text::RepoPath;
use crate::yaml::{self, Dialect};

/// The entries of `dependencies`; `None` is no list, which means something else to Helm than an empty one. Entries are changed in
/// place when dependencies are processed, and whoever shares them notices.
pub(super) type Entries = Option<Vec<Rc<RefCell<Dependency>>>>;

/// The fields of `Chart.yaml`, each text with its origin. A clone shares the entries of `dependencies`.
#[derive(Clone)]
pub(super) struct Metadata {
    pub(super) name: Text,
    pub(super) home: Text,
    pub(super) sources: Vec<Text>,
    pub(super) version: Text,
    pub(super) description: Text,
    pub(super) keywords: Vec<Text>,
    pub(super) maintainers: Vec<[Text; 3]>,
    pub(super) icon: Text,
    pub(super) api_version: Text,
    pub(super) condition: Text,
    pub(super) tags: Text,
    pub(super) app_version: Text,
    pub(super) deprecated: bool,
    pub(super) annotations: Option<Vec<(Rc<str>, Text)>>,
    pub(super) kube_version: Text,
    pub(super) dependencies: RefCell<Entries>,
    pub(super) chart_type: Text,
}

impl Default for Metadata {
    fn default() -> Self {
        let none = Text::empty;
        Self {
            name: none(),
            home: none(),
            sources: Vec::new(),
            version: none(),
            description: none(),
            keywords: Vec::new(),
            maintainers: Vec::new(),
            icon: none(),
            api_version: none(),
            condition: none(),
            tags: none(),
            app_version: none(),
            deprecated: false,
            annotations: None,
            kube_version: none(),
            dependencies: RefCell::default(),
            chart_type: none(),
        }
    }
}

/// One entry of `dependencies`.
#[derive(Clone)]
pub(super) struct Dependency {
    pub(super) name: Text,
    pub(super) version: Text,
    pub(super) repository: Text,
    pub(super) condition: Text,
    pub(super) tags: Vec<Text>,
    pub(super) enabled: bool,
    pub(super) import_values: Vec<Value>,
    pub(super) alias: Text,
    /// Where the entry begins.
    pub(super) origin: Origin,
}

/// Reads `Chart.yaml` or `requirements.yaml` over what is known already.
pub(super) fn read(
    path: &RepoPath,
    content: &Content,
    known: Metadata,
    origins: &mut Origins,
) -> Result<Metadata, Problem> {
    let wrong = |why| {
        let message = format!("error unmarshaling JSON: while decoding JSON: {why}");
        Problem::new(Kind::Render, message).in_file(path)
    };
    if !origins.traces()
        && let Some(value) = content.everyday()
        && !has_integers(value)
    {
        return fill(known, value).map_err(wrong);
    }
    let text = content.text();
    let stream = content.stream();
    // Numbers are found again by their origins, also where nobody else wants any.
    let mut own = Origins::new();
    let is_traced = origins.traces();
    let origins = if is_traced { origins } else { &mut own };
    let file = origins.add_file(path, text);
    let mut floats = BTreeMap::new();
    let value = match (stream.documents.first(), stream.error.clone()) {
        (Some(document), _) => document.value(Dialect::Helm, &mut |span| {
            let origin = origins.source(file, span, Role::Default);
            let plain = yaml::ScalarStyle::Plain;
            if let Ok(yaml::Scalar::Float(number)) =
                yaml::resolve_scalar(span.of(text), plain, None, Dialect::Helm)
            {
                floats.insert(origin, number);
            }
            origin
        }),
        (None, Some(error)) => Err(error),
        (None, None) => Ok(yaml::Value::default()),
    };
    let mut value = value.map_err(|error| {
        let message = super::functions::syntax_words(text.as_bytes(), &error);
        Problem::new(Kind::Syntax, message).at(path, error.span)
    })?;
    as_written(&mut value, &floats, is_traced);
    fill(known, &value).map_err(wrong)
}

/// True if and only if there is an integer somewhere, which may have been written as a float.
fn has_integers(value: &yaml::Value) -> bool {
    match &value.data {
        yaml::Data::Int(_) | yaml::Data::Uint(_) => true,
        yaml::Data::Sequence(items) => items.iter().any(has_integers),
        yaml::Data::Mapping(mapping) => mapping.iter().any(|entry| has_integers(&entry.value)),
        _ => false,
    }
}

/// Makes floats again of the whole numbers that were written as floats: `1e6` is another text than `1000000`. Origins stay only
/// if `is_traced`.
fn as_written(value: &mut yaml::Value, floats: &BTreeMap<Origin, f64>, is_traced: bool) {
    match &mut value.data {
        yaml::Data::Int(_) | yaml::Data::Uint(_) => {
            if let Some(number) = floats.get(&value.origin) {
                value.data = yaml::Data::Float(*number);
            }
        }
        yaml::Data::Sequence(items) => {
            for item in items {
                as_written(item, floats, is_traced);
            }
        }
        yaml::Data::Mapping(mapping) => {
            for entry in mapping.iter_mut() {
                as_written(&mut entry.value, floats, is_traced);
                if !is_traced {
                    entry.key_origin = Origin::NONE;
                }
            }
        }
        _ => {}
    }
    if !is_traced {
        value.origin = Origin::NONE;
    }
}

/// The field of a key, which Go finds whatever its case.
pub(super) fn field<'v>(value: &'v yaml::Value, key: &str) -> Option<&'v yaml::Value> {
    let mapping = value.as_mapping()?;
    mapping.get(key).or_else(|| {
        mapping
            .iter()
            .find(|entry| entry.key.eq_ignore_ascii_case(key))
            .map(|entry| &entry.value)
    })
}

fn kind_of(value: &yaml::Value) -> &'static str {
    match value.data {
        yaml::Data::Sequence(_) => "array",
        yaml::Data::Mapping(_) => "object",
        yaml::Data::String(_) => "string",
        yaml::Data::Bool(_) => "bool",
        _ => "number",
    }
}

fn wrong<T>(value: &yaml::Value, place: &str, wanted: &str) -> Result<T, String> {
    Err(format!(
        "json: cannot unmarshal {} into Go struct field {place} of type {wanted}",
        kind_of(value)
    ))
}

/// Numbers and booleans become texts where a text is wanted.
fn text_of(value: &yaml::Value, place: &str) -> Result<Text, String> {
    let text = match &value.data {
        yaml::Data::Null => return Ok(Text::empty()),
        yaml::Data::String(text) => text.clone(),
        yaml::Data::Bool(truth) => truth.to_string(),
        yaml::Data::Int(number) => number.to_string(),
        yaml::Data::Uint(number) => number.to_string(),
        yaml::Data::Float(number) => format_float(*number, b'g', None),
        _ => return wrong(value, place, "string"),
    };
    Ok(Text::new(text, value.origin))
}

fn text_field(value: &yaml::Value, key: &str, place: &str) -> Result<Option<Text>, String> {
    field(value, key)
        .map(|found| text_of(found, &format!("{place}.{key}")))
        .transpose()
}

fn texts_field(value: &yaml::Value, key: &str, place: &str) -> Result<Option<Vec<Text>>, String> {
    let place = format!("{place}.{key}");
    match field(value, key) {
        None => Ok(None),
        Some(found) if found.is_null() => Ok(Some(Vec::new())),
        Some(found) => match found.as_sequence() {
            Some(items) => items
                .iter()
                .map(|item| text_of(item, &place))
                .collect::<Result<_, _>>()
                .map(Some),
            None => wrong(found, &place, "[]string"),
        },
    }
}

fn bool_field(value: &yaml::Value, key: &str, place: &str) -> Result<Option<bool>, String> {
    match field(value, key) {
        None => Ok(None),
        Some(found) => match found.data {
            yaml::Data::Bool(truth) => Ok(Some(truth)),
            yaml::Data::Null => Ok(None),
            _ => wrong(found, &format!("{place}.{key}"), "bool"),
        },
    }
}

fn fill(mut known: Metadata, value: &yaml::Value) -> Result<Metadata, String> {
    const PLACE: &str = "";
    if value.is_null() {
        known.default_version();
        return Ok(known);
    }
    if value.as_mapping().is_none() {
        return Err(format!(
            "json: cannot unmarshal {} into Go value of type loader.chartBase",
            kind_of(value)
        ));
    }
    for (key, text) in [
        ("name", &mut known.name),
        ("home", &mut known.home),
        ("version", &mut known.version),
        ("description", &mut known.description),
        ("icon", &mut known.icon),
        ("apiVersion", &mut known.api_version),
        ("condition", &mut known.condition),
        ("tags", &mut known.tags),
        ("appVersion", &mut known.app_version),
        ("kubeVersion", &mut known.kube_version),
        ("type", &mut known.chart_type),
    ] {
        if let Some(found) = text_field(value, key, PLACE)? {
            *text = found;
        }
    }
    known.default_version();
    if let Some(found) = texts_field(value, "sources", PLACE)? {
        known.sources = found;
    }
    if let Some(found) = texts_field(value, "keywords", PLACE)? {
        known.keywords = found;
    }
    if let Some(found) = bool_field(value, "deprecated", PLACE)? {
        known.deprecated = found;
    }
    if let Some(found) = field(value, "annotations").filter(|found| !found.is_null()) {
        let place = ".annotations";
        let Some(mapping) = found.as_mapping() else {
            return wrong(found, place, "map[string]string");
        };
        let annotations = mapping
            .iter()
            .map(|entry| Ok((Rc::from(entry.key.as_str()), text_of(&entry.value, place)?)))
            .collect::<Result<_, String>>()?;
        known.annotations = Some(annotations);
    }
    if let Some(found) = field(value, "maintainers").filter(|found| !found.is_null()) {
        let Some(items) = found.as_sequence() else {
            return wrong(found, ".maintainers", "[]*chart.Maintainer");
        };
        known.maintainers = items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                let place = format!(".maintainers.{index}");
                if item.is_null() {
                    return Err(
                        "validation: maintainers must not contain empty or null nodes".to_owned(),
                    );
                }
                if item.as_mapping().is_none() {
                    return wrong(item, &place, "v2.Maintainer");
                }
                let part = |key| {
                    let found = text_field(item, key, &place)?;
                    Ok::<_, String>(found.unwrap_or_else(Text::empty))
                };
                Ok([part("name")?, part("email")?, part("url")?])
            })
            .collect::<Result<_, String>>()?;
    }
    if let Some(found) = dependencies(value)? {
        let entries = found.into_iter().map(RefCell::new).map(Rc::new).collect();
        known.dependencies = RefCell::new(Some(entries));
    }
    Ok(known)
}

/// `dependencies` of `Chart.yaml`, `requirements.yaml` or a lock file; `None` where there are none.
fn dependencies(value: &yaml::Value) -> Result<Option<Vec<Dependency>>, String> {
    let Some(found) = field(value, "dependencies").filter(|found| !found.is_null()) else {
        return Ok(None);
    };
    let Some(items) = found.as_sequence() else {
        return wrong(found, ".dependencies", "[]*v2.Dependency");
    };
    items
        .iter()
        .enumerate()
        .map(|(index, item)| dependency(item, &format!(".dependencies.{index}")))
        .collect::<Result<_, _>>()
        .map(Some)
}

/// The digest and the dependencies of a lock file; `None` where it does not say both, and in Helm's words what cannot be read.
pub(super) fn locked(content: &Content) -> Result<Option<(String, Vec<Dependency>)>, String> {
    let Some(document) = content.stream().documents.first() else {
        return Ok(None);
    };
    let value = document.value(Dialect::Helm, &mut |_| Origin::NONE);
    let value = value.map_err(|error| super::functions::syntax_words(content.bytes(), &error))?;
    let read = || {
        if !value.is_null() && value.as_mapping().is_none() {
            let kind = kind_of(&value);
            return Err(format!(
                "json: cannot unmarshal {kind} into Go value of type v2.Lock"
            ));
        }
        let digest = text_field(&value, "digest", "")?;
        let dependencies = dependencies(&value)?;
        Ok(digest
            .map(|digest| digest.lossy().into_owned())
            .zip(dependencies))
    };
    read().map_err(|why| format!("error unmarshaling JSON: while decoding JSON: {why}"))
}

fn dependency(value: &yaml::Value, place: &str) -> Result<Dependency, String> {
    if value.is_null() {
        return Err("validation: dependencies must not contain empty or null nodes".to_owned());
    }
    if value.as_mapping().is_none() {
        return wrong(value, place, "v2.Dependency");
    }
    let part = |key| Ok::<_, String>(text_field(value, key, place)?.unwrap_or_else(Text::empty));
    let import_values = match field(value, "import-values") {
        None => Vec::new(),
        Some(found) if found.is_null() => Vec::new(),
        Some(found) => match found.as_sequence() {
            Some(items) => items.iter().map(Value::from_yaml).collect(),
            None => return wrong(found, &format!("{place}.import-values"), "[]interface {}"),
        },
    };
    let name = part("name")?;
    let origin = name
        .runs()
        .next()
        .map_or(value.origin, |(_, origin)| origin);
    Ok(Dependency {
        origin,
        name,
        version: part("version")?,
        repository: part("repository")?,
        condition: part("condition")?,
        tags: texts_field(value, "tags", place)?.unwrap_or_default(),
        enabled: bool_field(value, "enabled", place)?.unwrap_or(false),
        import_values,
        alias: part("alias")?,
    })
}

/// White space becomes blanks, what cannot be printed disappears.
fn sanitize(text: &Text) -> Text {
    let clean = |c: char| c == ' ' || !(c.is_whitespace() || c.is_control());
    if text.as_str().is_some_and(|text| text.chars().all(clean)) {
        return text.clone();
    }
    text.rewrite(|c, out| {
        let c = c.or_replacement();
        if c.is_whitespace() {
            out.push(b' ');
        } else if !c.is_control() {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    })
}

impl Metadata {
    /// Charts that do not say are of the first version.
    fn default_version(&mut self) {
        if self.api_version.is_empty() {
            self.api_version = Text::new("v1", Origin::NONE);
        }
    }

    /// The entries of `dependencies` as they are now.
    pub(super) fn asked(&self) -> Vec<Dependency> {
        let entries = self.dependencies.borrow();
        let entries = entries.iter().flatten();
        entries.map(|entry| entry.borrow().clone()).collect()
    }

    /// Makes the entries of `dependencies` this chart's own.
    pub(super) fn copy_entries(&mut self) {
        for entry in self.dependencies.get_mut().iter_mut().flatten() {
            let copy = entry.borrow().clone();
            *entry = Rc::new(RefCell::new(copy));
        }
    }

    /// Helm 4 has begun a third kind of charts, which it does not render yet, and knows no further one.
    pub(super) fn check_version(&self) -> Result<(), String> {
        match &*self.api_version.lossy() {
            "" | "v1" | "v2" => Ok(()),
            "v3" => Err("invalid chart apiVersion".to_owned()),
            _ => Err("unsupported chart version".to_owned()),
        }
    }

    /// Cleans the texts and checks what Helm checks of a chart that it loads.
    pub(super) fn validate(&mut self, helm: HelmVersion) -> Result<(), String> {
        for text in [
            &mut self.name,
            &mut self.description,
            &mut self.home,
            &mut self.icon,
            &mut self.condition,
            &mut self.tags,
            &mut self.app_version,
            &mut self.kube_version,
        ] {
            *text = sanitize(text);
        }
        for text in self.sources.iter_mut().chain(&mut self.keywords) {
            *text = sanitize(text);
        }
        for text in self.maintainers.iter_mut().flatten() {
            *text = sanitize(text);
        }
        let name = self.name.lossy();
        if self.api_version.is_empty() {
            return Err("chart.metadata.apiVersion is required".to_owned());
        }
        if name.is_empty() {
            return Err("chart.metadata.name is required".to_owned());
        }
        if helm == HelmVersion::V4 && matches!(&*name, "." | "..") {
            return Err(format!("chart.metadata.name {name:?} is not allowed"));
        }
        if name.contains('/') {
            return Err(format!("chart.metadata.name {name:?} is invalid"));
        }
        let version = self.version.lossy();
        if version.is_empty() {
            return Err("chart.metadata.version is required".to_owned());
        }
        if !super::chart::is_version(&version) {
            return Err(format!("chart.metadata.version {version:?} is invalid"));
        }
        if !matches!(&*self.chart_type.lossy(), "" | "application" | "library") {
            return Err("chart.metadata.type must be application or library".to_owned());
        }
        let mut known = Vec::new();
        for entry in self.dependencies.get_mut().iter().flatten() {
            let dependency = &mut *entry.borrow_mut();
            for text in [
                &mut dependency.name,
                &mut dependency.version,
                &mut dependency.repository,
                &mut dependency.condition,
            ] {
                *text = sanitize(text);
            }
            let alias = dependency.alias.lossy().into_owned();
            let plain = alias
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
            let name = dependency.name.lossy().into_owned();
            if !plain {
                return Err(format!(
                    "dependency {name:?} has disallowed characters in the alias"
                ));
            }
            let key = if alias.is_empty() { name } else { alias };
            if known.contains(&key) {
                return Err(format!(
                    "more than one dependency with name or alias {key:?}"
                ));
            }
            known.push(key);
        }
        Ok(())
    }
}
