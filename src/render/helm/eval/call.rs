//! Expressions: pipelines, fields, variables, literals, and calls with Go's checking of arguments.

use std::rc::Rc;

use super::super::ast::{NodeId, NodeKind, Number, Symbols, Tree};
use super::super::format;
use super::super::function::{Call, Form, Signature, Type};
use super::super::functions::named;
use super::super::string::Text;
use super::super::template::TemplateError;
use super::super::value::{Data, MapType, Object, Value};
use crate::origin::Origin;

use super::{Dot, Evaluator, Failure, MAX_DEPTH};

impl Evaluator<'_, '_> {
    /// The value of a pipeline. Variables that it declares stay until the caller drops them.
    pub(super) fn pipeline(
        &mut self,
        tree: &Rc<Tree>,
        id: NodeId,
        dot: Dot<'_>,
    ) -> Result<Value, Failure> {
        self.at = id;
        let NodeKind::Pipe {
            declares,
            assigns,
            commands,
        } = &tree.node(id).kind
        else {
            return Ok(Value::new(Data::Absent, Origin::NONE));
        };
        if self.depth >= MAX_DEPTH {
            return self.error("expressions are nested too deeply");
        }
        self.depth += 1;
        let mut value = None;
        for &command in tree.nodes(*commands) {
            let mut next = self.command(tree, command, dot, value)?;
            // A nil in an interface becomes no value at all.
            if matches!(next.data, Data::Nil) {
                next.data = Data::Absent;
            }
            value = Some(next);
        }
        self.depth -= 1;
        let value = value.unwrap_or_default();
        for &symbol in tree.symbols(*declares) {
            if *assigns {
                self.assign(tree, symbol, value.clone(), false)?;
            } else {
                self.declare(symbol, value.clone());
            }
        }
        Ok(value)
    }

    fn command(
        &mut self,
        tree: &Rc<Tree>,
        id: NodeId,
        dot: Dot<'_>,
        piped: Option<Value>,
    ) -> Result<Value, Failure> {
        self.spend()?;
        let NodeKind::Command(arguments) = tree.node(id).kind else {
            return Ok(Value::default());
        };
        let Some((&first, rest)) = tree.nodes(arguments).split_first() else {
            return Ok(Value::default());
        };
        match &tree.node(first).kind {
            NodeKind::Field(_) | NodeKind::Chain { .. } | NodeKind::Variable { .. } => {
                return self.operand(tree, first, dot, rest, piped);
            }
            NodeKind::Function(signature) => {
                self.at = first;
                return self.call(tree, signature, id, rest, dot, piped);
            }
            NodeKind::Pipe { .. } => {
                self.not_a_function(tree, first, rest, piped.as_ref())?;
                return self.pipeline(tree, first, dot);
            }
            _ => {}
        }
        self.at = first;
        self.not_a_function(tree, first, rest, piped.as_ref())?;
        match &tree.node(first).kind {
            NodeKind::Dot => Ok(dot.value.clone()),
            NodeKind::Nil => self.error("nil is not a command"),
            _ => self.constant(tree, first),
        }
    }

    fn not_a_function(
        &self,
        tree: &Rc<Tree>,
        first: NodeId,
        arguments: &[NodeId],
        piped: Option<&Value>,
    ) -> Result<(), Failure> {
        if arguments.is_empty() && piped.is_none() {
            return Ok(());
        }
        self.error(format!(
            "can't give argument to non-function {}",
            tree.print(first)
        ))
    }

    /// A literal where nothing says which type it should have.
    pub(super) fn constant(&mut self, tree: &Rc<Tree>, id: NodeId) -> Result<Value, Failure> {
        self.at = id;
        let origin = tree.origin(id, self.context.origins);
        match &tree.node(id).kind {
            NodeKind::Bool(truth) => Ok(Value::bool(*truth, origin)),
            NodeKind::String(_) => Ok(tree.literal(id, self.context.origins).into()),
            NodeKind::Number(number) => match **number {
                Number {
                    complex: Some((real, imaginary)),
                    ..
                } => Ok(Value::object(Complex(real, imaginary), origin)),
                Number {
                    is_float: true,
                    float: Some(float),
                    ..
                } => Ok(Value::float(float, origin)),
                Number { int: Some(int), .. } => Ok(Value::int(int, origin)),
                _ => self.error(format!("{} overflows int", tree.print(id))),
            },
            _ => self.error(format!(
                "can't handle assignment of {} to empty interface argument",
                tree.print(id)
            )),
        }
    }

    /// A field, variable or chain, with the arguments of the method that it may end in.
    fn operand(
        &mut self,
        tree: &Rc<Tree>,
        id: NodeId,
        dot: Dot<'_>,
        arguments: &[NodeId],
        piped: Option<Value>,
    ) -> Result<Value, Failure> {
        self.at = id;
        match &tree.node(id).kind {
            NodeKind::Field(fields) => {
                let receiver = dot.value.clone();
                let chain = Chain {
                    id,
                    fields: *fields,
                    arguments,
                };
                self.fields(tree, chain, dot, receiver, dot.is_interface, piped)
            }
            NodeKind::Variable { symbol, fields } => {
                let base = self.base;
                let found = self
                    .variables
                    .get(base..)
                    .unwrap_or_default()
                    .iter()
                    .rev()
                    .find(|variable| variable.symbol == *symbol)
                    .map(|variable| (variable.value.clone(), variable.is_interface));
                let Some((value, is_interface)) = found else {
                    return self.error(format!("undefined variable: {}", tree.symbol(*symbol)));
                };
                if fields.is_empty() {
                    self.not_a_function(tree, id, arguments, piped.as_ref())?;
                    return Ok(value);
                }
                let chain = Chain {
                    id,
                    fields: *fields,
                    arguments,
                };
                self.fields(tree, chain, dot, value, is_interface, piped)
            }
            NodeKind::Chain { base, fields } => {
                if matches!(tree.node(*base).kind, NodeKind::Nil) {
                    return self.error(format!(
                        "indirection through explicit nil in {}",
                        tree.print(id)
                    ));
                }
                let receiver = self.untyped(tree, *base, dot)?;
                let chain = Chain {
                    id,
                    fields: *fields,
                    arguments,
                };
                self.fields(tree, chain, dot, receiver, false, piped)
            }
            _ => Ok(Value::default()),
        }
    }

    /// A node that stands for a value, without any wish for its type.
    pub(super) fn untyped(
        &mut self,
        tree: &Rc<Tree>,
        id: NodeId,
        dot: Dot<'_>,
    ) -> Result<Value, Failure> {
        self.at = id;
        match &tree.node(id).kind {
            NodeKind::Dot => Ok(dot.value.clone()),
            NodeKind::Field(_) | NodeKind::Variable { .. } | NodeKind::Chain { .. } => {
                self.operand(tree, id, dot, &[], None)
            }
            NodeKind::Pipe { .. } => self.pipeline(tree, id, dot),
            NodeKind::Function(signature) => self.call(tree, signature, id, &[], dot, None),
            _ => self.constant(tree, id),
        }
    }

    fn fields(
        &mut self,
        tree: &Rc<Tree>,
        chain: Chain<'_>,
        dot: Dot<'_>,
        mut receiver: Value,
        mut is_interface: bool,
        mut piped: Option<Value>,
    ) -> Result<Value, Failure> {
        let fields = tree.symbols(chain.fields);
        let last = fields.len().saturating_sub(1);
        for (n, &name) in fields.iter().enumerate() {
            let (arguments, piped) = if n == last {
                (chain.arguments, piped.take())
            } else {
                (&[][..], None)
            };
            let next_is_interface = matches!(receiver.data, Data::Map(_));
            let link = Link {
                id: chain.id,
                name: tree.symbol(name),
                arguments,
                is_interface,
            };
            receiver = self.field(tree, link, dot, receiver, piped)?;
            is_interface = next_is_interface;
        }
        Ok(receiver)
    }

    /// One field, key or method of `receiver`.
    fn field(
        &mut self,
        tree: &Rc<Tree>,
        link: Link<'_>,
        dot: Dot<'_>,
        receiver: Value,
        piped: Option<Value>,
    ) -> Result<Value, Failure> {
        let Link { id, name, .. } = link;
        let has_arguments = !link.arguments.is_empty() || piped.is_some();
        let receiver = match receiver.data {
            Data::Int(number, kind) => named(number, kind, receiver.origin).unwrap_or(receiver),
            _ => receiver,
        };
        match &receiver.data {
            Data::Absent => return Ok(receiver),
            Data::Nil => {
                return self.error(format!("nil pointer evaluating interface {{}}.{name}"));
            }
            Data::Map(map) => {
                let map_type = map.borrow().map_type;
                if matches!(map_type, MapType::Values(_))
                    && name == "AsMap"
                    && map.get(name).is_none()
                {
                    let copy = super::super::value::Map::new();
                    for (key, entry) in map.entries() {
                        copy.set(key, entry.key_origin, entry.value);
                    }
                    return Ok(Value::map(copy, receiver.origin));
                }
                if has_arguments {
                    return self.error(format!("{name} is not a method but has arguments"));
                }
                return Ok(self.read(tree, id, map, name));
            }
            Data::Object(object) => {
                if let Some(parameters) = object.method(name) {
                    let object = Rc::clone(object);
                    let values =
                        self.arguments(tree, name, parameters, None, link.arguments, dot, piped)?;
                    self.context.call = tree.origin(id, self.context.origins);
                    self.context.place = Some((self.stack, Rc::clone(tree), id));
                    return match object.call(name, self.context, &values) {
                        Ok(value) => {
                            self.spend_on(&value)?;
                            Ok(value)
                        }
                        Err(error) => {
                            self.at = id;
                            self.function_error(name, error)
                        }
                    };
                }
                if let Some(field) = object.field(name) {
                    if has_arguments {
                        let problem = if object.is_map() {
                            format!("{name} is not a method but has arguments")
                        } else {
                            format!("{name} has arguments but cannot be invoked as function")
                        };
                        return self.error(problem);
                    }
                    return Ok(field);
                }
                if object.is_map() {
                    return Ok(Value::nil(tree.origin(id, self.context.origins)));
                }
            }
            _ => {}
        }
        let type_name = if link.is_interface {
            "interface {}"
        } else {
            receiver.type_name()
        };
        self.error(format!("can't evaluate field {name} in type {type_name}"))
    }

    /// The value of a key. Of a values map, a key that is unset or empty is remembered as an empty read.
    pub(super) fn read(
        &mut self,
        tree: &Rc<Tree>,
        id: NodeId,
        map: &super::super::value::Map,
        name: &str,
    ) -> Value {
        let entries = map.borrow();
        let found = entries.get(name).map(|entry| entry.value.clone());
        let value = match found {
            Some(value) => value,
            None if entries.map_type == MapType::Strings => Value::string("", Origin::NONE),
            None => Value::nil(Origin::NONE),
        };
        let is_empty = match &value.data {
            Data::Nil => true,
            Data::String(text) => text.is_empty(),
            Data::List(list) => list.is_empty(),
            Data::Map(map) => map.is_empty(),
            _ => false,
        };
        if !is_empty {
            return value;
        }
        let Some(path) = entries.path_of(name) else {
            return value;
        };
        let read_at = tree.origin(id, self.context.origins);
        let empty = self.context.origins.empty(&path, read_at);
        match value.data {
            Data::String(text) => {
                let origin = text.origin(self.context.origins);
                let origin = self.context.origins.both(origin, empty);
                Text::new(Vec::new(), origin).into()
            }
            data => Value::new(data, self.context.origins.both(value.origin, empty)),
        }
    }

    fn call(
        &mut self,
        tree: &Rc<Tree>,
        signature: &'static Signature,
        id: NodeId,
        arguments: &[NodeId],
        dot: Dot<'_>,
        piped: Option<Value>,
    ) -> Result<Value, Failure> {
        if let Call::Form(form @ (Form::And | Form::Or)) = signature.call {
            self.check_count(
                signature.name,
                signature.parameters,
                signature.rest,
                arguments,
                piped.is_some(),
            )?;
            return self.short_circuit(tree, form, arguments, dot, piped);
        }
        let values = self.arguments(
            tree,
            signature.name,
            signature.parameters,
            signature.rest,
            arguments,
            dot,
            piped,
        )?;
        self.context.call = tree.origin(id, self.context.origins);
        self.context.control = self.control;
        let outcome = match signature.call {
            Call::Plain(function) => {
                self.context.place = Some((self.stack, Rc::clone(tree), id));
                match function(self.context, &values) {
                    Ok(value) => {
                        self.spend_on(&value)?;
                        return Ok(value);
                    }
                    Err(error) => {
                        self.at = id;
                        return self.function_error(signature.name, error);
                    }
                }
            }
            Call::Form(Form::Include) => self.include(&values),
            Call::Form(Form::Tpl) => self.tpl(&values),
            Call::Form(_) => Err(Box::new(Self::call_of_value(tree, arguments, &values))),
        };
        match outcome {
            Ok(value) => Ok(value),
            Err(error) => {
                self.at = id;
                self.error_from(*error, format!("error calling {}: ", signature.name))
            }
        }
    }

    fn short_circuit(
        &mut self,
        tree: &Rc<Tree>,
        form: Form,
        arguments: &[NodeId],
        dot: Dot<'_>,
        piped: Option<Value>,
    ) -> Result<Value, Failure> {
        // Which operand is the result depends on those before it.
        let mut decided = Origin::NONE;
        let mut value = Value::default();
        for &argument in arguments {
            value = self.argument(tree, argument, Type::Reflect, dot)?;
            if value.truth() == (form == Form::Or) {
                return Ok(value.under(decided, self.context.origins));
            }
            let origin = value.origin(self.context.origins);
            decided = self.context.origins.both(origin, decided);
        }
        if let Some(piped) = piped {
            value = piped;
        }
        Ok(value.under(decided, self.context.origins))
    }

    /// Why a value cannot be called: none of Helm's values is a function.
    fn call_of_value(tree: &Rc<Tree>, arguments: &[NodeId], values: &[Value]) -> TemplateError {
        let callee = values.first();
        if callee.is_none_or(Value::is_nil) {
            return TemplateError::words("call of nil");
        }
        let name = match arguments.first() {
            Some(&first) => tree.print(first),
            None => callee
                .map(|value| format::plain(value).lossy().into_owned())
                .unwrap_or_default(),
        };
        TemplateError::words(format!(
            "non-function {name} of type {}",
            callee.map_or("", Value::type_name)
        ))
    }
}

/// A node that reads fields, and the arguments for the last of them.
#[derive(Clone, Copy)]
struct Chain<'a> {
    id: NodeId,
    fields: Symbols,
    arguments: &'a [NodeId],
}

/// One step of a [`Chain`].
#[derive(Clone, Copy)]
struct Link<'a> {
    id: NodeId,
    name: &'a str,
    arguments: &'a [NodeId],
    /// Whether the receiver's Go type is `interface {}`.
    is_interface: bool,
}

/// A `complex128`. The language has such literals and no use for them but to print them.
struct Complex(f64, f64);

impl Object for Complex {
    fn type_name(&self) -> &'static str {
        "complex128"
    }

    fn kind(&self) -> &'static str {
        "complex128"
    }

    fn field(&self, _: &str) -> Option<Value> {
        None
    }

    fn print(&self) -> String {
        let real = format::format_float(self.0, b'g', None);
        let imaginary = format::format_float(self.1, b'g', None);
        let sign = if imaginary.starts_with(['-', '+']) {
            ""
        } else {
            "+"
        };
        format!("({real}{sign}{imaginary}i)")
    }

    fn truth(&self) -> bool {
        self.0 != 0.0 || self.1 != 0.0
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
