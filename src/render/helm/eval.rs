//! Executing templates: control structures, output and variables. Expressions are in `call`.
//!
//! What is written knows its origins: text comes from its place in the template, a value from where it was written, and
//! both are under the actions and conditions that let them appear. Errors are Go's, word for word, which is why
//! [`Evaluator::at`] is kept as Go keeps its current node.

mod argument;
mod call;
mod include;
mod range;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::ast::{Definition, NodeId, NodeKind, SourceText, Symbol, Tree};
use super::builtins::INCOMPATIBLE;
use super::format;
use super::function::{Context, FunctionError, OUT_OF_BYTES, OUT_OF_STEPS, hash};
use super::string::{Text, TextBuilder, find};
use super::template::{TemplateError, TemplateSet};
use super::value::{Data, Value};
use crate::discover::HelmVersion;
use crate::origin::Origin;

/// Templates and parentheses nested deeper than this while executing are refused. Helm allows a template to include
/// itself a thousand times; each inclusion takes about four levels.
const MAX_DEPTH: usize = 20_000;

pub(super) type Failure = Box<TemplateError>;

/// What Go itself gives when it executes the template `name`.
pub(super) fn output(
    set: &TemplateSet,
    name: &str,
    root: &Value,
    context: &mut Context<'_>,
) -> Result<Text, Failure> {
    let Some(definition) = set.definition(name) else {
        return Err(Box::new(no_such_template(name)));
    };
    let definition = definition.clone();
    let control = context.control;
    let mut evaluator = Evaluator {
        set,
        context,
        overlays: Vec::new(),
        included: HashMap::default(),
        control,
        variables: Vec::new(),
        base: 0,
        depth: 0,
        at: definition.root,
        template: Arc::clone(&definition.name),
        tree: Rc::clone(&definition.tree),
        stack: 0,
    };
    evaluator.output_of(&definition, root)
}

fn no_such_template(name: &str) -> TemplateError {
    TemplateError::words(format!(
        "template: no template {} associated with template \"gotpl\"",
        format::quote_lossless(name.as_bytes())
    ))
}

/// Helm's own repair of Go's output: the words that stand for nil are removed wherever they are.
pub(super) fn without_no_value(text: &Text, context: &mut Context<'_>) -> Text {
    const NO_VALUE: &[u8] = b"<no value>";
    let mut next = find(text.as_bytes(), NO_VALUE, 0);
    if next.is_none() {
        return text.clone();
    }
    let mut out = TextBuilder::new();
    let mut done = 0;
    while let Some(at) = next {
        let end = at + NO_VALUE.len();
        out.push_slice(text, done..at);
        // What read nothing stays as an empty run.
        let origin = text.slice(at..end).origin(context.origins);
        out.push(b"", origin);
        done = end;
        next = find(text.as_bytes(), NO_VALUE, done);
    }
    out.push_slice(text, done..text.len());
    out.finish()
}

/// The dot, and whether its Go type is `interface {}` (an item of a list that `range` walks).
#[derive(Clone, Copy)]
pub(super) struct Dot<'a> {
    value: &'a Value,
    is_interface: bool,
}

impl<'a> Dot<'a> {
    fn concrete(value: &'a Value) -> Self {
        Self {
            value,
            is_interface: false,
        }
    }
}

struct Variable {
    symbol: Symbol,
    value: Value,
    is_interface: bool,
}

/// How a node ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

pub(super) struct Evaluator<'a, 'o> {
    set: &'a TemplateSet,
    context: &'a mut Context<'o>,
    /// What the texts given to `tpl` define, outermost first; seen until that `tpl` ends.
    overlays: Vec<HashMap<Arc<str>, Definition, RandomState>>,
    /// How often each template is being included.
    included: HashMap<Arc<str>, usize, RandomState>,
    /// The actions and conditions around what is being executed.
    control: Origin,
    variables: Vec<Variable>,
    /// Where the variables of the executing template begin.
    base: usize,
    depth: usize,
    /// The node that an error message would name.
    at: NodeId,
    /// The executing template.
    template: Arc<str>,
    tree: Rc<Tree>,
    /// Names the chain of executing templates, for seeds.
    stack: u64,
}

impl Evaluator<'_, '_> {
    /// An error at the current node.
    fn error<T>(&self, text: impl Into<String>) -> Result<T, Failure> {
        Err(Box::new(TemplateError::located(
            self.tree.location(self.at),
            Arc::clone(&self.template),
            self.tree.print(self.at),
            text.into(),
            self.place(),
        )))
    }

    fn place(&self) -> Option<(crate::origin::FileId, crate::text::Span)> {
        match &self.tree.source {
            SourceText::File(file, _) => Some((*file, self.tree.node(self.at).span)),
            SourceText::Value(_) => None,
        }
    }

    /// An error that happened further in, seen from the current node.
    fn error_from<T>(&self, inner: TemplateError, text: String) -> Result<T, Failure> {
        Err(Box::new(inner.at(
            self.tree.location(self.at),
            Arc::clone(&self.template),
            self.tree.print(self.at),
            text,
            self.place(),
        )))
    }

    fn spend(&mut self) -> Result<(), Failure> {
        match self.context.left.steps.checked_sub(1) {
            Some(left) => {
                self.context.left.steps = left;
                Ok(())
            }
            None => self.error(OUT_OF_STEPS),
        }
    }

    fn spend_bytes(&mut self, bytes: usize) -> Result<(), Failure> {
        match self.context.left.bytes.checked_sub(bytes as u64) {
            Some(left) => {
                self.context.left.bytes = left;
                Ok(())
            }
            None => self.error(OUT_OF_BYTES),
        }
    }

    /// Charges what a call has made.
    fn spend_on(&mut self, result: &Value) -> Result<(), Failure> {
        match self.context.spend_on(result) {
            Ok(()) => Ok(()),
            Err(error) => self.error(error.message),
        }
    }

    fn lookup(&self, name: &str) -> Option<Definition> {
        self.overlays
            .iter()
            .rev()
            .find_map(|overlay| overlay.get(name))
            .or_else(|| self.set.definition(name))
            .cloned()
    }

    /// What a template writes when it is executed with `dot`.
    fn output_of(&mut self, definition: &Definition, dot: &Value) -> Result<Text, Failure> {
        let mut out = TextBuilder::new();
        self.run(definition, dot, &mut out)?;
        Ok(out.finish().already_under(self.control))
    }

    /// Executes a template with variables of its own.
    fn run(
        &mut self,
        definition: &Definition,
        dot: &Value,
        out: &mut TextBuilder,
    ) -> Result<(), Failure> {
        if self.depth >= MAX_DEPTH {
            return self.error("templates are nested too deeply");
        }
        let tree = Rc::clone(&definition.tree);
        let outer_template = std::mem::replace(&mut self.template, Arc::clone(&definition.name));
        let outer_tree = std::mem::replace(&mut self.tree, Rc::clone(&tree));
        let outer_base = std::mem::replace(&mut self.base, self.variables.len());
        let outer_stack = self.stack;
        let outer_at = self.at;
        self.stack = hash(outer_stack, definition.name.as_bytes());
        self.depth += 1;
        self.variables.push(Variable {
            symbol: Symbol::DOLLAR,
            value: dot.clone(),
            is_interface: false,
        });
        let result = self.list(&tree, definition.root, Dot::concrete(dot), out);
        // After an error too: the levels further out name their own places.
        self.variables.truncate(self.base);
        self.depth -= 1;
        self.template = outer_template;
        self.tree = outer_tree;
        self.base = outer_base;
        self.stack = outer_stack;
        self.at = outer_at;
        result.map(|_| ())
    }

    fn list(
        &mut self,
        tree: &Rc<Tree>,
        id: NodeId,
        dot: Dot<'_>,
        out: &mut TextBuilder,
    ) -> Result<Flow, Failure> {
        self.at = id;
        let NodeKind::List(items) = tree.node(id).kind else {
            return Ok(Flow::Next);
        };
        for &item in tree.nodes(items) {
            match self.node(tree, item, dot, out)? {
                Flow::Next => {}
                left => return Ok(left),
            }
        }
        Ok(Flow::Next)
    }

    fn node(
        &mut self,
        tree: &Rc<Tree>,
        id: NodeId,
        dot: Dot<'_>,
        out: &mut TextBuilder,
    ) -> Result<Flow, Failure> {
        self.spend()?;
        self.at = id;
        let node = tree.node(id);
        match &node.kind {
            NodeKind::Text => {
                self.spend_bytes(node.span.len())?;
                tree.push_text(id, self.control, out, self.context.origins);
            }
            NodeKind::Action(pipe) => self.action(tree, id, *pipe, dot, out)?,
            NodeKind::Branch { .. } => return self.branch(tree, id, dot, out),
            NodeKind::Range { .. } => return self.range(tree, id, dot, out),
            NodeKind::Template { name, pipe } => self.template(tree, id, name, *pipe, dot, out)?,
            NodeKind::Break => return Ok(Flow::Break),
            NodeKind::Continue => return Ok(Flow::Continue),
            _ => {}
        }
        Ok(Flow::Next)
    }

    /// Evaluates under the action `id`: what it makes is there because of it.
    fn under_action<T>(
        &mut self,
        tree: &Rc<Tree>,
        id: NodeId,
        evaluate: impl FnOnce(&mut Self, Origin) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let origin = tree.origin(id, self.context.origins);
        let outer = self.control;
        self.control = self.context.origins.both(origin, outer);
        let result = evaluate(self, origin);
        self.control = outer;
        result
    }

    fn action(
        &mut self,
        tree: &Rc<Tree>,
        id: NodeId,
        pipe: NodeId,
        dot: Dot<'_>,
        out: &mut TextBuilder,
    ) -> Result<(), Failure> {
        self.under_action(tree, id, |this, origin| {
            let value = this.pipeline(tree, pipe, dot)?;
            let declares = matches!(&tree.node(pipe).kind, NodeKind::Pipe { declares, .. } if !declares.is_empty());
            if !declares {
                this.at = id;
                this.write(&value, origin, out)?;
            }
            Ok(())
        })
    }

    /// Writes a value as an action does.
    fn write(
        &mut self,
        value: &Value,
        action: Origin,
        out: &mut TextBuilder,
    ) -> Result<(), Failure> {
        let text = match &value.data {
            Data::Nil | Data::Absent => Text::new(&b"<no value>"[..], value.origin),
            Data::String(text) => text.clone(),
            Data::Object(object) => Text::new(object.show(), value.origin),
            _ => format::plain(value),
        };
        self.spend_bytes(text.cost())?;
        if text.condition() == self.control {
            out.push_text(&text);
            return Ok(());
        }
        let bytes = text.as_bytes();
        for (range, origin) in text.runs() {
            let origin = if origin.is_none() { action } else { origin };
            let origin = self.context.origins.under(origin, self.control);
            out.push(bytes.get(range).unwrap_or_default(), origin);
        }
        Ok(())
    }

    fn branch(
        &mut self,
        tree: &Rc<Tree>,
        id: NodeId,
        dot: Dot<'_>,
        out: &mut TextBuilder,
    ) -> Result<Flow, Failure> {
        let NodeKind::Branch {
            with,
            pipe,
            body,
            otherwise,
            assigned,
        } = &tree.node(id).kind
        else {
            return Ok(Flow::Next);
        };
        let mark = self.variables.len();
        let value = self.pipeline(tree, *pipe, dot)?;
        let outer = self.control;
        let condition = self.condition(tree, id, &value);
        let truth = value.truth();
        if !truth {
            // What the condition kept away is remembered where it would have stood.
            let origin = self.context.origins.under(Origin::NONE, condition);
            out.push(b"", origin);
        }
        self.control = condition;
        let flow = if truth {
            let dot = if *with { Dot::concrete(&value) } else { dot };
            self.list(tree, *body, dot, out)
        } else if let Some(otherwise) = otherwise {
            self.list(tree, *otherwise, dot, out)
        } else {
            Ok(Flow::Next)
        };
        self.control = outer;
        self.variables.truncate(mark);
        self.decide(tree.symbols(*assigned), condition);
        flow
    }

    /// Variables that are assigned under a condition depend on it, also where it kept the assignment away.
    fn decide(&mut self, assigned: &[Symbol], condition: Origin) {
        for &symbol in assigned {
            let base = self.base;
            let variables = self.variables.get_mut(base..).unwrap_or_default();
            if let Some(variable) = variables.iter_mut().rev().find(|v| v.symbol == symbol) {
                let value = std::mem::take(&mut variable.value);
                variable.value = value.under(condition, self.context.origins);
            }
        }
    }

    /// The control origin of what stands under a condition or a range: its value, its action, and what is around it.
    fn condition(&mut self, tree: &Rc<Tree>, id: NodeId, value: &Value) -> Origin {
        let action = tree.origin(id, self.context.origins);
        let value = value.origin(self.context.origins);
        let inner = self.context.origins.both(value, action);
        self.context.origins.both(inner, self.control)
    }

    fn template(
        &mut self,
        tree: &Rc<Tree>,
        id: NodeId,
        name: &Arc<str>,
        pipe: Option<NodeId>,
        dot: Dot<'_>,
        out: &mut TextBuilder,
    ) -> Result<(), Failure> {
        let Some(definition) = self.lookup(name) else {
            return self.error(format!(
                "template {} not defined",
                format::quote_lossless(name.as_bytes())
            ));
        };
        self.under_action(tree, id, |this, _| {
            let dot = match pipe {
                Some(pipe) => this.pipeline(tree, pipe, dot)?,
                None => Value::new(Data::Absent, Origin::NONE),
            };
            this.run(&definition, &dot, out)
        })
    }

    fn declare(&mut self, symbol: Symbol, value: Value) {
        self.variables.push(Variable {
            symbol,
            value,
            is_interface: false,
        });
    }

    fn set_top(&mut self, back: usize, value: Value, is_interface: bool) {
        if let Some(variable) = self
            .variables
            .len()
            .checked_sub(back)
            .and_then(|index| self.variables.get_mut(index))
        {
            variable.value = value;
            variable.is_interface = is_interface;
        }
    }

    fn assign(
        &mut self,
        tree: &Rc<Tree>,
        symbol: Symbol,
        value: Value,
        is_interface: bool,
    ) -> Result<(), Failure> {
        let base = self.base;
        let found = self
            .variables
            .get_mut(base..)
            .unwrap_or_default()
            .iter_mut()
            .rev()
            .find(|variable| variable.symbol == symbol);
        match found {
            Some(variable) => {
                variable.value = value;
                variable.is_interface = is_interface;
                Ok(())
            }
            None => self.error(format!("undefined variable: {}", tree.symbol(symbol))),
        }
    }

    /// The error of a function, seen from its call.
    fn function_error<T>(&self, name: &str, mut error: FunctionError) -> Result<T, Failure> {
        if self.context.helm == HelmVersion::V3 && error.message.starts_with(INCOMPATIBLE) {
            error.message.truncate(INCOMPATIBLE.len());
        }
        let text = format!("error calling {name}: ");
        if error.by_author {
            return self.error_from(TemplateError::author(error.message), text);
        }
        self.error_from(TemplateError::words(error.message), text)
    }
}

#[cfg(test)]
mod tests;
