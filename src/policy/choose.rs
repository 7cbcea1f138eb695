//! Which controls a configuration asks for, and how severe it takes them to be.

use std::collections::BTreeSet;

use crate::config::{self, Config, Level, Spanned};
use crate::control::{Controls, Setting, Severity};
use crate::framework::Framework;
use crate::problem::{Kind, Problem};
use crate::text::Span;

/// The severity of this level.
pub fn severity(level: Level) -> Severity {
    match level {
        Level::Low => Severity::Low,
        Level::Medium => Severity::Medium,
        Level::High => Severity::High,
        Level::Critical => Severity::Critical,
    }
}

fn at(config: &Config, span: Span, problem: Problem) -> Problem {
    match &config.source {
        Some(path) => problem.at(path, span),
        None => problem,
    }
}

/// What a configuration sets, as a control takes it: a text in quotes stays one, whatever it looks like.
fn setting(written: &config::Setting) -> Setting {
    match written {
        config::Setting::List(texts) => Setting::Texts(texts.clone()),
        config::Setting::Single(text, true) => Setting::Text(text.clone()),
        config::Setting::Single(text, false) => match text.as_str() {
            "true" => Setting::Flag(true),
            "false" => Setting::Flag(false),
            text => text
                .parse()
                .map_or_else(|_| Setting::Text(text.to_owned()), Setting::Number),
        },
    }
}

/// The built-in controls that `config` chooses: those of its frameworks, or all of them, without what it turns off.
///
/// A name that nothing has is a problem, and has no effect: a misspelt control stays on.
pub fn choose(config: &Config) -> (Controls, Vec<Problem>) {
    let mut problems = Vec::new();
    let unknown = |name: &Spanned<String>, what: &str, help: String| {
        let message = format!("there is no {what} `{}`", name.value);
        at(
            config,
            name.span,
            Problem::new(Kind::Config, message).help(help),
        )
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
            let help = format!("The frameworks are {}.", known.join(", "));
            problems.push(unknown(name, "framework", help));
        }
    }
    let mut controls = match &chosen {
        Some(ids) => all.select(|control| ids.contains(control.id.as_str())),
        None => all.clone(),
    };
    for entry in &config.controls {
        let Some(control) = all.find(&entry.control.value) else {
            let help = "`plimsoll controls` lists them by id and name.".to_owned();
            problems.push(unknown(&entry.control, "control", help));
            continue;
        };
        let id = control.id.clone();
        match entry.enabled.as_ref().map(|enabled| enabled.value) {
            Some(false) => controls = controls.select(|control| control.id != id),
            Some(true) if controls.find(id.as_str()).is_none() => {
                // It is in `all`, whose ids are distinct, so it can be added.
                let _ = controls.add(control.clone());
            }
            _ => {}
        }
        if let Some(level) = &entry.severity {
            let wanted = severity(level.value);
            if wanted < control.severity && entry.reason.is_none() {
                let message = format!(
                    "`{}` is made less severe without a reason",
                    entry.control.value
                );
                let problem = Problem::new(Kind::Config, message)
                    .help("Say why in `reason`: it stands in the reports.");
                problems.push(at(config, level.span, problem));
            } else {
                controls.set_severity(&id, wanted);
            }
        }
        for (name, value) in &entry.with {
            if let Err(message) = controls.set_parameter(&id, &name.value, setting(value)) {
                let problem = Problem::new(Kind::Config, message)
                    .help(format!("`plimsoll explain {id}` shows what can be set."));
                problems.push(at(config, name.span, problem));
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
