//! For whom something is checked: frameworks, each a list of controls with the requirement it supports and why.
//!
//! They are data under `controls/frameworks/`. A framework says «supports», never «compliant»: a requirement that no control
//! here supports is not assessed.

use std::collections::BTreeSet;

use serde::Deserialize;

include!(concat!(env!("OUT_DIR"), "/frameworks.rs"));

/// A list of requirements that other people wrote, and the controls that support them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// What people call it in the configuration (`pss-baseline`): the name of its file.
    #[serde(skip)]
    pub name: String,
    /// Its full name.
    pub title: String,
    /// Where its text is to be found.
    pub source: String,
    /// What the entries leave open, for the reader of a report.
    pub not_assessed: String,
    /// Which control supports which requirement.
    pub entries: Vec<Support>,
}

/// One control in a framework.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Support {
    /// The id of the control.
    pub control: String,
    /// The requirement, as its framework numbers or names it.
    pub requirement: String,
    /// What the framework demands there, where it tells several demands apart.
    pub obligation: Option<Obligation>,
    /// Why the control supports it, as a sentence.
    pub why: String,
}

/// How a HIPAA requirement binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Obligation {
    /// A standard, which its specifications detail.
    Standard,
    /// A specification that must be implemented.
    Required,
    /// A specification that must be implemented where that is reasonable, or answered by something equivalent.
    Addressable,
}

impl Framework {
    /// All frameworks, by name.
    pub fn built_in() -> Vec<Self> {
        FRAMEWORKS
            .iter()
            .map(|(name, text)| {
                let read: Self = serde_yaml::from_str(text)
                    .expect("because a test reads each built-in framework");
                Self {
                    name: (*name).to_owned(),
                    ..read
                }
            })
            .collect()
    }

    /// The framework of this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::built_in()
            .into_iter()
            .find(|framework| framework.name == name)
    }

    /// The ids of its controls.
    pub fn controls(&self) -> BTreeSet<&str> {
        self.entries
            .iter()
            .map(|entry| entry.control.as_str())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_framework_is_well_formed() {
        let all = Framework::built_in();
        let names: Vec<&str> = all.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["hipaa", "nsa", "pss-baseline", "pss-restricted"]);
        for framework in &all {
            let mut pairs = BTreeSet::new();
            for entry in &framework.entries {
                let place = format!("{} {}", framework.name, entry.control);
                assert!(
                    pairs.insert((&entry.control, &entry.requirement)),
                    "{place} twice"
                );
                assert!(entry.why.ends_with('.') && entry.why.len() > 30, "{place}");
                assert_eq!(
                    entry.obligation.is_some(),
                    framework.name == "hipaa",
                    "{place}"
                );
            }
            assert!(framework.not_assessed.ends_with('.'));
        }
    }

    /// The sections of 45 CFR 164 that entries may name, with what Appendix A to Subpart C says of each.
    #[test]
    fn hipaa_sections_exist_and_bind_as_the_rule_says() {
        use Obligation::{Addressable, Standard};
        let sections = BTreeMap::from([
            ("164.308(a)(4)(ii)(B)", Addressable),
            ("164.308(a)(5)(ii)(B)", Addressable),
            ("164.308(a)(5)(ii)(D)", Addressable),
            ("164.308(a)(7)(i)", Standard),
            ("164.312(a)(1)", Standard),
            ("164.312(c)(1)", Standard),
            ("164.312(e)(1)", Standard),
            ("164.312(e)(2)(ii)", Addressable),
        ]);
        for entry in Framework::find("hipaa").unwrap().entries {
            let known = sections.get(entry.requirement.as_str()).copied();
            assert!(known.is_some(), "{}", entry.requirement);
            assert_eq!(entry.obligation, known, "{}", entry.requirement);
        }
    }
}
