//! The only door to `libyaml-rs`, the event source of the YAML tree, and the only place with unsafe code.
//!
//! It turns the C-style parser into an iterator of owned events with byte spans, and bounds the depth of what it yields,
//! because the time that the scanner needs grows with the square of the depth. What events mean is decided in [`parse`](mod@super::parse).
#![expect(
    unsafe_code,
    reason = "libyaml-rs is libyaml translated to Rust and offers its C interface only"
)]

use std::borrow::Cow;
use std::ffi::{CStr, c_void};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr;

use libyaml_rs as sys;

use super::{MAX_DEPTH, ScalarStyle, SyntaxError};
use crate::text::Span;

/// The scanner compares each `%TAG` directive with all others, so their number is bounded.
const MAX_TAG_DIRECTIVES: usize = 1000;

/// How far go-yaml reads ahead of what it scans. A control character is an error once it is read, so this decides
/// how many documents before it survive.
const CHUNK: usize = 512;

/// The size of libyaml's own buffer of unread bytes.
const RAW_BUFFER: usize = 16_384;

/// One event of a YAML stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event<'t> {
    /// A document begins; the minor version that a `%YAML` directive names.
    DocumentStart { minor: Option<i32> },
    /// A document ends, by `...` if and only if `explicit`.
    DocumentEnd { explicit: bool },
    /// `*name`.
    Alias { anchor: String },
    /// A scalar.
    Scalar {
        anchor: Option<String>,
        tag: Option<String>,
        text: Cow<'t, str>,
        style: ScalarStyle,
    },
    /// A sequence or mapping begins.
    Start {
        anchor: Option<String>,
        tag: Option<String>,
        mapping: bool,
        flow: bool,
    },
    /// The innermost collection ends.
    End,
}

/// The events of one text, each with its bytes. Ends at the first error.
pub(super) struct Events<'a> {
    // Boxed by hand: the parser holds a pointer to itself, so no reference may claim it for its own.
    parser: *mut sys::yaml_parser_t,
    // Boxed by hand too, because the parser holds a pointer to it.
    input: *mut Input,
    text: PhantomData<&'a str>,
    // Length of the byte order mark, which the parser does not see.
    shift: usize,
    depth: usize,
    refused: Option<SyntaxError>,
    done: bool,
}

/// What the parser has not asked for yet.
struct Input {
    next: *const u8,
    left: usize,
}

impl<'a> Events<'a> {
    /// Starts to read `text`. A byte order mark at its start is skipped, and counted in the spans.
    pub(super) fn new(text: &'a str) -> Self {
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let shift = text.len() - body.len();
        let parser = Box::into_raw(Box::new(MaybeUninit::<sys::yaml_parser_t>::zeroed()))
            .cast::<sys::yaml_parser_t>();
        let input = Box::into_raw(Box::new(Input {
            next: body.as_ptr(),
            left: body.len(),
        }));
        // SAFETY: `parser` points to memory of the right size, which `yaml_parser_initialize` fills (it cannot fail:
        // a failed allocation aborts). `input` is what `feed` expects and lives as long as the parser.
        unsafe {
            let _ = sys::yaml_parser_initialize(parser);
            sys::yaml_parser_set_encoding(parser, sys::YAML_UTF8_ENCODING);
            sys::yaml_parser_set_input(parser, feed, input.cast());
        }
        let refused = excess_directive(body).map(|at| SyntaxError {
            span: Span::at(at + shift),
            message: format!("found more than {MAX_TAG_DIRECTIVES} %TAG directives"),
        });
        Self {
            parser,
            input,
            text: PhantomData,
            shift,
            depth: 0,
            refused,
            done: false,
        }
    }

    fn error(&self) -> SyntaxError {
        // SAFETY: the parser is initialised, and these are plain fields; `problem` is null or points to one of the
        // parser's static, NUL-terminated messages.
        let (index, message) = unsafe {
            let parser = &**self.parser;
            let index = if parser.error == sys::YAML_READER_ERROR {
                parser.problem_offset
            } else {
                parser.problem_mark.index
            };
            let message = if parser.problem.is_null() {
                "it cannot be read".to_owned()
            } else {
                CStr::from_ptr(parser.problem.cast())
                    .to_string_lossy()
                    .into_owned()
            };
            (index, message)
        };
        SyntaxError {
            span: Span::at(index as usize + self.shift),
            message,
        }
    }

    /// Takes the next event out of the parser; `None` for the events that carry nothing and at the end.
    fn pull(&mut self) -> Result<Option<(Event<'static>, Span)>, SyntaxError> {
        let mut raw = MaybeUninit::<sys::yaml_event_t>::zeroed();
        // SAFETY: the parser is initialised; it zeroes `raw` and fills it on success.
        if !unsafe { sys::yaml_parser_parse(self.parser, raw.as_mut_ptr()) }.ok {
            return Err(self.error());
        }
        // SAFETY: zeroed memory is the valid "no event", and the parser only writes valid events over it.
        let mut raw = unsafe { raw.assume_init() };
        let span = Span::new(
            raw.start_mark.index as usize + self.shift,
            raw.end_mark.index as usize + self.shift,
        );
        if raw.type_ == sys::YAML_STREAM_END_EVENT || raw.type_ == sys::YAML_NO_EVENT {
            self.done = true;
        }
        // SAFETY: the event is intact, and deleted once, after everything it owns was copied.
        let event = unsafe {
            let event = convert(&raw);
            sys::yaml_event_delete(&raw mut raw);
            event
        };
        Ok(event.map(|event| (event, span)))
    }
}

impl Iterator for Events<'_> {
    type Item = Result<(Event<'static>, Span), SyntaxError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.refused.take() {
            self.done = true;
            return Some(Err(error));
        }
        while !self.done {
            match self.pull() {
                Ok(None) => {}
                Ok(Some((event, span))) => {
                    match event {
                        Event::Start { .. } => self.depth += 1,
                        Event::End => self.depth = self.depth.saturating_sub(1),
                        _ => {}
                    }
                    if self.depth > MAX_DEPTH {
                        self.done = true;
                        return Some(Err(SyntaxError {
                            span,
                            message: format!("found more than {MAX_DEPTH} levels of nesting"),
                        }));
                    }
                    return Some(Ok((event, span)));
                }
                Err(error) => {
                    self.done = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

impl Drop for Events<'_> {
    fn drop(&mut self) {
        // SAFETY: the parser was initialised in `new` and is deleted once, here; both pointers came from boxes of these types.
        unsafe {
            sys::yaml_parser_delete(self.parser);
            drop(Box::from_raw(
                self.parser.cast::<MaybeUninit<sys::yaml_parser_t>>(),
            ));
            drop(Box::from_raw(self.input));
        }
    }
}

/// Hands the parser its next bytes, in the portions in which go-yaml would read them.
///
/// # Safety
/// `input` points to an [`Input`] whose text is alive; `buffer` has room for `room` bytes; `taken` can be written.
unsafe fn feed(input: *mut c_void, buffer: *mut u8, room: u64, taken: *mut u64) -> i32 {
    // What the parser could not decode yet (an incomplete character) counts as part of the portion.
    let waiting = RAW_BUFFER.saturating_sub(room as usize);
    // SAFETY: by the contract. `count` is within the text, because it is at most `left`, and within the buffer.
    unsafe {
        let input = &mut *input.cast::<Input>();
        let count = input
            .left
            .min(CHUNK.saturating_sub(waiting).max(1))
            .min(room as usize);
        ptr::copy_nonoverlapping(input.next, buffer, count);
        input.next = input.next.add(count);
        input.left -= count;
        *taken = count as u64;
    }
    1
}

/// The text of bytes that come out of a text, and are one unless the parser cut a character.
fn owned(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Copies an event out of the parser's memory.
///
/// # Safety
/// `raw` is an event that the parser filled and that was not deleted.
unsafe fn convert(raw: &sys::yaml_event_t) -> Option<Event<'static>> {
    // SAFETY: by the contract, the union field that belongs to the event's type is initialised, and its pointers are
    // null or point to what their type says, NUL-terminated or with the given length.
    unsafe {
        Some(match raw.type_ {
            sys::YAML_DOCUMENT_START_EVENT => Event::DocumentStart {
                minor: raw
                    .data
                    .document_start
                    .version_directive
                    .as_ref()
                    .map(|version| version.minor),
            },
            sys::YAML_DOCUMENT_END_EVENT => Event::DocumentEnd {
                explicit: !raw.data.document_end.implicit,
            },
            sys::YAML_ALIAS_EVENT => Event::Alias {
                anchor: name(raw.data.alias.anchor).unwrap_or_default(),
            },
            sys::YAML_SCALAR_EVENT => {
                let scalar = raw.data.scalar;
                let bytes = if scalar.value.is_null() {
                    &[]
                } else {
                    &*ptr::slice_from_raw_parts(scalar.value, scalar.length as usize)
                };
                Event::Scalar {
                    anchor: name(scalar.anchor),
                    tag: name(scalar.tag),
                    text: Cow::Owned(owned(bytes)),
                    style: match scalar.style {
                        sys::YAML_SINGLE_QUOTED_SCALAR_STYLE => ScalarStyle::SingleQuoted,
                        sys::YAML_DOUBLE_QUOTED_SCALAR_STYLE => ScalarStyle::DoubleQuoted,
                        sys::YAML_LITERAL_SCALAR_STYLE => ScalarStyle::Literal,
                        sys::YAML_FOLDED_SCALAR_STYLE => ScalarStyle::Folded,
                        _ => ScalarStyle::Plain,
                    },
                }
            }
            sys::YAML_SEQUENCE_START_EVENT => Event::Start {
                anchor: name(raw.data.sequence_start.anchor),
                tag: name(raw.data.sequence_start.tag),
                mapping: false,
                flow: raw.data.sequence_start.style == sys::YAML_FLOW_SEQUENCE_STYLE,
            },
            sys::YAML_MAPPING_START_EVENT => Event::Start {
                anchor: name(raw.data.mapping_start.anchor),
                tag: name(raw.data.mapping_start.tag),
                mapping: true,
                flow: raw.data.mapping_start.style == sys::YAML_FLOW_MAPPING_STYLE,
            },
            sys::YAML_SEQUENCE_END_EVENT | sys::YAML_MAPPING_END_EVENT => Event::End,
            _ => return None,
        })
    }
}

/// # Safety
/// `text` is null or points to a NUL-terminated string.
unsafe fn name(text: *const u8) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: by the contract.
    let text = unsafe { CStr::from_ptr(text.cast()) };
    Some(text.to_string_lossy().into_owned())
}

/// Where the first `%TAG` directive stands that is one too many.
fn excess_directive(body: &str) -> Option<usize> {
    if body.starts_with("%TAG") || body.contains("\n%TAG") || body.contains("\r%TAG") {
        body.match_indices("%TAG")
            .filter(|&(at, _)| {
                body.get(..at)
                    .is_some_and(|before| before.is_empty() || before.ends_with(['\n', '\r']))
            })
            .nth(MAX_TAG_DIRECTIVES)
            .map(|(at, _)| at)
    } else {
        None
    }
}
