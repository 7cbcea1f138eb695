//! What does not fit a schema, in the words of the library behind Helm.

use super::address::quoted;

/// One thing that does not fit, with what is behind it.
#[derive(Debug)]
pub(super) struct Failure {
    at: String,
    words: Words,
    causes: Vec<Failure>,
}

#[derive(Debug)]
enum Words {
    /// What is said of the value.
    Of(String),
    /// Several things do not fit one schema.
    Group,
    /// The schema that a reference leads to does not fit; told only if there are several things.
    Reference,
}

impl Failure {
    pub(super) fn new(at: &str, words: impl Into<String>, causes: Vec<Self>) -> Self {
        Self {
            at: at.to_owned(),
            words: Words::Of(words.into()),
            causes,
        }
    }

    /// The only failure, or one that has them all.
    pub(super) fn of_all(at: &str, mut failures: Vec<Self>) -> Option<Self> {
        match failures.len() {
            0 | 1 => failures.pop(),
            _ => Some(Self {
                at: at.to_owned(),
                words: Words::Group,
                causes: failures,
            }),
        }
    }

    /// The failure behind a reference.
    pub(super) fn behind(self, at: &str) -> Self {
        Self {
            at: at.to_owned(),
            words: Words::Reference,
            causes: self.parts(),
        }
    }

    /// What a group holds, or the failure itself.
    pub(super) fn parts(self) -> Vec<Self> {
        match self.words {
            Words::Group => self.causes,
            _ => vec![self],
        }
    }

    /// A line for this and for each of its causes.
    pub(super) fn shown(&self, depth: usize) -> String {
        let mut out = String::new();
        let is_told = !(matches!(self.words, Words::Reference) && self.causes.len() == 1);
        if is_told {
            let words = match &self.words {
                Words::Of(words) => words,
                Words::Group | Words::Reference => "validation failed",
            };
            out = format!("{}- at {}: {words}\n", "  ".repeat(depth), quote(&self.at));
        }
        for cause in &self.causes {
            out.push_str(&cause.shown(depth + usize::from(is_told)));
        }
        out
    }
}

/// A text between single quotes.
pub(super) fn quote(text: &str) -> String {
    let text = quoted(text).replace("\\\"", "\"").replace('\'', "\\'");
    let inner = text
        .get(1..text.len().saturating_sub(1))
        .unwrap_or_default();
    format!("'{inner}'")
}

/// Texts between single quotes.
pub(super) fn quote_all<'t>(texts: impl IntoIterator<Item = &'t String>) -> String {
    let texts: Vec<String> = texts.into_iter().map(|text| quote(text)).collect();
    texts.join(", ")
}
