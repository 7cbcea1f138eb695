//! Go's `fmt`: `print`, `println` and `printf` with all verbs, flags and ways of complaining.
//!
//! The characters of strings keep their origins; the digits of a number have the number's origin, brackets and padding
//! that of the value they belong to.

mod float;
mod names;
mod number;
mod printf;
mod quote;

pub use float::{format_float, parse_float};
pub use names::{MONTHS, WEEKDAYS, duration};
pub use quote::{is_print, quote, quote_char, quote_lossless, quote_to_ascii};

use std::fmt::Write as _;

use super::string::{Char, Text, TextBuilder};
use super::value::{Data, IntKind, MAX_DEPTH, Object, Value};
use crate::origin::Origin;

/// What is printed of one value is cut after so many bytes. More than that no rendering may make anyway.
/// Tests print maps that hold themselves, and need not wait for all of it.
const MAX_LENGTH: usize = if cfg!(test) { 1 << 20 } else { 128 << 20 };

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

#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of a verb")]
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
        if self.depth > MAX_DEPTH || self.out.len() > MAX_LENGTH {
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
                    IntKind::Month => Some(names::month(*number)),
                    IntKind::Weekday => Some(names::weekday(*number)),
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
            Data::Bytes(bytes) => self.bytes(bytes.as_ref(), verb),
            Data::List(list) => self.list(value.type_name(), list, verb),
            Data::Map(map) => {
                let entries = map.entries().into_iter();
                let entries = entries
                    .map(|(key, entry)| (Text::new(key.as_bytes(), entry.key_origin), entry.value));
                self.map(value.type_name(), entries, verb);
            }
            Data::Object(object) => self.object(value, &**object, verb),
        }
    }

    /// An `[]uint8`: a string for the verbs of texts, else a list of numbers.
    fn bytes(&mut self, bytes: Option<&Text>, verb: char) {
        let empty = Text::empty();
        let text = bytes.unwrap_or(&empty);
        if matches!(verb, 's' | 'q' | 'x' | 'X') {
            return self.string(text, verb);
        }
        let (open, gap, close) = match (self.flags.go_syntax, self.depth) {
            (false, _) => ("[", " ", "]"),
            (true, 0) => ("[]byte{", ", ", "}"),
            (true, _) => ("[]uint8{", ", ", "}"),
        };
        if self.flags.go_syntax && bytes.is_none() {
            return self.write(&open.replace('{', "(nil)"));
        }
        self.write(open);
        let outer = self.origin;
        let is_plain = matches!(verb, 'v' | 'd') && self.flags == Flags::default();
        let mut digits = String::new();
        for (n, (byte, origin)) in text.each_byte().enumerate() {
            if n > 0 {
                self.write(gap);
            }
            self.origin = origin;
            if is_plain {
                // A chart that prints its files prints megabytes of this, so no number gets a text of its own.
                digits.clear();
                let _ = write!(digits, "{byte}");
                self.write(&digits);
            } else {
                self.value(&Value::byte(byte, origin), verb);
            }
        }
        self.origin = outer;
        self.write(close);
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

    fn map(&mut self, type_name: &str, entries: impl Iterator<Item = (Text, Value)>, verb: char) {
        let go_syntax = self.flags.go_syntax;
        if go_syntax {
            self.write(type_name);
        }
        self.write(if go_syntax { "{" } else { "map[" });
        for (n, (key, value)) in entries.enumerate() {
            if n > 0 {
                self.write(if go_syntax { ", " } else { " " });
            }
            self.element(&key.into(), verb);
            self.write(":");
            self.element(&value, verb);
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
        if let Some(items) = object.items() {
            self.list(object.type_name(), &items, verb);
        } else if let Some(entries) = object.entries().filter(|_| object.is_map()) {
            let entries = entries.into_iter();
            let entries =
                entries.map(|(key, value)| (Text::new(key.as_bytes(), self.origin), value));
            self.map(
                object.type_name(),
                entries.collect::<Vec<_>>().into_iter(),
                verb,
            );
        } else if self.flags.go_syntax && verb == 'v' {
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
}

fn is_text_verb(verb: char) -> bool {
    matches!(verb, 'v' | 's' | 'x' | 'X' | 'q')
}

/// The characters of a string as Go ranges over them, for functions of the library.
pub fn runes(text: &Text) -> impl Iterator<Item = char> + '_ {
    text.chars()
        .map(|(_, char): (usize, Char)| char.or_replacement())
}

#[cfg(test)]
mod tests {
    use super::super::value::Map;
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
            &[float(2.71), int(1), int(1), int(255), int(8)],
            "  2.71|+1| 1|0xff|010",
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
            &[float(-3.25159), float(12345.678), float(1e-7)],
            "-003.252|+1.2e+04|1E-07",
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
