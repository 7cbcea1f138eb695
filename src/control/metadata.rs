//! The `# METADATA` comment of a control, read into types. Nothing unknown is let through, so that a misspelt
//! field cannot turn into a default. OPA's own tools read the same comment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;

use super::{Applies, Control, FixClass, Form, On, Parameter, Reads, Severity, wrong};
use crate::problem::Problem;
use crate::text::{RepoPath, Span};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    title: String,
    description: String,
    #[expect(dead_code, reason = "only its spelling is checked")]
    scope: Scope,
    custom: Custom,
}

/// OPA knows more scopes; a control speaks for its whole package.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Scope {
    Package,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Custom {
    id: String,
    #[serde(default)]
    also: Vec<String>,
    severity: RawSeverity,
    since: String,
    fix: RawFix,
    #[serde(default = "on")]
    enabled: bool,
    kinds: Vec<String>,
    #[serde(default)]
    reads: Vec<RawReads>,
    on: Option<Vec<RawOn>>,
    inventory: Option<BTreeSet<String>>,
    #[serde(default)]
    mentions: Vec<String>,
    #[serde(default)]
    config: BTreeMap<String, Parameter>,
}

fn on() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawSeverity {
    Low,
    Medium,
    High,
    Critical,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawFix {
    Never,
    Unsafe,
    Safe,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawReads {
    Before,
    Inventory,
    Facts,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawOn {
    Added,
    Changed,
    Removed,
    Affected,
}

/// Reads the control in `rego`, a file that is named after it.
pub(super) fn read(path: &RepoPath, rego: &str, page: &str) -> Result<Control, Problem> {
    let name = path
        .file_name()
        .strip_suffix(".rego")
        .unwrap_or_else(|| path.file_name());
    let block = comment(rego).ok_or_else(|| {
        wrong(
            path,
            Span::at(0),
            format!("the control `{name}` has no metadata"),
        )
        .help("Begin the file with a `# METADATA` comment: title, description, scope and custom.")
    })?;
    let metadata: Metadata = serde_yaml::from_str(&block.yaml).map_err(|error| {
        let line = error.location().map_or(0, |location| location.line());
        let span = block.line(line.saturating_sub(1));
        wrong(
            path,
            span,
            format!("the metadata of the control `{name}`: {error}"),
        )
    })?;
    let package = rego
        .lines()
        .find_map(|line| line.strip_prefix("package "))
        .map(|package| package.split('#').next().unwrap_or_default().trim())
        .unwrap_or_default();
    if package.rsplit('.').next() != Some(name.replace('-', "_").as_str()) {
        let start = rego.find("package ").unwrap_or_default();
        return Err(wrong(
            path,
            Span::new(start, start + "package ".len() + package.len()),
            format!(
                "the package `{package}` does not end in the name of the control, `{}`",
                name.replace('-', "_")
            ),
        ));
    }
    let custom = metadata.custom;
    let reads: BTreeSet<Reads> = custom
        .reads
        .into_iter()
        .map(|reads| match reads {
            RawReads::Before => Reads::Before,
            RawReads::Inventory => Reads::Inventory,
            RawReads::Facts => Reads::Facts,
        })
        .collect();
    let judges_change = reads.contains(&Reads::Before);
    if custom.on.is_some() && !judges_change {
        let message = "only a control that reads `before` says `on` what it judges";
        return Err(wrong(path, block.span, message));
    }
    let on: BTreeSet<On> = match custom.on {
        None if judges_change => BTreeSet::from([On::Changed]),
        on => on
            .into_iter()
            .flatten()
            .map(|on| match on {
                RawOn::Added => On::Added,
                RawOn::Changed => On::Changed,
                RawOn::Removed => On::Removed,
                RawOn::Affected => On::Affected,
            })
            .collect(),
    };
    if on.contains(&On::Affected) && !reads.contains(&Reads::Facts) {
        let message =
            "an object is `affected` by way of its facts, which the control does not read";
        return Err(wrong(path, block.span, message));
    }
    if custom.inventory.is_some() && !reads.contains(&Reads::Inventory) {
        let message = "the kinds of an `inventory` that the control does not read";
        return Err(wrong(path, block.span, message));
    }
    for kind in custom.inventory.iter().flatten() {
        if !kind.starts_with(|c: char| c.is_ascii_uppercase()) {
            let message = format!("`{kind}` is no kind of an inventory, as `Deployment.apps` is");
            return Err(wrong(path, block.span, message));
        }
    }
    if custom.mentions.iter().any(String::is_empty) {
        return Err(wrong(
            path,
            block.span,
            "every object mentions an empty text",
        ));
    }
    let id_of = |text: &String| {
        text.parse()
            .map_err(|error| wrong(path, block.span, format!("{error}")))
    };
    let id = id_of(&custom.id)?;
    let also = custom.also.iter().map(id_of).collect::<Result<_, _>>()?;
    Ok(Control {
        id,
        also,
        name: name.to_owned(),
        title: metadata.title,
        description: metadata.description,
        severity: match custom.severity {
            RawSeverity::Low => Severity::Low,
            RawSeverity::Medium => Severity::Medium,
            RawSeverity::High => Severity::High,
            RawSeverity::Critical => Severity::Critical,
        },
        since: custom.since,
        fix: match custom.fix {
            RawFix::Never => FixClass::Never,
            RawFix::Unsafe => FixClass::Unsafe,
            RawFix::Safe => FixClass::Safe,
        },
        enabled: custom.enabled,
        kinds: kinds(&custom.kinds).map_err(|message| wrong(path, block.span, message))?,
        reads,
        inventory: custom.inventory,
        mentions: custom
            .mentions
            .iter()
            .map(|mention| mention.to_lowercase())
            .collect(),
        on,
        parameters: custom.config,
        path: path.clone(),
        package: package.to_owned(),
        rego: Arc::from(rego),
        page: Arc::from(page),
        built_in: false,
        form: Form::Own,
    })
}

/// Reads `pods`, `*`, `ConfigMap`, `Ingress.networking.k8s.io`.
fn kinds(texts: &[String]) -> Result<Vec<Applies>, String> {
    if texts.is_empty() {
        return Err("a control must name the kinds it applies to".to_owned());
    }
    texts
        .iter()
        .map(|text| match text.as_str() {
            "*" => Ok(Applies::All),
            "pods" => Ok(Applies::Pods),
            text => {
                let (kind, group) = text.split_once('.').unwrap_or((text, ""));
                if kind.starts_with(|c: char| c.is_ascii_uppercase()) {
                    Ok(Applies::Kind {
                        group: group.to_owned(),
                        kind: kind.to_owned(),
                    })
                } else {
                    Err(format!(
                        "`{text}` is not a kind: `Ingress.networking.k8s.io`, `ConfigMap`, `pods` or `*`"
                    ))
                }
            }
        })
        .collect()
}

/// The metadata comment without its comment signs.
struct Block {
    yaml: String,
    /// The bytes of the comment in the file.
    span: Span,
    /// Where each line of it begins and ends in the file.
    lines: Vec<Span>,
}

impl Block {
    fn line(&self, index: usize) -> Span {
        self.lines.get(index).copied().unwrap_or(self.span)
    }
}

/// The metadata comment that ends right above the line at `offset`, without its comment signs.
pub(super) fn above(rego: &str, offset: usize) -> Option<String> {
    let mut block: Vec<&str> = Vec::new();
    for line in rego.get(..offset)?.lines().rev() {
        let text = line.trim().strip_prefix('#')?;
        if text.trim() == "METADATA" {
            block.reverse();
            return Some(block.join("\n"));
        }
        block.push(text.strip_prefix(' ').unwrap_or(text));
    }
    None
}

fn comment(rego: &str) -> Option<Block> {
    let mut offset = 0;
    let mut block: Option<Block> = None;
    for line in rego.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        let text = line.trim_end();
        match &mut block {
            None => {
                if text == "# METADATA" {
                    block = Some(Block {
                        yaml: String::new(),
                        span: Span::new(start, start + text.len()),
                        lines: Vec::new(),
                    });
                }
            }
            Some(block) => {
                let Some(yaml) = text.strip_prefix('#') else {
                    break;
                };
                block.yaml.push_str(yaml.strip_prefix(' ').unwrap_or(yaml));
                block.yaml.push('\n');
                let span = Span::new(start, start + text.len());
                block.span.end = span.end;
                block.lines.push(span);
            }
        }
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::ControlId;

    fn check(metadata: &str, package: &str) -> Result<Control, String> {
        let rego = format!("# METADATA\n{metadata}package {package}\n");
        read(
            &RepoPath::new("controls/bad-thing/bad-thing.rego").unwrap(),
            &rego,
            "",
        )
        .map_err(|problem| problem.message)
    }

    const GOOD: &str = "# title: T\n# description: D\n# scope: package\n# custom:\n#   id: PL-9001\n#   severity: high\n#   since: 0.1.0\n#   fix: never\n#   kinds: [pods, Ingress.networking.k8s.io]\n";

    #[test]
    fn complete_metadata_is_typed() {
        let control = check(GOOD, "plimsoll.bad_thing").unwrap();
        assert_eq!(control.name, "bad-thing");
        assert_eq!(control.severity, Severity::High);
        assert_eq!(
            control.kinds,
            [
                Applies::Pods,
                Applies::Kind {
                    group: "networking.k8s.io".into(),
                    kind: "Ingress".into()
                }
            ]
        );
        assert!(!control.reads(Reads::Before));
        assert!(control.enabled && control.also.is_empty());
        let more = GOOD.replace(
            "fix: never",
            "fix: never\n#   also: [C-0001, C-0002]\n#   enabled: false",
        );
        let control = check(&more, "plimsoll.bad_thing").unwrap();
        let also: Vec<&str> = control.also.iter().map(ControlId::as_str).collect();
        assert_eq!(also, ["C-0001", "C-0002"]);
        assert!(!control.enabled && control.answers_to("C-0002"));
    }

    #[test]
    fn anything_wrong_is_said() {
        let cases = [
            (GOOD.replace("# title: T\n", ""), "missing field `title`"),
            (GOOD.replace("title", "titel"), "unknown field `titel`"),
            (GOOD.replace("high", "awful"), "unknown variant `awful`"),
            (GOOD.replace("PL-9001", "PL9001"), "not a control id"),
            (
                GOOD.replace("pods, ", "deployment, "),
                "`deployment` is not a kind",
            ),
            (
                GOOD.replace("[pods, Ingress.networking.k8s.io]", "[]"),
                "must name the kinds",
            ),
            (
                GOOD.replace("scope: package", "scope: rule"),
                "unknown variant `rule`",
            ),
            (String::new(), "missing field"),
        ];
        for (metadata, expected) in cases {
            let message = check(&metadata, "plimsoll.bad_thing").unwrap_err();
            assert!(message.contains(expected), "{message} / {expected}");
        }
        let message = check(GOOD, "plimsoll.other").unwrap_err();
        assert!(message.contains("does not end in"), "{message}");
    }

    #[test]
    fn an_error_points_at_its_line() {
        let rego = format!(
            "# METADATA\n{}package plimsoll.x\n",
            GOOD.replace("high", "awful")
        );
        let problem = read(&RepoPath::new("x.rego").unwrap(), &rego, "").unwrap_err();
        let span = problem.place.unwrap().span.unwrap();
        assert!(span.of(&rego).contains("awful"), "{}", span.of(&rego));
    }
}
