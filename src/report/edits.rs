//! The edits of a remedy as a reader sees them: a difference of each file, with the secrets in it covered.

use similar::TextDiff;

use super::excerpt::COVER;
use super::{SourceText, Texts, Told, Which, plural};
use crate::fix::{Edits, Fix};
use crate::text::{Edit, RepoPath, TextEdit};
use crate::waiver::is_below;

/// What a remedy does to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEdit {
    /// The file, at head.
    pub path: RepoPath,
    /// The difference in unified format, without a header; empty where the text of the file is not known.
    pub unified: String,
}

/// The files that `edits` alter, by path.
pub fn file_edits(texts: &Texts, edits: &Edits) -> Vec<FileEdit> {
    edits
        .iter()
        .map(|(path, edit)| {
            let source = texts.get(&(Which::Head, path.clone()));
            FileEdit {
                path: path.clone(),
                unified: source
                    .map(|source| unified(source, edit))
                    .unwrap_or_default(),
            }
        })
        .collect()
}

/// How many other fields are named.
const MOST_MOVED: usize = 4;

/// What a fix of `findings` moves in what is rendered beside the fields that they are about, as a clause.
pub(super) fn moved(fix: &Fix, findings: &[&Told]) -> String {
    let mut others: Vec<(String, Vec<&str>)> = Vec::new();
    for moved in &fix.moves {
        let is_own = |told: &&&Told| {
            let finding = &told.finding;
            finding.app == moved.app
                && finding.resource == moved.resource
                && is_below(&moved.field, &finding.field)
        };
        if findings.iter().any(|told| is_own(&told)) {
            continue;
        }
        let place = format!("{} {}", moved.resource, moved.field);
        match others.iter_mut().find(|(known, _)| *known == place) {
            Some((_, apps)) => apps.push(&moved.app),
            None => others.push((place, vec![&moved.app])),
        }
    }
    if others.is_empty() {
        return "nothing else moves in what is rendered".to_owned();
    }
    let named = others.iter().take(MOST_MOVED).map(|(place, apps)| {
        let apps = match apps.as_slice() {
            [one] => (*one).to_owned(),
            [one, other] => format!("{one} and {other}"),
            more => plural(more.len(), "app"),
        };
        format!("{place} in {apps}")
    });
    let named: Vec<String> = named.collect();
    let rest = match others.len().saturating_sub(MOST_MOVED) {
        0 => String::new(),
        more => format!(", and {}", plural(more, "more field")),
    };
    format!(
        "in what is rendered this moves, too: {}{rest}",
        named.join(", ")
    )
}

fn unified(source: &SourceText, edit: &TextEdit) -> String {
    let before = cover(source, &[]);
    let after = cover(source, edit.edits());
    TextDiff::from_lines(&before, &after)
        .unified_diff()
        .context_radius(2)
        .to_string()
}

/// The text after `edits`, with its secrets covered.
fn cover(source: &SourceText, edits: &[Edit]) -> String {
    let secrets: Vec<&str> = source
        .secrets
        .iter()
        .map(|secret| secret.of(&source.text))
        .filter(|secret| secret.chars().count() > 3)
        .collect();
    let mut all: Vec<Edit> = Vec::new();
    for edit in edits {
        let text = secrets.iter().fold(edit.text.clone(), |text, secret| {
            text.replace(secret, COVER)
        });
        all.push(Edit {
            span: edit.span,
            text,
        });
    }
    for secret in &source.secrets {
        // An edit that replaces a part of a secret replaces the whole of it here: what is left of it is no less secret.
        match all
            .iter_mut()
            .find(|edit| !edit.span.is_empty() && edit.span.meets(*secret))
        {
            Some(edit) => {
                edit.span.start = edit.span.start.min(secret.start);
                edit.span.end = edit.span.end.max(secret.end);
            }
            None => all.push(Edit {
                span: *secret,
                text: COVER.to_owned(),
            }),
        }
    }
    all.sort_by_key(|edit| (edit.span.start, edit.span.end));
    // Spans that grew into each other are one.
    let mut merged: Vec<Edit> = Vec::new();
    for edit in all {
        match merged.last_mut() {
            Some(last) if edit.span.start < last.span.end => {
                last.span.end = last.span.end.max(edit.span.end);
                if !last.text.contains(&edit.text) {
                    last.text.push_str(&edit.text);
                }
            }
            _ => merged.push(edit),
        }
    }
    TextEdit::new(merged).map_or_else(|_| COVER.to_owned(), |edit| edit.apply(&source.text))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::text::Span;

    #[test]
    fn a_difference_shows_no_secret() {
        let text = "db:\n  password: hunter22\n  host: a\n  image: x\n";
        let source = SourceText {
            text: Arc::from(text),
            secrets: vec![Span::new(16, 24)],
        };
        let edit = |from: &str, to: &str| {
            let at = text.find(from).unwrap();
            TextEdit::replace(Span::new(at, at + from.len()), to)
        };
        let shown = unified(&source, &edit("image: x", "image: y"));
        assert!(shown.contains("-  image: x\n+  image: y"), "{shown}");
        assert!(shown.contains("password: (hidden)"), "{shown}");
        for edit in [
            edit("hunter22", "other"),
            edit("hunt", "bl"),
            edit("hunter22\n  host", "(hunter22)\n  host"),
            edit("host: a", "host: hunter22"),
        ] {
            let shown = unified(&source, &edit);
            assert!(
                !shown.contains("hunter") && !shown.contains("er22"),
                "{shown}"
            );
        }
    }
}
