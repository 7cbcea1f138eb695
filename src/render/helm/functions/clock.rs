//! Go's time, as far as templates see it: instants and the calendar. How they are written is in `layout`, spans of time in
//! `duration`, zones in `zone`.
//!
//! There is no clock here. `now` is a fixed instant, so that two renderings of the same files are the same. The machine's own
//! zone is UTC.

mod duration;
mod layout;
mod zone;

pub(crate) use duration::Duration;
pub(crate) use zone::{Abbreviation, Zone};

/// `now`: 2006-01-02 15:04:05 UTC, Go's own reference time.
pub(crate) const NOW: Instant = Instant {
    seconds: 1_136_214_245,
    nanos: 0,
    zone: Zone::LOCAL,
};

/// A point in time with the zone in which it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instant {
    /// Seconds since 1970.
    pub(crate) seconds: i64,
    /// And nanoseconds.
    pub(crate) nanos: u32,
    /// Where it is shown.
    pub(crate) zone: Zone,
}

/// The zero time of Go, 0001-01-01 00:00:00 UTC.
pub(crate) const ZERO: Instant = Instant {
    seconds: -62_135_596_800,
    nanos: 0,
    zone: Zone::UTC,
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
            zone: Zone::UTC,
        }
    }

    /// The date and time that it shows in its zone.
    pub(crate) fn civil(self) -> Civil {
        let local = self.seconds.saturating_add(i64::from(self.zone.offset));
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
            zone: self.zone,
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
            seconds: day * DAY + of_day - i64::from(self.zone.offset),
            ..self
        }
    }

    /// The last multiple of `unit` since the zero time.
    pub(crate) fn truncate(self, unit: Duration) -> Self {
        self.plus(Duration(-self.beyond(unit)))
    }

    /// The nearest multiple of `unit` since the zero time, the later of two as near.
    pub(crate) fn round(self, unit: Duration) -> Self {
        let beyond = self.beyond(unit);
        self.plus(Duration(if beyond < unit.0 - beyond {
            -beyond
        } else {
            unit.0.max(0) - beyond
        }))
    }

    /// Nanoseconds since the last multiple of `unit`; of none that is not positive.
    fn beyond(self, unit: Duration) -> i64 {
        let since_zero = i128::from(self.seconds) - i128::from(ZERO.seconds);
        let nanos = since_zero * 1_000_000_000 + i128::from(self.nanos);
        if unit.0 > 0 {
            nanos.rem_euclid(i128::from(unit.0)) as i64
        } else {
            0
        }
    }

    /// The time from `earlier` to this instant.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        let nanos = |t: Self| i128::from(t.seconds) * 1_000_000_000 + i128::from(t.nanos);
        let between = nanos(self) - nanos(earlier);
        Duration(i64::try_from(between).unwrap_or(if between < 0 { i64::MIN } else { i64::MAX }))
    }
}
