//! Functions on numbers. Sprig's integers are `int64` and wrap; its float operations go through decimal numbers.

use super::strings::ints;
use super::{Result, casts, fail};
use crate::render::helm::function::Type::{Any, Float, Int};
use crate::render::helm::function::{Context, FunctionError, Signature, int};
use crate::render::helm::value::{Data, Value};

/// More numbers than this are not listed at once by `until` and `seq`.
const MAX_RANGE: usize = 10_000_000;

pub(super) const TABLE: &[Signature] = &[
    Signature::new("add1", &[Any], |c, a| {
        integer(c, a, a.first().map_or(0, casts::to_int).wrapping_add(1))
    }),
    Signature::variadic("add", &[], Any, |c, a| {
        let sum = a.iter().map(casts::to_int).fold(0, i64::wrapping_add);
        integer(c, a, sum)
    }),
    Signature::new("sub", &[Any, Any], |c, a| {
        integer(c, a, number(a, 0).wrapping_sub(number(a, 1)))
    }),
    Signature::new("div", &[Any, Any], |c, a| match number(a, 1) {
        0 => fail("runtime error: integer divide by zero"),
        by => integer(c, a, number(a, 0).wrapping_div(by)),
    }),
    Signature::new("mod", &[Any, Any], |c, a| match number(a, 1) {
        0 => fail("runtime error: integer divide by zero"),
        by => integer(c, a, number(a, 0).wrapping_rem(by)),
    }),
    Signature::variadic("mul", &[Any], Any, |c, a| {
        let product = a.iter().map(casts::to_int).fold(1, i64::wrapping_mul);
        integer(c, a, product)
    }),
    Signature::variadic("max", &[Any], Any, |c, a| {
        integer(c, a, a.iter().map(casts::to_int).max().unwrap_or(0))
    }),
    Signature::variadic("biggest", &[Any], Any, |c, a| {
        integer(c, a, a.iter().map(casts::to_int).max().unwrap_or(0))
    }),
    Signature::variadic("min", &[Any], Any, |c, a| {
        integer(c, a, a.iter().map(casts::to_int).min().unwrap_or(0))
    }),
    Signature::variadic("maxf", &[Any], Any, |c, a| {
        let all = a.iter().map(casts::to_float);
        let most = all.reduce(|x, y| {
            if x.is_nan() || y.is_nan() {
                f64::NAN
            } else {
                x.max(y)
            }
        });
        real(c, a, most.unwrap_or(0.0))
    }),
    Signature::variadic("minf", &[Any], Any, |c, a| {
        let all = a.iter().map(casts::to_float);
        let least = all.reduce(|x, y| {
            if x.is_nan() || y.is_nan() {
                f64::NAN
            } else {
                x.min(y)
            }
        });
        real(c, a, least.unwrap_or(0.0))
    }),
    Signature::new("ceil", &[Any], |c, a| real(c, a, float(a, 0).ceil())),
    Signature::new("floor", &[Any], |c, a| real(c, a, float(a, 0).floor())),
    Signature::variadic("round", &[Any, Int], Float, |c, a| {
        let limit = a.get(2).map_or(0.5, casts::to_float);
        let scale = 10f64.powf(int(a, 1) as f64);
        let digits = scale * float(a, 0);
        let rounded = if digits.fract() >= limit {
            digits.ceil()
        } else {
            digits.floor()
        };
        real(c, a, rounded / scale)
    }),
    Signature::new("add1f", &[Any], |c, a| {
        let one = Value::int(1, crate::origin::Origin::NONE);
        let mut all = a.to_vec();
        all.push(one);
        decimals(c, a, &all, decimal::add)
    }),
    Signature::variadic("addf", &[], Any, |c, a| {
        let mut all = vec![Value::float(0.0, crate::origin::Origin::NONE)];
        all.extend(a.iter().cloned());
        decimals(c, a, &all, decimal::add)
    }),
    Signature::variadic("subf", &[Any], Any, |c, a| decimals(c, a, a, decimal::sub)),
    Signature::variadic("mulf", &[Any], Any, |c, a| decimals(c, a, a, decimal::mul)),
    Signature::variadic("divf", &[Any], Any, |c, a| decimals(c, a, a, decimal::div)),
    Signature::new("until", &[Int], |c, a| {
        let count = int(a, 0);
        range(c, a, 0, count, if count < 0 { -1 } else { 1 })
    }),
    Signature::new("untilStep", &[Int, Int, Int], |c, a| {
        range(c, a, int(a, 0), int(a, 1), int(a, 2))
    }),
    Signature::variadic("seq", &[], Int, seq),
];

fn number(arguments: &[Value], index: usize) -> i64 {
    arguments.get(index).map_or(0, casts::to_int)
}

fn float(arguments: &[Value], index: usize) -> f64 {
    arguments.get(index).map_or(0.0, casts::to_float)
}

fn integer(context: &mut Context<'_>, arguments: &[Value], number: i64) -> Result {
    Ok(Value::int64(number, context.union(arguments)))
}

fn real(context: &mut Context<'_>, arguments: &[Value], number: f64) -> Result {
    Ok(Value::new(Data::Float(number), context.union(arguments)))
}

fn steps(
    context: &mut Context<'_>,
    start: i64,
    stop: i64,
    step: i64,
) -> std::result::Result<Vec<i64>, FunctionError> {
    if stop < start && step >= 0 || stop >= start && step <= 0 {
        return Ok(Vec::new());
    }
    let count =
        (i128::from(stop) - i128::from(start)).unsigned_abs() / u128::from(step.unsigned_abs());
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if count > MAX_RANGE {
        return fail(format!("a list of {count} numbers is above the limit"));
    }
    context.spend(count)?;
    let mut numbers = Vec::new();
    let mut next = start;
    while if step > 0 { next < stop } else { next > stop } {
        numbers.push(next);
        let Some(following) = next.checked_add(step) else {
            break;
        };
        next = following;
    }
    Ok(numbers)
}

fn range(
    context: &mut Context<'_>,
    arguments: &[Value],
    start: i64,
    stop: i64,
    step: i64,
) -> Result {
    let numbers = steps(context, start, stop, step)?;
    let origin = context.union(arguments);
    Ok(ints(numbers, origin))
}

fn seq(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let (start, end, step) = match arguments.len() {
        1 => {
            let end = int(arguments, 0);
            (1, end, if end < 1 { -1 } else { 1 })
        }
        2 => {
            let (start, end) = (int(arguments, 0), int(arguments, 1));
            (start, end, if end < start { -1 } else { 1 })
        }
        3 => (int(arguments, 0), int(arguments, 2), int(arguments, 1)),
        _ => (0, 0, 0),
    };
    let beyond = if end < start { -1 } else { 1 };
    let numbers = match arguments.len() {
        1..=3 if !(end < start && step > 0) => {
            steps(context, start, end.saturating_add(beyond), step)?
        }
        _ => Vec::new(),
    };
    let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    super::mixed(context, arguments, texts.join(" "))
}

/// Left to right through `operation` on decimal numbers.
fn decimals(
    context: &mut Context<'_>,
    arguments: &[Value],
    operands: &[Value],
    operation: fn(&Decimal, &Decimal) -> Option<Decimal>,
) -> Result {
    let mut sum: Option<Decimal> = None;
    for operand in operands {
        let Some(next) = Decimal::from_float(casts::to_float(operand)) else {
            return fail("Cannot create a Decimal from NaN or infinity");
        };
        sum = Some(match sum {
            None => next,
            Some(sum) => match operation(&sum, &next) {
                Some(result) => result,
                None => return fail("decimal division by 0"),
            },
        });
    }
    let result = sum.as_ref().map_or(0.0, Decimal::to_float);
    real(context, arguments, result)
}

use decimal::Decimal;

/// Decimal numbers of bounded length: an integer and how many of its digits stand behind the point.
mod decimal {
    /// `digits` · 10^-`scale`.
    pub(super) struct Decimal {
        digits: i128,
        scale: i32,
        /// Where the digits do not fit, the float itself; what a float cannot tell, nobody sees.
        float: Option<f64>,
    }

    impl Decimal {
        /// The shortest decimal that reads as `number`.
        pub(super) fn from_float(number: f64) -> Option<Self> {
            if !number.is_finite() {
                return None;
            }
            let shown = format!("{number:e}");
            let (mantissa, exponent) = shown.split_once('e')?;
            let exponent: i32 = exponent.parse().ok()?;
            let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
            let digits = format!("{whole}{fraction}").parse().ok()?;
            Some(Self {
                digits,
                scale: fraction.len() as i32 - exponent,
                float: None,
            })
        }

        fn approximate(number: f64) -> Self {
            Self {
                digits: 0,
                scale: 0,
                float: Some(number),
            }
        }

        /// The nearest float.
        pub(super) fn to_float(&self) -> f64 {
            match self.float {
                Some(number) => number,
                None => format!("{}e{}", self.digits, -self.scale)
                    .parse()
                    .unwrap_or(0.0),
            }
        }

        /// The digits at a larger scale, if they fit.
        fn at(&self, scale: i32) -> Option<i128> {
            let more = u32::try_from(scale - self.scale).ok()?;
            self.digits.checked_mul(10i128.checked_pow(more)?)
        }
    }

    fn exact(
        a: &Decimal,
        b: &Decimal,
        scale: i32,
        digits: Option<i128>,
        otherwise: fn(f64, f64) -> f64,
    ) -> Decimal {
        match digits {
            Some(digits) if a.float.is_none() && b.float.is_none() => Decimal {
                digits,
                scale,
                float: None,
            },
            _ => Decimal::approximate(otherwise(a.to_float(), b.to_float())),
        }
    }

    pub(super) fn add(a: &Decimal, b: &Decimal) -> Option<Decimal> {
        let scale = a.scale.max(b.scale);
        let digits = a
            .at(scale)
            .zip(b.at(scale))
            .and_then(|(a, b)| a.checked_add(b));
        Some(exact(a, b, scale, digits, |a, b| a + b))
    }

    pub(super) fn sub(a: &Decimal, b: &Decimal) -> Option<Decimal> {
        let scale = a.scale.max(b.scale);
        let digits = a
            .at(scale)
            .zip(b.at(scale))
            .and_then(|(a, b)| a.checked_sub(b));
        Some(exact(a, b, scale, digits, |a, b| a - b))
    }

    pub(super) fn mul(a: &Decimal, b: &Decimal) -> Option<Decimal> {
        let digits = a.digits.checked_mul(b.digits);
        Some(exact(a, b, a.scale + b.scale, digits, |a, b| a * b))
    }

    /// To 16 digits behind the point, halves away from zero, as the library divides.
    pub(super) fn div(a: &Decimal, b: &Decimal) -> Option<Decimal> {
        if b.to_float() == 0.0 {
            return None;
        }
        let shift = 16 + b.scale - a.scale;
        let scaled = u32::try_from(shift)
            .ok()
            .and_then(|shift| a.digits.checked_mul(10i128.checked_pow(shift)?));
        let digits = scaled.and_then(|scaled| {
            let quotient = scaled.checked_div(b.digits)?;
            let rest = scaled.checked_rem(b.digits)?;
            let up = rest.unsigned_abs().checked_mul(2)? >= b.digits.unsigned_abs();
            let away = if (scaled < 0) == (b.digits < 0) {
                1
            } else {
                -1
            };
            Some(if up { quotient + away } else { quotient })
        });
        Some(exact(a, b, 16, digits, |a, b| a / b))
    }
}
