//! For whom something is checked: frameworks, each a list of requirements, with the controls that support one and why.
//!
//! They are data under `controls/frameworks/`, and a page is made from each ([`Framework::page`]). A framework says
//! «supports», never «compliant»: a requirement that manifests cannot show is not assessed, and the page says why.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Deserialize;

include!(concat!(env!("OUT_DIR"), "/frameworks.rs"));

/// A list of requirements that other people wrote, and the controls that support them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// What people call it in the configuration (`pss-baseline`): the name of its file.
    #[serde(skip)]
    pub name: String,
    /// Its full name, with its version.
    pub title: String,
    /// Where its text is to be found.
    pub source: String,
    /// What it is, and how far manifests can speak of it; whole sentences.
    pub about: String,
    /// Its requirements, in its order.
    pub requirements: Vec<Requirement>,
}

/// One thing that a framework asks for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// As its framework numbers or names it.
    pub id: String,
    /// What it is about, in our words; empty where the id says it.
    #[serde(default)]
    pub title: String,
    /// How it binds, where its framework tells several ways apart.
    pub obligation: Option<Obligation>,
    /// The ids of the controls that support it. Without any it is not assessed.
    #[serde(default)]
    pub controls: Vec<String>,
    /// Why they support it, as a sentence.
    #[serde(default)]
    pub why: String,
    /// What is not assessed of it and why, as a sentence.
    #[serde(default)]
    pub not_assessed: String,
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

impl Obligation {
    /// The name on pages and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Required => "required",
            Self::Addressable => "addressable",
        }
    }
}

impl Framework {
    /// All frameworks, by name.
    pub fn built_in() -> Vec<Self> {
        FRAMEWORKS
            .iter()
            .map(|(name, text)| Self::read(name, text))
            .collect()
    }

    fn read(name: &str, text: &str) -> Self {
        let read: Self =
            serde_yaml::from_str(text).expect("because a test reads each built-in framework");
        Self {
            name: name.to_owned(),
            ..read
        }
    }

    /// The framework of this name.
    pub fn find(name: &str) -> Option<Self> {
        let (name, text) = FRAMEWORKS.iter().find(|(known, _)| *known == name)?;
        Some(Self::read(name, text))
    }

    /// The ids of its controls.
    pub fn controls(&self) -> BTreeSet<&str> {
        let requirements = self.requirements.iter();
        requirements
            .flat_map(|requirement| requirement.controls.iter().map(String::as_str))
            .collect()
    }

    /// The requirements that the control of this id supports.
    pub fn supported_by(&self, control: &str) -> impl Iterator<Item = &Requirement> {
        self.requirements
            .iter()
            .filter(move |requirement| requirement.controls.iter().any(|id| id == control))
    }

    /// The page of the framework, as Markdown. `describe` gives the name and the title of the control of an id.
    pub fn page(&self, describe: impl Fn(&str) -> Option<(String, String)>) -> String {
        let mut page = format!(
            "# {}\n\n{}\n\nThe text is at <{}>. A control that passes *supports* a requirement. It never shows that the \
             requirement is met, and what is not assessed here is not passed.\n\n\
             This page is made from `controls/frameworks/{}.yaml` by `plimsoll explain {}`.\n",
            self.title, self.about, self.source, self.name, self.name
        );
        for requirement in &self.requirements {
            let _ = write!(page, "\n## {}", requirement.id);
            if !requirement.title.is_empty() {
                let _ = write!(page, ": {}", requirement.title);
            }
            if let Some(obligation) = requirement.obligation {
                let _ = write!(page, " ({})", obligation.name());
            }
            page.push('\n');
            if !requirement.controls.is_empty() {
                let _ = writeln!(page, "\n{}\n", requirement.why);
            }
            for id in &requirement.controls {
                if let Some((name, title)) = describe(id) {
                    let _ = writeln!(page, "* `{id}` {name}: {title}");
                }
            }
            if !requirement.not_assessed.is_empty() {
                let _ = writeln!(page, "\nNot assessed: {}", requirement.not_assessed);
            }
        }
        page
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
        assert_eq!(
            names,
            [
                "cis",
                "gdpr-32",
                "hipaa",
                "mitre",
                "nist-800-190",
                "nsa",
                "pci-dss-4",
                "pss-baseline",
                "pss-restricted",
                "soc2",
            ]
        );
        let is_sentence = |text: &str| text.ends_with('.') && text.len() > 15;
        for framework in &all {
            assert!(is_sentence(&framework.about), "{}", framework.name);
            let mut ids = BTreeSet::new();
            for requirement in &framework.requirements {
                let place = format!("{} {}", framework.name, requirement.id);
                assert!(ids.insert(&requirement.id), "{place} twice");
                let controls: BTreeSet<_> = requirement.controls.iter().collect();
                assert_eq!(controls.len(), requirement.controls.len(), "{place}");
                if controls.is_empty() {
                    assert!(is_sentence(&requirement.not_assessed), "{place}");
                    assert_eq!(requirement.why, "", "{place}");
                } else {
                    assert!(is_sentence(&requirement.why), "{place}");
                }
                assert!(
                    requirement.not_assessed.is_empty() || is_sentence(&requirement.not_assessed),
                    "{place}"
                );
                assert_eq!(
                    requirement.obligation.is_some(),
                    framework.name == "hipaa",
                    "{place}"
                );
            }
            for word in ["compliant", "certified", "guarantee"] {
                let page = framework.page(|_| None).to_lowercase();
                assert!(!page.contains(word), "{} says {word}", framework.name);
            }
        }
    }

    /// Every standard and specification of 45 CFR 164.308 to 164.316, with what Appendix A to Subpart C and the text say of it.
    #[test]
    fn hipaa_names_every_section_and_binds_as_the_rule_says() {
        use Obligation::{Addressable, Required, Standard};
        let sections = BTreeMap::from([
            ("164.308(a)(1)(i)", Standard),
            ("164.308(a)(1)(ii)(A)", Required),
            ("164.308(a)(1)(ii)(B)", Required),
            ("164.308(a)(1)(ii)(C)", Required),
            ("164.308(a)(1)(ii)(D)", Required),
            ("164.308(a)(2)", Required),
            ("164.308(a)(3)(i)", Standard),
            ("164.308(a)(3)(ii)(A)", Addressable),
            ("164.308(a)(3)(ii)(B)", Addressable),
            ("164.308(a)(3)(ii)(C)", Addressable),
            ("164.308(a)(4)(i)", Standard),
            ("164.308(a)(4)(ii)(A)", Required),
            ("164.308(a)(4)(ii)(B)", Addressable),
            ("164.308(a)(4)(ii)(C)", Addressable),
            ("164.308(a)(5)(i)", Standard),
            ("164.308(a)(5)(ii)(A)", Addressable),
            ("164.308(a)(5)(ii)(B)", Addressable),
            ("164.308(a)(5)(ii)(C)", Addressable),
            ("164.308(a)(5)(ii)(D)", Addressable),
            ("164.308(a)(6)(i)", Standard),
            ("164.308(a)(6)(ii)", Required),
            ("164.308(a)(7)(i)", Standard),
            ("164.308(a)(7)(ii)(A)", Required),
            ("164.308(a)(7)(ii)(B)", Required),
            ("164.308(a)(7)(ii)(C)", Required),
            ("164.308(a)(7)(ii)(D)", Addressable),
            ("164.308(a)(7)(ii)(E)", Addressable),
            ("164.308(a)(8)", Required),
            ("164.308(b)(1)", Standard),
            ("164.308(b)(3)", Required),
            ("164.310(a)(1)", Standard),
            ("164.310(a)(2)(i)", Addressable),
            ("164.310(a)(2)(ii)", Addressable),
            ("164.310(a)(2)(iii)", Addressable),
            ("164.310(a)(2)(iv)", Addressable),
            ("164.310(b)", Required),
            ("164.310(c)", Required),
            ("164.310(d)(1)", Standard),
            ("164.310(d)(2)(i)", Required),
            ("164.310(d)(2)(ii)", Required),
            ("164.310(d)(2)(iii)", Addressable),
            ("164.310(d)(2)(iv)", Addressable),
            ("164.312(a)(1)", Standard),
            ("164.312(a)(2)(i)", Required),
            ("164.312(a)(2)(ii)", Required),
            ("164.312(a)(2)(iii)", Addressable),
            ("164.312(a)(2)(iv)", Addressable),
            ("164.312(b)", Required),
            ("164.312(c)(1)", Standard),
            ("164.312(c)(2)", Addressable),
            ("164.312(d)", Required),
            ("164.312(e)(1)", Standard),
            ("164.312(e)(2)(i)", Addressable),
            ("164.312(e)(2)(ii)", Addressable),
            ("164.314(a)(1)", Standard),
            ("164.314(a)(2)", Required),
            ("164.314(b)(1)", Standard),
            ("164.314(b)(2)", Required),
            ("164.316(a)", Standard),
            ("164.316(b)(1)", Standard),
            ("164.316(b)(2)(i)", Required),
            ("164.316(b)(2)(ii)", Required),
            ("164.316(b)(2)(iii)", Required),
        ]);
        let framework = Framework::find("hipaa").unwrap();
        let found: BTreeMap<&str, Obligation> = framework
            .requirements
            .iter()
            .map(|requirement| (requirement.id.as_str(), requirement.obligation.unwrap()))
            .collect();
        assert_eq!(found, sections);
        let addressable = found.values().filter(|o| **o == Addressable).count();
        assert_eq!(addressable, 22, "as many as Appendix A marks (A)");
    }
}
