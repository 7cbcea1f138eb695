//! Vars: `$(NAME)` in certain fields stands for a field of a resource. Kustomize calls them deprecated; many repositories use them.

use std::collections::BTreeMap;

use super::budget::Budget;
use super::fieldspec::{Creation, FieldSpec, apply};
use super::file::{ResId, Var};
use super::load::{Build, Fallible};
use super::node::{Body, Kind, Node, Tag};
use super::object::{Id, Object};
use super::path::{at, lookup, split_with_indices};
use crate::origin::{Origin, Origins};
use crate::yaml::ScalarStyle;

/// The vars of a build so far, by name.
pub(super) type Vars = BTreeMap<String, Var>;

/// Adds vars and tells the resources that they name.
pub(super) fn declare(
    build: &Build<'_>,
    vars: &mut Vars,
    objects: &mut [Object],
    incoming: &[Var],
) -> Fallible<()> {
    for var in incoming {
        let mut named: Vec<&mut Object> = objects
            .iter_mut()
            .filter(|object| !object.is_gone() && is_named(object, &var.object))
            .collect();
        if named.len() > 1 {
            return Err(build.fail(
                var.origin,
                format!(
                    "more than one resource is what the var `{}` names",
                    &*var.name
                ),
            ));
        }
        if let Some(object) = named.first_mut() {
            object.vars.push(var.name.text.clone());
        }
    }
    merge(build, vars, incoming.iter().cloned())
}

fn is_named(object: &Object, target: &ResId) -> bool {
    let target = Id {
        gvk: target.gvk.clone(),
        name: target.name.clone(),
        namespace: target.namespace.clone(),
        cluster_scoped: false,
    };
    let any_namespace = target.namespace.is_empty();
    object.former_ids().chain([object.id()]).any(|id| {
        id.name == target.name
            && id.gvk == target.gvk
            && (any_namespace || id.effective_namespace() == target.effective_namespace())
    })
}

/// Adds the vars of a base; a name that is there already is an error.
pub(super) fn merge(
    build: &Build<'_>,
    vars: &mut Vars,
    incoming: impl IntoIterator<Item = Var>,
) -> Fallible<()> {
    for var in incoming {
        if vars.contains_key(&*var.name) {
            return Err(build.fail(
                var.origin,
                format!("the var `{}` is defined twice", &*var.name),
            ));
        }
        vars.insert(var.name.text.clone(), var);
    }
    Ok(())
}

/// What a var stands for.
#[derive(Debug, Clone)]
struct Meaning {
    text: String,
    tag: Tag,
    origin: Origin,
}

/// Replaces all vars.
pub(super) fn resolve(
    build: &mut Build<'_>,
    objects: &mut [Object],
    vars: &Vars,
    specs: &[FieldSpec],
) -> Fallible<()> {
    if vars.is_empty() {
        return Ok(());
    }
    let mut meanings = BTreeMap::new();
    for (name, var) in vars {
        let meaning = meaning(build, objects, var)?;
        meanings.insert(name.clone(), meaning);
    }
    for object in objects {
        for spec in specs {
            let Some(root) = &mut object.root else {
                continue;
            };
            let Build {
                origins, budget, ..
            } = build;
            let expansion = Expansion {
                meanings: &meanings,
                configured: origins.all(spec.parts.iter().copied()),
            };
            let done = apply(root, spec, Creation::NEVER, &mut |node| {
                set(node, &expansion, origins, budget)
            });
            if let Err(why) = done {
                let id = object.id().describe();
                let origin = object.node().origin;
                return Err(build.fail(origin, format!("{why} (`{}` of {id})", spec.path)));
            }
        }
    }
    Ok(())
}

fn meaning(build: &mut Build<'_>, objects: &[Object], var: &Var) -> Fallible<Option<Meaning>> {
    let Some(object) = objects
        .iter()
        .find(|object| object.vars.iter().any(|name| *name == *var.name))
    else {
        return Err(build.fail(
            var.origin,
            format!("no resource is what the var `{}` names", &*var.name),
        ));
    };
    let path = split_with_indices(&var.field_path);
    let node = lookup(object.node(), &path)
        .ok()
        .flatten()
        .and_then(|position| at(object.node(), &position));
    let Some(node) = node else {
        return Err(build.fail(
            var.origin,
            format!(
                "{} has no field `{}`",
                object.id().describe(),
                var.field_path
            ),
        ));
    };
    // A list or a map cannot stand in a text: such a var stays as it is written.
    let Body::Scalar { text, .. } = &node.body else {
        return Ok(None);
    };
    let bad = |what: &str| {
        build.fail(
            var.origin,
            format!("the field of the var `{}` is not {what}", &*var.name),
        )
    };
    let (text, tag) = match node.tag {
        Tag::Int => {
            let number = text.parse::<i64>().map_err(|_| bad("a plain integer"))?;
            (number.to_string(), Tag::Int)
        }
        Tag::Float => {
            let number = text.parse::<f64>().map_err(|_| bad("a plain number"))?;
            (number.to_string(), Tag::Float)
        }
        Tag::Bool => {
            let flag = match text.as_str() {
                "true" | "True" | "TRUE" => "true",
                "false" | "False" | "FALSE" => "false",
                _ => return Err(bad("a plain boolean")),
            };
            (flag.to_owned(), Tag::Bool)
        }
        _ => (text.clone(), Tag::Str),
    };
    let origin = build.origins.both(node.origin, var.origin);
    let reasons = build.origins.all(var.parts.iter().copied());
    let origin = build.origins.under(origin, reasons);
    Ok(Some(Meaning { text, tag, origin }))
}

/// What the texts of one field spec are expanded with.
struct Expansion<'a> {
    meanings: &'a BTreeMap<String, Option<Meaning>>,
    /// Where the spec was written; nothing for a built-in one.
    configured: Origin,
}

fn set(
    node: &mut Node,
    expansion: &Expansion<'_>,
    origins: &mut Origins,
    budget: &mut Budget,
) -> Result<(), String> {
    if node.is_null() {
        return Ok(());
    }
    match node.kind() {
        Kind::Scalar => {
            if node.is_text() {
                expand(node, expansion, origins, budget)?;
            }
            Ok(())
        }
        Kind::Map => {
            for pair in node.pairs_mut().into_iter().flatten() {
                if !matches!(pair.key.tag, Tag::Str | Tag::None) {
                    return Err(format!("the key `{}` is not a text", pair.key.text));
                }
                if pair.value.is_text() {
                    expand(&mut pair.value, expansion, origins, budget)?;
                }
            }
            Ok(())
        }
        Kind::List => {
            for item in node.items_mut().into_iter().flatten() {
                if !item.is_text() {
                    return Err("an item of the list is not a text".to_owned());
                }
                expand(item, expansion, origins, budget)?;
            }
            Ok(())
        }
    }
}

/// Replaces the vars in a text. A text that is nothing but one var takes its type.
fn expand(
    node: &mut Node,
    expansion: &Expansion<'_>,
    origins: &mut Origins,
    budget: &mut Budget,
) -> Result<(), String> {
    let text = node.text().to_owned();
    let mut tag = Tag::Str;
    let mut is_whole = false;
    let mut used = Vec::new();
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(dollar) = rest.find('$') {
        let (before, after) = rest.split_at(dollar);
        out.push_str(before);
        let after = after.get(1..).unwrap_or_default();
        let Some(next) = after.chars().next() else {
            out.push('$');
            rest = "";
            break;
        };
        let reference = after
            .strip_prefix('(')
            .and_then(|inner| inner.split_once(')'));
        match (next, reference) {
            ('$', _) => {
                out.push('$');
                rest = after.get(1..).unwrap_or_default();
            }
            (_, Some((name, behind))) => {
                if let Some(meaning) = expansion.meanings.get(name).and_then(Option::as_ref) {
                    is_whole = text.len() == name.len() + 3;
                    if is_whole {
                        tag = meaning.tag.clone();
                    }
                    budget.take(meaning.text.len())?;
                    used.push(meaning.origin);
                    out.push_str(&meaning.text);
                } else {
                    out.push_str("$(");
                    out.push_str(name);
                    out.push(')');
                }
                rest = behind;
            }
            (next, None) => {
                out.push('$');
                out.push(next);
                rest = after.get(next.len_utf8()..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    if !used.is_empty() {
        let now = origins.all(used);
        let mixed = if is_whole {
            now
        } else {
            origins.both(now, node.origin)
        };
        // A text that is nothing but a var is gone, and yet decides what stands there.
        let mixed = origins.under(mixed, node.origin);
        let mixed = origins.under(mixed, expansion.configured);
        node.origin = origins.over(mixed, node.origin);
    }
    node.body = Body::Scalar {
        text: out,
        style: ScalarStyle::Plain,
    };
    node.tag = tag;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discover::Limits;

    #[test]
    fn vars_are_expanded_in_texts() {
        let mut origins = Origins::new();
        let meaning = |text: &str, tag: Tag| {
            Some(Meaning {
                text: text.to_owned(),
                tag,
                origin: Origin::NONE,
            })
        };
        let meanings = [
            ("PORT".to_owned(), meaning("8080", Tag::Int)),
            ("HOST".to_owned(), meaning("web", Tag::Str)),
        ]
        .into();
        let expansion = Expansion {
            meanings: &meanings,
            configured: Origin::NONE,
        };
        let mut check = |text: &str, expected: &str, tag: Tag| {
            let mut node = Node::text_node(text, Origin::NONE);
            expand(
                &mut node,
                &expansion,
                &mut origins,
                &mut Budget::new(Limits::default()),
            )
            .unwrap();
            assert_eq!((node.text(), &node.tag), (expected, &tag), "{text}");
        };
        check("$(PORT)", "8080", Tag::Int);
        check("http://$(HOST):$(PORT)/", "http://web:8080/", Tag::Str);
        check("$$(PORT) $(OTHER) $", "$(PORT) $(OTHER) $", Tag::Str);
        check("$(HOST", "$(HOST", Tag::Str);
    }
}
