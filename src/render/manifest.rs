//! Plain manifests: files that hold Kubernetes objects as they are, read as kubectl reads them.
//!
//! A `List` is taken apart, as `kubectl apply` does. The output is the files' own text.

use super::{Cache, Rendering};
use crate::origin::{Origin, Origins, Role, Traced};
use crate::problem::{Kind, Problem};
use crate::resource::Resource;
use crate::snapshot::Tree;
use crate::text::{LineIndex, RepoPath, Span};
use crate::yaml::{Data, Dialect, Document, Value};

/// The objects in `files`, in order.
pub fn render(
    tree: &Tree<'_>,
    files: &[RepoPath],
    cache: &Cache,
    origins: &mut Origins,
) -> Rendering {
    let mut rendering = Rendering::default();
    for path in files {
        let parsed = match cache.read(tree, path) {
            Ok(parsed) => parsed,
            Err(error) => {
                rendering
                    .problems
                    .push(Problem::new(Kind::Read, error.to_string()).in_file(path));
                continue;
            }
        };
        let text = &parsed.text;
        let file = origins.add_file(path, text);
        let at = rendering.output.as_str().len();
        if at > 0 && !rendering.output.as_str().ends_with('\n') {
            rendering.output.push("\n", Origin::NONE);
        }
        if at > 0 {
            rendering.output.push("---\n", Origin::NONE);
        }
        let start = rendering.output.as_str().len();
        append_lines(&mut rendering.output, text, |span| {
            origins.source(file, span, Role::Manifest)
        });
        let stream = parsed.whole();
        for document in &stream.documents {
            let shifted = Span::new(
                start + document.span.start as usize,
                start + document.span.end as usize,
            );
            match document.value(Dialect::Helm, &mut |span| {
                origins.source(file, span, Role::Manifest)
            }) {
                Ok(value) => objects(value, document, shifted, path, &mut rendering),
                Err(error) => rendering
                    .problems
                    .push(Problem::new(Kind::Syntax, error.message).at(path, error.span)),
            }
        }
        if let Some(error) = &stream.error {
            rendering
                .problems
                .push(Problem::new(Kind::Syntax, error.message.clone()).at(path, error.span));
        }
    }
    rendering.work = rendering.output.as_str().len() as u64;
    rendering
}

/// Appends a text, each of its lines with an origin of its own.
fn append_lines(output: &mut Traced, text: &str, mut origin: impl FnMut(Span) -> Origin) {
    let index = LineIndex::new(text);
    for number in 1..=index.lines() {
        let span = index.line(number);
        output.push(span.of(text), origin(span));
    }
}

fn objects(
    value: Value,
    document: &Document,
    span: Span,
    path: &RepoPath,
    rendering: &mut Rendering,
) {
    if value.is_null() {
        return;
    }
    let is_list = value.get("kind").and_then(Value::as_str) == Some("List");
    let items = match value.as_mapping() {
        Some(mapping) if is_list => match mapping.get("items").map(|items| &items.data) {
            Some(Data::Sequence(items)) => items.clone(),
            Some(Data::Null) | None => return,
            Some(_) => vec![value],
        },
        _ => vec![value],
    };
    for item in items {
        match Resource::new(item, span) {
            Some(resource) => rendering.resources.push(resource),
            None => rendering.problems.push(
                Problem::new(
                    Kind::Render,
                    "this document has no `apiVersion` and `kind`, so it is no Kubernetes object",
                )
                .at(path, first_line(document))
                .help("If the file is not meant for the cluster, exclude it in .plimsoll.yaml."),
            ),
        }
    }
}

fn first_line(document: &Document) -> Span {
    document.root().map_or(document.span, |root| {
        let span = document.node(root).span;
        Span {
            start: span.start,
            end: span.start,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Memory;

    fn render_text(text: &str) -> (Rendering, Origins) {
        let memory = Memory::new("test", [("a.yaml", text)]).unwrap();
        let mut origins = Origins::new();
        let rendering = render(
            &Tree::new(&memory),
            &[RepoPath::new("a.yaml").unwrap()],
            &Cache::default(),
            &mut origins,
        );
        (rendering, origins)
    }

    fn told(text: &str) -> (Vec<String>, Vec<String>) {
        let (rendering, _) = render_text(text);
        (
            rendering
                .resources
                .iter()
                .map(|r| r.identity.to_string())
                .collect(),
            rendering
                .problems
                .iter()
                .map(|p| p.message.clone())
                .collect(),
        )
    }

    #[test]
    fn documents_and_lists_become_objects() {
        let (objects, problems) = told(
            "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: s}}\n---\n# nothing\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: ns}\n",
        );
        assert_eq!(objects, ["Secret/s", "Deployment.apps/web in ns"]);
        assert!(problems.is_empty());
    }

    #[test]
    fn what_is_no_object_is_a_problem() {
        assert_eq!(told("a: 1\n").1.len(), 1);
        assert_eq!(told("a: [\n").1.len(), 1);
        assert_eq!(told(""), (vec![], vec![]));
    }

    #[test]
    fn values_know_their_line() {
        let (rendering, origins) =
            render_text("apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n");
        let name = rendering.resources[0]
            .value
            .at(&"metadata.name".parse().unwrap())
            .unwrap();
        let source = origins.trace(name.origin).data[0];
        assert_eq!(source.span.of(&origins.file(source.file).text), "web");
    }
}
