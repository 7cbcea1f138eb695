//! Where health information is handled: there, what HIPAA asks for weighs more.
//!
//! The configuration names apps, namespaces, and labels or annotations. What controls of the framework `hipaa` find there is
//! at least as severe as the configuration says; nothing is made less severe, and other controls are left as they are.

use std::collections::BTreeSet;

use super::{Side, severity};
use crate::config::{Config, Ephi as Scope, Level, Spanned};
use crate::finding::{Finding, Severity};
use crate::framework::Framework;
use crate::resource::{Placed, Resource};
use crate::yaml::Value;

/// The scope of health information, and the least severity of findings in it.
pub struct Ephi<'a> {
    scope: &'a Scope,
    least: Severity,
    controls: BTreeSet<String>,
}

impl<'a> Ephi<'a> {
    /// What the configuration says of it; `None` where it says nothing.
    pub fn of(config: &'a Config) -> Option<Self> {
        let scope = config.ephi.as_ref()?;
        let hipaa = Framework::find("hipaa")?;
        Some(Self {
            scope,
            least: severity(
                scope
                    .severity
                    .as_ref()
                    .map_or(Level::High, |level| level.value),
            ),
            controls: hipaa.controls().into_iter().map(str::to_owned).collect(),
        })
    }

    /// Makes the findings in the scope as severe as they are there. `sides` are those that were evaluated.
    pub fn raise(&self, sides: [&Side<'_>; 2], findings: &mut [Finding]) {
        let placed: Vec<Placed<'_>> = sides.iter().flat_map(|side| side.objects()).collect();
        // A Namespace that is marked marks what is in it.
        let namespaces: BTreeSet<&str> = placed
            .iter()
            .filter(|object| object.is("", "Namespace") && self.marks(object.resource))
            .map(|object| object.resource.identity.name.as_str())
            .collect();
        let inside: BTreeSet<_> = placed
            .iter()
            .filter(|object| {
                let namespace = match object.resource.identity.kind.as_str() {
                    "Namespace" => &object.resource.identity.name,
                    _ => &object.namespace,
                };
                names(&self.scope.namespaces, namespace)
                    || namespaces.contains(namespace.as_str())
                    || self.marks(object.resource)
            })
            .map(|object| &object.resource.identity)
            .collect();
        for finding in findings {
            let is_inside =
                names(&self.scope.apps, &finding.app) || inside.contains(&finding.resource);
            if is_inside && self.controls.contains(finding.control.as_str()) {
                finding.severity = finding.severity.max(self.least);
            }
        }
    }

    /// True where the object, or the pods that it describes, carry one of the labels or annotations.
    fn marks(&self, resource: &Resource) -> bool {
        let own = resource.value.get("metadata");
        let pods = resource
            .pod()
            .and_then(|pod| resource.value.at(&pod.metadata));
        own.into_iter().chain(pods).any(|metadata| {
            ["labels", "annotations"].iter().any(|field| {
                let marked = metadata.get(field);
                self.scope
                    .labels
                    .iter()
                    .any(|label| carries(marked, &label.value))
            })
        })
    }
}

/// `key`, or `key=value`.
fn carries(labels: Option<&Value>, wanted: &str) -> bool {
    let (key, value) = match wanted.split_once('=') {
        Some((key, value)) => (key, Some(value)),
        None => (wanted, None),
    };
    let found = labels.and_then(|labels| labels.get(key));
    found.is_some_and(|found| value.is_none_or(|value| found.as_str() == Some(value)))
}

/// A `*` at the end of a name stands for any text.
fn names(patterns: &[Spanned<String>], name: &str) -> bool {
    patterns
        .iter()
        .any(|pattern| match pattern.value.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => pattern.value == name,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::control::Controls;
    use crate::policy::tests::render;
    use crate::policy::{compile, evaluate};
    use crate::text::RepoPath;

    /// The severities of what `run-as-root` (medium, in `hipaa`) and `no-cpu-request` (low, in it too) find, by object.
    fn check(settings: &str, yaml: &str) -> Vec<String> {
        let (config, problems) =
            config::load_text(&RepoPath::new(".plimsoll.yaml").unwrap(), settings);
        assert_eq!(problems, []);
        let controls = Controls::built_in().select(|control| control.name == "run-as-root");
        let (policy, _) = compile(&controls);
        let rendering = render(yaml);
        let (base, head) = (
            Side::new("clinic", &[]),
            Side::new("clinic", &rendering.resources),
        );
        let (mut findings, _) = evaluate(&policy, &base, &head);
        if let Some(ephi) = Ephi::of(&config) {
            ephi.raise([&base, &head], &mut findings);
        }
        findings
            .iter()
            .map(|finding| format!("{} {}", finding.resource.name, finding.severity))
            .collect()
    }

    const PODS: &str = "apiVersion: v1\nkind: Pod\nmetadata: { name: a, namespace: ward }\nspec: { containers: [{ name: a, image: 'a:1' }] }\n---\napiVersion: v1\nkind: Pod\nmetadata: { name: b, namespace: shop, labels: { data: phi } }\nspec: { containers: [{ name: b, image: 'b:1' }] }\n";

    #[test]
    fn what_handles_health_information_is_held_to_more() {
        for (settings, expected) in [
            ("", ["a medium", "b medium"]),
            ("ephi: { apps: [clin*] }\n", ["a high", "b high"]),
            ("ephi: { apps: [clin] }\n", ["a medium", "b medium"]),
            (
                "ephi: { namespaces: [ward], severity: critical }\n",
                ["a critical", "b medium"],
            ),
            ("ephi: { labels: [data=phi] }\n", ["a medium", "b high"]),
            (
                "ephi: { labels: [data=other, name] }\n",
                ["a medium", "b medium"],
            ),
            // Nothing is made less severe.
            (
                "ephi: { namespaces: ['*'], severity: low }\n",
                ["a medium", "b medium"],
            ),
        ] {
            assert_eq!(check(settings, PODS), expected, "{settings}");
        }
    }

    #[test]
    fn a_marked_namespace_marks_what_is_in_it() {
        let namespace = "---\napiVersion: v1\nkind: Namespace\nmetadata: { name: ward, annotations: { data: phi } }\n";
        assert_eq!(
            check("ephi: { labels: [data] }\n", &format!("{PODS}{namespace}")),
            ["a high", "b high"]
        );
    }
}
