//! Go's time, as far as templates see it: instants, layouts (`2006-01-02`), durations (`1h30m`).
//!
//! There is no clock here. `now` is a fixed instant, so that two renderings of the same files are the same.
//! Zones other than UTC need a database that is not carried along; they are read as UTC, which is what Go does
//! on a machine without one.

use std::fmt::Write as _;

/// `now`: 2006-01-02 15:04:05 UTC, Go's own reference time.
pub(crate) const NOW: Instant = Instant {
    seconds: 1_136_214_245,
    nanos: 0,
    offset: 0,
};

/// A point in time with the offset in which it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instant {
    /// Seconds since 1970.
    pub(crate) seconds: i64,
    /// And nanoseconds.
    pub(crate) nanos: u32,
    /// Seconds east of UTC.
    pub(crate) offset: i32,
}

/// The zero time of Go, 0001-01-01 00:00:00 UTC.
pub(crate) const ZERO: Instant = Instant {
    seconds: -62_135_596_800,
    nanos: 0,
    offset: 0,
};

/// A date and time of day as people write them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: u32,
    pub(crate) day: u32,
    pub(crate) hour: u32,
    pub(crate) minute: u32,
    pub(crate) second: u32,
    /// 0 is Sunday.
    pub(crate) weekday: u32,
    /// From 1.
    pub(crate) year_day: u32,
}

const DAY: i64 = 86_400;

/// Days since 1970-01-01 of a date of the Gregorian calendar.
fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    // Years begin in March here, so that the leap day is the last of its year.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let month = i64::from((month + 9) % 12);
    let of_year = (153 * month + 2) / 5 + i64::from(day) - 1;
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let of_year = day_of_era - (365 * of_era + of_era / 4 - of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = of_era + era * 400 + i64::from(month <= 2);
    (year, month as u32, day as u32)
}

impl Instant {
    /// An instant in UTC.
    pub(crate) fn from_unix(seconds: i64) -> Self {
        Self {
            seconds,
            nanos: 0,
            offset: 0,
        }
    }

    /// The date and time that it shows in its offset.
    pub(crate) fn civil(self) -> Civil {
        let local = self.seconds.saturating_add(i64::from(self.offset));
        let days = local.div_euclid(DAY);
        let of_day = local.rem_euclid(DAY) as u32;
        let (year, month, day) = civil_from_days(days);
        Civil {
            year,
            month,
            day,
            hour: of_day / 3600,
            minute: of_day / 60 % 60,
            second: of_day % 60,
            weekday: (days + 4).rem_euclid(7) as u32,
            year_day: (days - days_from_civil(year, 1, 1)) as u32 + 1,
        }
    }

    /// The instant later by a duration.
    pub(crate) fn plus(self, duration: Duration) -> Self {
        let total = i128::from(self.seconds) * 1_000_000_000
            + i128::from(self.nanos)
            + i128::from(duration.0);
        Self {
            seconds: i64::try_from(total.div_euclid(1_000_000_000)).unwrap_or(i64::MAX),
            nanos: total.rem_euclid(1_000_000_000) as u32,
            offset: self.offset,
        }
    }

    /// The same time of day some years, months and days later; what overflows a month goes on into the next.
    pub(crate) fn plus_date(self, years: i64, months: i64, days: i64) -> Self {
        const SANE: i64 = 1_000_000;
        let civil = self.civil();
        let month = i64::from(civil.month) - 1 + months.clamp(-SANE, SANE);
        let year = civil.year + years.clamp(-SANE, SANE) + month.div_euclid(12);
        let first = days_from_civil(year, month.rem_euclid(12) as u32 + 1, 1);
        let day = first + i64::from(civil.day) - 1 + days.clamp(-SANE, SANE);
        let of_day = i64::from(civil.hour * 3600 + civil.minute * 60 + civil.second);
        Self {
            seconds: day * DAY + of_day - i64::from(self.offset),
            ..self
        }
    }

    /// The time from `earlier` to this instant.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        let nanos = |t: Self| i128::from(t.seconds) * 1_000_000_000 + i128::from(t.nanos);
        let between = nanos(self) - nanos(earlier);
        Duration(i64::try_from(between).unwrap_or(if between < 0 { i64::MIN } else { i64::MAX }))
    }

    /// How Go's `String` shows it.
    pub(crate) fn to_go(self) -> String {
        self.format("2006-01-02 15:04:05.999999999 -0700 MST")
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
            Element::ZoneName => {
                if self.offset == 0 {
                    write!(out, "UTC")
                } else {
                    let minutes = self.offset.abs() / 60;
                    let sign = if self.offset < 0 { '-' } else { '+' };
                    if minutes % 60 == 0 {
                        write!(out, "{sign}{:02}", minutes / 60)
                    } else {
                        write!(out, "{sign}{:02}{:02}", minutes / 60, minutes % 60)
                    }
                }
            }
            Element::Offset {
                iso,
                colon,
                minutes,
                seconds,
            } => {
                if iso && self.offset == 0 {
                    write!(out, "Z")
                } else {
                    let sign = if self.offset < 0 { '-' } else { '+' };
                    let all = self.offset.abs();
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

    /// Reads a time written in a layout of Go; without a zone it is UTC.
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
            rest_layout = after;
        }
        rest = skip_literal(rest_layout, rest).ok_or_else(|| wrong(rest, rest_layout))?;
        if !rest.is_empty() {
            return Err(format!("parsing time {text:?}: extra text: {rest:?}"));
        }
        let month = read.month;
        read.instant().ok_or_else(|| {
            let what = match month {
                Some(month) if !(1..=12).contains(&month) => "month",
                _ => "day",
            };
            format!("parsing time {text:?}: {what} out of range")
        })
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

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

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
            Element::Hour24 => (self.hour, rest) = loose()?,
            Element::Hour => (self.hour, rest) = loose()?,
            Element::ZeroHour => (self.hour, rest) = fixed(2)?,
            Element::Minute => (self.minute, rest) = loose()?,
            Element::ZeroMinute => (self.minute, rest) = fixed(2)?,
            Element::Second => (self.second, rest) = loose()?,
            Element::ZeroSecond => (self.second, rest) = fixed(2)?,
            Element::Half { upper } => {
                let (am, pm) = if upper { ("AM", "PM") } else { ("am", "pm") };
                let half = text.get(..2)?;
                self.afternoon = Some(half == pm);
                rest = (half == am || half == pm).then(|| text.get(2..))??;
            }
            Element::ZoneName => {
                let length = text.bytes().take_while(u8::is_ascii_uppercase).count();
                rest = (3..=5).contains(&length).then(|| text.get(length..))??;
                self.offset = Some(0);
            }
            Element::Offset {
                iso,
                colon,
                minutes,
                seconds,
            } => {
                if iso && text.starts_with('Z') {
                    self.offset = Some(0);
                    return text.get(1..);
                }
                let sign = match text.bytes().next()? {
                    b'+' => 1,
                    b'-' => -1,
                    _ => return None,
                };
                let mut after = text.get(1..)?;
                let mut total = 0;
                for (wanted, unit) in [(true, 3600), (minutes, 60), (seconds, 1)] {
                    if !wanted {
                        continue;
                    }
                    if colon && unit < 3600 {
                        after = after.strip_prefix(':')?;
                    }
                    let digits = after.get(..2)?;
                    total += digits.parse::<u8>().ok().map(i32::from)? * unit;
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
        let valid = (1..=12).contains(&month)
            && day >= 1
            && i64::from(day) <= length
            && hour < 24
            && self.minute < 60
            && self.second < 60;
        let offset = self.offset.unwrap_or(0);
        valid.then(|| Instant {
            seconds: days_from_civil(year, month, day) * DAY
                + i64::from(hour * 3600 + self.minute * 60 + self.second)
                - i64::from(offset),
            nanos: self.nanos,
            offset,
        })
    }
}

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
    fn layouts_are_formatted_as_go_formats_them() {
        let at = Instant {
            seconds: 1_700_000_000,
            nanos: 120_000_000,
            offset: 0,
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
