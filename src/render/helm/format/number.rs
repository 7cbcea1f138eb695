//! Numbers as the verbs of `printf` show them.

use std::fmt::Write as _;

use super::super::value::Value;
use super::printf::MAX_WIDTH;
use super::{Printer, float, format_float, quote};

impl Printer {
    pub(super) fn integer(
        &mut self,
        value: &Value,
        magnitude: u64,
        negative: bool,
        signed: bool,
        verb: char,
    ) {
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
            let _ = write!(text, " '{char}'");
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

    pub(super) fn float(&mut self, value: &Value, number: f64, verb: char) {
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
