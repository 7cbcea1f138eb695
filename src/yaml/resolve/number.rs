//! Numbers as Go reads and writes them: `strconv` with base 0, and the float texts of JSON and `%g`.
//!
//! The callers decide which texts may be numbers at all.

use super::Scalar;
use crate::yaml::{Data, Dialect};

/// A text that begins with a digit or a sign.
pub(super) fn number(text: &str, dialect: Dialect) -> Option<Scalar> {
    let plain = text.replace('_', "");
    if let Some(found) = signed(&plain, 0) {
        return Some(Scalar::Int(found));
    }
    if let Some(found) = unsigned(&plain, 0) {
        return Some(Scalar::Uint(found));
    }
    if is_decimal(&plain)
        && let Some(found) = finite(&plain)
    {
        return Some(Scalar::Float(found));
    }
    prefixed(&plain, "0b", 2).or_else(|| {
        (dialect == Dialect::Kustomize)
            .then(|| prefixed(&plain, "0o", 8))
            .flatten()
    })
}

/// What go-yaml tries last: a prefix of its own before a number that may carry one more sign (`0b-1`).
fn prefixed(plain: &str, prefix: &str, base: u32) -> Option<Scalar> {
    if let Some(digits) = plain.strip_prefix(prefix) {
        return signed(digits, base)
            .map(Scalar::Int)
            .or_else(|| unsigned(digits, base).map(Scalar::Uint));
    }
    let digits = plain.strip_prefix('-')?.strip_prefix(prefix)?;
    signed(&format!("-{digits}"), base).map(Scalar::Int)
}

/// `strconv.ParseInt`.
fn signed(text: &str, base: u32) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let magnitude = i128::from(unsigned(digits, base)?);
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

/// `strconv.ParseUint`; base 0 reads the base from a prefix.
fn unsigned(text: &str, base: u32) -> Option<u64> {
    let (base, digits) = if base == 0 {
        let prefix = text.get(..2).filter(|_| text.len() >= 3);
        match prefix {
            Some("0x" | "0X") => (16, text.get(2..)?),
            Some("0b" | "0B") => (2, text.get(2..)?),
            Some("0o" | "0O") => (8, text.get(2..)?),
            _ if text == "0" => (10, text),
            _ if text.starts_with('0') => (8, text.get(1..)?),
            _ => (10, text),
        }
    } else {
        (base, text)
    };
    // `from_str_radix` would accept a sign.
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    u64::from_str_radix(digits, base).ok()
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_decimal(text: &str) -> bool {
    let digits =
        |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let skip = |text: &'_ str, count: usize| text.get(count..).unwrap_or_default().to_owned();
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text).to_owned();
    let whole = digits(&rest);
    rest = skip(&rest, whole);
    if let Some(fraction) = rest.strip_prefix('.') {
        let count = digits(fraction);
        if whole == 0 && count == 0 {
            return false;
        }
        rest = skip(fraction, count);
    } else if whole == 0 {
        return false;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        let count = digits(exponent);
        if count == 0 {
            return false;
        }
        rest = skip(exponent, count);
    }
    rest.is_empty()
}

/// `strconv.ParseFloat` of a decimal: a number beyond the range is an error.
fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// A float that begins with its point. Underscores may stand between digits.
pub(super) fn fraction(text: &str) -> Option<f64> {
    let mut before = None;
    for c in text.chars().map(Some).chain([None]) {
        let between = before.is_none_or(|b: char| b.is_ascii_digit());
        if before == Some('_') && !c.is_some_and(|c| c.is_ascii_digit()) {
            return None;
        }
        if c == Some('_') && !(between && before.is_some()) {
            return None;
        }
        before = c;
    }
    let plain = text.replace('_', "");
    if is_decimal(&plain) {
        finite(&plain)
    } else {
        None
    }
}

/// What JSON makes of a float: a whole number below 1e21 is written without a point, as its shortest digits and zeros, and
/// read back as an integer if it fits.
pub(in crate::yaml) fn json(value: f64) -> Data {
    let is_negative_zero = value == 0.0 && value.is_sign_negative();
    if value.fract() != 0.0 || is_negative_zero || value.abs() >= 1e21 {
        return Data::Float(value);
    }
    let digits = value.to_string();
    if let Ok(value) = digits.parse() {
        Data::Int(value)
    } else if let Ok(value) = digits.parse() {
        Data::Uint(value)
    } else {
        Data::Float(value)
    }
}

/// A float as a key: the shortest text that gives the same 32-bit float.
pub(super) fn float_key(value: f64) -> String {
    let narrow = value as f32;
    if narrow.is_nan() {
        return ".nan".to_owned();
    }
    if narrow.is_infinite() {
        return if narrow > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    general(&format!("{narrow:e}"))
}

/// `%g` of a 64-bit float with as many digits as it takes.
pub(in crate::yaml) fn shortest(value: f64) -> String {
    general(&format!("{value:e}"))
}

/// Turns Rust's shortest `1.5e-7` into Go's `%g`: with an exponent below -4 and from 6 on.
fn general(scientific: &str) -> String {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    if !(-4..6).contains(&exponent) {
        let (first, rest) = digits.split_at(1.min(digits.len()));
        let point = if rest.is_empty() { "" } else { "." };
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        return format!(
            "{sign}{first}{point}{rest}e{exponent_sign}{:02}",
            exponent.abs()
        );
    }
    let Ok(whole) = usize::try_from(exponent + 1) else {
        return format!(
            "{sign}0.{}{digits}",
            "0".repeat((-exponent - 1).unsigned_abs() as usize)
        );
    };
    if whole == 0 {
        format!("{sign}0.{digits}")
    } else if digits.len() > whole {
        let (whole, fraction) = digits.split_at(whole);
        format!("{sign}{whole}.{fraction}")
    } else {
        format!("{sign}{digits:0<whole$}")
    }
}
