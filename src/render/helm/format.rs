//! Go's `fmt`: `print`, `println` and `printf` with all verbs, flags and ways of complaining.
//!
//! The characters of strings keep their origins; the digits of a number have the number's origin, brackets and padding
//! that of the value they belong to.

mod float;
mod quote;

pub use float::{format_float, parse_float};
pub use quote::{is_print, quote, quote_lossless, quote_to_ascii};

use super::string::{Char, Text, TextBuilder, decode};
use super::value::{Data, IntKind, Items, MAX_DEPTH, Map, Object, Value};
use crate::origin::Origin;

/// What `%v` prints: what an action prints, what `toString` gives.
pub fn plain(value: &Value) -> Text {
    if let Data::String(text) = &value.data {
        return text.clone();
    }
    let mut printer = Printer::new();
    printer.argument(value, 'v');
    printer.out.finish()
}

/// What `%s` prints, with Go's complaints about what is no string.
pub fn as_string(value: &Value) -> Text {
    let mut printer = Printer::new();
    printer.argument(value, 's');
    printer.out.finish()
}

/// `fmt.Sprint`: a space between two arguments neither of which is a string.
pub fn sprint(arguments: &[Value]) -> Text {
    let mut printer = Printer::new();
    let mut after_string = true;
    for (n, argument) in arguments.iter().enumerate() {
        let is_string = matches!(argument.data, Data::String(_));
        if n > 0 && !is_string && !after_string {
            printer.write(" ");
        }
        printer.argument(argument, 'v');
        after_string = is_string;
    }
    printer.out.finish()
}

/// `fmt.Sprintln`: a space between any two arguments, a line break at the end.
pub fn sprintln(arguments: &[Value]) -> Text {
    let mut printer = Printer::new();
    for (n, argument) in arguments.iter().enumerate() {
        if n > 0 {
            printer.write(" ");
        }
        printer.argument(argument, 'v');
    }
    printer.write("\n");
    printer.out.finish()
}

/// `fmt.Sprintf`.
pub fn sprintf(format: &Text, arguments: &[Value]) -> Text {
    let mut printer = Printer::new();
    printer.run(format, arguments);
    printer.out.finish()
}

/// A width or precision above this is malformed.
const MAX_WIDTH: usize = 1_000_000;

#[derive(Clone, Copy, Default)]
struct Flags {
    sharp: bool,
    zero: bool,
    plus: bool,
    minus: bool,
    space: bool,
    /// `%#v`
    go_syntax: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

struct Printer {
    out: TextBuilder,
    flags: Flags,
    /// The origin of what is being printed.
    origin: Origin,
    depth: usize,
}

/// How far [`Printer::run`] has come.
struct Position<'a> {
    format: &'a [u8],
    at: usize,
    argument: usize,
    /// An index in brackets was used: surplus arguments are then no mistake.
    reordered: bool,
    good: bool,
}

impl Printer {
    fn new() -> Self {
        Self {
            out: TextBuilder::new(),
            flags: Flags::default(),
            origin: Origin::NONE,
            depth: 0,
        }
    }

    fn write(&mut self, text: &str) {
        self.out.push(text.as_bytes(), self.origin);
    }

    fn run(&mut self, text: &Text, arguments: &[Value]) {
        let mut position = Position {
            format: text.as_bytes(),
            at: 0,
            argument: 0,
            reordered: false,
            good: true,
        };
        let end = position.format.len();
        while position.at < end {
            let literal = position.at;
            while position.at < end && position.byte() != Some(b'%') {
                position.at += 1;
            }
            self.out.push_slice(text, literal..position.at);
            if position.at >= end {
                break;
            }
            // What the verb complains about comes from the verb's own characters.
            self.origin = text
                .runs()
                .find(|(range, _)| range.contains(&position.at))
                .map_or(Origin::NONE, |(_, origin)| origin);
            position.at += 1;
            self.verb(&mut position, arguments);
        }
        if !position.reordered && position.argument < arguments.len() {
            self.flags = Flags::default();
            self.write("%!(EXTRA ");
            for (n, argument) in arguments.iter().skip(position.argument).enumerate() {
                if n > 0 {
                    self.write(", ");
                }
                if argument.is_nil() {
                    self.write("<nil>");
                } else {
                    self.write(argument.type_name());
                    self.write("=");
                    self.argument(argument, 'v');
                }
            }
            self.write(")");
        }
    }

    /// One verb, whose `%` was read.
    fn verb(&mut self, position: &mut Position<'_>, arguments: &[Value]) {
        self.flags = Flags::default();
        position.good = true;
        loop {
            match position.byte() {
                Some(b'#') => self.flags.sharp = true,
                Some(b'0') => self.flags.zero = true,
                Some(b'+') => self.flags.plus = true,
                Some(b'-') => self.flags.minus = true,
                Some(b' ') => self.flags.space = true,
                _ => break,
            }
            position.at += 1;
        }
        let mut after_index = position.index(arguments.len());
        if position.byte() == Some(b'*') {
            position.at += 1;
            match position.int_argument(arguments) {
                Some(width) => {
                    self.flags.width = Some(width.unsigned_abs() as usize);
                    self.flags.minus |= width < 0;
                }
                None => self.write("%!(BADWIDTH)"),
            }
            after_index = false;
        } else {
            self.flags.width = position.number();
            if after_index && self.flags.width.is_some() {
                position.good = false;
            }
        }
        if position.byte() == Some(b'.') {
            position.at += 1;
            if after_index {
                position.good = false;
            }
            after_index = position.index(arguments.len());
            if position.byte() == Some(b'*') {
                position.at += 1;
                match position.int_argument(arguments) {
                    Some(precision) => {
                        self.flags.precision = usize::try_from(precision).ok();
                        if precision < 0 {
                            self.write("%!(BADPREC)");
                        }
                    }
                    None => self.write("%!(BADPREC)"),
                }
                after_index = false;
            } else {
                self.flags.precision = Some(position.number().unwrap_or(0));
            }
        }
        if !after_index {
            position.index(arguments.len());
        }
        let Some((char, width)) = decode(position.format.get(position.at..).unwrap_or_default())
        else {
            self.write("%!(NOVERB)");
            return;
        };
        position.at += width;
        let verb = char.or_replacement();
        if verb == '%' {
            self.write("%");
            return;
        }
        if !position.good {
            self.write(&format!("%!{verb}(BADINDEX)"));
            return;
        }
        let Some(argument) = arguments.get(position.argument) else {
            self.write(&format!("%!{verb}(MISSING)"));
            return;
        };
        position.argument += 1;
        if verb == 'v' {
            self.flags.go_syntax = std::mem::take(&mut self.flags.sharp);
            self.flags.plus = false;
        }
        self.argument(argument, verb);
    }

    /// One argument as `verb` shows it.
    fn argument(&mut self, value: &Value, verb: char) {
        let outer = self.origin;
        self.origin = match &value.data {
            Data::String(text) => text
                .runs()
                .next()
                .map_or(Origin::NONE, |(_, origin)| origin),
            _ => value.origin,
        };
        match (&value.data, verb) {
            (Data::Nil | Data::Absent, 'v' | 'T') => self.pad("<nil>"),
            (_, 'T') => self.string(&Text::new(value.type_name(), self.origin), 's'),
            _ => self.value(value, verb),
        }
        self.origin = outer;
    }

    fn value(&mut self, value: &Value, verb: char) {
        if self.depth > MAX_DEPTH {
            self.write("...");
            return;
        }
        match &value.data {
            Data::Nil | Data::Absent => self.bad_verb(value, verb),
            Data::Bool(truth) => match verb {
                't' | 'v' => self.pad(if *truth { "true" } else { "false" }),
                _ => self.bad_verb(value, verb),
            },
            Data::Int(number, kind) => {
                let name = match kind {
                    IntKind::Duration => Some(duration(*number)),
                    IntKind::Month => Some(month(*number)),
                    IntKind::Weekday => Some(weekday(*number)),
                    _ => None,
                };
                match name {
                    Some(name) if is_text_verb(verb) && !self.flags.go_syntax => {
                        self.string(&Text::new(name, self.origin), verb);
                    }
                    _ => self.integer(value, number.unsigned_abs(), *number < 0, true, verb),
                }
            }
            Data::Uint(number, _) => self.integer(value, *number, false, false, verb),
            Data::Float(number) => self.float(value, *number, verb),
            Data::String(text) => {
                if self.flags.go_syntax && verb == 'v' {
                    self.string(text, 'q');
                } else if matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') {
                    self.string(text, verb);
                } else {
                    self.bad_verb(value, verb);
                }
            }
            Data::List(list) => {
                let is_bytes = list.items == Items::Byte;
                if is_bytes && matches!(verb, 's' | 'q' | 'x' | 'X') {
                    let bytes: Vec<u8> = list
                        .iter()
                        .map(|item| match item.data {
                            Data::Uint(byte, _) => byte as u8,
                            _ => 0,
                        })
                        .collect();
                    self.string(&Text::new(bytes, self.origin), verb);
                } else {
                    self.list(value.type_name(), list, verb);
                }
            }
            Data::Map(map) => self.map(value.type_name(), map, verb),
            Data::Object(object) => self.object(value, &**object, verb),
        }
    }

    fn list(&mut self, type_name: &str, items: &[Value], verb: char) {
        let go_syntax = self.flags.go_syntax;
        if go_syntax {
            self.write(type_name);
        }
        self.write(if go_syntax { "{" } else { "[" });
        for (n, item) in items.iter().enumerate() {
            if n > 0 {
                self.write(if go_syntax { ", " } else { " " });
            }
            self.element(item, verb);
        }
        self.write(if go_syntax { "}" } else { "]" });
    }

    fn map(&mut self, type_name: &str, map: &Map, verb: char) {
        let go_syntax = self.flags.go_syntax;
        if go_syntax {
            self.write(type_name);
        }
        self.write(if go_syntax { "{" } else { "map[" });
        for (n, (key, entry)) in map.entries().iter().enumerate() {
            if n > 0 {
                self.write(if go_syntax { ", " } else { " " });
            }
            let key = Value::string(key.as_bytes(), entry.key_origin);
            self.element(&key, verb);
            self.write(":");
            self.element(&entry.value, verb);
        }
        self.write(if go_syntax { "}" } else { "]" });
    }

    fn element(&mut self, value: &Value, verb: char) {
        self.depth += 1;
        if value.is_nil() {
            let nil = if self.flags.go_syntax {
                "interface {}(nil)"
            } else {
                "<nil>"
            };
            self.write(nil);
        } else {
            self.argument(value, verb);
        }
        self.depth -= 1;
    }

    fn object(&mut self, value: &Value, object: &dyn Object, verb: char) {
        if self.flags.go_syntax && verb == 'v' {
            self.write(&object.go_syntax());
        } else if is_text_verb(verb) {
            let text = Text::new(object.print(), self.origin);
            self.string(&text, if verb == 'v' { 's' } else { verb });
        } else {
            self.bad_verb(value, verb);
        }
    }

    fn bad_verb(&mut self, value: &Value, verb: char) {
        self.write(&format!("%!{verb}("));
        if value.is_nil() {
            self.write("<nil>");
        } else {
            self.write(value.type_name());
            self.write("=");
            self.argument(value, 'v');
        }
        self.write(")");
    }

    fn string(&mut self, text: &Text, verb: char) {
        let text = match self.flags.precision {
            Some(precision) if !matches!(verb, 'x' | 'X') => {
                let end = text.chars().nth(precision).map_or(text.len(), |(at, _)| at);
                text.slice(0..end)
            }
            _ => text.clone(),
        };
        match verb {
            'q' => {
                let quoted = if self.flags.sharp && quote::can_backquote(&text) {
                    let mut out = TextBuilder::new();
                    out.push(b"`", self.origin);
                    out.push_text(&text);
                    out.push(b"`", self.origin);
                    out.finish()
                } else if self.flags.plus {
                    quote_to_ascii(&text)
                } else {
                    quote(&text)
                };
                self.pad_text(&quoted);
            }
            'x' | 'X' => {
                let hex = self.hex(&text, verb == 'X');
                self.pad_text(&hex);
            }
            _ => self.pad_text(&text),
        }
    }

    /// The bytes of a string in hexadecimal.
    fn hex(&self, text: &Text, upper: bool) -> Text {
        let limit = self.flags.precision.unwrap_or(usize::MAX);
        let prefix = if upper { "0X" } else { "0x" };
        let mut out = TextBuilder::new();
        let mut count = 0;
        for (range, origin) in text.runs() {
            let mut digits = String::new();
            for byte in text.as_bytes().get(range).unwrap_or_default() {
                if count >= limit {
                    break;
                }
                if self.flags.space && count > 0 {
                    digits.push(' ');
                }
                if self.flags.sharp && (self.flags.space || count == 0) {
                    digits.push_str(prefix);
                }
                let pair = if upper {
                    format!("{byte:02X}")
                } else {
                    format!("{byte:02x}")
                };
                digits.push_str(&pair);
                count += 1;
            }
            out.push(digits.as_bytes(), origin);
        }
        out.finish()
    }

    fn pad(&mut self, text: &str) {
        let text = Text::new(text, self.origin);
        self.pad_text(&text);
    }

    fn pad_text(&mut self, text: &Text) {
        let Some(width) = self.flags.width else {
            self.out.push_text(text);
            return;
        };
        let missing = width.saturating_sub(text.chars().count());
        if self.flags.minus {
            self.out.push_text(text);
            self.padding(missing);
        } else {
            self.padding(missing);
            self.out.push_text(text);
        }
    }

    fn padding(&mut self, count: usize) {
        if count > 0 {
            let fill = if self.flags.zero && !self.flags.minus {
                b'0'
            } else {
                b' '
            };
            self.out.push(&vec![fill; count], self.origin);
        }
    }

    fn without_zero(&mut self, print: impl FnOnce(&mut Self)) {
        let zero = std::mem::take(&mut self.flags.zero);
        print(self);
        self.flags.zero = zero;
    }

    fn integer(&mut self, value: &Value, magnitude: u64, negative: bool, signed: bool, verb: char) {
        match verb {
            'v' if self.flags.go_syntax && !signed => {
                self.flags.sharp = true;
                self.digits(magnitude, negative, 16, 'v');
                self.flags.sharp = false;
            }
            'v' | 'd' => self.digits(magnitude, negative, 10, verb),
            'b' => self.digits(magnitude, negative, 2, verb),
            'o' | 'O' => self.digits(magnitude, negative, 8, verb),
            'x' | 'X' => self.digits(magnitude, negative, 16, verb),
            'c' | 'q' | 'U' => {
                let char = u32::try_from(magnitude)
                    .ok()
                    .filter(|_| !negative)
                    .and_then(char::from_u32)
                    .unwrap_or('\u{FFFD}');
                match verb {
                    'c' => self.pad(&char.to_string()),
                    'q' => {
                        let quoted = quote::quote_char(char, self.flags.plus);
                        self.pad(&quoted);
                    }
                    _ => self.unicode(magnitude, char),
                }
            }
            _ => self.bad_verb(value, verb),
        }
    }

    fn unicode(&mut self, magnitude: u64, char: char) {
        let digits = self.flags.precision.unwrap_or(4).clamp(4, 100);
        let mut text = format!("U+{magnitude:0digits$X}");
        if self.flags.sharp && magnitude <= 0x10_FFFF && quote::is_print(char) {
            text.push_str(&format!(" '{char}'"));
        }
        self.without_zero(|p| p.pad(&text));
    }

    fn digits(&mut self, magnitude: u64, negative: bool, base: u32, verb: char) {
        let flags = self.flags;
        let signed = negative || flags.plus || flags.space;
        let minimum = match flags.precision {
            Some(0) if magnitude == 0 => {
                self.without_zero(|p| p.padding(flags.width.unwrap_or(0)));
                return;
            }
            Some(precision) => precision,
            None if flags.zero && !flags.minus => {
                flags.width.unwrap_or(0).saturating_sub(usize::from(signed))
            }
            None => 0,
        };
        let digits = match base {
            2 => format!("{magnitude:b}"),
            8 => format!("{magnitude:o}"),
            16 if verb == 'X' => format!("{magnitude:X}"),
            16 => format!("{magnitude:x}"),
            _ => magnitude.to_string(),
        };
        let zeros = minimum.min(MAX_WIDTH).saturating_sub(digits.len());
        let mut number = "0".repeat(zeros);
        number.push_str(&digits);
        let prefix = match (flags.sharp, base) {
            (true, 2) => "0b",
            (true, 8) if !number.starts_with('0') => "0",
            (true, 16) if verb == 'X' => "0X",
            (true, 16) => "0x",
            _ => "",
        };
        let octal = if verb == 'O' { "0o" } else { "" };
        let sign = match (negative, flags.plus, flags.space) {
            (true, _, _) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        };
        let text = format!("{sign}{octal}{prefix}{number}");
        self.without_zero(|p| p.pad(&text));
    }

    fn float(&mut self, value: &Value, number: f64, verb: char) {
        let (format, default) = match verb {
            'v' => (b'g', None),
            'g' | 'G' | 'b' | 'x' | 'X' => (verb as u8, None),
            'e' | 'E' | 'f' => (verb as u8, Some(6)),
            'F' => (b'f', Some(6)),
            _ => return self.bad_verb(value, verb),
        };
        let flags = self.flags;
        let precision = flags.precision.or(default);
        let mut text = format_float(number, format, precision);
        let sign = match text.as_bytes().first() {
            Some(b'-') => '-',
            _ if flags.plus => '+',
            _ if flags.space => ' ',
            _ => '\0',
        };
        if text.starts_with(['-', '+']) {
            text.remove(0);
        }
        if text.starts_with(['I', 'N']) {
            // An infinity always shows its sign, and neither is padded with zeros.
            let sign = match (text.starts_with('I'), sign) {
                (true, '\0') => "+".to_owned(),
                (_, '\0') => String::new(),
                (_, sign) => sign.to_string(),
            };
            self.without_zero(|p| p.pad(&format!("{sign}{text}")));
            return;
        }
        if flags.sharp && format != b'b' {
            let significant = match format {
                b'g' | b'G' | b'x' | b'X' => precision.unwrap_or(6),
                _ => 0,
            };
            text = float::with_point(&text, format, significant);
        }
        if sign == '\0' {
            self.pad(&text);
            return;
        }
        let width = flags.width.unwrap_or(0);
        if flags.zero && !flags.minus && width > text.len() + 1 {
            self.write(&sign.to_string());
            self.padding(width - text.len() - 1);
            self.write(&text);
        } else {
            self.pad(&format!("{sign}{text}"));
        }
    }
}

impl Position<'_> {
    fn byte(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    /// A decimal number, where one stands here.
    fn number(&mut self) -> Option<usize> {
        let mut number = None;
        while let Some(digit @ b'0'..=b'9') = self.byte() {
            let so_far = number.unwrap_or(0);
            if so_far > MAX_WIDTH {
                self.at = self.format.len();
                return None;
            }
            number = Some(so_far * 10 + usize::from(digit - b'0'));
            self.at += 1;
        }
        number
    }

    /// An argument index in brackets, where one stands here. True if and only if there was one.
    fn index(&mut self, arguments: usize) -> bool {
        if self.byte() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = self.format.get(self.at..).unwrap_or_default();
        let close = if rest.len() < 3 {
            None
        } else {
            rest.iter().position(|&b| b == b']')
        };
        let Some(close) = close else {
            self.at += 1;
            self.good = false;
            return false;
        };
        let number = rest
            .get(1..close)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|digits| digits.parse::<usize>().ok())
            .filter(|&number| number <= MAX_WIDTH);
        self.at += close + 1;
        match number {
            Some(number) if (1..=arguments).contains(&number) => {
                self.argument = number - 1;
                true
            }
            Some(_) => {
                self.good = false;
                true
            }
            None => {
                self.good = false;
                false
            }
        }
    }

    /// The argument for a `*`, if it is an integer of bearable size.
    fn int_argument(&mut self, arguments: &[Value]) -> Option<i64> {
        let number = match arguments.get(self.argument)?.data {
            Data::Int(number, _) => Some(number),
            Data::Uint(number, _) => i64::try_from(number).ok(),
            _ => None,
        };
        self.argument += 1;
        number.filter(|number| number.unsigned_abs() <= MAX_WIDTH as u64)
    }
}

fn is_text_verb(verb: char) -> bool {
    matches!(verb, 'v' | 's' | 'x' | 'X' | 'q')
}

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

fn month(number: i64) -> String {
    const NAMES: [&str; 12] = [
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
    usize::try_from(number - 1)
        .ok()
        .and_then(|index| NAMES.get(index))
        .map_or_else(|| format!("%!Month({number})"), ToString::to_string)
}

fn weekday(number: i64) -> String {
    const NAMES: [&str; 7] = [
        "Sunday",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
    ];
    usize::try_from(number)
        .ok()
        .and_then(|index| NAMES.get(index))
        .map_or_else(|| format!("%!Weekday({number})"), ToString::to_string)
}

/// The characters of a string as Go ranges over them, for functions of the library.
pub fn runes(text: &Text) -> impl Iterator<Item = char> + '_ {
    text.chars()
        .map(|(_, char): (usize, Char)| char.or_replacement())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    fn text(text: &str) -> Value {
        Value::string(text, Origin::NONE)
    }

    fn int(number: i64) -> Value {
        Value::int(number, Origin::NONE)
    }

    fn float(number: f64) -> Value {
        Value::float(number, Origin::NONE)
    }

    fn list(values: Vec<Value>) -> Value {
        Value::list(values, Origin::NONE)
    }

    fn map(pairs: &[(&str, Value)]) -> Value {
        let map = Map::new();
        for (key, value) in pairs {
            map.set(Rc::from(*key), Origin::NONE, value.clone());
        }
        Value::map(map, Origin::NONE)
    }

    #[test]
    fn printf_is_go_s() {
        let check = |format: &str, arguments: &[Value], expected: &str| {
            let printed = sprintf(&Text::new(format, Origin::NONE), arguments);
            assert_eq!(printed.lossy(), expected, "{format}");
        };
        check(
            "%d|%5d|%-5d|%05d|%x|%X|%o|%b",
            &[
                int(42),
                int(42),
                int(42),
                int(42),
                int(255),
                int(255),
                int(8),
                int(5),
            ],
            "42|   42|42   |00042|ff|FF|10|101",
        );
        check("%v %v", &[float(1e6), float(0.000_01)], "1e+06 1e-05");
        check("%s %s", &[text("a")], "a %!s(MISSING)");
        check("%s", &[text("a"), text("b")], "a%!(EXTRA string=b)");
        check("%d", &[text("x")], "%!d(string=x)");
        check("%!", &[], "%!!(MISSING)");
        check("%[2]s %[1]s", &[text("a"), text("b")], "b a");
        check("%[3]s", &[text("a")], "%!s(BADINDEX)");
        check("%*d|%-*d|", &[int(4), int(1), int(3), int(2)], "   1|2  |");
        check(
            "%6.2f|%+d|% d|%#x|%#o",
            &[float(3.14159), int(1), int(1), int(255), int(8)],
            "  3.14|+1| 1|0xff|010",
        );
        check(
            "%q %+q %#q",
            &[text("a\"é"), text("é"), text("x")],
            "\"a\\\"é\" \"\\u00e9\" `x`",
        );
        check(
            "%c %U %q",
            &[int(65), int(0x65E5), int(39)],
            "A U+65E5 '\\''",
        );
        check(
            "%T %T",
            &[float(1.0), Value::nil(Origin::NONE)],
            "float64 <nil>",
        );
        check(
            "%#v",
            &[map(&[(
                "k",
                list(vec![int(1), text("a"), Value::nil(Origin::NONE)]),
            )])],
            "map[string]interface {}{\"k\":[]interface {}{1, \"a\", interface {}(nil)}}",
        );
        check(
            "%s",
            &[list(vec![float(1.0), text("b")])],
            "[%!s(float64=1) b]",
        );
        check(
            "%.2s|%5s|%-5s|%05d",
            &[text("日本語"), text("é"), text("é"), int(-3)],
            "日本|    é|é    |-0003",
        );
        check(
            "% x|%x|%X",
            &[text("ab"), text("ab"), text("jk")],
            "61 62|6162|6A6B",
        );
        check(
            "%t %v",
            &[Value::bool(true, Origin::NONE), Value::nil(Origin::NONE)],
            "true <nil>",
        );
        check("100%", &[], "100%!(NOVERB)");
        check("%%%d", &[int(1)], "%1");
        check(
            "%08.3f|%+.1e|%G",
            &[float(-3.14159), float(12345.678), float(1e-7)],
            "-003.142|+1.2e+04|1E-07",
        );
        check("%z", &[int(1)], "%!z(int=1)");
    }

    #[test]
    fn print_puts_spaces_between_what_is_not_text() {
        let printed = sprint(&[int(1), int(2), text("a"), text("b"), int(3)]);
        assert_eq!(printed.lossy(), "1 2ab3");
        assert_eq!(sprintln(&[text("a"), int(1)]).lossy(), "a 1\n");
        let nested = map(&[("b", list(vec![int(1)])), ("a", Value::nil(Origin::NONE))]);
        assert_eq!(plain(&nested).lossy(), "map[a:<nil> b:[1]]");
    }

    #[test]
    fn durations_are_go_s() {
        assert_eq!(duration(3_723_500_000_000), "1h2m3.5s");
        assert_eq!(duration(1_500), "1.5µs");
        assert_eq!(duration(-60_000_000_000), "-1m0s");
    }
}
