//! The conversions behind `int`, `int64`, `float64` and everything that takes "a number": forgiving, as Sprig's are.
//!
//! What cannot be converted is 0. How parameters of functions are checked is the evaluator's work.

use crate::render::helm::value::{Data, Value};

/// As an `int64`.
pub(super) fn to_int(value: &Value) -> i64 {
    match &value.data {
        Data::Bool(truth) => i64::from(*truth),
        Data::Int(number, _) => *number,
        Data::Uint(number, _) => *number as i64,
        Data::Float(number) => float_to_int(*number),
        Data::String(text) => text
            .as_str()
            .and_then(|text| parse_int(without_zero_decimals(text)))
            .unwrap_or(0),
        _ => 0,
    }
}

/// As a `float64`.
pub(super) fn to_float(value: &Value) -> f64 {
    match &value.data {
        Data::Bool(truth) => f64::from(u8::from(*truth)),
        Data::Int(number, _) => *number as f64,
        Data::Uint(number, _) => *number as f64,
        Data::Float(number) => *number,
        Data::String(text) => text.as_str().and_then(parse_float).unwrap_or(0.0),
        _ => 0.0,
    }
}

/// What the processor does where Go leaves it open: out of range is the smallest integer.
pub(super) fn float_to_int(number: f64) -> i64 {
    // Both bounds are powers of two, which a float holds exactly.
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number) {
        number as i64
    } else {
        i64::MIN
    }
}

/// `12.00` is `12`; other fractions stay.
fn without_zero_decimals(text: &str) -> &str {
    let zeros = text.trim_end_matches('0');
    match zeros.strip_suffix('.') {
        Some(whole) if zeros.len() < text.len() => whole,
        _ => text,
    }
}

/// Underscores may stand between digits and after a prefix.
fn without_underscores(text: &str, prefixed: bool) -> Option<String> {
    if !text.contains('_') {
        return Some(text.to_owned());
    }
    let mut last = if prefixed { '0' } else { '_' };
    let mut out = String::new();
    for c in text.chars() {
        if c == '_' {
            if !last.is_ascii_alphanumeric() {
                return None;
            }
        } else {
            if last == '_' && !c.is_ascii_alphanumeric() {
                return None;
            }
            out.push(c);
        }
        last = c;
    }
    (last != '_').then_some(out)
}

/// An integer as Go writes it in source: `12`, `0x1F`, `017`, `0o17`, `0b11`, `1_000`.
pub(super) fn parse_int(text: &str) -> Option<i64> {
    let (negative, body) = match text.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = body.to_ascii_lowercase();
    let (base, digits, prefixed) = if let Some(digits) = lower.strip_prefix("0x") {
        (16, digits, true)
    } else if let Some(digits) = lower.strip_prefix("0b") {
        (2, digits, true)
    } else if let Some(digits) = lower.strip_prefix("0o") {
        (8, digits, true)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, lower.get(1..).unwrap_or_default(), true)
    } else {
        (10, lower.as_str(), false)
    };
    let digits = without_underscores(digits, prefixed)?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let number = i128::from_str_radix(&digits, base).ok()?;
    i64::try_from(if negative { -number } else { number }).ok()
}

/// A float as Go's `ParseFloat` reads it; out of range is none.
pub(super) fn parse_float(text: &str) -> Option<f64> {
    let (sign, body) = match text.as_bytes().first() {
        Some(b'-') => (-1.0, text.get(1..)?),
        Some(b'+') => (1.0, text.get(1..)?),
        _ => (1.0, text),
    };
    let lower = body.to_ascii_lowercase();
    match lower.as_str() {
        "inf" | "infinity" => return Some(sign * f64::INFINITY),
        "nan" => return Some(f64::NAN),
        _ => {}
    }
    let number = if let Some(hex) = lower.strip_prefix("0x") {
        let (mantissa, exponent) = hex.split_once('p')?;
        let exponent: i32 = exponent.parse().ok()?;
        let mantissa = without_underscores(mantissa, true)?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((&mantissa, ""));
        let mut value = 0.0;
        for digit in whole.chars() {
            value = value * 16.0 + f64::from(digit.to_digit(16)?);
        }
        let mut scale = 1.0;
        for digit in fraction.chars() {
            scale /= 16.0;
            value += scale * f64::from(digit.to_digit(16)?);
        }
        value * 2f64.powi(exponent)
    } else {
        let plain = lower.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            && lower
                .bytes()
                .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'+' | b'-' | b'_'));
        if !plain {
            return None;
        }
        without_underscores(&lower, false)?.parse::<f64>().ok()?
    };
    number.is_finite().then_some(sign * number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::Origin;

    #[test]
    fn texts_become_numbers_as_in_sprig() {
        for (text, expected) in [
            ("010", 8),
            ("0x1F", 31),
            ("12.7", 0),
            ("12.0", 12),
            ("abc", 0),
            ("08", 0),
            ("1_000", 1000),
            ("0b11", 3),
            ("-010", -8),
            ("+5", 5),
            ("00", 0),
            (".5", 0),
            ("9223372036854775808", 0),
        ] {
            let value = Value::string(text, Origin::NONE);
            assert_eq!(to_int(&value), expected, "{text}");
        }
        for (text, expected) in [
            ("1_000", 1000.0),
            ("0x1p4", 16.0),
            ("abc", 0.0),
            ("1e400", 0.0),
        ] {
            let value = Value::string(text, Origin::NONE);
            assert!((to_float(&value) - expected).abs() < f64::EPSILON, "{text}");
        }
        assert_eq!(float_to_int(1e19), i64::MIN);
    }
}
