//! `plimsoll controls`: what is checked, and for whom.

use std::fmt::Write as _;
use std::process::ExitCode;

use plimsoll::config;
use plimsoll::control::{Applies, Control, Controls, Defaults, FixClass, Setting};
use plimsoll::finding::Severity;
use plimsoll::framework::Framework;
use plimsoll::snapshot::{Disk, Tree};
use plimsoll::text::RepoPath;
use serde_json::{Value, json};

use crate::args::{self, Listing};
use crate::{Failure, Terminal, print};

pub(crate) fn controls(
    terminal: &Terminal,
    arguments: &args::Controls,
) -> Result<ExitCode, Failure> {
    let frameworks = Framework::built_in();
    if let Some(name) = &arguments.framework
        && frameworks.iter().all(|framework| framework.name != *name)
    {
        let known: Vec<&str> = frameworks.iter().map(|f| f.name.as_str()).collect();
        return Err(Failure::new(format!("there is no framework `{name}`"))
            .help(format!("The frameworks are {}.", known.join(", "))));
    }
    let all = of_directory(terminal);
    let wanted: Vec<&Control> = all
        .iter()
        .filter(|control| {
            let name = arguments.framework.as_ref();
            name.is_none_or(|name| supported(&frameworks, control).contains(&name.as_str()))
        })
        .collect();
    print(&match arguments.format {
        Listing::Text => list(&wanted),
        Listing::Json => {
            let controls: Vec<Value> = wanted.iter().map(|c| wire(c, &frameworks)).collect();
            let mut out = serde_json::to_string_pretty(
                &json!({"schema": "plimsoll.controls/1", "controls": controls}),
            )
            .map_err(|error| Failure::new(error.to_string()))?;
            out.push('\n');
            out
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The built-in controls, and those that the configuration in the directory names.
pub(crate) fn of_directory(terminal: &Terminal) -> Controls {
    let disk = Disk::new(&terminal.directory);
    let tree = Tree::new(&disk);
    let (config, _) = config::load(&tree);
    let mut all = Controls::built_in();
    let policies: Vec<RepoPath> = config
        .policies
        .iter()
        .map(|path| path.value.clone())
        .collect();
    let usual = config.policy_severity.as_ref();
    let defaults = Defaults {
        deny: usual.map_or(Severity::Medium, |level| {
            plimsoll::policy::severity(level.value)
        }),
        warn: Severity::Low,
    };
    // What does not load is a problem of `check` and of `test`; here only what there is is listed.
    let _ = all.add_user(&tree, &policies, &[], defaults, plimsoll::policy::declared);
    all
}

pub(crate) fn supported<'f>(frameworks: &'f [Framework], control: &Control) -> Vec<&'f str> {
    let supports = |framework: &&Framework| framework.controls().contains(control.id.as_str());
    let names = frameworks.iter().filter(supports);
    names.map(|framework| framework.name.as_str()).collect()
}

/// One line for each control.
pub(crate) fn list(controls: &[&Control]) -> String {
    let mut out = String::new();
    let width =
        |of: fn(&Control) -> usize| controls.iter().map(|c| of(c)).max().unwrap_or_default();
    let id = width(|control| control.id.as_str().len());
    let name = width(|control| control.name.len());
    for control in controls {
        let off = if control.enabled { "" } else { " (off)" };
        let _ = writeln!(
            out,
            "{:id$}  {:8}  {:6}  {:name$}  {}{off}",
            control.id.as_str(),
            control.severity.name(),
            fix(control),
            control.name,
            control.title
        );
    }
    out
}

fn fix(control: &Control) -> &'static str {
    match control.fix {
        FixClass::Never => "-",
        FixClass::Unsafe => "unsafe",
        FixClass::Safe => "safe",
    }
}

fn wire(control: &Control, frameworks: &[Framework]) -> Value {
    let kinds: Vec<String> = control.kinds.iter().map(kind).collect();
    let parameters: serde_json::Map<String, Value> = control
        .parameters
        .iter()
        .map(|(name, parameter)| {
            let value = json!({"about": parameter.about, "default": setting(&parameter.value)});
            (name.clone(), value)
        })
        .collect();
    json!({
        "id": control.id.as_str(),
        "also": control.also.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "name": control.name,
        "enabled": control.enabled,
        "title": control.title,
        "description": control.description,
        "severity": control.severity.name(),
        "fix": fix(control).replace('-', "never"),
        "since": control.since,
        "kinds": kinds,
        "frameworks": supported(frameworks, control),
        "parameters": parameters,
        "built_in": control.built_in,
        "path": control.path.as_str(),
    })
}

fn kind(applies: &Applies) -> String {
    match applies {
        Applies::All => "*".to_owned(),
        Applies::Pods => "pods".to_owned(),
        Applies::Kind { group, kind } if group.is_empty() => kind.clone(),
        Applies::Kind { group, kind } => format!("{kind}.{group}"),
    }
}

fn setting(value: &Setting) -> Value {
    match value {
        Setting::Flag(flag) => json!(flag),
        Setting::Number(number) => json!(number),
        Setting::Text(text) => json!(text),
        Setting::Texts(texts) => json!(texts),
    }
}

/// The page of a control, and below it what can be set and which frameworks it is in.
pub(crate) fn page(control: &Control) -> String {
    let mut out = if control.page.is_empty() {
        format!(
            "# {}\n\n{}\n\n{}\n",
            control.name, control.title, control.description
        )
    } else {
        control.page.to_string()
    };
    let frameworks = Framework::built_in();
    let _ = write!(
        out,
        "\n## About\n\n{}, {} severity, fix: {}",
        control.id,
        control.severity,
        fix(control).replace('-', "never")
    );
    let named = supported(&frameworks, control);
    if !named.is_empty() {
        let _ = write!(out, "; in {}", named.join(", "));
    }
    out.push_str(".\n");
    if !control.parameters.is_empty() {
        let _ = write!(
            out,
            "\nWhat can be set under `controls.{}.with`:\n\n",
            control.id
        );
        for (name, parameter) in &control.parameters {
            let _ = writeln!(
                out,
                "- `{name}` (default {}): {}",
                setting(&parameter.value),
                parameter.about
            );
        }
    }
    out
}
