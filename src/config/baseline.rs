//! The baseline: the findings that were there before Plimsoll was used, as a file that Plimsoll writes and people review.
//!
//! What is in it does not block, and what is no longer found is told, so that the list only gets shorter. Whether an
//! entry still occurs is known by whoever evaluates.

use super::check::Checker;
use super::entries::{Entry as TableEntry, Shape, required};
use super::load as syntax;
use super::{get, items, text};
use crate::origin::Origin;
use crate::problem::{Kind, Problem};
use crate::snapshot::{ReadError, Tree};
use crate::text::{RepoPath, Span};
use crate::yaml::emit::emit;
use crate::yaml::{Data, Mapping, Value};

/// Where a baseline is, unless the configuration says otherwise.
pub const PATH: &str = ".plimsoll-baseline.yaml";

/// The name of the format, in every baseline.
pub const SCHEMA: &str = "plimsoll-baseline/1";

/// The JSON Schema of the format, for editors. A test keeps it equal to the table that is read by.
pub const JSON_SCHEMA: &str = include_str!("../../testdata/schema/baseline.json");

/// A baseline is not longer than this: some fifty thousand findings.
const MAX_BYTES: usize = 16 << 20;

const FILE: &[TableEntry] = &[
    required("schema", Shape::Choice(&[SCHEMA]), "The format."),
    required(
        "findings",
        Shape::List(&Shape::Map(FINDING)),
        "The findings.",
    ),
];

const FINDING: &[TableEntry] = &[
    required("control", Shape::Text, "The id of the control."),
    required("app", Shape::Text, "The app."),
    required("resource", Shape::Text, "The object."),
    required("field", Shape::Text, "The field."),
    required("fingerprint", Shape::Text, "What identifies the finding."),
];

/// One finding of a baseline. All but the fingerprint is for its readers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The app that renders the object.
    pub app: String,
    /// The object, as reports name it.
    pub resource: String,
    /// The id of the control.
    pub control: String,
    /// The field, list items named.
    pub field: String,
    /// What identifies the finding from one run to the next.
    pub fingerprint: String,
    /// The item in the file; empty for one that is not written yet.
    pub span: Span,
}

/// The baseline at `path`, and what is wrong with it; none where there is no such file.
pub fn load(tree: &Tree<'_>, path: &RepoPath) -> (Vec<Entry>, Vec<Problem>) {
    match tree.read_text(path) {
        Ok(text) => parse(path, &text),
        Err(ReadError::Missing(_)) => (Vec::new(), Vec::new()),
        Err(error) => {
            let problem = Problem::new(Kind::Config, error.to_string()).in_file(path);
            (Vec::new(), vec![problem])
        }
    }
}

/// The entries in `text`, and what is wrong with it. What is wrong has no effect.
pub fn parse(path: &RepoPath, written: &str) -> (Vec<Entry>, Vec<Problem>) {
    let mut checker = Checker {
        path,
        problems: Vec::new(),
    };
    if written.len() > MAX_BYTES {
        let message = "a baseline is not larger than 16 MiB".to_owned();
        checker.wrong(Span::at(0), message, None);
        return (Vec::new(), checker.problems);
    }
    let node = match syntax::parse(written) {
        Ok(Some(node)) => checker.fit(&node, &Shape::Map(FILE), "baseline"),
        Ok(None) => None,
        Err(malformed) => {
            checker.wrong(malformed.span, malformed.message, None);
            None
        }
    };
    let entries = node
        .iter()
        .flat_map(|node| items(node, "findings"))
        .filter_map(|item| {
            let words = |name| get(item, name).and_then(text).map(|found| found.value);
            Some(Entry {
                app: words("app")?,
                resource: words("resource")?,
                control: words("control")?,
                field: words("field")?,
                fingerprint: words("fingerprint")?,
                span: item.span,
            })
        })
        .collect();
    (entries, checker.problems)
}

/// The file that holds `entries`, sorted, each once.
pub fn write(mut entries: Vec<Entry>) -> String {
    entries.sort();
    entries.dedup_by(|a, b| a.fingerprint == b.fingerprint);
    let mut out = format!(
        "# Findings that were there when this was written: they do not block a change.\n\
         # `plimsoll baseline` writes this file anew, `plimsoll baseline --prune` takes out what is gone.\n\
         schema: {SCHEMA}\n"
    );
    let items = entries
        .into_iter()
        .map(|entry| {
            let mut item = Mapping::new();
            for (name, text) in [
                ("control", entry.control),
                ("app", entry.app),
                ("resource", entry.resource),
                ("field", entry.field),
                ("fingerprint", entry.fingerprint),
            ] {
                item.insert(name, Origin::NONE, Value::string(text, Origin::NONE));
            }
            Value::new(Data::Mapping(item))
        })
        .collect();
    let mut file = Mapping::new();
    let findings = Value::new(Data::Sequence(items));
    file.insert("findings", Origin::NONE, findings);
    out.push_str(&emit(&Value::new(Data::Mapping(file))).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::entries::{document, published};

    fn entry(field: &str, fingerprint: &str) -> Entry {
        Entry {
            app: "charts/portal@prod".to_owned(),
            resource: "Deployment.apps/portal in: \"x\" #".to_owned(),
            control: "C-0057".to_owned(),
            field: field.to_owned(),
            fingerprint: fingerprint.to_owned(),
            span: Span::at(0),
        }
    }

    #[test]
    fn what_is_written_is_read_again_sorted_and_once() {
        let path = RepoPath::new(PATH).unwrap();
        let hostile = "metadata.annotations[a: b\n# c]";
        // A fingerprint of digits alone stays a text.
        let first = entry("spec.a", "00000000000000000000000000000012");
        let second = entry(hostile, "1e251dee1713a348190af57b428a171c");
        let text = write(vec![first.clone(), second.clone(), first.clone()]);
        let (read, problems) = parse(&path, &text);
        assert_eq!(problems, []);
        let bare: Vec<Entry> = read
            .into_iter()
            .map(|entry| Entry {
                span: Span::at(0),
                ..entry
            })
            .collect();
        assert_eq!(bare, [second, first]);
        assert_eq!(write(bare), text);
        assert_eq!(parse(&path, &write(Vec::new())), (Vec::new(), Vec::new()));
    }

    #[test]
    fn the_published_schema_is_current() {
        let schema = document(
            FILE,
            "Plimsoll baseline",
            "What `plimsoll baseline` writes.",
        );
        published("baseline", &schema);
    }

    #[test]
    fn what_is_no_baseline_is_told() {
        let path = RepoPath::new(PATH).unwrap();
        for text in [
            "a: 1",
            "schema: other/1\nfindings: []",
            "[",
            "schema: plimsoll-baseline/1\nfindings: [{app: x}]",
        ] {
            let (entries, problems) = parse(&path, text);
            assert!(entries.is_empty() && !problems.is_empty(), "{text}");
        }
    }
}
