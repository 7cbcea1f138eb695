//! The last line of defence of secrets: words that are known to be secret are covered wherever a report quotes a text.
//!
//! Spans and origins say where a secret stands; a message that a template composed of one has no span. What is covered here
//! too much costs a reader a word, and what is covered too little cannot be taken back.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::compare::{Comparison, Request};
use super::texts::TextLoader;
use crate::problem::Problem;
use crate::render::Rendered;
use crate::report::Texts;
use crate::resource::credentials_in;
use crate::snapshot::{Snapshot, Tree};
use crate::text::RepoPath;

/// What stands in a secret's place.
const COVER: &str = "(hidden)";

/// Shorter secrets are parts of other words.
const SHORTEST: usize = 5;

/// Files of an app that failed are not searched for secrets beyond this size.
const MAX_BYTES: usize = 1 << 20;

/// Words that are secret.
#[derive(Debug, Default)]
pub struct Words {
    /// The longest first, so that no part of one is left.
    words: Vec<String>,
}

impl Words {
    /// The secrets of both sides of a comparison.
    pub fn of(request: &Request<'_>, comparison: &Comparison) -> Self {
        let mut texts = TextLoader {
            request,
            texts: Texts::new(),
        };
        for app in &comparison.apps {
            texts.hide_secrets(app);
        }
        Self::new(&texts.texts, request, comparison)
    }

    /// The secrets in `texts`, and what looks like one in the files of apps that could not be rendered.
    pub(super) fn new(texts: &Texts, request: &Request<'_>, comparison: &Comparison) -> Self {
        let mut words = BTreeSet::new();
        for source in texts.values() {
            for secret in &source.secrets {
                words.extend(bare(secret.of(&source.text)));
            }
        }
        let sides = [request.base, request.head];
        for app in &comparison.apps {
            for (rendered, snapshot) in [&app.base, &app.head].into_iter().zip(sides) {
                let Some(rendered) = rendered else { continue };
                if rendered.rendering.problems.is_empty() {
                    continue;
                }
                let tree = Tree::new(snapshot);
                for path in rendered.inputs.files.keys() {
                    let Ok(text) = tree.read_text(path) else {
                        continue;
                    };
                    if text.len() <= MAX_BYTES {
                        let found = credentials_in(&text);
                        words.extend(found.iter().flat_map(|span| bare(span.of(&text))));
                    }
                }
            }
        }
        Self::from(words)
    }

    /// The secrets of renderings that nothing is compared with: those of their objects, wherever they were written, and what looks
    /// like one in anything that was read.
    pub fn of_rendered<'r>(
        all: impl IntoIterator<Item = &'r Rendered>,
        snapshot: &dyn Snapshot,
    ) -> Self {
        let tree = Tree::new(snapshot);
        let mut words = BTreeSet::new();
        let mut seen: BTreeSet<&RepoPath> = BTreeSet::new();
        for rendered in all {
            let origins = &rendered.origins;
            for resource in &rendered.rendering.resources {
                for path in resource.secret_paths() {
                    let Some(value) = resource.value.at(&path) else {
                        continue;
                    };
                    words.extend(value.as_str().into_iter().flat_map(bare));
                    let trace = origins.trace(value.origin);
                    for source in trace.data.iter().chain(trace.history.iter().flatten()) {
                        words.extend(bare(source.span.of(&origins.file(source.file).text)));
                    }
                }
            }
            let read = rendered.inputs.files.keys();
            let arguments = origins.files().map(|(_, file)| &file.path);
            for path in read.chain(arguments) {
                if !seen.insert(path) {
                    continue;
                }
                let known = origins.files().find(|(_, file)| file.path == *path);
                let text = known
                    .map(|(_, file)| Arc::clone(&file.text))
                    .or_else(|| tree.read_text(path).ok());
                if let Some(text) = text.filter(|text| text.len() <= MAX_BYTES) {
                    let found = credentials_in(&text);
                    words.extend(found.iter().flat_map(|span| bare(span.of(&text))));
                }
            }
        }
        Self::from(words)
    }

    fn from(words: BTreeSet<String>) -> Self {
        let mut words: Vec<String> = words.into_iter().collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        Self { words }
    }

    /// Covers every secret in what a problem says.
    pub fn cover_problem(&self, problem: &mut Problem) {
        self.cover(&mut problem.message);
        problem.help.iter_mut().for_each(|help| self.cover(help));
        for (_, what) in &mut problem.chain {
            self.cover(what);
        }
    }

    /// Covers every secret in `text`.
    pub fn cover(&self, text: &mut String) {
        for word in &self.words {
            if text.contains(word.as_str()) {
                *text = text.replace(word.as_str(), COVER);
            }
        }
    }
}

/// A secret without its quotes, and each line of a longer one.
fn bare(secret: &str) -> impl Iterator<Item = String> {
    secret
        .lines()
        .map(|line| line.trim().trim_matches(['"', '\'']).to_owned())
        .filter(|line| line.chars().count() >= SHORTEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_secret_is_covered_first() {
        let words = ["hunter22", "hunter22-and-more"].map(str::to_owned);
        let words = Words::from(words.into_iter().collect());
        let mut text = "bad: hunter22-and-more, hunter22".to_owned();
        words.cover(&mut text);
        assert_eq!(text, "bad: (hidden), (hidden)");
        assert_eq!(bare("'ab'\n\"cdefg\"").collect::<Vec<_>>(), ["cdefg"]);
    }
}
