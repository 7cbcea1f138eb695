//! The order of keys in printed maps: go-yaml's natural order, where `a2` stands before `a10`.
//!
//! Both versions of the order are not transitive (`1a` < `9` < `10` < `1a`), so the standard sorting functions, which may
//! panic on such orders, are not used. For keys like these Go's own result is random; here it is not.

use std::sync::LazyLock;

use regex::Regex;

use crate::yaml::Mapping;

/// The indices of the entries of `mapping` in the order of `less`.
pub(super) fn sorted(mapping: &Mapping, less: fn(&[char], &[char]) -> bool) -> Vec<usize> {
    let mut keys: Vec<(usize, &str)> = mapping
        .iter()
        .enumerate()
        .map(|(index, entry)| (index, entry.key.as_str()))
        .collect();
    // Bytewise first, so that the result does not depend on the order in which the map was written.
    keys.sort_unstable_by(|a, b| a.1.cmp(b.1));
    let keys: Vec<(usize, Vec<char>)> = keys
        .into_iter()
        .map(|(index, key)| (index, key.chars().collect()))
        .collect();
    let mut runs: Vec<Vec<&(usize, Vec<char>)>> = keys.iter().map(|key| vec![key]).collect();
    while runs.len() > 1 {
        runs = runs
            .chunks(2)
            .map(|pair| match pair {
                [a, b] => merge(a, b, less),
                rest => rest.concat(),
            })
            .collect();
    }
    runs.concat().iter().map(|key| key.0).collect()
}

fn merge<'a>(
    a: &[&'a (usize, Vec<char>)],
    b: &[&'a (usize, Vec<char>)],
    less: fn(&[char], &[char]) -> bool,
) -> Vec<&'a (usize, Vec<char>)> {
    let mut merged = Vec::with_capacity(a.len() + b.len());
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    while let (Some(left), Some(right)) = (a.peek(), b.peek()) {
        let next = if less(&right.1, &left.1) {
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
pub(super) fn natural_v2(a: &[char], b: &[char]) -> bool {
    less(a, b, false)
}

/// The order of go-yaml v3: after digits, a letter stands before what is not a letter.
pub(super) fn natural_v3(a: &[char], b: &[char]) -> bool {
    less(a, b, true)
}

fn less(a: &[char], b: &[char], letters_after_digits: bool) -> bool {
    let Some(at) = a.iter().zip(b).position(|(a, b)| a != b) else {
        return a.len() < b.len();
    };
    let (Some(&x), Some(&y)) = (a.get(at), b.get(at)) else {
        return false;
    };
    let before = a.get(..at).unwrap_or_default();
    match (is_letter(x), is_letter(y)) {
        (true, true) => return x < y,
        (false, false) => {}
        (x_is_letter, y_is_letter) => {
            let after_digits = before.last().is_some_and(|&c| is_digit(c));
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
            .iter()
            .rev()
            .take_while(|&&c| is_digit(c))
            .any(|&c| c != '0');
    let number = |text: &[char]| {
        text.iter().skip(at).take_while(|&&c| is_digit(c)).fold(
            (i64::from(has_value), 0),
            |(value, length), &c| {
                let digit = i64::from(u32::from(c)) - i64::from(u32::from('0'));
                (value.wrapping_mul(10).wrapping_add(digit), length + 1)
            },
        )
    };
    let ((a_value, a_length), (b_value, b_length)): ((i64, usize), (i64, usize)) =
        (number(a), number(b));
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
