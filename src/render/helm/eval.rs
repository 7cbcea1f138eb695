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

/// Executes the template `name` and strips `<no value>`.
pub(super) fn execute(
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
        included: HashMap::new(),
        control,
        variables: Vec::new(),
        base: 0,
        depth: 0,
        at: definition.root,
        template: Rc::clone(&definition.name),
        tree: Rc::clone(&definition.tree),
        stack: 0,
    };
    let output = evaluator.output_of(&definition, root)?;
    Ok(without_no_value(&output, evaluator.context))
}

fn no_such_template(name: &str) -> TemplateError {
    TemplateError::words(format!(
        "template: no template {} associated with template \"gotpl\"",
        format::quote_lossless(name.as_bytes())
    ))
}

/// Helm's own repair of Go's output: the words that stand for nil are removed wherever they are.
fn without_no_value(text: &Text, context: &mut Context<'_>) -> Text {
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
    overlays: Vec<HashMap<Rc<str>, Definition>>,
    /// How often each template is being included.
    included: HashMap<Rc<str>, usize>,
    /// The actions and conditions around what is being executed.
    control: Origin,
    variables: Vec<Variable>,
    /// Where the variables of the executing template begin.
    base: usize,
    depth: usize,
    /// The node that an error message would name.
    at: NodeId,
    /// The executing template.
    template: Rc<str>,
    tree: Rc<Tree>,
    /// Names the chain of executing templates, for seeds.
    stack: u64,
}

impl Evaluator<'_, '_> {
    /// An error at the current node.
    fn error<T>(&self, text: impl Into<String>) -> Result<T, Failure> {
        Err(Box::new(TemplateError::located(
            self.tree.location(self.at),
            Rc::clone(&self.template),
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
            Rc::clone(&self.template),
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
        let outer_template = std::mem::replace(&mut self.template, Rc::clone(&definition.name));
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
        let NodeKind::List(items) = &tree.node(id).kind else {
            return Ok(Flow::Next);
        };
        for &item in items {
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
        self.decide(assigned, condition);
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
        name: &Rc<str>,
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
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::origin::{Origins, Role, Trace};
    use crate::render::helm::function::Limits;
    use crate::render::helm::functions;
    use crate::render::helm::value::Map;
    use crate::text::{RepoPath, Span};

    const TEMPLATE: &str = "web.yaml";

    struct Rendered {
        text: Text,
        origins: Origins,
        template: String,
        values: String,
    }

    impl Rendered {
        /// The places behind the characters of `part`, as `data: … control: … empty: …` in their own words.
        fn explain(&self, part: &str) -> String {
            let bytes = self.text.as_bytes();
            let at = find(bytes, part.as_bytes(), 0)
                .unwrap_or_else(|| panic!("{part} in {:?}", self.text));
            let mut words = Vec::new();
            for (range, origin) in self.text.runs() {
                let meets = Span::new(range.start, range.end).meets(Span::new(at, at + part.len()));
                if meets {
                    words.push(self.describe(&self.origins.trace(origin)));
                }
            }
            words.dedup();
            words.join(" | ")
        }

        fn describe(&self, trace: &Trace) -> String {
            let place = |source: &crate::origin::Source| {
                let text = match source.role {
                    Role::Values => &self.values,
                    _ => &self.template,
                };
                source.span.of(text).to_owned()
            };
            let list = |sources: &[crate::origin::Source]| {
                sources.iter().map(place).collect::<Vec<_>>().join(", ")
            };
            let mut out = list(&trace.data);
            if !trace.control.is_empty() {
                out.push_str(" <- ");
                out.push_str(&list(&trace.control));
            }
            for read in &trace.empty {
                out.push_str(&format!(" ?{}", read.path));
            }
            out
        }
    }

    fn render_within(template: &str, values: &str, limits: Limits) -> Result<Rendered, String> {
        let mut origins = Origins::new();
        let text: Arc<str> = Arc::from(template);
        let file = origins.add_file(&RepoPath::new(TEMPLATE).unwrap(), &text);
        let values_text: Arc<str> = Arc::from(values);
        let values_file = origins.add_file(&RepoPath::new("values.yaml").unwrap(), &values_text);
        let mut set = TemplateSet::new(functions::of(HelmVersion::V4));
        set.parse(TEMPLATE, file, &text)
            .map_err(|error| error.go_message())?;
        let parsed = crate::yaml::parse(values).documents[0]
            .value(crate::yaml::Dialect::Helm, &mut |span| {
                origins.source(values_file, span, Role::Values)
            })
            .unwrap();
        let values_value = Value::from_yaml(&parsed);
        values_value.name_paths("");
        let root = Map::new();
        root.set("Values", Origin::NONE, values_value);
        let root = Value::map(root, Origin::NONE);
        let mut context = Context::new(&mut origins, "r", HelmVersion::V4, limits);
        let text = set
            .execute(TEMPLATE, &root, &mut context)
            .map_err(|error| error.cause().to_owned())?;
        Ok(Rendered {
            text,
            origins,
            template: template.to_owned(),
            values: values.to_owned(),
        })
    }

    fn render(template: &str, values: &str) -> Rendered {
        render_within(template, values, Limits::default()).unwrap()
    }

    #[test]
    fn what_is_printed_knows_its_places() {
        let check = |template: &str, values: &str, part: &str, expected: &str| {
            let rendered = render(template, values);
            assert_eq!(rendered.explain(part), expected, "{template}");
        };
        check("a: {{ .Values.b }}", "b: one", "a: ", "a:");
        check(
            "a: {{ .Values.b }}",
            "b: one",
            "one",
            "one <- {{ .Values.b }}",
        );
        check("{{ .Values.w }}", "w: 5", "5", "5 <- {{ .Values.w }}");
        check(
            "{{ if .Values.c }}x{{ end }}",
            "c: yes",
            "x",
            "x <- yes, {{ if .Values.c }}",
        );
        check(
            "{{ range .Values.l }}[{{ . }}]{{ end }}",
            "l: [p, q]",
            "q",
            "q <- {{ . }}, q, p, {{ range .Values.l }}",
        );
        check(
            "{{ define \"d\" }}k: {{ .x }}{{ end }}{{ include \"d\" .Values | nindent 2 }}",
            "x: v",
            "v",
            "v <- {{ .x }}, {{ include \"d\" .Values | nindent 2 }}",
        );
        check(
            "{{ printf \"%s:%s\" .Values.i .Values.t }}",
            "i: img\nt: tag",
            "tag",
            "tag <- {{ printf \"%s:%s\" .Values.i .Values.t }}",
        );
        check(
            "{{ tpl .Values.t . }}",
            "t: a-{{ .Values.b }}\nb: one",
            "a-",
            "a-{{ .Values.b }} <- {{ tpl .Values.t . }}",
        );
        check(
            "{{ $x := .Values.b }}{{ if .Values.c }}{{ $x }}{{ end }}",
            "b: one\nc: true",
            "one",
            "one <- {{ $x }}, true, {{ if .Values.c }}",
        );
        check(
            "{{ if or .Values.a .Values.c }}x{{ end }}",
            "a: false\nc: true",
            "x",
            "x <- true, false, {{ if or .Values.a .Values.c }}",
        );
    }

    #[test]
    fn what_is_not_printed_leaves_a_trace() {
        let check = |template: &str, values: &str, expected: &str| {
            let rendered = render(template, values);
            let empties: Vec<String> = rendered
                .text
                .runs()
                .flat_map(|(_, origin)| rendered.origins.trace(origin).empty)
                .map(|read| read.path.to_string())
                .collect();
            assert_eq!(empties.join(" "), expected, "{template}");
        };
        check("{{ .Values.none }}", "a: 1", "none");
        check("{{ .Values.a.none }}x", "a: {b: 1}", "a.none");
        check("{{ with .Values.a.r }}x{{ end }}", "a: {r: {}}", "a.r");
        check("{{ if .Values.s }}x{{ end }}", "s: ''", "s");
        check(
            "{{ with .Values.a }}{{ if .none }}x{{ end }}{{ end }}",
            "a: {b: 1}",
            "a.none",
        );
        check("{{ index .Values \"none\" }}", "a: 1", "none");
    }

    #[test]
    fn hostile_templates_end() {
        let limits = Limits {
            steps: 200_000,
            bytes: 1 << 20,
        };
        let check = |template: &str, expected: &str| {
            let template = template.to_owned();
            let run = std::thread::Builder::new()
                .stack_size(512 << 20)
                .spawn(move || render_within(&template, "a: 1", limits).err());
            let error = run.unwrap().join().unwrap().unwrap();
            assert!(error.contains(expected), "{error}");
        };
        check(
            "{{ range 1000 }}{{ range 1000 }}{{ end }}{{ end }}",
            super::OUT_OF_STEPS,
        );
        check(
            "{{ range 100000 }}0123456789abcdef{{ end }}",
            super::OUT_OF_BYTES,
        );
        check(
            "{{ define \"x\" }}{{ template \"x\" . }}{{ end }}{{ template \"x\" . }}",
            "nested too deeply",
        );
        check(
            "{{ define \"x\" }}{{ include \"x\" . }}{{ end }}{{ include \"x\" . }}",
            "nested reference name: x",
        );
        check(
            "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ $x := list }}{{ range 20000 }}{{ $x = list $x }}{{ end }}{{ fail \"deep\" }}",
            "deep",
        );
        check(&"{{ if 1 }}".repeat(5000), "max expression depth");
        check(
            &format!("{{{{ {}", "(".repeat(5000)),
            "max expression depth",
        );
    }

    #[test]
    fn cyclic_maps_are_printed_up_to_a_depth() {
        let rendered = std::thread::Builder::new()
            .stack_size(512 << 20)
            .spawn(|| {
                let template = "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ print $d | len }}";
                render(template, "a: 1").text.len()
            })
            .unwrap()
            .join()
            .unwrap();
        assert!(rendered > 0);
    }

    /// A map may be an argument twice, or hold itself.
    #[test]
    fn one_map_may_be_two_arguments() {
        let calls = [
            "merge $d $d",
            "mergeOverwrite $d $d",
            "mustMerge $d $d $e",
            "mustMergeOverwrite $d $e $d",
            "set $d \"s\" $d",
            "set $d \"a\" (dict \"a\" $d)",
            "unset $d \"a\"",
            "pick $d \"a\"",
            "omit $d \"a\"",
            "deepCopy $d",
            "deepEqual $d $d",
            "keys $d $d",
            "values $d",
            "pluck \"a\" $d $d",
            "dig \"a\" \"b\" \"x\" $d",
            "hasKey $d \"a\"",
            "merge $d.a $d",
            "merge $d $d.a",
            "mergeOverwrite $d.a $d",
            "toYaml $d",
            "toJson $d",
            "toToml $d",
            "toString $d",
            "printf \"%#v\" $d",
            "uniq (list $d $d)",
            "has $d (list $d)",
            "without (list $d) $d",
            "ternary $d $d true",
            "default $d $d",
            "coalesce $d $d",
            "concat (list $d) (list $d)",
            "kindOf $d",
            "eq $d $d",
            "empty $d",
            "compact (list $d)",
            "toPrettyJson $d",
            "toRawJson $d",
            "urlJoin $d",
            "list $d | toYaml",
            "tpl \"{{ toYaml . }}\" $d",
        ];
        for cycle in ["", "{{ $_ := set $d \"self\" $d }}"] {
            for call in calls {
                let template = format!(
                    "{{{{ $e := dict \"z\" 1 }}}}{{{{ $d := dict \"a\" (dict \"b\" 1) }}}}{cycle}{{{{ {call} }}}}"
                );
                let limits = Limits {
                    steps: 1_000_000,
                    bytes: 16 << 20,
                };
                let run = std::thread::Builder::new()
                    .stack_size(512 << 20)
                    .spawn(move || render_within(&template, "a: 1", limits).is_ok());
                assert!(run.unwrap().join().is_ok(), "{cycle}{call} panicked");
            }
        }
    }
}
