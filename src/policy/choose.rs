//! Which controls a configuration asks for, and how severe it takes them to be.

use std::collections::BTreeSet;

use crate::config::{self, Config, Level, Spanned};
use crate::control::{ControlId, Controls, Defaults, Setting, Severity};
use crate::framework::Framework;
use crate::problem::{Kind, Problem};
use crate::snapshot::Tree;
use crate::text::{RepoPath, Span};

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

/// Sets the version of a framework for those of its controls that ask for other things in other versions.
fn set_version(
    controls: &mut Controls,
    framework: &Framework,
    version: &str,
) -> Result<(), String> {
    let minor = version.strip_prefix("v1.").unwrap_or_default();
    let is_minor =
        !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit()) && minor.len() < 4;
    if version != "latest" && !is_minor {
        return Err(format!("`{version}` is no version of Kubernetes 1"));
    }
    // Only the frameworks of Pod Security Standards consist of such controls.
    if !framework.name.starts_with("pss-") {
        return Err(format!("`{}` has no versions", framework.name));
    }
    let ids = framework.controls();
    let having: Vec<ControlId> = controls
        .iter()
        .filter(|control| ids.contains(control.id.as_str()))
        .filter(|control| control.parameters.contains_key("version"))
        .map(|control| control.id.clone())
        .collect();
    for id in having {
        controls.set_parameter(&id, "version", Setting::Text(version.to_owned()))?;
    }
    Ok(())
}

/// The page of a framework, with the names and titles of its controls.
pub fn framework_page(framework: &Framework, controls: &Controls) -> String {
    framework.page(|id| {
        let control = controls.find(id)?;
        Some((control.name.clone(), control.title.clone()))
    })
}

/// The controls that `config` chooses: the built-in ones of its frameworks, or all that are on by themselves, and the user's
/// policies in `tree`, without what it turns off.
///
/// A name that nothing has is a problem, and has no effect: a misspelt control stays on.
pub fn choose(config: &Config, tree: &Tree<'_>) -> (Controls, Vec<Problem>) {
    let mut problems = Vec::new();
    let unknown = |name: &Spanned<String>, what: &str, help: String| {
        let message = format!("there is no {what} `{}`", name.value);
        at(
            config,
            name.span,
            Problem::new(Kind::Config, message).help(help),
        )
    };
    let mut all = Controls::built_in();
    let paths = |named: &[Spanned<RepoPath>]| -> Vec<RepoPath> {
        named.iter().map(|path| path.value.clone()).collect()
    };
    let usual = config.policy_severity.as_ref();
    let defaults = Defaults {
        deny: usual.map_or(Severity::Medium, |level| severity(level.value)),
        warn: Severity::Low,
    };
    let (policies, data) = (paths(&config.policies), paths(&config.data));
    let unread = all.add_user(tree, &policies, &data, defaults, super::declared);
    if unread.is_empty() {
        problems.extend(all.without_rules(tree, &policies));
    }
    problems.extend(unread);
    let mut chosen: Option<BTreeSet<String>> = None;
    let mut versions = Vec::new();
    for name in config.frameworks.iter().flatten() {
        let chosen = chosen.get_or_insert_default();
        let (of, version) = match name.value.split_once('@') {
            Some((of, version)) => (of, Some(version)),
            None => (name.value.as_str(), None),
        };
        if let Some(framework) = Framework::find(of) {
            chosen.extend(framework.controls().into_iter().map(str::to_owned));
            versions.extend(version.map(|version| (name, framework, version)));
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
        Some(ids) => all.select(|control| !control.built_in || ids.contains(control.id.as_str())),
        None => all.select(|control| control.enabled),
    };
    for (name, framework, version) in versions {
        if let Err(message) = set_version(&mut controls, &framework, version) {
            let problem = Problem::new(Kind::Config, message).help(
                "The Pod Security Standards have versions: `pss-restricted@v1.30`, or `@latest`.",
            );
            problems.push(at(config, name.span, problem));
        }
    }
    for entry in &config.controls {
        let named = all.find_all(&entry.control.value);
        if named.is_empty() {
            let help = "`plimsoll controls` lists them by id and name.".to_owned();
            problems.push(unknown(&entry.control, "control", help));
        }
        // Kubescape's id of a union stands for each control that answers to it.
        for control in &named {
            let id = &control.id;
            match entry.enabled.as_ref().map(|enabled| enabled.value) {
                Some(false) => controls = controls.select(|control| control.id != *id),
                Some(true) if controls.find(id.as_str()).is_none() => {
                    // It is in `all`, whose ids are distinct, so it can be added.
                    let _ = controls.add((*control).clone());
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
                    controls.set_severity(id, wanted);
                }
            }
        }
        for (name, value) in &entry.with {
            let having = named
                .iter()
                .filter(|control| control.parameters.contains_key(&name.value));
            // Where none has it, setting it on the first one tells what could be set.
            let having: Vec<_> = match having.collect::<Vec<_>>() {
                none if none.is_empty() => named.iter().take(1).collect(),
                some => some,
            };
            for control in having {
                let id = &control.id;
                if let Err(message) = controls.set_parameter(id, &name.value, setting(value)) {
                    let problem = Problem::new(Kind::Config, message)
                        .help(format!("`plimsoll explain {id}` shows what can be set."));
                    problems.push(at(config, name.span, problem));
                }
            }
        }
    }
    for entry in &config.overrides {
        if all.find_all(&entry.control.value).is_empty() {
            let help = "`plimsoll controls` lists them by id and name.".to_owned();
            problems.push(unknown(&entry.control, "control", help));
        }
    }
    (controls, problems)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::snapshot::Memory;

    fn check(text: &str) -> (Vec<String>, Vec<String>) {
        let (config, problems) = config::load_text(&RepoPath::new(".plimsoll.yaml").unwrap(), text);
        assert_eq!(problems, []);
        let nothing = Memory::empty("base");
        let (controls, problems) = choose(&config, &Tree::new(&nothing));
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
    fn controls_that_are_off_are_asked_for_by_framework_name_or_id() {
        let off = "namespace-not-restricted low".to_owned();
        assert!(!check("").0.contains(&off));
        assert!(check("frameworks: [cis]\n").0.contains(&off));
        // One of the ids that it answers to; the other control that does is on already.
        assert!(
            check("controls: { C-0198: { enabled: true } }\n")
                .0
                .contains(&off)
        );
    }

    #[test]
    fn a_framework_may_have_a_version() {
        let (config, _) = config::load_text(
            &RepoPath::new(".plimsoll.yaml").unwrap(),
            "frameworks: [pss-restricted@v1.22]\n",
        );
        let (controls, problems) = choose(&config, &Tree::new(&Memory::empty("base")));
        assert_eq!(problems, []);
        let sysctl = controls.find("unsafe-sysctl").unwrap();
        let version = sysctl.parameters.get("version").unwrap();
        assert_eq!(version.value, Setting::Text("v1.22".to_owned()));
        for (name, expected) in [
            ("pss-baseline@1.22", "`1.22` is no version of Kubernetes 1"),
            ("hipaa@v1.22", "`hipaa` has no versions"),
        ] {
            assert_eq!(check(&format!("frameworks: ['{name}']\n")).1, [expected]);
        }
    }

    #[test]
    fn a_misspelt_name_turns_nothing_off() {
        let (controls, problems) = check("controls:\n  privilegd: { enabled: false, reason: x }\n");
        assert_eq!(problems, ["there is no control `privilegd`"]);
        assert_eq!(controls.len(), check("").0.len());
    }
}
