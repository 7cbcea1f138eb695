//! The names that a rule of Rego binds itself: by `some`, `:=` and `every`, and as arguments.

use std::collections::BTreeSet;

use regorus::unstable::{AssignOp, Expr, Literal, Query, Rule, RuleHead};

use super::parts::{Part, parts};

/// The names that a rule binds by `some`, `:=`, `every` or as arguments.
pub(super) fn locals(rule: &Rule) -> BTreeSet<String> {
    let mut locals = BTreeSet::new();
    if let Rule::Spec { head, bodies, .. } = rule {
        if let RuleHead::Func { args, .. } = head {
            for arg in args {
                variables(arg, &mut locals);
            }
        }
        match head {
            RuleHead::Compr { assign, .. } | RuleHead::Func { assign, .. } => {
                if let Some(assign) = assign {
                    nested(&assign.value, &mut locals);
                }
            }
            RuleHead::Set { key, .. } => {
                if let Some(key) = key {
                    nested(key, &mut locals);
                }
            }
        }
        for body in bodies {
            if let Some(assign) = &body.assign {
                nested(&assign.value, &mut locals);
            }
            of_query(&body.query, &mut locals);
        }
    }
    locals
}

fn of_query(query: &Query, locals: &mut BTreeSet<String>) {
    for statement in &query.stmts {
        match &statement.literal {
            Literal::SomeVars { vars, .. } => {
                locals.extend(vars.iter().map(|name| name.text().to_owned()));
            }
            Literal::SomeIn {
                key,
                value,
                collection,
                ..
            } => {
                for expr in key.iter().chain([value]) {
                    variables(expr, locals);
                }
                nested(collection, locals);
            }
            Literal::Every {
                key,
                value,
                query,
                domain,
                ..
            } => {
                let names = key.iter().chain([value]);
                locals.extend(names.map(|name| name.text().to_owned()));
                nested(domain, locals);
                of_query(query, locals);
            }
            Literal::Expr { expr, .. } => {
                if let Expr::AssignExpr {
                    op: AssignOp::ColEq,
                    lhs,
                    ..
                } = expr.as_ref()
                {
                    variables(lhs, locals);
                }
                nested(expr, locals);
            }
            Literal::NotExpr { expr, .. } => nested(expr, locals),
        }
    }
}

/// The names that the comprehensions in an expression bind.
fn nested(expr: &Expr, locals: &mut BTreeSet<String>) {
    parts(expr, &mut |part| match part {
        Part::Expr(expr) => nested(expr, locals),
        Part::Query(query) => of_query(query, locals),
    });
}

/// The variables of a pattern.
fn variables(expr: &Expr, found: &mut BTreeSet<String>) {
    match expr {
        Expr::Var { span, .. } => {
            found.insert(span.text().to_owned());
        }
        Expr::Array { items, .. } => items.iter().for_each(|item| variables(item, found)),
        Expr::Object { fields, .. } => {
            fields
                .iter()
                .for_each(|(_, _, value)| variables(value, found));
        }
        _ => {}
    }
}
