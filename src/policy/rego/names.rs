//! The names that a rule of Rego binds itself: by `some`, `:=` and `every`, and as arguments.

use std::collections::BTreeSet;

use regorus::unstable::{AssignOp, Expr, Literal, Query, Rule, RuleHead};

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
    match expr {
        Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
            nested(term, locals);
            of_query(query, locals);
        }
        Expr::ObjectCompr {
            key, value, query, ..
        } => {
            nested(key, locals);
            nested(value, locals);
            of_query(query, locals);
        }
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            items.iter().for_each(|item| nested(item, locals));
        }
        Expr::Object { fields, .. } => {
            for (_, key, value) in fields {
                nested(key, locals);
                nested(value, locals);
            }
        }
        Expr::Call { params, .. } => params.iter().for_each(|param| nested(param, locals)),
        Expr::UnaryExpr { expr, .. } => nested(expr, locals),
        Expr::RefDot { refr, .. } => nested(refr, locals),
        Expr::RefBrack { refr, index, .. } => {
            nested(refr, locals);
            nested(index, locals);
        }
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => {
            nested(lhs, locals);
            nested(rhs, locals);
        }
        Expr::Membership {
            key,
            value,
            collection,
            ..
        } => {
            for expr in key.iter().chain([value, collection]) {
                nested(expr, locals);
            }
        }
        Expr::String { .. }
        | Expr::RawString { .. }
        | Expr::Number { .. }
        | Expr::Bool { .. }
        | Expr::Null { .. }
        | Expr::Var { .. } => {}
    }
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
