//! Pipelines: declarations, commands, and the operands and terms that they are made of.

use super::literal::{number, unquote};
use super::{Parse, Parser, text_of};
use crate::render::helm::ast::{Begun, NodeId, NodeKind};
use crate::render::helm::format::quote_lossless;
use crate::render::helm::lex::{Token, TokenKind};
use crate::text::Span;

impl Parser<'_> {
    /// A pipeline up to a word of kind `end`, and that word. `open` is the parenthesis before it.
    pub(super) fn pipeline(
        &mut self,
        context: &str,
        end: TokenKind,
        open: Option<Token>,
    ) -> Parse<(NodeId, Token)> {
        let first = self.peek_non_space();
        let names = self.builder.names();
        let mut assigns = false;
        loop {
            let variable = self.peek_non_space();
            if variable.kind != TokenKind::Variable {
                break;
            }
            self.next();
            // Space is a word, so `$x foo` must be looked at up to `foo` to know that it declares nothing.
            let after = self.peek();
            let next = self.peek_non_space();
            let is_comma = next.kind == TokenKind::Char && self.bytes(next) == b",";
            if matches!(next.kind, TokenKind::Assign | TokenKind::Declare) {
                assigns = next.kind == TokenKind::Assign;
                self.next_non_space();
                self.declare(variable);
                break;
            }
            if is_comma {
                self.next_non_space();
                self.declare(variable);
                if context == "range" && self.builder.names() - names < 2 {
                    match self.peek_non_space().kind {
                        TokenKind::Variable | TokenKind::RightDelimiter | TokenKind::RightParen => {
                            continue;
                        }
                        _ => return self.error("range can only initialize variables"),
                    }
                }
                return self.error(format!("too many declarations in {context}"));
            }
            if after.kind == TokenKind::Space {
                self.backup3(variable, after);
            } else {
                self.backup2(variable);
            }
            break;
        }
        let declares = self.builder.names_from(names);
        let commands = self.builder.begin();
        loop {
            let token = self.next_non_space();
            if token.kind == end {
                let Some(&last) = self.builder.waiting(commands).last() else {
                    return self.error(format!("missing value for {context}"));
                };
                self.check_stages(commands)?;
                let start = open.map_or(first.start, |open| open.start);
                let last = self.builder.span(last).end as usize;
                let stop = if open.is_some() { token.end } else { last };
                if assigns {
                    self.assigned
                        .extend_from_slice(self.builder.symbols(declares));
                }
                let kind = NodeKind::Pipe {
                    declares,
                    assigns,
                    commands: self.builder.end(commands),
                };
                let node = self.builder.add(first.start, Span::new(start, stop), kind);
                return Ok((node, token));
            }
            match token.kind {
                TokenKind::Bool
                | TokenKind::CharConstant
                | TokenKind::Complex
                | TokenKind::Dot
                | TokenKind::Field
                | TokenKind::Identifier
                | TokenKind::Number
                | TokenKind::Nil
                | TokenKind::RawString
                | TokenKind::String
                | TokenKind::Variable
                | TokenKind::LeftParen => {
                    self.backup();
                    let command = self.command()?;
                    self.builder.push(command);
                }
                _ => return self.unexpected(token, context),
            }
        }
    }

    fn declare(&mut self, variable: Token) {
        let name = self.word(variable);
        let symbol = self.builder.symbol(&name);
        self.scope.variables.push(symbol);
        self.builder.name(symbol);
    }

    /// Only the first command of a pipeline may be a mere value.
    fn check_stages(&self, commands: Begun) -> Parse<()> {
        let commands = self.builder.waiting(commands);
        for (stage, &command) in commands.iter().enumerate().skip(1) {
            let first = match self.builder.kind(command) {
                Some(NodeKind::Command(arguments)) => self.builder.first(*arguments),
                _ => None,
            };
            if let Some(
                NodeKind::Bool(_)
                | NodeKind::Dot
                | NodeKind::Nil
                | NodeKind::Number(_)
                | NodeKind::String(_),
            ) = first.and_then(|first| self.builder.kind(first))
            {
                return self.error(format!(
                    "non executable command in pipeline stage {}",
                    stage + 1
                ));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Parse<NodeId> {
        let at = self.peek_non_space().start;
        let arguments = self.builder.begin();
        loop {
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                self.builder.push(operand);
            }
            let token = self.next();
            match token.kind {
                TokenKind::Space => {}
                TokenKind::RightDelimiter | TokenKind::RightParen => {
                    self.backup();
                    break;
                }
                TokenKind::Pipe => break,
                _ => return self.unexpected(token, "operand"),
            }
        }
        let given = self.builder.waiting(arguments);
        let (Some(&first), Some(&last)) = (given.first(), given.last()) else {
            return self.error("empty command");
        };
        let span = Span {
            start: self.builder.span(first).start,
            end: self.builder.span(last).end,
        };
        let command = NodeKind::Command(self.builder.end(arguments));
        Ok(self.builder.add(at, span, command))
    }

    fn operand(&mut self) -> Parse<Option<NodeId>> {
        let Some(term) = self.term()? else {
            return Ok(None);
        };
        let next = self.peek();
        if next.kind != TokenKind::Field {
            return Ok(Some(term));
        }
        let names = self.builder.names();
        let mut end = next.end;
        while self.peek().kind == TokenKind::Field {
            let token = self.next();
            end = token.end;
            self.field(token);
        }
        let span = Span {
            start: self.builder.span(term).start,
            end: end as u32,
        };
        let kind = match self.builder.kind(term) {
            // The name of a field that a term is was the last one before those that follow it.
            Some(NodeKind::Field(_)) => NodeKind::Field(self.builder.names_from(names - 1)),
            Some(NodeKind::Variable { symbol, .. }) => NodeKind::Variable {
                symbol: *symbol,
                fields: self.builder.names_from(names),
            },
            Some(
                NodeKind::Bool(_)
                | NodeKind::String(_)
                | NodeKind::Number(_)
                | NodeKind::Nil
                | NodeKind::Dot,
            ) => {
                let start = self.builder.span(term).start as usize;
                let text = self.input.get(start..next.start).unwrap_or_default();
                return self.error(format!("unexpected . after term {}", quote_lossless(text)));
            }
            _ => NodeKind::Chain {
                base: term,
                fields: self.builder.names_from(names),
            },
        };
        Ok(Some(self.builder.add(next.start, span, kind)))
    }

    /// Takes note of the name of a field.
    fn field(&mut self, token: Token) {
        let name = self.bytes(token).get(1..).unwrap_or_default();
        let symbol = self.builder.symbol(&text_of(name));
        self.builder.name(symbol);
    }

    fn term(&mut self) -> Parse<Option<NodeId>> {
        let token = self.next_non_space();
        let kind = match token.kind {
            TokenKind::Identifier => {
                let name = self.word(token);
                match self.functions.get(&name) {
                    Some(signature) => NodeKind::Function(signature),
                    None => {
                        return self.error(format!(
                            "function {} not defined",
                            quote_lossless(name.as_bytes())
                        ));
                    }
                }
            }
            TokenKind::Dot => NodeKind::Dot,
            TokenKind::Nil => NodeKind::Nil,
            TokenKind::Variable => {
                let name = self.word(token);
                let symbol = self.builder.symbol(&name);
                if !self.scope.variables.contains(&symbol) {
                    return self.error(format!(
                        "undefined variable {}",
                        quote_lossless(name.as_bytes())
                    ));
                }
                NodeKind::Variable {
                    symbol,
                    fields: self.builder.names_from(self.builder.names()),
                }
            }
            TokenKind::Field => {
                let names = self.builder.names();
                self.field(token);
                NodeKind::Field(self.builder.names_from(names))
            }
            TokenKind::Bool => NodeKind::Bool(self.bytes(token) == b"true"),
            TokenKind::CharConstant | TokenKind::Complex | TokenKind::Number => {
                match number(&self.word(token), token.kind) {
                    Ok(number) => NodeKind::Number(Box::new(number)),
                    Err(message) => return self.error(message),
                }
            }
            TokenKind::LeftParen => {
                let pipe = self.nested(|p| {
                    p.pipeline("parenthesized pipeline", TokenKind::RightParen, Some(token))
                })?;
                return Ok(Some(pipe.0));
            }
            TokenKind::String | TokenKind::RawString => match unquote(self.bytes(token)) {
                Some(bytes) => self.builder.literal(bytes),
                None => return self.error("invalid syntax"),
            },
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        let span = Span::new(token.start, token.end);
        Ok(Some(self.builder.add(token.start, span, kind)))
    }
}
