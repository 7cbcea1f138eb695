//! Two lists merged by strategic merge: which items are the same, and where the others go.

use super::{Directive, Growth, Result, Unmergeable, Walk, Walked, directive};
use crate::origin::Origin;
use crate::render::kustomize::node::{Body, Kind, Node};
use crate::render::kustomize::schema::TypeAt;

impl<'a> Walk<'a> {
    pub(super) fn two_lists(
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
                // Directives of a list are obeyed only where there is one to be patched.
                Some(patch) => self.added_list(patch, of),
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

    pub(super) fn added_list(&mut self, mut list: Node, of: TypeAt<'a>) -> Result<Walked> {
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
pub(super) fn set_element(
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
