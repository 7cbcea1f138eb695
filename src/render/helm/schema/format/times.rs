//! Dates, times, durations and periods.

use super::{atoi, quoted_char, refuse};

/// `YYYY-MM-DD`, as Go's `time.Parse` reads it.
pub(super) fn date(text: &str) -> Result<(), String> {
    let whole = text.as_bytes();
    let cannot = |rest: &[u8], part: &str| {
        Err(format!(
            "parsing time {} as \"2006-01-02\": cannot parse {} as \"{part}\"",
            quoted(whole),
            quoted(rest)
        ))
    };
    let wrong = |why: &str| Err(format!("parsing time {}: {why}", quoted(whole)));
    let digits = |rest: &[u8], count: usize| -> Option<u32> {
        let digits = rest.get(..count)?;
        let digits = std::str::from_utf8(digits).ok()?;
        let are_digits = digits.bytes().all(|b| b.is_ascii_digit());
        digits.parse().ok().filter(|_| are_digits)
    };
    let after = |rest: &'_ [u8], count: usize| rest.get(count..).unwrap_or_default().to_vec();
    let Some(year) = digits(whole, 4) else {
        return cannot(whole, "2006");
    };
    let rest = after(whole, 4);
    if rest.first() != Some(&b'-') {
        return cannot(&rest, "-");
    }
    let rest = after(&rest, 1);
    let Some(month) = digits(&rest, 2) else {
        return cannot(&rest, "01");
    };
    if !(1..=12).contains(&month) {
        return wrong("month out of range");
    }
    let rest = after(&rest, 2);
    if rest.first() != Some(&b'-') {
        return cannot(&rest, "-");
    }
    let rest = after(&rest, 1);
    let Some(day) = digits(&rest, 2) else {
        return cannot(&rest, "02");
    };
    let rest = after(&rest, 2);
    if !rest.is_empty() {
        return wrong(&format!("extra text: {}", quoted(&rest)));
    }
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=days).contains(&day) {
        return wrong("day out of range");
    }
    Ok(())
}

/// As Go's `time` quotes what it could not parse.
fn quoted(text: &[u8]) -> String {
    let mut out = String::from("\"");
    for &b in text {
        match b {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(b));
            }
            b' '..=b'~' | 0x7f => out.push(char::from(b)),
            b => out.push_str(&format!("\\x{b:02x}")),
        }
    }
    out.push('"');
    out
}

/// `hh:mm:ss`, a fraction of seconds, and an offset.
pub(super) fn time(text: &str) -> Result<(), String> {
    let bytes = text.as_bytes();
    if bytes.len() < 9 {
        return refuse("less than 9 characters long");
    }
    if bytes.get(2) != Some(&b':') || bytes.get(5) != Some(&b':') {
        return refuse("missing colon in correct place");
    }
    let number = |from: usize, to: usize| {
        let part = bytes.get(from..to).unwrap_or_default();
        atoi(&String::from_utf8_lossy(part)).ok()
    };
    let mut parts = [0; 3];
    for (part, from) in parts.iter_mut().zip([0, 3, 6]) {
        match number(from, from + 2) {
            None => return refuse("invalid hour/min/sec"),
            Some(negative) if negative < 0 => return refuse("non-positive hour/min/sec"),
            Some(number) => *part = number,
        }
    }
    let [mut hour, mut minute, second] = parts;
    if hour > 23 || minute > 59 || second > 60 {
        return refuse("hour/min/sec out of range");
    }
    let mut at = 8;
    if bytes.get(at) == Some(&b'.') {
        let fraction = bytes.get(at + 1..).unwrap_or_default();
        let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 {
            return refuse("no digits in second fraction");
        }
        at += 1 + digits;
    }
    let zone = bytes.get(at..).unwrap_or_default();
    if zone != b"z" && zone != b"Z" {
        if zone.len() != 6 {
            return refuse("offset must be 6 characters long");
        }
        let sign = match zone.first() {
            Some(b'+') => -1,
            Some(b'-') => 1,
            _ => return refuse("offset must begin with plus/minus"),
        };
        if zone.get(3) != Some(&b':') {
            return refuse("missing colon in offset in correct place");
        }
        let mut parts = [0; 2];
        for (part, from) in parts.iter_mut().zip([1, 4]) {
            match number(at + from, at + from + 2) {
                None => return refuse("invalid hour/min in offset"),
                Some(negative) if negative < 0 => {
                    return refuse("non-positive hour/min in offset");
                }
                Some(number) => *part = number,
            }
        }
        let [hours, minutes] = parts;
        if hours > 23 || minutes > 59 {
            return refuse("hour/min in offset out of range");
        }
        let mut moment = (hour * 60 + minute) + sign * (hours * 60 + minutes);
        if moment < 0 {
            moment += 24 * 60;
        }
        (hour, minute) = (moment / 60, moment % 60);
    }
    if second >= 60 && (hour != 23 || minute != 59) {
        return refuse("invalid leap second");
    }
    Ok(())
}

pub(super) fn date_time(text: &str) -> Result<(), String> {
    let bytes = text.as_bytes();
    if bytes.len() < 20 {
        return refuse("less than 20 characters long");
    }
    if !matches!(bytes.get(10), Some(b't' | b'T')) {
        return refuse("11th character must be t or T");
    }
    // The eleventh byte is a letter of ASCII, and no part of a longer character.
    let (day, moment) = (
        text.get(..10).unwrap_or_default(),
        text.get(11..).unwrap_or_default(),
    );
    date(day).map_err(|why| format!("invalid date element: {why}"))?;
    time(moment).map_err(|why| format!("invalid time element: {why}"))
}

pub(super) fn duration(text: &str) -> Result<(), String> {
    let Some(text) = text.strip_prefix('P') else {
        return refuse("must start with P");
    };
    if text.is_empty() {
        return refuse("nothing after P");
    }
    if let Some(weeks) = text.strip_suffix('W') {
        if weeks.is_empty() {
            return refuse("no number in week");
        }
        if !weeks.bytes().all(|b| b.is_ascii_digit()) {
            return refuse("invalid week");
        }
        return Ok(());
    }
    let mut all_units = ["YMD", "HMS"].into_iter();
    for (index, part) in text.split('T').enumerate() {
        if index != 0 && part.is_empty() {
            return refuse("no time elements");
        }
        let Some(all) = all_units.next() else {
            return refuse("more than one T");
        };
        let mut units = all;
        let mut rest = part;
        while !rest.is_empty() {
            let unit = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            if unit.len() == rest.len() {
                return refuse("missing number");
            }
            let Some(&byte) = unit.as_bytes().first() else {
                return refuse("missing unit");
            };
            let letter = char::from(byte);
            let Some(at) = units.find(letter).filter(|_| byte.is_ascii()) else {
                let known = all.contains(letter);
                let letter = quoted_char(letter);
                return refuse(if known {
                    format!("unit {letter} out of order")
                } else {
                    format!("invalid unit {letter}")
                });
            };
            units = units.get(at + 1..).unwrap_or_default();
            rest = unit.get(1..).unwrap_or_default();
        }
    }
    Ok(())
}

pub(super) fn period(text: &str) -> Result<(), String> {
    let Some((start, end)) = text.split_once('/') else {
        return refuse("missing slash");
    };
    let is_duration = |text: &str| text.starts_with('P');
    if is_duration(start) {
        duration(start).map_err(|why| format!("invalid start duration: {why}"))?;
        return date_time(end).map_err(|why| format!("invalid end date-time: {why}"));
    }
    date_time(start).map_err(|why| format!("invalid start date-time: {why}"))?;
    if is_duration(end) {
        duration(end).map_err(|why| format!("invalid end duration: {why}"))
    } else {
        date_time(end).map_err(|why| format!("invalid end date-time: {why}"))
    }
}
