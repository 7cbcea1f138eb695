//! Functions on strings.

use std::rc::Rc;

use super::{Result, casing, casts, fail, mixed, truth};
use crate::origin::Origin;
use crate::render::helm::function::Type::{Any, Int, String as Str};
use crate::render::helm::function::{Context, FunctionError, Signature, int, text};
use crate::render::helm::string::{Char, Text, TextBuilder, find};
use crate::render::helm::value::{Data, IntKind, Items, List, Map, MapType, Value};

pub(super) const TABLE: &[Signature] = &[
    Signature::new("abbrev", &[Int, Str], |c, a| {
        let whole = text(a, 1);
        let short = abbreviate(&whole, 0, int(a, 0), c);
        Ok(short.unwrap_or(whole).into())
    }),
    Signature::new("abbrevboth", &[Int, Int, Str], abbrevboth),
    Signature::new("trunc", &[Int, Str], trunc),
    Signature::new("trim", &[Str], |_, a| Ok(trim(&text(a, 0)).into())),
    Signature::new("upper", &[Str], |_, a| Ok(upper(&text(a, 0)).into())),
    Signature::new("lower", &[Str], |_, a| Ok(lower(&text(a, 0)).into())),
    Signature::new("title", &[Str], |_, a| {
        let mut begins = true;
        Ok(per_char(&text(a, 0), |c| {
            let mapped = if begins { casing::upper(c) } else { c };
            begins = casing::separates(c);
            Some(mapped)
        }))
    }),
    Signature::new("untitle", &[Str], |_, a| {
        let mut begins = true;
        Ok(per_char(&text(a, 0), |c| {
            let mapped = if begins { casing::lower(c) } else { c };
            begins = c.is_whitespace();
            Some(mapped)
        }))
    }),
    Signature::new("swapcase", &[Str], |_, a| {
        Ok(per_char(&text(a, 0), |c| {
            Some(if c.is_uppercase() {
                casing::lower(c)
            } else if c.is_lowercase() {
                casing::upper(c)
            } else {
                c
            })
        }))
    }),
    Signature::new("substr", &[Int, Int, Str], substr),
    Signature::new("repeat", &[Int, Str], repeat),
    Signature::new("trimall", &[Str, Str], |_, a| trim_all(a)),
    Signature::new("trimAll", &[Str, Str], |_, a| trim_all(a)),
    Signature::new("trimSuffix", &[Str, Str], |_, a| {
        let (suffix, text) = (text(a, 0), text(a, 1));
        Ok(match text.as_bytes().strip_suffix(suffix.as_bytes()) {
            Some(rest) => text.slice(0..rest.len()).into(),
            None => text.into(),
        })
    }),
    Signature::new("trimPrefix", &[Str, Str], |_, a| {
        let (prefix, text) = (text(a, 0), text(a, 1));
        Ok(if text.as_bytes().starts_with(prefix.as_bytes()) {
            text.slice(prefix.len()..text.len()).into()
        } else {
            text.into()
        })
    }),
    Signature::new("nospace", &[Str], nospace),
    Signature::new("initials", &[Str], |_, a| {
        let mut begins = true;
        Ok(per_char(&text(a, 0), |c| {
            let shown = begins && !c.is_whitespace();
            begins = c.is_whitespace();
            shown.then_some(c)
        }))
    }),
    Signature::new("snakecase", &[Str], |c, a| {
        let text = casing::separated(&text(a, 0).lossy(), '_');
        mixed(c, a, text)
    }),
    Signature::new("kebabcase", &[Str], |c, a| {
        let text = casing::separated(&text(a, 0).lossy(), '-');
        mixed(c, a, text)
    }),
    Signature::new("camelcase", &[Str], |c, a| {
        let text = casing::camel(&text(a, 0).lossy());
        mixed(c, a, text)
    }),
    Signature::new("wrap", &[Int, Str], |c, a| {
        let line_break = Text::new("\n", c.call);
        wrap(c, &text(a, 1), int(a, 0), &line_break, false)
    }),
    Signature::new("wrapWith", &[Int, Str, Str], |c, a| {
        let given = text(a, 1);
        let line_break = if given.is_empty() {
            Text::new("\n", c.call)
        } else {
            given
        };
        wrap(c, &text(a, 2), int(a, 0), &line_break, true)
    }),
    Signature::new("contains", &[Str, Str], |c, a| {
        let (part, whole) = (text(a, 0), text(a, 1));
        let found = part.is_empty() || find(whole.as_bytes(), part.as_bytes(), 0).is_some();
        truth(c, a, found)
    }),
    Signature::new("hasPrefix", &[Str, Str], |c, a| {
        let found = text(a, 1).as_bytes().starts_with(text(a, 0).as_bytes());
        truth(c, a, found)
    }),
    Signature::new("hasSuffix", &[Str, Str], |c, a| {
        let found = text(a, 1).as_bytes().ends_with(text(a, 0).as_bytes());
        truth(c, a, found)
    }),
    Signature::variadic("quote", &[], Any, |c, a| {
        let quoted = a
            .iter()
            .filter(|value| !value.is_nil())
            .map(|value| Ok(super::quote(&string_of(c, value)?)))
            .collect::<std::result::Result<Vec<_>, FunctionError>>()?;
        Ok(spaced(c, &quoted, a))
    }),
    Signature::variadic("squote", &[], Any, |c, a| {
        let quoted = a
            .iter()
            .filter(|value| !value.is_nil())
            .map(|value| Ok(enclose(&super::display(c, value)?, b"'")))
            .collect::<std::result::Result<Vec<_>, FunctionError>>()?;
        Ok(spaced(c, &quoted, a))
    }),
    Signature::variadic("cat", &[], Any, |c, a| {
        let words = a
            .iter()
            .filter(|value| !value.is_nil())
            .map(|value| super::display(c, value))
            .collect::<std::result::Result<Vec<_>, FunctionError>>()?;
        Ok(spaced(c, &words, a))
    }),
    Signature::new("indent", &[Int, Str], |c, a| {
        Ok(text(a, 1).indent(&padding(c, a)?).into())
    }),
    Signature::new("nindent", &[Int, Str], |c, a| {
        Ok(text(a, 1).indented(b"\n", &padding(c, a)?).into())
    }),
    Signature::new("replace", &[Str, Str, Str], |c, a| {
        let (old, new, whole) = (text(a, 0), text(a, 1), text(a, 2));
        let most = if old.is_empty() {
            whole.len() + 1
        } else {
            whole.len() / old.len()
        };
        c.spend_bytes(whole.len().saturating_add(most.saturating_mul(new.cost())))?;
        Ok(whole.replace(old.as_bytes(), &new, usize::MAX).into())
    }),
    Signature::new("plural", &[Str, Str, Int], |c, a| {
        let chosen = text(a, usize::from(int(a, 2) != 1));
        let count = a.get(2).map_or(Origin::NONE, |value| value.origin);
        Ok(chosen.under(count, c.origins).into())
    }),
    Signature::new("toString", &[Any], |c, a| match a.first() {
        Some(value) => Ok(string_of(c, value)?.into()),
        None => Ok(Value::default()),
    }),
    Signature::new("toStrings", &[Any], |c, a| {
        let texts = strings_of(c, a.first())?;
        let origin = c.union(a);
        Ok(Value::strings(texts, origin))
    }),
    Signature::new("join", &[Str, Any], |c, a| {
        let texts = strings_of(c, a.get(1))?;
        let separator = text(a, 0);
        let length: usize = texts
            .iter()
            .map(|text| text.cost().saturating_add(separator.cost()))
            .fold(0, usize::saturating_add);
        c.spend_bytes(length)?;
        if texts.is_empty() {
            let origin = c.union(a);
            return Ok(Value::string("", origin));
        }
        Ok(Text::join(&texts, &separator).into())
    }),
    Signature::new("split", &[Str, Str], |c, a| {
        let pieces = text(a, 1).split(text(a, 0).as_bytes(), usize::MAX);
        numbered(c, a, pieces)
    }),
    Signature::new("splitn", &[Str, Int, Str], |c, a| {
        let limit = usize::try_from(int(a, 1)).unwrap_or(usize::MAX);
        let pieces = text(a, 2).split(text(a, 0).as_bytes(), limit);
        numbered(c, a, pieces)
    }),
    Signature::new("splitList", &[Str, Str], |c, a| {
        let pieces = text(a, 1).split(text(a, 0).as_bytes(), usize::MAX);
        c.spend(pieces.len())?;
        let origin = c.union(a);
        Ok(Value::strings(pieces, origin))
    }),
    Signature::new("sortAlpha", &[Any], |c, a| {
        let mut texts = match a.first() {
            Some(value) if value.is_nil() => vec![string_of(c, value)?],
            value => strings_of(c, value)?,
        };
        texts.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
        let origin = c.union(a);
        Ok(Value::strings(texts, origin))
    }),
    Signature::new("atoi", &[Str], |c, a| {
        let digits = text(a, 0);
        let number = digits
            .as_str()
            .filter(|text| {
                let body = text.strip_prefix(['-', '+']).unwrap_or(text);
                !body.is_empty() && body.bytes().all(|b| b.is_ascii_digit())
            })
            .map_or(0, |text| {
                // Out of range, Go gives the nearest number beside an error that nobody looks at.
                let nearest = if text.starts_with('-') {
                    i64::MIN
                } else {
                    i64::MAX
                };
                text.parse().unwrap_or(nearest)
            });
        Ok(Value::int(number, c.union(a)))
    }),
    Signature::new("int", &[Any], |c, a| {
        let number = a.first().map_or(0, casts::to_int);
        Ok(Value::int(number, c.union(a)))
    }),
    Signature::new("int64", &[Any], |c, a| {
        let number = a.first().map_or(0, casts::to_int);
        Ok(Value::int64(number, c.union(a)))
    }),
    Signature::new("float64", &[Any], |c, a| {
        let number = a.first().map_or(0.0, casts::to_float);
        Ok(Value::float(number, c.union(a)))
    }),
    Signature::new("toDecimal", &[Any], |c, a| {
        let shown = match a.first() {
            Some(value) => super::display(c, value)?,
            None => Text::empty(),
        };
        let number = shown
            .as_str()
            .filter(|text| !text.starts_with("+-"))
            .and_then(|text| i64::from_str_radix(text, 8).ok())
            .unwrap_or(0);
        Ok(Value::int64(number, c.union(a)))
    }),
];

/// A value as Sprig's own `toString` shows it: strings and bytes as they are, everything else as `%v`.
pub(super) fn string_of(
    context: &mut Context<'_>,
    value: &Value,
) -> std::result::Result<Text, FunctionError> {
    match &value.data {
        Data::String(text) | Data::Bytes(Some(text)) => Ok(text.clone()),
        Data::Bytes(None) => Ok(Text::empty()),
        _ => super::display(context, value),
    }
}

/// The items of a list as strings, nil left out; anything else as a list of one.
pub(super) fn strings_of(
    context: &mut Context<'_>,
    value: Option<&Value>,
) -> std::result::Result<Vec<Text>, FunctionError> {
    let Some(value) = value.filter(|value| !value.is_nil()) else {
        return Ok(Vec::new());
    };
    match value.items() {
        None => Ok(vec![string_of(context, value)?]),
        Some(items) => {
            context.spend(items.len())?;
            items
                .iter()
                .filter(|item| !item.is_nil())
                .map(|item| string_of(context, item))
                .collect()
        }
    }
}

/// Texts with spaces between them; of none, nothing, which still knows what was asked.
fn spaced(context: &mut Context<'_>, words: &[Text], arguments: &[Value]) -> Value {
    if words.is_empty() {
        let origin = context.union(arguments);
        return Value::string("", origin);
    }
    if let [word] = words {
        return word.clone().into();
    }
    Text::join(words, &Text::new(" ", context.call)).into()
}

/// The text between two marks, which share the origins of their neighbours.
fn enclose(text: &Text, mark: &[u8]) -> Text {
    let first = text
        .runs()
        .next()
        .map_or(Origin::NONE, |(_, origin)| origin);
    let last = text
        .runs()
        .last()
        .map_or(Origin::NONE, |(_, origin)| origin);
    let mut out = TextBuilder::new();
    out.push(mark, first);
    out.push_text(text);
    out.push(mark, last);
    out.finish()
}

/// The text with each character rewritten or dropped; bytes that are none become U+FFFD, as Go's mapping does.
fn per_char(text: &Text, mut map: impl FnMut(char) -> Option<char>) -> Value {
    text.rewrite(|c, out| {
        if let Some(c) = map(c.or_replacement()) {
            let mut buffer = [0; 4];
            out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
        }
    })
    .into()
}

fn upper(text: &Text) -> Text {
    if text
        .as_bytes()
        .iter()
        .all(|b| b.is_ascii() && !b.is_ascii_lowercase())
    {
        return text.clone();
    }
    match per_char(text, |c| Some(casing::upper(c))).as_text() {
        Some(text) => text.clone(),
        None => Text::empty(),
    }
}

fn lower(text: &Text) -> Text {
    if text
        .as_bytes()
        .iter()
        .all(|b| b.is_ascii() && !b.is_ascii_uppercase())
    {
        return text.clone();
    }
    match per_char(text, |c| Some(casing::lower(c))).as_text() {
        Some(text) => text.clone(),
        None => Text::empty(),
    }
}

/// Without Unicode white space at both ends.
fn trim(text: &Text) -> Text {
    let is_space = |c: &Char| matches!(c, Char::Valid(c) if c.is_whitespace());
    let start = text
        .chars()
        .find(|(_, c)| !is_space(c))
        .map_or(text.len(), |(at, _)| at);
    let mut end = start;
    for (at, c) in text.chars() {
        if !is_space(&c) {
            end = at + text.char_at(at).map_or(0, |(_, width)| width);
        }
    }
    text.slice(start..end.max(start))
}

fn trim_all(arguments: &[Value]) -> Result {
    let (set, whole) = (text(arguments, 0), text(arguments, 1));
    let set: Vec<char> = set.lossy().chars().collect();
    let drop = |c: Char| set.contains(&c.or_replacement());
    let start = whole
        .chars()
        .find(|(_, c)| !drop(*c))
        .map_or(whole.len(), |(at, _)| at);
    let mut end = start;
    for (at, c) in whole.chars() {
        if at >= start && !drop(c) {
            end = at + whole.char_at(at).map_or(0, |(_, width)| width);
        }
    }
    Ok(whole.slice(start..end).into())
}

fn trunc(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    let (count, whole) = (int(arguments, 0), text(arguments, 1));
    let length = whole.len() as i64;
    Ok(if count < 0 && length.saturating_add(count) > 0 {
        whole.slice((length + count) as usize..whole.len()).into()
    } else if count >= 0 && length > count {
        whole.slice(0..count as usize).into()
    } else {
        whole.into()
    })
}

fn substr(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    let (start, end, whole) = (int(arguments, 0), int(arguments, 1), text(arguments, 2));
    let length = whole.len() as i64;
    let out_of_range = |from: i64, to: i64| {
        fail(if to < 0 {
            format!("runtime error: slice bounds out of range [:{to}]")
        } else if to > length {
            format!("runtime error: slice bounds out of range [:{to}] with length {length}")
        } else {
            format!("runtime error: slice bounds out of range [{from}:{to}]")
        })
    };
    if start < 0 {
        if end < 0 || end > length {
            return out_of_range(0, end);
        }
        return Ok(whole.slice(0..end as usize).into());
    }
    let end = if end < 0 || end > length { length } else { end };
    if start > end {
        return out_of_range(start, end);
    }
    Ok(whole.slice(start as usize..end as usize).into())
}

fn repeat(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let part = text(arguments, 1);
    let Ok(count) = usize::try_from(int(arguments, 0)) else {
        return fail("strings: negative Repeat count");
    };
    context.spend_bytes(part.cost().saturating_mul(count))?;
    context.spend(count)?;
    let mut out = TextBuilder::new();
    for _ in 0..count {
        out.push_text(&part);
    }
    Ok(out.finish().into())
}

fn padding(
    context: &mut Context<'_>,
    arguments: &[Value],
) -> std::result::Result<Vec<u8>, FunctionError> {
    let Ok(width) = usize::try_from(int(arguments, 0)) else {
        return fail("strings: negative Repeat count");
    };
    let body = text(arguments, 1);
    let lines = 1 + body.as_bytes().iter().filter(|&&b| b == b'\n').count();
    context.spend_bytes(body.len().saturating_add(width.saturating_mul(lines)))?;
    Ok(vec![b' '; width])
}

/// Go reads single bytes as characters here, so what is not ASCII falls apart unless nothing is removed.
fn nospace(_: &mut Context<'_>, arguments: &[Value]) -> Result {
    let whole = text(arguments, 0);
    let is_space = |b: u8| matches!(b, b'\t' | b'\n' | 0x0B | 0x0C | b'\r' | b' ' | 0x85 | 0xA0);
    if !whole.as_bytes().iter().any(|&b| is_space(b)) {
        return Ok(whole.into());
    }
    let mut out = TextBuilder::new();
    for (range, origin) in whole.runs() {
        let kept: String = whole
            .as_bytes()
            .get(range)
            .unwrap_or_default()
            .iter()
            .filter(|&&b| !is_space(b))
            .map(|&b| char::from(b))
            .collect();
        out.push(kept.as_bytes(), origin);
    }
    Ok(out.finish().into())
}

/// At most `width` bytes, dots where something is left out; `None` where nothing is to be done.
fn abbreviate(whole: &Text, offset: i64, width: i64, context: &Context<'_>) -> Option<Text> {
    let length = whole.len() as i64;
    if width < 4 || length <= width {
        return None;
    }
    let mut offset = offset.min(length);
    if length - offset < width - 3 {
        offset = length - (width - 3);
    }
    let dots = Text::new("...", context.call);
    let mut out = TextBuilder::new();
    if offset <= 4 {
        out.push_slice(whole, 0..(width - 3) as usize);
        out.push_text(&dots);
        return Some(out.finish());
    }
    if width < 7 {
        return Some(Text::empty());
    }
    out.push_text(&dots);
    if offset + width - 3 < length {
        let rest = whole.slice(offset as usize..whole.len());
        match abbreviate(&rest, 0, width - 3, context) {
            Some(short) => out.push_text(&short),
            None => out.push_text(&rest),
        }
    } else {
        out.push_slice(whole, (length - (width - 3)) as usize..whole.len());
    }
    Some(out.finish())
}

fn abbrevboth(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let (left, right, whole) = (int(arguments, 0), int(arguments, 1), text(arguments, 2));
    if right < 4 || left > 0 && right < 7 {
        return Ok(whole.into());
    }
    let short = abbreviate(&whole, left, right, context);
    Ok(short.unwrap_or(whole).into())
}

/// Lines of at most `width` bytes, broken at spaces; a longer word is cut only where `cut` says so.
fn wrap(
    context: &mut Context<'_>,
    whole: &Text,
    width: i64,
    line_break: &Text,
    cut: bool,
) -> Result {
    let width = usize::try_from(width).unwrap_or(1).max(1);
    let bytes = whole.as_bytes();
    context.spend_bytes(bytes.len().saturating_mul(1 + line_break.cost()))?;
    let mut out = TextBuilder::new();
    let mut offset = 0;
    while bytes.len() - offset > width {
        if bytes.get(offset) == Some(&b' ') {
            offset += 1;
            continue;
        }
        let line = bytes.get(offset..=offset + width).unwrap_or_default();
        let end = match line.iter().rposition(|&b| b == b' ') {
            Some(space) => offset + space,
            None if cut => {
                out.push_slice(whole, offset..offset + width);
                out.push_text(line_break);
                offset += width;
                continue;
            }
            None => match find(bytes, b" ", offset + width) {
                Some(space) => space,
                None => break,
            },
        };
        out.push_slice(whole, offset..end);
        out.push_text(line_break);
        offset = end + 1;
    }
    out.push_slice(whole, offset..bytes.len());
    Ok(out.finish().into())
}

/// `_0`, `_1`, …: what `split` gives.
fn numbered(context: &mut Context<'_>, arguments: &[Value], pieces: Vec<Text>) -> Result {
    context.spend(pieces.len())?;
    let map = Map::of(MapType::Strings);
    for (n, piece) in pieces.into_iter().enumerate() {
        map.set(format!("_{n}"), context.call, piece.into());
    }
    let origin = context.union(arguments);
    Ok(Value::map(map, origin))
}

/// An `[]int`.
pub(super) fn ints(numbers: impl IntoIterator<Item = i64>, origin: Origin) -> Value {
    let values = numbers
        .into_iter()
        .map(|number| Value::new(Data::Int(number, IntKind::Int), origin))
        .collect();
    Value::new(Data::List(Rc::new(List::of(Items::Int, values))), origin)
}
