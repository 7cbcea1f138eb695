//! What a body asks of its input that OPA looks rules up by: that a field has a value, and that it is there at all.
//!
//! Only what is asked whatever the body binds counts: plain references to the input, and parameters that must be a constant.

use regorus::unstable::{AssignOp, BoolOp, Expr, Literal, Query};

use super::parts::{Part, parts};
use super::places::range;

/// What a body asks, as statements that bind nothing; `value` is what its head gives.
pub(super) fn asked(
    text: &str,
    query: &Query,
    value: Option<&Expr>,
    parameters: &[&str],
) -> Vec<String> {
    let mut asked = Asked {
        text,
        parameters,
        statements: Vec::new(),
    };
    for statement in &query.stmts {
        if !statement.with_mods.is_empty() {
            continue;
        }
        match &statement.literal {
            Literal::Expr { expr, .. } => asked.statement(expr),
            Literal::Every { domain, .. } => asked.operand(domain),
            Literal::SomeVars { .. } | Literal::SomeIn { .. } | Literal::NotExpr { .. } => {}
        }
    }
    if let Some(value) = value {
        asked.operand(value);
    }
    asked.statements
}

struct Asked<'a> {
    text: &'a str,
    parameters: &'a [&'a str],
    statements: Vec<String>,
}

impl Asked<'_> {
    fn statement(&mut self, expr: &Expr) {
        let (lhs, rhs) = match expr {
            Expr::BoolExpr {
                op: BoolOp::Eq,
                lhs,
                rhs,
                ..
            }
            | Expr::AssignExpr {
                op: AssignOp::Eq | AssignOp::ColEq,
                lhs,
                rhs,
                ..
            } => (lhs, rhs),
            other => return self.parts(other),
        };
        let sides = [(lhs, rhs), (rhs, lhs)];
        for (asked, value) in sides {
            if (is_of_input(asked) || self.is_parameter(asked)) && is_constant(value) {
                let (asked, value) = (self.written(asked), self.written(value));
                self.statements.push(format!("{asked} == {value}"));
                return;
            }
        }
        self.operand(lhs);
        self.operand(rhs);
    }

    /// What is computed before it is used must be there.
    fn operand(&mut self, expr: &Expr) {
        if is_of_input(expr) {
            let asked = self.written(expr);
            self.statements.push(format!("[{asked}] != []"));
        } else {
            self.parts(expr);
        }
    }

    fn parts(&mut self, expr: &Expr) {
        if let Expr::Call { .. }
        | Expr::BoolExpr { .. }
        | Expr::ArithExpr { .. }
        | Expr::BinExpr { .. }
        | Expr::Array { .. }
        | Expr::Object { .. }
        | Expr::Set { .. } = expr
        {
            parts(expr, &mut |part| {
                if let Part::Expr(part) = part {
                    self.operand(part);
                }
            });
        }
    }

    fn is_parameter(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Var { span, .. } if self.parameters.contains(&span.text()))
    }

    fn written(&self, expr: &Expr) -> &str {
        let (start, end) = range(self.text, expr);
        self.text.get(start..end).unwrap_or_default()
    }
}

/// True for a reference to the input that says where it leads.
fn is_of_input(expr: &Expr) -> bool {
    match expr {
        Expr::RefDot { refr, .. } => is_input(refr) || is_of_input(refr),
        Expr::RefBrack { refr, index, .. } => {
            is_constant(index) && (is_input(refr) || is_of_input(refr))
        }
        _ => false,
    }
}

fn is_input(expr: &Expr) -> bool {
    matches!(expr, Expr::Var { span, .. } if span.text() == "input")
}

fn is_constant(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::String { .. }
            | Expr::RawString { .. }
            | Expr::Number { .. }
            | Expr::Bool { .. }
            | Expr::Null { .. }
    )
}
