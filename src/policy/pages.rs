//! A control's page, executed: what is marked is found, nothing else is, and the suggestions remedy it.
//!
//! The built-in controls are held to their pages by a test of this project, and whoever writes a control by `plimsoll test`.
//! How a page is written is told in [`crate::control::cases`].

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Policy, Side, evaluate};
use crate::control::cases::{Block, Case, Section, cases, markers, without_markers};
use crate::control::{Control, Setting};
use crate::finding::{Finding, FixClass, State, Suggestion};
use crate::origin::{Origin, Origins, Role};
use crate::resource::{Resource, flatten};
use crate::text::{LineIndex, RepoPath};
use crate::yaml::{self, Data, Dialect, Path, Step, Value};

/// What does not hold on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The line of the page, from 1.
    pub line: usize,
    /// What, as a clause.
    pub what: String,
}

fn wrong(line: usize, what: impl Into<String>) -> Wrong {
    let what = what.into();
    Wrong { line, what }
}

/// How many cases the page of a control has, and what of them does not hold. `policy` holds that control alone.
pub fn check(control: &Control, policy: &Policy) -> (usize, Vec<Wrong>) {
    let cases = match cases(&control.page) {
        Ok(cases) => cases,
        Err(error) => return (0, vec![wrong(error.line, error.what)]),
    };
    let mut all = Vec::new();
    if !control.page.starts_with(&format!("# {}\n", control.name)) {
        all.push(wrong(
            1,
            format!("the page must begin with `# {}`", control.name),
        ));
    }
    for (section, heading) in [
        (Section::Violations, "Violations"),
        (Section::NotViolations, "Not violations"),
    ] {
        if cases.iter().all(|case| case.section != section) {
            all.push(wrong(1, format!("there is no case under `## {heading}`")));
        }
    }
    let mut suggests = false;
    for case in &cases {
        match check_case(control, policy, case) {
            Ok((suggested, more)) => {
                suggests |= suggested;
                all.extend(more);
            }
            Err(error) => all.push(error),
        }
    }
    if suggests != (control.fix != FixClass::Never) {
        let what = if suggests {
            "a suggestion is made, though the metadata say `fix: never`"
        } else {
            "no case has a suggestion, though the metadata promise one"
        };
        all.push(wrong(1, what));
    }
    if suggests && cases.iter().all(|case| case.fix.is_none()) {
        all.push(wrong(
            1,
            "no block `diff fix` shows what the suggestions change",
        ));
    }
    (cases.len(), all)
}

/// A block read as the rendering of an app.
struct Rendering<'a> {
    block: &'a Block,
    origins: Origins,
    resources: Vec<Resource>,
}

impl<'a> Rendering<'a> {
    fn of(block: &'a Block) -> Result<Self, Wrong> {
        let text: Arc<str> = Arc::from(block.yaml.as_str());
        let mut origins = Origins::new();
        let file = origins.add_file(&RepoPath::root(), &text);
        let stream = yaml::parse(&text);
        if let Some(error) = &stream.error {
            return Err(wrong(block.line, error.to_string()));
        }
        let mut resources = Vec::new();
        for document in &stream.documents {
            let value = document
                .value(Dialect::Helm, &mut |span| {
                    origins.source(file, span, Role::Manifest)
                })
                .map_err(|error| wrong(block.line, error.to_string()))?;
            let objects = flatten(value).into_iter();
            resources.extend(objects.filter_map(|value| Resource::new(value, document.span)));
        }
        Ok(Self {
            block,
            origins,
            resources,
        })
    }

    /// The line of the block that a finding is shown at, from 1.
    fn line(&self, finding: &Finding) -> usize {
        let trace = self.origins.trace(finding.anchor.shown);
        trace.data.first().map_or(1, |source| {
            let text = &self.block.yaml;
            LineIndex::new(text).position(text, source.span.start).line as usize
        })
    }

    /// What differs between the findings shown in the block and its markers.
    fn compare<'f>(
        &self,
        control: &Control,
        findings: impl Iterator<Item = &'f Finding>,
        wrongs: &mut Vec<Wrong>,
    ) {
        let mut found: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for finding in findings {
            let here = found.entry(self.line(finding)).or_default();
            here.push(format!("`{}`: {}", finding.field, finding.message));
        }
        let expected = markers(&self.block.yaml, &control.name);
        for line in 1..=self.block.yaml.lines().count() {
            let here = found.remove(&line).unwrap_or_default();
            let wanted = expected.get(&line).copied().unwrap_or_default();
            if here.len() != wanted {
                let said = if here.is_empty() {
                    "nothing is found".to_owned()
                } else {
                    here.join("; ")
                };
                wrongs.push(wrong(
                    self.block.line + line - 1,
                    format!("{wanted} marked, {}: {said}", here.len()),
                ));
            }
        }
    }
}

fn judge(
    policy: &Policy,
    line: usize,
    base: &[Resource],
    head: &[Resource],
) -> Result<Vec<Finding>, Wrong> {
    let (findings, problems) = evaluate(policy, &Side::new("app", base), &Side::new("app", head));
    match problems.first() {
        Some(problem) => Err(wrong(line, problem.message.clone())),
        None => Ok(findings
            .into_iter()
            .filter(|finding| finding.state != State::Resolved)
            .collect()),
    }
}

/// The policy with what a block sets for its control.
pub fn set(control: &Control, policy: &Policy, block: &Block) -> Result<Policy, Wrong> {
    let settings: BTreeMap<String, Setting> =
        serde_yaml::from_str(&block.yaml).map_err(|error| wrong(block.line, error.to_string()))?;
    let mut controls = policy.controls.clone();
    let of_page = controls.iter_mut().filter(|other| other.id == control.id);
    for other in of_page {
        for (name, setting) in &settings {
            other
                .set_parameter(name, setting.clone())
                .map_err(|what| wrong(block.line, what))?;
        }
    }
    Ok(policy.with(controls))
}

/// True where something was suggested, and what differs from the markers and the fix of a case.
fn check_case(
    control: &Control,
    policy: &Policy,
    case: &Case,
) -> Result<(bool, Vec<Wrong>), Wrong> {
    let with;
    let policy = match &case.with {
        None => policy,
        Some(block) => {
            with = set(control, policy, block)?;
            &with
        }
    };
    let nothing = Block {
        line: case.head.line,
        yaml: String::new(),
    };
    let before = Rendering::of(case.base.as_ref().unwrap_or(&nothing))?;
    let mut after = Rendering::of(&case.head)?;
    let line = case.head.line;
    let mut wrongs = Vec::new();
    let marked = [&before, &after]
        .iter()
        .any(|side| !markers(&side.block.yaml, &control.name).is_empty());
    if marked != case.violates {
        let what = if marked {
            "a line is marked, though these are not violations"
        } else {
            "no line is marked, though these are violations"
        };
        wrongs.push(wrong(line, what));
    }
    let findings = judge(policy, line, &before.resources, &after.resources)?;
    let at_head = findings.iter().filter(|finding| !finding.removed);
    after.compare(control, at_head, &mut wrongs);
    before.compare(
        control,
        findings.iter().filter(|finding| finding.removed),
        &mut wrongs,
    );

    // Every suggestion together must leave nothing to find but what nobody suggested anything for. Removals of list items
    // are made from the end, so that the indices of the others hold.
    let written = without_markers(&case.head.yaml);
    let mut fixed = written.clone();
    let suggestions = findings
        .iter()
        .rev()
        .filter_map(|finding| Some((finding, finding.suggestion.as_ref()?)));
    let mut suggests = false;
    for (finding, suggestion) in suggestions {
        suggests = true;
        let cannot = || {
            wrong(
                line,
                format!("the suggestion at `{}` cannot be made", finding.field),
            )
        };
        let mut resources = after.resources.iter_mut();
        let resource = resources
            .find(|resource| resource.identity == finding.resource)
            .ok_or_else(cannot)?;
        remedy(&mut resource.value, &finding.path, suggestion).ok_or_else(cannot)?;
        fixed = edited(&fixed, finding, suggestion).ok_or_else(cannot)?;
    }
    if let Some(fix) = &case.fix {
        let lines = changed_lines(&written, &fixed);
        if lines != fix.yaml {
            wrongs.push(wrong(fix.line, format!("the fix is\n{lines}")));
        }
    }
    // The edits of the text and the changes of the objects come to the same.
    let fixed = Block { line, yaml: fixed };
    let fixed = Rendering::of(&fixed)?;
    let pairs = fixed.resources.iter().zip(&after.resources);
    if pairs
        .into_iter()
        .any(|(edited, changed)| edited.value != changed.value)
    {
        wrongs.push(wrong(
            line,
            "the suggestions change the text otherwise than the objects",
        ));
    }
    let left = judge(policy, line, &before.resources, &after.resources)?;
    let expected_left = findings
        .iter()
        .filter(|finding| finding.suggestion.is_none());
    if left.len() != expected_left.count() {
        let left: Vec<String> = left
            .iter()
            .map(|finding| format!("`{}`: {}", finding.field, finding.message))
            .collect();
        wrongs.push(wrong(
            line,
            format!("the suggestions leave {}", left.join("; ")),
        ));
    }
    Ok((suggests, wrongs))
}

/// Does to an object what a finding suggests. Missing maps on the way are made.
fn remedy(object: &mut Value, path: &Path, suggestion: &Suggestion) -> Option<()> {
    let (last, way) = path.steps().split_last()?;
    let mut here = object;
    for step in way {
        if here.is_null() {
            here.data = Data::Mapping(yaml::Mapping::new());
        }
        here = match (step, &mut here.data) {
            (Step::Key(key), Data::Mapping(map)) => {
                if map.get(key).is_none() {
                    map.insert(key.clone(), Origin::NONE, Value::default());
                }
                map.get_mut(key)?
            }
            (Step::Index(index), Data::Sequence(items)) => items.get_mut(*index)?,
            _ => return None,
        };
    }
    if here.is_null() && matches!(suggestion, Suggestion::Set(_)) {
        here.data = Data::Mapping(yaml::Mapping::new());
    }
    match (suggestion, last, &mut here.data) {
        (Suggestion::Remove, Step::Key(key), Data::Mapping(map)) => {
            map.remove(key)?;
        }
        (Suggestion::Remove, Step::Index(index), Data::Sequence(items)) if *index < items.len() => {
            items.remove(*index);
        }
        (Suggestion::Set(value), Step::Key(key), Data::Mapping(map)) => {
            map.insert(key.clone(), Origin::NONE, value.clone());
        }
        _ => return None,
    }
    Some(())
}

/// The text of a case's head after one suggestion, edited as a file would be.
fn edited(text: &str, finding: &Finding, suggestion: &Suggestion) -> Option<String> {
    let stream = yaml::parse(text);
    let document = stream.documents.iter().find(|document| {
        let value = document.value(Dialect::Helm, &mut |_| Origin::NONE);
        let resource = value.ok().and_then(|v| Resource::new(v, document.span));
        resource.is_some_and(|resource| resource.identity == finding.resource)
    })?;
    let edit = match suggestion {
        Suggestion::Set(value) => yaml::edit::set(text, document, &finding.path, value),
        Suggestion::Remove => yaml::edit::remove(text, document, &finding.path),
    };
    Some(edit.ok()?.apply(text))
}

/// The lines that go and come, each with its sign.
fn changed_lines(before: &str, after: &str) -> String {
    let diff = similar::TextDiff::from_lines(before, after);
    diff.iter_all_changes()
        .filter(|change| change.tag() != similar::ChangeTag::Equal)
        .map(|change| format!("{}{}", change.tag(), change.value()))
        .collect::<Vec<_>>()
        .concat()
}
