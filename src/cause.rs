//! From a field of a rendered object back to the line that decided it.
//!
//! The origins say where a value came from; this module picks, of several places, the one to show: what the change
//! touched before what it did not, the value a person set before the template that printed it. For a field that is
//! missing it takes the nearest thing that exists, and the values path that was read there and found empty.

use crate::origin::{Origin, Origins, Role, Source, Trace, Traced};
use crate::render::Rendered;
use crate::resource::Resource;
use crate::text::{RepoPath, Span};
use crate::yaml::{self, Data, Document, Path, Step, Value};

/// The printed text of one object, to ask what had a part in a stretch of it, also what printed nothing there.
pub struct Printed<'a> {
    output: &'a Traced,
    document: Document,
    start: u32,
}

impl<'a> Printed<'a> {
    /// The text of an object of a rendering; `None` where it is not found in the output.
    pub fn of(rendered: &'a Rendered, resource: &Resource) -> Option<Self> {
        let output = &rendered.rendering.output;
        let document = yaml::parse(resource.span.of(output.as_str()))
            .documents
            .into_iter()
            .next()?;
        Some(Self {
            output,
            document,
            start: resource.span.start,
        })
    }

    /// The origins of everything in the text of the value at `path`; nothing where it was not printed.
    pub fn origins_in(&self, path: &Path) -> Vec<Origin> {
        let span = match self.document.at(path) {
            Some((node, depth)) if depth == path.steps().len() => self.document.node(node).span,
            _ => return Vec::new(),
        };
        let mut span = Span {
            start: self.start + span.start,
            end: self.start + span.end,
        };
        if span.is_empty() {
            // Of a value that was printed as nothing, what is left is where it would be: behind the blanks after its colon.
            let rest = self.output.as_str().get(span.end as usize..);
            let blanks = |rest: &str| rest.len() - rest.trim_start_matches(' ').len();
            span.end += rest.map_or(0, blanks) as u32;
        }
        let mut origins: Vec<Origin> = Vec::new();
        for origin in self.output.runs_in(span) {
            if origins.last() != Some(&origin) {
                origins.push(origin);
            }
        }
        origins
    }
}

/// True if and only if two names of fields may mean the same (`containerSecurityContext`, `securityContext`).
pub fn alike(a: &str, b: &str) -> bool {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    long == short || short.len() >= 4 && (long.ends_with(&short) || long.starts_with(&short))
}

/// The values paths that a template read and found empty where the missing field at `path` would stand: those in the nearest part of
/// the object that is there and has any, whose names are like the field's.
pub fn empty_reads(rendered: &Rendered, resource: &Resource, path: &Path) -> Vec<String> {
    let (_, depth) = resource.value.nearest(path);
    let Some(printed) = Printed::of(rendered, resource) else {
        return Vec::new();
    };
    let is_meant = |read: &str| {
        let last = read.rsplit('.').next().unwrap_or(read);
        path.steps()
            .iter()
            .skip(depth.saturating_sub(1))
            .any(|step| matches!(step, Step::Key(key) if alike(last, key)))
    };
    if depth == path.steps().len() {
        return Vec::new();
    }
    let in_part = |depth| {
        let mut found: Vec<String> = Vec::new();
        for origin in printed.origins_in(&path.prefix(depth)) {
            for read in rendered.origins.trace(origin).empty {
                if is_meant(&read.path) && !found.iter().any(|known| **known == *read.path) {
                    found.push(read.path.to_string());
                }
            }
        }
        found
    };
    (0..=depth)
        .rev()
        .map(in_part)
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

/// A source place with its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The file.
    pub path: RepoPath,
    /// The bytes.
    pub span: Span,
    /// What they contributed.
    pub role: Role,
    /// True if and only if the value is no longer the one written here: a later layer replaced it.
    pub replaced: bool,
}

/// Where a field was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The place to show.
    pub line: Line,
    /// The other places of note, nearest first: what the value came through, and what it replaced.
    pub history: Vec<Line>,
    /// Values paths that were read there and found empty: where a missing field could be set.
    pub empty: Vec<String>,
    /// True if and only if the change touched the place.
    pub touched: bool,
}

/// Which bytes of which files the change touched.
pub trait Touched {
    /// True if and only if the change added or altered a byte of `span` in `path`.
    fn touches(&self, path: &RepoPath, span: Span) -> bool;
}

/// The place that `origin` leads to first.
pub fn place(origins: &Origins, origin: Origin) -> Option<Line> {
    let nothing_touched = |_: &RepoPath, _: Span| false;
    choose(origins, &origins.trace(origin), &nothing_touched).map(|cause| cause.line)
}

impl<F: Fn(&RepoPath, Span) -> bool> Touched for F {
    fn touches(&self, path: &RepoPath, span: Span) -> bool {
        self(path, span)
    }
}

/// How many places beside the first are worth showing.
const HISTORY: usize = 3;

/// The place that decided `path` in `value`, or decided that it is missing; `None` where no origin leads to a file.
pub fn locate(
    origins: &Origins,
    value: &Value,
    path: &Path,
    touched: &dyn Touched,
) -> Option<Cause> {
    let (_, depth) = value.nearest(path);
    // A missing field is looked for at the nearest ancestor that leads anywhere.
    (0..=depth).rev().find_map(|depth| {
        let origin = written_at(value, &path.prefix(depth));
        choose(origins, &origins.trace(origin), touched)
    })
}

/// Where the node at `path` was written: a scalar where its text is, a collection where its key is.
fn written_at(value: &Value, path: &Path) -> Origin {
    let Some(node) = value.at(path) else {
        return Origin::NONE;
    };
    if !matches!(node.data, Data::Mapping(_) | Data::Sequence(_)) {
        return node.origin;
    }
    let steps = path.steps();
    let key = steps.split_last().and_then(|(last, parents)| match last {
        Step::Key(key) => {
            let entry = value
                .at(&Path::from(parents.to_vec()))?
                .as_mapping()?
                .entry(key)?;
            Some(entry.key_origin)
        }
        Step::Index(_) => None,
    });
    key.filter(|origin| !origin.is_none())
        .unwrap_or(node.origin)
}

/// Lower is better: what a person sets for this deployment comes before what everybody shares.
fn rank(role: Role) -> u8 {
    match role {
        Role::Set => 0,
        Role::Values => 1,
        Role::Patch => 2,
        Role::Transformer => 3,
        Role::Generator => 4,
        Role::Manifest => 5,
        Role::Base => 6,
        Role::Template => 7,
        Role::Default => 8,
    }
}

fn choose(origins: &Origins, trace: &Trace, touched: &dyn Touched) -> Option<Cause> {
    let line = |source: &Source, replaced| Line {
        path: origins.file(source.file).path.clone(),
        span: source.span,
        role: source.role,
        replaced,
    };
    let is_touched = |source: &&Source| {
        let source = origins.in_repository(**source);
        touched.touches(&origins.file(source.file).path, source.span)
    };
    let best =
        |sources: &mut dyn Iterator<Item = &Source>| sources.min_by_key(|s| rank(s.role)).copied();
    let replaced = || trace.history.iter().flatten();
    let mut touched_place = true;
    let chosen = best(&mut trace.data.iter().filter(is_touched))
        .or_else(|| trace.control.iter().find(is_touched).copied())
        .or_else(|| {
            touched_place = false;
            best(&mut trace.data.iter())
        })
        .or_else(|| best(&mut replaced()))
        .or_else(|| trace.control.first().copied())?;
    let written = chosen;
    let chosen = origins.in_repository(written);
    let mut history: Vec<Line> = Vec::new();
    let others = std::iter::once((&written, false))
        .chain(trace.data.iter().map(|source| (source, false)))
        .chain(replaced().map(|source| (source, true)));
    for (source, replaced) in others {
        let other = line(source, replaced);
        let elsewhere = other.path != origins.file(chosen.file).path;
        if elsewhere
            && history.len() < HISTORY
            && !history.iter().any(|known| known.path == other.path)
        {
            history.push(other);
        }
    }
    let mut empty: Vec<String> = trace
        .empty
        .iter()
        .map(|read| read.path.to_string())
        .collect();
    empty.dedup();
    Some(Cause {
        line: line(&chosen, false),
        history,
        empty,
        touched: touched_place,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::yaml::Mapping;

    fn sample() -> (Origins, Value) {
        let mut origins = Origins::new();
        let mut at = |name: &str, role| {
            let file = origins.add_file(&RepoPath::new(name).unwrap(), &Arc::from("some text"));
            origins.source(file, Span::new(0, 4), role)
        };
        let (template, values, defaults) = (
            at("t.yaml", Role::Template),
            at("prod.yaml", Role::Values),
            at("values.yaml", Role::Default),
        );
        let set = origins.over(values, defaults);
        let image = origins.both(template, set);
        let mut root = Mapping::new();
        root.insert("image", template, Value::string("web:latest", image));
        (origins, Value::with(Data::Mapping(root), template))
    }

    #[test]
    fn what_a_person_set_comes_before_the_template_that_printed_it() {
        let (origins, value) = sample();
        let cause = locate(
            &origins,
            &value,
            &"image".parse().unwrap(),
            &|_: &RepoPath, _| false,
        )
        .unwrap();
        assert_eq!(cause.line.path.as_str(), "prod.yaml");
        assert_eq!(
            cause
                .history
                .iter()
                .map(|l| l.path.as_str())
                .collect::<Vec<_>>(),
            ["t.yaml", "values.yaml"]
        );
        assert!(!cause.touched);
    }

    #[test]
    fn what_the_change_touched_comes_first() {
        let (origins, value) = sample();
        let cause = locate(
            &origins,
            &value,
            &"image".parse().unwrap(),
            &|path: &RepoPath, _| path.as_str() == "t.yaml",
        )
        .unwrap();
        assert_eq!(cause.line.path.as_str(), "t.yaml");
        assert!(cause.touched);
    }

    #[test]
    fn a_missing_field_is_placed_at_what_exists() {
        let (origins, value) = sample();
        let cause = locate(
            &origins,
            &value,
            &"resources.limits".parse().unwrap(),
            &|_: &RepoPath, _| false,
        )
        .unwrap();
        assert_eq!(cause.line.path.as_str(), "t.yaml");
    }
}
