//! Rego, written anew so that regorus means by it what OPA means (policy.md, 6.2 lists where they differ).
//!
//! * `not E` where an operand of `E` is undefined: OPA evaluates operands before it negates, so that the rule is undefined;
//!   regorus negates what is undefined and goes on. Each operand is bound to a name before the `not`.
//! * A comprehension whose head looks up by a variable that the head itself may bind: the head moves to the end of the body.
//! * A parameter that a function's head names twice: the two must be equal, which regorus does not ask. The second one gets a
//!   name of its own, and each body begins with the comparison.
//! * What `layout` repairs.
//!
//! What asks for something that is not there while a change is checked (the network, a clock, chance) is refused at its place.
//! In a user's module, what could make far more than it is given is asked to look at its size first (`bounds`).

use std::collections::BTreeSet;

use regorus::unstable::{
    ArithOp, AssignOp, BoolOp, Expr, Literal, LiteralStmt, Query, Ref, Rule, RuleBody, RuleHead,
};

use super::bounds;
use super::layout;
use super::names::locals;
use super::parse::{Refused, parse};
use super::parts::{Part, parts};
use super::places::{end, end_of, range};
use super::unknowable;

/// How often a text is written anew: what is nested needs one round for each level.
const ROUNDS: usize = 64;

/// The text of a module in which regorus reads what OPA reads, and in which what grows is bounded.
pub(super) fn rewrite(path: &str, text: &str, is_v1: bool) -> Result<String, Refused> {
    anew(path, text, is_v1, true)
}

/// The same, bounded or not: what is ours needs no bounds.
pub(super) fn anew(
    path: &str,
    text: &str,
    is_v1: bool,
    is_bounded: bool,
) -> Result<String, Refused> {
    layout::check(text)?;
    let mut text = layout::repair(text);
    if is_v1 {
        text = layout::without_version(&text);
    }
    for _ in 0..ROUNDS {
        let module = parse(path, &text, is_v1)?;
        let mut pass = Pass {
            text: &text,
            edits: Vec::new(),
            locals: BTreeSet::new(),
            constants: BTreeSet::new(),
            names: text.matches(NAME).count(),
            is_v1,
            is_bounded,
            refused: None,
        };
        pass.constants = module
            .policy
            .iter()
            .filter_map(|rule| constant(rule))
            .collect();
        for rule in &module.policy {
            pass.rule(rule);
        }
        if let Some(refused) = pass.refused {
            return Err(refused);
        }
        let mut edits = pass.edits;
        if edits.is_empty() {
            return Ok(text);
        }
        // The outermost first; what is inside of another edit waits for the next round.
        edits.sort_by_key(|edit| (edit.whole.0, std::cmp::Reverse(edit.whole.1)));
        let mut end = 0;
        edits.retain(|edit| {
            let is_free = edit.whole.0 >= end;
            if is_free {
                end = edit.whole.1;
            }
            is_free
        });
        let mut pieces: Vec<(usize, usize, String)> =
            edits.into_iter().flat_map(|edit| edit.pieces).collect();
        pieces.sort_by_key(|(start, end, _)| (*start, *end));
        for (start, end, new) in pieces.into_iter().rev() {
            if text.get(start..end).is_some() {
                text.replace_range(start..end, &new);
            }
        }
    }
    Err(Refused {
        line: 1,
        why: "its negations are nested too deeply".to_owned(),
    })
}

/// What begins the names that are added.
const NAME: &str = "__operand_";

/// Some replacements that belong together.
struct Edit {
    /// From where to where they reach.
    whole: (usize, usize),
    pieces: Vec<(usize, usize, String)>,
}

struct Pass<'t> {
    text: &'t str,
    edits: Vec<Edit>,
    /// The names that the rule at hand binds itself.
    locals: BTreeSet<String>,
    /// The rules that are always defined.
    constants: BTreeSet<String>,
    names: usize,
    is_v1: bool,
    is_bounded: bool,
    refused: Option<Refused>,
}

impl Pass<'_> {
    fn name(&mut self) -> String {
        self.names += 1;
        format!("{NAME}{}", self.names)
    }

    fn range(&self, expr: &Expr) -> (usize, usize) {
        range(self.text, expr)
    }

    fn end(&self, at: u32) -> usize {
        end(self.text, at)
    }

    fn text_of(&self, expr: &Expr) -> &str {
        let (start, end) = self.range(expr);
        self.text.get(start..end).unwrap_or_default()
    }

    fn rule(&mut self, rule: &Rule) {
        self.locals = locals(rule);
        match rule {
            Rule::Default { value, .. } => self.expr(value),
            Rule::Spec { head, bodies, .. } => {
                match head {
                    RuleHead::Compr { refr, assign, .. } => {
                        self.expr(refr);
                        if let Some(assign) = assign {
                            self.expr(&assign.value);
                        }
                    }
                    RuleHead::Set { refr, key, .. } => {
                        self.expr(refr);
                        if let Some(key) = key {
                            self.expr(key);
                        }
                    }
                    RuleHead::Func { args, assign, .. } => {
                        self.parameters(args, assign.as_ref().map(|assign| &*assign.value), bodies);
                        if let Some(assign) = assign {
                            self.expr(&assign.value);
                        }
                    }
                }
                for body in bodies {
                    if let Some(assign) = &body.assign {
                        self.expr(&assign.value);
                    }
                    self.query(&body.query, true);
                }
            }
        }
    }

    /// Gives a parameter that a head names again another name, and has each body compare the two.
    fn parameters(&mut self, args: &[Ref<Expr>], value: Option<&Expr>, bodies: &[RuleBody]) {
        let mut named = Vec::new();
        args.iter().for_each(|arg| occurrences(arg, &mut named));
        let mut known = BTreeSet::new();
        let again: Vec<&Expr> = named
            .into_iter()
            .filter(|name| !known.insert(name.span().text().to_owned()))
            .collect();
        let Some(first) = again.first() else { return };
        let whole = |range: (usize, usize), body: &RuleBody| {
            (range.0, range.1.max(self.end(body.query.span.end)))
        };
        let mut whole = bodies.iter().fold(self.range(first), whole);
        let fact = value.filter(|_| bodies.is_empty());
        if bodies.is_empty() && fact.is_none()
            || bodies.iter().any(|body| body.query.stmts.is_empty())
        {
            self.refused.get_or_insert_with(|| Refused {
                line: first.span().line as usize,
                why: format!(
                    "a function that names `{}` twice needs `if` before each of its values",
                    first.span().text()
                ),
            });
            return;
        }
        let mut pieces = Vec::new();
        let mut same = Vec::new();
        for again in again {
            let name = self.name();
            same.push(format!("{name} == {}", again.span().text()));
            let (start, end) = self.range(again);
            pieces.push((start, end, name));
        }
        let same = same.join("; ");
        if let Some(value) = fact {
            let (_, end) = self.range(value);
            let word = if self.is_v1 { " if" } else { "" };
            pieces.push((end, end, format!("{word} {{ {same} }}")));
            whole.1 = whole.1.max(end);
        }
        for body in bodies {
            let span = &body.query.span;
            let (start, end) = (span.start as usize, self.end(span.end));
            let opens = |at: usize| self.text.as_bytes().get(at) == Some(&b'{');
            if opens(start) {
                pieces.push((start + 1, start + 1, format!(" {same}; ")));
            } else {
                pieces.push((start, start, format!("{{ {same}; ")));
                pieces.push((end, end, " }".to_owned()));
            }
        }
        self.edits.push(Edit { whole, pieces });
    }

    /// Has an operand's size looked at before it is used, where the policy itself could have made it large.
    fn bound(&mut self, expr: &Expr, with: &str) {
        let (start, end) = self.range(expr);
        let is_small = matches!(
            expr,
            Expr::String { .. } | Expr::RawString { .. } | Expr::Bool { .. } | Expr::Null { .. }
        ) || with == bounds::SIZE
            && self.text_of(expr).len() < 16
            && matches!(expr, Expr::Number { .. });
        let is_bounded = matches!(expr, Expr::Call { fcn, .. } if self.text_of(fcn) == with);
        if !self.is_bounded || is_small || is_bounded || is_given(expr) {
            return;
        }
        self.edits.push(Edit {
            whole: (start, end),
            pieces: vec![
                (start, start, format!("{with}(")),
                (end, end, ")".to_owned()),
            ],
        });
    }

    fn query(&mut self, query: &Query, of_rule: bool) {
        let bare = of_rule && {
            let at = query.span.start as usize;
            self.text
                .get(at..)
                .is_some_and(|text| text.starts_with("not"))
        };
        for statement in &query.stmts {
            match &statement.literal {
                Literal::NotExpr { expr, .. } => {
                    self.negation(statement, expr, bare);
                    self.expr(expr);
                }
                Literal::Expr { expr, .. } => self.expr(expr),
                Literal::SomeVars { .. } => {}
                Literal::SomeIn { collection, .. } => self.expr(collection),
                Literal::Every { domain, query, .. } => {
                    self.expr(domain);
                    self.query(query, false);
                }
            }
            for with in &statement.with_mods {
                self.expr(&with.r#as);
            }
        }
    }

    fn negation(&mut self, statement: &LiteralStmt, expr: &Expr, bare: bool) {
        let mut operands = Vec::new();
        self.operands(expr, &mut operands);
        if operands.is_empty() {
            return;
        }
        let (start, mut end) = (statement.span.start as usize, self.end(statement.span.end));
        let with = statement.with_mods.first().zip(statement.with_mods.last());
        let with = with.map_or_else(String::new, |(first, last)| {
            end = end.max(self.end(last.r#as.span().end));
            let with = self.text.get(first.span.start as usize..end);
            let with = with.unwrap_or_default();
            let keyword = if with.starts_with("with") {
                ""
            } else {
                "with "
            };
            format!(" {keyword}{with}").replace('\n', " ")
        });
        let mut bindings = String::new();
        let mut pieces = Vec::new();
        for operand in operands {
            let name = self.name();
            bindings.push_str(&format!("{name} := {}{with}; ", self.text_of(operand)));
            let (start, end) = self.range(operand);
            // Its lines go with it, so that no line after the negation moves.
            pieces.push((start, end, name));
        }
        if bare {
            bindings.insert_str(0, "{ ");
            pieces.push((end, end, " }".to_owned()));
        }
        pieces.push((start, start, bindings));
        self.edits.push(Edit {
            whole: (start, end),
            pieces,
        });
    }

    /// The operands that OPA evaluates before it negates.
    fn operands<'e>(&self, expr: &'e Expr, found: &mut Vec<&'e Expr>) {
        let mut take = |expr: &'e Ref<Expr>| {
            if self.may_be_undefined(expr) {
                found.push(expr);
            }
        };
        match expr {
            Expr::Call { params, .. } => params.iter().for_each(take),
            Expr::BoolExpr {
                op: BoolOp::Eq,
                lhs,
                rhs,
                ..
            }
            | Expr::AssignExpr {
                op: AssignOp::Eq,
                lhs,
                rhs,
                ..
            } => {
                self.inside(lhs, found);
                self.inside(rhs, found);
            }
            Expr::BoolExpr { lhs, rhs, .. }
            | Expr::ArithExpr { lhs, rhs, .. }
            | Expr::BinExpr { lhs, rhs, .. } => {
                take(lhs);
                take(rhs);
            }
            Expr::Membership {
                key,
                value,
                collection,
                ..
            } => {
                key.iter().for_each(&mut take);
                take(value);
                take(collection);
            }
            _ => self.inside(expr, found),
        }
    }

    /// What is evaluated before an operand that may itself be undefined: calls, and the indices of references.
    fn inside<'e>(&self, expr: &'e Expr, found: &mut Vec<&'e Expr>) {
        match expr {
            Expr::RefDot { refr, .. } => self.inside(refr, found),
            Expr::RefBrack { refr, index, .. } => {
                self.inside(refr, found);
                let is_plain = matches!(index.as_ref(), Expr::Var { .. });
                if !is_plain && self.may_be_undefined(index) {
                    found.push(index);
                }
            }
            Expr::Call { .. }
            | Expr::ArithExpr { .. }
            | Expr::BinExpr { .. }
            | Expr::BoolExpr { .. }
            | Expr::Membership { .. } => found.push(expr),
            Expr::Array { items, .. } | Expr::Set { items, .. }
                if items.iter().any(|item| self.may_be_undefined(item)) =>
            {
                found.push(expr);
            }
            Expr::Object { fields, .. }
                if fields
                    .iter()
                    .any(|(_, _, value)| self.may_be_undefined(value)) =>
            {
                found.push(expr);
            }
            _ => {}
        }
    }

    fn may_be_undefined(&self, expr: &Expr) -> bool {
        match expr {
            Expr::String { .. }
            | Expr::RawString { .. }
            | Expr::Number { .. }
            | Expr::Bool { .. }
            | Expr::Null { .. }
            | Expr::UnaryExpr { .. }
            | Expr::ArrayCompr { .. }
            | Expr::SetCompr { .. }
            | Expr::ObjectCompr { .. } => false,
            Expr::Var { span, .. } => {
                let name = span.text();
                name != "_"
                    && name != "input"
                    && name != "data"
                    && !name.starts_with(NAME)
                    && !self.locals.contains(name)
                    && !self.constants.contains(name)
            }
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                items.iter().any(|item| self.may_be_undefined(item))
            }
            Expr::Object { fields, .. } => fields
                .iter()
                .any(|(_, key, value)| self.may_be_undefined(key) || self.may_be_undefined(value)),
            _ => true,
        }
    }

    fn comprehension(&mut self, whole: &Expr, heads: &[&Expr], query: &Query) {
        let mut bindings = String::new();
        let mut pieces = Vec::new();
        for head in heads {
            if !looks_up(head) || self.text_of(head).contains('\n') {
                continue;
            }
            let name = self.name();
            bindings.push_str(&format!("; {name} := {}", self.text_of(head)));
            let (start, end) = self.range(head);
            pieces.push((start, end, name));
        }
        if !bindings.is_empty() {
            // The end of the last statement: what follows it may be a comment.
            let last = query.stmts.last();
            let end = last.map_or_else(|| self.end(query.span.end), |last| end_of(self.text, last));
            pieces.push((end, end, bindings));
            self.edits.push(Edit {
                whole: self.range(whole),
                pieces,
            });
        }
        for head in heads {
            self.expr(head);
        }
        self.query(query, false);
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                self.comprehension(expr, &[term], query);
            }
            Expr::ObjectCompr {
                key, value, query, ..
            } => self.comprehension(expr, &[key, value], query),
            Expr::Call { fcn, params, .. } => {
                let name = self.text_of(fcn).to_owned();
                if let Some(refused) = unknowable::refused(&name, fcn.span().line) {
                    self.refused.get_or_insert(refused);
                }
                let guards = bounds::GUARDS.iter();
                let guards: Vec<_> = guards.filter(|(guarded, ..)| *guarded == name).collect();
                for (_, place, with) in guards {
                    if let Some(param) = params.get(*place) {
                        self.bound(param, with);
                    }
                }
                self.parts(expr);
            }
            Expr::ArithExpr {
                op: ArithOp::Mul,
                lhs,
                rhs,
                ..
            } => {
                for side in [lhs, rhs] {
                    self.bound(side, bounds::SIZE);
                    self.expr(side);
                }
            }
            other => self.parts(other),
        }
    }

    fn parts(&mut self, expr: &Expr) {
        // The body of a comprehension is rewritten with its head.
        parts(expr, &mut |part| {
            if let Part::Expr(part) = part {
                self.expr(part);
            }
        });
    }
}

/// True for what is given to a policy and not made by it.
fn is_given(expr: &Expr) -> bool {
    match expr {
        Expr::Var { span, .. } => span.text() == "input",
        Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } => is_given(refr),
        _ => false,
    }
}

/// The variables of a parameter, each time that it names one.
fn occurrences<'e>(expr: &'e Expr, found: &mut Vec<&'e Expr>) {
    match expr {
        Expr::Var { span, .. } if span.text() != "_" => found.push(expr),
        Expr::Array { items, .. } => items.iter().for_each(|item| occurrences(item, found)),
        Expr::Object { fields, .. } => {
            let values = fields.iter().map(|(_, _, value)| value);
            values.for_each(|value| occurrences(value, found));
        }
        _ => {}
    }
}

/// True for a reference that looks something up by a variable.
fn looks_up(expr: &Expr) -> bool {
    match expr {
        Expr::RefBrack { refr, index, .. } => {
            matches!(index.as_ref(), Expr::Var { span, .. } if span.text() != "_") || looks_up(refr)
        }
        Expr::RefDot { refr, .. } => looks_up(refr),
        _ => false,
    }
}

/// The name of a rule without a body, or with a default, which is therefore never undefined.
fn constant(rule: &Rule) -> Option<String> {
    let refr = match rule {
        Rule::Default { refr, args, .. } if args.is_empty() => refr,
        Rule::Spec {
            head:
                RuleHead::Compr {
                    refr,
                    assign: Some(_),
                    ..
                },
            bodies,
            ..
        } if bodies.is_empty() => refr,
        _ => return None,
    };
    Some(refr.span().text().to_owned())
}
