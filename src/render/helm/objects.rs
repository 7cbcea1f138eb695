//! What templates find in their dot: `.Values`, `.Release`, `.Chart`, `.Files`, `.Subcharts`, and which templates there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::chart::Chart;
use super::content::Content;
use super::files::Files;
use super::value::{Map, MapType, Value};
use crate::discover::{HelmVersion, Release};
use crate::origin::{Origin, Origins};
use crate::text::RepoPath;

/// A template file and what it is executed with.
pub(super) struct Template {
    /// Where the file is in the repository.
    pub(super) path: RepoPath,
    /// Its text.
    pub(super) content: Arc<Content>,
    /// What is dot in it; shared by the templates of a chart.
    pub(super) dot: Map,
    /// `.Template.BasePath`.
    pub(super) base: String,
    /// What decided that the template is executed at all.
    pub(super) control: Origin,
}

/// All templates of a chart and its dependencies, by the names that Helm gives them.
pub(super) type Templates = BTreeMap<String, Template>;

/// What a template is told about its release.
fn release_map(release: &Release) -> Value {
    let map = Map::new();
    let text = |text: &str| Value::string(text, Origin::NONE);
    for (key, value) in [
        ("Name", text(&release.name)),
        ("Namespace", text(&release.namespace)),
        ("IsUpgrade", Value::bool(release.is_upgrade, Origin::NONE)),
        ("IsInstall", Value::bool(!release.is_upgrade, Origin::NONE)),
        ("Revision", Value::int(1, Origin::NONE)),
        ("Service", text("Helm")),
    ] {
        map.set(key, Origin::NONE, value);
    }
    Value::map(map, Origin::NONE)
}

/// The Go type of `.Values`.
pub(super) fn values_type(helm: HelmVersion) -> MapType {
    MapType::Values(match helm {
        HelmVersion::V4 => "common.Values",
        HelmVersion::V3 => "chartutil.Values",
    })
}

/// Collects the templates of `chart` with `values` as its values.
pub(super) fn templates(
    chart: &Chart,
    values: &Map,
    release: &Release,
    capabilities: &Value,
    origins: &mut Origins,
) -> Templates {
    let mut collecting = Collecting {
        templates: Templates::new(),
        helm: release.helm,
        release: release_map(release),
        capabilities: capabilities.clone(),
        origins,
    };
    values.borrow_mut().map_type = values_type(release.helm);
    collecting.chart(chart, values, Origin::NONE);
    collecting.templates
}

struct Collecting<'o> {
    templates: Templates,
    helm: HelmVersion,
    release: Value,
    capabilities: Value,
    origins: &'o mut Origins,
}

impl Collecting<'_> {
    /// Gives the chart's dot. Sub-charts come first, so that a file of the parent wins over one of the same name.
    fn chart(&mut self, chart: &Chart, values: &Map, control: Origin) -> Map {
        let control = self.origins.both(chart.control.get(), control);
        let full = chart.full_path();
        let dot = Map::new();
        let subcharts = Map::new();
        let files = Files::new(&chart.files, self.origins);
        for (key, value) in [
            ("Chart", chart.metadata.to_value(chart.is_root(), self.helm)),
            ("Files", Value::object(files, Origin::NONE)),
            ("Release", self.release.clone()),
            ("Capabilities", self.capabilities.clone()),
            ("Values", Value::map(values.clone(), Origin::NONE)),
            ("Subcharts", Value::map(subcharts.clone(), Origin::NONE)),
        ] {
            dot.set(key, Origin::NONE, value);
        }
        for below in chart.dependencies().iter() {
            let name = below.name();
            let inner = values
                .get(name)
                .and_then(|value| value.as_map().cloned())
                .unwrap_or_else(|| Map::of(values_type(self.helm)));
            let inner = self.chart(below, &inner, control);
            subcharts.set(name, Origin::NONE, Value::map(inner, Origin::NONE));
        }
        for file in chart.templates.iter() {
            let base = file.name.rsplit('/').next().unwrap_or(&file.name);
            if chart.is_library() && !base.starts_with('_') {
                continue;
            }
            let template = Template {
                path: file.path.clone(),
                content: Arc::clone(&file.content),
                dot: dot.clone(),
                base: format!("{full}/templates"),
                control,
            };
            self.templates
                .insert(format!("{full}/{}", file.name), template);
        }
        dot
    }
}
