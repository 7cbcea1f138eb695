//! Why a schema itself is refused.

use super::address::{parse, quoted};

/// What is said of the schema.
#[derive(Debug)]
pub(in crate::render::helm) struct Refusal {
    pub(super) words: String,
    /// Helm might read it, and rendering does not: it would have to fetch, or to work without bounds.
    pub(super) is_unsupported: bool,
}

impl Refusal {
    pub(super) fn new(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            is_unsupported: false,
        }
    }

    pub(super) fn unsupported(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            is_unsupported: true,
        }
    }

    /// A document that lies elsewhere, which nothing here reads: of the files around Helm the chart knows nothing.
    pub(super) fn unread(url: &str) -> Self {
        let loading = |why: String| format!("failing loading {}: {why}", quoted(url));
        let parsed = match parse(url) {
            Ok(parsed) => parsed,
            Err(why) => return Self::new(loading(why)),
        };
        match parsed.scheme.as_str() {
            "http" | "https" => {
                Self::unsupported(loading("it would have to be fetched".to_owned()))
            }
            "file" => Self::new(loading(format!(
                "open {}: no such file or directory",
                parsed.path
            ))),
            _ => Self::new(loading(format!(
                "no URLLoader registered for {}",
                quoted(url)
            ))),
        }
    }
}
