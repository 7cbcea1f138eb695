//! From rendered files to what `helm template` prints: documents split, checked and sorted, hooks after everything else.

use std::collections::BTreeMap;

use super::chart::{Chart, File};
use super::functions::{origins_of, syntax_words};
use super::glob::PathPattern;
use super::metadata::field;
use super::string::{Text, TextBuilder};
use crate::discover::{HelmVersion, Release};
use crate::origin::{Origin, Origins, Role};
use crate::problem::{Kind, Problem};
use crate::resource::Resource;
use crate::text::Span;
use crate::yaml::{self, Dialect};

/// The order in which kinds are installed. Helm 3 does not know the two webhook configurations, which then come after all others.
const ORDER: &[&str] = &[
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// The events of `helm.sh/hook`.
const EVENTS: &[&str] = &[
    "pre-install",
    "post-install",
    "pre-delete",
    "post-delete",
    "pre-upgrade",
    "post-upgrade",
    "pre-rollback",
    "post-rollback",
    "test",
    "test-success",
];

/// One document of a rendered file.
struct Document {
    path: String,
    text: Text,
    kind: String,
    value: yaml::Value,
    /// The bytes of its value in `text`.
    span: Span,
}

/// What a document says about being a hook.
enum Hook {
    /// Nothing.
    No,
    /// That it is one, and whether it is a test.
    Yes { test: bool },
    /// Something that Helm does not know, and therefore drops.
    Unknown,
}

/// What is printed, and the objects in it if origins are wanted: an object without them is of no use to anybody.
pub(super) struct Output {
    pub(super) text: Text,
    pub(super) resources: Vec<Resource>,
}

/// Where a rendered file came from, for the place of a problem.
pub(super) type Places = BTreeMap<String, crate::text::RepoPath>;

/// Splits, checks, sorts and prints the rendered files.
pub(super) fn print(
    chart: &Chart,
    release: &Release,
    rendered: BTreeMap<String, Text>,
    places: &Places,
    origins: &mut Origins,
) -> Result<Output, Problem> {
    let mut manifests = Vec::new();
    let mut hooks = Vec::new();
    for (path, text) in rendered {
        let name = path.rsplit('/').next().unwrap_or(&path);
        if path.ends_with("NOTES.txt") || name.starts_with('_') {
            continue;
        }
        for part in split(&text, release.helm) {
            let (document, hook) = read(&path, part, release.helm, places, origins)?;
            match hook {
                Hook::No => manifests.push(document),
                Hook::Yes { test } => hooks.push((document, test)),
                Hook::Unknown => {}
            }
        }
    }
    manifests.sort_by_cached_key(|document| rank(&document.kind, release.helm));
    hooks.sort_by_cached_key(|(document, _)| rank(&document.kind, release.helm));
    let mut printer = Printer::new(origins);
    if release.include_crds {
        printer.crds(chart, Origin::NONE, origins);
    }
    for document in manifests {
        printer.document(document);
    }
    printer.trim();
    if release.hooks {
        for (document, test) in hooks {
            if !(test && release.skip_tests) {
                printer.document(document);
            }
        }
    }
    let output = Output {
        text: printer.out.finish(),
        resources: printer.resources,
    };
    if release.show_only.is_empty() {
        Ok(output)
    } else {
        show_only(&output, release, origins)
    }
}

/// Sorts known kinds first in their order, then unknown kinds by name.
fn rank(kind: &str, helm: HelmVersion) -> (usize, String) {
    let known = match helm {
        HelmVersion::V4 => ORDER,
        HelmVersion::V3 => ORDER.get(..ORDER.len() - 2).unwrap_or(ORDER),
    };
    match known.iter().position(|known| *known == kind) {
        Some(place) => (place, String::new()),
        None => (usize::MAX, kind.to_owned()),
    }
}

fn is_blank(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).trim().is_empty()
}

/// The documents of a file. Helm 4 keeps the white space behind a document, Helm 3 does not.
fn split(text: &Text, helm: HelmVersion) -> Vec<Text> {
    let bytes = text.as_bytes();
    let mut cuts: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    if helm == HelmVersion::V4 {
        at = bytes.len() - trim_start(bytes).len();
    }
    let first = at;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        if rest.starts_with(b"---") {
            let after = rest.get(3..).unwrap_or_default();
            let blank = |b: &u8| match helm {
                HelmVersion::V4 => matches!(b, b' ' | b'\t'),
                HelmVersion::V3 => matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0C),
            };
            let blanks = after.iter().take_while(|b| blank(b)).count();
            cuts.push((at, at + 3 + blanks));
            if helm == HelmVersion::V3 && after.get(..blanks).is_some_and(|b| b.contains(&b'\n')) {
                // The line break before the next separator has been eaten with the blanks.
                at += 3 + blanks;
                match next_line(bytes, at) {
                    Some(next) => at = next,
                    None => break,
                }
                continue;
            }
        }
        match next_line(bytes, at) {
            Some(next) => at = next,
            None => break,
        }
    }
    let mut parts = Vec::new();
    let mut start = first;
    for (from, to) in cuts.into_iter().chain([(bytes.len(), bytes.len())]) {
        if from >= start {
            parts.push((start, from));
        }
        start = to;
    }
    parts
        .into_iter()
        .filter_map(|(from, to)| {
            let part = bytes.get(from..to)?;
            if is_blank(part) {
                return None;
            }
            let from = to - trim_start(part).len();
            let to = match helm {
                HelmVersion::V4 => to,
                HelmVersion::V3 => from + trim_end(bytes.get(from..to)?).len(),
            };
            Some(text.slice(from..to))
        })
        .collect()
}

fn next_line(bytes: &[u8], at: usize) -> Option<usize> {
    let end = memchr::memchr(b'\n', bytes.get(at..)?)?;
    Some(at + end + 1)
}

fn trim_start(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start().as_bytes(),
        Err(_) => bytes.trim_ascii_start(),
    }
}

fn trim_end(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_end().as_bytes(),
        Err(_) => bytes.trim_ascii_end(),
    }
}

/// Checks a document as Helm does: it must be a map whose head has the right types.
fn read(
    path: &str,
    text: Text,
    helm: HelmVersion,
    places: &Places,
    origins: &mut Origins,
) -> Result<(Document, Hook), Problem> {
    let place = |problem: Problem| match places.get(path) {
        Some(file) => problem.in_file(file),
        None => problem,
    };
    let wrong = |why: String| {
        place(Problem::new(
            Kind::Render,
            format!("YAML parse error on {path}: {why}"),
        ))
    };
    // Without origins nobody wants more than the head of an object.
    let is = |key: Option<&str>, name: &str| key.is_some_and(|key| key.eq_ignore_ascii_case(name));
    let in_head = |depth: usize, key: Option<&str>| match depth {
        0 => true,
        1 => is(key, "metadata"),
        _ => depth == 2 && is(key, "annotations"),
    };
    let direct = match std::str::from_utf8(text.as_bytes()) {
        Ok(text) if !origins.traces() => yaml::everyday(text, in_head),
        _ => None,
    };
    let (value, span) = match direct {
        Some(value) => (value, Span::default()),
        None => object(&text, origins).map_err(wrong)?,
    };
    let head = head(&value, helm).map_err(|why| {
        wrong(format!(
            "error unmarshaling JSON: while decoding JSON: {why}"
        ))
    })?;
    let hook = match head.hook {
        None => Hook::No,
        Some(events) => {
            let events: Vec<String> = events
                .split(',')
                .map(|event| event.trim().to_lowercase())
                .collect();
            if events.iter().all(|event| EVENTS.contains(&event.as_str())) {
                Hook::Yes {
                    test: events.iter().any(|event| event.starts_with("test")),
                }
            } else {
                Hook::Unknown
            }
        }
    };
    let document = Document {
        path: path.to_owned(),
        text,
        kind: head.kind,
        value,
        span,
    };
    Ok((document, hook))
}

/// The first document in a text with its place; in Helm's words what is wrong where it cannot be read.
fn object(text: &Text, origins: &mut Origins) -> Result<(yaml::Value, Span), String> {
    let stream = yaml::parse_bytes(text.as_bytes());
    let words = |error| syntax_words(text.as_bytes(), &error);
    match (stream.documents.first(), stream.error) {
        (Some(document), _) => {
            let value = document.value(Dialect::Helm, &mut origins_of(text, origins));
            Ok((value.map_err(words)?, document.span))
        }
        (None, Some(error)) => Err(words(error)),
        (None, None) => Ok((yaml::Value::default(), Span::default())),
    }
}

/// The part of an object that Helm reads.
struct Head {
    kind: String,
    hook: Option<String>,
}

fn wrong<T>(value: &yaml::Value, place: &str, wanted: &str) -> Result<T, String> {
    let kind = match value.data {
        yaml::Data::Sequence(_) => "array",
        yaml::Data::Mapping(_) => "object",
        yaml::Data::String(_) => "string",
        yaml::Data::Bool(_) => "bool",
        _ => "number",
    };
    Err(format!(
        "json: cannot unmarshal {kind} into Go {place} of type {wanted}"
    ))
}

fn head(value: &yaml::Value, helm: HelmVersion) -> Result<Head, String> {
    let mut head = Head {
        kind: String::new(),
        hook: None,
    };
    if value.is_null() {
        return Ok(head);
    }
    if value.as_mapping().is_none() {
        let wanted = match helm {
            HelmVersion::V4 => "util.SimpleHead",
            HelmVersion::V3 => "releaseutil.SimpleHead",
        };
        return wrong(value, "value", wanted);
    }
    let text = |value: Option<&yaml::Value>, place: &str| -> Result<String, String> {
        match value.map(|value| &value.data) {
            None | Some(yaml::Data::Null) => Ok(String::new()),
            Some(yaml::Data::String(text)) => Ok(text.clone()),
            Some(yaml::Data::Bool(truth)) => Ok(truth.to_string()),
            Some(yaml::Data::Int(number)) => Ok(number.to_string()),
            Some(yaml::Data::Uint(number)) => Ok(number.to_string()),
            Some(yaml::Data::Float(number)) => Ok(number.to_string()),
            Some(yaml::Data::Sequence(_) | yaml::Data::Mapping(_)) => match value {
                Some(value) => wrong(value, place, "string"),
                None => Ok(String::new()),
            },
        }
    };
    // Helm 3 is built with an older Go, which names the struct where it has a name.
    let place = |key: &str| match helm {
        HelmVersion::V4 => format!("struct field .{key}"),
        HelmVersion::V3 => format!("struct field SimpleHead.{key}"),
    };
    text(field(value, "apiVersion"), &place("apiVersion"))?;
    head.kind = text(field(value, "kind"), &place("kind"))?;
    let Some(metadata) = field(value, "metadata").filter(|value| !value.is_null()) else {
        return Ok(head);
    };
    if metadata.as_mapping().is_none() {
        let wanted = "struct { Name string \"json:\\\"name\\\"\"; Annotations map[string]string \"json:\\\"annotations\\\"\" }";
        return wrong(metadata, &place("metadata"), wanted);
    }
    text(field(metadata, "name"), "struct field .metadata.name")?;
    let Some(annotations) = field(metadata, "annotations").filter(|value| !value.is_null()) else {
        return Ok(head);
    };
    let place = "struct field .metadata.annotations";
    let Some(annotations) = annotations.as_mapping() else {
        return wrong(annotations, place, "map[string]string");
    };
    for entry in annotations {
        let place = match helm {
            HelmVersion::V4 => format!("{place}.{}", entry.key),
            HelmVersion::V3 => place.to_owned(),
        };
        let value = text(Some(&entry.value), &place)?;
        if entry.key == "helm.sh/hook" {
            head.hook = Some(value);
        }
    }
    Ok(head)
}

struct Printer {
    out: TextBuilder,
    resources: Vec<Resource>,
    wants_resources: bool,
}

impl Printer {
    fn new(origins: &Origins) -> Self {
        Self {
            out: TextBuilder::new(),
            resources: Vec::new(),
            wants_resources: origins.traces(),
        }
    }

    fn source(&mut self, path: &str) {
        let line = format!("---\n# Source: {path}\n");
        self.out.push(line.as_bytes(), Origin::NONE);
    }

    fn document(&mut self, document: Document) {
        self.source(&document.path);
        let base = self.out.len();
        self.out.push_text(&document.text);
        self.out.push(b"\n", Origin::NONE);
        if self.wants_resources {
            let span = Span::new(
                base + document.span.start as usize,
                base + document.span.end as usize,
            );
            self.resources.extend(Resource::new(document.value, span));
        }
    }

    /// The files in `crds/` as they are, the chart's before those of its dependencies.
    fn crds(&mut self, chart: &Chart, control: Origin, origins: &mut Origins) {
        let control = origins.both(chart.control.get(), control);
        let full = chart.full_path();
        let is_crd = |file: &&File| {
            let lower = file.name.to_ascii_lowercase();
            let extension = lower.rsplit('/').next().unwrap_or(&lower).rsplit_once('.');
            file.name.starts_with("crds/")
                && matches!(extension, Some((_, "yaml" | "yml" | "json")))
        };
        for file in chart.files.iter().filter(is_crd) {
            self.source(&format!("{full}/{}", file.name));
            let content = &file.content;
            let id = origins.add_file(&file.path, content.text());
            let length = content.bytes().len();
            let whole = origins.source(id, Span::new(0, length), Role::Manifest);
            let whole = origins.under(whole, control);
            let base = self.out.len();
            self.out.push(content.bytes(), whole);
            self.out.push(b"\n", Origin::NONE);
            // What is not UTF-8 holds no object.
            if !self.wants_resources || content.text().as_bytes() != &**content.bytes() {
                continue;
            }
            for document in &content.stream().documents {
                let value = document.value(Dialect::Helm, &mut |span| {
                    let origin = origins.source(id, span, Role::Manifest);
                    origins.under(origin, control)
                });
                let span = Span::new(
                    base + document.span.start as usize,
                    base + document.span.end as usize,
                );
                let value = value.ok();
                self.resources
                    .extend(value.and_then(|value| Resource::new(value, span)));
            }
        }
        for below in chart.dependencies().iter() {
            self.crds(below, control, origins);
        }
    }

    /// White space at both ends of the manifests is dropped, and a line break added.
    fn trim(&mut self) {
        let text = std::mem::take(&mut self.out).finish();
        let bytes = text.as_bytes();
        let start = bytes.len() - trim_start(bytes).len();
        let end = start + trim_end(bytes.get(start..).unwrap_or_default()).len();
        self.out.push_text(&text.slice(start..end));
        self.out.push(b"\n", Origin::NONE);
        for resource in &mut self.resources {
            let end = end as u32;
            resource.span.start = resource.span.start.min(end).saturating_sub(start as u32);
            resource.span.end = resource.span.end.min(end).saturating_sub(start as u32);
        }
    }
}

/// Only the documents of the files that `--show-only` names, in the order in which they are named.
fn show_only(output: &Output, release: &Release, origins: &mut Origins) -> Result<Output, Problem> {
    let mut printer = Printer::new(origins);
    let documents = split(&output.text, release.helm);
    for wanted in &release.show_only {
        let mut missing = true;
        let pattern = PathPattern::new(wanted);
        for document in &documents {
            let shown = document.lossy();
            let source = shown
                .find("# Source: ")
                .and_then(|at| shown.get(at + "# Source: ".len()..))
                .and_then(|after| after.lines().next())
                .and_then(|path| path.split_once('/'));
            let Some((_, name)) = source else { continue };
            if !pattern
                .as_ref()
                .is_some_and(|pattern| pattern.is_match(name))
            {
                continue;
            }
            missing = false;
            printer.out.push(b"---\n", Origin::NONE);
            let base = printer.out.len();
            printer.out.push_text(document);
            printer.out.push(b"\n", Origin::NONE);
            if !printer.wants_resources {
                continue;
            }
            for parsed in yaml::parse_bytes(document.as_bytes()).documents {
                let value = parsed.value(Dialect::Helm, &mut origins_of(document, origins));
                let span = Span::new(
                    base + parsed.span.start as usize,
                    base + parsed.span.end as usize,
                );
                printer
                    .resources
                    .extend(value.ok().and_then(|value| Resource::new(value, span)));
            }
        }
        if missing {
            let message = format!("could not find template {wanted} in chart");
            return Err(Problem::new(Kind::Render, message));
        }
    }
    Ok(Output {
        text: printer.out.finish(),
        resources: printer.resources,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_split_as_in_helm() {
        let parts = |text: &str, helm| -> Vec<String> {
            split(&Text::new(text, Origin::NONE), helm)
                .iter()
                .map(|part| part.lossy().into_owned())
                .collect()
        };
        for (text, v4, v3) in [
            (
                "a: 1\n---\nb: 2\n",
                vec!["a: 1\n", "b: 2\n"],
                vec!["a: 1", "b: 2"],
            ),
            (
                "---\na: 1\n\n---\n---\n",
                vec!["a: 1\n\n"],
                vec!["a: 1", "---"],
            ),
            ("--- # x\na: 1", vec!["# x\na: 1"], vec!["# x\na: 1"]),
            ("---kind: B\n", vec!["kind: B\n"], vec!["kind: B"]),
            ("  \n---\na: 1", vec!["a: 1"], vec!["a: 1"]),
            (
                "a: |\n  x\n  ---\nb: 1",
                vec!["a: |\n  x\n  ---\nb: 1"],
                vec!["a: |\n  x\n  ---\nb: 1"],
            ),
            ("", vec![], vec![]),
        ] {
            assert_eq!(parts(text, HelmVersion::V4), v4, "{text}");
            assert_eq!(parts(text, HelmVersion::V3), v3, "{text}");
        }
    }
}
