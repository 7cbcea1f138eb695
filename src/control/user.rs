//! Rules that people have already written, for Conftest or as Kubescape's: found in their texts and given a name, an id and a
//! severity. What they say is asked by the policy layer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use regex::Regex;
use serde::Deserialize;

use super::{Applies, Control, ControlId, Controls, FixClass, Library, Severity, metadata};
use crate::origin::Origin;
use crate::problem::{Kind, Problem};
use crate::snapshot::{Found as Entry, Tree};
use crate::text::{LineIndex, RepoPath, Span};
use crate::yaml::{self, Dialect};

/// How a control is written, which says how it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// Plimsoll's own: `deny contains {path, message, fix?}` over the input that is documented in the policy layer.
    Own,
    /// For Conftest: a rule that gives messages, with one object as its input.
    Conftest {
        /// The name of the rule: `deny`, `violation`, `warn`, or one of these with a suffix.
        rule: String,
        /// True where the input is `[{path, contents}]`, as with `conftest --combine`.
        combined: bool,
    },
    /// As Kubescape's rules: `deny` gives `{alertMessage, alertObject, failedPaths…}`, with a list of objects as its input.
    Kubescape {
        /// Which objects it is given; every object where nothing is said.
        wanted: Vec<Match>,
        /// What is made of these objects first.
        joined: Option<Joined>,
    },
}

/// What a Kubescape rule is given in place of objects (`resourcesAggregator`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// Each subject of a binding, with the binding and its role as `relatedObjects`.
    Subjects,
    /// The pod of the API server alone.
    ApiServer,
}

/// Which objects a Kubescape rule is given. `*` stands for any.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Match {
    /// API groups.
    #[serde(rename = "apiGroups", default)]
    pub groups: Vec<String>,
    /// API versions.
    #[serde(rename = "apiVersions", default)]
    pub versions: Vec<String>,
    /// Kinds.
    #[serde(rename = "resources", default)]
    pub kinds: Vec<String>,
}

impl Match {
    /// True if and only if objects of this API version (`apps/v1`) and kind are wanted.
    pub fn wants(&self, api_version: &str, kind: &str) -> bool {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let among =
            |list: &[String], wanted: &str| list.iter().any(|item| item == "*" || item == wanted);
        among(&self.groups, group) && among(&self.versions, version) && among(&self.kinds, kind)
    }
}

/// A file of Rego.
#[derive(Debug, Clone)]
pub struct Module {
    /// Where it is.
    pub path: RepoPath,
    /// Its text.
    pub text: Arc<str>,
}

/// A rule of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// Its name in its package: the parts before the first one that only shows when it is evaluated.
    pub name: Vec<String>,
    /// The line, from 1.
    pub line: u32,
}

/// What the rules of one module are.
pub(super) struct Found {
    pub(super) controls: Vec<Control>,
    pub(super) problems: Vec<Problem>,
}

/// The severities of rules that say none.
#[derive(Debug, Clone, Copy)]
pub struct Defaults {
    /// Of what is denied.
    pub deny: Severity,
    /// Of what is warned of.
    pub warn: Severity,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Annotations {
    title: String,
    description: String,
    custom: Custom,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Custom {
    id: Option<String>,
    severity: Option<String>,
}

/// A severity by the names that policies use.
pub fn severity(name: &str) -> Option<Severity> {
    Some(match name.to_ascii_lowercase().as_str() {
        "low" | "info" | "informational" | "note" | "warning" => Severity::Low,
        "medium" | "moderate" => Severity::Medium,
        "high" | "error" | "important" => Severity::High,
        "critical" => Severity::Critical,
        _ => return None,
    })
}

/// The package of a module, without `data.`.
pub fn package(text: &str) -> &str {
    let line = text
        .trim_start_matches('\u{feff}')
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("package "));
    line.map_or("", |line| line.split('#').next().unwrap_or_default().trim())
}

/// True for a module whose `deny` speaks as Kubescape's rules do.
pub(super) fn is_kubescape(text: &str) -> bool {
    package(text) == "armo_builtins"
}

/// A path of names as a reference of Rego writes it.
pub fn dotted(path: &[String]) -> String {
    let Some((first, rest)) = path.split_first() else {
        return String::new();
    };
    let mut written = first.clone();
    for name in rest {
        let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        written.push_str(&if is_plain {
            format!(".{name}")
        } else {
            format!("[{}]", serde_json::Value::from(name.as_str()))
        });
    }
    written
}

/// What a policy is told by where it stands in [`Controls::add_user`]: the rules of a module, or why it cannot be read.
pub type Outline = fn(&Module) -> Result<Vec<Declared>, Problem>;

/// The rules among these that Conftest asks, each once, with the line of the first of its name.
///
/// `deny.latest` stands for a rule of its own as `deny_latest` does.
fn asked(declared: &[Declared]) -> Vec<(String, u32)> {
    let mut asked: Vec<(String, u32)> = Vec::new();
    for rule in declared {
        let Some(first) = rule.name.first() else {
            continue;
        };
        let is_asked = ["deny", "violation", "warn"].iter().any(|kind| {
            let suffix = first.strip_prefix(kind);
            suffix.is_some_and(|suffix| suffix.is_empty() || suffix.starts_with('_'))
        });
        let name = dotted(&rule.name);
        if is_asked && asked.iter().all(|(known, _)| *known != name) {
            asked.push((name, rule.line));
        }
    }
    asked
}

/// The rules of a module for Conftest. None is found in a module that only helps others.
pub(super) fn conftest(module: &Module, declared: &[Declared], defaults: Defaults) -> Found {
    let mut found = Found {
        controls: Vec::new(),
        problems: Vec::new(),
    };
    let package = package(&module.text);
    let combined = Regex::new(r"\binput\s*\[").is_ok_and(|many| many.is_match(&module.text))
        && Regex::new(r"\.contents\b|\[.contents.\]").is_ok_and(|each| each.is_match(&module.text));
    let index = LineIndex::new(&module.text);
    for (rule, line) in asked(declared) {
        let rule = rule.as_str();
        let line = index.line(line);
        let written = line.of(&module.text);
        let start = line.start as usize;
        let at = start + written.len() - written.trim_start().len();
        let span = Span::new(at, at + written.trim().len().min(rule.len()));
        let above = metadata::above(&module.text, start);
        let whole = metadata::above(
            &module.text,
            module.text.find("package ").unwrap_or_default(),
        );
        let mut annotations = Annotations::default();
        for block in [whole, above].into_iter().flatten() {
            match serde_yaml::from_str::<Annotations>(&block) {
                Ok(read) => {
                    if !read.title.is_empty() {
                        annotations.title = read.title;
                    }
                    if !read.description.is_empty() {
                        annotations.description = read.description;
                    }
                    annotations.custom.id = read.custom.id.or(annotations.custom.id);
                    annotations.custom.severity =
                        read.custom.severity.or(annotations.custom.severity);
                }
                Err(error) => found.problems.push(
                    Problem::new(Kind::Policy, format!("the metadata of `{rule}`: {error}"))
                        .at(&module.path, span),
                ),
            }
        }
        let usual = if rule.starts_with("warn") {
            defaults.warn
        } else {
            defaults.deny
        };
        let written = annotations.custom.severity.as_deref();
        let read = written.map(severity);
        if let (Some(None), Some(written)) = (read, written) {
            let message = format!("`{written}` is no severity, so that `{rule}` cannot be weighed");
            found.problems.push(
                Problem::new(Kind::Policy, message)
                    .at(&module.path, span)
                    .help("Write low, medium, high or critical."),
            );
        }
        let title = if annotations.title.is_empty() {
            format!("`{rule}` of `{package}`")
        } else {
            annotations.title
        };
        found.controls.push(Control {
            form: Form::Conftest {
                rule: rule.to_owned(),
                combined,
            },
            ..control(
                module,
                annotations.custom.id,
                &format!("{package}.{rule}"),
                title,
                annotations.description,
                read.flatten().unwrap_or(usual),
            )
        });
    }
    found
}

#[derive(Deserialize)]
struct RuleMetadata {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default, rename = "match")]
    wanted: Vec<Match>,
    #[serde(default, rename = "dynamicMatch")]
    dynamic: Option<Vec<Match>>,
    #[serde(default)]
    attributes: BTreeMap<String, serde_json::Value>,
}

/// A Kubescape rule, with its `rule.metadata.json` where there is one.
pub(super) fn kubescape(
    module: &Module,
    described: Option<(&RepoPath, &str)>,
    defaults: Defaults,
) -> Result<Control, Problem> {
    let folder = module
        .path
        .parent()
        .map_or_else(String::new, |folder| folder.to_string());
    let folder = folder.rsplit('/').next().unwrap_or_default().to_owned();
    let described = match described {
        None => None,
        Some((path, text)) => {
            let read: RuleMetadata = serde_json::from_str(text).map_err(|error| {
                Problem::new(
                    Kind::Policy,
                    format!("this is not the metadata of a rule: {error}"),
                )
                .in_file(path)
            })?;
            if let Some(dynamic) = read.dynamic.as_deref().filter(|wanted| !wanted.is_empty()) {
                let kinds: Vec<&str> = dynamic
                    .iter()
                    .flat_map(|wanted| &wanted.kinds)
                    .map(String::as_str)
                    .collect();
                let message = format!(
                    "`{}` asks for what only a scan of a running cluster knows (`dynamicMatch`): {}",
                    read.name,
                    kinds.join(", ")
                );
                let key = "\"dynamicMatch\"";
                let start = text.find(key).unwrap_or_default();
                let span = Span::new(start, start + key.len());
                let help = "No manifest holds it, so that what the rule looks for was not checked. Leave the rule out of `policies`, and have the cluster scanned for it.";
                return Err(Problem::new(Kind::Policy, message)
                    .at(path, span)
                    .help(help));
            }
            Some(read)
        }
    };
    let name = described.as_ref().map_or(folder, |read| read.name.clone());
    let aggregator = described
        .as_ref()
        .and_then(|read| read.attributes.get("resourcesAggregator")?.as_str());
    let joined = match aggregator {
        Some("subject-role-rolebinding") => Some(Joined::Subjects),
        Some("apiserver-pod") => Some(Joined::ApiServer),
        // Kubescape takes no notice of any other.
        _ => None,
    };
    let (description, wanted) = described.map_or((String::new(), Vec::new()), |read| {
        (read.description, read.wanted)
    });
    Ok(Control {
        form: Form::Kubescape { wanted, joined },
        fix: FixClass::Unsafe,
        ..control(
            module,
            None,
            &name,
            format!("`{name}`"),
            description,
            defaults.deny,
        )
    })
}

fn control(
    module: &Module,
    id: Option<String>,
    name: &str,
    title: String,
    description: String,
    severity: Severity,
) -> Control {
    Control {
        id: ControlId(Arc::from(id.unwrap_or_else(|| format!("USER/{name}")))),
        also: Vec::new(),
        enabled: true,
        name: name.to_owned(),
        title,
        description,
        severity,
        since: String::new(),
        fix: FixClass::Never,
        kinds: vec![Applies::All],
        reads: BTreeSet::new(),
        inventory: None,
        mentions: Vec::new(),
        on: BTreeSet::new(),
        parameters: BTreeMap::new(),
        path: module.path.clone(),
        package: package(&module.text).to_owned(),
        rego: Arc::clone(&module.text),
        page: Arc::from(""),
        built_in: false,
        form: Form::Own,
    }
}

/// Directories nested deeper than this are not looked into.
const MAX_DEPTH: usize = 32;

/// The files at and below some paths whose names have one of these ends, in order.
fn files(
    tree: &Tree<'_>,
    paths: &[RepoPath],
    ends: &[&str],
    problems: &mut Vec<Problem>,
) -> Vec<RepoPath> {
    let mut files = Vec::new();
    let mut todo: Vec<(RepoPath, usize)> =
        paths.iter().rev().map(|path| (path.clone(), 0)).collect();
    while let Some((path, depth)) = todo.pop() {
        match tree.find(&path) {
            Ok(Some(Entry::File)) => {
                let is_wanted = ends.iter().any(|end| path.as_str().ends_with(end));
                if is_wanted || depth == 0 {
                    files.push(path);
                }
            }
            Ok(Some(Entry::Directory)) if depth < MAX_DEPTH => match tree.list(&path) {
                Ok(names) => {
                    let inside = names
                        .iter()
                        .rev()
                        .filter_map(|(name, _)| path.join(name).ok());
                    todo.extend(inside.map(|path| (path, depth + 1)));
                }
                Err(error) => {
                    problems.push(Problem::new(Kind::Read, error.to_string()).in_file(&path));
                }
            },
            Ok(Some(Entry::Directory)) => {}
            Ok(None) => problems.push(
                Problem::new(
                    Kind::Config,
                    format!("there is no `{path}`, which the configuration names"),
                )
                .in_file(&path),
            ),
            Err(error) => problems.push(Problem::new(Kind::Read, error.to_string()).in_file(&path)),
        }
    }
    files
}

/// Every file of Rego among and below these paths, tests included.
pub fn modules(tree: &Tree<'_>, paths: &[RepoPath], problems: &mut Vec<Problem>) -> Vec<Module> {
    let mut modules = Vec::new();
    for path in files(tree, paths, &[".rego"], problems) {
        match tree.read_text(&path) {
            Ok(text) => modules.push(Module { path, text }),
            Err(error) => {
                problems.push(Problem::new(Kind::Read, error.to_string()).in_file(&path));
            }
        }
    }
    modules
}

/// Every document of the YAML and JSON files among and below these paths, with its file.
pub fn data(
    tree: &Tree<'_>,
    paths: &[RepoPath],
    problems: &mut Vec<Problem>,
) -> Vec<(RepoPath, yaml::Value)> {
    let mut data = Vec::new();
    for path in files(tree, paths, &[".yaml", ".yml", ".json"], problems) {
        let text = match tree.read_text(&path) {
            Ok(text) => text,
            Err(error) => {
                problems.push(Problem::new(Kind::Read, error.to_string()).in_file(&path));
                continue;
            }
        };
        let stream = yaml::parse(&text);
        if let Some(error) = &stream.error {
            problems.push(Problem::new(Kind::Syntax, error.to_string()).in_file(&path));
        }
        for document in &stream.documents {
            match document.value(Dialect::Helm, &mut |_| Origin::NONE) {
                Ok(value) => data.push((path.clone(), value)),
                Err(error) => {
                    problems.push(Problem::new(Kind::Syntax, error.to_string()).in_file(&path));
                }
            }
        }
    }
    data
}

impl Controls {
    /// Adds the rules in these files and directories, and the data that they read. What cannot be read is a problem.
    pub fn add_user(
        &mut self,
        tree: &Tree<'_>,
        policies: &[RepoPath],
        data: &[RepoPath],
        defaults: Defaults,
        outline: Outline,
    ) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut unread = Vec::new();
        self.data.extend(self::data(tree, data, &mut problems));
        let mut found = Vec::new();
        let mut libraries = Vec::new();
        for module in modules(tree, policies, &mut problems) {
            if module.path.as_str().ends_with("_test.rego") {
                continue;
            }
            let is_own = module
                .text
                .lines()
                .any(|line| line.starts_with("#   kinds:"));
            if is_own {
                let page = RepoPath::new(&format!(
                    "{}.md",
                    module.path.as_str().trim_end_matches(".rego")
                ));
                let page = page.ok().and_then(|page| tree.read_text(&page).ok());
                let page = page.unwrap_or_else(|| Arc::from(""));
                match Control::parse(&module.path, &module.text, &page) {
                    Ok(control) => found.push(control),
                    Err(problem) => problems.push(problem),
                }
            } else if is_kubescape(&module.text) {
                // What a rule is given is said by another rule beside it, which only counts what was looked at.
                if module.path.file_name() == "filter.rego" {
                    continue;
                }
                let described = module
                    .path
                    .parent()
                    .and_then(|folder| folder.join("rule.metadata.json").ok())
                    .filter(|path| matches!(tree.find(path), Ok(Some(Entry::File))))
                    .and_then(|path| tree.read_text(&path).ok().map(|text| (path, text)));
                let described = described.as_ref().map(|(path, text)| (path, &**text));
                match kubescape(&module, described, defaults) {
                    Ok(control) => found.push(control),
                    Err(problem) => problems.push(problem),
                }
            } else {
                let declared = outline(&module).unwrap_or_else(|problem| {
                    unread.push(problem);
                    Vec::new()
                });
                let rules = conftest(&module, &declared, defaults);
                if rules.controls.is_empty() {
                    libraries.push(Library {
                        path: module.path.clone(),
                        rego: Arc::clone(&module.text),
                        built_in: false,
                    });
                }
                found.extend(rules.controls);
                problems.extend(rules.problems);
                self.modules.push(module);
            }
        }
        // Modules of Conftest import each other however they are called; controls share their libraries with ours.
        if found.iter().any(|control| control.form == Form::Own) {
            for library in libraries {
                problems.extend(self.add_library(library).err());
            }
        }
        // Where a rule for Conftest is loaded, so are all modules beside it, and what cannot be read is told then.
        let is_loaded = |control: &Control| matches!(control.form, Form::Conftest { .. });
        if !found.iter().any(is_loaded) {
            problems.extend(unread);
        }
        let files = found.iter().map(|control| control.path.clone());
        self.ruled.extend(files);
        for control in found {
            let same = self.iter().any(|other| other.id == control.id);
            // A rule of one package may be written in several files.
            let is_part = same
                && self.iter().any(|other| {
                    other.form == control.form
                        && other.package == control.package
                        && other.id == control.id
                });
            if !is_part {
                problems.extend(self.add(control).err());
            }
        }
        problems
    }

    /// A problem for each of these files and directories from which no rule was added, though it is there.
    pub fn without_rules(&self, tree: &Tree<'_>, policies: &[RepoPath]) -> Vec<Problem> {
        let holds_none = |path: &&RepoPath| {
            !self.ruled.iter().any(|file| file.is_within(path))
                && matches!(tree.find(path), Ok(Some(_)))
        };
        let problem = |path: &RepoPath| {
            Problem::new(Kind::Policy, format!("`{path}` holds no rule that could find anything"))
                .in_file(path)
                .help("Rules are called `deny`, `violation` or `warn`, or one of these with a suffix, as in `deny_latest`.")
        };
        policies.iter().filter(holds_none).map(problem).collect()
    }
}
