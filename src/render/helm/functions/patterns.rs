//! The `regex…` functions.

use std::rc::Rc;

use regex::Regex;

use super::re2::{self, Piece};
use super::{Result, fail, mixed, truth};
use crate::render::helm::function::Type::{Int, String as Str};
use crate::render::helm::function::{Context, FunctionError, Signature, int, text};
use crate::render::helm::string::{Text, TextBuilder};
use crate::render::helm::value::{Data, Items, List, Value};

pub(super) const TABLE: &[Signature] = &[
    // A pattern that cannot be read matches nothing here, without an error.
    Signature::new("regexMatch", &[Str, Str], |c, a| {
        let found = match compile(c, &text(a, 0)) {
            Ok(regex) => regex.is_match(&subject(c, a)?.lossy()),
            Err(_) => false,
        };
        truth(c, a, found)
    }),
    Signature::new("mustRegexMatch", &[Str, Str], |c, a| {
        let found = compile(c, &text(a, 0))?.is_match(&subject(c, a)?.lossy());
        truth(c, a, found)
    }),
    Signature::new("regexFind", &[Str, Str], |c, a| find(c, a, true)),
    Signature::new("mustRegexFind", &[Str, Str], |c, a| find(c, a, false)),
    Signature::new("regexFindAll", &[Str, Str, Int], |c, a| {
        pieces(c, a, true, re2::matches)
    }),
    Signature::new("mustRegexFindAll", &[Str, Str, Int], |c, a| {
        pieces(c, a, false, re2::matches)
    }),
    Signature::new("regexSplit", &[Str, Str, Int], |c, a| {
        pieces(c, a, true, re2::split)
    }),
    Signature::new("mustRegexSplit", &[Str, Str, Int], |c, a| {
        pieces(c, a, false, re2::split)
    }),
    Signature::new("regexReplaceAll", &[Str, Str, Str], |c, a| {
        replace(c, a, true, false)
    }),
    Signature::new("mustRegexReplaceAll", &[Str, Str, Str], |c, a| {
        replace(c, a, false, false)
    }),
    Signature::new("regexReplaceAllLiteral", &[Str, Str, Str], |c, a| {
        replace(c, a, true, true)
    }),
    Signature::new("mustRegexReplaceAllLiteral", &[Str, Str, Str], |c, a| {
        replace(c, a, false, true)
    }),
    Signature::new("regexQuoteMeta", &[Str], |c, a| {
        let quoted = re2::quote_meta(&text(a, 0).lossy());
        mixed(c, a, quoted)
    }),
];

fn compile(context: &mut Context<'_>, pattern: &Text) -> std::result::Result<Regex, FunctionError> {
    context.pattern(&pattern.lossy(), re2::compile)
}

/// The pattern of the call; the functions without `must` panic in Go, and word it so.
fn pattern(
    context: &mut Context<'_>,
    arguments: &[Value],
    panics: bool,
) -> std::result::Result<Regex, FunctionError> {
    let pattern = text(arguments, 0);
    compile(context, &pattern).map_err(|error| {
        if panics {
            FunctionError::new(format!(
                "regexp: Compile({}): {}",
                go_quoted(&pattern.lossy()),
                error.message
            ))
        } else {
            error
        }
    })
}

/// As Go's `regexp` quotes a pattern in a panic: with backquotes where it can.
fn go_quoted(pattern: &str) -> String {
    if pattern.contains('`') || pattern.contains(|c: char| c.is_control() && c != '\t') {
        format!("{pattern:?}")
    } else {
        format!("`{pattern}`")
    }
}

fn subject(
    context: &mut Context<'_>,
    arguments: &[Value],
) -> std::result::Result<Text, FunctionError> {
    let subject = text(arguments, 1);
    context.spend(subject.len() / 8)?;
    // Positions are only valid in the text that is searched, so bytes that are not UTF-8 are replaced first.
    if subject.as_str().is_some() {
        return Ok(subject);
    }
    let origin = subject.origin(context.origins);
    Ok(Text::new(subject.lossy().as_bytes(), origin))
}

fn find(context: &mut Context<'_>, arguments: &[Value], panics: bool) -> Result {
    let regex = pattern(context, arguments, panics)?;
    let whole = subject(context, arguments)?;
    let found = regex.find(&whole.lossy()).map(|found| found.range());
    Ok(match found {
        Some(range) => whole.slice(range).into(),
        None => {
            let origin = context.union(arguments);
            Value::string("", origin)
        }
    })
}

fn pieces(
    context: &mut Context<'_>,
    arguments: &[Value],
    panics: bool,
    cut: fn(&Regex, &str, i64) -> Vec<(usize, usize)>,
) -> Result {
    let regex = pattern(context, arguments, panics)?;
    let whole = subject(context, arguments)?;
    let ranges = cut(&regex, &whole.lossy(), int(arguments, 2));
    context.spend(ranges.len())?;
    let texts = ranges
        .into_iter()
        .map(|(start, end)| whole.slice(start..end));
    let texts: Vec<Text> = texts.collect();
    let origin = context.union(arguments);
    let texts = texts.into_iter().map(Value::from).collect();
    let list = List::or_nil(Items::String, texts);
    Ok(Value::new(Data::List(Rc::new(list)), origin))
}

fn replace(context: &mut Context<'_>, arguments: &[Value], panics: bool, literal: bool) -> Result {
    let regex = pattern(context, arguments, panics)?;
    let whole = subject(context, arguments)?;
    let new = text(arguments, 2);
    let template = if literal {
        Vec::new()
    } else {
        re2::replacement(&new.lossy())
    };
    // Without groups in it, the replacement keeps the origins of its characters.
    let plain = literal || !new.as_bytes().contains(&b'$');
    let new_origin = new.origin(context.origins);
    let subject = whole.lossy();
    let mut out = TextBuilder::new();
    let mut done = 0;
    for captures in regex.captures_iter(&subject) {
        let Some(found) = captures.get(0) else {
            continue;
        };
        out.push_slice(&whole, done..found.start());
        done = found.end();
        context.spend(1 + template.len())?;
        if plain {
            context.spend(new.cost() / 8)?;
            out.push_text(&new);
        } else {
            for piece in &template {
                let group = match piece {
                    Piece::Text(text) => {
                        out.push(text.as_bytes(), new_origin);
                        continue;
                    }
                    Piece::Number(index) => captures.get(*index),
                    Piece::Name(name) => re2::named(&captures, &regex, name),
                };
                if let Some(group) = group {
                    out.push_slice(&whole, group.range());
                }
            }
        }
        if out.len() > subject.len().saturating_add(1 << 26) {
            return fail("the replaced text is longer than the limit");
        }
    }
    out.push_slice(&whole, done..whole.len());
    context.spend_bytes(out.len())?;
    Ok(out.finish().into())
}
