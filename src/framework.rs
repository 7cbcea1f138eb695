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
    /// Why the control supports it, as a sentence.
    pub why: String,
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
