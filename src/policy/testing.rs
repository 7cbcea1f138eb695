//! Users' tests of their policies, run as `opa test` runs them: every rule `test_…` must be true.

use std::collections::BTreeMap;

use super::rego::{Failure, Rules};
use crate::control::{self, Module};
use crate::problem::Problem;
use crate::snapshot::Tree;
use crate::text::RepoPath;

/// One rule that is a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// Its package, with `data.` before it.
    pub package: String,
    /// Its name.
    pub rule: String,
    /// The file.
    pub path: RepoPath,
    /// The line, from 1.
    pub line: usize,
}

/// How a test went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is true.
    Pass,
    /// It is false or undefined.
    Fail,
    /// It could not be evaluated, for this reason.
    Error(String),
    /// It is still to do: its name begins with `todo_`.
    Skipped,
}

/// Which lines of a module were evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The file.
    pub path: String,
    /// How many lines that can be evaluated were.
    pub covered: usize,
    /// Those that were not, from 1.
    pub missed: Vec<u32>,
}

/// The tests of some policies, loaded.
pub struct Tests {
    /// In the order of files and lines.
    pub tests: Vec<Test>,
    rules: Rules,
}

/// Loads the policies and tests in these files and directories. Nothing is run where something does not load.
pub fn load(
    tree: &Tree<'_>,
    paths: &[RepoPath],
    data: &[RepoPath],
    coverage: bool,
) -> Result<Tests, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut modules = control::modules(tree, paths, &mut problems);
    let data = control::data(tree, data, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let tests = tests_of(&mut modules);
    let loaded = Rules::load(
        modules.iter().map(|module| (&module.path, &*module.text)),
        &data,
    );
    let rules = loaded.map_err(|problem| vec![problem])?;
    Ok(Tests {
        tests,
        rules: rules.counting(coverage),
    })
}

impl Tests {
    /// Runs one test.
    pub fn run(&mut self, test: &Test) -> Outcome {
        if test.rule.starts_with("todo_") {
            return Outcome::Skipped;
        }
        match self.rules.holds(&test.package, &test.rule) {
            Ok(true) => Outcome::Pass,
            Ok(false) => Outcome::Fail,
            Err(Failure::Time) => Outcome::Error(Failure::Time.to_string()),
            Err(failure) => Outcome::Error(failure.to_string()),
        }
    }

    /// What the tests that were run evaluated, by file.
    pub fn coverage(&self) -> Vec<Coverage> {
        self.rules.coverage()
    }
}

/// The tests of all modules. A rule that bears the name of another test of its package is a test of its own, as with
/// `opa test`: else one that passes would hide one that fails. It is given a name of its own in the text of its module.
fn tests_of(modules: &mut [Module]) -> Vec<Test> {
    let mut tests = Vec::new();
    let mut known: BTreeMap<(String, String), usize> = BTreeMap::new();
    for module in modules {
        let package = format!("data.{}", control::package(&module.text));
        let mut text = String::new();
        for (index, line) in module.text.split_inclusive('\n').enumerate() {
            let end = line.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let (name, rest) = line.split_at(end.unwrap_or(line.len()));
            text.push_str(name);
            if name.starts_with("test_") || name.starts_with("todo_test_") {
                let same = known.entry((package.clone(), name.to_owned())).or_default();
                let mut rule = name.to_owned();
                // The bodies of a function belong together.
                let is_another = *same > 0 && !rest.starts_with('(');
                if is_another {
                    let again = format!("__{same:02}");
                    text.push_str(&again);
                    rule.push_str(&again);
                }
                if is_another || *same == 0 {
                    tests.push(Test {
                        package: package.clone(),
                        rule,
                        path: module.path.clone(),
                        line: index + 1,
                    });
                }
                *same += 1;
            }
            text.push_str(rest);
        }
        module.text = text.into();
    }
    tests
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(files: &[(&str, &str)]) -> Vec<(String, Outcome)> {
        let mut modules: Vec<Module> = files
            .iter()
            .map(|(path, text)| Module {
                path: RepoPath::new(path).unwrap(),
                text: (*text).into(),
            })
            .collect();
        let tests = tests_of(&mut modules);
        let loaded = modules.iter().map(|module| (&module.path, &*module.text));
        let rules = Rules::load(loaded, &[]).unwrap();
        let mut tests = Tests { tests, rules };
        let all = tests.tests.clone();
        all.iter()
            .map(|test| (test.rule.clone(), tests.run(test)))
            .collect()
    }

    #[test]
    fn a_test_hides_no_other_of_its_name() {
        let first = "package main\n\ntest_a if 1 == 2\n\ntest_a if 1 == 1\n\ntest_is(x) if x == 1\n\ntest_is(x) if x == 2\n\ntest_b if test_is(2)\n";
        let second = "package main\n\ntest_a if false\n";
        let said = run(&[("a_test.rego", first), ("b_test.rego", second)]);
        let of = |name: &str| {
            let found = said.iter().find(|(rule, _)| rule == name);
            found.map(|(_, outcome)| outcome.clone())
        };
        assert_eq!(of("test_a"), Some(Outcome::Fail));
        assert_eq!(of("test_a__01"), Some(Outcome::Pass));
        assert_eq!(of("test_a__02"), Some(Outcome::Fail));
        assert_eq!(of("test_b"), Some(Outcome::Pass));
        assert_eq!(said.len(), 5, "a function of two bodies is told once");
    }
}
