//! The names of releases: which ones Helm allows, and those that a template gives (`--name-template`).

use std::sync::Arc;

use super::function::Context;
use super::functions;
use super::template::{TemplateError, TemplateSet};
use super::value::{Data, Value};
use crate::discover::{HelmVersion, Limits};
use crate::origin::{Origin, Origins};
use crate::text::RepoPath;

/// Helm's name for the template that names the release.
const TEMPLATE: &str = "name-template";

/// No name is longer, in bytes.
const MAX_LENGTH: usize = 53;

/// Why no release can have this name, in Helm's words.
pub(in crate::render) fn check(name: &str) -> Result<(), String> {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_label = |label: &str| {
        label.starts_with(is_word)
            && label.ends_with(is_word)
            && label.chars().all(|c| is_word(c) || c == '-')
    };
    if name.is_empty() {
        return Err("release name \"\": no name provided".to_owned());
    }
    if name.len() <= MAX_LENGTH && name.split('.').all(is_label) {
        return Ok(());
    }
    Err(format!(
        "release name {name:?}: invalid release name, must match regex \
         ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ \
         and the length must not be longer than {MAX_LENGTH}"
    ))
}

/// The name that a template gives, which knows Sprig's functions, none of Helm's own, and no values. Functions that read the
/// environment are unknown here. What it does is taken from `left`.
pub(in crate::render) fn of_template(text: &str, left: &mut Limits) -> Result<String, String> {
    let said = |error: TemplateError| error.message(TEMPLATE, HelmVersion::V4);
    let mut origins = Origins::untraced();
    let text: Arc<str> = Arc::from(text);
    let file = origins.add_file(&RepoPath::root(), &text);
    let mut set = TemplateSet::new(Arc::new(functions::sprig()));
    set.parse(TEMPLATE, file, &text).map_err(said)?;
    let mut context = Context::new(&mut origins, &text, HelmVersion::V4, *left);
    let nothing = Value::new(Data::Absent, Origin::NONE);
    let name = set.output(TEMPLATE, &nothing, &mut context);
    *left = context.left;
    Ok(name.map_err(said)?.lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Helm 4.3.1 and 3.19.0 allow and refuse.
    #[test]
    fn names_are_those_that_helm_allows() {
        let longest = "a".repeat(53);
        for name in ["a", "0", "a-b", "a.b", "a--b.0", longest.as_str()] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        let longer = "a".repeat(54);
        for name in [
            "", "A", "a_b", "-a", "a-", "ab.", ".a", "a..b", "é", &longer,
        ] {
            assert!(check(name).is_err(), "{name}");
        }
    }
}
