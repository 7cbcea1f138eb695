//! Versions and constraints as the Masterminds library reads them, which Helm uses for `semverCompare`,
//! for `kubeVersion` and for the versions of dependencies.
//!
//! The grammar is looser than semver's own (`1.2`, `v1`), and a constraint without a prerelease matches no prerelease.

use std::cmp::Ordering;
use std::fmt;

/// A version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    /// The first number.
    pub(crate) major: u64,
    /// The second number, 0 where it is not written.
    pub(crate) minor: u64,
    /// The third number, 0 where it is not written.
    pub(crate) patch: u64,
    /// After the dash; empty where there is none.
    pub(crate) prerelease: String,
    /// After the plus; empty where there is none.
    pub(crate) metadata: String,
    /// As it was written.
    pub(crate) original: String,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.prerelease.is_empty() {
            write!(f, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

const INVALID: &str = "invalid semantic version";

impl Version {
    /// Reads a version; missing numbers are 0, leading zeros are accepted, a `v` before it too.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let loose = Loose::read(text, false).ok_or(INVALID)?;
        if loose.length != text.len() {
            return Err(INVALID.to_owned());
        }
        loose.version(text)
    }

    /// How two versions are ordered; metadata does not count.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.patch)
            .cmp(&(other.major, other.minor, other.patch))
            .then_with(|| compare_prereleases(&self.prerelease, &other.prerelease))
    }
}

fn compare_prereleases(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let mut left = a.split('.');
    let mut right = b.split('.');
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// The parts of a loosely written version at the beginning of a text.
#[derive(Default)]
struct Loose<'t> {
    numbers: [&'t str; 3],
    prerelease: &'t str,
    metadata: &'t str,
    length: usize,
}

impl<'t> Loose<'t> {
    /// Reads as much as belongs to a version. In a constraint, a number may be `x`, `X` or `*` (or, oddly, contain `|`).
    fn read(text: &'t str, wildcards: bool) -> Option<Self> {
        let mut loose = Self::default();
        let mut rest = text.strip_prefix('v').unwrap_or(text);
        let digits = |s: &str| {
            s.find(|c: char| {
                !(c.is_ascii_digit() || wildcards && matches!(c, 'x' | 'X' | '*' | '|'))
            })
            .unwrap_or(s.len())
        };
        for (place, number) in loose.numbers.iter_mut().enumerate() {
            let after = if place == 0 {
                rest
            } else {
                match rest.strip_prefix('.') {
                    Some(after) => after,
                    None => break,
                }
            };
            let length = digits(after);
            if length == 0 {
                if place == 0 {
                    return None;
                }
                break;
            }
            *number = after.get(..length)?;
            rest = after.get(length..)?;
        }
        if let Some((found, after)) = rest.strip_prefix('-').and_then(identifiers) {
            loose.prerelease = found;
            rest = after;
        }
        if let Some((found, after)) = rest.strip_prefix('+').and_then(identifiers) {
            loose.metadata = found;
            rest = after;
        }
        loose.length = text.len() - rest.len();
        Some(loose)
    }

    fn version(&self, original: &str) -> Result<Version, String> {
        let number = |digits: &str| -> Result<u64, String> {
            if digits.is_empty() {
                return Ok(0);
            }
            digits.parse().map_err(|_| {
                format!(
                    "error parsing version segment: strconv.ParseUint: parsing {digits:?}: value out of range"
                )
            })
        };
        let [major, minor, patch] = self.numbers;
        for part in self.prerelease.split('.') {
            let numeric = part.bytes().all(|b| b.is_ascii_digit());
            if numeric && part.len() > 1 && part.starts_with('0') {
                return Err("version segment starts with 0".to_owned());
            }
        }
        Ok(Version {
            major: number(major)?,
            minor: number(minor)?,
            patch: number(patch)?,
            prerelease: self.prerelease.to_owned(),
            metadata: self.metadata.to_owned(),
            original: original.to_owned(),
        })
    }
}

/// Dot-separated identifiers at the beginning of a text, and what follows them.
fn identifiers(text: &str) -> Option<(&str, &str)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut end = 0;
    loop {
        let part = text.get(end..)?;
        let length = part.find(|c| !is_part(c)).unwrap_or(part.len());
        if length == 0 {
            // A dot that no identifier follows does not belong to the version.
            return (end > 0).then(|| text.split_at(end - 1));
        }
        end += length;
        if !text.get(end..)?.starts_with('.') {
            return Some(text.split_at(end));
        }
        end += 1;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Same,
    Not,
    Above,
    Below,
    AtLeast,
    AtMost,
    Tilde,
    Caret,
}

/// The operators, longest first: the one that fits first is meant.
const OPERATORS: [(&str, Operator); 11] = [
    ("!=", Operator::Not),
    (">=", Operator::AtLeast),
    ("=>", Operator::AtLeast),
    ("<=", Operator::AtMost),
    ("=<", Operator::AtMost),
    ("~>", Operator::Tilde),
    (">", Operator::Above),
    ("<", Operator::Below),
    ("=", Operator::Same),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
];

#[derive(Debug, Clone)]
struct Comparison {
    operator: Operator,
    version: Version,
    /// A number is missing or a wildcard.
    dirty: bool,
    minor_dirty: bool,
    patch_dirty: bool,
}

/// Alternatives of comparisons that must all hold.
#[derive(Debug, Clone)]
pub(crate) struct Constraint {
    alternatives: Vec<Vec<Comparison>>,
}

impl Constraint {
    /// Reads a constraint: `>=1.2 <2 || 3.x`, `1.2 - 1.5`, `~1.2`, `^1`, `*`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = rewrite_ranges(text);
        let alternatives = text
            .split("||")
            .map(|alternative| {
                all_of(alternative)
                    .ok_or_else(|| format!("improper constraint: {alternative:?}"))?
            })
            .collect::<Result<_, String>>()?;
        Ok(Self { alternatives })
    }

    /// True if and only if the version satisfies an alternative.
    pub(crate) fn check(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|all| {
            let prereleases = all.iter().any(|c| !c.version.prerelease.is_empty());
            (version.prerelease.is_empty() || prereleases) && all.iter().all(|c| c.holds(version))
        })
    }
}

/// True if and only if `version` is within `constraint`; what cannot be read is not.
pub(crate) fn satisfies(constraint: &str, version: &str) -> bool {
    match (Constraint::parse(constraint), Version::parse(version)) {
        (Ok(constraint), Ok(version)) => constraint.check(&version),
        _ => false,
    }
}

/// `None` where the text is not a list of comparisons.
fn all_of(text: &str) -> Option<Result<Vec<Comparison>, String>> {
    let mut rest = text.trim_start();
    let mut all = Vec::new();
    loop {
        let (operator, after) = OPERATORS
            .iter()
            .find_map(|(sign, operator)| Some((*operator, rest.strip_prefix(sign)?)))
            .unwrap_or((Operator::Same, rest));
        let after = after.trim_start();
        let loose = Loose::read(after, true)?;
        match Comparison::new(operator, &loose) {
            Ok(comparison) => all.push(comparison),
            Err(error) => return Some(Err(error)),
        }
        let tail = after.get(loose.length..)?;
        let trimmed = tail.trim_start();
        if trimmed.is_empty() {
            return Some(Ok(all));
        }
        rest = match trimmed.strip_prefix(',') {
            Some(next) => next.trim_start(),
            None if trimmed.len() < tail.len() => trimmed,
            None => return None,
        };
    }
}

/// `1.2 - 1.5` is `>= 1.2, <= 1.5`.
fn rewrite_ranges(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    'outer: loop {
        for (at, _) in rest.char_indices() {
            let here = rest.get(at..).unwrap_or_default();
            // A version begins only where none is going on.
            let before = rest.get(..at).unwrap_or_default();
            if before.ends_with(|c: char| {
                c.is_ascii_alphanumeric() || matches!(c, '.' | '*' | '-' | '+')
            }) {
                continue;
            }
            let Some(low) = Loose::read(here, true) else {
                continue;
            };
            let after = here.get(low.length..).unwrap_or_default();
            let dash = after.trim_start();
            let Some(high_text) = dash.strip_prefix('-') else {
                continue;
            };
            let high_trimmed = high_text.trim_start();
            if dash.len() == after.len() || high_trimmed.len() == high_text.len() {
                continue;
            }
            let Some(high) = Loose::read(high_trimmed, true) else {
                continue;
            };
            out.push_str(before);
            out.push_str(">= ");
            out.push_str(here.get(..low.length).unwrap_or_default());
            out.push_str(", <= ");
            out.push_str(high_trimmed.get(..high.length).unwrap_or_default());
            out.push(' ');
            rest = high_trimmed
                .get(high.length..)
                .unwrap_or_default()
                .trim_start();
            continue 'outer;
        }
        out.push_str(rest);
        return out;
    }
}

impl Comparison {
    fn new(operator: Operator, loose: &Loose<'_>) -> Result<Self, String> {
        let is_open = |number: &str| matches!(number, "" | "x" | "X" | "*");
        let [major, minor, patch] = loose.numbers;
        let (mut dirty, mut minor_dirty, mut patch_dirty) = (false, false, false);
        let mut numbers = [major, minor, patch];
        if is_open(major) {
            dirty = true;
            numbers = ["0", "0", "0"];
        } else if is_open(minor) {
            (dirty, minor_dirty) = (true, true);
            numbers = [major, "0", "0"];
        } else if is_open(patch) {
            (dirty, patch_dirty) = (true, true);
            numbers = [major, minor, "0"];
        }
        let closed = Loose {
            numbers,
            // A wildcard drops the metadata, as the library does.
            metadata: if dirty { "" } else { loose.metadata },
            ..*loose
        };
        if numbers
            .iter()
            .any(|n| n.bytes().any(|b| !b.is_ascii_digit()))
        {
            return Err("constraint parser error".to_owned());
        }
        let version = closed
            .version("")
            .map_err(|_| "constraint parser error".to_owned())?;
        Ok(Self {
            operator,
            version,
            dirty,
            minor_dirty,
            patch_dirty,
        })
    }

    fn holds(&self, version: &Version) -> bool {
        let bound = &self.version;
        let order = version.compare(bound);
        match self.operator {
            Operator::Same if self.dirty => self.within_tilde(version),
            Operator::Same => order == Ordering::Equal,
            Operator::Tilde => self.within_tilde(version),
            Operator::Not if self.dirty => self.differs(version),
            Operator::Not => order != Ordering::Equal,
            Operator::Above if !self.dirty => order == Ordering::Greater,
            Operator::Above => match version.major.cmp(&bound.major) {
                Ordering::Greater => true,
                Ordering::Less => false,
                Ordering::Equal if self.minor_dirty => false,
                Ordering::Equal if self.patch_dirty => version.minor > bound.minor,
                Ordering::Equal => order == Ordering::Greater,
            },
            Operator::Below => order == Ordering::Less,
            Operator::AtLeast => order != Ordering::Less,
            Operator::AtMost if !self.dirty => order != Ordering::Greater,
            Operator::AtMost => {
                version.major <= bound.major
                    && !(version.major == bound.major
                        && version.minor > bound.minor
                        && !self.minor_dirty)
            }
            Operator::Caret => self.within_caret(version),
        }
    }

    fn differs(&self, version: &Version) -> bool {
        let bound = &self.version;
        if version.major != bound.major {
            return true;
        }
        if version.minor != bound.minor && !self.minor_dirty {
            return true;
        }
        if self.minor_dirty {
            return false;
        }
        if version.patch != bound.patch && !self.patch_dirty {
            return true;
        }
        if self.patch_dirty {
            return compare_prereleases(&version.prerelease, &bound.prerelease) != Ordering::Equal
                && (!version.prerelease.is_empty() || !bound.prerelease.is_empty());
        }
        version.compare(bound) != Ordering::Equal
    }

    fn within_tilde(&self, version: &Version) -> bool {
        let bound = &self.version;
        if version.compare(bound) == Ordering::Less {
            return false;
        }
        let zero = (bound.major, bound.minor, bound.patch) == (0, 0, 0);
        if zero && !self.minor_dirty && !self.patch_dirty {
            return true;
        }
        version.major == bound.major && (version.minor == bound.minor || self.minor_dirty)
    }

    fn within_caret(&self, version: &Version) -> bool {
        let bound = &self.version;
        if version.compare(bound) == Ordering::Less {
            return false;
        }
        if bound.major > 0 || self.minor_dirty {
            return version.major == bound.major;
        }
        if version.major > 0 {
            return false;
        }
        if bound.minor > 0 || self.patch_dirty {
            return version.minor == bound.minor;
        }
        version.minor == 0 && version.patch == bound.patch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_hold_as_in_helm() {
        for (constraint, version, expected) in [
            (">=1.20", "v1.27.3-gke.100", false),
            (">=1.20-0", "v1.27.3-gke.100", true),
            ("1.2", "1.2.5", true),
            ("=1.2", "1.2.5", true),
            (">1.2", "1.2.5", false),
            ("<=1.2", "1.2.5", true),
            ("*", "1.0.0-rc1", false),
            ("*", "1.0.0", true),
            ("^1.2.3", "1.9.0", true),
            ("^0.2.3", "0.3.0", false),
            ("~1.2.3", "1.2.9", true),
            ("~1.2.3", "1.3.0", false),
            ("1.2 - 1.4", "1.4.9", true),
            ("1.2.3 - 1.4.5", "1.4.6", false),
            (">1 <3 || >=5", "4.0.0", false),
            (">1 <3||>=5", "5.1.0", true),
            (">= 1.19-0, < 1.30.0-0", "v1.29.3", true),
            ("!=1.x", "1.5.0", false),
            ("!=1.2.3", "1.2.4", true),
            ("1.x.x", "1.5.0", true),
            ("=>1.2.3", "1.2.3", true),
            ("^0.0.3", "0.0.4", false),
            ("x", "1.2.3", true),
            ("<1.14-0", "v1.13.0", true),
        ] {
            let parsed = Constraint::parse(constraint).unwrap();
            let version = Version::parse(version).unwrap();
            assert_eq!(parsed.check(&version), expected, "{constraint} {version}");
        }
        for wrong in ["", "a", ">", "1.2.3.4", "1.2 | 3", ">>1"] {
            assert!(Constraint::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn versions_are_read_loosely() {
        for (text, expected) in [
            ("v1.2", Some("1.2.0")),
            ("01.2.3", Some("1.2.3")),
            ("1.2.3-rc.1+b.5", Some("1.2.3-rc.1+b.5")),
            ("1", Some("1.0.0")),
            ("1.2.3.4", None),
            ("1.2.3-01", None),
            ("", None),
            ("latest", None),
            ("1.2.3-", None),
            ("V1", None),
        ] {
            let parsed = Version::parse(text).ok().map(|v| v.to_string());
            assert_eq!(parsed.as_deref(), expected, "{text}");
        }
    }
}
