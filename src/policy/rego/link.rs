//! Built-in modules as one package, so that regorus has little to look up while it evaluates.
//!
//! It resolves names then: one of another package by looking through all modules, an import by making and comparing paths, and
//! it evaluates all rules of a package when one is asked for through an import. Here each rule gets a name that says where it is
//! from, and every name that refers to it becomes that one. No line moves; comments go.
//!
//! Only names are read, not grammar. So this is for ours alone, in which rules begin at the first column and nothing has the
//! name of an import, as a test shows.

use std::collections::{BTreeMap, BTreeSet};

use super::native;

/// The package of all built-in rules.
pub(super) const PACKAGE: &str = "built_in";

/// The name of a rule of a package in [`PACKAGE`].
pub(super) fn name(package: &str, rule: &str) -> String {
    let package = package.strip_prefix("plimsoll.").unwrap_or(package);
    format!("{}__{rule}", package.replace('.', "_"))
}

/// What a function is called where it is called, if it is told natively.
pub(super) fn native(name: &str) -> String {
    format!("native__{name}")
}

/// A module as a part of [`PACKAGE`].
pub(super) fn linked(text: &str) -> String {
    let module = Module::of(text);
    let mut linked = String::with_capacity(text.len() * 2);
    let mut rest = text;
    // The end of what was read, as far as it tells what a name is: `.` before the name of a field, a line's end before a rule's.
    let mut before = '\n';
    while let Some(first) = rest.chars().next() {
        let (token, behind) = split(rest, length(rest, first));
        rest = behind;
        let is_name = is_of_name(first) && before != '.';
        let line_starts = before == '\n';
        before = token.chars().next_back().unwrap_or(before);
        if line_starts && matches!(token, "package" | "import") {
            rest = split(rest, rest.find('\n').unwrap_or(rest.len())).1;
            if token == "package" {
                linked.push_str("package ");
                linked.push_str(PACKAGE);
            }
        } else if first == '#' {
            // What is not there is not read.
        } else if !is_name {
            linked.push_str(token);
        } else if let Some(package) = module.imports.get(token) {
            let (field, behind) = split(rest, length_of_field(rest));
            let name = name(package, field.trim_start_matches('.'));
            rest = behind;
            linked.push_str(&called(name, rest));
        } else if module.rules.contains(token) {
            let name = name(module.package, token);
            // What begins a line is the function itself.
            linked.push_str(&if line_starts {
                name
            } else {
                called(name, rest)
            });
        } else {
            linked.push_str(token);
        }
    }
    linked
}

fn called(name: String, behind: &str) -> String {
    let mut functions = native::FUNCTIONS.iter();
    if behind.starts_with('(') && functions.any(|(native, ..)| *native == name) {
        return native(&name);
    }
    name
}

/// What a module names.
struct Module<'t> {
    package: &'t str,
    /// By alias.
    imports: BTreeMap<&'t str, &'t str>,
    rules: BTreeSet<&'t str>,
}

impl<'t> Module<'t> {
    fn of(text: &'t str) -> Self {
        let mut module = Self {
            package: "",
            imports: BTreeMap::new(),
            rules: BTreeSet::new(),
        };
        for line in text.lines().filter(|line| line.starts_with(is_of_name)) {
            let line = line.strip_prefix("default ").unwrap_or(line);
            let (word, _) = split(line, line.find(|c| !is_of_name(c)).unwrap_or(line.len()));
            if let Some(package) = line.strip_prefix("package ") {
                module.package = package;
            } else if let Some(package) = line.strip_prefix("import data.") {
                let alias = package.rsplit('.').next().unwrap_or(package);
                module.imports.insert(alias, package);
            } else {
                module.rules.insert(word);
            }
        }
        module
    }
}

fn is_of_name(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}

/// How long the name, text, comment or sign at the beginning of a text is.
fn length(text: &str, first: char) -> usize {
    let end = match first {
        '#' => text.find('\n'),
        '`' => text.match_indices('`').nth(1).map(|(at, _)| at + 1),
        '"' => {
            let mut is_escaped = true;
            let end = text.find(|char| {
                let is_end = char == '"' && !is_escaped;
                is_escaped = char == '\\' && !is_escaped;
                is_end
            });
            end.map(|at| at + 1)
        }
        _ if is_of_name(first) => text.find(|char| !is_of_name(char)),
        _ => Some(first.len_utf8()),
    };
    end.unwrap_or(text.len())
}

/// How long `.field` at the beginning of a text is.
fn length_of_field(text: &str) -> usize {
    let field = text.strip_prefix('.').unwrap_or_default();
    let end = field.find(|char| !is_of_name(char));
    text.len() - field.len() + end.unwrap_or(field.len())
}

fn split(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_which_module_they_are_of() {
        let text = "package plimsoll.a\n\nimport data.lib.b\n\n# A deny of b.c.\ndefault deny := \"no \\\" deny\"\n\ndeny := value if {\n\tvalue := b.c(input.deny, `b.d`, 1.5)\n\tb.deny[deny].b.c\n}\n";
        let expected = "package built_in\n\n\n\n\ndefault a__deny := \"no \\\" deny\"\n\na__deny := value if {\n\tvalue := lib_b__c(input.deny, `b.d`, 1.5)\n\tlib_b__deny[a__deny].b.c\n}\n";
        assert_eq!(linked(text), expected);
    }
}
