//! Go's durations: `1h30m`.

/// A span of time in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Duration(pub(crate) i64);

const UNITS: [(&str, i64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

impl Duration {
    /// Reads `1h30m`, `-1.5s`, `100ms`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("time: invalid duration {text:?}");
        let (negative, mut rest) = match text.as_bytes().first() {
            Some(b'-') => (true, text.get(1..).unwrap_or_default()),
            Some(b'+') => (false, text.get(1..).unwrap_or_default()),
            _ => (false, text),
        };
        if rest == "0" {
            return Ok(Self(0));
        }
        if rest.is_empty() {
            return Err(wrong());
        }
        let mut total = 0i128;
        while !rest.is_empty() {
            let number = rest
                .find(|c: char| !(c.is_ascii_digit() || c == '.'))
                .unwrap_or(rest.len());
            let digits = rest.get(..number).unwrap_or_default();
            let after = rest.get(number..).unwrap_or_default();
            let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
            if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
                return Err(wrong());
            }
            let length = after
                .find(|c: char| c.is_ascii_digit() || c == '.')
                .unwrap_or(after.len());
            let unit = after.get(..length).unwrap_or_default();
            if unit.is_empty() {
                return Err(format!("time: missing unit in duration {text:?}"));
            }
            let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
                return Err(format!("time: unknown unit {unit:?} in duration {text:?}"));
            };
            let scale = i128::from(*scale);
            if !whole.is_empty() {
                total += whole.parse::<i64>().map_err(|_| wrong()).map(i128::from)? * scale;
            }
            if !fraction.is_empty() {
                let kept = fraction.get(..fraction.len().min(18)).unwrap_or_default();
                let value = kept.parse::<i64>().map_err(|_| wrong()).map(i128::from)?;
                total += value * scale / 10i128.pow(kept.len() as u32);
            }
            if total > i128::from(i64::MAX) + 1 {
                return Err(wrong());
            }
            rest = after.get(length..).unwrap_or_default();
        }
        i64::try_from(if negative { -total } else { total })
            .map(Self)
            .map_err(|_| wrong())
    }

    /// How Go's `String` shows it.
    pub(crate) fn to_go(self) -> String {
        if self.0 == 0 {
            return "0s".to_owned();
        }
        let sign = if self.0 < 0 { "-" } else { "" };
        let all = self.0.unsigned_abs();
        let decimal = |value: u64, unit: u64| {
            let fraction = value % unit;
            let width = unit.ilog10() as usize;
            let digits = format!("{fraction:0width$}");
            let digits = digits.trim_end_matches('0');
            if fraction == 0 {
                format!("{}", value / unit)
            } else {
                format!("{}.{digits}", value / unit)
            }
        };
        let body = match all {
            0..1_000 => format!("{all}ns"),
            1_000..1_000_000 => format!("{}µs", decimal(all, 1_000)),
            1_000_000..1_000_000_000 => format!("{}ms", decimal(all, 1_000_000)),
            _ => {
                let minutes = all / 60_000_000_000;
                let seconds = decimal(all % 60_000_000_000, 1_000_000_000);
                match (minutes / 60, minutes % 60) {
                    (0, 0) => format!("{seconds}s"),
                    (0, minutes) => format!("{minutes}m{seconds}s"),
                    (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
                }
            }
        };
        format!("{sign}{body}")
    }

    /// In units of so many nanoseconds, added up as Go does it: the whole units, then what is left.
    pub(crate) fn count(self, unit: i64) -> f64 {
        (self.0 / unit) as f64 + (self.0 % unit) as f64 / unit as f64
    }

    /// To the nearest multiple of `unit`, halves away from zero.
    pub(crate) fn round(self, unit: Self) -> Self {
        if unit.0 <= 0 {
            return self;
        }
        let rest = self.0 % unit.0;
        let up = rest.unsigned_abs() >= (unit.0.unsigned_abs() - rest.unsigned_abs());
        let base = self.0 - rest;
        Self(if !up {
            base
        } else if self.0 < 0 {
            base.saturating_sub(unit.0)
        } else {
            base.saturating_add(unit.0)
        })
    }

    /// To the multiple of `unit` towards zero.
    pub(crate) fn truncate(self, unit: Self) -> Self {
        if unit.0 <= 0 {
            self
        } else {
            Self(self.0 - self.0 % unit.0)
        }
    }

    /// In years, months, days, hours, minutes or seconds, whichever is the greatest that fits (`durationRound`).
    pub(crate) fn coarse(self) -> String {
        const HOUR: u64 = 3_600_000_000_000;
        let all = self.0.unsigned_abs();
        for (unit, name) in [
            (HOUR * 24 * 365, "y"),
            (HOUR * 24 * 30, "mo"),
            (HOUR * 24, "d"),
            (HOUR, "h"),
            (HOUR / 60, "m"),
            (HOUR / 3600, "s"),
        ] {
            if all > unit {
                return format!("{}{name}", all / unit);
            }
        }
        "0s".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_writes_them() {
        for (text, expected) in [
            ("95s", "1m35s"),
            ("1.5h", "1h30m0s"),
            ("1500ms", "1.5s"),
            ("1us", "1µs"),
            ("-2h45m", "-2h45m0s"),
            ("0", "0s"),
            ("100ns", "100ns"),
        ] {
            assert_eq!(Duration::parse(text).unwrap().to_go(), expected, "{text}");
        }
        for wrong in ["", "1", "1x", "h", "."] {
            assert!(Duration::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Duration::parse("2400h5s").unwrap().coarse(), "3mo");
    }
}
