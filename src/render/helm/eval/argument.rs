//! Arguments of functions and methods, checked and converted to the types of their parameters as Go does it.

use std::rc::Rc;

use super::super::ast::{NodeId, NodeKind, Number, Tree};
use super::super::function::Type;
use super::super::value::{Data, IntKind, Items, MapType, UintKind, Value};
use super::{Dot, Evaluator, Failure};

impl Evaluator<'_, '_> {
    pub(super) fn check_count(
        &self,
        name: &str,
        parameters: &[Type],
        rest: Option<Type>,
        arguments: &[NodeId],
        is_piped: bool,
    ) -> Result<(), Failure> {
        let given = arguments.len() + usize::from(is_piped);
        let wanted = parameters.len();
        if rest.is_some() && given < wanted {
            return self.error(format!(
                "wrong number of args for {name}: want at least {wanted} got {}",
                arguments.len()
            ));
        }
        if rest.is_none() && given != wanted {
            return self.error(format!(
                "wrong number of args for {name}: want {wanted} got {given}"
            ));
        }
        Ok(())
    }

    /// The arguments of a call, checked and converted to the types of the parameters.
    #[expect(clippy::too_many_arguments, reason = "a call is all of this")]
    pub(super) fn arguments(
        &mut self,
        tree: &Rc<Tree>,
        name: &str,
        parameters: &[Type],
        rest: Option<Type>,
        arguments: &[NodeId],
        dot: Dot<'_>,
        piped: Option<Value>,
    ) -> Result<Vec<Value>, Failure> {
        self.check_count(name, parameters, rest, arguments, piped.is_some())?;
        let mut values = Vec::with_capacity(arguments.len() + 1);
        let type_at = |n: usize| parameters.get(n).copied().or(rest).unwrap_or(Type::Any);
        for (n, &argument) in arguments.iter().enumerate() {
            let value = self.argument(tree, argument, type_at(n), dot)?;
            values.push(value);
        }
        if let Some(piped) = piped {
            let value = self.checked(piped, type_at(values.len()))?;
            values.push(value);
        }
        Ok(values)
    }

    pub(super) fn argument(
        &mut self,
        tree: &Rc<Tree>,
        id: NodeId,
        wanted: Type,
        dot: Dot<'_>,
    ) -> Result<Value, Failure> {
        self.at = id;
        let node = &tree.node(id).kind;
        match node {
            NodeKind::Dot
            | NodeKind::Field(_)
            | NodeKind::Variable { .. }
            | NodeKind::Chain { .. }
            | NodeKind::Pipe { .. }
            | NodeKind::Function(_) => {
                let value = self.untyped(tree, id, dot)?;
                return self.checked(value, wanted);
            }
            NodeKind::Nil => {
                let origin = tree.origin(id, self.context.origins);
                return match wanted {
                    Type::Any | Type::Map | Type::List | Type::Strings => Ok(Value::nil(origin)),
                    Type::Reflect => Ok(Value::new(Data::Absent, origin)),
                    _ => self.error(format!("cannot assign nil to {}", wanted.name())),
                };
            }
            _ => {}
        }
        let origin = tree.origin(id, self.context.origins);
        let number = match node {
            NodeKind::Number(number) => **number,
            _ => Number::default(),
        };
        let found = match wanted {
            Type::Any | Type::Reflect => return self.constant(tree, id),
            Type::Bool => match node {
                NodeKind::Bool(truth) => Ok(Data::Bool(*truth)),
                _ => Err("bool"),
            },
            Type::Int | Type::Int64 | Type::Duration => {
                let kind = match wanted {
                    Type::Int => IntKind::Int,
                    Type::Duration => IntKind::Duration,
                    _ => IntKind::Int64,
                };
                let int = number.int.map(|int| Data::Int(int, kind));
                int.ok_or("integer")
            }
            Type::Uint32 => {
                let uint = number.uint.map(|uint| u64::from(uint as u32));
                let uint = uint.map(|uint| Data::Uint(uint, UintKind::Uint32));
                uint.ok_or("unsigned integer")
            }
            Type::Float => number.float.map(Data::Float).ok_or("float"),
            Type::String => match node {
                NodeKind::String(_) => Ok(Data::String(tree.literal(id, self.context.origins))),
                _ => Err("string"),
            },
            Type::Map | Type::List | Type::Strings | Type::Object(_) => {
                return self.error(format!(
                    "can't handle {} for arg of type {}",
                    tree.print(id),
                    wanted.name()
                ));
            }
        };
        match found {
            Ok(data) => Ok(Value::new(data, origin)),
            Err(expected) => self.error(format!("expected {expected}; found {}", tree.print(id))),
        }
    }

    /// The value, if it can be given to a parameter of the type.
    fn checked(&self, mut value: Value, wanted: Type) -> Result<Value, Failure> {
        let fits = match (&value.data, wanted) {
            (_, Type::Reflect) | (Data::Nil, Type::Any) => true,
            (Data::Absent, Type::Any | Type::Map | Type::List | Type::Strings) => {
                value.data = Data::Nil;
                true
            }
            (Data::Absent, _) => {
                return self.error(format!("invalid value; expected {}", wanted.name()));
            }
            (Data::Nil, _) => false,
            (_, Type::Any)
            | (Data::String(_), Type::String)
            | (Data::Bool(_), Type::Bool)
            | (Data::Float(_), Type::Float)
            | (Data::Int(_, IntKind::Int), Type::Int)
            | (Data::Int(_, IntKind::Int64), Type::Int64)
            | (Data::Int(_, IntKind::Duration), Type::Duration)
            | (Data::Uint(_, UintKind::Uint32), Type::Uint32) => true,
            (Data::Map(map), Type::Map) => {
                matches!(map.borrow().map_type, MapType::Any | MapType::Values(_))
            }
            (Data::List(list), Type::List) => list.items == Items::Any,
            (Data::List(list), Type::Strings) => list.items == Items::String,
            (Data::Object(object), Type::Object(name)) => object.type_name() == name,
            _ => false,
        };
        if fits {
            return Ok(value);
        }
        let got = if matches!(value.data, Data::Nil) {
            "interface {}"
        } else {
            value.type_name()
        };
        self.error(format!(
            "wrong type for value; expected {}; got {got}",
            wanted.name()
        ))
    }
}
