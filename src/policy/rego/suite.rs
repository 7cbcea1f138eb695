//! Users' tests in regorus: which rules of some modules are tests, and what is noted while they run.
//!
//! A module that does not load is a problem, and the others are tested without it.

use std::collections::BTreeMap;

use regorus::Value;
use regorus::unstable::{Expr, Literal, Query, Rule, RuleHead};

use super::super::testing::{Case, Coverage, Outcome, Ran, Test};
use super::cover::{self, Counted, Insert};
use super::notes::{self, Notes};
use super::outline::{self, Read};
use super::parse::Refused;
use super::parts::{Part, constant, parts, reference};
use super::places::{end_of, range};
use super::rewrite;
use super::user::{ask, give, not_evaluated};
use super::{add, new_engine, recursion};
use crate::control::{self, Module};
use crate::problem::{Kind, Problem};
use crate::text::RepoPath;
use crate::yaml;

/// Modules with their tests, loaded together.
pub(in crate::policy) struct Suite {
    engine: regorus::Engine,
    notes: Notes,
    modules: Vec<Prepared>,
}

/// A module that can be loaded.
struct Prepared {
    module: Module,
    /// Its text as regorus is given it.
    text: String,
    is_v1: bool,
    /// What counts for coverage, where that is asked for.
    counted: Option<Counted>,
    tests: Vec<Found>,
}

/// A rule that is a test.
struct Found {
    test: Test,
    /// What its cases are noted by, where it is a table of them.
    table: Option<usize>,
}

impl Suite {
    /// Loads what can be loaded; everything else is a problem.
    pub(in crate::policy) fn load(
        modules: Vec<Module>,
        data: &[(RepoPath, yaml::Value)],
        coverage: bool,
    ) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut preparation = Preparation {
            coverage,
            known: BTreeMap::new(),
            numbers: 0,
        };
        let mut prepared: Vec<Prepared> = Vec::new();
        for module in modules {
            match preparation.prepare(&module) {
                Ok(ready) => prepared.push(ready),
                Err(refused) => {
                    problems.push(not_evaluated(&module.path, &module.text, refused));
                }
            }
        }
        let notes = Notes::default();
        let engine = loop {
            match build(&prepared, &notes) {
                Ok(engine) => break engine,
                Err((place, refused)) if place < prepared.len() => {
                    let Module { path, text } = prepared.remove(place).module;
                    problems.push(not_evaluated(&path, &text, refused));
                }
                Err((_, refused)) => {
                    let message =
                        format!("the policies cannot be evaluated together: {}", refused.why);
                    problems.push(Problem::new(Kind::Policy, message));
                    prepared.clear();
                    break new_engine(false);
                }
            }
        };
        let mut suite = Self {
            engine,
            notes,
            modules: prepared,
        };
        suite.engine.set_enable_coverage(coverage);
        for (path, value) in data {
            problems.extend(give(&mut suite.engine, path, value).err());
        }
        (suite, problems)
    }

    /// The tests, in the order of files and lines.
    pub(in crate::policy) fn tests(&self) -> Vec<Test> {
        self.found().map(|found| found.test.clone()).collect()
    }

    fn found(&self) -> impl Iterator<Item = &Found> {
        self.modules.iter().flat_map(|module| &module.tests)
    }

    /// Runs a test.
    pub(in crate::policy) fn run(&mut self, test: &Test) -> Ran {
        let found = self.found().find(|found| found.test == *test);
        let table = found.and_then(|found| found.table);
        let of = |outcome: Outcome| Ran {
            outcome,
            cases: Vec::new(),
        };
        let passed = |passed: bool| {
            if passed { Outcome::Pass } else { Outcome::Fail }
        };
        if test.is_to_do() {
            return of(Outcome::Skipped);
        }
        let answer = ask(&mut self.engine, &format!("{}.{}", test.package, test.rule));
        match (answer, table) {
            (Err(failure), _) => of(Outcome::Error(failure.to_string())),
            (Ok(Value::Object(answers)), Some(number)) => {
                let answers = Value::Object(answers);
                let mut cases = Cases::of(&answers);
                for names in self.notes.cases(number) {
                    cases.meet(&names);
                }
                let mut told = Vec::new();
                cases.tell(0, &mut told);
                Ran {
                    outcome: passed(cases.all_hold()),
                    cases: told,
                }
            }
            (Ok(answer), _) => of(passed(answer == Value::Bool(true))),
        }
    }

    /// What was evaluated, by file.
    pub(in crate::policy) fn coverage(&self) -> Vec<Coverage> {
        let report = self.engine.get_coverage_report();
        let files = report.map(|report| report.files).unwrap_or_default();
        let seen: BTreeMap<_, _> = files
            .into_iter()
            .map(|file| (file.path, file.covered.into_iter().collect()))
            .collect();
        let nothing = std::collections::BTreeSet::new();
        let counted = self.modules.iter().filter_map(|module| {
            let seen = seen.get(module.module.path.as_str()).unwrap_or(&nothing);
            Some(module.counted.as_ref()?.coverage(seen, &self.notes))
        });
        counted.collect()
    }
}

/// An engine with these modules; else the place of the one that is to blame, or a place behind all of them.
fn build(modules: &[Prepared], notes: &Notes) -> Result<regorus::Engine, (usize, Refused)> {
    let mut engine = new_engine(false);
    notes.add(&mut engine);
    for (place, module) in modules.iter().enumerate() {
        engine.set_rego_v0(!module.is_v1);
        add(&mut engine, &module.module.path, &module.text)
            .map_err(|error| (place, Refused::from_message(&error)))?;
    }
    let texts: Vec<recursion::Text<'_>> = modules
        .iter()
        .map(|module| (module.module.path.as_str(), &*module.text, module.is_v1))
        .collect();
    recursion::check(&texts)?;
    // A query that needs nothing shows what only shows when they are together.
    engine.set_input(Value::new_object());
    match engine.eval_query("true".to_owned(), false) {
        Ok(_) => Ok(engine),
        Err(error) => {
            let message = format!("{error:#}");
            let is_of = |module: &Prepared| {
                message.contains(&format!("--> {}:", module.module.path.as_str()))
            };
            let place = modules.iter().position(is_of).unwrap_or(modules.len());
            Err((place, Refused::from_message(&message)))
        }
    }
}

/// What is kept while modules are prepared one after another.
struct Preparation {
    coverage: bool,
    /// How many tests bear a name.
    known: BTreeMap<String, usize>,
    /// How many heads and tables are numbered.
    numbers: usize,
}

impl Preparation {
    fn prepare(&mut self, module: &Module) -> Result<Prepared, Refused> {
        let read = outline::read(module)?;
        let (mut names, mut noting) = (Vec::new(), Vec::new());
        let mut counted = self
            .coverage
            .then(|| cover::counted(&module.path, &read, &mut self.numbers, &mut noting));
        let tests = self.tests(module, &read, &mut names, &mut noting);
        let rewritten = |inserts: &[&[Insert]]| {
            let text = with_inserts(&read.text, &inserts.concat());
            rewrite::rewrite(module.path.as_str(), &text, read.is_v1)
        };
        let text = if let Ok(text) = rewritten(&[&names, &noting]) {
            text
        } else {
            // What cannot be made to tell is evaluated all the same.
            counted = counted.map(Counted::unnoted);
            rewritten(&[&names])?
        };
        Ok(Prepared {
            module: module.clone(),
            text,
            is_v1: read.is_v1,
            counted,
            tests,
        })
    }

    /// The tests of a module. A rule that bears the name of another test of its package is a test of its own, as with
    /// `opa test`: else one that passes would hide one that fails. It is given a name of its own in the text.
    fn tests(
        &mut self,
        module: &Module,
        read: &Read,
        names: &mut Vec<Insert>,
        noting: &mut Vec<Insert>,
    ) -> Vec<Found> {
        let package = format!("data.{}", control::package(&module.text));
        let mut tests = Vec::new();
        for rule in &read.parsed.policy {
            let (path, is_whole) = constant(reference(rule));
            let is_test =
                |name: &String| name.starts_with("test_") || name.starts_with("todo_test_");
            let Some(length) = path.iter().position(is_test).map(|place| place + 1) else {
                continue;
            };
            let mut name = control::dotted(path.get(..length).unwrap_or_default());
            let same = self.known.entry(format!("{package}.{name}")).or_default();
            // The bodies of a function belong together.
            if *same > 0 && outline::is_function(rule) {
                continue;
            }
            if *same > 0 {
                let again = format!("__{same:02}");
                let steps = steps(reference(rule));
                if let Some(last) = steps.get(length - 1) {
                    names.push((last.end(), again.clone()));
                }
                name = match name.strip_suffix("\"]") {
                    Some(name) => format!("{name}{again}\"]"),
                    None => name + &again,
                };
            }
            *same += 1;
            let is_table = |head: &RuleHead| matches!(head, RuleHead::Compr { .. }) && !is_whole;
            let table = match &**rule {
                Rule::Spec { head, bodies, .. } if is_table(head) => {
                    self.numbers += 1;
                    let steps = steps(reference(rule));
                    let tail = steps.get(length..).unwrap_or_default();
                    if let Some(body) = bodies.first() {
                        note_case(&read.text, self.numbers, tail, &body.query, noting);
                    }
                    Some(self.numbers)
                }
                _ => None,
            };
            tests.push(Found {
                test: Test {
                    package: package.clone(),
                    rule: name,
                    path: module.path.clone(),
                    line: rule.span().line as usize,
                },
                table,
            });
        }
        tests
    }
}

/// Has a body note a case as soon as all that its name is made of is known: what is asked after that may fail.
fn note_case(
    text: &str,
    number: usize,
    tail: &[Step<'_>],
    query: &Query,
    noting: &mut Vec<Insert>,
) {
    let names: Vec<String> = tail.iter().map(|step| step.written(text)).collect();
    let call = format!("{}({number}, [{}])", notes::CASE, names.join(", "));
    let mut variables = Vec::new();
    for step in tail {
        if let Step::Index(index) = step {
            names_in(index, &mut variables);
        }
    }
    let binds = |name: &&str| {
        query.stmts.iter().position(|statement| {
            let declares = matches!(statement.literal, Literal::SomeVars { .. });
            let written = text.get(statement.span.start as usize..end_of(text, statement));
            !declares && written.is_some_and(|written| has_word(written, name))
        })
    };
    let place = variables.iter().filter_map(binds).max().unwrap_or_default();
    let (Some(first), Some(statement)) = (query.stmts.first(), query.stmts.get(place)) else {
        return;
    };
    // A body of one statement may stand without brackets.
    let is_bare = first.span.start <= query.span.start;
    let close = if is_bare { " }" } else { "" };
    if is_bare {
        noting.push((first.span.start as usize, "{ ".to_owned()));
    }
    noting.push((end_of(text, statement), format!("; {call}{close}")));
}

/// A part of a reference behind its first name.
enum Step<'e> {
    /// A name, and where it ends.
    Name(String, usize),
    Index(&'e Expr),
}

impl Step<'_> {
    fn end(&self) -> usize {
        match self {
            Self::Name(_, end) => *end,
            Self::Index(index) => index.span().end as usize,
        }
    }

    /// As an operand.
    fn written(&self, text: &str) -> String {
        match self {
            Self::Name(name, _) => serde_json::Value::from(name.as_str()).to_string(),
            Self::Index(index) => {
                let (start, end) = range(text, index);
                text.get(start..end).unwrap_or_default().to_owned()
            }
        }
    }
}

/// All parts of a reference.
fn steps(expr: &Expr) -> Vec<Step<'_>> {
    match expr {
        Expr::RefDot { refr, field, .. } => {
            let mut all = steps(refr);
            let name = field.0.text().to_owned();
            all.push(Step::Name(name, field.0.end as usize));
            all
        }
        Expr::RefBrack { refr, index, .. } => {
            let mut all = steps(refr);
            all.push(Step::Index(index));
            all
        }
        other => {
            let span = other.span();
            vec![Step::Name(span.text().to_owned(), span.end as usize)]
        }
    }
}

fn names_in<'e>(expr: &'e Expr, names: &mut Vec<&'e str>) {
    if let Expr::Var { span, .. } = expr {
        names.push(span.text());
    }
    parts(expr, &mut |part| {
        if let Part::Expr(part) = part {
            names_in(part, names);
        }
    });
}

fn has_word(text: &str, word: &str) -> bool {
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c| !is_of_word(c)).any(|other| other == word)
}

/// The text with more in it.
fn with_inserts(text: &str, inserts: &[Insert]) -> String {
    let mut sorted: Vec<&Insert> = inserts.iter().collect();
    sorted.sort_by_key(|(at, _)| *at);
    let mut whole = String::with_capacity(text.len());
    let mut done = 0;
    for (at, insert) in sorted {
        whole.push_str(text.get(done..*at).unwrap_or_default());
        whole.push_str(insert);
        done = done.max(*at);
    }
    whole.push_str(text.get(done..).unwrap_or_default());
    whole
}

/// The cases of a table test by their names, each with those below it.
#[derive(Default)]
struct Cases(BTreeMap<String, (bool, Cases)>);

impl Cases {
    /// The cases in the answer of a test: each must be true, or hold cases that all are.
    fn of(answer: &Value) -> Self {
        let Value::Object(answers) = answer else {
            return Self::default();
        };
        let one = |(key, answer): (&Value, &Value)| {
            let below = Self::of(answer);
            let holds = match answer {
                Value::Object(_) => below.all_hold(),
                other => *other == Value::Bool(true),
            };
            (notes::name(key), (holds, below))
        };
        Self(answers.iter().map(one).collect())
    }

    fn all_hold(&self) -> bool {
        self.0.values().all(|(holds, _)| *holds)
    }

    /// Takes in a case that was met; one that is in no answer does not hold. Tells whether it holds.
    fn meet(&mut self, names: &[String]) -> bool {
        let Some((name, rest)) = names.split_first() else {
            return true;
        };
        let (holds, below) = self.0.entry(name.clone()).or_default();
        if !rest.is_empty() {
            let before = *holds;
            *holds = below.meet(rest) && before;
        }
        *holds
    }

    fn tell(&self, depth: usize, told: &mut Vec<Case>) {
        for (name, (passed, below)) in &self.0 {
            told.push(Case {
                name: name.clone(),
                depth,
                passed: *passed,
            });
            below.tell(depth + 1, told);
        }
    }
}
