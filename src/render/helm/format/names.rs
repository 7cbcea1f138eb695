//! The numbers that Go's `time` gives names: durations, months and weekdays.

/// Go's `time.Duration.String`.
pub fn duration(nanoseconds: i64) -> String {
    let negative = nanoseconds < 0;
    let total = nanoseconds.unsigned_abs();
    if total == 0 {
        return "0s".to_owned();
    }
    let fraction = |value: u64, unit: u64| {
        let whole = value / unit;
        let digits = (unit as f64).log10().round() as usize;
        let rest = format!("{:0digits$}", value % unit);
        let rest = rest.trim_end_matches('0');
        if rest.is_empty() || unit == 1 {
            whole.to_string()
        } else {
            format!("{whole}.{rest}")
        }
    };
    let text = if total < 1_000 {
        format!("{total}ns")
    } else if total < 1_000_000 {
        format!("{}µs", fraction(total, 1_000))
    } else if total < 1_000_000_000 {
        format!("{}ms", fraction(total, 1_000_000))
    } else {
        let minutes = total / 60_000_000_000;
        let seconds = fraction(total % 60_000_000_000, 1_000_000_000);
        match (minutes / 60, minutes % 60) {
            (0, 0) => format!("{seconds}s"),
            (0, minutes) => format!("{minutes}m{seconds}s"),
            (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
        }
    };
    if negative { format!("-{text}") } else { text }
}

/// The months, as Go writes them, from the first.
pub const MONTHS: [&str; 12] = [
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

/// The days of the week, as Go writes them, from Sunday.
pub const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

pub(super) fn month(number: i64) -> String {
    usize::try_from(number - 1)
        .ok()
        .and_then(|index| MONTHS.get(index))
        .map_or_else(|| format!("%!Month({number})"), ToString::to_string)
}

pub(super) fn weekday(number: i64) -> String {
    usize::try_from(number)
        .ok()
        .and_then(|index| WEEKDAYS.get(index))
        .map_or_else(|| format!("%!Weekday({number})"), ToString::to_string)
}
