//! Users' tests of their policies, run as `opa test` runs them: every rule `test_…` must be true, and every
//! case of a rule `test_…[case]`.

use super::rego::Suite;
use crate::control;
use crate::problem::{Kind, Problem};
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

impl Test {
    /// True where it is not to be run yet.
    pub(super) fn is_to_do(&self) -> bool {
        self.rule
            .split(['.', '"'])
            .any(|name| name.starts_with("todo_test_"))
    }
}

/// A test that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// How it went.
    pub outcome: Outcome,
    /// Its cases, where it is a table `test_…[case]`, each before those below it.
    pub cases: Vec<Case>,
}

/// One case of a table test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// What it is called.
    pub name: String,
    /// How many cases it is in.
    pub depth: usize,
    /// True if and only if it holds.
    pub passed: bool,
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

/// Which lines of a module were evaluated, of those that hold heads of rules and statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The file.
    pub path: String,
    /// How many lines were covered.
    pub covered: usize,
    /// Those that were not, from 1. A line that holds both what was and what was not counts twice.
    pub missed: Vec<u32>,
}

/// The tests of some policies, loaded.
pub struct Tests {
    /// In the order of files and lines.
    pub tests: Vec<Test>,
    suite: Suite,
}

/// Loads the policies and tests in these files and directories. What does not load is a problem, and spoils no other test.
pub fn load(
    tree: &Tree<'_>,
    paths: &[RepoPath],
    data: &[RepoPath],
    coverage: bool,
) -> (Tests, Vec<Problem>) {
    let mut problems = Vec::new();
    let modules = control::modules(tree, paths, &mut problems);
    for path in paths {
        let holds_none = !modules.iter().any(|module| module.path.is_within(path));
        if holds_none && matches!(tree.find(path), Ok(Some(_))) {
            let problem = Problem::new(Kind::Policy, format!("`{path}` holds no Rego"));
            let help = "The names of policies and of their tests end in `.rego`.";
            problems.push(problem.in_file(path).help(help));
        }
    }
    let data = control::data(tree, data, &mut problems);
    let (suite, more) = Suite::load(modules, &data, coverage);
    problems.extend(more);
    let tests = suite.tests();
    (Tests { tests, suite }, problems)
}

impl Tests {
    /// Runs one test.
    pub fn run(&mut self, test: &Test) -> Ran {
        self.suite.run(test)
    }

    /// What the tests that were run evaluated, by file.
    pub fn coverage(&self) -> Vec<Coverage> {
        self.suite.coverage()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Memory;

    fn tests(files: &[(&str, &str)], coverage: bool) -> (Tests, Vec<Problem>) {
        let tree = Memory::new("tests", files.iter().copied()).unwrap();
        let paths: Vec<RepoPath> = files
            .iter()
            .map(|(path, _)| RepoPath::new(path).unwrap())
            .collect();
        load(&Tree::new(&tree), &paths, &[], coverage)
    }

    fn run(files: &[(&str, &str)]) -> Vec<(String, Outcome)> {
        let (mut tests, problems) = tests(files, false);
        assert_eq!(problems, []);
        let all = tests.tests.clone();
        all.iter()
            .map(|test| (test.rule.clone(), tests.run(test).outcome))
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

    #[test]
    fn what_counts_as_covered_is_what_opa_counts() {
        let files = [
            (
                "lib.rego",
                include_str!("../../testdata/policy/coverage/lib.rego"),
            ),
            (
                "x.rego",
                include_str!("../../testdata/policy/coverage/x.rego"),
            ),
            (
                "x_test.rego",
                include_str!("../../testdata/policy/coverage/x_test.rego"),
            ),
        ];
        let (mut tests, problems) = tests(&files, true);
        assert_eq!(problems, []);
        for test in tests.tests.clone() {
            tests.run(&test);
        }
        let said: Vec<String> = tests
            .coverage()
            .iter()
            .map(|file| {
                let missed: Vec<String> = file.missed.iter().map(u32::to_string).collect();
                format!("{} {}: {}", file.path, file.covered, missed.join(" "))
            })
            .collect();
        let opa = include_str!("../../testdata/policy/coverage/opa.txt");
        assert_eq!(said, opa.lines().skip(1).collect::<Vec<_>>());
    }

    #[test]
    fn a_table_is_as_good_as_its_cases() {
        let table = r#"package main

test_sum[case.note] if {
	some case in [
		{"note": "right", "a": 1, "b": 2, "sum": 3},
		{"note": "wrong", "a": 1, "b": 2, "sum": 4},
	]
	case.a + case.b == case.sum
}

test_deep["x"][n] if some n in [1, 2]

test_bare[n] if n := {"a", "b"}[_]

test_false[n] := n == 1 if some n in [1, 2]

test_none[n] if some n in []
"#;
        for coverage in [false, true] {
            let (mut tests, problems) = tests(&[("a_test.rego", table)], coverage);
            assert_eq!(problems, []);
            let mut said = Vec::new();
            for test in tests.tests.clone() {
                let ran = tests.run(&test);
                let cases = ran.cases.iter().map(|case| {
                    let mark = if case.passed { '+' } else { '-' };
                    format!("{}{mark}{}", "  ".repeat(case.depth), case.name)
                });
                let cases: Vec<String> = cases.collect();
                said.push(format!(
                    "{} {:?} {}",
                    test.rule,
                    ran.outcome,
                    cases.join(" ")
                ));
            }
            assert_eq!(
                said,
                [
                    "test_sum Fail +right -wrong",
                    "test_deep Pass +x   +1   +2",
                    "test_bare Pass +a +b",
                    "test_false Fail +1 -2",
                    "test_none Pass ",
                ]
            );
        }
    }

    #[test]
    fn what_does_not_load_spoils_no_other_test() {
        let files = [
            ("a_test.rego", "package a\n\ntest_a if data.good.x == 1\n"),
            ("bad.rego", "package bad\n\nx := {\n"),
            ("cycle.rego", "package cycle\n\np if q\n\nq if p\n"),
            ("empty.rego", ""),
            ("nul.rego", "package nul\n\0\ntest_c if false\n"),
            ("good.rego", "package good\n\nx := 1\n"),
            (
                "send_test.rego",
                "package send\n\ntest_b if http.send({})\n",
            ),
        ];
        let (mut tests, problems) = tests(&files, false);
        let places: Vec<&str> = problems
            .iter()
            .map(|problem| problem.place.as_ref().unwrap().path.as_str())
            .collect();
        assert_eq!(
            places,
            [
                "bad.rego",
                "empty.rego",
                "nul.rego",
                "send_test.rego",
                "cycle.rego"
            ]
        );
        let all = tests.tests.clone();
        assert_eq!(all.len(), 1);
        assert_eq!(tests.run(&all[0]).outcome, Outcome::Pass);
    }

    #[test]
    fn tests_are_rules_and_not_lines() {
        let module = "\u{feff}package main\n\ntext := `\ntest_no if false\n`\n\n  test_set_in if text != \"\"\n\na.test_dotted if true\n\na[\"test_quoted\"] if true\n\na.test_dotted if false\n\nnot_test_x if false\n\na.todo_test_later if false\n\ndefault test_usual := true\n";
        assert_eq!(
            run(&[("a_test.rego", module)]),
            [
                ("test_set_in".to_owned(), Outcome::Pass),
                ("a.test_dotted".to_owned(), Outcome::Pass),
                ("a.test_quoted".to_owned(), Outcome::Pass),
                ("a.test_dotted__01".to_owned(), Outcome::Fail),
                ("a.todo_test_later".to_owned(), Outcome::Skipped),
                ("test_usual".to_owned(), Outcome::Pass),
            ]
        );
    }
}
