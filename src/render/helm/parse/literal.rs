//! String, character and number literals, as Go's `strconv` reads them.

use super::super::ast::Number;
use super::super::format::{parse_float, quote_lossless};
use super::super::lex::TokenKind;

/// The bytes that a Go string literal stands for; `None` where it is malformed.
pub(super) fn unquote(literal: &[u8]) -> Option<Vec<u8>> {
    let (&quote, rest) = literal.split_first()?;
    let body = rest.strip_suffix(&[quote])?;
    if quote == b'`' {
        return Some(body.iter().copied().filter(|&b| b != b'\r').collect());
    }
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(&first) = rest.first() {
        if first == b'\\' {
            let (char, after) = escape(rest.get(1..)?, quote)?;
            match char {
                Escaped::Byte(byte) => out.push(byte),
                Escaped::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
            rest = after;
        } else {
            if first == quote || first == b'\n' {
                return None;
            }
            out.push(first);
            rest = rest.get(1..)?;
        }
    }
    Some(out)
}

enum Escaped {
    Byte(u8),
    Char(char),
}

/// What an escape after its backslash stands for, and the rest.
fn escape(text: &[u8], quote: u8) -> Option<(Escaped, &[u8])> {
    let (&first, rest) = text.split_first()?;
    let simple = match first {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' => b'\\',
        b'\'' | b'"' if first == quote => first,
        b'x' => {
            let value = digits(rest, 2, 16)?;
            return Some((Escaped::Byte(value as u8), rest.get(2..)?));
        }
        b'u' | b'U' => {
            let count = if first == b'u' { 4 } else { 8 };
            let char = char::from_u32(digits(rest, count, 16)?)?;
            return Some((Escaped::Char(char), rest.get(count..)?));
        }
        b'0'..=b'7' => {
            let value = digits(text, 3, 8)?;
            return Some((Escaped::Byte(u8::try_from(value).ok()?), text.get(3..)?));
        }
        _ => return None,
    };
    Some((Escaped::Byte(simple), rest))
}

fn digits(text: &[u8], count: usize, radix: u32) -> Option<u32> {
    let text = std::str::from_utf8(text.get(..count)?).ok()?;
    if text.starts_with('+') {
        return None;
    }
    u32::from_str_radix(text, radix).ok()
}

/// Reads a number literal in every way that Go's syntax allows.
#[expect(
    clippy::float_cmp,
    reason = "asks whether a float is exactly an integer"
)]
pub(super) fn number(text: &str, kind: TokenKind) -> Result<Number, String> {
    if kind == TokenKind::CharConstant {
        let bytes = unquote(text.as_bytes()).unwrap_or_default();
        let code = match (bytes.as_slice(), std::str::from_utf8(&bytes)) {
            ([byte], _) => u32::from(*byte),
            (_, Ok(unquoted)) => {
                let mut chars = unquoted.chars();
                match (chars.next(), chars.next()) {
                    (Some(c), None) => u32::from(c),
                    (None, _) => return Err("invalid syntax".to_owned()),
                    _ => return Err(format!("malformed character constant: {text}")),
                }
            }
            (_, Err(_)) => return Err("invalid syntax".to_owned()),
        };
        return Ok(Number {
            int: Some(i64::from(code)),
            uint: Some(u64::from(code)),
            float: Some(f64::from(code)),
            ..Number::default()
        });
    }
    let illegal = || format!("illegal number syntax: {}", quote_lossless(text.as_bytes()));
    if let Some(parts) = text.strip_suffix('i') {
        // The imaginary part begins at the last sign that is not of an exponent.
        let split = parts
            .char_indices()
            .rev()
            .find(|&(at, c)| {
                at > 0
                    && matches!(c, '+' | '-')
                    && !parts
                        .get(..at)
                        .is_some_and(|before| before.ends_with(['e', 'E', 'p', 'P']))
            })
            .map_or(0, |(at, _)| at);
        let (real, imaginary) = parts.split_at(split);
        let real = if real.is_empty() {
            Some(0.0)
        } else {
            parse_float(real)
        };
        return match (real, parse_float(imaginary)) {
            (Some(real), Some(imaginary)) => Ok(Number {
                complex: Some((real, imaginary)),
                ..Number::default()
            }),
            _ => Err(illegal()),
        };
    }
    let int = go_int(text);
    let mut number = Number {
        uint: go_uint(text),
        int,
        ..Number::default()
    };
    let looks_float = text.contains(['.', 'e', 'E', 'p', 'P']);
    let is_hex_int = is_hex(text) && !text.contains(['p', 'P']);
    number.is_float = looks_float && !is_hex_int;
    if let Some(int) = number.int {
        number.float = Some(int as f64);
        if int == 0 {
            number.uint = Some(0);
        }
    } else if let Some(uint) = number.uint {
        number.float = Some(uint as f64);
    } else if let Some(float) = parse_float(text) {
        if !looks_float {
            return Err(format!(
                "integer overflow: {}",
                quote_lossless(text.as_bytes())
            ));
        }
        number.float = Some(float);
        if float as i64 as f64 == float {
            number.int = Some(float as i64);
        }
        if float as u64 as f64 == float {
            number.uint = Some(float as u64);
        }
    }
    if number.int.is_none() && number.uint.is_none() && number.float.is_none() {
        return Err(illegal());
    }
    Ok(number)
}

fn is_hex(text: &str) -> bool {
    text.len() > 2 && (text.starts_with("0x") || text.starts_with("0X"))
}

/// Go's `strconv.ParseInt(text, 0, 64)`.
fn go_int(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let value = i128::from(go_uint(digits)?);
    i64::try_from(if negative { -value } else { value }).ok()
}

/// Go's `strconv.ParseUint(text, 0, 64)`: base by prefix, underscores between digits.
fn go_uint(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (radix, digits) = if let Some(rest) = lower.strip_prefix("0x") {
        (16, rest)
    } else if let Some(rest) = lower.strip_prefix("0b") {
        (2, rest)
    } else if let Some(rest) = lower.strip_prefix("0o") {
        (8, rest)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, lower.get(1..)?)
    } else {
        (10, lower.as_str())
    };
    let has_prefix = radix != 10;
    if digits.ends_with('_') || digits.contains("__") || (!has_prefix && digits.starts_with('_')) {
        return None;
    }
    let digits = digits.replace('_', "");
    if digits.is_empty() || digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(&digits, radix).ok()
}
