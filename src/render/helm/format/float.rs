//! Floating-point numbers as Go's `strconv` writes and reads them.

use std::fmt::Write as _;

/// `strconv.FormatFloat(number, format, precision, 64)`; no precision means the shortest text that reads back the same.
pub fn format_float(number: f64, format: u8, precision: Option<usize>) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    match format {
        b'e' | b'E' => exponent(
            &Digits::new(number, precision.map(|p| p + 1)),
            precision,
            format,
        ),
        b'f' | b'F' => match precision {
            Some(precision) => format!("{number:.precision$}"),
            None => format!("{number}"),
        },
        b'x' | b'X' => hexadecimal(number, precision, format),
        b'b' => binary(number),
        _ => general(number, precision, format),
    }
}

/// The significant digits of a number: `0.d₁d₂… × 10^point`.
struct Digits {
    negative: bool,
    significant: String,
    point: i32,
}

impl Digits {
    /// The shortest digits, or `count` of them; zeros at the end are not kept.
    fn new(number: f64, count: Option<usize>) -> Self {
        let text = match count {
            Some(count) => format!("{:.*e}", count.saturating_sub(1), number.abs()),
            None => format!("{:e}", number.abs()),
        };
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits: String = mantissa.chars().filter(|&c| c != '.').collect();
        let digits = digits.trim_end_matches('0').to_owned();
        let point = if digits.is_empty() {
            0
        } else {
            exponent.parse::<i32>().unwrap_or(0) + 1
        };
        Self {
            negative: number.is_sign_negative(),
            significant: digits,
            point,
        }
    }
}

fn exponent(digits: &Digits, precision: Option<usize>, format: u8) -> String {
    let mut out = String::from(if digits.negative { "-" } else { "" });
    let (first, rest) = digits.significant.split_at_checked(1).unwrap_or(("0", ""));
    out.push_str(first);
    let precision = precision.unwrap_or(rest.len());
    if precision > 0 {
        out.push('.');
        let rest = rest.get(..precision.min(rest.len())).unwrap_or(rest);
        out.push_str(rest);
        out.push_str(&"0".repeat(precision - rest.len()));
    }
    let power = if digits.significant.is_empty() {
        0
    } else {
        digits.point - 1
    };
    out.push(if format.is_ascii_uppercase() {
        'E'
    } else {
        'e'
    });
    out.push(if power < 0 { '-' } else { '+' });
    let _ = write!(out, "{:02}", power.abs());
    out
}

fn general(number: f64, precision: Option<usize>, format: u8) -> String {
    let wanted = precision.map(|precision| precision.max(1));
    let digits = Digits::new(number, wanted);
    let count = digits.significant.len() as i32;
    // From this power of ten on, the exponent form is shorter in Go's eyes.
    let limit = match wanted {
        None => 6,
        Some(wanted) if wanted as i32 > count && count >= digits.point => count,
        Some(wanted) => wanted as i32,
    };
    let power = digits.point - 1;
    let significant = wanted.map_or(count, |wanted| (wanted as i32).min(count));
    if power < -4 || power >= limit {
        let upper = if format == b'G' { b'E' } else { b'e' };
        return exponent(&digits, Some((significant - 1).max(0) as usize), upper);
    }
    let decimals = (significant - digits.point).max(0) as usize;
    let mut out = String::from(if digits.negative { "-" } else { "" });
    if digits.point > 0 {
        for place in 0..digits.point as usize {
            out.push(char::from(
                digits
                    .significant
                    .as_bytes()
                    .get(place)
                    .copied()
                    .unwrap_or(b'0'),
            ));
        }
    } else {
        out.push('0');
    }
    if decimals > 0 {
        out.push('.');
        for place in 0..decimals as i32 {
            let index = digits.point + place;
            let digit = usize::try_from(index)
                .ok()
                .and_then(|index| digits.significant.as_bytes().get(index))
                .copied()
                .unwrap_or(b'0');
            out.push(char::from(digit));
        }
    }
    out
}

fn binary(number: f64) -> String {
    let (mantissa, power) = parts(number);
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let plus = if power >= 0 { "+" } else { "" };
    format!("{sign}{mantissa}p{plus}{power}")
}

/// The mantissa as an integer and the power of two that it is multiplied by.
fn parts(number: f64) -> (u64, i64) {
    let bits = number.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    match (bits >> 52) & 0x7ff {
        0 => (fraction, -1074),
        power => (fraction | (1 << 52), power as i64 - 1075),
    }
}

fn hexadecimal(number: f64, precision: Option<usize>, format: u8) -> String {
    let (mut mantissa, mut power) = parts(number);
    if mantissa == 0 {
        power = 0;
    } else {
        // The leading bit is brought to bit 60, so that fifteen digits follow it.
        while mantissa & (1 << 60) == 0 {
            mantissa <<= 1;
            power -= 1;
        }
        power += 60;
    }
    if let Some(precision) = precision
        && precision < 15
    {
        let shift = 60 - precision as u32 * 4;
        let extra = mantissa & ((1 << shift) - 1);
        mantissa >>= shift;
        let half = 1_u64 << (shift - 1);
        if extra > half || (extra == half && mantissa & 1 == 1) {
            mantissa += 1;
        }
        mantissa <<= shift;
        if mantissa & (1 << 61) != 0 {
            mantissa >>= 1;
            power += 1;
        }
    }
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let lead = mantissa >> 60;
    let mut digits = format!("{:015x}", mantissa & ((1 << 60) - 1));
    match precision {
        Some(precision) if precision <= 15 => digits.truncate(precision),
        Some(precision) => digits.push_str(&"0".repeat(precision - 15)),
        None => digits.truncate(digits.trim_end_matches('0').len()),
    }
    let point = if digits.is_empty() { "" } else { "." };
    let power_sign = if power < 0 { '-' } else { '+' };
    let text = format!(
        "{sign}0x{lead}{point}{digits}p{power_sign}{:02}",
        power.abs()
    );
    if format == b'X' {
        text.to_ascii_uppercase()
    } else {
        text
    }
}

/// What the `#` flag makes of a number without its sign: always a point, and zeros up to `significant` digits.
pub(super) fn with_point(text: &str, format: u8, significant: usize) -> String {
    let is_hex = matches!(format, b'x' | b'X');
    let split = text
        .find(|c| matches!(c, 'p' | 'P') || (!is_hex && matches!(c, 'e' | 'E')))
        .unwrap_or(text.len());
    let (number, tail) = text.split_at(split);
    let mut missing = significant;
    let mut seen = false;
    for c in number.chars().filter(|&c| c != '.') {
        seen |= c != '0';
        missing = missing.saturating_sub(usize::from(seen));
    }
    let mut out = number.to_owned();
    if !number.contains('.') {
        if number == "0" {
            missing = missing.saturating_sub(1);
        }
        out.push('.');
    }
    out.push_str(&"0".repeat(missing));
    out.push_str(tail);
    out
}

/// Go's `strconv.ParseFloat(text, 64)`; out of range is `None`.
pub fn parse_float(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    let unsigned = lower.trim_start_matches(['+', '-']);
    if lower.len() - unsigned.len() > 1 {
        return None;
    }
    match unsigned {
        "inf" | "infinity" => {
            return Some(if lower.starts_with('-') {
                f64::NEG_INFINITY
            } else {
                f64::INFINITY
            });
        }
        "nan" => return (lower == "nan").then_some(f64::NAN),
        _ => {}
    }
    if let Some(hex) = unsigned.strip_prefix("0x") {
        let number = parse_hexadecimal(hex)?;
        return Some(if lower.starts_with('-') {
            -number
        } else {
            number
        });
    }
    // Underscores are only read where the base is taken from the text, which decimal floats have none of.
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        || !unsigned
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | '+' | '-'))
    {
        return None;
    }
    lower
        .parse::<f64>()
        .ok()
        .filter(|number| number.is_finite())
}

fn parse_hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, power) = text.split_once('p')?;
    let power: i32 = power.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut number = 0.0;
    for c in whole.chars().chain(fraction.chars()).filter(|&c| c != '_') {
        number = number * 16.0 + f64::from(c.to_digit(16)?);
    }
    let scale = power.checked_sub(fraction.len() as i32 * 4)?;
    Some(number * 2_f64.powi(scale)).filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_in_go() {
        let check = |number: f64, format: u8, precision: Option<usize>, expected: &str| {
            assert_eq!(
                format_float(number, format, precision),
                expected,
                "{number}"
            );
        };
        check(1.0, b'g', None, "1");
        check(1e6, b'g', None, "1e+06");
        check(999_999.5, b'g', None, "999999.5");
        check(123_456.0, b'g', None, "123456");
        check(1_234_567.0, b'g', None, "1.234567e+06");
        check(0.0001, b'g', None, "0.0001");
        check(0.000_012_34, b'g', None, "1.234e-05");
        check(1e21, b'g', None, "1e+21");
        check(0.0, b'g', None, "0");
        check(-0.0, b'g', None, "-0");
        check(100_000.0, b'g', None, "100000");
        check(9_007_199_254_740_992.0, b'g', None, "9.007199254740992e+15");
        check(3.0, b'f', Some(0), "3");
        check(2.5, b'f', Some(0), "2");
        check(1.5, b'e', Some(6), "1.500000e+00");
        check(0.0, b'e', Some(2), "0.00e+00");
        check(1234.5678, b'g', Some(3), "1.23e+03");
        check(100.0, b'g', Some(3), "100");
        check(1.0, b'x', None, "0x1p+00");
        check(3.5, b'x', None, "0x1.cp+01");
        check(1.0, b'b', None, "4503599627370496p-52");
    }

    #[test]
    fn floats_are_read_as_in_go() {
        assert_eq!(parse_float("1e3"), Some(1000.0));
        assert_eq!(parse_float(".5"), Some(0.5));
        assert_eq!(parse_float("5."), Some(5.0));
        assert_eq!(parse_float("0x1p-2"), Some(0.25));
        assert_eq!(parse_float("1_000"), None);
        assert_eq!(parse_float("abc"), None);
        assert_eq!(parse_float("1e999"), None);
        assert_eq!(parse_float("-Inf"), Some(f64::NEG_INFINITY));
    }
}
