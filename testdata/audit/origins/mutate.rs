//! Source scalars: which there are, a seeded sample of them, and a snapshot in which one is another.

use std::collections::HashSet;
use std::sync::Arc;

use plimsoll::discover::{App, Source};
use plimsoll::origin::{Origins, Role};
use plimsoll::snapshot::{ContentId, Entries, Entry, Inputs, Names, ReadError, Snapshot};
use plimsoll::text::{RepoPath, Span};
use plimsoll::yaml::{self, Data, Dialect};

/// One scalar of one file, and what it becomes.
pub(crate) struct Mutation {
    pub(crate) path: RepoPath,
    /// The scalar's bytes in the file.
    pub(crate) span: Span,
    /// The line, for messages.
    pub(crate) line: usize,
    pub(crate) before: String,
    pub(crate) after: String,
    /// The kind of file and of scalar.
    pub(crate) what: String,
    bytes: Arc<[u8]>,
}

impl Mutation {
    /// The scalar's bytes in the changed file.
    pub(crate) fn new_span(&self) -> Span {
        Span {
            start: self.span.start,
            end: self.span.start + self.after.len() as u32,
        }
    }
}

/// Some mutations of the files that the app reads, always the same ones for one seed.
pub(crate) fn sample(
    snapshot: &dyn Snapshot,
    app: &App,
    inputs: &Inputs,
    count: usize,
    seed: u64,
) -> Vec<Mutation> {
    let mut all = Vec::new();
    for path in inputs
        .files
        .iter()
        .filter(|(_, id)| id.is_some())
        .map(|(path, _)| path)
    {
        if !is_source(app, path) {
            continue;
        }
        let text = snapshot
            .bytes(path)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
        if let Some(text) = text {
            let dialect = match app.source {
                Source::Helm(_) => Dialect::Helm,
                Source::Kustomize(_) | Source::Manifests(_) => Dialect::Kustomize,
            };
            all.extend(
                scalars(path, &text, dialect)
                    .into_iter()
                    .map(|scalar| (path, scalar)),
            );
        }
    }
    let mut state = app
        .id
        .bytes()
        .fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let mut chosen = Vec::new();
    while chosen.len() < count && !all.is_empty() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let (path, scalar) = all.swap_remove((state >> 33) as usize % all.len());
        chosen.extend(mutation(snapshot, app, path, scalar));
    }
    chosen
}

/// The files whose scalars are changed: of a chart its values and metadata, of an overlay everything that it reads.
fn is_source(app: &App, path: &RepoPath) -> bool {
    let name = path.file_name();
    let is_yaml =
        [".yaml", ".yml"].iter().any(|end| name.ends_with(end)) || name == "Kustomization";
    match &app.source {
        Source::Helm(release) => {
            let inside = path.strip_prefix(&release.chart).unwrap_or_default();
            let is_own = matches!(name, "values.yaml" | "Chart.yaml")
                && inside
                    .split('/')
                    .rev()
                    .skip(1)
                    .step_by(2)
                    .all(|part| part == "charts" || !inside.contains('/'));
            let in_chart = is_own && (!inside.contains('/') || inside.starts_with("charts/"));
            in_chart || release.values.contains(path)
        }
        Source::Kustomize(_) | Source::Manifests(_) => is_yaml,
    }
}

struct Scalar {
    span: Span,
    data: Data,
}

fn scalars(path: &RepoPath, text: &str, dialect: Dialect) -> Vec<Scalar> {
    let mut origins = Origins::new();
    let file = origins.add_file(path, &Arc::from(text));
    let mut found: Vec<Scalar> = Vec::new();
    let mut known = HashSet::new();
    for document in yaml::parse(text).documents {
        let read = document.value(dialect, &mut |span| {
            origins.source(file, span, Role::Values)
        });
        let Ok(value) = read else {
            return Vec::new();
        };
        for leaf in super::compare::leaves(&value) {
            let trace = origins.trace(leaf.origin);
            let Some(source) = trace.data.first() else {
                continue;
            };
            if !matches!(leaf.data, Data::Null) && known.insert(source.span) {
                found.push(Scalar {
                    span: source.span,
                    data: leaf.data.clone(),
                });
            }
        }
    }
    found
}

fn mutation(
    snapshot: &dyn Snapshot,
    app: &App,
    path: &RepoPath,
    scalar: Scalar,
) -> Option<Mutation> {
    let bytes = snapshot.bytes(path).ok()?;
    let text = std::str::from_utf8(&bytes).ok()?;
    let before = scalar.span.of(text).to_owned();
    let (kind, after) = match &scalar.data {
        Data::Bool(truth) => ("boolean", (!truth).to_string()),
        Data::Int(number) => ("number", number.checked_add(1)?.to_string()),
        Data::Uint(number) => ("number", number.checked_add(1)?.to_string()),
        Data::Float(number) => ("number", (number + 1.0).to_string()),
        Data::String(_) => ("text", other_text(&before)?),
        Data::Null | Data::Sequence(_) | Data::Mapping(_) => return None,
    };
    let changed = [
        text.get(..scalar.span.start as usize)?,
        &after,
        text.get(scalar.span.end as usize..)?,
    ]
    .concat();
    let file = match (&app.source, path.file_name()) {
        (Source::Helm(_), "Chart.yaml") => "Chart.yaml",
        (Source::Helm(release), _) if release.values.contains(path) => "values file",
        (Source::Helm(_), _) => "values.yaml",
        (_, "kustomization.yaml" | "kustomization.yml" | "Kustomization") => "kustomization",
        _ => "resource",
    };
    Some(Mutation {
        path: path.clone(),
        span: scalar.span,
        line: text
            .get(..scalar.span.start as usize)?
            .matches('\n')
            .count()
            + 1,
        before,
        after,
        what: format!("{kind} in {file}"),
        bytes: Arc::from(changed.into_bytes()),
    })
}

/// The same text with its first and its last letter or digit replaced; `None` where it has none.
fn other_text(written: &str) -> Option<String> {
    // The header of a block scalar is not part of its text.
    let content = if written.starts_with(['|', '>']) {
        written.find('\n').unwrap_or(0)
    } else {
        0
    };
    let is_character = |(at, c): &(usize, char)| *at >= content && c.is_ascii_alphanumeric();
    let first = written.char_indices().find(is_character)?.0;
    let last = written.char_indices().rev().find(is_character)?.0;
    let mut bytes = written.as_bytes().to_vec();
    for at in std::collections::BTreeSet::from([first, last]) {
        let byte = bytes.get_mut(at)?;
        *byte = match *byte {
            b'z' => b'a',
            b'Z' => b'A',
            b'9' => b'1',
            other => other + 1,
        };
    }
    String::from_utf8(bytes).ok()
}

/// A snapshot with one file changed, which lists no more of the one under it than it is asked for.
pub(crate) struct Mutant<'a> {
    under: &'a dyn Snapshot,
    mutation: &'a Mutation,
}

impl<'a> Mutant<'a> {
    pub(crate) fn new(under: &'a dyn Snapshot, mutation: &'a Mutation) -> Self {
        Self { under, mutation }
    }
}

impl Snapshot for Mutant<'_> {
    fn label(&self) -> &str {
        self.under.label()
    }

    fn entries(&self) -> &Entries {
        self.under.entries()
    }

    fn entry(&self, path: &RepoPath) -> Option<Entry> {
        let entry = self.under.entry(path)?;
        let id = if *path == self.mutation.path {
            ContentId::of(&self.mutation.bytes)
        } else {
            entry.id
        };
        Some(Entry { id, ..entry })
    }

    fn names(&self, directory: &RepoPath) -> Option<Names> {
        self.under.names(directory)
    }

    fn is_directory(&self, path: &RepoPath) -> bool {
        self.under.is_directory(path)
    }

    fn bytes(&self, path: &RepoPath) -> Result<Arc<[u8]>, ReadError> {
        if *path == self.mutation.path {
            Ok(Arc::clone(&self.mutation.bytes))
        } else {
            self.under.bytes(path)
        }
    }
}
