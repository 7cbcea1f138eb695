//! Words into a tree, with Go's grammar and Go's refusals.
//!
//! Functions are looked up here, so that a template that calls an unknown one is refused before anything is executed.
//! Where Go's parser would recurse without limit, [`MAX_NESTING`] stops it.

mod literal;
mod pipeline;

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use super::ast::{
    Begun, Definition, NodeId, NodeKind, Root, SourceText, Symbol, Syntax, SyntaxBuilder, Tree,
};
use super::format::quote_lossless;
use super::function::Functions;
use super::lex::{Lexer, Token, TokenKind};
use super::string::line_breaks;
use crate::text::Span;

use literal::unquote;

/// Control structures and parentheses nested deeper than this are refused.
const MAX_NESTING: usize = 500;

/// Why a text is not a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ParseError {
    /// Go's whole message, `template: NAME:LINE: …`.
    pub(super) message: String,
    /// Where reading stopped.
    pub(super) span: Span,
}

/// Parses a text. Where it is refused, `name` is what Go would call it.
pub(super) fn parse(name: &str, input: &[u8], functions: &Functions) -> Result<Syntax, ParseError> {
    let mut parser = Parser {
        name,
        input,
        functions,
        lexer: Lexer::new(input),
        tokens: [Token {
            kind: TokenKind::Eof,
            start: 0,
            end: 0,
        }; 3],
        peeked: 0,
        builder: SyntaxBuilder::default(),
        scope: Scope::default(),
        action_start: None,
        nesting: 0,
        roots: Vec::new(),
        assigned: Vec::new(),
    };
    let dollar = parser.builder.symbol("$");
    parser.scope.variables.push(dollar);
    parser.template()?;
    Ok(parser.builder.finish(parser.roots))
}

/// What a parsed text defines: the template `name` and what stands in it, in that order. Of two definitions of one name, one must
/// be empty, and then the other counts.
pub(super) fn definitions(
    name: &Arc<str>,
    source: SourceText,
    syntax: Arc<Syntax>,
) -> Result<Vec<Definition>, ParseError> {
    let tree = Rc::new(Tree::new(Arc::clone(name), source, syntax));
    tree.definitions().map_err(|(twice, span, end)| ParseError {
        message: format!(
            "template: {name}:{}: template: multiple definition of template {}",
            line_of(tree.source.bytes(), end),
            quote_lossless(twice.as_bytes()),
        ),
        span,
    })
}

/// A text with U+FFFD for what is not UTF-8, which templates are but for rare bytes.
fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

fn line_of(input: &[u8], at: usize) -> usize {
    let before = input.get(..at.min(input.len())).unwrap_or_default();
    line_breaks(before) + 1
}

/// What a template that is being parsed may use.
#[derive(Default)]
struct Scope {
    variables: Vec<Symbol>,
    ranges: usize,
}

struct Parser<'a> {
    name: &'a str,
    input: &'a [u8],
    functions: &'a Functions,
    lexer: Lexer<'a>,
    /// The words that were looked at, the latest first.
    tokens: [Token; 3],
    peeked: usize,
    builder: SyntaxBuilder,
    scope: Scope,
    action_start: Option<usize>,
    nesting: usize,
    roots: Vec<Root>,
    /// The variables that were assigned so far, in the order of the text.
    assigned: Vec<Symbol>,
}

/// How a list of nodes ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    End,
    Else,
}

impl Ended {
    fn print(self) -> &'static str {
        match self {
            Self::End => "{{end}}",
            Self::Else => "{{else}}",
        }
    }
}

/// What [`Parser::text_or_action`] found.
enum Found {
    Node(NodeId),
    Ended(Ended),
}

type Parse<T> = Result<T, ParseError>;

impl<'a> Parser<'a> {
    fn next(&mut self) -> Token {
        if self.peeked > 0 {
            self.peeked -= 1;
        } else {
            self.tokens[0] = self.lexer.next();
        }
        self.tokens
            .get(self.peeked)
            .copied()
            .unwrap_or(self.tokens[0])
    }

    fn backup(&mut self) {
        self.peeked += 1;
    }

    /// Puts `token` back, which was read before the one in the zeroth place.
    fn backup2(&mut self, token: Token) {
        self.tokens[1] = token;
        self.peeked = 2;
    }

    fn backup3(&mut self, second: Token, first: Token) {
        self.tokens[1] = first;
        self.tokens[2] = second;
        self.peeked = 3;
    }

    fn peek(&mut self) -> Token {
        let token = self.next();
        self.backup();
        token
    }

    fn next_non_space(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != TokenKind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> Token {
        let token = self.next_non_space();
        self.backup();
        token
    }

    fn bytes(&self, token: Token) -> &'a [u8] {
        self.input.get(token.start..token.end).unwrap_or_default()
    }

    fn word(&self, token: Token) -> Cow<'a, str> {
        text_of(self.bytes(token))
    }

    fn error<T>(&self, message: impl AsRef<str>) -> Parse<T> {
        let latest = self.tokens[0];
        let line = line_of(self.input, latest.start);
        Err(ParseError {
            message: format!("template: {}:{line}: {}", self.name, message.as_ref()),
            span: Span::new(latest.start, latest.end),
        })
    }

    fn unexpected<T>(&self, token: Token, context: &str) -> Parse<T> {
        if token.kind == TokenKind::Error {
            let message = &self.lexer.error;
            let started = match self.action_start {
                Some(start) if line_of(self.input, start) != line_of(self.input, token.start) => {
                    // Not «action in action».
                    let what = if message.ends_with(" action") {
                        ""
                    } else {
                        " in action"
                    };
                    format!(
                        "{what} started at {}:{}",
                        self.name,
                        line_of(self.input, start)
                    )
                }
                _ => String::new(),
            };
            return self.error(format!("{message}{started}"));
        }
        self.error(format!(
            "unexpected {} in {context}",
            self.print_token(token)
        ))
    }

    fn print_token(&self, token: Token) -> String {
        if token.kind == TokenKind::Eof {
            return "EOF".to_owned();
        }
        if token.kind.is_keyword() {
            return format!("<{}>", self.word(token));
        }
        let word = self.word(token);
        if self.bytes(token).len() > 10 {
            let short: String = word.chars().take(10).collect();
            format!("{}...", quote_lossless(short.as_bytes()))
        } else {
            quote_lossless(self.bytes(token))
        }
    }

    fn expect(&mut self, kind: TokenKind, context: &str) -> Parse<Token> {
        let token = self.next_non_space();
        if token.kind == kind {
            Ok(token)
        } else {
            self.unexpected(token, context)
        }
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        if self.nesting >= MAX_NESTING {
            return self.error("max expression depth exceeded");
        }
        self.nesting += 1;
        let result = parse(self);
        self.nesting -= 1;
        result
    }

    /// The whole text.
    fn template(&mut self) -> Parse<()> {
        let items = self.builder.begin();
        let at = self.peek().start;
        while self.peek().kind != TokenKind::Eof {
            if self.peek().kind == TokenKind::LeftDelimiter {
                let delimiter = self.next();
                if self.next_non_space().kind == TokenKind::Define {
                    self.definition()?;
                    continue;
                }
                self.backup2(delimiter);
            }
            match self.text_or_action()? {
                Found::Node(node) => self.builder.push(node),
                Found::Ended(end) => return self.error(format!("unexpected {}", end.print())),
            }
        }
        let root = self.list(at, items);
        let root = self.root(None, root);
        self.roots.insert(0, root);
        Ok(())
    }

    fn list(&mut self, at: usize, items: Begun) -> NodeId {
        let last = self.builder.waiting(items).last();
        let end = last.map_or(at, |&last| self.builder.span(last).end as usize);
        let items = NodeKind::List(self.builder.end(items));
        self.builder.add(at, Span::new(at, end), items)
    }

    fn with_new_scope<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        let dollar = self.builder.symbol("$");
        let scope = Scope {
            variables: vec![dollar],
            ranges: 0,
        };
        let outer = std::mem::replace(&mut self.scope, scope);
        let result = parse(self);
        self.scope = outer;
        result
    }

    /// What is complete with the token that was read last.
    fn root(&self, name: Option<Arc<str>>, list: NodeId) -> Root {
        let end = self.tokens[0].start;
        Root { name, list, end }
    }

    fn definition(&mut self) -> Parse<()> {
        const CONTEXT: &str = "define clause";
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT)?;
        self.expect(TokenKind::RightDelimiter, CONTEXT)?;
        let (root, end) = self.with_new_scope(Self::item_list)?;
        if end != Ended::End {
            return self.error(format!("unexpected {} in {CONTEXT}", end.print()));
        }
        let root = self.root(Some(name), root);
        self.roots.push(root);
        Ok(())
    }

    fn item_list(&mut self) -> Parse<(NodeId, Ended)> {
        let at = self.peek_non_space().start;
        let items = self.builder.begin();
        while self.peek_non_space().kind != TokenKind::Eof {
            match self.text_or_action()? {
                Found::Node(node) => self.builder.push(node),
                Found::Ended(end) => return Ok((self.list(at, items), end)),
            }
        }
        self.error("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Parse<Found> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::Text => {
                let span = Span::new(token.start, token.end);
                Ok(Found::Node(self.builder.add(
                    token.start,
                    span,
                    NodeKind::Text,
                )))
            }
            TokenKind::LeftDelimiter => {
                self.action_start = Some(token.start);
                let found = self.action(token);
                if found.is_ok() {
                    self.action_start = None;
                }
                found
            }
            _ => self.unexpected(token, "input"),
        }
    }

    fn action(&mut self, open: Token) -> Parse<Found> {
        let token = self.next_non_space();
        let node = match token.kind {
            TokenKind::Block => self.nested(|p| p.block(open))?,
            TokenKind::Break => self.leave_range(open, token, "{{break}}", NodeKind::Break)?,
            TokenKind::Continue => {
                self.leave_range(open, token, "{{continue}}", NodeKind::Continue)?
            }
            TokenKind::Else => {
                let next = self.peek_non_space();
                if !matches!(next.kind, TokenKind::If | TokenKind::With) {
                    self.expect(TokenKind::RightDelimiter, "else")?;
                }
                return Ok(Found::Ended(Ended::Else));
            }
            TokenKind::End => {
                self.expect(TokenKind::RightDelimiter, "end")?;
                return Ok(Found::Ended(Ended::End));
            }
            TokenKind::If => self.nested(|p| p.control(open, Control::If))?,
            TokenKind::Range => self.nested(|p| p.control(open, Control::Range))?,
            TokenKind::With => self.nested(|p| p.control(open, Control::With))?,
            TokenKind::Template => self.template_call(open)?,
            _ => {
                self.backup();
                let at = self.peek().start;
                let (pipe, end) = self.pipeline("command", TokenKind::RightDelimiter, None)?;
                let span = Span::new(open.start, end.end);
                self.builder.add(at, span, NodeKind::Action(pipe))
            }
        };
        Ok(Found::Node(node))
    }

    fn leave_range(
        &mut self,
        open: Token,
        keyword: Token,
        name: &str,
        kind: NodeKind,
    ) -> Parse<NodeId> {
        let token = self.next_non_space();
        if token.kind != TokenKind::RightDelimiter {
            return self.unexpected(token, name);
        }
        if self.scope.ranges == 0 {
            return self.error(format!("{name} outside {{{{range}}}}"));
        }
        let span = Span::new(open.start, token.end);
        Ok(self.builder.add(keyword.start, span, kind))
    }

    fn control(&mut self, open: Token, control: Control) -> Parse<NodeId> {
        let outer = self.scope.variables.len();
        let mark = self.assigned.len();
        let (pipe, end) = self.pipeline(control.name(), TokenKind::RightDelimiter, None)?;
        let is_range = control == Control::Range;
        self.scope.ranges += usize::from(is_range);
        let body = self.item_list();
        self.scope.ranges -= usize::from(is_range);
        let (body, ended) = body?;
        let otherwise = match ended {
            Ended::End => None,
            Ended::Else => {
                let next = self.peek();
                let chained = match (control, next.kind) {
                    (Control::If, TokenKind::If) => Some(Control::If),
                    (Control::With, TokenKind::With) => Some(Control::With),
                    _ => None,
                };
                if let Some(chained) = chained {
                    self.next();
                    let items = self.builder.begin();
                    let node = self.nested(|p| p.control(next, chained))?;
                    self.builder.push(node);
                    Some(self.list(next.start, items))
                } else {
                    let (list, ended) = self.item_list()?;
                    if ended != Ended::End {
                        return self.error(format!("expected end; found {}", ended.print()));
                    }
                    Some(list)
                }
            }
        };
        self.scope.variables.truncate(outer);
        let mut assigned = self.assigned.get(mark..).unwrap_or_default().to_vec();
        assigned.sort_unstable();
        assigned.dedup();
        let names = self.builder.names();
        assigned
            .into_iter()
            .for_each(|name| self.builder.name(name));
        let assigned = self.builder.names_from(names);
        let kind = match control {
            Control::Range => NodeKind::Range {
                pipe,
                body,
                otherwise,
                assigned,
            },
            Control::If | Control::With => NodeKind::Branch {
                with: control == Control::With,
                pipe,
                body,
                otherwise,
                assigned,
            },
        };
        let at = self.builder.at(pipe);
        Ok(self.builder.add(at, Span::new(open.start, end.end), kind))
    }

    fn block(&mut self, open: Token) -> Parse<NodeId> {
        const CONTEXT: &str = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT)?;
        let (pipe, close) = self.pipeline(CONTEXT, TokenKind::RightDelimiter, None)?;
        let (root, end) = self.with_new_scope(Self::item_list)?;
        if end != Ended::End {
            return self.error(format!("unexpected {} in {CONTEXT}", end.print()));
        }
        let root = self.root(Some(Arc::clone(&name)), root);
        self.roots.push(root);
        let span = Span::new(open.start, close.end);
        let pipe = Some(pipe);
        Ok(self
            .builder
            .add(token.start, span, NodeKind::Template { name, pipe }))
    }

    fn template_call(&mut self, open: Token) -> Parse<NodeId> {
        const CONTEXT: &str = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT)?;
        let next = self.next_non_space();
        let (pipe, end) = if next.kind == TokenKind::RightDelimiter {
            (None, next.end)
        } else {
            self.backup();
            let (pipe, close) = self.pipeline(CONTEXT, TokenKind::RightDelimiter, None)?;
            (Some(pipe), close.end)
        };
        let span = Span::new(open.start, end);
        Ok(self
            .builder
            .add(token.start, span, NodeKind::Template { name, pipe }))
    }

    fn template_name(&mut self, token: Token, context: &str) -> Parse<Arc<str>> {
        if !matches!(token.kind, TokenKind::String | TokenKind::RawString) {
            return self.unexpected(token, context);
        }
        match unquote(self.bytes(token)) {
            Some(name) => Ok(Arc::from(String::from_utf8_lossy(&name))),
            None => self.error("invalid syntax"),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Control {
    If,
    With,
    Range,
}

impl Control {
    fn name(self) -> &'static str {
        match self {
            Self::If => "if",
            Self::With => "with",
            Self::Range => "range",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::helm::string::Text;

    fn parsed(text: &str) -> Result<Vec<(String, String)>, String> {
        let functions = Functions::new(&[super::super::builtins::TABLE]);
        let name: Arc<str> = Arc::from("t");
        let source = SourceText::Value(Text::new(text, crate::origin::Origin::NONE));
        let parsed = parse(&name, text.as_bytes(), &functions)
            .and_then(|syntax| definitions(&name, source, Arc::new(syntax)));
        match parsed {
            Ok(definitions) => Ok(definitions
                .iter()
                .map(|d| (d.name.to_string(), d.tree.print(d.root)))
                .collect()),
            Err(error) => Err(error.message),
        }
    }

    #[test]
    fn trees_print_as_go_prints_them() {
        let check = |text: &str, expected: &str| {
            assert_eq!(parsed(text).unwrap()[0].1, expected, "{text}");
        };
        check("a{{- .b.c }}", "a{{.b.c}}");
        check("{{ $x:=1 }}{{ $x }}", "{{$x := 1}}{{$x}}");
        check(
            "{{if eq .a 1}}x{{else if .b}}y{{else}}z{{end}}",
            "{{if eq .a 1}}x{{else}}{{if .b}}y{{else}}z{{end}}{{end}}",
        );
        check(
            "{{range $i, $e := .l}}{{break}}{{end}}",
            "{{range $i, $e := .l}}{{break}}{{end}}",
        );
        check(
            "{{ (index .a 0).b | printf \"%v\" }}",
            "{{(index .a 0).b | printf \"%v\"}}",
        );
        check("{{template \"x\" .}}", "{{template \"x\" .}}");
        assert_eq!(
            parsed("{{define \"d\"}}x{{end}} {{block \"b\" .}}y{{end}}").unwrap(),
            [
                ("t".to_owned(), " {{template \"b\" .}}".to_owned()),
                ("d".to_owned(), "x".to_owned()),
                ("b".to_owned(), "y".to_owned())
            ]
        );
    }

    #[test]
    fn refusals_are_go_s() {
        let check = |text: &str, expected: &str| {
            assert_eq!(parsed(text).unwrap_err(), expected, "{text}");
        };
        check("{{ $y }}", "template: t:1: undefined variable \"$y\"");
        check("\n{{ if . }}x", "template: t:2: unexpected EOF");
        check("{{ end }}", "template: t:1: unexpected {{end}}");
        check("{{ .a", "template: t:1: unclosed action");
        check("{{ .a\n\n", "template: t:3: unclosed action started at t:1");
        check(
            "{{ nofunc 1 }}",
            "template: t:1: function \"nofunc\" not defined",
        );
        check(
            "{{ 1 | 2 }}",
            "template: t:1: non executable command in pipeline stage 2",
        );
        check(
            "{{ range }}x{{ end }}",
            "template: t:1: missing value for range",
        );
        check(
            "{{ template }}",
            "template: t:1: unexpected \"}}\" in template clause",
        );
        check("{{ .a..b }}", "template: t:1: unexpected <.> in operand");
        check("{{ break }}", "template: t:1: {{break}} outside {{range}}");
        check(
            "{{ /* a */ }}",
            "template: t:1: unexpected \"/\" in command",
        );
        check(
            "{{ 99999999999999999999 }}",
            "template: t:1: integer overflow: \"99999999999999999999\"",
        );
    }
}
