//! The values that a person gives: files and `--set`-like arguments, layer over layer, each value with its origin.
//!
//! How they meet the values of charts is in `coalesce`.

use std::sync::Arc;

use super::chart::unreadable;
use super::content::Content;
use super::functions::{json, syntax_words};
use super::set;
use super::string::Text;
use super::value::{Data, MAX_DEPTH, Map, Value};
use crate::discover::{HelmVersion, Release, SetKind};
use crate::origin::{Origins, Role};
use crate::problem::{Kind, Problem};
use crate::render::Cache;
use crate::snapshot::Tree;
use crate::text::{RepoPath, Span};
use crate::yaml::{self, Dialect};

/// Reads a values file. Helm 4 merges its documents, Helm 3 reads the first.
pub(super) fn load(
    path: &RepoPath,
    content: &Content,
    role: Role,
    helm: HelmVersion,
    origins: &mut Origins,
) -> Result<Map, Problem> {
    let text = content.text();
    let file = origins.add_file(path, text);
    // Helm 4 ends the last line before it reads a file, which a block scalar notices.
    let unfinished = helm == HelmVersion::V4 && !text.is_empty() && !text.ends_with('\n');
    if !origins.traces()
        && !unfinished
        && let Some(value) = content.everyday()
        && let Data::Map(map) = Value::from_yaml(value).data
    {
        return Ok(map);
    }
    if helm == HelmVersion::V4
        && let Some((what, span)) = separator_with_text(text)
    {
        let message =
            format!("error reading yaml document: invalid Yaml document separator: {what}");
        return Err(Problem::new(Kind::Syntax, message).at(path, span));
    }
    let finished;
    let stream = if unfinished {
        finished = yaml::parse(&format!("{text}\n"));
        &finished
    } else {
        content.stream()
    };
    let length = text.len() as u32;
    let words = match helm {
        HelmVersion::V4 => "cannot unmarshal yaml document: ",
        HelmVersion::V3 => "",
    };
    let wrong = |error: yaml::SyntaxError| {
        let message = format!("{words}{}", syntax_words(text.as_bytes(), &error));
        Problem::new(Kind::Syntax, message).at(path, error.span)
    };
    let documents = match helm {
        HelmVersion::V4 => stream.documents.as_slice(),
        HelmVersion::V3 => stream.documents.get(..1).unwrap_or_default(),
    };
    if let Some(error) = &stream.error
        && (helm == HelmVersion::V4 || documents.is_empty())
    {
        return Err(wrong(error.clone()));
    }
    let mut values = Map::new();
    for document in documents {
        let value = document
            .value(Dialect::Helm, &mut |span| {
                let span = Span {
                    end: span.end.min(length),
                    ..span
                };
                origins.source(file, span, role)
            })
            .map_err(wrong)?;
        let value = Value::from_yaml(&value);
        match &value.data {
            Data::Nil => {}
            Data::Map(map) => values = merge(&values, map, origins, MAX_DEPTH),
            _ => {
                let message = format!(
                    "{words}error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
                    json::kind(&value)
                );
                return Err(Problem::new(Kind::Render, message).at(path, document.span));
            }
        }
    }
    Ok(values)
}

/// A line that separates documents to Helm 4, but on which something else stands, and its place. YAML lets a document begin there.
fn separator_with_text(text: &str) -> Option<(&str, Span)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let what = line.strip_prefix("---").unwrap_or_default().trim();
        if !what.is_empty() && !what.starts_with('#') {
            return Some((what, Span::new(at, at + line.trim_end().len())));
        }
        at += line.len();
    }
    None
}

/// A value that was laid over another: its origin remembers what it replaced.
pub(super) fn over(value: Value, was: &Value, origins: &mut Origins) -> Value {
    let was = was.origin(origins);
    match value.data {
        Data::String(text) => text.map_origins(|now| origins.over(now, was)).into(),
        data => Value::new(data, origins.over(value.origin, was)),
    }
}

/// `above` laid over `below`, map by map; null replaces like any other value.
pub(super) fn merge(below: &Map, above: &Map, origins: &mut Origins, depth: usize) -> Map {
    let merged = Map::new();
    for (key, entry) in below.entries() {
        merged.set(key, entry.key_origin, entry.value);
    }
    let depth = depth.saturating_sub(1);
    for (key, entry) in above.entries() {
        let value = match (merged.get(&key), entry.value) {
            (Some(was), value) => match (&was.data, &value.data) {
                (Data::Map(below), Data::Map(above)) if depth > 0 => {
                    let inner = merge(below, above, origins, depth);
                    Value::map(inner, origins.over(value.origin, was.origin))
                }
                _ => over(value, &was, origins),
            },
            (None, value) => value,
        };
        merged.set(key, entry.key_origin, value);
    }
    merged
}

/// All that the release gives: files in order, then the arguments, kind by kind.
pub(super) fn given(
    tree: &Tree<'_>,
    cache: &Cache,
    release: &Release,
    origins: &mut Origins,
) -> Result<Map, Problem> {
    let mut values = Map::new();
    for path in &release.values {
        let content = cache.content(tree, path);
        let content = content.map_err(|error| unreadable(path, &error))?;
        let layer =
            load(path, &content, Role::Values, release.helm, origins).map_err(|problem| {
                Problem {
                    message: format!("failed to parse {path}: {}", problem.message),
                    ..problem
                }
            })?;
        values = merge(&values, &layer, origins, MAX_DEPTH);
    }
    for kind in [
        SetKind::Json,
        SetKind::Typed,
        SetKind::Text,
        SetKind::File,
        SetKind::Literal,
    ] {
        let flag = flag(kind);
        let arguments = release.sets.iter().filter(|set| set.kind == kind);
        for (count, set) in arguments.enumerate() {
            let text: Arc<str> = Arc::from(set.argument.as_str());
            let name = if count == 0 {
                flag.to_owned()
            } else {
                format!("{flag} ({})", count + 1)
            };
            let path =
                RepoPath::new(&name).map_err(|error| Problem::new(Kind::Bug, error.to_string()))?;
            let file = origins.add_file(&path, &text);
            let wrong = |why: String| {
                let message = if kind == SetKind::Json {
                    format!("failed parsing {flag} data {}", set.argument)
                } else {
                    format!("failed parsing {flag} data: {why}")
                };
                Problem::new(Kind::Render, message).in_file(&path)
            };
            let trimmed = set.argument.trim();
            if kind == SetKind::Json && trimmed.starts_with('{') && release.helm == HelmVersion::V4
            {
                let whole = Span::new(0, text.len());
                let origin = origins.source(file, whole, Role::Set);
                let layer = json::read(&Text::new(trimmed, origin), origins).map_err(wrong)?;
                if let Data::Map(layer) = &layer.data {
                    values = merge(&values, layer, origins, MAX_DEPTH);
                }
                continue;
            }
            let files = set::Given {
                tree,
                places: &release.set_files,
            };
            set::apply(set, file, &files, release.helm, &values, origins).map_err(wrong)?;
        }
    }
    Ok(values)
}

fn flag(kind: SetKind) -> &'static str {
    match kind {
        SetKind::Json => "--set-json",
        SetKind::Typed => "--set",
        SetKind::Text => "--set-string",
        SetKind::File => "--set-file",
        SetKind::Literal => "--set-literal",
    }
}
