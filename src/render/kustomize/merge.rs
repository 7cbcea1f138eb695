//! Strategic merge: a partial object is laid over an object, lists are merged by the keys that the schema names.
//!
//! The result follows kyaml's `merge2` in each corner, also where that surprises: elements of the patch come first, an element
//! without its merge key displaces the others, `$patch: replace` beside a merge key keeps what was there.
//! A node that the patch brings knows what it replaced.

mod list;

use list::set_element;

use super::node::{Body, Kind, Node, Pair};
use super::schema::{Schema, TypeAt};
use super::value::repeated;
use crate::origin::{Origin, Origins};

/// Why a patch cannot be merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unmergeable {
    /// The node of the patch, or of the object, that is to blame.
    pub(super) origin: Origin,
    /// Why, as a clause.
    pub(super) why: String,
}

/// Where the items of a patch go in a list that is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Growth {
    /// Before the items that were there: patches.
    Prepend,
    /// After them: values of a chart.
    Append,
}

/// Lays `patch` over `object`. `None` means that the patch removes the object.
pub(super) fn merge(
    object: Node,
    patch: Node,
    schema: &Schema,
    growth: Growth,
    origins: &mut Origins,
) -> Result<Option<Node>> {
    let mut walk = Walk {
        schema,
        growth,
        origins,
    };
    Ok(walk.two(Some(object), Some(patch), None)?.node)
}

struct Walk<'a> {
    schema: &'a Schema,
    growth: Growth,
    origins: &'a mut Origins,
}

/// What came of one pair of nodes.
struct Walked {
    /// The node; `None` where the field is to be removed.
    node: Option<Node>,
    /// True where a null stays because somebody wrote it.
    keep_null: bool,
    /// True where the node is the one that was there, changed in place.
    was_there: bool,
}

impl Walked {
    fn nothing() -> Self {
        Self {
            node: None,
            keep_null: false,
            was_there: false,
        }
    }

    fn there(node: Option<Node>) -> Self {
        Self {
            node,
            keep_null: false,
            was_there: true,
        }
    }

    fn new(node: Node) -> Self {
        Self {
            node: Some(node),
            keep_null: false,
            was_there: false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

const DIRECTIVE: &str = "$patch";

type Result<T> = std::result::Result<T, Unmergeable>;

impl<'a> Walk<'a> {
    fn type_of(&self, known: Option<TypeAt<'a>>, nodes: [Option<&Node>; 2]) -> Option<TypeAt<'a>> {
        known.or_else(|| {
            nodes.into_iter().flatten().find_map(|node| {
                let kind = node.field("kind")?.set_text_value();
                let api_version = node.field("apiVersion")?.set_text_value();
                if kind.is_empty() || api_version.is_empty() {
                    return None;
                }
                self.schema.kind(api_version, kind)
            })
        })
    }

    /// Merges what the patch says into what is there.
    fn two(
        &mut self,
        there: Option<Node>,
        patch: Option<Node>,
        of: Option<TypeAt<'a>>,
    ) -> Result<Walked> {
        let of = self.type_of(of, [there.as_ref(), patch.as_ref()]);
        fn set(node: Option<&Node>) -> Option<&Node> {
            node.filter(|node| !node.is_null())
        }
        let Some(first) = set(there.as_ref()).or(set(patch.as_ref())) else {
            return self.two_maps(there, patch, of);
        };
        // kyaml has no way to walk an alias, so nothing comes of it.
        if first.is_alias() {
            return Ok(Walked::nothing());
        }
        let kind = first.kind();
        if let Some(node) = set(patch.as_ref())
            && (node.is_alias() || node.kind() != kind)
        {
            let other = if node.is_alias() {
                "an alias"
            } else {
                node.kind().name()
            };
            let why = format!("the patch has {other} where the object has {}", kind.name());
            return Err(Unmergeable {
                origin: node.origin,
                why,
            });
        }
        match kind {
            Kind::Map => self.two_maps(there, patch, of),
            Kind::List if of.is_some_and(TypeAt::is_merged) => self.two_lists(there, patch, of),
            Kind::List | Kind::Scalar => Ok(self.override_with(there, patch)),
        }
    }

    fn override_with(&mut self, there: Option<Node>, patch: Option<Node>) -> Walked {
        match (there, patch) {
            (there, None) => Walked::there(there),
            (there, Some(mut patch)) => {
                self.note_replaced(&mut patch, there.as_ref());
                Walked::new(patch)
            }
        }
    }

    fn note_replaced(&mut self, patch: &mut Node, there: Option<&Node>) {
        if let Some(there) = there {
            patch.origin = self.origins.over(patch.origin, there.origin);
        }
    }

    fn two_maps(
        &mut self,
        there: Option<Node>,
        patch: Option<Node>,
        of: Option<TypeAt<'a>>,
    ) -> Result<Walked> {
        let Some(mut object) = there.filter(|node| !node.is_null() || patch.is_none()) else {
            let Some(mut patch) = patch else {
                return Ok(Walked::nothing());
            };
            // A directive that makes no sense is no error where nothing is there to be patched.
            if let Ok(Directive::Delete) = directive(&mut patch) {
                return Ok(Walked::nothing());
            }
            return self.added(patch, of);
        };
        if object.is_null() {
            // Without a patch, a null that was written out stays; an empty value does not.
            return Ok(if object.text().is_empty() {
                Walked::nothing()
            } else {
                Walked {
                    node: Some(object),
                    keep_null: true,
                    was_there: true,
                }
            });
        }
        let Some(mut patch) = patch else {
            return self.fields(object, None, of);
        };
        if patch.is_null() {
            return Ok(Walked::nothing());
        }
        match directive(&mut patch)? {
            Directive::Delete => Ok(Walked::nothing()),
            Directive::Replace => {
                self.note_replaced(&mut patch, Some(&object));
                self.fields_of_added(patch, of)
            }
            Directive::Merge => {
                if object.is_empty_map() {
                    self.note_replaced(&mut patch, Some(&object));
                    object.origin = patch.origin;
                }
                self.fields(object, Some(patch), of)
            }
        }
    }

    fn fields(
        &mut self,
        mut object: Node,
        mut patch: Option<Node>,
        of: Option<TypeAt<'a>>,
    ) -> Result<Walked> {
        if patch.is_none() && repeated(object.pairs()).is_none() {
            return self.untouched(object, of);
        }
        let names = |node: Option<&Node>| -> Vec<String> {
            node.into_iter()
                .flat_map(Node::pairs)
                .map(|pair| pair.key.text.clone())
                .collect()
        };
        let mut all = names(Some(&object));
        all.extend(names(patch.as_ref()));
        all.sort_unstable();
        all.dedup();
        for name in all {
            let brought = patch.as_mut().and_then(Node::pairs_mut).and_then(|pairs| {
                let index = pairs.iter().position(|pair| pair.key.text == name)?;
                Some(pairs.remove(index))
            });
            let (key, brought) = match brought {
                Some(pair) => (Some(pair.key), Some(pair.value)),
                None => (None, None),
            };
            let slot = object.pairs().iter().position(|pair| pair.key.text == name);
            let there = slot
                .and_then(|slot| object.pairs_mut()?.get_mut(slot))
                .map(|pair| std::mem::replace(&mut pair.value, Node::null(Origin::NONE)));
            let style_from = there.as_ref().map(Node::style);
            let said = brought.as_ref().map_or(Origin::NONE, |node| node.origin);
            let walked = self.two(there, brought, of.and_then(|of| of.field(&name)))?;
            if walked.node.is_none() && slot.is_some() {
                object.origin = self.origins.under(object.origin, said);
            }
            let Some(pairs) = object.pairs_mut() else {
                break;
            };
            match walked
                .node
                .filter(|node| walked.keep_null || !node.is_null())
            {
                None => {
                    if let Some(slot) = slot {
                        pairs.remove(slot);
                    }
                }
                Some(mut value) => match (slot.and_then(|slot| pairs.get_mut(slot)), key) {
                    (Some(pair), _) => {
                        // The setter lends the style of what was there to what replaces it.
                        if let (false, Some(style)) = (walked.keep_null, style_from) {
                            value.written_like(style);
                        }
                        pair.value = value;
                    }
                    (None, Some(key)) => pairs.push(Pair { key, value }),
                    (None, None) => {}
                },
            }
        }
        Ok(Walked::there(Some(object)))
    }

    /// Walks a map that the patch says nothing about, and no key of which stands twice: values that are empty vanish from it,
    /// and its lists are put in order.
    fn untouched(&mut self, mut object: Node, of: Option<TypeAt<'a>>) -> Result<Walked> {
        let pairs = object.pairs_mut().map(std::mem::take).unwrap_or_default();
        let mut kept: Vec<Pair> = Vec::with_capacity(pairs.len());
        for mut pair in pairs {
            if pair.value.kind() == Kind::Scalar && !pair.value.is_null() && !pair.value.is_alias()
            {
                kept.push(pair);
                continue;
            }
            let walked = self.two(
                Some(pair.value),
                None,
                of.and_then(|of| of.field(&pair.key.text)),
            )?;
            let keep_null = walked.keep_null;
            if let Some(value) = walked.node.filter(|node| keep_null || !node.is_null()) {
                pair.value = value;
                kept.push(pair);
            }
        }
        object.body = Body::Map(kept);
        Ok(Walked::there(Some(object)))
    }

    /// Takes over what only the patch has: nulls vanish and directives are obeyed.
    fn added(&mut self, node: Node, of: Option<TypeAt<'a>>) -> Result<Walked> {
        let of = self.type_of(of, [Some(&node), None]);
        if node.is_null() {
            return Ok(Walked::new(node));
        }
        match node.kind() {
            Kind::Scalar if node.is_alias() => Ok(Walked::nothing()),
            Kind::Scalar => Ok(Walked::new(node)),
            Kind::Map => {
                let mut node = node;
                match directive(&mut node)? {
                    Directive::Delete => Ok(Walked::nothing()),
                    Directive::Replace | Directive::Merge => self.fields_of_added(node, of),
                }
            }
            Kind::List => match of {
                Some(of) if of.is_merged() => {
                    let mut node = node;
                    match directive(&mut node)? {
                        Directive::Delete => Ok(Walked::nothing()),
                        Directive::Replace | Directive::Merge => self.added_list(node, of),
                    }
                }
                _ => Ok(Walked::new(node)),
            },
        }
    }

    fn fields_of_added(&mut self, mut node: Node, of: Option<TypeAt<'a>>) -> Result<Walked> {
        let Some(pairs) = node.pairs_mut() else {
            return Ok(Walked::new(node));
        };
        let mut kept = Vec::with_capacity(pairs.len());
        for mut pair in std::mem::take(pairs) {
            let of = of.and_then(|of| of.field(&pair.key.text));
            if let Some(value) = self.added(pair.value, of)?.node.filter(|n| !n.is_null()) {
                pair.value = value;
                kept.push(pair);
            }
        }
        node.body = Body::Map(kept);
        Ok(Walked::new(node))
    }
}

/// Reads and removes a directive.
fn directive(patch: &mut Node) -> Result<Directive> {
    let named = |node: &Node| match node.text() {
        "delete" => Ok(Directive::Delete),
        "replace" => Ok(Directive::Replace),
        "merge" => Ok(Directive::Merge),
        other => Err(Unmergeable {
            origin: node.origin,
            why: format!(
                "`{other}` is not a patch strategy; there are `merge`, `replace` and `delete`"
            ),
        }),
    };
    match patch.kind() {
        Kind::Map => {
            let Some(node) = patch.field(DIRECTIVE) else {
                return Ok(Directive::Merge);
            };
            let found = named(node)?;
            patch.remove(DIRECTIVE);
            Ok(found)
        }
        Kind::List => {
            let Some(item) = patch
                .items()
                .iter()
                .find(|item| item.field(DIRECTIVE).is_some())
            else {
                return Ok(Directive::Merge);
            };
            if item.pairs().len() > 1 {
                return Ok(Directive::Merge);
            }
            let Some(node) = item.field(DIRECTIVE) else {
                return Ok(Directive::Merge);
            };
            let found = named(node)?;
            let text = node.text().to_owned();
            if let Some(items) = patch.items_mut() {
                set_element(items, None, &[DIRECTIVE.to_owned()], &[text])?;
            }
            Ok(found)
        }
        Kind::Scalar => Err(Unmergeable {
            origin: patch.origin,
            why: "a scalar has no patch strategy".to_owned(),
        }),
    }
}
