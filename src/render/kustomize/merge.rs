//! Strategic merge: a partial object is laid over an object, lists are merged by the keys that the schema names.
//!
//! The result follows kyaml's `merge2` in each corner, also where that surprises: elements of the patch come first, an element
//! without its merge key displaces the others, `$patch: replace` beside a merge key keeps what was there.
//! A node that the patch brings knows what it replaced.

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
        let set = |node: &Option<Node>| node.as_ref().filter(|n| !n.is_null()).map(Node::kind);
        let Some(kind) = set(&there).or(set(&patch)) else {
            return self.two_maps(there, patch, of);
        };
        if let (Some(other), Some(node)) = (set(&patch), &patch)
            && other != kind
        {
            return Err(Unmergeable {
                origin: node.origin,
                why: format!(
                    "the patch has {} where the object has {}",
                    other.name(),
                    kind.name()
                ),
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
            if pair.value.kind() == Kind::Scalar && !pair.value.is_null() {
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

    fn two_lists(
        &mut self,
        there: Option<Node>,
        patch: Option<Node>,
        of: Option<TypeAt<'a>>,
    ) -> Result<Walked> {
        let Some(of) = of else {
            return Ok(self.override_with(there, patch));
        };
        let Some(mut list) = there.filter(|node| !node.is_null()) else {
            return match patch {
                None => Ok(Walked::nothing()),
                Some(patch) => self.added(patch, Some(of)),
            };
        };
        let Some(mut patch) = patch else {
            let items = take_items(&mut list);
            let items = if are_apart(&items, &of.merge_keys()) {
                let mut kept = Vec::with_capacity(items.len());
                for item in items {
                    let walked = self.two(Some(item), None, of.items())?;
                    kept.extend(walked.node.filter(|n| !n.is_null() && !n.is_empty_map()));
                }
                kept
            } else {
                self.elements(items, &Brought::Nothing, of)?.0
            };
            list.body = Body::List(items);
            return Ok(Walked::there(Some(list)));
        };
        if patch.is_null() {
            return Ok(Walked::nothing());
        }
        match directive(&mut patch)? {
            Directive::Delete => Ok(Walked::nothing()),
            Directive::Replace => {
                self.note_replaced(&mut patch, Some(&list));
                self.added_list(patch, of)
            }
            Directive::Merge => {
                let there = take_items(&mut list);
                let brought = Brought::Apart(take_items(&mut patch));
                let (items, removed_by) = self.elements(there, &brought, of)?;
                list.body = Body::List(items);
                list.origin = self.origins.under(list.origin, removed_by);
                Ok(Walked::there(Some(list)))
            }
        }
    }

    fn added_list(&mut self, mut list: Node, of: TypeAt<'a>) -> Result<Walked> {
        let (items, _) = self.elements(take_items(&mut list), &Brought::Same, of)?;
        list.body = Body::List(items);
        Ok(Walked::new(list))
    }

    /// The items of a list, and what said that some are not among them.
    fn elements(
        &mut self,
        mut there: Vec<Node>,
        brought: &Brought,
        of: TypeAt<'a>,
    ) -> Result<(Vec<Node>, Origin)> {
        let merge_keys = of.merge_keys();
        let scalars = merge_keys.is_empty();
        let keys = if scalars {
            vec![String::new()]
        } else {
            merge_keys
        };
        let apart: &[Node] = match brought {
            Brought::Apart(items) => items,
            _ => &[],
        };
        let sources: [&[Node]; 2] = match self.growth {
            Growth::Prepend => [apart, &there],
            Growth::Append => [&there, apart],
        };
        let mut values: Vec<Vec<String>> = Vec::new();
        for item in sources.into_iter().flatten() {
            let found: Vec<String> = if scalars {
                vec![item.text().to_owned()]
            } else {
                keys.iter().map(|key| key_text(item, key)).collect()
            };
            if !values.contains(&found) {
                values.push(found);
            }
        }
        if keys.len() > 1 {
            merge_alike(&mut values);
        }
        let of_item = of.items();
        let mut added: Vec<Node> = Vec::new();
        let mut last_keys = keys.clone();
        let mut removed_by = Origin::NONE;
        for index in 0..values.len() {
            let Some(own) = values.get(index) else { break };
            let (valid_keys, valid_values) = valid(&values, own, &keys);
            let (look_keys, look_values) = valid(
                std::slice::from_ref(&valid_values),
                &valid_values,
                &valid_keys,
            );
            last_keys.clone_from(&valid_keys);
            let slot = find_element(&there, &look_keys, &look_values);
            let mut old = slot.and_then(|slot| there.get(slot)).cloned();
            let key_origins: Vec<(String, Origin)> = valid_keys
                .iter()
                .filter_map(|key| Some((key.clone(), old.as_ref()?.field(key)?.origin)))
                .collect();
            let key_origin = |key: &str| {
                let known = key_origins.iter().find(|(name, _)| name == key);
                known.map(|(_, origin)| *origin)
            };
            let mut said = Origin::NONE;
            let walked = match brought {
                Brought::Same => match old {
                    Some(old) => {
                        let mut walked = self.added(old, of_item)?;
                        walked.was_there = true;
                        walked
                    }
                    None => Walked::nothing(),
                },
                Brought::Apart(items) => {
                    // What is merged with an item, and that nothing is, its key decides.
                    let keyed: Vec<Origin> = key_origins.iter().map(|(_, key)| *key).collect();
                    let keyed = self.origins.all(keyed);
                    if let Some(old) = &mut old {
                        old.put_under(keyed, self.origins);
                    }
                    let mut new = find_element(items, &look_keys, &look_values)
                        .and_then(|slot| items.get(slot))
                        .cloned();
                    // What the patch says of an item it says because of the keys that are the same.
                    if let Some(new) = &mut new {
                        let named = valid_keys.iter().filter_map(|key| new.field(key));
                        let named: Vec<Origin> = named.map(|node| node.origin).collect();
                        let named = self.origins.all(named);
                        let named = self.origins.both(named, keyed);
                        new.put_under(named, self.origins);
                        said = new.origin;
                    }
                    self.two(old, new, of_item)?
                }
                Brought::Nothing => self.two(old, None, of_item)?,
            };
            let was_there = walked.was_there;
            let Some(mut value) = walked.node.filter(|n| !n.is_null() && !n.is_empty_map()) else {
                set_element(&mut there, None, &valid_keys, &valid_values)?;
                removed_by = self.origins.both(removed_by, said);
                continue;
            };
            for (key, text) in valid_keys.iter().zip(&valid_values) {
                // A patch repeats a merge key to say which item it means: that the item has it, it owes to the object.
                if let (true, Some(origin), Some(field)) =
                    (was_there, key_origin(key), value.field_mut(key))
                {
                    field.origin = origin;
                }
                if value.field(key).is_none() && !text.is_empty() {
                    let origin = value.origin;
                    if key.is_empty() {
                        value.replace_scalar(Node::untagged(text.clone(), origin));
                    } else {
                        value.set(key, Node::untagged(text.clone(), origin));
                    }
                }
            }
            if was_there && let Some(place) = slot.and_then(|slot| there.get_mut(slot)) {
                place.clone_from(&value);
            }
            set_element(&mut added, Some(&value), &valid_keys, &valid_values)?;
        }
        if values.is_empty() {
            return Ok((there, removed_by));
        }
        let all = match self.growth {
            Growth::Prepend => append_list(added, there, &last_keys)?,
            Growth::Append => append_list(there, added, &last_keys)?,
        };
        Ok((all, removed_by))
    }
}

/// The list of the patch.
enum Brought {
    /// There is none.
    Nothing,
    /// It is another list than the one that is there.
    Apart(Vec<Node>),
    /// The list that is there is the patch's own.
    Same,
}

/// True if and only if each item has the one merge key, and no two have the same: such a list is in order.
fn are_apart(items: &[Node], keys: &[String]) -> bool {
    let [key] = keys else { return false };
    let mut seen = std::collections::BTreeSet::new();
    items.iter().all(|item| {
        item.field(key)
            .filter(|value| !value.is_null())
            .is_some_and(|value| !value.text().is_empty() && seen.insert(value.text()))
    })
}

fn take_items(list: &mut Node) -> Vec<Node> {
    list.items_mut().map(std::mem::take).unwrap_or_default()
}

fn key_text(item: &Node, key: &str) -> String {
    item.field(key)
        .filter(|value| !value.is_empty())
        .map_or(String::new(), |value| value.text().to_owned())
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

/// The keys by which elements are told apart: those that some element has.
fn valid(all: &[Vec<String>], own: &[String], keys: &[String]) -> (Vec<String>, Vec<String>) {
    let used = |index: usize| {
        all.iter()
            .any(|values| values.get(index).is_some_and(|value| !value.is_empty()))
    };
    let mask: Vec<bool> = (0..keys.len()).map(used).collect();
    if !mask.contains(&true) {
        return (keys.to_vec(), own.to_vec());
    }
    let pick = |list: &[String]| {
        list.iter()
            .zip(&mask)
            .filter(|(_, used)| **used)
            .map(|(text, _)| text.clone())
            .collect()
    };
    (pick(keys), pick(own))
}

/// Makes those keys equal that differ only where one of them is not set.
fn merge_alike(values: &mut [Vec<String>]) {
    for i in 0..values.len() {
        let Some(own) = values.get(i).cloned() else {
            break;
        };
        for j in 0..values.len() {
            let Some(joined) = values.get(j).and_then(|other| alike(&own, other)) else {
                continue;
            };
            for index in [i, j] {
                if let Some(place) = values.get_mut(index) {
                    place.clone_from(&joined);
                }
            }
        }
    }
}

fn alike(a: &[String], b: &[String]) -> Option<Vec<String>> {
    if a.len() != b.len() {
        return None;
    }
    let mut common = false;
    let mut joined = Vec::new();
    for (a, b) in a.iter().zip(b) {
        if a == b {
            common = true;
        } else if !a.is_empty() && !b.is_empty() {
            return None;
        }
        joined.push(if a.is_empty() { b } else { a }.clone());
    }
    common.then_some(joined)
}

fn find_element(items: &[Node], keys: &[String], values: &[String]) -> Option<usize> {
    let first = keys.first().map_or("", String::as_str);
    if first.is_empty() {
        let wanted = values.first().map_or("", String::as_str);
        return items.iter().position(|item| item.text() == wanted);
    }
    if keys.len() != values.len() {
        return None;
    }
    items.iter().position(|item| {
        item.kind() == Kind::Map
            && keys
                .iter()
                .zip(values)
                .all(|(key, value)| item.field(key).is_some_and(|f| f.text() == value))
    })
}

/// Puts `element` in the place of each element with these keys, or at the end; without one, removes those elements.
/// Empty elements are dropped on the way, and so is everything where no value is given.
fn set_element(
    items: &mut Vec<Node>,
    element: Option<&Node>,
    keys: &[String],
    values: &[String],
) -> Result<()> {
    let by_field = keys.first().is_some_and(|key| !key.is_empty())
        && values.first().is_some_and(|value| !value.is_empty());
    let mut found_one = false;
    let mut kept = Vec::with_capacity(items.len() + 1);
    for item in std::mem::take(items) {
        if item.is_null() || item.is_empty_map() {
            continue;
        }
        if item.kind() != Kind::Map && by_field {
            kept.push(item);
            continue;
        }
        let mut matches = !values.is_empty();
        for (key, value) in keys.iter().zip(values) {
            let wrong = |what: Kind| Unmergeable {
                origin: item.origin,
                why: format!("an item of the list is {}", what.name()),
            };
            let fits = if key.is_empty() {
                if item.kind() != Kind::Scalar {
                    return Err(wrong(item.kind()));
                }
                item.text() == value
            } else if item.kind() != Kind::Map {
                return Err(wrong(item.kind()));
            } else {
                item.field(key)
                    .is_some_and(|field| value.is_empty() || field.text() == value)
            };
            if !fits {
                matches = false;
                break;
            }
        }
        if !matches {
            if !values.is_empty() {
                kept.push(item);
            }
            continue;
        }
        found_one = true;
        kept.extend(element.cloned());
    }
    if let Some(element) = element.filter(|element| !element.is_null())
        && !found_one
    {
        kept.push(element.clone());
    }
    *items = kept;
    Ok(())
}

/// Adds the elements of `from` to `into`, each in the place of the one with its keys.
fn append_list(mut into: Vec<Node>, from: Vec<Node>, keys: &[String]) -> Result<Vec<Node>> {
    let scalars = keys.first().is_none_or(String::is_empty);
    for item in from {
        if scalars {
            let value = [item.text().to_owned()];
            set_element(&mut into, Some(&item), &[String::new()], &value)?;
            continue;
        }
        let mut values = Vec::new();
        for key in keys {
            if item.kind() != Kind::Map && !item.is_null() {
                return Err(Unmergeable {
                    origin: item.origin,
                    why: format!("an item of the list is {}, not a map", item.kind().name()),
                });
            }
            match item.field(key) {
                None => into.push(item.clone()),
                Some(value) => values.push(value.text().to_owned()),
            }
        }
        if keys.len() > 1 {
            set_element(&mut into, None, keys, &values)?;
        }
        set_element(&mut into, Some(&item), keys, &values)?;
    }
    Ok(into)
}
