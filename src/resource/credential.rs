//! Which scalars no report may show: the values of Secrets, and what looks like a credential where none should be.
//!
//! This errs on the side of hiding. Whether a credential in plain text is a finding is decided by a control.

use std::sync::LazyLock;

use regex::Regex;

use super::Resource;
use crate::text::{Span, address};
use crate::yaml::{Data, Path, Step, Value};

/// An address with a user and a password, as a whole.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)[a-z][a-z0-9+.-]*://[^/ :@$<{]+(:|%3a)[^/ :@$<{]+@[a-z0-9\[]")
        .expect("because a constant pattern is tested")
});

/// Names whose values are credentials, whatever stands before them (`DB_PASSWORD`, `stripe.apiKey`).
static NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(password|passwd|passphrase|secret|token|credentials?|api[._-]?key|access[._-]?key|private[._-]?key|encryption[._-]?key|signing[._-]?key)$",
    )
    .expect("because a constant pattern is tested")
});

/// Texts that are credentials, whatever they are called. The boundaries are those of ASCII: a letter of another alphabet before
/// one hides nothing, and the fast engines of `regex` know no other in such a text.
static VALUE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"-----BEGIN ([A-Z]+ )*PRIVATE KEY-----|(?-u:\b)(?:(AKIA|ASIA)[A-Z0-9]{16}(?-u:\b)|gh[opusr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40}|glpat-[A-Za-z0-9_-]{20}|xox[abprs]-[0-9A-Za-z-]{10})",
    )
    .expect("because a constant pattern is tested")
});

/// What looks like a credential in a file that people edit, sorted: for files that nothing could be rendered from, so
/// that no origin says what is secret. It goes by lines, because such a file need not be valid.
pub fn credentials_in(text: &str) -> Vec<Span> {
    let mut found: Vec<Span> = VALUE
        .find_iter(text)
        .map(|hit| Span::new(hit.start(), hit.end()))
        .collect();
    found.extend(address::secrets_in(text));
    let is_secret = text.lines().any(|line| line.trim() == "kind: Secret");
    let generates = text.contains("secretGenerator:");
    // The indentation of `data:` of a Secret, or of a key whose value is a block: what is deeper is hidden.
    let mut hidden_below: Option<usize> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let offset = start;
        start += line.len();
        let content = line.trim();
        if content.is_empty() {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        if hidden_below.is_some_and(|depth| indent <= depth) {
            hidden_below = None;
        }
        let hidden = hidden_below.is_some();
        let (item, bare) = match content.strip_prefix("- ") {
            Some(bare) => (true, bare.trim_start()),
            None => (false, content),
        };
        // `key: value`, or `key=value` of a generator's literals and files.
        let colon = bare
            .split_once(": ")
            .or_else(|| Some((bare.strip_suffix(':')?, "")));
        let equals = bare
            .split_once('=')
            .filter(|(key, _)| !key.contains([' ', ':']));
        let (key, value) = match (equals, colon) {
            (Some(pair), _) | (None, Some(pair)) => pair,
            (None, None) if hidden => ("", bare),
            (None, None) => continue,
        };
        let named = NAME.is_match(key.trim_matches(['"', '\'', ' ']));
        let (value, is_block) = match value.trim() {
            value if value.starts_with(['|', '>']) => ("", true),
            value => (value, false),
        };
        let keeps_data = is_secret && matches!(key, "data" | "stringData");
        if hidden_below.is_none() && ((named && is_block) || (keeps_data && value.is_empty())) {
            hidden_below = Some(indent);
        }
        let is_literal = item && generates && equals.is_some();
        let says_nothing = value.trim_matches(['"', '\'']).is_empty()
            || matches!(value, "true" | "false" | "null" | "~" | "{}" | "[]")
            || (value.starts_with("{{") && value.ends_with("}}"));
        if (hidden || named || is_literal) && !says_nothing {
            let at = offset + line.rfind(value).unwrap_or_default();
            found.push(Span::new(at, at + value.len()));
        }
    }
    found.sort_unstable();
    found
}

impl Resource {
    /// The scalars of this object whose text must not be shown.
    pub fn secret_paths(&self) -> Vec<Path> {
        let mut found = Vec::new();
        // Paths still to be looked at, with whether everything below is secret. Depth is bounded by the value's.
        let mut todo: Vec<(Path, &Value, bool)> = vec![(Path::root(), &self.value, false)];
        while let Some((path, value, hidden)) = todo.pop() {
            let hidden = hidden || self.hides_all_below(&path);
            match &value.data {
                Data::Mapping(mapping) => {
                    let named = mapping
                        .get("name")
                        .and_then(Value::as_str)
                        .is_some_and(|name| NAME.is_match(name));
                    for entry in mapping {
                        let below = path.clone().key(entry.key.clone());
                        let is_variable = named && entry.key == "value";
                        let is_named = self.is_config_data(&path) && NAME.is_match(&entry.key);
                        todo.push((below, &entry.value, hidden || is_variable || is_named));
                    }
                }
                Data::Sequence(items) => {
                    todo.extend(
                        items
                            .iter()
                            .enumerate()
                            .map(|(i, item)| (path.clone().index(i), item, hidden)),
                    );
                }
                Data::String(text)
                    if !text.is_empty()
                        && (hidden || VALUE.is_match(text) || ADDRESS.is_match(text)) =>
                {
                    found.push(path);
                }
                Data::Int(_) | Data::Uint(_) | Data::Float(_) if hidden => found.push(path),
                _ => {}
            }
        }
        found.sort();
        found
    }

    /// The object with the text of each of its [secrets](Self::secret_paths) replaced by what `mask` makes of its path.
    pub fn concealed(&self, mask: &dyn Fn(&Path) -> String) -> Value {
        let mut value = self.masked(mask);
        for path in self.secret_paths() {
            if let Some(secret) = at_mut(&mut value, &path) {
                secret.data = Data::String(mask(&path));
            }
        }
        value
    }

    /// True if and only if every scalar at and below `path` is a value of a Secret.
    fn hides_all_below(&self, path: &Path) -> bool {
        let below_metadata =
            matches!(path.steps().first(), Some(Step::Key(key)) if key == "metadata");
        let enough = if below_metadata { 3 } else { 1 };
        path.steps().len() >= enough && self.hides(path)
    }

    fn is_config_data(&self, path: &Path) -> bool {
        self.identity.kind == "ConfigMap" && path.to_string() == "data"
    }
}

fn at_mut<'a>(value: &'a mut Value, path: &Path) -> Option<&'a mut Value> {
    path.steps()
        .iter()
        .try_fold(value, |value, step| match (step, &mut value.data) {
            (Step::Key(key), Data::Mapping(mapping)) => mapping.get_mut(key),
            (Step::Index(index), Data::Sequence(items)) => items.get_mut(*index),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use crate::origin::Origin;
    use crate::text::Span;
    use crate::yaml::{self, Dialect};

    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let stream = yaml::parse(text);
        let value = stream.documents[0]
            .value(Dialect::Helm, &mut |_| Origin::NONE)
            .unwrap();
        let resource = Resource::new(value, Span::default()).unwrap();
        let found: Vec<String> = resource
            .secret_paths()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_looks_like_a_credential_is_found_in_a_file_that_is_broken() {
        let check = |text: &str, expected: &[&str]| {
            let found: Vec<&str> = credentials_in(text)
                .iter()
                .map(|span| span.of(text))
                .collect();
            assert_eq!(found, expected, "{text}");
        };
        check(
            "db:\n  password: hunter22 # x\n  user: u\n",
            &["hunter22 # x"],
        );
        check("a: [\r\nAPI_TOKEN: \"t\"\r\n", &["\"t\""]);
        check(
            "automountServiceAccountToken: false\ntoken: {{ .Values.t }}\npassword: ''\n",
            &[],
        );
        check(
            "kind: Secret\ndata:\n  a: b: c\n  d: |\n    line one\n    line two\nmetadata:\n  name: n\n",
            &["b: c", "line one", "line two"],
        );
        check(
            "secretGenerator:\n- literals:\n  - a=hunter22\n",
            &["hunter22"],
        );
        check("DB_PASSWORD=hunter22\nHOST=h\n", &["hunter22"]);
        check("key: redis://u:hunter22@h/0\n", &["u:hunter22@"]);
        check("repo: HTTPS://me:a@b@h/x?sig=c\n", &["me:a@b@", "sig=c"]);
        check("privateKey: |\n  aaa\n  bbb\nx: y\n", &["aaa", "bbb"]);
    }

    #[test]
    fn secrets_and_what_looks_like_one_are_hidden() {
        check(
            "apiVersion: v1\nkind: Secret\nmetadata: {name: password, annotations: {a: b}}\ndata: {x: eA==, e: ''}\nstringData: {s: 1}\n",
            &["data.x", "stringData.s"],
        );
        check(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {DB_PASSWORD: p, host: h, url: 'redis://u:p@h'}\n",
            &["data.DB_PASSWORD", "data.url"],
        );
        check(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, env: [{name: API_TOKEN, value: t}, {name: A, value: b}]}]}\n",
            &["spec.containers[0].env[0].value"],
        );
    }
}
