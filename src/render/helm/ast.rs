//! A parsed template: an arena of nodes, each with its bytes in the source and the position that Go reports for it.
//!
//! What a text says is one thing, a [`Syntax`], which any number of renderings may share; that it stands in a file of some name
//! is another, a [`Tree`]. Nodes print themselves as Go's do, because Go's error messages quote them.

use std::cell::{Cell, OnceCell};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use super::function::Signature;
use super::string::{Text, TextBuilder, line_breaks};
use crate::origin::{FileId, Origin, Origins, Role};
use crate::text::Span;

/// A node of one [`Syntax`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NodeId(pub(super) u32);

/// The name of a variable or a field in one [`Syntax`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Symbol(u32);

impl Symbol {
    /// `$`, which the parser names first.
    pub(super) const DOLLAR: Self = Self(0);
}

/// Some nodes of one [`Syntax`] in their order, which it keeps with all others ([`Tree::nodes`]).
#[derive(Debug, Clone, Copy)]
pub(super) struct Nodes(u32, u32);

/// Some names of one [`Syntax`] in their order ([`Tree::symbols`]).
#[derive(Debug, Clone, Copy)]
pub(super) struct Symbols(u32, u32);

impl Symbols {
    pub(super) fn is_empty(self) -> bool {
        self.0 == self.1
    }
}

pub(super) struct Node {
    /// Where Go says that the node is. For `.a.b` that is the second dot.
    pub(super) at: u32,
    /// Its bytes; of an action or a control structure, the action with its delimiters.
    pub(super) span: Span,
    pub(super) kind: NodeKind,
}

pub(super) enum NodeKind {
    List(Nodes),
    /// Literal text: the node's span.
    Text,
    Action(NodeId),
    Branch {
        with: bool,
        pipe: NodeId,
        body: NodeId,
        otherwise: Option<NodeId>,
        /// The variables that something inside assigns, whether it is executed or not.
        assigned: Symbols,
    },
    Range {
        pipe: NodeId,
        body: NodeId,
        otherwise: Option<NodeId>,
        /// As in a branch.
        assigned: Symbols,
    },
    Template {
        name: Arc<str>,
        pipe: Option<NodeId>,
    },
    Break,
    Continue,
    Pipe {
        declares: Symbols,
        assigns: bool,
        commands: Nodes,
    },
    /// At least one argument.
    Command(Nodes),
    Function(&'static Signature),
    Variable {
        symbol: Symbol,
        fields: Symbols,
    },
    Dot,
    Nil,
    Field(Symbols),
    Chain {
        base: NodeId,
        fields: Symbols,
    },
    Bool(bool),
    /// A number literal, apart because it is larger than any other node.
    Number(Box<Number>),
    /// Which of the text's string literals it is.
    String(u32),
}

/// A number literal, with every reading that it allows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Number {
    pub(super) int: Option<i64>,
    pub(super) uint: Option<u64>,
    pub(super) float: Option<f64>,
    /// Real and imaginary part of a literal that ends in `i`.
    pub(super) complex: Option<(f64, f64)>,
    /// True for a literal that is written as a float (`1.0`, `1e3`).
    pub(super) is_float: bool,
}

/// What a tree was parsed from.
pub(super) enum SourceText {
    /// A file of the chart.
    File(FileId, Arc<str>),
    /// A text that `tpl` was given: its bytes have origins of their own.
    Value(Text),
}

impl SourceText {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::File(_, text) => text.as_bytes(),
            Self::Value(text) => text.as_bytes(),
        }
    }
}

/// A part of a literal text.
struct Piece {
    /// All its bytes: the indentation before it and the line break after it are its own.
    covers: Range<usize>,
    /// The bytes that a reader is shown.
    written: Range<usize>,
}

/// Takes a text apart into its lines, and a line into a key and what follows it.
fn pieces(text: &str) -> impl Iterator<Item = Piece> + '_ {
    let mut at = 0;
    text.split_inclusive('\n').flat_map(move |line| {
        let start = at;
        at += line.len();
        let inner = line.trim();
        let indent = if inner.is_empty() {
            0
        } else {
            line.len() - line.trim_start().len()
        };
        let (from, to) = (start + indent, start + indent + inner.len());
        let whole = Piece {
            covers: start..at,
            written: from..to,
        };
        let key_end = inner.find(": ").map(|colon| from + colon + 1);
        match key_end {
            Some(key_end) => {
                let value = key_end
                    + text
                        .get(key_end..to)
                        .map_or(0, |rest| rest.len() - rest.trim_start().len());
                [
                    Some(Piece {
                        covers: start..key_end,
                        written: from..key_end,
                    }),
                    Some(Piece {
                        covers: key_end..at,
                        written: value..to,
                    }),
                ]
            }
            None => [Some(whole), None],
        }
        .into_iter()
        .flatten()
    })
}

/// What a text says under one name.
pub(super) struct Root {
    /// The name of a definition; none for the text itself.
    pub(super) name: Option<Arc<str>>,
    /// What is said.
    pub(super) list: NodeId,
    /// The byte of the token with which it is complete.
    pub(super) end: usize,
}

/// The nodes of one text: the template that it is and all that it defines. Nothing here depends on where the text stands.
pub(in crate::render) struct Syntax {
    nodes: Vec<Node>,
    lists: Vec<NodeId>,
    names: Vec<Symbol>,
    symbols: Vec<Arc<str>>,
    /// The string literals.
    literals: Vec<Vec<u8>>,
    /// What is defined, in the order of the text: first the whole, whose name is that of the text.
    roots: Vec<Root>,
}

impl Syntax {
    /// About how many bytes it takes.
    pub(in crate::render) fn memory(&self) -> usize {
        // A node's own lists and names are about as large again.
        2 * std::mem::size_of_val(self.nodes.as_slice())
    }
}

/// A [`Syntax`] of a text with a name and a place, and what one rendering remembers of its nodes.
pub(super) struct Tree {
    /// The name that error messages use: the file's path, `gotpl` for `tpl`.
    pub(super) name: Arc<str>,
    pub(super) source: SourceText,
    syntax: Arc<Syntax>,
    /// Of each node, once somebody has asked.
    origins: OnceCell<Box<[Cell<Origin>]>>,
    /// Of each string literal, once it was evaluated.
    literals: Box<[OnceCell<Text>]>,
}

/// A named template: a list node of a tree.
#[derive(Clone)]
pub(super) struct Definition {
    pub(super) name: Arc<str>,
    pub(super) tree: Rc<Tree>,
    pub(super) root: NodeId,
}

impl Tree {
    /// `syntax` must be what `source` was parsed to.
    pub(super) fn new(name: Arc<str>, source: SourceText, syntax: Arc<Syntax>) -> Self {
        let literals = syntax.literals.iter().map(|_| OnceCell::new()).collect();
        Self {
            name,
            source,
            syntax,
            origins: OnceCell::new(),
            literals,
        }
    }

    /// The template itself and what it defines, in that order; where two definitions have one name and neither is empty, that
    /// name, the second of them, and the byte at which that was complete.
    pub(super) fn definitions(self: &Rc<Self>) -> Result<Vec<Definition>, (Arc<str>, Span, usize)> {
        let mut definitions: Vec<Definition> = Vec::new();
        for Root { name, list, end } in &self.syntax.roots {
            let definition = Definition {
                name: Arc::clone(name.as_ref().unwrap_or(&self.name)),
                tree: Rc::clone(self),
                root: *list,
            };
            match definitions.iter_mut().find(|d| d.name == definition.name) {
                Some(known) => {
                    if self.is_empty_list(known.root) {
                        *known = definition;
                    } else if !self.is_empty_list(*list) {
                        return Err((definition.name, self.node(*list).span, *end));
                    }
                }
                None => definitions.push(definition),
            }
        }
        Ok(definitions)
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        self.syntax
            .nodes
            .get(id.0 as usize)
            .expect("a NodeId is only made by the parser of the same text")
    }

    /// About how many bytes the nodes take.
    pub(super) fn memory(&self) -> usize {
        self.syntax.memory()
    }

    pub(super) fn nodes(&self, Nodes(start, end): Nodes) -> &[NodeId] {
        let range = start as usize..end as usize;
        self.syntax.lists.get(range).unwrap_or_default()
    }

    pub(super) fn symbols(&self, Symbols(start, end): Symbols) -> &[Symbol] {
        let range = start as usize..end as usize;
        self.syntax.names.get(range).unwrap_or_default()
    }

    pub(super) fn symbol(&self, symbol: Symbol) -> &str {
        let symbol = self.syntax.symbols.get(symbol.0 as usize);
        symbol.map_or("", |name| name)
    }

    /// The origin of a node's own bytes.
    pub(super) fn origin(&self, id: NodeId, origins: &mut Origins) -> Origin {
        if !origins.traces() {
            return Origin::NONE;
        }
        let known = self.origins.get_or_init(|| {
            let none = || Cell::new(Origin::NONE);
            self.syntax.nodes.iter().map(|_| none()).collect()
        });
        let node = self.node(id);
        let Some(known) = known.get(id.0 as usize) else {
            return Origin::NONE;
        };
        if known.get().is_none() {
            known.set(match &self.source {
                SourceText::File(file, _) => origins.source(*file, node.span, Role::Template),
                SourceText::Value(text) => text
                    .slice(node.span.start as usize..node.span.end as usize)
                    .origin(origins),
            });
        }
        known.get()
    }

    /// The value of a string literal.
    pub(super) fn literal(&self, id: NodeId, origins: &mut Origins) -> Text {
        let NodeKind::String(number) = self.node(id).kind else {
            return Text::empty();
        };
        let number = number as usize;
        let (Some(bytes), Some(known)) =
            (self.syntax.literals.get(number), self.literals.get(number))
        else {
            return Text::empty();
        };
        let text = || Text::new(bytes.clone(), self.origin(id, origins));
        known.get_or_init(text).clone()
    }

    /// Appends the literal text of a node.
    pub(super) fn push_text(
        &self,
        id: NodeId,
        control: Origin,
        out: &mut TextBuilder,
        origins: &mut Origins,
    ) {
        let span = self.node(id).span;
        let range = span.start as usize..span.end as usize;
        match &self.source {
            SourceText::File(_, text) if !origins.traces() => {
                out.push(text.as_bytes().get(range).unwrap_or_default(), Origin::NONE);
            }
            SourceText::File(file, text) => {
                // One origin for each thing a person wrote, so that a reader is shown its line and not the whole text.
                let text = text.get(range.clone()).unwrap_or_default();
                for piece in pieces(text) {
                    let written = Span::new(
                        range.start + piece.written.start,
                        range.start + piece.written.end,
                    );
                    let origin = origins.source(*file, written, Role::Template);
                    let origin = origins.under(origin, control);
                    out.push(
                        text.as_bytes().get(piece.covers).unwrap_or_default(),
                        origin,
                    );
                }
            }
            SourceText::Value(text) => {
                out.push_text(&text.slice(range).under(control, origins));
            }
        }
    }

    /// `file:line:column` of a node as Go counts: lines from 1, columns in bytes from 0.
    pub(super) fn location(&self, id: NodeId) -> String {
        let bytes = self.source.bytes();
        let at = (self.node(id).at as usize).min(bytes.len());
        let before = bytes.get(..at).unwrap_or_default();
        let line = line_breaks(before) + 1;
        let column = before.iter().rev().take_while(|&&b| b != b'\n').count();
        format!("{}:{line}:{column}", self.name)
    }

    /// True if and only if there is nothing but white space and comments in a list.
    pub(super) fn is_empty_list(&self, id: NodeId) -> bool {
        match self.node(id).kind {
            NodeKind::List(items) => self.nodes(items).iter().all(|&item| {
                let node = self.node(item);
                matches!(node.kind, NodeKind::Text)
                    && self
                        .source
                        .bytes()
                        .get(node.span.start as usize..node.span.end as usize)
                        .is_none_or(|text| String::from_utf8_lossy(text).trim().is_empty())
            }),
            _ => false,
        }
    }

    /// A node as Go prints it.
    pub(super) fn print(&self, id: NodeId) -> String {
        let mut out = String::new();
        self.print_to(id, &mut out);
        out
    }

    fn print_to(&self, id: NodeId, out: &mut String) {
        let node = self.node(id);
        let source = |span: Span| {
            String::from_utf8_lossy(
                self.source
                    .bytes()
                    .get(span.start as usize..span.end as usize)
                    .unwrap_or_default(),
            )
        };
        let fields = |fields: &Symbols, out: &mut String| {
            for &field in self.symbols(*fields) {
                out.push('.');
                out.push_str(self.symbol(field));
            }
        };
        match &node.kind {
            NodeKind::List(items) => {
                let items = self.nodes(*items).iter();
                items.for_each(|&item| self.print_to(item, out));
            }
            NodeKind::Action(pipe) => {
                out.push_str("{{");
                self.print_to(*pipe, out);
                out.push_str("}}");
            }
            NodeKind::Branch {
                with,
                pipe,
                body,
                otherwise,
                ..
            } => {
                let name = if *with { "with" } else { "if" };
                self.print_control(name, *pipe, *body, *otherwise, out);
            }
            NodeKind::Range {
                pipe,
                body,
                otherwise,
                ..
            } => self.print_control("range", *pipe, *body, *otherwise, out),
            NodeKind::Template { name, pipe } => {
                let _ = write!(
                    out,
                    "{{{{template {}",
                    super::format::quote_lossless(name.as_bytes())
                );
                if let Some(pipe) = pipe {
                    out.push(' ');
                    self.print_to(*pipe, out);
                }
                out.push_str("}}");
            }
            NodeKind::Break => out.push_str("{{break}}"),
            NodeKind::Continue => out.push_str("{{continue}}"),
            NodeKind::Pipe {
                declares,
                assigns,
                commands,
            } => {
                for (n, &symbol) in self.symbols(*declares).iter().enumerate() {
                    out.push_str(if n > 0 { ", " } else { "" });
                    out.push_str(self.symbol(symbol));
                }
                if !declares.is_empty() {
                    out.push_str(if *assigns { " = " } else { " := " });
                }
                for (n, &command) in self.nodes(*commands).iter().enumerate() {
                    out.push_str(if n > 0 { " | " } else { "" });
                    self.print_to(command, out);
                }
            }
            NodeKind::Command(arguments) => {
                for (n, &argument) in self.nodes(*arguments).iter().enumerate() {
                    out.push_str(if n > 0 { " " } else { "" });
                    self.print_in_parens(argument, out);
                }
            }
            NodeKind::Function(signature) => out.push_str(signature.name),
            NodeKind::Variable {
                symbol,
                fields: names,
            } => {
                out.push_str(self.symbol(*symbol));
                fields(names, out);
            }
            NodeKind::Dot => out.push('.'),
            NodeKind::Nil => out.push_str("nil"),
            NodeKind::Field(names) => fields(names, out),
            NodeKind::Chain {
                base,
                fields: names,
            } => {
                self.print_in_parens(*base, out);
                fields(names, out);
            }
            NodeKind::Bool(truth) => {
                let _ = write!(out, "{truth}");
            }
            NodeKind::Text | NodeKind::Number(_) | NodeKind::String(_) => {
                out.push_str(&source(node.span));
            }
        }
    }

    fn print_in_parens(&self, id: NodeId, out: &mut String) {
        if matches!(self.node(id).kind, NodeKind::Pipe { .. }) {
            out.push('(');
            self.print_to(id, out);
            out.push(')');
        } else {
            self.print_to(id, out);
        }
    }

    fn print_control(
        &self,
        name: &str,
        pipe: NodeId,
        body: NodeId,
        otherwise: Option<NodeId>,
        out: &mut String,
    ) {
        let _ = write!(out, "{{{{{name} ");
        self.print_to(pipe, out);
        out.push_str("}}");
        self.print_to(body, out);
        if let Some(otherwise) = otherwise {
            out.push_str("{{else}}");
            self.print_to(otherwise, out);
        }
        out.push_str("{{end}}");
    }
}

/// Collects the nodes of a text while it is parsed.
#[derive(Default)]
pub(super) struct SyntaxBuilder {
    nodes: Vec<Node>,
    lists: Vec<NodeId>,
    /// What was added to lists that are not complete, the innermost last.
    waiting: Vec<NodeId>,
    names: Vec<Symbol>,
    symbols: Vec<Arc<str>>,
    by_name: HashMap<Arc<str>, u32, foldhash::fast::RandomState>,
    literals: Vec<Vec<u8>>,
}

/// Where a list of nodes began ([`SyntaxBuilder::begin`]).
#[derive(Clone, Copy)]
pub(super) struct Begun(usize);

impl SyntaxBuilder {
    pub(super) fn add(&mut self, at: usize, span: Span, kind: NodeKind) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(Node {
            at: at as u32,
            span,
            kind,
        });
        id
    }

    /// Begins a list, inside those that have begun.
    pub(super) fn begin(&self) -> Begun {
        Begun(self.waiting.len())
    }

    /// Adds a node to the list that began last.
    pub(super) fn push(&mut self, node: NodeId) {
        self.waiting.push(node);
    }

    /// What a list holds so far.
    pub(super) fn waiting(&self, Begun(start): Begun) -> &[NodeId] {
        self.waiting.get(start..).unwrap_or_default()
    }

    /// Completes the list that began last.
    pub(super) fn end(&mut self, Begun(start): Begun) -> Nodes {
        let first = self.lists.len() as u32;
        self.lists.extend(self.waiting.drain(start..));
        Nodes(first, self.lists.len() as u32)
    }

    /// A name as the next one, for [`SyntaxBuilder::names_from`].
    pub(super) fn name(&mut self, symbol: Symbol) {
        self.names.push(symbol);
    }

    /// How many names there are.
    pub(super) fn names(&self) -> usize {
        self.names.len()
    }

    pub(super) fn symbols(&self, Symbols(start, end): Symbols) -> &[Symbol] {
        let range = start as usize..end as usize;
        self.names.get(range).unwrap_or_default()
    }

    /// The names since there were `start`.
    pub(super) fn names_from(&self, start: usize) -> Symbols {
        Symbols(start as u32, self.names.len() as u32)
    }

    /// A string literal as a kind of node.
    pub(super) fn literal(&mut self, bytes: Vec<u8>) -> NodeKind {
        self.literals.push(bytes);
        NodeKind::String(self.literals.len() as u32 - 1)
    }

    pub(super) fn kind(&self, id: NodeId) -> Option<&NodeKind> {
        self.nodes.get(id.0 as usize).map(|node| &node.kind)
    }

    /// The first node of a complete list.
    pub(super) fn first(&self, Nodes(start, end): Nodes) -> Option<NodeId> {
        let list = self.lists.get(start as usize..end as usize)?;
        list.first().copied()
    }

    pub(super) fn span(&self, id: NodeId) -> Span {
        self.nodes
            .get(id.0 as usize)
            .map(|node| node.span)
            .unwrap_or_default()
    }

    pub(super) fn at(&self, id: NodeId) -> usize {
        self.nodes
            .get(id.0 as usize)
            .map_or(0, |node| node.at as usize)
    }

    pub(super) fn symbol(&mut self, name: &str) -> Symbol {
        if let Some(&known) = self.by_name.get(name) {
            return Symbol(known);
        }
        let symbol = self.symbols.len() as u32;
        let name: Arc<str> = Arc::from(name);
        self.symbols.push(Arc::clone(&name));
        self.by_name.insert(name, symbol);
        Symbol(symbol)
    }

    pub(super) fn finish(self, roots: Vec<Root>) -> Syntax {
        Syntax {
            nodes: self.nodes,
            lists: self.lists,
            names: self.names,
            symbols: self.symbols,
            literals: self.literals,
            roots,
        }
    }
}
