//! The order of keys in printed maps: go-yaml's natural order, where `a2` stands before `a10`.
//!
//! Both versions of the order are not transitive (`1a` < `9` < `10` < `1a`), so the standard sorting functions, which may
//! panic on such orders, are not used. For keys like these Go's own result is random; here it is not.

use std::sync::LazyLock;

use regex::Regex;

use crate::yaml::Mapping;

/// An entry's index and key.
type Keyed<'a> = (usize, &'a str);

/// True if and only if the first key stands before the second.
pub(super) type Less = fn(&str, &str) -> bool;

/// The indices of the entries of `mapping` in the order of `less`.
pub(super) fn sorted(mapping: &Mapping, less: Less) -> Vec<usize> {
    let mut keys: Vec<Keyed> = mapping
        .iter()
        .enumerate()
        .map(|(index, entry)| (index, entry.key.as_str()))
        .collect();
    // Bytewise first, so that the result does not depend on the order in which the map was written.
    keys.sort_unstable_by(|a, b| a.1.cmp(b.1));
    // Keys of these characters are in both natural orders then: letters stand behind the others, and there are no numbers.
    let is_bytewise = |b: u8| b.is_ascii_alphabetic() || matches!(b, b'-' | b'.' | b'/');
    let mut length = if keys.iter().all(|key| key.1.bytes().all(is_bytewise)) {
        keys.len()
    } else {
        1
    };
    while length < keys.len() {
        keys = keys
            .chunks(2 * length)
            .flat_map(|pair| {
                let (a, b) = pair.split_at(length.min(pair.len()));
                merge(a, b, less)
            })
            .collect();
        length *= 2;
    }
    keys.into_iter().map(|key| key.0).collect()
}

fn merge<'a>(a: &[Keyed<'a>], b: &[Keyed<'a>], less: Less) -> Vec<Keyed<'a>> {
    let mut merged = Vec::with_capacity(a.len() + b.len());
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    while let (Some(left), Some(right)) = (a.peek(), b.peek()) {
        let next = if less(right.1, left.1) {
            b.next()
        } else {
            a.next()
        };
        merged.extend(next);
    }
    merged.extend(a);
    merged.extend(b);
    merged
}

/// The order of go-yaml v2.
pub(super) fn natural_v2(a: &str, b: &str) -> bool {
    less(a, b, false)
}

/// The order of go-yaml v3: after digits, a letter stands before what is not a letter.
pub(super) fn natural_v3(a: &str, b: &str) -> bool {
    less(a, b, true)
}

fn less(a: &str, b: &str, letters_after_digits: bool) -> bool {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let at = (0..=same)
        .rev()
        .find(|&at| a.is_char_boundary(at) && b.is_char_boundary(at))
        .unwrap_or(0);
    let (before, a) = a.split_at(at);
    let b = b.get(at..).unwrap_or_default();
    let (Some(x), Some(y)) = (a.chars().next(), b.chars().next()) else {
        return a.len() < b.len();
    };
    match (is_letter(x), is_letter(y)) {
        (true, true) => return x < y,
        (false, false) => {}
        (x_is_letter, y_is_letter) => {
            let after_digits = before.ends_with(is_digit);
            return if letters_after_digits && after_digits {
                x_is_letter
            } else {
                y_is_letter
            };
        }
    }
    // Leading zeros count as digits only behind another digit.
    let has_value = (x == '0' || y == '0')
        && before
            .chars()
            .rev()
            .take_while(|&c| is_digit(c))
            .any(|c| c != '0');
    let number = |text: &str| {
        text.chars().take_while(|&c| is_digit(c)).fold(
            (i64::from(has_value), 0_usize),
            |(value, length), c| {
                let digit = i64::from(u32::from(c)) - i64::from(u32::from('0'));
                (value.wrapping_mul(10).wrapping_add(digit), length + 1)
            },
        )
    };
    let ((a_value, a_length), (b_value, b_length)) = (number(a), number(b));
    if a_value != b_value {
        a_value < b_value
    } else if a_length != b_length {
        a_length < b_length
    } else {
        x < y
    }
}

fn is_letter(c: char) -> bool {
    static LETTER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{L}$").ok());
    c.is_ascii_alphabetic() || (!c.is_ascii() && matches(LETTER.as_ref(), c))
}

fn is_digit(c: char) -> bool {
    static DIGIT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{Nd}$").ok());
    c.is_ascii_digit() || (!c.is_ascii() && matches(DIGIT.as_ref(), c))
}

fn matches(class: Option<&Regex>, c: char) -> bool {
    class.is_some_and(|class| class.is_match(c.encode_utf8(&mut [0; 4])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_natural_order() {
        let check = |keys: &[&str], less: Less| {
            for pair in keys.windows(2) {
                assert!(less(pair[0], pair[1]), "{pair:?}");
                assert!(!less(pair[1], pair[0]), "{pair:?}");
            }
        };
        check(
            &[
                "", "-y", "_x", "~t", "1", "9", "10", "A", "a", "a-b", "a1", "a1b", "a01", "a2",
                "a10", "aB", "b", "é", "日",
            ],
            natural_v2,
        );
        check(&["a1", "a1b", "a1-"], natural_v3);
        check(&["a1-", "a1b"], natural_v2);
    }
}
