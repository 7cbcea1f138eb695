//! The verbs of a format: flags, widths, argument indexes, and Go's complaints about what does not fit.

use super::super::string::{Text, decode};
use super::super::value::{Data, Value};
use super::{Flags, Printer};
use crate::origin::Origin;

/// A width or precision above this is malformed.
pub(super) const MAX_WIDTH: usize = 1_000_000;

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
    pub(super) fn run(&mut self, text: &Text, arguments: &[Value]) {
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
