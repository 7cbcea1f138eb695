//! Decimal numbers of any size, compared exactly, and as English messages show them.

use std::cmp::Ordering;
use std::fmt::Write as _;

/// Go's rationals refuse exponents beyond this.
const MAX_EXPONENT: i64 = 1_000_000;

/// A number: the digits, read as an integer, times ten to the power of the exponent. Neither begins nor ends with a zero;
/// zero has no digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    /// The number of a text in the syntax of JSON, unless its exponent is out of all bounds.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent: i64 = exponent.parse().ok()?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        if exponent.checked_abs()? > MAX_EXPONENT {
            return None;
        }
        let mut digits: Vec<u8> = whole
            .bytes()
            .chain(fraction.bytes())
            .map(|b| {
                char::from(b)
                    .to_digit(10)
                    .and_then(|d| u8::try_from(d).ok())
            })
            .skip_while(|digit| *digit == Some(0))
            .collect::<Option<_>>()?;
        while digits.last() == Some(&0) {
            digits.pop();
            exponent += 1;
        }
        let is_zero = digits.is_empty();
        Some(Self {
            negative: negative && !is_zero,
            exponent: if is_zero { 0 } else { exponent },
            digits,
        })
    }

    pub(super) fn is_integer(&self) -> bool {
        self.exponent >= 0
    }

    /// The number as a limit of counts. Of what is above all counts Go takes the lowest bits.
    pub(super) fn to_count(&self) -> Option<i64> {
        if !self.is_integer() {
            return None;
        }
        let mut count: i64 = 0;
        let zeros = usize::try_from(self.exponent).unwrap_or(usize::MAX).min(64);
        for digit in self
            .digits
            .iter()
            .copied()
            .chain(std::iter::repeat_n(0, zeros))
        {
            count = count.wrapping_mul(10).wrapping_add(digit.into());
        }
        Some(if self.negative {
            count.wrapping_neg()
        } else {
            count
        })
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.digits.is_empty(), number.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let size = |number: &Self| {
            i64::try_from(number.digits.len()).unwrap_or(i64::MAX / 2) + number.exponent
        };
        let by_sign = sign(self).cmp(&sign(other));
        if by_sign != Ordering::Equal || sign(self) == 0 {
            return by_sign;
        }
        let magnitude = size(self)
            .cmp(&size(other))
            .then_with(|| self.digits.cmp(&other.digits));
        if self.negative {
            magnitude.reverse()
        } else {
            magnitude
        }
    }

    /// True if and only if this is a whole multiple of the step. A step of zero has no multiples.
    pub(super) fn is_multiple_of(&self, step: &Self) -> bool {
        if self.digits.is_empty() {
            return true;
        }
        // As neither ends with a zero, ten divides only what the exponents give.
        let Ok(zeros) = usize::try_from(self.exponent - step.exponent) else {
            return false;
        };
        // Long division: the rest is less than the step, digit by digit.
        let mut rest: Vec<u8> = Vec::new();
        for digit in self
            .digits
            .iter()
            .copied()
            .chain(std::iter::repeat_n(0, zeros))
        {
            if !(rest.is_empty() && digit == 0) {
                rest.push(digit);
            }
            while is_at_least(&rest, &step.digits) {
                subtract(&mut rest, &step.digits);
            }
        }
        rest.is_empty()
    }

    /// How many steps [`Decimal::is_multiple_of`] takes.
    pub(super) fn division_work(&self, step: &Self) -> usize {
        let zeros = usize::try_from(self.exponent - step.exponent).unwrap_or(0);
        (self.digits.len() + zeros) / 4 * step.digits.len().max(1)
    }
}

fn is_at_least(number: &[u8], other: &[u8]) -> bool {
    !other.is_empty()
        && number
            .len()
            .cmp(&other.len())
            .then_with(|| number.cmp(other))
            .is_ge()
}

/// Takes a smaller number from a number, digit by digit from the right.
fn subtract(number: &mut Vec<u8>, other: &[u8]) {
    let mut borrow = 0;
    let others = other.iter().rev().copied().chain(std::iter::repeat(0));
    for (digit, other) in number.iter_mut().rev().zip(others) {
        let take = other + borrow;
        borrow = u8::from(*digit < take);
        *digit = *digit + 10 * borrow - take;
    }
    let zeros = number.iter().take_while(|digit| **digit == 0).count();
    number.drain(..zeros);
}

/// The nearest float as messages in English show it: `1,000` and `1.234567×10⁰⁶`.
pub(super) fn shown(text: &str) -> String {
    let number: f64 = text.parse().unwrap_or(f64::NAN);
    if number.is_infinite() {
        return if number > 0.0 { "∞" } else { "-∞" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        let plain = number.to_string();
        let (whole, fraction) = match plain.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (plain.as_str(), None),
        };
        let (sign, whole) = match whole.strip_prefix('-') {
            Some(whole) => ("-", whole),
            None => ("", whole),
        };
        let mut out = format!("{sign}{}", grouped(whole));
        if let Some(fraction) = fraction {
            let _ = write!(out, ".{fraction}");
        }
        return out;
    }
    let mut out = format!("{mantissa}×10");
    if exponent < 0 {
        out.push('⁻');
    }
    let digits = format!("{:02}", exponent.unsigned_abs());
    out.extend(digits.bytes().map(|digit| match digit {
        b'1' => '¹',
        b'2' => '²',
        b'3' => '³',
        b'4' => '⁴',
        b'5' => '⁵',
        b'6' => '⁶',
        b'7' => '⁷',
        b'8' => '⁸',
        b'9' => '⁹',
        _ => '⁰',
    }));
    out
}

/// A count as messages in English show it.
pub(super) fn count(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(&number.unsigned_abs().to_string()))
}

fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
