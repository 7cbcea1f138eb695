//! Strings as templates see them: bytes (Go's strings need not be UTF-8) that know where each of them came from.
//!
//! A [`Text`] is cheap to clone. Functions that keep characters are written with [`Text::slice`], [`TextBuilder`] and the
//! few transformations here, so that the runs of origins survive; functions that mix characters (hashes, encodings) give
//! the union of all origins, [`Text::origin`]. What a function means to Helm is not decided here.

mod unions;

pub(super) use unions::Unions;

use std::cell::Cell;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use crate::origin::{Origin, Origins, Run, Traced};

/// A Go string with the origins of its bytes.
#[derive(Clone)]
pub struct Text(Rc<Rope>);

struct Rope {
    bytes: Vec<u8>,
    runs: Runs,
    /// The union of the origins of all runs, once somebody has asked for it.
    union: Cell<Option<Origin>>,
    /// A condition that every run is already under (see [`Text::under`]).
    under: Origin,
}

#[derive(Clone)]
enum Runs {
    One(Origin),
    Many(Vec<Run>),
}

impl Text {
    /// A text with one origin.
    pub fn new(text: impl Into<Vec<u8>>, origin: Origin) -> Self {
        Self::from_runs(text.into(), Runs::One(origin), Origin::NONE)
    }

    /// No characters from nowhere.
    pub fn empty() -> Self {
        Self::new(Vec::new(), Origin::NONE)
    }

    fn from_runs(bytes: Vec<u8>, runs: Runs, under: Origin) -> Self {
        Self(Rc::new(Rope {
            bytes,
            runs,
            union: Cell::new(None),
            under,
        }))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// The text, if it is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0.bytes).ok()
    }

    /// The text, with U+FFFD for what is not UTF-8.
    pub fn lossy(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.0.bytes)
    }

    /// Length in bytes, as Go counts.
    pub fn len(&self) -> usize {
        self.0.bytes.len()
    }

    /// True if and only if there is no byte; empty runs do not count.
    pub fn is_empty(&self) -> bool {
        self.0.bytes.is_empty()
    }

    /// How many bytes the text takes in memory, its runs included: what limits count. A text of a great many empty runs
    /// has no length and is large.
    pub(super) fn cost(&self) -> usize {
        let runs = match &self.0.runs {
            Runs::One(_) => 0,
            Runs::Many(runs) => std::mem::size_of_val(runs.as_slice()),
        };
        self.len().saturating_add(runs)
    }

    /// As [`Text::cost`], with the place for both, if nobody else holds the text; else nothing.
    pub(super) fn new_bytes(&self) -> usize {
        if Rc::strong_count(&self.0) == 1 {
            size_of::<Rope>() + self.cost()
        } else {
            0
        }
    }

    /// The runs in order, each with its bytes. An empty range marks something that printed nothing there.
    pub fn runs(&self) -> impl Iterator<Item = (Range<usize>, Origin)> + '_ {
        self.runs_from(0)
    }

    /// The bytes in order, each with its origin.
    pub fn each_byte(&self) -> impl Iterator<Item = (u8, Origin)> + '_ {
        self.runs().flat_map(|(range, origin)| {
            let bytes = self.as_bytes().get(range).unwrap_or_default();
            bytes.iter().map(move |&byte| (byte, origin))
        })
    }

    /// The runs without those that end before `start`.
    fn runs_from(&self, start: usize) -> impl Iterator<Item = (Range<usize>, Origin)> + '_ {
        let one = match &self.0.runs {
            Runs::One(origin) => Some((0..self.len(), *origin)),
            Runs::Many(_) => None,
        };
        let all: &[Run] = match &self.0.runs {
            Runs::One(_) => &[],
            Runs::Many(runs) => runs,
        };
        let first = all.partition_point(|run| (run.end as usize) < start);
        let (before, many) = all.split_at(first);
        let mut start = before.last().map_or(0, |run| run.end as usize);
        one.into_iter().chain(many.iter().map(move |run| {
            let range = start..run.end as usize;
            start = range.end;
            (range, run.origin)
        }))
    }

    /// The origin of all bytes, where they have one.
    pub(super) fn single_origin(&self) -> Option<Origin> {
        match &self.0.runs {
            Runs::One(origin) => Some(*origin),
            Runs::Many(_) => None,
        }
    }

    /// The union of the origins of all characters: what a hash of the text comes from.
    pub fn origin(&self, origins: &mut Origins) -> Origin {
        match &self.0.runs {
            Runs::One(origin) => *origin,
            Runs::Many(runs) => {
                if let Some(known) = self.0.union.get() {
                    return known;
                }
                let mut distinct: Vec<Origin> = runs.iter().map(|run| run.origin).collect();
                distinct.sort_unstable();
                distinct.dedup();
                let union = origins.all(distinct);
                self.0.union.set(Some(union));
                union
            }
        }
    }

    /// The same characters with every origin rewritten; neighbouring runs of one origin are rewritten once.
    #[must_use]
    pub fn map_origins(&self, mut change: impl FnMut(Origin) -> Origin) -> Self {
        let runs = match &self.0.runs {
            Runs::One(origin) => match change(*origin) {
                same if same == *origin => return self.clone(),
                changed => Runs::One(changed),
            },
            Runs::Many(runs) => {
                let mut last: Option<(Origin, Origin)> = None;
                Runs::Many(
                    runs.iter()
                        .map(|run| {
                            let origin = match last {
                                Some((from, to)) if from == run.origin => to,
                                _ => change(run.origin),
                            };
                            last = Some((run.origin, origin));
                            Run { origin, ..*run }
                        })
                        .collect(),
                )
            }
        };
        Self::from_runs(self.0.bytes.clone(), runs, Origin::NONE)
    }

    /// The same characters, which are there only because of `condition`. Costs nothing for a text that already is.
    #[must_use]
    pub fn under(&self, condition: Origin, origins: &mut Origins) -> Self {
        if condition.is_none() || self.0.under == condition {
            return self.clone();
        }
        self.map_origins(|origin| origins.under(origin, condition))
            .already_under(condition)
    }

    /// Marks a text all of whose runs are under `condition`, so that [`Text::under`] has nothing to do.
    pub(super) fn already_under(mut self, condition: Origin) -> Self {
        if self.0.under == condition {
            return self;
        }
        match Rc::get_mut(&mut self.0) {
            Some(rope) => {
                rope.under = condition;
                self
            }
            None => Self::from_runs(self.0.bytes.clone(), self.0.runs.clone(), condition),
        }
    }

    pub(super) fn condition(&self) -> Origin {
        self.0.under
    }

    /// The bytes in `range` with their origins, and the empty runs inside it or at its ends. A range that does not fit is cut to the text.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let end = range.end.min(self.len());
        let start = range.start.min(end);
        if start == 0 && end == self.len() {
            return self.clone();
        }
        if let Runs::One(origin) = self.0.runs {
            let bytes = self.0.bytes.get(start..end).unwrap_or_default().to_vec();
            return Self::from_runs(bytes, Runs::One(origin), self.0.under);
        }
        let mut out = TextBuilder::new();
        out.push_slice(self, start..end);
        out.finish().already_under(self.0.under)
    }

    /// The text without the bytes at both ends that satisfy `drop`.
    #[must_use]
    pub fn trim_bytes(&self, drop: impl Fn(u8) -> bool) -> Self {
        let bytes = self.as_bytes();
        let start = bytes.iter().take_while(|&&b| drop(b)).count();
        let rest = bytes.get(start..).unwrap_or_default();
        let end = bytes.len() - rest.iter().rev().take_while(|&&b| drop(b)).count();
        self.slice(start..end)
    }

    /// The pieces between non-overlapping occurrences of `separator`, at most `limit` of them (Go's `SplitN`).
    /// An empty separator splits after each character.
    pub fn split(&self, separator: &[u8], limit: usize) -> Vec<Self> {
        let mut pieces = Vec::new();
        let mut start = 0;
        while pieces.len() + 1 < limit {
            let next = if separator.is_empty() {
                let width = self.char_at(start).map_or(0, |(_, width)| width);
                (width > 0 && start + width < self.len()).then_some(start + width)
            } else {
                find(self.as_bytes(), separator, start)
            };
            let Some(at) = next else { break };
            pieces.push(self.slice(start..at));
            start = at + separator.len();
        }
        if !(separator.is_empty() && self.is_empty()) && limit > 0 {
            pieces.push(self.slice(start..self.len()));
        }
        pieces
    }

    /// The first `limit` occurrences of `old` replaced by `new`, each with its own origins (Go's `strings.Replace`).
    /// An empty `old` matches before each character and at the end.
    #[must_use]
    pub fn replace(&self, old: &[u8], new: &Self, limit: usize) -> Self {
        let mut out = TextBuilder::new();
        let mut done = 0;
        let mut search = 0;
        for n in 0..limit {
            let at = if old.is_empty() {
                if n > 0 {
                    match self.char_at(search) {
                        Some((_, width)) => search += width,
                        None => break,
                    }
                }
                search
            } else {
                match find(self.as_bytes(), old, search) {
                    Some(at) => at,
                    None => break,
                }
            };
            out.push_slice(self, done..at);
            out.push_text(new);
            done = at + old.len();
            search = done;
        }
        if done == 0 && out.is_empty() {
            return self.clone();
        }
        out.push_slice(self, done..self.len());
        out.finish()
    }

    /// Texts with `separator` between them.
    pub fn join<'a>(pieces: impl IntoIterator<Item = &'a Self>, separator: &Self) -> Self {
        let mut out = TextBuilder::new();
        for (n, piece) in pieces.into_iter().enumerate() {
            if n > 0 {
                out.push_text(separator);
            }
            out.push_text(piece);
        }
        out.finish()
    }

    /// `prefix` before the text and after each of its line breaks (Helm's `indent`, empty lines included).
    /// The prefix of a line has the origin of what it moves.
    #[must_use]
    pub fn indent(&self, prefix: &[u8]) -> Self {
        self.indented(b"", prefix)
    }

    /// `before`, then the text with `prefix` before each line. What is added has the origin of the character after it.
    #[must_use]
    pub fn indented(&self, before: &[u8], prefix: &[u8]) -> Self {
        let bytes = self.as_bytes();
        let lines = line_breaks(bytes) + 1;
        let mut text = Vec::with_capacity(
            bytes
                .len()
                .saturating_add(lines.saturating_mul(prefix.len())),
        );
        text.extend_from_slice(before);
        // A prefix is added when the next byte is known, or the end.
        let mut owed = true;
        let mut runs = Vec::new();
        for (range, origin) in self.runs() {
            for &b in bytes.get(range).unwrap_or_default() {
                if owed {
                    text.extend_from_slice(prefix);
                }
                text.push(b);
                owed = b == b'\n';
            }
            push_run(&mut runs, text.len(), origin);
        }
        if owed {
            text.extend_from_slice(prefix);
        }
        let runs = match runs.as_mut_slice() {
            [] => Runs::One(Origin::NONE),
            [run] => Runs::One(run.origin),
            [.., last] => {
                last.end = text.len() as u32;
                Runs::Many(runs)
            }
        };
        Self::from_runs(text, runs, self.0.under)
    }

    /// The text with each character rewritten by `rewrite`, which appends what stands for it. Bytes that are not
    /// UTF-8 are given one by one as [`Char::Invalid`].
    #[must_use]
    pub fn rewrite(&self, mut rewrite: impl FnMut(Char, &mut Vec<u8>)) -> Self {
        let mut out = TextBuilder::new();
        let mut buffer = Vec::new();
        let mut at = 0;
        for (range, origin) in self.runs() {
            buffer.clear();
            // A character belongs to the run in which it begins.
            while at < range.end {
                let Some((char, width)) = self.char_at(at) else {
                    break;
                };
                rewrite(char, &mut buffer);
                at += width;
            }
            out.push(&buffer, origin);
        }
        out.finish().already_under(self.0.under)
    }

    /// The character that begins at a byte, and its width; `None` at the end.
    pub fn char_at(&self, at: usize) -> Option<(Char, usize)> {
        decode(self.as_bytes().get(at..).unwrap_or_default())
    }

    /// The characters, each with the byte at which it begins.
    pub fn chars(&self) -> impl Iterator<Item = (usize, Char)> + '_ {
        let mut at = 0;
        std::iter::from_fn(move || {
            let (char, width) = self.char_at(at)?;
            let start = at;
            at += width;
            Some((start, char))
        })
    }

    /// The text for the layers that only know UTF-8, and whether it had to be changed to be that.
    pub fn into_traced(self) -> (Traced, bool) {
        if self.as_str().is_none() {
            let clean = self.rewrite(|char, out| match char {
                Char::Valid(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                Char::Invalid(_) => out.extend_from_slice("\u{FFFD}".as_bytes()),
            });
            return (clean.into_traced().0, false);
        }
        let (bytes, runs) = match Rc::try_unwrap(self.0) {
            Ok(rope) => (rope.bytes, rope.runs),
            Err(shared) => (shared.bytes.clone(), shared.runs.clone()),
        };
        let text = String::from_utf8(bytes).expect("it was asked above whether it is UTF-8");
        let runs = match runs {
            Runs::One(origin) => vec![Run {
                end: text.len() as u32,
                origin,
            }],
            Runs::Many(runs) => runs,
        };
        (Traced::from_runs(text, runs), true)
    }
}

impl PartialEq for Text {
    /// Equal if and only if the bytes are: where they came from does not matter.
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Text {}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.lossy())
    }
}

impl From<&Traced> for Text {
    fn from(traced: &Traced) -> Self {
        Self::from_runs(
            traced.as_str().as_bytes().to_vec(),
            Runs::Many(traced.runs().to_vec()),
            Origin::NONE,
        )
    }
}

/// One character of a Go string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Char {
    /// A character.
    Valid(char),
    /// A byte that is no part of one; Go's functions read it as U+FFFD with a width of one byte.
    Invalid(u8),
}

impl Char {
    /// The character, U+FFFD for a byte that is not one.
    pub fn or_replacement(self) -> char {
        match self {
            Self::Valid(c) => c,
            Self::Invalid(_) => '\u{FFFD}',
        }
    }
}

/// The first character of `bytes` and its width.
pub fn decode(bytes: &[u8]) -> Option<(Char, usize)> {
    let &first = bytes.first()?;
    if first < 0x80 {
        return Some((Char::Valid(char::from(first)), 1));
    }
    let width = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => 1,
    };
    let valid = bytes
        .get(..width)
        .and_then(|piece| std::str::from_utf8(piece).ok())
        .and_then(|piece| piece.chars().next());
    Some(match valid {
        Some(c) => (Char::Valid(c), width),
        None => (Char::Invalid(first), 1),
    })
}

/// How many lines end in `bytes`.
#[expect(
    clippy::naive_bytecount,
    reason = "it is asked for error messages and once for each indented text"
)]
pub(super) fn line_breaks(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&b| b == b'\n').count()
}

/// The first occurrence of `needle` (not empty) in `haystack` at or after `from`.
pub fn find(haystack: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let (&first, rest) = needle.split_first()?;
    let mut at = from;
    loop {
        at += memchr::memchr(first, haystack.get(at..)?)?;
        if haystack.get(at + 1..)?.starts_with(rest) {
            return Some(at);
        }
        at += 1;
    }
}

/// Builds a [`Text`] from front to back.
#[derive(Clone, Default)]
pub struct TextBuilder {
    bytes: Vec<u8>,
    runs: Vec<Run>,
}

impl TextBuilder {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many bytes there are so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// True if and only if no byte was appended.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Appends bytes that came from `origin`. No bytes leave an empty run.
    pub fn push(&mut self, bytes: &[u8], origin: Origin) {
        self.bytes.extend_from_slice(bytes);
        push_run(&mut self.runs, self.bytes.len(), origin);
    }

    /// Appends a text with its origins.
    pub fn push_text(&mut self, text: &Text) {
        let base = self.bytes.len();
        self.bytes.extend_from_slice(text.as_bytes());
        for (range, origin) in text.runs() {
            push_run(&mut self.runs, base + range.end, origin);
        }
    }

    /// Appends the part of a text in `range`, and the empty runs inside it or at its ends.
    pub fn push_slice(&mut self, text: &Text, range: Range<usize>) {
        let end = range.end.min(text.len());
        let start = range.start.min(end);
        let base = self.bytes.len();
        self.bytes
            .extend_from_slice(text.as_bytes().get(start..end).unwrap_or_default());
        for (run, origin) in text.runs_from(start) {
            let (from, to) = (run.start.max(start), run.end.min(end));
            if from <= to && (from < to || run.is_empty()) {
                push_run(&mut self.runs, base + to - start, origin);
            }
            if run.start > end {
                break;
            }
        }
    }

    /// The text.
    pub fn finish(self) -> Text {
        let runs = match self.runs.as_slice() {
            [] => Runs::One(Origin::NONE),
            [run] => Runs::One(run.origin),
            _ => Runs::Many(self.runs),
        };
        Text::from_runs(self.bytes, runs, Origin::NONE)
    }
}

/// Appends a run that ends at `end`. Runs of one origin grow together, but an empty run stays apart from the text after it.
fn push_run(runs: &mut Vec<Run>, end: usize, origin: Origin) {
    let end = end as u32;
    let ended = |back: usize| runs.iter().rev().nth(back).map_or(0, |run| run.end);
    let (start, last_start) = (ended(0), ended(1));
    match runs.last_mut() {
        Some(last) if last.origin == origin && (start > last_start || end == start) => {
            last.end = end;
        }
        _ if origin.is_none() && end == start => {}
        _ => runs.push(Run { end, origin }),
    }
}
