//! What an expression of Rego is made of, told once for all who walk over expressions: each of them says what it makes of a part.

use regorus::unstable::{Expr, Query};

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
