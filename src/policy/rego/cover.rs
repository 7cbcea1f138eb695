//! Which lines of a module count for coverage, as `opa test --coverage` counts: those of the heads of rules and those of the
//! statements of their bodies, whether or not the module was ever evaluated.
//!
//! A head is covered when its rule came to an end, a statement when it was evaluated. What is written over several lines counts
//! with all of them, and a line that a covered part shares with one that is not counts on both sides.
//!
//! OPA looks rules up by what they ask of their input, and begins no body whose question the input answers otherwise. regorus
//! begins it; so what is looked up is asked before everything else (`index`), and statements count as covered only where that held.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use regorus::unstable::{Expr, Literal, Query, Ref, Rule, RuleBody, RuleHead};

use super::super::testing::Coverage;
use super::index;
use super::notes::{HEAD, Notes};
use super::outline::Read;
use super::places::{end, end_of, range};
use crate::text::{LineIndex, RepoPath};

/// The parts of a module that count.
pub(super) struct Counted {
    path: RepoPath,
    units: Vec<Unit>,
}

struct Unit {
    lines: RangeInclusive<u32>,
    known: Known,
    /// What notes that the body around it was begun, where OPA would have looked that up.
    begun: Option<usize>,
}

/// How it is known whether a part was evaluated.
#[derive(Clone, Copy)]
enum Known {
    /// The head notes it, by this number.
    Noted(usize),
    /// One of its lines was evaluated.
    Seen,
    /// The same; and where it was not, it does not count: OPA makes another statement of `some x in y` when it compiles.
    OnlySeen,
}

/// A text to insert into a module's, with its place.
pub(super) type Insert = (usize, String);

/// What counts of a module. Heads are numbered from `numbers` on; `inserts` makes them tell.
pub(super) fn counted(
    path: &RepoPath,
    read: &Read,
    numbers: &mut usize,
    inserts: &mut Vec<Insert>,
) -> Counted {
    let mut count = Count {
        text: &read.text,
        index: LineIndex::new(&read.text),
        numbers,
        inserts,
        units: Vec::new(),
    };
    for rule in &read.parsed.policy {
        count.rule(rule);
    }
    Counted {
        path: path.clone(),
        units: count.units,
    }
}

struct Count<'c> {
    text: &'c str,
    index: LineIndex,
    numbers: &'c mut usize,
    inserts: &'c mut Vec<Insert>,
    units: Vec<Unit>,
}

impl Count<'_> {
    fn rule(&mut self, rule: &Rule) {
        let (head, bodies, span) = match rule {
            Rule::Default { span, .. } => {
                return self.unit(
                    span.start as usize,
                    end(self.text, span.end),
                    Known::Seen,
                    None,
                );
            }
            Rule::Spec { head, bodies, span } => (head, bodies, span),
        };
        let (RuleHead::Compr { span: of_head, .. }
        | RuleHead::Set { span: of_head, .. }
        | RuleHead::Func { span: of_head, .. }) = head;
        let value = match head {
            RuleHead::Set { key, .. } => key.as_deref(),
            RuleHead::Compr { assign, .. } | RuleHead::Func { assign, .. } => {
                assign.as_ref().map(|assign| &*assign.value)
            }
        };
        let known = match (head, value) {
            (_, Some(value)) => self.noted(value),
            (RuleHead::Set { .. }, None) => Known::Seen,
            // A head that says nothing means that it is true.
            (_, None) => self.noted_true(end(self.text, of_head.end)),
        };
        let span = if bodies.is_empty() { span } else { of_head };
        self.unit(span.start as usize, end(self.text, span.end), known, None);
        let parameters = match head {
            RuleHead::Func { args, .. } => args.iter().filter_map(variable).collect(),
            _ => Vec::new(),
        };
        for (place, body) in bodies.iter().enumerate() {
            if place > 0 {
                self.further(body);
            }
            let own = body.assign.as_ref().map(|assign| &*assign.value);
            self.query(&body.query, own.or(value), &parameters);
        }
    }

    /// The head of a body that is not the first one of its rule.
    fn further(&mut self, body: &RuleBody) {
        let start = body.span.start as usize;
        let word = start + "else".len();
        let (end, known) = match &body.assign {
            Some(assign) => (range(self.text, &assign.value).1, self.noted(&assign.value)),
            None if body.is_else => (word, self.noted_true(word)),
            None => (start, Known::Seen),
        };
        self.unit(start, end, known, None);
    }

    fn query(&mut self, query: &Query, value: Option<&Expr>, parameters: &[&str]) {
        let index = index::asked(self.text, query, value, parameters);
        let begun = query
            .stmts
            .first()
            .filter(|_| !index.is_empty())
            .map(|first| {
                let number = self.number();
                let asked = format!("{}; {HEAD}({number}, true); ", index.join("; "));
                let at = first.span.start as usize;
                // A body of one statement may stand without brackets.
                if at <= query.span.start as usize {
                    self.inserts.push((at, format!("{{ {asked}")));
                    self.inserts
                        .push((end_of(self.text, first), " }".to_owned()));
                } else {
                    self.inserts.push((at, asked));
                }
                number
            });
        for statement in &query.stmts {
            let known = match &statement.literal {
                Literal::SomeVars { .. } => continue,
                Literal::SomeIn { .. } => Known::OnlySeen,
                _ => Known::Seen,
            };
            let start = statement.span.start as usize;
            self.unit(start, end_of(self.text, statement), known, begun);
        }
    }

    fn noted(&mut self, value: &Expr) -> Known {
        let (start, end) = range(self.text, value);
        let number = self.number();
        self.inserts.push((start, format!("{HEAD}({number}, ")));
        self.inserts.push((end, ")".to_owned()));
        Known::Noted(number)
    }

    fn noted_true(&mut self, at: usize) -> Known {
        let number = self.number();
        self.inserts
            .push((at, format!(" := {HEAD}({number}, true)")));
        Known::Noted(number)
    }

    fn number(&mut self) -> usize {
        *self.numbers += 1;
        *self.numbers
    }

    fn unit(&mut self, start: usize, end: usize, known: Known, begun: Option<usize>) {
        let line = |at: usize| {
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            self.index.position(self.text, at).line
        };
        let lines = line(start)..=line(end.saturating_sub(1).max(start));
        self.units.push(Unit {
            lines,
            known,
            begun,
        });
    }
}

fn variable(expr: &Ref<Expr>) -> Option<&str> {
    match expr.as_ref() {
        Expr::Var { span, .. } => Some(span.text()),
        _ => None,
    }
}

impl Counted {
    /// What was covered, by the lines that were evaluated and what the heads noted.
    pub(super) fn coverage(&self, seen: &BTreeSet<u32>, notes: &Notes) -> Coverage {
        let (mut covered, mut missed) = (BTreeSet::new(), BTreeSet::new());
        for unit in &self.units {
            let was_begun = unit.begun.is_none_or(|number| notes.is_head(number));
            let was_seen = || was_begun && seen.range(unit.lines.clone()).next().is_some();
            let is_covered = match unit.known {
                Known::Noted(number) => notes.is_head(number),
                Known::Seen | Known::OnlySeen => was_seen(),
            };
            match unit.known {
                _ if is_covered => covered.extend(unit.lines.clone()),
                Known::OnlySeen => {}
                _ => missed.extend(unit.lines.clone()),
            }
        }
        Coverage {
            path: self.path.to_string(),
            covered: covered.len(),
            missed: missed.into_iter().collect(),
        }
    }

    /// The same where the heads could not be made to tell.
    pub(super) fn unnoted(mut self) -> Self {
        for unit in &mut self.units {
            unit.begun = None;
            if let Known::Noted(_) = unit.known {
                unit.known = Known::Seen;
            }
        }
        self
    }
}
