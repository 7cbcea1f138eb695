//! What a module declares, read and not evaluated: its version of Rego, and its rules by their names and places.

use regorus::unstable::{Module as Parsed, Rule, RuleHead};

use super::layout;
use super::parse::{Refused, parse};
use super::parts::{constant, reference};
use super::user::not_evaluated;
use crate::control::{Declared, Module};
use crate::problem::Problem;

/// A module that was parsed.
pub(super) struct Read {
    /// Its text as it was parsed. Each line begins where it did.
    pub(super) text: String,
    pub(super) parsed: Parsed,
    /// True if and only if it is of the present version of Rego.
    pub(super) is_v1: bool,
}

/// Parses a module.
pub(super) fn read(module: &Module) -> Result<Read, Refused> {
    layout::check(&module.text)?;
    let text = layout::repair(&module.text);
    let (parsed, is_v1) = of_either_version(&module.text, |is_v1| {
        parse(module.path.as_str(), &text, is_v1)
    })?;
    Ok(Read {
        text,
        parsed,
        is_v1,
    })
}

/// Reads a text as the present version of Rego or, where it is none, as the one before; tells whether it is of the present one.
pub(super) fn of_either_version<T>(
    text: &str,
    read: impl Fn(bool) -> Result<T, Refused>,
) -> Result<(T, bool), Refused> {
    let refused = match read(true) {
        Ok(read) => return Ok((read, true)),
        Err(refused) => refused,
    };
    if text.contains("import rego.v1") {
        return Err(refused);
    }
    match read(false) {
        Ok(read) => Ok((read, false)),
        // The complaint of the version in which more of it could be read: that is the one it is meant for.
        Err(older) if older.line > refused.line => Err(older),
        Err(_) => Err(refused),
    }
}

/// The rules of a module that are asked for by their names alone: functions are none.
pub(in crate::policy) fn declared(module: &Module) -> Result<Vec<Declared>, Problem> {
    let read =
        read(module).map_err(|refused| not_evaluated(&module.path, &module.text, refused))?;
    let rules = read.parsed.policy.iter().filter(|rule| !is_function(rule));
    Ok(rules
        .map(|rule| Declared {
            name: constant(reference(rule)).0,
            line: rule.span().line,
        })
        .collect())
}

pub(super) fn is_function(rule: &Rule) -> bool {
    match rule {
        Rule::Default { args, .. } => !args.is_empty(),
        Rule::Spec { head, .. } => matches!(head, RuleHead::Func { .. }),
    }
}
