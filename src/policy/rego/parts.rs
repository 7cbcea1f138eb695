//! What an expression of Rego is made of, and what a rule is called: told once for all who walk over
//! expressions. Each of them says what it makes of a part.

use regorus::unstable::{Expr, Query, Rule, RuleHead};

/// A part of an expression.
pub(super) enum Part<'e> {
    Expr(&'e Expr),
    /// The body of a comprehension.
    Query(&'e Query),
}

/// Tells the direct parts of an expression as they are written. The name of a function that is called is none.
pub(super) fn parts<'e>(expr: &'e Expr, tell: &mut dyn FnMut(Part<'e>)) {
    let mut each = |parts: &[&'e Expr]| {
        for part in parts {
            tell(Part::Expr(part));
        }
    };
    match expr {
        Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
            each(&[term]);
            tell(Part::Query(query));
        }
        Expr::ObjectCompr {
            key, value, query, ..
        } => {
            each(&[key, value]);
            tell(Part::Query(query));
        }
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            for item in items {
                each(&[item]);
            }
        }
        Expr::Object { fields, .. } => {
            for (_, key, value) in fields {
                each(&[key, value]);
            }
        }
        Expr::Call { params, .. } => {
            for param in params {
                each(&[param]);
            }
        }
        Expr::UnaryExpr { expr, .. } => each(&[expr]),
        Expr::RefDot { refr, .. } => each(&[refr]),
        Expr::RefBrack { refr, index, .. } => each(&[refr, index]),
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => each(&[lhs, rhs]),
        Expr::Membership {
            key,
            value,
            collection,
            ..
        } => {
            if let Some(key) = key {
                each(&[key]);
            }
            each(&[value, collection]);
        }
        Expr::String { .. }
        | Expr::RawString { .. }
        | Expr::Number { .. }
        | Expr::Bool { .. }
        | Expr::Null { .. }
        | Expr::Var { .. } => {}
    }
}

/// The name of a rule as its head writes it, with what is looked up in it.
pub(super) fn reference(rule: &Rule) -> &Expr {
    match rule {
        Rule::Default { refr, .. } => refr,
        Rule::Spec { head, .. } => match head {
            RuleHead::Compr { refr, .. }
            | RuleHead::Set { refr, .. }
            | RuleHead::Func { refr, .. } => refr,
        },
    }
}

/// The parts of a reference up to the first one that only shows when it is evaluated, and whether that is all of it.
pub(super) fn constant(expr: &Expr) -> (Vec<String>, bool) {
    match expr {
        Expr::Var { span, .. } => (vec![span.text().to_owned()], true),
        Expr::RefDot { refr, field, .. } => {
            let (mut name, is_whole) = constant(refr);
            if is_whole {
                name.push(field.0.text().to_owned());
            }
            (name, is_whole)
        }
        Expr::RefBrack { refr, index, .. } => {
            let (mut name, is_whole) = constant(refr);
            match index.as_ref() {
                Expr::String { span, .. } if is_whole => {
                    name.push(span.text().to_owned());
                    (name, true)
                }
                _ => (name, false),
            }
        }
        _ => (Vec::new(), false),
    }
}
