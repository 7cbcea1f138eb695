//! Which controls a configuration asks for, and how severe it takes them to be.

use std::collections::BTreeSet;

use crate::config::{Config, Level, Spanned};
use crate::control::{Controls, Severity};
use crate::framework::Framework;
use crate::problem::{Kind, Problem};

/// The severity of this level.
pub fn severity(level: Level) -> Severity {
    match level {
        Level::Low => Severity::Low,
        Level::Medium => Severity::Medium,
        Level::High => Severity::High,
        Level::Critical => Severity::Critical,
    }
}

/// The built-in controls that `config` chooses: those of its frameworks, or all that are on by themselves, without what it turns off.
///
/// A name that nothing has is a problem, and has no effect: a misspelt control stays on.
pub fn choose(config: &Config) -> (Controls, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut wrong = |name: &Spanned<String>, what: &str, help: String| {
        let problem =
            Problem::new(Kind::Config, format!("there is no {what} `{}`", name.value)).help(help);
        problems.push(match &config.source {
            Some(path) => problem.at(path, name.span),
            None => problem,
        });
    };
    let all = Controls::built_in();
    let mut chosen: Option<BTreeSet<String>> = None;
    for name in config.frameworks.iter().flatten() {
        let chosen = chosen.get_or_insert_default();
        if let Some(framework) = Framework::find(&name.value) {
            chosen.extend(framework.controls().into_iter().map(str::to_owned));
        } else {
            let known: Vec<String> = Framework::built_in()
                .into_iter()
                .map(|framework| framework.name)
                .collect();
            wrong(
                name,
                "framework",
                format!("The frameworks are {}.", known.join(", ")),
            );
        }
    }
    let mut controls = match &chosen {
        Some(ids) => all.select(|control| ids.contains(control.id.as_str())),
        None => all.select(|control| control.enabled),
    };
    for entry in &config.controls {
        let named = all.find_all(&entry.control.value);
        if named.is_empty() {
            wrong(
                &entry.control,
                "control",
                "`plimsoll controls` lists them by id and name.".to_owned(),
            );
        }
        // Kubescape's id of a union stands for each control that answers to it.
        for control in named {
            let id = &control.id;
            match entry.enabled.as_ref().map(|enabled| enabled.value) {
                Some(false) => controls = controls.select(|control| control.id != *id),
                Some(true) if controls.find(id.as_str()).is_none() => {
                    // It is in `all`, whose ids are distinct, so it can be added.
                    let _ = controls.add(control.clone());
                }
                _ => {}
            }
            if let Some(level) = &entry.severity {
                controls.set_severity(id, severity(level.value));
            }
        }
    }
    (controls, problems)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::text::RepoPath;

    fn check(text: &str) -> (Vec<String>, Vec<String>) {
        let (config, problems) = config::load_text(&RepoPath::new(".plimsoll.yaml").unwrap(), text);
        assert_eq!(problems, []);
        let (controls, problems) = choose(&config);
        (
            controls
                .iter()
                .map(|c| format!("{} {}", c.name, c.severity))
                .collect(),
            problems.into_iter().map(|p| p.message).collect(),
        )
    }

    #[test]
    fn frameworks_choose_and_entries_refine() {
        let all = check("").0;
        assert!(all.contains(&"privileged high".to_owned()));
        let (some, problems) = check(
            "controls:\n  privileged: { severity: critical, reason: never here }\n  host-path: { enabled: false, reason: a node agent }\n",
        );
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(some.len(), all.len() - 1);
        assert!(some.contains(&"privileged critical".to_owned()));
        let fewer = check("frameworks: [pss-baseline]\n").0;
        assert!(!fewer.is_empty() && fewer.len() < all.len());
    }

    #[test]
    fn a_misspelt_name_turns_nothing_off() {
        let (controls, problems) = check("controls:\n  privilegd: { enabled: false, reason: x }\n");
        assert_eq!(problems, ["there is no control `privilegd`"]);
        assert_eq!(controls.len(), check("").0.len());
    }
}
