//! The report as SARIF 2.1.0, for code scanning: the OASIS format, within the limits of GitHub's ingestion.
//!
//! Findings with one cause are one result. A resolved finding is no result: a reader of SARIF takes every result for
//! something that is there, whatever its `baselineState`, so these are only counted. Line hashes are those that GitHub's own
//! upload computes, so that alerts keep their identity whoever uploads.

use std::collections::BTreeMap;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::{
    Group, Location, Report, Rule, Told, Trouble, Waiver, WaiverSource, Which, moved, positions,
    text,
};
use crate::finding::{Severity, State};
use crate::fix::{Fix, Remedy, Safety};
use crate::markdown;
use crate::text::{Position, RepoPath};

/// More results than these are dropped by code scanning, the least severe first.
const MAX_RESULTS: usize = 5_000;

/// More locations than these are dropped from a result.
const MAX_LOCATIONS: usize = 100;

/// More tags than these are dropped from a rule.
const MAX_TAGS: usize = 10;

/// A report that is larger when packed is refused.
const MAX_PACKED: usize = 10_000_000;

/// The report as SARIF, with a final line break.
pub fn render(report: &Report) -> String {
    let mut limit = MAX_RESULTS;
    loop {
        let log = log(report, limit);
        let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
        text.push('\n');
        if limit <= 1 || packed(&text) <= MAX_PACKED {
            return text;
        }
        limit /= 2;
    }
}

fn packed(text: &str) -> usize {
    // What is small before packing is small after it.
    if text.len() <= MAX_PACKED {
        return text.len();
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    match encoder
        .write_all(text.as_bytes())
        .and_then(|()| encoder.finish())
    {
        Ok(bytes) => bytes.len(),
        Err(_) => usize::MAX,
    }
}

fn log(report: &Report, limit: usize) -> Value {
    let groups: Vec<Group<'_>> = report
        .groups()
        .into_iter()
        .filter(|group| group.first.finding.state != State::Resolved)
        .collect();
    let cut = groups.len().saturating_sub(limit);
    let mut hashes = LineHashes::default();
    let results: Vec<Value> = groups
        .iter()
        .take(limit)
        .map(|group| result(report, group, &mut hashes))
        .collect();
    let mut notifications: Vec<Value> = text::merged(&report.problems)
        .into_iter()
        .map(|(trouble, apps)| notification(report, trouble, &apps))
        .collect();
    if cut > 0 {
        notifications.push(json!({
            "level": "warning",
            "descriptor": {"id": "results-left-out"},
            "message": {"text": format!(
                "{cut} of {} results are left out, the least severe, because code scanning takes no more; `plimsoll check --report json=FILE` has all",
                groups.len()
            )},
        }));
    }
    for note in &report.notes {
        notifications.push(json!({
            "level": "note",
            "descriptor": {"id": "note"},
            "message": {"text": plain(note)},
        }));
    }
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "Plimsoll",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": report.rules.iter().map(rule).collect::<Vec<_>>(),
            }},
            "automationDetails": {"id": "plimsoll/"},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the repository."}}},
            "invocations": [{
                "executionSuccessful": report.problems.is_empty(),
                "exitCode": report.conclusion.exit_code(),
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
            "properties": {
                "conclusion": report.conclusion.name(),
                "resolved": report.count(State::Resolved),
            },
        }],
    })
}

fn rule(rule: &Rule) -> Value {
    let mut tags = vec!["security".to_owned(), "kubernetes".to_owned()];
    tags.extend(rule.supports.iter().take(MAX_TAGS - tags.len()).cloned());
    let page = if rule.page.is_empty() {
        rule.description.as_str()
    } else {
        &rule.page
    };
    json!({
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": markdown::clip(&rule.description, 1000)},
        "help": {"text": rule.description, "markdown": page},
        "defaultConfiguration": {"level": level(rule.severity)},
        "properties": {
            "tags": tags,
            "precision": "very-high",
            "problem.severity": match rule.severity {
                Severity::Low => "recommendation",
                Severity::Medium => "warning",
                Severity::High | Severity::Critical => "error",
            },
            "security-severity": match rule.severity {
                Severity::Low => "3.0",
                Severity::Medium => "5.5",
                Severity::High => "8.0",
                Severity::Critical => "9.5",
            },
        },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "note",
        Severity::Medium => "warning",
        Severity::High | Severity::Critical => "error",
    }
}

fn result(report: &Report, group: &Group<'_>, hashes: &mut LineHashes) -> Value {
    let told = group.first;
    let finding = &told.finding;
    let places: Vec<String> = group
        .findings
        .iter()
        .map(|told| markdown::visible(&told.object()).into_owned())
        .collect();
    let fingerprint = group
        .findings
        .iter()
        .map(|told| told.finding.fingerprint)
        .min()
        .unwrap_or(finding.fingerprint);
    let mut result = json!({
        "ruleId": finding.control.as_str(),
        "level": level(finding.severity),
        "baselineState": match finding.state {
            State::New => "new",
            State::Existing | State::Resolved => "unchanged",
        },
        "message": message(told, &places),
        "locations": [],
        "partialFingerprints": {"plimsoll/v1": fingerprint.to_string()},
        "properties": {
            "severity": finding.severity.name(),
            "blocks": told.blocks,
            "places": places.iter().take(MAX_LOCATIONS).collect::<Vec<_>>(),
        },
    });
    let index = report
        .rules
        .iter()
        .position(|rule| rule.id == finding.control.as_str());
    put(&mut result, "ruleIndex", index.map(Value::from));
    if let Some(location) = &told.location {
        put(
            &mut result,
            "locations",
            Some(json!([place(location, None, None)])),
        );
        let hash = hashes.of(report, location).map(Value::from);
        if let Some(prints) = result.get_mut("partialFingerprints") {
            put(prints, "primaryLocationLineHash", hash);
        }
    }
    let related = related(told);
    if !related.is_empty() {
        put(&mut result, "relatedLocations", Some(Value::from(related)));
    }
    if let Some(waiver) = &told.waiver {
        put(
            &mut result,
            "suppressions",
            Some(json!([suppression(waiver)])),
        );
    }
    if let Some(Remedy::Fix(fix)) = report.remedy(told)
        && let Some(fix) = self::fix(report, fix, &group.findings)
    {
        put(&mut result, "fixes", Some(json!([fix])));
    }
    result
}

fn put(object: &mut Value, key: &str, value: Option<Value>) {
    if let (Some(map), Some(value)) = (object.as_object_mut(), value) {
        map.insert(key.to_owned(), value);
    }
}

fn message(told: &Told, places: &[String]) -> Value {
    let mut text = plain(&told.finding.message);
    let mut rich = markdown::prose(&told.finding.message);
    for line in places.iter().take(MAX_LOCATIONS) {
        text.push_str(&format!("\nin {}", plain(line)));
        rich.push_str(&format!("\n- in {}", markdown::code(line)));
    }
    if let Some(help) = &told.help {
        text.push_str(&format!("\nhelp: {}", plain(help)));
        rich.push_str(&format!("\n\nhelp: {}", markdown::prose(help)));
    }
    json!({"text": text, "markdown": rich})
}

/// Text in which a reader of SARIF finds neither links nor placeholders.
fn plain(text: &str) -> String {
    let shown = markdown::visible(text);
    if shown.contains("](") {
        shown.replace('[', "\\[").replace(']', "\\]")
    } else {
        shown.into_owned()
    }
}

fn related(told: &Told) -> Vec<Value> {
    let history = told.history.iter().map(|location| {
        let what = location.way();
        (location, format!("{what} this {}", location.role))
    });
    let reasons = told.reasons.iter().filter_map(|reason| {
        let location = reason.location.as_ref()?;
        Some((location, reason.clause(plain)))
    });
    history
        .chain(reasons)
        .zip(1..)
        .take(MAX_LOCATIONS - 1)
        .map(|((location, what), id)| place(location, Some(id), Some(what)))
        .collect()
}

fn place(location: &Location, id: Option<u64>, what: Option<String>) -> Value {
    let what = match location.side {
        Which::Head => what,
        Which::Base => Some(
            format!("{} (before the change)", what.unwrap_or_default())
                .trim()
                .to_owned(),
        ),
    };
    let mut place = json!({"physicalLocation": {
        "artifactLocation": {"uri": uri(&location.path), "uriBaseId": "SRCROOT"},
        "region": lines(location.start, location.end),
    }});
    put(&mut place, "id", id.map(Value::from));
    put(
        &mut place,
        "message",
        what.map(|text| json!({"text": text})),
    );
    place
}

fn lines(start: Position, end: Position) -> Value {
    json!({
        "startLine": start.line, "startColumn": start.column,
        "endLine": end.line, "endColumn": end.column,
    })
}

/// A path as a relative URI reference.
fn uri(path: &RepoPath) -> String {
    let mut out = String::new();
    for byte in path.as_str().bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn suppression(waiver: &Waiver) -> Value {
    let mut said = waiver.reason.clone();
    for (what, value) in [("owner", &waiver.owner), ("until", &waiver.until)] {
        if let Some(value) = value {
            said.push_str(&format!("; {what} {value}"));
        }
    }
    let mut suppression = json!({
        "kind": match waiver.source {
            WaiverSource::Comment | WaiverSource::Annotation => "inSource",
            WaiverSource::Configuration | WaiverSource::Baseline => "external",
        },
        "status": if waiver.proposed { "underReview" } else { "accepted" },
        "justification": plain(&said),
    });
    let location = waiver
        .location
        .as_ref()
        .map(|location| place(location, None, None));
    put(&mut suppression, "location", location);
    suppression
}

/// A fix that programs may apply; `None` where the text of a file is not known, or where it would show a secret.
fn fix(report: &Report, fix: &Fix, findings: &[&Told]) -> Option<Value> {
    let mut changes = Vec::new();
    for path in fix.edits.keys() {
        let regions = report.regions(path, &fix.edits)?;
        let replacements: Vec<Value> = regions
            .iter()
            .map(|region| {
                json!({
                    "deletedRegion": lines(region.start, region.end),
                    "insertedContent": {"text": region.text},
                })
            })
            .collect();
        changes.push(json!({
            "artifactLocation": {"uri": uri(path), "uriBaseId": "SRCROOT"},
            "replacements": replacements,
        }));
    }
    let safety = match &fix.safety {
        Safety::Safe => "safe".to_owned(),
        Safety::Unsafe(why) => format!("unsafe: {why}"),
    };
    (!changes.is_empty()).then(|| {
        json!({
            "description": {"text": plain(&format!("{} ({safety}; {})", fix.title, moved(fix, findings)))},
            "artifactChanges": changes,
        })
    })
}

fn notification(report: &Report, trouble: &Trouble, apps: &[&str]) -> Value {
    let problem = &trouble.problem;
    let mut text = plain(&problem.message);
    if !apps.is_empty() {
        text.push_str(&format!("\nin {}", plain(&apps.join(", "))));
    }
    if let Some(help) = &problem.help {
        text.push_str(&format!("\nhelp: {}", plain(help)));
    }
    if trouble.side == Which::Base {
        text.push_str("\nthis is so before the change");
    }
    let mut notification = json!({
        "level": "error",
        "descriptor": {"id": problem.kind.name()},
        "message": {"text": text},
    });
    if let Some(at) = &problem.place {
        let mut physical =
            json!({"artifactLocation": {"uri": uri(&at.path), "uriBaseId": "SRCROOT"}});
        let region = at
            .span
            .and_then(|span| positions(&report.texts, trouble.side, &at.path, span));
        put(
            &mut physical,
            "region",
            region.map(|(start, end)| lines(start, end)),
        );
        put(
            &mut notification,
            "locations",
            Some(json!([{"physicalLocation": physical}])),
        );
    }
    notification
}

/// The hash of the text from each line on, as GitHub's upload computes it, per file.
#[derive(Default)]
struct LineHashes {
    known: BTreeMap<(Which, RepoPath), Vec<String>>,
}

impl LineHashes {
    fn of(&mut self, report: &Report, location: &Location) -> Option<String> {
        let key = (location.side, location.path.clone());
        let source = report.texts.get(&key)?;
        let hashes = self
            .known
            .entry(key)
            .or_insert_with(|| line_hashes(&source.text));
        hashes
            .get(location.start.line.checked_sub(1)? as usize)
            .cloned()
    }
}

/// A rolling hash over the hundred characters from the beginning of each line, spaces and tabs left out, line breaks
/// as `\n`; equal ones are told apart by a counter. The end of the text counts as a character of its own.
fn line_hashes(text: &str) -> Vec<String> {
    const WINDOW: usize = 100;
    const FACTOR: u64 = 37;
    const END: u64 = 65_535;
    let leading = (0..WINDOW).fold(1_u64, |power, _| power.wrapping_mul(FACTOR));
    let mut kept: Vec<u64> = Vec::new();
    // Where in `kept` each line begins.
    let mut starts = Vec::new();
    let mut at_start = true;
    let mut units = text.encode_utf16().map(u64::from).chain([END]).peekable();
    while let Some(unit) = units.next() {
        let unit = match unit {
            0x20 | 0x09 => continue,
            0x0d => {
                units.next_if_eq(&0x0a);
                0x0a
            }
            unit => unit,
        };
        if at_start {
            starts.push(kept.len());
        }
        at_start = unit == 0x0a;
        kept.push(unit);
    }
    // Past the end of the text there are zeros.
    let at = |index: usize| kept.get(index).copied().unwrap_or(0);
    let mut hash = 0_u64;
    let mut ends = Vec::with_capacity(kept.len() + WINDOW);
    for index in 0..kept.len() + WINDOW {
        let gone = index.checked_sub(WINDOW).map_or(0, at);
        hash = hash
            .wrapping_mul(FACTOR)
            .wrapping_add(at(index))
            .wrapping_sub(leading.wrapping_mul(gone));
        ends.push(hash);
    }
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    starts
        .into_iter()
        .map(|start| {
            let hash = ends.get(start + WINDOW - 1).copied().unwrap_or_default();
            let count = counts.entry(hash).or_default();
            *count += 1;
            format!("{hash:x}:{count}")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_hashes_are_those_of_the_upload() {
        // The vector that GitHub publishes with its algorithm.
        assert_eq!(
            line_hashes(" a\nb\n  \t\tc\n d"),
            [
                "271789c17abda88f:1",
                "54703d4cd895b18:1",
                "180aee12dab6264:1",
                "a23a3dc5e078b07b:1"
            ]
        );
        assert_eq!(line_hashes(""), ["c129715d7a2bc9a3:1"]);
        assert_eq!(
            line_hashes(" a\r\nb\r  \t\tc\n d"),
            line_hashes(" a\nb\n  \t\tc\n d")
        );
    }

    #[test]
    fn a_path_is_a_relative_reference() {
        let uri = |path: &str| uri(&RepoPath::new(path).unwrap());
        assert_eq!(uri("a/b-1_.yaml"), "a/b-1_.yaml");
        assert_eq!(uri("a b/é:#?%.yaml"), "a%20b/%C3%A9%3A%23%3F%25.yaml");
        assert_eq!(plain("a [b](c)"), "a \\[b\\](c)");
        assert_eq!(plain("a[name=b]"), "a[name=b]");
    }
}
