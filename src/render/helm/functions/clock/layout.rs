//! Go's layouts (`2006-01-02`): times written in one, and read back from one.

use std::fmt::Write as _;

use super::zone::{Abbreviation, Zone};
use super::{Civil, DAY, Instant, civil_from_days, days_from_civil};
use crate::render::helm::format::{MONTHS, WEEKDAYS};

impl Instant {
    /// How Go's `String` shows it.
    pub(crate) fn to_go(self) -> String {
        self.format("2006-01-02 15:04:05.999999999 -0700 MST")
    }

    /// How Go's `GoString` shows it.
    pub(crate) fn to_go_syntax(self) -> String {
        let civil = self.civil();
        let month = MONTHS.get(civil.month as usize - 1).copied();
        let zone = match self.zone {
            Zone::UTC => "time.UTC".to_owned(),
            Zone::LOCAL => "time.Local".to_owned(),
            fixed => format!("time.Location({:?})", fixed.location()),
        };
        format!(
            "time.Date({}, time.{}, {}, {}, {}, {}, {}, {zone})",
            civil.year,
            month.unwrap_or_default(),
            civil.day,
            civil.hour,
            civil.minute,
            civil.second,
            self.nanos
        )
    }

    /// The instant in a layout of Go.
    pub(crate) fn format(self, layout: &str) -> String {
        let civil = self.civil();
        let mut out = String::new();
        let mut rest = layout;
        while let Some((before, element, after)) = next_element(rest) {
            out.push_str(before);
            self.push_element(&mut out, &civil, element);
            rest = after;
        }
        out.push_str(rest);
        out
    }

    fn push_element(self, out: &mut String, civil: &Civil, element: Element) {
        let twelve = match civil.hour % 12 {
            0 => 12,
            hour => hour,
        };
        let short = |name: &'static str| name.get(..3).unwrap_or(name);
        let month = MONTHS
            .get(civil.month as usize - 1)
            .copied()
            .unwrap_or_default();
        let weekday = WEEKDAYS
            .get(civil.weekday as usize)
            .copied()
            .unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = match element {
            Element::LongYear if civil.year < 0 => write!(out, "-{:04}", -civil.year),
            Element::LongYear => write!(out, "{:04}", civil.year),
            Element::Year => write!(out, "{:02}", civil.year.rem_euclid(100)),
            Element::LongMonth => write!(out, "{month}"),
            Element::ShortMonth => write!(out, "{}", short(month)),
            Element::Month => write!(out, "{}", civil.month),
            Element::ZeroMonth => write!(out, "{:02}", civil.month),
            Element::LongWeekday => write!(out, "{weekday}"),
            Element::ShortWeekday => write!(out, "{}", short(weekday)),
            Element::Day => write!(out, "{}", civil.day),
            Element::SpaceDay => write!(out, "{:2}", civil.day),
            Element::ZeroDay => write!(out, "{:02}", civil.day),
            Element::SpaceYearDay => write!(out, "{:3}", civil.year_day),
            Element::ZeroYearDay => write!(out, "{:03}", civil.year_day),
            Element::Hour24 => write!(out, "{:02}", civil.hour),
            Element::Hour => write!(out, "{twelve}"),
            Element::ZeroHour => write!(out, "{twelve:02}"),
            Element::Minute => write!(out, "{}", civil.minute),
            Element::ZeroMinute => write!(out, "{:02}", civil.minute),
            Element::Second => write!(out, "{}", civil.second),
            Element::ZeroSecond => write!(out, "{:02}", civil.second),
            Element::Half { upper } => {
                let half = if civil.hour >= 12 { "pm" } else { "am" };
                let half = if upper {
                    half.to_uppercase()
                } else {
                    half.to_owned()
                };
                write!(out, "{half}")
            }
            Element::ZoneName => write!(out, "{}", self.zone.show()),
            Element::Offset {
                iso,
                colon,
                minutes,
                seconds,
            } => {
                if iso && self.zone.offset == 0 {
                    write!(out, "Z")
                } else {
                    let sign = if self.zone.offset < 0 { '-' } else { '+' };
                    let all = self.zone.offset.abs();
                    let separator = if colon { ":" } else { "" };
                    let mut text = format!("{sign}{:02}", all / 3600);
                    if minutes {
                        let _ = write!(text, "{separator}{:02}", all / 60 % 60);
                    }
                    if seconds {
                        let _ = write!(text, "{separator}{:02}", all % 60);
                    }
                    write!(out, "{text}")
                }
            }
            Element::Fraction {
                separator,
                digits,
                trim,
            } => {
                let all = format!("{:09}", self.nanos);
                let mut shown = all.get(..digits).unwrap_or(&all);
                if trim {
                    shown = shown.trim_end_matches('0');
                }
                if shown.is_empty() {
                    Ok(())
                } else {
                    write!(out, "{separator}{shown}")
                }
            }
        };
    }

    /// Reads a time written in a layout of Go; without a zone it is in the machine's own.
    pub(crate) fn parse(layout: &str, text: &str) -> Option<Self> {
        Self::parse_or_why(layout, text).ok()
    }

    /// Reads a time, or says in Go's words why it is none.
    pub(crate) fn parse_or_why(layout: &str, text: &str) -> Result<Self, String> {
        let wrong = |rest: &str, wanted: &str| {
            format!("parsing time {text:?} as {layout:?}: cannot parse {rest:?} as {wanted:?}")
        };
        let mut read = Reading::default();
        let mut rest_layout = layout;
        let mut rest = text;
        while let Some((before, element, after)) = next_element(rest_layout) {
            rest = skip_literal(before, rest).ok_or_else(|| wrong(rest, before))?;
            let end = rest_layout.len() - after.len();
            let shown = rest_layout.get(before.len()..end).unwrap_or_default();
            rest = read
                .element(element, rest)
                .ok_or_else(|| wrong(rest, shown))?;
            // Go accepts a fraction of a second that the layout does not mention.
            if matches!(element, Element::ZeroSecond | Element::Second)
                && rest.starts_with(['.', ','])
                && !matches!(next_element(after), Some(("", Element::Fraction { .. }, _)))
            {
                let digits = rest.bytes().skip(1).take_while(u8::is_ascii_digit).count();
                if digits > 0
                    && read
                        .fraction(rest.get(1..=digits).unwrap_or_default())
                        .is_some()
                {
                    rest = rest.get(digits + 1..).unwrap_or_default();
                }
            }
            if let Some(what) = read.out_of_range {
                return Err(format!("parsing time {text:?}: {what} out of range"));
            }
            rest_layout = after;
        }
        rest = skip_literal(rest_layout, rest).ok_or_else(|| wrong(rest, rest_layout))?;
        if !rest.is_empty() {
            return Err(format!("parsing time {text:?}: extra text: {rest:?}"));
        }
        read.instant()
            .ok_or_else(|| format!("parsing time {text:?}: day out of range"))
    }
}

/// Blanks in a layout fit any number of blanks.
fn skip_literal<'t>(literal: &str, text: &'t str) -> Option<&'t str> {
    let mut rest = text;
    for c in literal.chars() {
        if c == ' ' {
            if !rest.is_empty() && !rest.starts_with(' ') {
                return None;
            }
            rest = rest.trim_start_matches(' ');
        } else {
            rest = rest.strip_prefix(c)?;
        }
    }
    Some(rest)
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Element {
    LongYear,
    Year,
    LongMonth,
    ShortMonth,
    Month,
    ZeroMonth,
    LongWeekday,
    ShortWeekday,
    Day,
    SpaceDay,
    ZeroDay,
    SpaceYearDay,
    ZeroYearDay,
    Hour24,
    Hour,
    ZeroHour,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    Half {
        upper: bool,
    },
    ZoneName,
    Offset {
        iso: bool,
        colon: bool,
        minutes: bool,
        seconds: bool,
    },
    Fraction {
        separator: char,
        digits: usize,
        trim: bool,
    },
}

#[expect(
    clippy::fn_params_excessive_bools,
    reason = "they are the fields of the element, in order"
)]
const fn offset(iso: bool, colon: bool, minutes: bool, seconds: bool) -> Element {
    Element::Offset {
        iso,
        colon,
        minutes,
        seconds,
    }
}

/// The elements of a layout by their text; of two that fit, the earlier is meant.
const ELEMENTS: &[(&str, Element)] = &[
    ("January", Element::LongMonth),
    ("Jan", Element::ShortMonth),
    ("Monday", Element::LongWeekday),
    ("Mon", Element::ShortWeekday),
    ("MST", Element::ZoneName),
    ("002", Element::ZeroYearDay),
    ("01", Element::ZeroMonth),
    ("02", Element::ZeroDay),
    ("03", Element::ZeroHour),
    ("04", Element::ZeroMinute),
    ("05", Element::ZeroSecond),
    ("06", Element::Year),
    ("15", Element::Hour24),
    ("1", Element::Month),
    ("2006", Element::LongYear),
    ("__2", Element::SpaceYearDay),
    ("_2", Element::SpaceDay),
    ("2", Element::Day),
    ("3", Element::Hour),
    ("4", Element::Minute),
    ("5", Element::Second),
    ("PM", Element::Half { upper: true }),
    ("pm", Element::Half { upper: false }),
    ("-07:00:00", offset(false, true, true, true)),
    ("-070000", offset(false, false, true, true)),
    ("-07:00", offset(false, true, true, false)),
    ("-0700", offset(false, false, true, false)),
    ("-07", offset(false, false, false, false)),
    ("Z07:00:00", offset(true, true, true, true)),
    ("Z070000", offset(true, false, true, true)),
    ("Z07:00", offset(true, true, true, false)),
    ("Z0700", offset(true, false, true, false)),
    ("Z07", offset(true, false, false, false)),
];

/// The text before the first element of a layout, the element, and the rest.
fn next_element(layout: &str) -> Option<(&str, Element, &str)> {
    for (at, c) in layout.char_indices() {
        let here = layout.get(at..).unwrap_or_default();
        let before = layout.get(..at).unwrap_or_default();
        if matches!(c, '.' | ',') {
            let digits = here.get(1..).unwrap_or_default();
            for (digit, trim) in [('0', false), ('9', true)] {
                let length = digits.bytes().take_while(|&b| b == digit as u8).count();
                let after = digits.get(length..).unwrap_or_default();
                if length > 0 && !after.starts_with(|c: char| c.is_ascii_digit()) {
                    let element = Element::Fraction {
                        separator: c,
                        digits: length,
                        trim,
                    };
                    return Some((before, element, after));
                }
            }
            continue;
        }
        // "_2006" is an underscore before a year.
        if here.starts_with("_2006") {
            let at = at + 1;
            return Some((layout.get(..at)?, Element::LongYear, layout.get(at + 4..)?));
        }
        let found = ELEMENTS
            .iter()
            .find_map(|(text, element)| Some((here.strip_prefix(text)?, text, *element)));
        if let Some((after, text, element)) = found {
            // "Jan" and "Mon" are elements only where no lower-case letter continues the word.
            let word = matches!(*text, "Jan" | "Mon");
            if word && after.starts_with(|c: char| c.is_ascii_lowercase()) {
                continue;
            }
            return Some((before, element, after));
        }
    }
    None
}

/// The parts of a time read so far.
#[derive(Default)]
struct Reading {
    year: Option<i64>,
    month: Option<u32>,
    day: Option<u32>,
    year_day: Option<u32>,
    hour: u32,
    minute: u32,
    second: u32,
    nanos: u32,
    afternoon: Option<bool>,
    offset: Option<i32>,
    zone: Option<Abbreviation>,
    /// The zone was given as UTC by its own name.
    is_utc: bool,
    /// What was read and cannot be: an hour, a minute, a month.
    out_of_range: Option<&'static str>,
}

impl Reading {
    fn element<'t>(&mut self, element: Element, text: &'t str) -> Option<&'t str> {
        let fixed = |width: usize| -> Option<(u32, &'t str)> {
            let digits = text.get(..width)?;
            let plain = digits.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| Some((digits.parse().ok()?, text.get(width..)?)))?
        };
        let loose = || -> Option<(u32, &'t str)> {
            let width = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
            (width > 0).then(|| Some((text.get(..width)?.parse().ok()?, text.get(width..)?)))?
        };
        let name = |names: &[&str], short: bool| -> Option<(u32, &'t str)> {
            names.iter().zip(0..).find_map(|(name, i)| {
                let name = if short { name.get(..3)? } else { name };
                let start = text.get(..name.len())?;
                start
                    .eq_ignore_ascii_case(name)
                    .then(|| Some((i, text.get(name.len()..)?)))?
            })
        };
        let rest;
        match element {
            Element::LongYear => {
                let (year, after) = fixed(4)?;
                (self.year, rest) = (Some(i64::from(year)), after);
            }
            Element::Year => {
                let (year, after) = fixed(2)?;
                let year = i64::from(year);
                (self.year, rest) = (Some(if year >= 69 { 1900 } else { 2000 } + year), after);
            }
            Element::LongMonth | Element::ShortMonth => {
                let (month, after) = name(&MONTHS, element == Element::ShortMonth)?;
                (self.month, rest) = (Some(month + 1), after);
            }
            Element::LongWeekday | Element::ShortWeekday => {
                rest = name(&WEEKDAYS, element == Element::ShortWeekday)?.1;
            }
            Element::Month | Element::ZeroMonth => {
                let (month, after) = if element == Element::Month {
                    loose()?
                } else {
                    fixed(2)?
                };
                if !(1..=12).contains(&month) {
                    self.out_of_range = Some("month");
                }
                (self.month, rest) = (Some(month), after);
            }
            Element::Day | Element::SpaceDay | Element::ZeroDay => {
                let (day, after) = match element {
                    Element::ZeroDay => fixed(2)?,
                    Element::SpaceDay if text.starts_with(' ') => {
                        let mut inner = Self::default();
                        let after = inner.element(Element::Day, text.get(1..)?)?;
                        (inner.day?, after)
                    }
                    _ => loose()?,
                };
                (self.day, rest) = (Some(day), after);
            }
            Element::SpaceYearDay | Element::ZeroYearDay => {
                let digits = text.get(..3)?.trim_start_matches(' ');
                (self.year_day, rest) = (Some(digits.parse().ok()?), text.get(3..)?);
            }
            Element::Hour24 => (self.hour, rest) = self.below(loose()?, 24, "hour"),
            Element::Hour => (self.hour, rest) = self.below(loose()?, 13, "hour"),
            Element::ZeroHour => (self.hour, rest) = self.below(fixed(2)?, 13, "hour"),
            Element::Minute => (self.minute, rest) = self.below(loose()?, 60, "minute"),
            Element::ZeroMinute => (self.minute, rest) = self.below(fixed(2)?, 60, "minute"),
            Element::Second => (self.second, rest) = self.below(loose()?, 60, "second"),
            Element::ZeroSecond => (self.second, rest) = self.below(fixed(2)?, 60, "second"),
            Element::Half { upper } => {
                let (am, pm) = if upper { ("AM", "PM") } else { ("am", "pm") };
                let half = text.get(..2)?;
                self.afternoon = Some(half == pm);
                rest = (half == am || half == pm).then(|| text.get(2..))??;
            }
            Element::ZoneName if text.starts_with("UTC") => {
                self.is_utc = true;
                rest = text.get(3..)?;
            }
            Element::ZoneName => {
                let (name, after) = text.split_at_checked(Abbreviation::width(text)?)?;
                (self.zone, rest) = (Abbreviation::new(name), after);
            }
            Element::Offset {
                iso,
                colon,
                minutes,
                seconds,
            } => {
                if iso && text.starts_with('Z') {
                    self.is_utc = true;
                    return text.get(1..);
                }
                let sign = match text.bytes().next()? {
                    b'+' => 1,
                    b'-' => -1,
                    _ => return None,
                };
                let mut after = text.get(1..)?;
                let mut total = 0;
                for (wanted, unit, most, what) in [
                    (true, 3600, 24, "time zone offset hour"),
                    (minutes, 60, 60, "time zone offset minute"),
                    (seconds, 1, 60, "time zone offset second"),
                ] {
                    if !wanted {
                        continue;
                    }
                    if colon && unit < 3600 {
                        after = after.strip_prefix(':')?;
                    }
                    let number = after.get(..2)?.parse::<u8>().ok().map(i32::from)?;
                    if number > most {
                        self.out_of_range = Some(what);
                    }
                    total += number * unit;
                    after = after.get(2..)?;
                }
                self.offset = Some(sign * total);
                rest = after;
            }
            Element::Fraction { digits, trim, .. } => {
                let after = match text.strip_prefix(['.', ',']) {
                    Some(after) => after,
                    None if trim => return Some(text),
                    None => return None,
                };
                let found = after.bytes().take_while(u8::is_ascii_digit).count();
                if found == 0 || !trim && found != digits {
                    return None;
                }
                self.fraction(after.get(..found)?)?;
                rest = after.get(found..)?;
            }
        }
        Some(rest)
    }

    fn below<'t>(
        &mut self,
        (number, rest): (u32, &'t str),
        limit: u32,
        what: &'static str,
    ) -> (u32, &'t str) {
        if number >= limit {
            self.out_of_range = Some(what);
        }
        (number, rest)
    }

    fn fraction(&mut self, digits: &str) -> Option<()> {
        let nine: String = digits.chars().chain("000000000".chars()).take(9).collect();
        self.nanos = nine.parse().ok()?;
        Some(())
    }

    fn instant(self) -> Option<Instant> {
        let year = self.year.unwrap_or(0);
        let (mut month, mut day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        if let Some(of_year) = self.year_day.filter(|_| self.month.is_none()) {
            let first = days_from_civil(year, 1, 1);
            (_, month, day) = civil_from_days(first + i64::from(of_year) - 1);
        }
        let mut hour = self.hour;
        match self.afternoon {
            Some(true) if hour < 12 => hour += 12,
            Some(false) if hour == 12 => hour = 0,
            _ => {}
        }
        let next = days_from_civil(if month == 12 { year + 1 } else { year }, month % 12 + 1, 1);
        let length = next - days_from_civil(year, month.clamp(1, 12), 1);
        let valid = day >= 1 && i64::from(day) <= length;
        // The letters of a zone do not say where it is: as in Go, the clock is not moved by them, not even by those of `GMT+3`.
        let (zone, shift) = match (self.offset, self.zone) {
            _ if self.is_utc => (Zone::UTC, 0),
            (None | Some(0), None) => (Zone::LOCAL, 0),
            (Some(offset), name) => (Zone::fixed(offset, name), offset),
            (None, Some(name)) => {
                let hours = name.as_str().strip_prefix("GMT");
                let hours = hours.and_then(|hours| hours.parse().ok());
                let offset = hours.map_or(0, |hours: i32| hours * 3600);
                (Zone::fixed(offset, Some(name)), 0)
            }
        };
        valid.then(|| Instant {
            seconds: days_from_civil(year, month, day) * DAY
                + i64::from(hour * 3600 + self.minute * 60 + self.second)
                - i64::from(shift),
            nanos: self.nanos,
            zone,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::ZERO;
    use super::*;

    #[test]
    fn layouts_are_formatted_as_go_formats_them() {
        let at = Instant {
            seconds: 1_700_000_000,
            nanos: 120_000_000,
            zone: Zone::UTC,
        };
        for (layout, expected) in [
            ("2006-01-02", "2023-11-14"),
            ("2006-01-02T15:04:05Z07:00", "2023-11-14T22:13:20Z"),
            (
                "Mon Jan _2 15:04:05 MST 2006",
                "Tue Nov 14 22:13:20 UTC 2023",
            ),
            ("Monday, 02-Jan-06 3:04PM", "Tuesday, 14-Nov-23 10:13PM"),
            ("20060102150405", "20231114221320"),
            (".000 .999", ".120 .12"),
            ("-0700 Z0700", "+0000 Z"),
            ("002 __2", "318 318"),
            ("Janus 1/2/06", "Janus 11/14/23"),
        ] {
            assert_eq!(at.format(layout), expected, "{layout}");
        }
        assert_eq!(ZERO.to_go(), "0001-01-01 00:00:00 +0000 UTC");
    }

    #[test]
    fn times_are_read_back() {
        for (layout, text, expected) in [
            ("2006-01-02", "2017-12-31", Some(1_514_678_400)),
            (
                "2006-01-02T15:04:05Z07:00",
                "2023-11-14T23:13:20+01:00",
                Some(1_700_000_000),
            ),
            ("2006-01-02", "2017-02-30", None),
            ("2006-01-02", "x", None),
            ("15:04 Jan 2 2006", "22:13 Nov 14 2023", Some(1_699_999_980)),
        ] {
            let read = Instant::parse(layout, text).map(|t| t.seconds);
            assert_eq!(read, expected, "{text}");
        }
    }
}
