//! The function library: all of Sprig as Helm exposes it, and Helm's own conversions.
//!
//! Each theme has a file with a table of its functions at the top. A function that keeps characters keeps their origins;
//! one that mixes them (hashes, encodings, arithmetic) gives the union of the origins of its arguments. Random, time and
//! key functions are repeatable: what they give depends on the place of the call and its repetition, never on a clock.
//! The language's own functions (`printf`, `index`, `include`, …) are not here.

#![expect(
    clippy::unnecessary_wraps,
    reason = "all functions of a table have one type, those that cannot fail too"
)]
#![expect(
    clippy::naive_bytecount,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "the texts are short, and the plain form reads best"
)]
#![expect(
    clippy::single_match_else,
    clippy::assigning_clones,
    reason = "both branches say something; nothing is assigned twice"
)]

mod aes;
mod casing;
mod casts;
mod clock;
mod constant;
mod conversions;
pub(super) mod crypto;
mod dates;
mod dicts;
pub(super) mod json;
mod lists;
mod math;
mod named;
mod password;
mod paths;
mod patterns;
mod random;
pub(crate) mod re2;
pub(crate) mod semver;
mod strings;
mod toml;
mod types;
pub(super) mod urls;
mod versions;

use std::sync::{Arc, LazyLock};

use super::function::{Context, FunctionError, Functions, Signature};
use super::string::Text;
use super::value::Value;
use super::{builtins, format};
use crate::discover::HelmVersion;

pub(super) use conversions::{origins_of, syntax_words, to_yaml};
pub(super) use named::named;

/// What a function gives.
type Result = std::result::Result<Value, FunctionError>;

/// Every table of the library.
pub(super) const TABLES: &[&[Signature]] = &[
    strings::TABLE,
    lists::TABLE,
    dicts::TABLE,
    math::TABLE,
    dates::TABLE,
    patterns::TABLE,
    versions::TABLE,
    crypto::TABLE,
    random::TABLE,
    conversions::TABLE,
    paths::TABLE,
    types::TABLE,
    urls::TABLE,
    constant::TABLE,
];

/// The functions that templates of a Helm may call: the language's own, then the library's.
pub(super) fn of(helm: HelmVersion) -> Arc<Functions> {
    static HELM_3: LazyLock<Arc<Functions>> = LazyLock::new(|| collected(&[]));
    static HELM_4: LazyLock<Arc<Functions>> =
        LazyLock::new(|| collected(&[dates::ONLY_HELM_4, conversions::ONLY_HELM_4]));
    Arc::clone(match helm {
        HelmVersion::V3 => &HELM_3,
        HelmVersion::V4 => &HELM_4,
    })
}

/// What Sprig gives to templates of Go that are none of Helm's.
pub(super) fn sprig() -> Functions {
    const HELM_S_OWN: &[&str] = &[
        "fromJsonArray",
        "fromToml",
        "fromYaml",
        "fromYamlArray",
        "include",
        "lookup",
        "mustToToml",
        "mustToYaml",
        "required",
        "toToml",
        "toYaml",
        "toYamlPretty",
        "tpl",
    ];
    of(HelmVersion::V3).without(HELM_S_OWN)
}

fn collected(more: &[&'static [Signature]]) -> Arc<Functions> {
    let tables = [&[builtins::TABLE], TABLES, more].concat();
    Arc::new(Functions::new(&tables))
}

/// An error in Go's words.
fn fail<T>(message: impl Into<String>) -> std::result::Result<T, FunctionError> {
    Err(FunctionError::new(message))
}

/// A truth that follows from all arguments.
fn truth(context: &mut Context<'_>, arguments: &[Value], truth: bool) -> Result {
    let origin = context.union(arguments);
    Ok(Value::bool(truth, origin))
}

/// A text mixed from all arguments.
fn mixed(context: &mut Context<'_>, arguments: &[Value], text: impl Into<Vec<u8>>) -> Result {
    let text = text.into();
    context.spend_bytes(text.len())?;
    let origin = context.union(arguments);
    Ok(Value::string(text, origin))
}

/// A value as Go's `%v` prints it.
fn display(_: &mut Context<'_>, value: &Value) -> std::result::Result<Text, FunctionError> {
    Ok(format::plain(value))
}

/// The text in double quotes, as Go's `%q` writes it.
fn quote(text: &Text) -> Text {
    format::quote(text)
}

/// Go's `path.Clean`.
pub(super) fn clean_path(path: &str) -> String {
    paths::clean(path)
}

/// Compiles a pattern written for Go.
pub(super) fn compile_regex(pattern: &str) -> std::result::Result<regex::Regex, String> {
    re2::compile(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::{Origin, Origins};
    use crate::render::helm::function::Limits;
    use crate::render::helm::template::TemplateSet;
    use crate::render::helm::value::Map;
    use crate::text::RepoPath;
    use serde_json::Value as Json;

    const NAME: &str = "c/templates/a.yaml";

    fn execute(template: &str, helm: HelmVersion) -> std::result::Result<String, String> {
        execute_with(template, "", helm)
    }

    /// What Helm prints for one template, or its error.
    fn execute_with(
        template: &str,
        values: &str,
        helm: HelmVersion,
    ) -> std::result::Result<String, String> {
        let mut origins = Origins::new();
        let text = Arc::from(template);
        let path = RepoPath::new(NAME).unwrap();
        let file = origins.add_file(&path, &text);
        let mut set = TemplateSet::new(of(helm));
        set.parse(NAME, file, &text)
            .map_err(|error| error.message(NAME, helm))?;
        let path = RepoPath::new("c/values.yaml").unwrap();
        let values = crate::render::helm::values::load(
            &path,
            &crate::render::helm::Content::new(Arc::from(values.as_bytes())),
            crate::origin::Role::Default,
            helm,
            &mut origins,
        );
        let values = values.unwrap();
        values.borrow_mut().map_type = crate::render::helm::objects::values_type(helm);
        let dot = Map::new();
        dot.set("Values", Origin::NONE, Value::map(values, Origin::NONE));
        let mut context = Context::new(&mut origins, "test", helm, Limits::default());
        set.execute(NAME, &Value::map(dot, Origin::NONE), &mut context)
            .map(|text| text.lossy().into_owned())
            .map_err(|error| error.message(NAME, helm))
    }

    /// The rows of `testdata/helm/functions.jsonl`: its head, then an expression and what the real programs made of it.
    fn recorded() -> (Json, Vec<Json>) {
        let table = include_str!("../../../testdata/helm/functions.jsonl");
        let mut rows = table
            .lines()
            .map(|line| serde_json::from_str::<Json>(line).unwrap());
        (rows.next().unwrap(), rows.collect())
    }

    #[test]
    fn functions_give_what_helm_gives() {
        use base64::Engine as _;
        let (head, rows) = recorded();
        let known = include_str!("../../../testdata/helm/functions-known.txt");
        let known: Vec<&str> = known
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect();
        let mut wrong = Vec::new();
        for row in &rows {
            let expression = row["expression"].as_str().unwrap();
            let template = head["template"]
                .as_str()
                .unwrap()
                .replace("EXPR", expression);
            for helm in [HelmVersion::V4, HelmVersion::V3] {
                let is_slow = expression.starts_with("derivePassword");
                if is_slow && helm == HelmVersion::V3 {
                    continue;
                }
                let expected = match helm {
                    HelmVersion::V3 if !row["helm3"].is_null() => &row["helm3"],
                    _ => row,
                };
                let given =
                    execute_with(&template, head["values"].as_str().unwrap(), helm).map(|text| {
                        let encoded = text.trim_start_matches("r: ").trim();
                        let decoded = base64::engine::general_purpose::STANDARD.decode(encoded);
                        String::from_utf8(decoded.unwrap()).unwrap()
                    });
                let agrees = match (&given, expected["type"].as_str()) {
                    (Ok(text), Some(wanted)) => text.lines().next() == Some(wanted),
                    (Ok(text), None) => expected["output"].as_str() == Some(text),
                    (Err(error), _) => expected["error"].as_str() == Some(error),
                };
                let name = format!("{helm:?} {expression}");
                match (agrees, known.contains(&name.as_str())) {
                    (false, false) => {
                        wrong.push(format!("{name}\n  want {expected}\n  got  {given:?}"));
                    }
                    (true, true) => {
                        wrong.push(format!("{name}\n  agrees: it is no known difference"));
                    }
                    _ => {}
                }
            }
        }
        assert!(
            wrong.is_empty(),
            "{} differ\n{}",
            wrong.len(),
            wrong.join("\n")
        );
    }

    #[test]
    fn every_function_has_a_recorded_answer() {
        let (_, rows) = recorded();
        let mut known = std::collections::BTreeMap::new();
        for row in &rows {
            let expression = row["expression"].as_str().unwrap();
            let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            for word in words {
                *known.entry(word).or_default() |= row["error"].is_null();
            }
        }
        let mut names = of(HelmVersion::V4).names();
        names.sort_unstable();
        for name in names {
            // All that `fail` and `call` can do is fail; what `include` gives is in language.jsonl.
            let answers =
                known.get(name) == Some(&true) || matches!(name, "fail" | "call" | "include");
            assert!(
                answers,
                "{name} has no row in functions.txt that gives a value"
            );
        }
    }

    #[test]
    fn random_values_have_their_shape_and_repeat() {
        let template =
            r#"{{ randAlphaNum 8 }} {{ randNumeric 4 }} {{ uuidv4 }} {{ genCA "x" 1 | kindOf }}"#;
        let first = execute(template, HelmVersion::V4).unwrap();
        assert_eq!(Ok(&first), execute(template, HelmVersion::V4).as_ref());
        let words: Vec<&str> = first.split(' ').collect();
        let lengths: Vec<usize> = words.iter().map(|word| word.len()).collect();
        assert_eq!(lengths, [8, 4, 36, 6]);
        let twice = execute(
            "{{ range list 1 2 }}{{ randAlpha 5 }} {{ end }}",
            HelmVersion::V4,
        );
        let twice = twice.unwrap();
        let words: Vec<&str> = twice.split_whitespace().collect();
        assert_ne!(words.first(), words.last());
    }

    #[test]
    fn helm_3_lacks_what_helm_4_adds() {
        assert!(execute("{{ mustToYaml 1 }}", HelmVersion::V4).is_ok());
        let missing = execute("{{ mustToYaml 1 }}", HelmVersion::V3).unwrap_err();
        assert!(missing.contains("not defined"), "{missing}");
    }
}
