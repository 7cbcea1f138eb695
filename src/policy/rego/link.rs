//! Built-in modules as one package, so that regorus has little to look up while it evaluates.
//!
//! It resolves names then: one of another package by looking through all modules, an import by making and comparing paths, and
//! it evaluates all rules of a package when one is asked for through an import. Here each rule gets a name that says where it is
//! from, and every name that refers to it becomes that one. No line moves; comments go.
//!
//! Only names are read, not grammar. So this is for ours alone, in which rules begin at the first column and nothing has the
//! name of an import, as a test shows.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::{layout, native};

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
    let tokens = layout::tokens(text);
    let mut linked = String::with_capacity(text.len() * 2);
    let mut done = 0;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let line_starts = token.start == 0 || is_at(text, token.start - 1, '\n');
        let is_field = token.start > 0 && is_at(text, token.start - 1, '.');
        linked.push_str(&without_comments(
            text.get(done..token.start).unwrap_or_default(),
        ));
        done = token.end();
        at += 1;
        if line_starts && matches!(token.text, "package" | "import") {
            if token.text == "package" {
                linked.push_str("package ");
                linked.push_str(PACKAGE);
            }
            while let Some(word) = tokens.get(at).filter(|word| !word.begins_line) {
                done = word.end();
                at += 1;
            }
        } else if let Some(package) = module.imports.get(token.text).filter(|_| !is_field) {
            let field = tokens.get(at + 1).filter(|_| is_at(text, done, '.'));
            let name = name(package, field.map_or("", |field| field.text));
            if let Some(field) = field {
                done = field.end();
                at += 2;
            }
            linked.push_str(&called(name, is_at(text, done, '(')));
        } else if module.rules.contains(token.text) && !is_field {
            let name = name(module.package, token.text);
            // What begins a line is the function itself.
            linked.push_str(&called(name, !line_starts && is_at(text, done, '(')));
        } else {
            linked.push_str(token.text);
        }
    }
    linked.push_str(&without_comments(text.get(done..).unwrap_or_default()));
    linked
}

fn is_at(text: &str, at: usize, char: char) -> bool {
    text.get(at..).is_some_and(|rest| rest.starts_with(char))
}

/// What stands between words without its comments, which nobody reads: white space.
fn without_comments(between: &str) -> Cow<'_, str> {
    if !between.contains('#') {
        return Cow::Borrowed(between);
    }
    let lines = between.split('\n');
    let spaces: Vec<&str> = lines
        .map(|line| line.split('#').next().unwrap_or_default())
        .collect();
    Cow::Owned(spaces.join("\n"))
}

fn called(name: String, is_call: bool) -> String {
    let mut functions = native::FUNCTIONS.iter();
    if is_call && functions.any(|(native, ..)| *native == name) {
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
