//! A day, as `YYYY-MM-DD`. What day it is, is known by the caller.

use std::fmt;
use std::str::FromStr;

/// A day of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A text that is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a day, as in `2027-03-01`")]
pub struct DateSyntax(String);

impl Date {
    /// The day `days` after 1970-01-01.
    pub fn from_days(days: u32) -> Self {
        let (mut year, mut left) = (1970_u16, days);
        while left >= days_of(year) && year < 9999 {
            left -= days_of(year);
            year += 1;
        }
        let mut month = 1;
        while month < 12 && left >= u32::from(length(year, month)) {
            left -= u32::from(length(year, month));
            month += 1;
        }
        Self {
            year,
            month,
            day: u8::try_from(left.min(30)).unwrap_or(30) + 1,
        }
    }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of(year: u16) -> u32 {
    if is_leap(year) { 366 } else { 365 }
}

fn length(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

impl FromStr for Date {
    type Err = DateSyntax;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || DateSyntax(text.chars().take(40).collect());
        let parts: Vec<&str> = text.split('-').collect();
        let number = |part: &str, length: usize| {
            let digits = part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| part.parse::<u16>().ok()).flatten()
        };
        let [year, month, day] = parts.as_slice() else {
            return Err(wrong());
        };
        let (Some(year), Some(month), Some(day)) =
            (number(year, 4), number(month, 2), number(day, 2))
        else {
            return Err(wrong());
        };
        let (month, day) = (month as u8, day as u8);
        let exists = (1..=12).contains(&month) && (1..=length(year, month)).contains(&day);
        exists
            .then_some(Self { year, month, day })
            .ok_or_else(wrong)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (11_016, "2000-02-29"),
            (20_454, "2026-01-01"),
            (20_785, "2026-11-28"),
            (20_818, "2026-12-31"),
        ] {
            assert_eq!(Date::from_days(days).to_string(), expected);
            assert_eq!(expected.parse(), Ok(Date::from_days(days)));
        }
        for wrong in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "26-01-01",
            "2026-1-1",
            "",
            "2026-01-01-01",
            "+026-01-01",
        ] {
            assert!(wrong.parse::<Date>().is_err(), "{wrong}");
        }
        assert!("2026-11-28".parse::<Date>().unwrap() < "2027-01-01".parse().unwrap());
    }
}
