//! The texts that a report's places point into, loaded once, with the secrets in them marked.

use std::sync::Arc;

use super::compare::{Compared, Request};
use crate::cause::{self, Line};
use crate::change;
use crate::finding;
use crate::fix::{Draft, Fix, Remedy};
use crate::origin::{Origins, Role};
use crate::report::{Location, Reason, SourceText, Texts, Trouble, Which};
use crate::resource;
use crate::snapshot::Tree;
use crate::text::{LineIndex, RepoPath, Span};

/// The texts that problems point into.
pub fn texts_of(request: &Request<'_>, problems: &[Trouble]) -> Texts {
    let mut texts = TextLoader {
        request,
        texts: Texts::new(),
    };
    texts.load_places(problems);
    texts.texts
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Manifest => "manifest",
        Role::Template => "template",
        Role::Values => "values",
        Role::Set => "set",
        Role::Base => "base",
        Role::Patch => "patch",
        Role::Generator => "generator",
        Role::Transformer => "transformer",
        Role::Default => "default",
    }
}

/// The texts that locations point into, loaded once, with the secrets in them.
pub(super) struct TextLoader<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) texts: Texts,
}

impl TextLoader<'_> {
    fn load(
        &mut self,
        side: Which,
        path: &RepoPath,
        origins: Option<&Origins>,
    ) -> Option<&mut SourceText> {
        let key = (side, path.clone());
        if !self.texts.contains_key(&key) {
            let snapshot = match side {
                Which::Base => self.request.base,
                Which::Head => self.request.head,
            };
            let known = origins.and_then(|origins| {
                origins
                    .files()
                    .find(|(_, file)| file.path == *path)
                    .map(|(_, file)| Arc::clone(&file.text))
            });
            let text = known
                .or_else(|| Tree::new(snapshot).read_text(path).ok())
                .or_else(|| {
                    self.request
                        .config
                        .as_ref()
                        .filter(|(config, _)| config == path)
                        .map(|(_, text)| Arc::from(text.as_str()))
                })?;
            let secrets = resource::credentials_in(&text);
            self.texts.insert(key.clone(), SourceText { text, secrets });
        }
        self.texts.get_mut(&key)
    }

    pub(super) fn load_places(&mut self, problems: &[Trouble]) {
        for trouble in problems {
            let chain = trouble.problem.chain.iter().map(|(place, _)| place);
            for place in trouble.problem.place.iter().chain(chain) {
                self.load(trouble.side, &place.path, None);
            }
        }
    }

    /// The texts that remedies edit.
    pub(super) fn load_edited(&mut self, remedies: &[Remedy]) {
        for remedy in remedies {
            let (Remedy::Fix(Fix { edits, .. }) | Remedy::Draft(Draft { edits, .. })) = remedy;
            for path in edits.keys() {
                self.load(Which::Head, path, None);
            }
        }
    }

    pub(super) fn locate(
        &mut self,
        side: Which,
        line: &Line,
        origins: Option<&Origins>,
    ) -> Option<Location> {
        Some(Location {
            role: role_name(line.role),
            replaced: line.replaced,
            ..self.at(side, &line.path, line.span, origins)?
        })
    }

    /// A place whose role is not the point.
    pub(super) fn at(
        &mut self,
        side: Which,
        path: &RepoPath,
        span: Span,
        origins: Option<&Origins>,
    ) -> Option<Location> {
        let source = self.load(side, path, origins)?;
        let index = LineIndex::new(&source.text);
        Some(Location {
            side,
            path: path.clone(),
            span,
            start: index.position(&source.text, span.start),
            end: index.position(&source.text, span.end),
            role: "",
            replaced: false,
        })
    }

    pub(super) fn reason(&mut self, cause: &finding::Cause, app: &Compared) -> Reason {
        let (side, rendered) = if cause.removed {
            (Which::Base, app.base.as_ref())
        } else {
            (Which::Head, app.head.as_ref())
        };
        let location = rendered.and_then(|rendered| {
            let written = || cause::place(&rendered.origins, cause.anchor.shown);
            let line = self.altered(cause, app).or_else(written)?;
            self.locate(side, &line, Some(&rendered.origins))
        });
        Reason {
            resource: cause.resource.to_string(),
            removed: cause.removed,
            location,
            told_by: None,
        }
    }

    /// The place of the first field that the change altered in an object that is still there.
    fn altered(&self, cause: &finding::Cause, app: &Compared) -> Option<Line> {
        let (base, head) = (app.base.as_ref()?, app.head.as_ref()?);
        let (before, after) = (&base.rendering.resources, &head.rendering.resources);
        let changes = change::changes(before, after);
        let change = changes
            .iter()
            .find(|change| !cause.removed && *change.identity == cause.resource)?;
        let part = change
            .fields
            .iter()
            .find_map(|field| field.after.as_ref())?;
        cause::place(&head.origins, part.origin)
    }

    /// Marks the source bytes of every value that must not be shown.
    pub(super) fn hide_secrets(&mut self, app: &Compared) {
        for (side, rendered) in [(Which::Base, &app.base), (Which::Head, &app.head)] {
            let Some(rendered) = rendered else { continue };
            let mut spans = Vec::new();
            for resource in &rendered.rendering.resources {
                for path in resource.secret_paths() {
                    let Some(value) = resource.value.at(&path) else {
                        continue;
                    };
                    let trace = rendered.origins.trace(value.origin);
                    for source in trace.data.iter().chain(trace.history.iter().flatten()) {
                        spans.push((rendered.origins.file(source.file).path.clone(), source.span));
                    }
                }
            }
            for (path, span) in spans {
                if let Some(source) = self.load(side, &path, Some(&rendered.origins)) {
                    source.secrets.push(span);
                    source.secrets.sort_unstable();
                    source.secrets.dedup();
                }
            }
        }
    }
}
