//! Time zones: the offset in which an instant is shown, and the letters that name it. The only door to the zone database.

use chrono::{DateTime, Offset as _, TimeZone as _};
use chrono_tz::{OffsetName as _, Tz};

/// An offset from UTC, with its name where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Zone {
    /// Seconds east of UTC.
    pub(super) offset: i32,
    /// `CEST`, `GMT+3`; `None` for UTC and for an offset without a name.
    name: Option<Abbreviation>,
    /// The machine's own zone, which is UTC under another name.
    is_local: bool,
}

impl Zone {
    /// UTC.
    pub(crate) const UTC: Self = Self {
        offset: 0,
        name: None,
        is_local: false,
    };

    /// The machine's own.
    pub(crate) const LOCAL: Self = Self {
        is_local: true,
        ..Self::UTC
    };

    /// Seconds east of UTC, by a name where it has one.
    pub(crate) fn fixed(offset: i32, name: Option<Abbreviation>) -> Self {
        Self {
            offset,
            name,
            is_local: false,
        }
    }

    /// The offset in force at an instant (seconds since 1970) in a place of the zone database (`Europe/Berlin`); `None` where
    /// the database has no such place, or the instant is beyond its years.
    pub(crate) fn of(place: &str, seconds: i64) -> Option<Self> {
        let zone: Tz = place.parse().ok()?;
        let instant = DateTime::from_timestamp(seconds, 0)?.naive_utc();
        let found = zone.offset_from_utc_datetime(&instant);
        let offset = found.fix().local_minus_utc();
        // Where people have no letters for a zone, the database has the hours, and the minutes where there are any.
        let numbers = || {
            let shown = hours_and_minutes(offset);
            shown.strip_suffix("00").unwrap_or(&shown).to_owned()
        };
        let name = found.abbreviation().map_or_else(numbers, ToOwned::to_owned);
        Some(if offset == 0 && name == "UTC" {
            Self::UTC
        } else {
            Self::fixed(offset, Abbreviation::new(&name))
        })
    }

    /// What Go prints for `MST`: the name, or the hours and minutes.
    pub(super) fn show(self) -> String {
        match self.name {
            Some(name) => name.as_str().to_owned(),
            None if self.offset == 0 => "UTC".to_owned(),
            None => hours_and_minutes(self.offset),
        }
    }

    /// The name of Go's `Location`.
    pub(crate) fn location(self) -> String {
        match self.name {
            Some(name) => name.as_str().to_owned(),
            None if self.is_local => "Local".to_owned(),
            None if self.offset == 0 => "UTC".to_owned(),
            None => String::new(),
        }
    }
}

fn hours_and_minutes(offset: i32) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.abs() / 60;
    format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)
}

/// The letters of a zone: few, and ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Abbreviation {
    letters: [u8; 14],
    length: u8,
}

impl Abbreviation {
    /// `None` for a name that is longer than any zone's, or not ASCII.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let mut letters = [0; 14];
        letters
            .get_mut(..name.len())
            .filter(|_| name.is_ascii())?
            .copy_from_slice(name.as_bytes());
        Some(Self {
            letters,
            length: name.len() as u8,
        })
    }

    pub(super) fn as_str(&self) -> &str {
        let letters = self.letters.get(..usize::from(self.length));
        letters
            .and_then(|letters| std::str::from_utf8(letters).ok())
            .unwrap_or_default()
    }

    /// How many bytes at the start of a text Go reads as a zone: three to five capitals in the forms that zones have,
    /// `GMT` with an offset in hours, or an offset alone.
    pub(super) fn width(text: &str) -> Option<usize> {
        let signed = |text: &str| -> usize {
            let Some(digits) = text.strip_prefix(['+', '-']) else {
                return 0;
            };
            let width = digits.bytes().take_while(u8::is_ascii_digit).count();
            let hours = digits
                .get(..width)
                .and_then(|hours| hours.parse::<u32>().ok());
            if hours.is_some_and(|hours| hours <= 23) {
                1 + width
            } else {
                0
            }
        };
        if text.starts_with("ChST") || text.starts_with("MeST") {
            return Some(4);
        }
        if let Some(after) = text.strip_prefix("GMT") {
            return Some(3 + signed(after));
        }
        if text.starts_with(['+', '-']) {
            return Some(signed(text)).filter(|&width| width > 0);
        }
        let capitals = text.bytes().take_while(u8::is_ascii_uppercase).count();
        match capitals {
            3 => Some(3),
            4 if text.starts_with("WITA") => Some(4),
            4 | 5 if text.as_bytes().get(capitals - 1) == Some(&b'T') => Some(capitals),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_have_the_offsets_of_their_seasons() {
        for (place, seconds, shown, offset) in [
            ("Europe/Berlin", 1_000_000_000, "CEST", 7200),
            ("Europe/Berlin", 0, "CET", 3600),
            ("America/New_York", 1_000_000_000, "EDT", -14_400),
            ("Asia/Kolkata", 1_700_000_000, "IST", 19_800),
            ("America/Sao_Paulo", 1_700_000_000, "-03", -10_800),
            ("Asia/Kathmandu", 1_700_000_000, "+0545", 20_700),
            ("Atlantic/Azores", 1_593_561_600, "+00", 0),
            ("UTC", 0, "UTC", 0),
        ] {
            let zone = Zone::of(place, seconds).unwrap();
            assert_eq!((zone.show().as_str(), zone.offset), (shown, offset));
        }
        assert_eq!(Zone::of("Nowhere", 0), None);
        assert_eq!(Zone::of("UTC", i64::MAX), None);
    }

    #[test]
    fn a_zone_is_read_as_far_as_go_reads_it() {
        for (text, width) in [
            ("CET x", Some(3)),
            ("CEST", Some(4)),
            ("ABCD", None),
            ("ABCDT", Some(5)),
            ("GMT+3", Some(5)),
            ("GMT+30", Some(3)),
            ("+05", Some(3)),
            ("+", None),
            ("ChST", Some(4)),
            ("UT", None),
            ("ABCDEF", None),
        ] {
            assert_eq!(Abbreviation::width(text), width, "{text}");
        }
    }
}
