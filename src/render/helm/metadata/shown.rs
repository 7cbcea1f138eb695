//! `.Chart`: what templates see of a chart's metadata, as the values of Go that it is.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Dependency, Metadata};
use crate::discover::HelmVersion;
use crate::origin::Origin;
use crate::render::helm::format;
use crate::render::helm::function::{Context, FunctionError, Type};
use crate::render::helm::string::Text;
use crate::render::helm::value::{Data, Items, List, Map, MapType, Object, Value};

impl Metadata {
    /// `.Chart` for templates: a map of Go's field names in Helm 4, a struct in Helm 3.
    pub(in crate::render::helm) fn to_value(&self, is_root: bool, helm: HelmVersion) -> Value {
        let fields = self.fields(is_root, helm);
        match helm {
            HelmVersion::V4 => fields_map(fields),
            HelmVersion::V3 => Value::object(
                Struct {
                    type_name: "struct { chart.Metadata; IsRoot bool }",
                    fields,
                },
                Origin::NONE,
            ),
        }
    }

    fn fields(&self, is_root: bool, helm: HelmVersion) -> Vec<Field> {
        let text = |text: &Text| Value::from(text.clone());
        // What nobody wrote was never made in Helm 3, and is null where JSON is written.
        let list = |items: Items, values: Option<Vec<Value>>| {
            let list = match (helm, values) {
                (HelmVersion::V4, values) => List::new(values.unwrap_or_default()),
                (HelmVersion::V3, Some(values)) => List::of(items, values),
                (HelmVersion::V3, None) => List::or_nil(items, Vec::new()),
            };
            Value::new(Data::List(Rc::new(list)), Origin::NONE)
        };
        let texts = |texts: &[Text]| {
            let values = texts.iter().cloned().map(Value::from).collect();
            list(Items::String, (!texts.is_empty()).then_some(values))
        };
        let structs = |type_name: &'static str, of: Option<Vec<Vec<Field>>>| {
            let item = |fields| match helm {
                HelmVersion::V4 => fields_map(fields),
                HelmVersion::V3 => Value::object(Struct { type_name, fields }, Origin::NONE),
            };
            let values = of.map(|of| of.into_iter().map(item).collect());
            list(Items::Any, values)
        };
        let annotations = match &self.annotations {
            None => Value::nil(Origin::NONE),
            Some(annotations) => {
                let map = Map::of(MapType::Strings);
                for (key, value) in annotations {
                    map.set(Rc::clone(key), Origin::NONE, value.clone().into());
                }
                Value::map(map, Origin::NONE)
            }
        };
        let maintainer = |[name, email, url]: &[Text; 3]| {
            vec![
                Field::new("Name", "name", text(name)),
                Field::new("Email", "email", text(email)),
                Field::new("URL", "url", text(url)),
            ]
        };
        let maintainers = self.maintainers.iter().map(maintainer).collect();
        let maintainers = (!self.maintainers.is_empty()).then_some(maintainers);
        let dependency = |entry: &Rc<RefCell<Dependency>>| {
            let dependency = entry.borrow();
            let imports = Value::list(dependency.import_values.clone(), Origin::NONE);
            let enabled = Value::bool(dependency.enabled, Origin::NONE);
            vec![
                Field::new("Name", "name", text(&dependency.name)),
                Field::new("Version", "version", text(&dependency.version)),
                Field::new("Repository", "repository", text(&dependency.repository)),
                Field::new("Condition", "condition", text(&dependency.condition)),
                Field::new("Tags", "tags", texts(&dependency.tags)),
                Field::new("Enabled", "enabled", enabled),
                Field::new("ImportValues", "import-values", imports),
                Field::new("Alias", "alias", text(&dependency.alias)),
            ]
        };
        let entries = self.dependencies.borrow();
        let dependencies = entries
            .as_ref()
            .map(|entries| entries.iter().map(dependency).collect());
        vec![
            Field::new("Name", "name", text(&self.name)),
            Field::new("Home", "home", text(&self.home)),
            Field::new("Sources", "sources", texts(&self.sources)),
            Field::new("Version", "version", text(&self.version)),
            Field::new("Description", "description", text(&self.description)),
            Field::new("Keywords", "keywords", texts(&self.keywords)),
            Field::new(
                "Maintainers",
                "maintainers",
                structs("*chart.Maintainer", maintainers),
            ),
            Field::new("Icon", "icon", text(&self.icon)),
            Field::new("APIVersion", "apiVersion", text(&self.api_version)),
            Field::new("Condition", "condition", text(&self.condition)),
            Field::new("Tags", "tags", text(&self.tags)),
            Field::new("AppVersion", "appVersion", text(&self.app_version)),
            Field::new(
                "Deprecated",
                "deprecated",
                Value::bool(self.deprecated, Origin::NONE),
            ),
            Field::new("Annotations", "annotations", annotations),
            Field::new("KubeVersion", "kubeVersion", text(&self.kube_version)),
            Field::new(
                "Dependencies",
                "dependencies",
                structs("*chart.Dependency", dependencies),
            ),
            Field::new("Type", "type", text(&self.chart_type)),
            Field::new("IsRoot", "IsRoot", Value::bool(is_root, Origin::NONE)),
        ]
    }
}

/// The fields as a map by their names in Go.
fn fields_map(fields: Vec<Field>) -> Value {
    let map = Map::new();
    for field in fields {
        map.set(field.go, Origin::NONE, field.value);
    }
    Value::map(map, Origin::NONE)
}

/// A field of a Go struct: its name in Go, its name in JSON, its value.
pub(in crate::render::helm) struct Field {
    pub(in crate::render::helm) go: &'static str,
    pub(in crate::render::helm) json: &'static str,
    pub(in crate::render::helm) value: Value,
}

impl Field {
    pub(in crate::render::helm) fn new(go: &'static str, json: &'static str, value: Value) -> Self {
        Self { go, json, value }
    }
}

/// A Go struct with fields only.
pub(in crate::render::helm) struct Struct {
    pub(in crate::render::helm) type_name: &'static str,
    pub(in crate::render::helm) fields: Vec<Field>,
}

impl Object for Struct {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn field(&self, name: &str) -> Option<Value> {
        self.fields
            .iter()
            .find(|field| field.go == name)
            .map(|field| field.value.clone())
    }

    fn method(&self, _: &str) -> Option<&'static [Type]> {
        None
    }

    fn call(&self, _: &str, _: &mut Context<'_>, _: &[Value]) -> Result<Value, FunctionError> {
        Err(FunctionError::new("no such method"))
    }

    fn print(&self) -> String {
        let fields: Vec<String> = self
            .fields
            .iter()
            .map(|field| format::plain(&field.value).lossy().into_owned())
            .collect();
        format!("{{{}}}", fields.join(" "))
    }

    /// JSON leaves out what is empty, but for the two fields of a dependency that must be there.
    fn entries(&self) -> Option<Vec<(Rc<str>, Value)>> {
        Some(
            self.fields
                .iter()
                .filter(|field| {
                    let required = self.type_name == "*chart.Dependency"
                        && matches!(field.go, "Name" | "Repository");
                    required || field.value.truth()
                })
                .map(|field| (Rc::from(field.json), field.value.clone()))
                .collect(),
        )
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
