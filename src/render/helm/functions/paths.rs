//! Functions on slash-separated paths.

use super::mixed;
use crate::render::helm::function::Type::String as Str;
use crate::render::helm::function::{Context, Function, Signature, text};
use crate::render::helm::value::Value;

const BASE: Function = |c, a| with(c, a, base);
const DIR: Function = |c, a| with(c, a, dir);
const CLEAN: Function = |c, a| with(c, a, clean);
const EXT: Function = |c, a| with(c, a, ext);
const IS_ABS: Function = |c, a| {
    let is = text(a, 0).as_bytes().starts_with(b"/");
    super::truth(c, a, is)
};

pub(super) const TABLE: &[Signature] = &[
    Signature::new("base", &[Str], BASE),
    Signature::new("dir", &[Str], DIR),
    Signature::new("clean", &[Str], CLEAN),
    Signature::new("ext", &[Str], EXT),
    Signature::new("isAbs", &[Str], IS_ABS),
    Signature::new("osBase", &[Str], BASE),
    Signature::new("osDir", &[Str], DIR),
    Signature::new("osClean", &[Str], CLEAN),
    Signature::new("osExt", &[Str], EXT),
    Signature::new("osIsAbs", &[Str], IS_ABS),
];

fn with(
    context: &mut Context<'_>,
    arguments: &[Value],
    change: fn(&str) -> String,
) -> super::Result {
    let changed = change(&text(arguments, 0).lossy());
    mixed(context, arguments, changed)
}

fn base(path: &str) -> String {
    if path.is_empty() {
        return ".".to_owned();
    }
    match path.trim_end_matches('/').rsplit('/').next() {
        Some("") | None => "/".to_owned(),
        Some(name) => name.to_owned(),
    }
}

fn dir(path: &str) -> String {
    let end = path.rfind('/').map_or(0, |slash| slash + 1);
    clean(path.get(..end).unwrap_or_default())
}

fn ext(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rfind('.')
        .and_then(|dot| name.get(dot..))
        .unwrap_or_default()
        .to_owned()
}

/// Go's `path.Clean`.
pub(super) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.last().is_some_and(|last| *last != "..") {
                    parts.pop();
                } else if !rooted {
                    parts.push("..");
                }
            }
            name => parts.push(name),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cut_as_go_cuts_them() {
        for (path, expected) in [
            ("", ["", ".", ".", "."]),
            ("/", ["", "/", "/", "/"]),
            ("a/b.tar.gz", [".gz", "b.tar.gz", "a", "a/b.tar.gz"]),
            ("a//b/../c/", ["", "c", "a/c", "a/c"]),
            ("../x", ["", "x", "..", "../x"]),
            ("/../x", ["", "x", "/", "/x"]),
        ] {
            assert_eq!(
                [ext(path), base(path), dir(path), clean(path)],
                expected,
                "{path}"
            );
        }
    }
}
