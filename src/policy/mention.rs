//! What an object mentions: whether a control can have anything to say about it, told without asking the control.
//!
//! Most of what most controls look for is in few objects (`hostNetwork`, a volume of the node), and Rego is slow. A control names
//! the texts one of which stands in every object that it can speak of; one that mentions none of them is not asked about.

use std::fmt::Write as _;

use crate::control::Control;
use crate::yaml::{Data, Value};

/// The fields and plain values of an object as one text in lower case: `key:` a line, with the value behind it where it is plain.
pub(super) struct Written(String);

impl Written {
    pub(super) fn of(value: &Value) -> Self {
        let mut text = String::new();
        write(value, &mut text);
        if text.is_ascii() {
            text.make_ascii_lowercase();
            return Self(text);
        }
        // Rego's `upper` and `lower`, and patterns that ignore case, take some letters of other alphabets for those of ours.
        Self(text.to_uppercase().to_lowercase())
    }

    /// False only where the control has nothing to say about the object.
    pub(super) fn concerns(&self, control: &Control) -> bool {
        let mut mentions = control.mentions.iter();
        control.mentions.is_empty() || mentions.any(|mention| self.0.contains(mention.as_str()))
    }
}

fn write(value: &Value, text: &mut String) {
    match &value.data {
        Data::Mapping(map) => {
            text.push('\n');
            for entry in map {
                text.push_str(&entry.key);
                text.push_str(": ");
                write(&entry.value, text);
            }
        }
        Data::Sequence(items) => {
            text.push('\n');
            items.iter().for_each(|item| write(item, text));
        }
        Data::String(plain) => {
            text.push_str(plain);
            text.push('\n');
        }
        Data::Null => text.push_str("null\n"),
        Data::Bool(plain) => text.push_str(if *plain { "true\n" } else { "false\n" }),
        // Writing into a text does not fail.
        Data::Int(plain) => drop(writeln!(text, "{plain}")),
        Data::Uint(plain) => drop(writeln!(text, "{plain}")),
        Data::Float(plain) => drop(writeln!(text, "{plain}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Controls;
    use crate::policy::tests::render;

    /// The controls among some that are asked about an object.
    fn check(yaml: &str, names: &[&str]) -> Vec<String> {
        let controls = Controls::built_in();
        let rendering = render(yaml);
        let written = Written::of(&rendering.resources.first().unwrap().value);
        let concerning = controls
            .iter()
            .filter(|control| names.contains(&control.name.as_str()))
            .filter(|control| written.concerns(control));
        concerning.map(|control| control.name.clone()).collect()
    }

    #[test]
    fn an_object_concerns_the_controls_whose_text_it_holds() {
        let names = [
            "host-network",
            "privileged",
            "sudo-in-entrypoint",
            "run-as-root",
        ];
        let pod = |spec: &str| {
            format!("apiVersion: v1\nkind: Pod\nmetadata: {{ name: a }}\nspec: {spec}\n")
        };
        for (spec, expected) in [
            // One that names nothing may speak of any object.
            ("{ containers: [] }", vec!["run-as-root"]),
            (
                "{ hostNetwork: false, containers: [] }",
                vec!["run-as-root"],
            ),
            (
                "{ hostNetwork: true, containers: [] }",
                vec!["run-as-root", "host-network"],
            ),
            (
                "{ containers: [{ name: a, args: [-c, 'SUDO id'], securityContext: { privileged: true } }] }",
                vec!["run-as-root", "privileged", "sudo-in-entrypoint"],
            ),
            // As Rego's functions see it, a long s is an s.
            (
                "{ containers: [{ name: a, args: [\u{17f}udo] }] }",
                vec!["run-as-root", "sudo-in-entrypoint"],
            ),
        ] {
            assert_eq!(check(&pod(spec), &names), expected, "{spec}");
        }
    }
}
