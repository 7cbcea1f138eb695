//! Where a value came from: cheap handles into an arena of source places, and text that carries them.
//!
//! An [`Origin`] is a node of a graph that rendering builds as it goes: a place in a file, the union of two origins,
//! an origin under a condition, an origin laid over an earlier one. Combining is constant-time; [`Origins::trace`]
//! walks the graph only for the values that somebody asks about. Nothing here is guessed after rendering:
//! whoever produces a value says where it came from.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use foldhash::fast::FixedState;

use crate::text::{RepoPath, Span};

/// A handle to the provenance of one value, valid in the [`Origins`] that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Origin(u32);

impl Origin {
    /// No person wrote this value: it comes from the program itself.
    pub const NONE: Self = Self(0);

    /// True if and only if nothing is known about where the value came from.
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }
}

/// A handle to one source text in an [`Origins`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// What a source place contributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A plain Kubernetes manifest, or a resource file of a kustomization that nothing else includes.
    Manifest,
    /// The text of a Helm template.
    Template,
    /// A values file given by the person who deploys.
    Values,
    /// A `--set` argument, or the same thing in a GitOps object.
    Set,
    /// A resource that an overlay builds upon.
    Base,
    /// A patch of an overlay.
    Patch,
    /// A generator entry, or the file it reads.
    Generator,
    /// A field of a kustomization that rewrites resources (`namePrefix`, `images`, …).
    Transformer,
    /// A chart's own `values.yaml` or `Chart.yaml`.
    Default,
}

/// One place in one source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// The text.
    pub file: FileId,
    /// The bytes.
    pub span: Span,
    /// What they contributed.
    pub role: Role,
}

/// A values path that a template read and found unset or empty: where a missing field would have to be set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmptyRead {
    /// The path as the template of the top chart's values would name it, dot-separated (`web.resources.limits`).
    pub path: Arc<str>,
    /// The action that read it.
    pub read_at: Origin,
}

/// Small, because there is one for nearly every value that rendering makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    None,
    Source(Source),
    Both(Origin, Origin),
    Under {
        value: Origin,
        condition: Origin,
    },
    Over {
        now: Origin,
        was: Origin,
    },
    /// An index into the empty reads.
    Empty(u32),
}

impl std::hash::Hash for Node {
    /// In two words: this is asked for nearly every value that rendering makes.
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        let pair = |tag: u64, a: u32, b: u32| (tag, u64::from(a) << 32 | u64::from(b));
        let (first, second) = match self {
            Self::None => (0, 0),
            Self::Source(Source { file, span, role }) => {
                let place = u64::from(span.start) << 32 | u64::from(span.end);
                (1 | (*role as u64) << 8 | u64::from(file.0) << 32, place)
            }
            Self::Both(a, b) => pair(2, a.0, b.0),
            Self::Under { value, condition } => pair(3, value.0, condition.0),
            Self::Over { now, was } => pair(4, now.0, was.0),
            Self::Empty(index) => pair(5, *index, 0),
        };
        state.write_u64(first);
        state.write_u64(second);
    }
}

/// A text that origins point into.
#[derive(Debug, Clone)]
pub struct SourceText {
    /// Where the text is in the repository; for an argument of the command line, the argument's flag.
    pub path: RepoPath,
    /// The whole text.
    pub text: Arc<str>,
}

/// The arena behind the origins of one rendering.
#[derive(Debug, Clone)]
pub struct Origins {
    traces: bool,
    files: Vec<SourceText>,
    by_path: HashMap<RepoPath, FileId>,
    asked: BTreeMap<RepoPath, Source>,
    nodes: Vec<Node>,
    // Rendering asks this map for almost every value that it makes; the keys are not chosen by anybody who gains by collisions
    // beyond the limits of the work, so a fast hash with a fixed seed will do.
    interned: HashMap<Node, Origin, FixedState>,
    reads: Vec<EmptyRead>,
    by_read: HashMap<EmptyRead, u32, FixedState>,
}

/// Everything known about one origin, each list without repetition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace {
    /// The places whose text or value this is, in the order in which they were combined: the newest layer first.
    pub data: Vec<Source>,
    /// The places that decided that it appears at all: conditions and ranges, innermost first.
    pub control: Vec<Source>,
    /// What it replaced, newest first, one entry per layer.
    pub history: Vec<Vec<Source>>,
    /// Values paths that were read here and found empty.
    pub empty: Vec<EmptyRead>,
}

impl Default for Origins {
    fn default() -> Self {
        Self {
            traces: true,
            files: Vec::new(),
            by_path: HashMap::new(),
            asked: BTreeMap::new(),
            nodes: vec![Node::None],
            interned: HashMap::default(),
            reads: Vec::new(),
            by_read: HashMap::default(),
        }
    }
}

impl Origins {
    /// An arena that knows no file.
    pub fn new() -> Self {
        Self::default()
    }

    /// An arena that knows files only: every origin that it makes is [`Origin::NONE`]. For whoever wants a text and will not ask
    /// where it came from.
    pub fn untraced() -> Self {
        Self {
            traces: false,
            ..Self::default()
        }
    }

    /// False if and only if nobody will ask where anything came from.
    pub fn traces(&self) -> bool {
        self.traces
    }

    /// About how many bytes all origins made so far take.
    pub fn memory(&self) -> usize {
        // Each is in the arena and, as the key of its handle, in the map, which is up to half empty.
        const EACH: usize = 3 * size_of::<Node>() + 2 * size_of::<Origin>();
        self.nodes.len() * EACH
    }

    /// Registers a text. The same path gives the same handle; its first text is kept.
    pub fn add_file(&mut self, path: &RepoPath, text: &Arc<str>) -> FileId {
        if let Some(&id) = self.by_path.get(path) {
            return id;
        }
        let id = FileId(self.files.len() as u32);
        self.files.push(SourceText {
            path: path.clone(),
            text: Arc::clone(text),
        });
        self.by_path.insert(path.clone(), id);
        id
    }

    /// Notes that what lies at `top` was brought from outside the repository because of what is written at `by`. The first who
    /// asked is kept.
    pub fn ask(&mut self, top: &RepoPath, by: Origin) {
        if let Some(&source) = self.trace(by).data.first() {
            self.asked.entry(top.clone()).or_insert(source);
        }
    }

    /// The line of the repository that a person can change about a place: the place itself, or what asked for the fetched files
    /// that it lies in.
    pub fn in_repository(&self, place: Source) -> Source {
        let asker = |place: &Source| {
            let path = &self.file(place.file).path;
            let (_, by) = self.asked.iter().find(|(top, _)| path.is_within(top))?;
            Some(*by)
        };
        // What was fetched may itself have asked for more, and a hostile pair of charts for each other.
        std::iter::successors(Some(place), asker)
            .take(self.asked.len() + 1)
            .last()
            .unwrap_or(place)
    }

    /// The text behind a handle of this arena.
    pub fn file(&self, id: FileId) -> &SourceText {
        self.files
            .get(id.0 as usize)
            .expect("a FileId is only made by add_file of the same arena")
    }

    /// All texts, in the order of their registration.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &SourceText)> {
        self.files
            .iter()
            .enumerate()
            .map(|(i, file)| (FileId(i as u32), file))
    }

    fn intern(&mut self, node: Node) -> Origin {
        if !self.traces {
            return Origin::NONE;
        }
        let next = Origin(self.nodes.len() as u32);
        let origin = *self.interned.entry(node).or_insert(next);
        if origin == next {
            self.nodes.push(node);
        }
        origin
    }

    /// The origin of a value written at `span` of `file`.
    pub fn source(&mut self, file: FileId, span: Span, role: Role) -> Origin {
        let node = Node::Source(Source { file, span, role });
        // A collection begins where its first key or item does, which is asked for next.
        if self.nodes.last() == Some(&node) {
            return Origin(self.nodes.len() as u32 - 1);
        }
        self.intern(node)
    }

    /// The origin of a value made from two.
    pub fn both(&mut self, a: Origin, b: Origin) -> Origin {
        match (a, b) {
            (a, Origin::NONE) => a,
            (Origin::NONE, b) => b,
            (a, b) if a == b => a,
            (a, b) => self.intern(Node::Both(a, b)),
        }
    }

    /// The origin of a value made from many.
    pub fn all(&mut self, origins: impl IntoIterator<Item = Origin>) -> Origin {
        origins
            .into_iter()
            .fold(Origin::NONE, |sum, next| self.both(sum, next))
    }

    /// `value`, which is there only because of `condition`.
    pub fn under(&mut self, value: Origin, condition: Origin) -> Origin {
        if condition.is_none() || condition == value {
            value
        } else {
            self.intern(Node::Under { value, condition })
        }
    }

    /// `now`, which replaced a value that came from `was`.
    pub fn over(&mut self, now: Origin, was: Origin) -> Origin {
        if was.is_none() || was == now {
            now
        } else {
            self.intern(Node::Over { now, was })
        }
    }

    /// A read, at `read_at`, of a values path that is unset or empty.
    pub fn empty(&mut self, path: &str, read_at: Origin) -> Origin {
        if !self.traces {
            return Origin::NONE;
        }
        let read = EmptyRead {
            path: Arc::from(path),
            read_at,
        };
        let next = self.reads.len() as u32;
        let index = *self.by_read.entry(read.clone()).or_insert(next);
        if index == next {
            self.reads.push(read);
        }
        self.intern(Node::Empty(index))
    }

    /// Says of a text that the program wrote itself what its places stand for: from now on, that is their origin.
    pub(crate) fn stand_for(&mut self, file: FileId, meant: impl Fn(Span) -> Origin) {
        for node in &mut self.nodes {
            if let Node::Source(source) = *node
                && source.file == file
            {
                let meant = meant(source.span);
                *node = Node::Both(meant, meant);
            }
        }
    }

    /// Walks the graph behind `origin`.
    pub fn trace(&self, origin: Origin) -> Trace {
        let mut trace = Trace::default();
        let mut layers = vec![origin];
        let mut data = BTreeSet::new();
        let mut control = BTreeSet::new();
        let mut seen_layers = BTreeSet::new();
        // Each round takes one layer apart; what that layer replaced waits for the next round.
        for round in 0.. {
            let mut replaced = Vec::new();
            let mut found = Vec::new();
            let mut visited = BTreeSet::new();
            let mut todo: Vec<(Origin, bool)> = layers.iter().rev().map(|&o| (o, false)).collect();
            while let Some((next, is_control)) = todo.pop() {
                if !visited.insert((next, is_control)) {
                    continue;
                }
                match self.nodes.get(next.0 as usize).unwrap_or(&Node::None) {
                    Node::None => {}
                    Node::Source(source) if is_control => {
                        if control.insert(*source) {
                            trace.control.push(*source);
                        }
                    }
                    Node::Source(source) => {
                        if data.insert(*source) {
                            found.push(*source);
                        }
                    }
                    Node::Both(a, b) => todo.extend([(*b, is_control), (*a, is_control)]),
                    Node::Under { value, condition } => {
                        todo.extend([(*condition, true), (*value, is_control)]);
                    }
                    Node::Over { now, was } => {
                        todo.push((*now, is_control));
                        if !is_control && seen_layers.insert(*was) {
                            replaced.push(*was);
                        }
                    }
                    Node::Empty(index) => {
                        let Some(read) = self.reads.get(*index as usize) else {
                            continue;
                        };
                        if !trace.empty.contains(read) {
                            trace.empty.push(read.clone());
                        }
                        todo.push((read.read_at, true));
                    }
                }
            }
            if round == 0 {
                trace.data = found;
            } else if !found.is_empty() {
                trace.history.push(found);
            }
            if replaced.is_empty() {
                break;
            }
            layers = replaced;
        }
        trace
    }
}

/// A stretch of a [`Traced`] text with one origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Where the stretch ends, in bytes; it begins where the one before it ends.
    pub end: u32,
    /// Where its characters came from.
    pub origin: Origin,
}

/// A text that knows where each of its characters came from.
///
/// Runs may be empty: an empty run marks an action that printed nothing there (an empty read).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traced {
    text: String,
    runs: Vec<Run>,
}

impl Traced {
    /// An empty text.
    pub fn new() -> Self {
        Self::default()
    }

    /// A text with one origin.
    pub fn from_origin(text: impl Into<String>, origin: Origin) -> Self {
        let text = text.into();
        let runs = vec![Run {
            end: text.len() as u32,
            origin,
        }];
        Self { text, runs }
    }

    /// A text whose runs are known: in order, the last one ending at the end of the text.
    pub(crate) fn from_runs(text: String, runs: Vec<Run>) -> Self {
        debug_assert!(runs.last().is_none_or(|run| run.end as usize == text.len()));
        Self { text, runs }
    }

    /// The characters and the runs, for whoever goes on writing; [`from_runs`](Self::from_runs) is the way back.
    pub(crate) fn into_runs(self) -> (String, Vec<Run>) {
        (self.text, self.runs)
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The runs, in order; the last one ends at the end of the text.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The characters, without their origins.
    pub fn into_text(self) -> String {
        self.text
    }

    /// True if and only if there is no character; empty runs do not count.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Appends `text`, all of which came from `origin`. An empty `text` leaves an empty run.
    pub fn push(&mut self, text: &str, origin: Origin) {
        self.text.push_str(text);
        self.push_run(self.text.len() as u32, origin);
    }

    fn push_run(&mut self, end: u32, origin: Origin) {
        let ended = |back: usize| self.runs.iter().rev().nth(back).map_or(0, |run| run.end);
        let (start, last_start) = (ended(0), ended(1));
        match self.runs.last_mut() {
            // Runs of one origin grow together, but an empty run stays apart from the text after it.
            Some(last) if last.origin == origin && (start > last_start || end == start) => {
                last.end = end;
            }
            _ if origin.is_none() && end == start => {}
            _ => self.runs.push(Run { end, origin }),
        }
    }

    /// Appends another text with its origins.
    pub fn push_traced(&mut self, other: &Self) {
        let base = self.text.len() as u32;
        self.text.push_str(&other.text);
        for run in &other.runs {
            self.push_run(base + run.end, run.origin);
        }
    }

    /// The part in `span`, with its origins; empty where the span does not fit. Empty runs at both ends are kept.
    #[must_use]
    pub fn slice(&self, span: Span) -> Self {
        let mut out = Self::new();
        let Some(text) = self.text.get(span.start as usize..span.end as usize) else {
            return out;
        };
        text.clone_into(&mut out.text);
        let mut start = 0;
        for run in &self.runs {
            let (from, to) = (start.max(span.start), run.end.min(span.end));
            if from <= to && (from < to || start == run.end) {
                out.push_run(to - span.start, run.origin);
            }
            start = run.end;
        }
        out
    }

    /// The runs that cover a part of `span`, and the empty runs inside it or at its ends.
    pub fn runs_in(&self, span: Span) -> impl Iterator<Item = Origin> {
        let first = self.runs.partition_point(|run| run.end < span.start);
        let begin = first
            .checked_sub(1)
            .and_then(|i| self.runs.get(i))
            .map_or(0, |run| run.end);
        let mut start = begin;
        self.runs
            .iter()
            .skip(first)
            .map(move |run| {
                let piece = Span {
                    start,
                    end: run.end,
                };
                start = run.end;
                (piece, run.origin)
            })
            .take_while(move |(piece, _)| piece.start <= span.end)
            .filter(move |(piece, _)| piece.meets(span))
            .map(|(_, origin)| origin)
    }

    /// Rewrites every origin, keeping the text.
    #[must_use]
    pub fn map_origins(mut self, mut change: impl FnMut(Origin) -> Origin) -> Self {
        for run in &mut self.runs {
            run.origin = change(run.origin);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arena() -> (Origins, FileId) {
        let mut origins = Origins::new();
        let file = origins.add_file(
            &RepoPath::new("values.yaml").unwrap(),
            &Arc::from("a: 1\nb: 2\n"),
        );
        (origins, file)
    }

    #[test]
    fn a_trace_separates_data_conditions_and_history() {
        let (mut origins, file) = arena();
        let mut at = |start| origins.source(file, Span::new(start, start + 1), Role::Values);
        let (a, b, c, d) = (at(0), at(1), at(2), at(3));
        let joined = origins.both(a, b);
        let shown = origins.under(joined, c);
        let final_ = origins.over(shown, d);
        let trace = origins.trace(final_);
        let starts = |sources: &[Source]| sources.iter().map(|s| s.span.start).collect::<Vec<_>>();
        assert_eq!(starts(&trace.data), [0, 1]);
        assert_eq!(starts(&trace.control), [2]);
        assert_eq!(
            trace.history.iter().map(|h| starts(h)).collect::<Vec<_>>(),
            [[3]]
        );
    }

    #[test]
    fn combining_is_shared() {
        let (mut origins, file) = arena();
        let a = origins.source(file, Span::new(0, 1), Role::Values);
        let again = origins.source(file, Span::new(0, 1), Role::Values);
        assert_eq!(a, again);
        assert_eq!(origins.both(a, Origin::NONE), a);
        assert_eq!(origins.over(a, a), a);
    }

    #[test]
    fn slices_keep_runs_and_empty_runs() {
        let (mut origins, file) = arena();
        let a = origins.source(file, Span::new(0, 1), Role::Values);
        let b = origins.source(file, Span::new(5, 6), Role::Template);
        let empty = origins.empty("web.resources", b);
        let mut text = Traced::new();
        text.push("one", a);
        text.push("", empty);
        text.push("two", b);
        assert_eq!(text.runs().len(), 3);
        let part = text.slice(Span::new(2, 5));
        assert_eq!(part.as_str(), "etw");
        assert_eq!(
            part.runs()
                .iter()
                .map(|r| (r.end, r.origin))
                .collect::<Vec<_>>(),
            [(1, a), (1, empty), (3, b)]
        );
        assert_eq!(text.runs_in(Span::new(0, 2)).collect::<Vec<_>>(), [a]);
        assert_eq!(
            text.runs_in(Span::new(3, 4)).collect::<Vec<_>>(),
            [empty, b]
        );
        let mut twice = part.clone();
        twice.push_traced(&part);
        assert_eq!(twice.as_str(), "etwetw");
        assert_eq!(twice.runs().last().map(|r| r.end), Some(6));
    }
}
