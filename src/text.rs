//! Paths, spans and edits: the vocabulary in which every other module speaks about the files of a repository.
//!
//! Nothing here reads a file. Text is never mutated: the core produces [`TextEdit`]s, and whoever owns the file applies them.

pub mod address;

use std::fmt;
use std::sync::Arc;

/// A path inside the repository: relative, `/`-separated, normalised, and unable to leave the tree.
///
/// The root of the tree is the empty path. A file inside a packed chart is named by the path of the archive
/// followed by its path within (`charts/redis-1.0.0.tgz/templates/cm.yaml`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Arc<str>);

/// Why a text cannot be a [`RepoPath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The path is absolute; only paths below the root of the tree exist here.
    #[error("`{0}` is an absolute path")]
    Absolute(String),
    /// The path climbs above the root of the tree.
    #[error("`{0}` leads outside the repository")]
    Outside(String),
    /// The path holds a NUL character, which no file system accepts.
    #[error("a path holds a NUL character")]
    Nul,
}

impl RepoPath {
    /// The root of the tree.
    pub fn root() -> Self {
        Self(Arc::from(""))
    }

    /// Normalises `path`, which is relative to the root of the tree.
    pub fn new(path: &str) -> Result<Self, PathError> {
        Self::root().join(path)
    }

    /// Resolves `path` against this directory. `.` and `..` are folded away; leaving the tree is an error.
    pub fn join(&self, path: &str) -> Result<Self, PathError> {
        if path.contains('\0') {
            return Err(PathError::Nul);
        }
        if path.starts_with('/') {
            return Err(PathError::Absolute(path.to_owned()));
        }
        let mut parts: Vec<&str> = self.components().collect();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    if parts.pop().is_none() {
                        return Err(PathError::Outside(path.to_owned()));
                    }
                }
                name => parts.push(name),
            }
        }
        Ok(Self(Arc::from(parts.join("/"))))
    }

    /// A bound for ranges over sorted paths, which need not be a path (`a/` stands before all that lies in `a`).
    pub(crate) fn bound(text: &str) -> Self {
        Self(Arc::from(text))
    }

    /// The path of one name in this directory; `None` for what is not a single name (`..`, `a/b`, nothing).
    pub(crate) fn child(&self, name: &str) -> Option<Self> {
        if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
            None
        } else if self.is_root() {
            Some(Self(Arc::from(name)))
        } else {
            Some(Self(Arc::from(format!("{self}/{name}"))))
        }
    }

    /// The path as text; empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True if and only if this is the root of the tree.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The directory that holds this path; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(match self.0.rsplit_once('/') {
            Some((parent, _)) => Self(Arc::from(parent)),
            None => Self::root(),
        })
    }

    /// The last component; empty for the root.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The components, outermost first; none for the root.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// The rest of this path below `directory`, or `None` where it is not inside it. A path is inside itself.
    pub fn strip_prefix<'a>(&'a self, directory: &Self) -> Option<&'a str> {
        if directory.is_root() {
            return Some(&self.0);
        }
        let rest = self.0.strip_prefix(&*directory.0)?;
        if rest.is_empty() {
            Some(rest)
        } else {
            rest.strip_prefix('/')
        }
    }

    /// True if and only if this path is `directory` or lies below it.
    pub fn is_within(&self, directory: &Self) -> bool {
        self.strip_prefix(directory).is_some()
    }

    /// The way from `directory` to this path, with `..` where needed: what a person would write in a file there.
    pub fn relative_to(&self, directory: &Self) -> String {
        let here: Vec<&str> = directory.components().collect();
        let there: Vec<&str> = self.components().collect();
        let shared = here.iter().zip(&there).take_while(|(a, b)| a == b).count();
        let ups = std::iter::repeat_n("..", here.len() - shared);
        let relative: Vec<&str> = ups.chain(there.into_iter().skip(shared)).collect();
        if relative.is_empty() {
            ".".to_owned()
        } else {
            relative.join("/")
        }
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_root() { "." } else { &self.0 })
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// A half-open range of bytes in one text. Texts beyond 4 GiB are refused where files are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` to `end`, in bytes.
    pub fn new(start: usize, end: usize) -> Self {
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    /// An empty span: a place between two bytes.
    pub fn at(offset: usize) -> Self {
        Self::new(offset, offset)
    }

    /// Length in bytes.
    pub fn len(self) -> usize {
        self.end.saturating_sub(self.start) as usize
    }

    /// True if and only if the span covers no byte.
    pub fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// The bytes of `text` that the span covers; empty where it does not fit the text.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }

    /// True if and only if the two spans share a byte, or touch where one of them is empty.
    pub fn meets(self, other: Self) -> bool {
        if self.is_empty() || other.is_empty() {
            self.start <= other.end && other.start <= self.end
        } else {
            self.start < other.end && other.start < self.end
        }
    }
}

/// A place for people: line and column count from 1, the column in Unicode characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// Where each line of a text begins. A line ends after `\n`; a `\r` before it belongs to the line.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<u32>,
    length: u32,
}

impl LineIndex {
    /// Indexes `text`.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(
            text.bytes()
                .enumerate()
                .filter(|&(_, b)| b == b'\n')
                .map(|(i, _)| i as u32 + 1),
        );
        Self {
            starts,
            length: text.len() as u32,
        }
    }

    /// The position of a byte offset in the text that was indexed; past its end, the position of its end.
    pub fn position(&self, text: &str, offset: u32) -> Position {
        let offset = offset.min(self.length);
        let line = self.starts.partition_point(|&start| start <= offset);
        let start = self
            .starts
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or_default();
        let before = text
            .as_bytes()
            .get(start as usize..offset as usize)
            .unwrap_or_default();
        let column = before.iter().filter(|&&b| b & 0xC0 != 0x80).count();
        Position {
            line: line as u32,
            column: column as u32 + 1,
        }
    }

    /// How many lines the text has; a text that ends with a line break has none after it.
    pub fn lines(&self) -> u32 {
        let last_is_empty = self.starts.last() == Some(&self.length) && self.length > 0;
        self.starts.len() as u32 - u32::from(last_is_empty)
    }

    /// The bytes of a line (from 1) with its line break; an empty span past the end of the text.
    pub fn line(&self, line: u32) -> Span {
        let start = self
            .starts
            .get(line.saturating_sub(1) as usize)
            .copied()
            .unwrap_or(self.length);
        let end = self
            .starts
            .get(line as usize)
            .copied()
            .unwrap_or(self.length);
        Span { start, end }
    }
}

/// A replacement of one span by a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// What stands there afterwards; empty for a deletion.
    pub text: String,
}

/// Edits of one text, sorted and disjoint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextEdit {
    edits: Vec<Edit>,
}

/// Two edits want to change the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("two edits change the same text at byte {0}")]
pub struct Overlap(pub u32);

impl TextEdit {
    /// Sorts `edits`; overlapping ones, and two insertions at one place, are an error.
    pub fn new(mut edits: Vec<Edit>) -> Result<Self, Overlap> {
        edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
        for pair in edits.windows(2) {
            if let [a, b] = pair
                && (b.span.start < a.span.end || a.span == b.span)
            {
                return Err(Overlap(b.span.start));
            }
        }
        Ok(Self { edits })
    }

    /// A single replacement.
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Self {
            edits: vec![Edit {
                span,
                text: text.into(),
            }],
        }
    }

    /// The edits in the order of the text.
    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }

    /// True if and only if applying this leaves every text as it is.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// The text after the edits. Spans that do not fit `text` (outside it, or inside a character) change nothing.
    pub fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for edit in &self.edits {
            let (start, end) = (edit.span.start as usize, edit.span.end as usize);
            let (Some(before), Some(_)) = (text.get(done..start), text.get(start..end)) else {
                continue;
            };
            out.push_str(before);
            out.push_str(&edit.text);
            done = end;
        }
        out.push_str(text.get(done..).unwrap_or_default());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside_the_tree() {
        let path = |p: &str| RepoPath::new(p).map(|p| p.as_str().to_owned());
        assert_eq!(path("./a//b/../c"), Ok("a/c".to_owned()));
        assert_eq!(path(""), Ok(String::new()));
        assert_eq!(
            path("a/../../b"),
            Err(PathError::Outside("a/../../b".to_owned()))
        );
        assert_eq!(
            path("/etc/passwd"),
            Err(PathError::Absolute("/etc/passwd".to_owned()))
        );
        let base = RepoPath::new("apps/web").unwrap();
        assert_eq!(base.join("../api").unwrap().as_str(), "apps/api");
        assert_eq!(
            RepoPath::new("apps/api/x.yaml").unwrap().relative_to(&base),
            "../api/x.yaml"
        );
        assert!(RepoPath::new("apps/web").unwrap().is_within(&base));
        assert!(!RepoPath::new("apps/website").unwrap().is_within(&base));
    }

    #[test]
    fn positions_count_characters_and_lines() {
        let text = "a\r\né日x\n";
        let index = LineIndex::new(text);
        assert_eq!(index.position(text, 3), Position { line: 2, column: 1 });
        assert_eq!(index.position(text, 8), Position { line: 2, column: 3 });
        assert_eq!(index.position(text, 999), Position { line: 3, column: 1 });
        assert_eq!(index.lines(), 2);
        assert_eq!(index.line(1).of(text), "a\r\n");
        assert_eq!(LineIndex::new("").lines(), 1);
    }

    #[test]
    fn edits_are_disjoint_and_applied_in_order() {
        let edit = |start, end, text: &str| Edit {
            span: Span::new(start, end),
            text: text.to_owned(),
        };
        let edits = TextEdit::new(vec![edit(4, 5, "E"), edit(0, 0, ">"), edit(1, 2, "")]).unwrap();
        assert_eq!(edits.apply("abcde"), ">acdE");
        assert!(TextEdit::new(vec![edit(0, 3, ""), edit(2, 4, "")]).is_err());
        assert!(TextEdit::new(vec![edit(2, 2, "a"), edit(2, 2, "b")]).is_err());
    }
}
