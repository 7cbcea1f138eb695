//! `range`: over lists, maps, integers and Helm's objects.

use std::rc::Rc;

use super::super::ast::{NodeId, NodeKind, Symbol, Tree};
use super::super::format;
use super::super::string::{Text, TextBuilder};
use super::super::value::{Data, Items, Value};
use super::{Dot, Evaluator, Failure, Flow};
use crate::origin::Origin;

/// What all iterations of one range share.
struct Walk<'a> {
    tree: &'a Rc<Tree>,
    body: NodeId,
    declares: &'a [Symbol],
    assigns: bool,
    control: Origin,
    /// How many variables there are before the body declares any.
    top: usize,
}

impl Evaluator<'_, '_> {
    pub(super) fn range(
        &mut self,
        tree: &Rc<Tree>,
        id: NodeId,
        dot: Dot<'_>,
        out: &mut TextBuilder,
    ) -> Result<Flow, Failure> {
        let NodeKind::Range {
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
        let control = self.condition(tree, id, &value);
        let (declares, assigns) = match &tree.node(*pipe).kind {
            NodeKind::Pipe {
                declares, assigns, ..
            } => (tree.symbols(*declares), *assigns),
            _ => (&[][..], false),
        };
        let mut walk = Walk {
            tree,
            body: *body,
            declares,
            assigns,
            control,
            top: self.variables.len(),
        };
        let walked = self.walk(&value, &mut walk, out);
        self.control = outer;
        let mut flow = Flow::Next;
        if !walked? {
            let origin = self.context.origins.under(Origin::NONE, control);
            out.push(b"", origin);
            if let Some(otherwise) = otherwise {
                self.control = control;
                flow = self.list(tree, *otherwise, dot, out)?;
                self.control = outer;
            }
        }
        self.variables.truncate(mark);
        self.decide(tree.symbols(*assigned), control);
        Ok(flow)
    }

    /// Runs the body of a range for each item; false if there was none.
    fn walk(
        &mut self,
        value: &Value,
        walk: &mut Walk<'_>,
        out: &mut TextBuilder,
    ) -> Result<bool, Failure> {
        let nothing = Value::new(Data::Absent, Origin::NONE);
        let index = |n: usize| Value::int(n as i64, value.origin);
        match &value.data {
            Data::Absent | Data::Nil => Ok(false),
            Data::Int(..) | Data::Uint(..) if walk.declares.len() > 1 => {
                let shown = format::plain(value);
                self.error(format!(
                    "can't use {} to iterate over more than one variable",
                    shown.lossy()
                ))
            }
            Data::Int(count, kind) => {
                for n in 0..*count {
                    let item = Value::new(Data::Int(n, *kind), value.origin);
                    if !self.iteration(&nothing, &item, false, walk, out)? {
                        break;
                    }
                }
                Ok(*count > 0)
            }
            Data::Uint(count, kind) => {
                for n in 0..*count {
                    let item = Value::new(Data::Uint(n, *kind), value.origin);
                    if !self.iteration(&nothing, &item, false, walk, out)? {
                        break;
                    }
                }
                Ok(*count > 0)
            }
            Data::List(list) => {
                let is_interface = list.items == Items::Any;
                for (n, item) in list.iter().enumerate() {
                    if !self.iteration(&index(n), item, is_interface, walk, out)? {
                        break;
                    }
                }
                Ok(!list.is_empty())
            }
            Data::Map(map) => {
                let entries = map.entries();
                let any = !entries.is_empty();
                for (key, entry) in entries {
                    let key = Value::string(key.as_bytes(), entry.key_origin);
                    if !self.iteration(&key, &entry.value, true, walk, out)? {
                        break;
                    }
                }
                Ok(any)
            }
            Data::Object(object) => {
                if let Some(items) = object.items() {
                    for (n, item) in items.iter().enumerate() {
                        if !self.iteration(&index(n), item, false, walk, out)? {
                            break;
                        }
                    }
                    return Ok(!items.is_empty());
                }
                match object.entries() {
                    Some(entries) if object.is_map() => {
                        let any = !entries.is_empty();
                        for (key, item) in entries {
                            let key = Value::string(key.as_bytes(), item.origin);
                            if !self.iteration(&key, &item, false, walk, out)? {
                                break;
                            }
                        }
                        Ok(any)
                    }
                    _ => self.cannot_range(value),
                }
            }
            Data::Bytes(bytes) => {
                for (n, (byte, origin)) in bytes.iter().flat_map(Text::each_byte).enumerate() {
                    let item = Value::byte(byte, origin);
                    if !self.iteration(&index(n), &item, false, walk, out)? {
                        break;
                    }
                }
                Ok(value.truth())
            }
            Data::Bool(_) | Data::Float(_) | Data::String(_) => self.cannot_range(value),
        }
    }

    fn cannot_range<T>(&self, value: &Value) -> Result<T, Failure> {
        let shown = match &value.data {
            Data::Object(object) => object.show(),
            _ => format::plain(value).lossy().into_owned(),
        };
        self.error(format!("range can't iterate over {shown}"))
    }

    /// One item of a range; false if the body left it.
    fn iteration(
        &mut self,
        index: &Value,
        item: &Value,
        is_interface: bool,
        walk: &Walk<'_>,
        out: &mut TextBuilder,
    ) -> Result<bool, Failure> {
        self.spend()?;
        match (walk.declares, walk.assigns) {
            ([], _) => {}
            ([one], true) => self.assign(walk.tree, *one, item.clone(), is_interface)?,
            ([first, second, ..], true) => {
                self.assign(walk.tree, *first, index.clone(), false)?;
                self.assign(walk.tree, *second, item.clone(), is_interface)?;
            }
            (declares, false) => {
                // The pipeline has pushed one variable for each name.
                self.set_top(1, item.clone(), is_interface);
                if declares.len() > 1 {
                    self.set_top(2, index.clone(), false);
                }
            }
        }
        let place = match &index.data {
            Data::String(key) => key.origin(self.context.origins),
            _ => item.origin(self.context.origins),
        };
        self.control = self.context.origins.both(place, walk.control);
        let dot = Dot {
            value: item,
            is_interface,
        };
        let flow = self.list(walk.tree, walk.body, dot, out)?;
        self.variables.truncate(walk.top);
        Ok(flow != Flow::Break)
    }
}
