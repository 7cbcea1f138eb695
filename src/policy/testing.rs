//! Users' tests of their policies, run as `opa test` runs them: every rule `test_…` must be true.

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
    let modules = control::modules(tree, paths, &mut problems);
    let data = control::data(tree, data, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let loaded = Rules::load(
        modules.iter().map(|module| (&module.path, &*module.text)),
        &data,
    );
    let rules = loaded.map_err(|problem| vec![problem])?;
    let tests = modules.iter().flat_map(tests_of).collect();
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

fn tests_of(module: &Module) -> Vec<Test> {
    let package = control::package(&module.text);
    let mut tests: Vec<Test> = Vec::new();
    for (index, line) in module.text.lines().enumerate() {
        let end = line.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let name = line.get(..end.unwrap_or(line.len())).unwrap_or_default();
        let is_test = name.starts_with("test_") || name.starts_with("todo_test_");
        if is_test && tests.iter().all(|known| known.rule != name) {
            tests.push(Test {
                package: format!("data.{package}"),
                rule: name.to_owned(),
                path: module.path.clone(),
                line: index + 1,
            });
        }
    }
    tests
}
