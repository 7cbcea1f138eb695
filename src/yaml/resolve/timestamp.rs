//! Dates as go-yaml recognises them, and as Go writes them into JSON.

/// The JSON text of a timestamp, or `None` if `text` is not one. A time zone that JSON refuses gives none either.
pub(super) fn parse(text: &str) -> Option<String> {
    let (year, rest) = text.split_at_checked(4)?;
    if !year.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (month, rest) = short_number(rest.strip_prefix('-')?)?;
    let (day, rest) = short_number(rest.strip_prefix('-')?)?;
    let year: u32 = year.parse().ok()?;
    if !(1..=12).contains(&month) || day < 1 || day > days(year, month) {
        return None;
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    if rest.is_empty() {
        return Some(format!("{date}T00:00:00Z"));
    }
    let zoned = rest.starts_with(['T', 't']);
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (hour, rest) = short_number(rest)?;
    let (minute, rest) = short_number(rest.strip_prefix(':')?)?;
    let (second, rest) = short_number(rest.strip_prefix(':')?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction, rest) = fraction(rest);
    let zone = if zoned {
        zone(rest)?
    } else if rest.is_empty() {
        "Z".to_owned()
    } else {
        return None;
    };
    Some(format!(
        "{date}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}"
    ))
}

/// One or two digits.
fn short_number(text: &str) -> Option<(u32, &str)> {
    let count = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(count)?;
    Some((digits.parse().ok()?, rest))
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Nanoseconds without trailing zeros; digits beyond the ninth are dropped.
fn fraction(text: &str) -> (String, &str) {
    let Some(rest) = text.strip_prefix(['.', ',']) else {
        return (String::new(), text);
    };
    let count = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (Some(digits), Some(after)) = (rest.get(..count.min(9)), rest.get(count..)) else {
        return (String::new(), text);
    };
    if digits.is_empty() {
        return (String::new(), text);
    }
    let digits = digits.trim_end_matches('0');
    let point = if digits.is_empty() { "" } else { "." };
    (format!("{point}{digits}"), after)
}

fn zone(text: &str) -> Option<String> {
    if text == "Z" {
        return Some("Z".to_owned());
    }
    let sign = text.get(..1).filter(|sign| matches!(*sign, "+" | "-"))?;
    let number = |from: usize| {
        text.get(from..from + 2)
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|digits| digits.parse::<u32>().ok())
    };
    let (hours, minutes) = (number(1)?, number(4)?);
    if text.len() != 6 || text.get(3..4) != Some(":") || hours > 24 || minutes > 60 {
        return None;
    }
    let total = hours * 60 + minutes;
    if total == 0 {
        return Some("Z".to_owned());
    }
    Some(format!("{sign}{:02}:{:02}", total / 60, total % 60))
}
