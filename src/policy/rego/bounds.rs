//! How much a policy may make: sizes that are looked at before a function makes more of them.
//!
//! The interpreter looks at the clock between its steps, but one step can be one call of a built-in function, and what that makes
//! from texts that double with each rule is soon more than any memory. Such operands of a user's policy are wrapped in [`SIZE`]
//! (`rewrite` does it), and functions whose answers grow with the product of what they are given (`builtins`) count first.
//! What is beyond the bounds is refused, which is a problem and never an answer.
//!
//! What is not bounded by size is what the interpreter builds step by step, in rules and comprehensions: the time limit bounds it.

use regorus::Value;

/// The function that gives back its argument if that is no larger than a policy may use at once.
pub(super) const SIZE: &str = "__bounded_size";

/// The function that gives back its argument if it is a number by which bits can be shifted.
pub(super) const SHIFT: &str = "__bounded_shift";

/// The function that gives back its argument if all its numbers together have few digits.
pub(super) const DIGITS: &str = "__bounded_digits";

/// The function that gives back its argument if all text in it is ASCII: regorus cuts layouts of time at bytes.
pub(super) const ASCII: &str = "__bounded_ascii";

/// The most nodes that a value may have, each counted as often as it occurs.
const MOST_NODES: usize = 1_000_000;

/// The most bytes of text in a value, or in an answer.
pub(super) const MOST_TEXT: usize = 4 << 20;

/// The most digits of a number that is multiplied.
const MOST_DIGITS: usize = 4096;

/// Which argument of which function is looked at first, and with what.
pub(super) const GUARDS: [(&str, usize, &str); 28] = [
    ("walk", 0, SIZE),
    ("array.concat", 0, SIZE),
    ("array.concat", 1, SIZE),
    ("array.flatten", 0, SIZE),
    ("split", 0, SIZE),
    ("json.marshal", 0, SIZE),
    ("json.marshal_with_options", 0, SIZE),
    ("json.unmarshal", 0, SIZE),
    ("json.is_valid", 0, SIZE),
    ("json.patch", 0, SIZE),
    ("yaml.marshal", 0, SIZE),
    ("base64.encode", 0, SIZE),
    ("base64url.encode", 0, SIZE),
    ("base64url.encode_no_pad", 0, SIZE),
    ("hex.encode", 0, SIZE),
    ("urlquery.encode", 0, SIZE),
    ("urlquery.encode_object", 0, SIZE),
    ("upper", 0, SIZE),
    ("lower", 0, SIZE),
    ("product", 0, DIGITS),
    ("indexof_n", 0, SIZE),
    ("strings.reverse", 0, SIZE),
    ("object.union", 0, SIZE),
    ("object.union", 1, SIZE),
    ("object.union_n", 0, SIZE),
    ("bits.lsh", 1, SHIFT),
    ("time.parse_ns", 0, ASCII),
    ("time.format", 0, ASCII),
];

/// Why something is too large to be used; nothing where it is not.
pub(super) fn too_large(value: &Value) -> Result<(), String> {
    let mut left = Left {
        nodes: MOST_NODES,
        text: MOST_TEXT,
    };
    left.take(value)
}

/// Why a text of so many bytes is not made; nothing where it may be.
pub(super) fn too_long(bytes: usize) -> Result<(), String> {
    if bytes > MOST_TEXT {
        return Err(format!(
            "a text of more than {} MiB is refused",
            MOST_TEXT >> 20
        ));
    }
    Ok(())
}

/// Why numbers are not multiplied with each other.
pub(super) fn too_many_digits(value: &Value) -> Result<(), String> {
    too_large(value)?;
    if written(value) > 16 * MOST_DIGITS {
        return Err("a product of so many digits is refused".to_owned());
    }
    Ok(())
}

/// How long a value is when it is written; one that cannot be written is longer than any.
fn written(value: &Value) -> usize {
    value.to_json_str().map_or(usize::MAX, |text| text.len())
}

/// Why bits are not shifted by this.
pub(super) fn shift(value: &Value) -> Result<(), String> {
    match value.as_i64() {
        Ok(bits) if bits > MOST_DIGITS as i64 => {
            Err(format!("a shift by more than {MOST_DIGITS} is refused"))
        }
        _ => Ok(()),
    }
}

/// Why a layout is not used.
pub(super) fn not_ascii(value: &Value) -> Result<(), String> {
    let is_plain = |value: &Value| !matches!(value, Value::String(text) if !text.is_ascii());
    let all_are_plain = match value {
        Value::Array(items) => items.iter().all(is_plain),
        other => is_plain(other),
    };
    let refused = || "a layout of time beyond ASCII is refused".to_owned();
    all_are_plain.then_some(()).ok_or_else(refused)
}

/// What is left of what a value may have.
struct Left {
    nodes: usize,
    text: usize,
}

impl Left {
    fn take(&mut self, value: &Value) -> Result<(), String> {
        self.nodes = self
            .nodes
            .checked_sub(1)
            .ok_or_else(|| format!("a value of more than {MOST_NODES} parts is refused"))?;
        match value {
            Value::String(text) => {
                let left = self.text.checked_sub(text.len());
                self.text = left.ok_or_else(|| {
                    format!(
                        "a value with more than {} MiB of text is refused",
                        MOST_TEXT >> 20
                    )
                })?;
                Ok(())
            }
            Value::Number(number) if number.as_i64().is_none() && written(value) > MOST_DIGITS => {
                Err(format!(
                    "a number of more than {MOST_DIGITS} digits is refused"
                ))
            }
            Value::Array(items) => items.iter().try_for_each(|item| self.take(item)),
            Value::Set(items) => items.iter().try_for_each(|item| self.take(item)),
            Value::Object(fields) => fields.iter().try_for_each(|(key, value)| {
                self.take(key)?;
                self.take(value)
            }),
            _ => Ok(()),
        }
    }
}
