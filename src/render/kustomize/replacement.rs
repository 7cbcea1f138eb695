//! Replacements: a value is read from one field of one resource and written into fields of others.

use super::budget::check_depth;
use super::decode::Text;
use super::file::Replacement;
use super::file::{FieldOptions, ReplacementSource, ReplacementTarget, ResId};
use super::load::{Build, Fallible};
use super::node::{Body, Kind, Node};
use super::object::{Id, Object};
use super::path::{Create, Matches, at, at_mut, lookup, matches, split};
use super::selector::Matcher;
use super::structured;
use crate::origin::Origin;

const NAME: &str = "metadata.name";

/// Carries out replacements in order.
pub(super) fn replace(
    build: &mut Build<'_>,
    objects: &mut [Object],
    replacements: &[Replacement],
) -> Fallible<()> {
    for replacement in replacements {
        let origin = replacement.origin;
        let Some(targets) = &replacement.targets else {
            return Err(build.fail(origin, "a replacement needs `targets`"));
        };
        let value = match (&replacement.source, &replacement.source_value) {
            (Some(_), Some(_)) => {
                return Err(build.fail(origin, "`source` and `sourceValue` exclude each other"));
            }
            (None, None) => return Err(build.fail(origin, "a replacement needs a `source`")),
            (None, Some(text)) => Node::untagged(text.text.clone(), text.origin),
            (Some(source), None) => read(build, objects, source)?,
        };
        for target in targets {
            write(build, objects, target, &value)?;
        }
    }
    Ok(())
}

/// The names that an object has and had, the newest first.
fn ids(object: &Object) -> impl Iterator<Item = Id> {
    // Scope is not asked here: a namespace is compared as it is written.
    let now = Id {
        cluster_scoped: false,
        ..object.id()
    };
    std::iter::once(now).chain(object.former_ids())
}

fn is_selected(id: &Id, selector: &ResId) -> bool {
    let namespace = if selector.namespace.is_empty() {
        None
    } else {
        Some(selector.namespace.as_str())
    };
    (selector.name.is_empty() || selector.name == id.name)
        && namespace.is_none_or(|namespace| namespace == id.effective_namespace())
        && id.gvk.is_selected(&selector.gvk)
}

fn describe(selector: &ResId) -> String {
    let or = |text: &str| if text.is_empty() { "any" } else { text }.to_owned();
    format!("{}/{}", or(&selector.gvk.kind), or(&selector.name))
}

fn read(build: &mut Build<'_>, objects: &[Object], source: &ReplacementSource) -> Fallible<Node> {
    let mut found = objects
        .iter()
        .filter(|object| ids(object).any(|id| is_selected(&id, &source.id)));
    let Some(object) = found.next() else {
        return Err(build.fail(
            source.origin,
            format!("no resource is {}", describe(&source.id)),
        ));
    };
    if found.next().is_some() {
        return Err(build.fail(
            source.origin,
            format!("more than one resource is {}", describe(&source.id)),
        ));
    }
    let path = if source.field_path.is_empty() {
        NAME
    } else {
        &source.field_path
    };
    let origin = source.field_path.origin;
    let place = lookup(object.node(), &split(path)).map_err(|why| build.fail(origin, why))?;
    let node = place
        .and_then(|position| at(object.node(), &position))
        .filter(|node| !node.is_empty());
    let Some(node) = node else {
        return Err(build.fail(
            origin,
            format!("{} has no field `{path}`", object.id().describe()),
        ));
    };
    let mut value = node.clone();
    if !source.options.delimiter.is_empty() {
        let Body::Scalar { text, .. } = &mut value.body else {
            return Err(build.fail(origin, "a delimiter cannot take a list or a map apart"));
        };
        let piece = usize::try_from(source.options.index)
            .ok()
            .and_then(|index| text.split(&source.options.delimiter).nth(index));
        match piece {
            Some(piece) => *text = piece.to_owned(),
            None => {
                return Err(build.fail(
                    source.origin,
                    format!("the field has no piece number {}", source.options.index),
                ));
            }
        }
    }
    let parts = source.parts.iter().chain(&source.options.parts);
    let condition = build.origins.all(parts.copied());
    value.origin = build.origins.under(value.origin, condition);
    Ok(value)
}

fn write(
    build: &mut Build<'_>,
    objects: &mut [Object],
    target: &ReplacementTarget,
    value: &Node,
) -> Fallible<()> {
    let Some(select) = &target.select else {
        return Err(build.fail(target.origin, "a target needs `select`"));
    };
    let compile = |build: &Build<'_>, selector| {
        Matcher::new(selector).map_err(|why| build.fail(selector.origin, why))
    };
    let matcher = compile(build, select)?;
    let selectors = std::iter::once(select).chain(&target.reject);
    let selectors = selectors.flat_map(|selector| selector.parts.iter().copied());
    let condition = build.origins.all(selectors);
    let rejects = target
        .reject
        .iter()
        .map(|reject| Ok((reject, compile(build, reject)?)))
        .collect::<Fallible<Vec<_>>>()?;
    for object in objects {
        let rejected = rejects.iter().any(|(reject, matcher)| {
            let by_metadata = matcher.looks_at_metadata() && matcher.fits_metadata(object);
            let by_id = reject.id != ResId::default() && ids(object).any(|id| fits(matcher, &id));
            by_metadata || by_id
        });
        if !matcher.fits_metadata(object) || rejected {
            continue;
        }
        if ids(object).any(|id| fits(&matcher, &id)) {
            let name = Text::new(NAME, target.origin);
            let paths = if target.field_paths.is_empty() {
                std::slice::from_ref(&name)
            } else {
                &target.field_paths
            };
            let looked_at = rejects
                .iter()
                .map(|(_, matcher)| matcher)
                .chain([&matcher])
                .flat_map(|matcher| matcher.looks_at(object).collect::<Vec<_>>());
            let looked_at = build.origins.all(looked_at);
            let condition = build.origins.both(condition, looked_at);
            for path in paths {
                let done = object.with_bookkeeping(|root| match root {
                    Some(root) => write_field(build, root, path, &target.options, value, condition),
                    None => Ok(()),
                });
                if let Err(why) = done {
                    let id = object.id().describe();
                    return Err(build.fail(path.origin, format!("{why} ({id})")));
                }
            }
        }
    }
    Ok(())
}

fn fits(matcher: &Matcher, id: &Id) -> bool {
    matcher.fits_gvk(&id.gvk)
        && matcher.fits_name(&id.name)
        && matcher.fits_namespace(&id.namespace)
}

fn write_field(
    build: &mut Build<'_>,
    root: &mut Node,
    path: &Text,
    options: &FieldOptions,
    value: &Node,
    condition: Origin,
) -> Result<(), String> {
    let options_at = build.origins.all(options.parts.iter().copied());
    let condition = build.origins.both(path.origin, condition);
    let condition = build.origins.both(condition, options_at);
    let origin = build.origins.under(value.origin, condition);
    let create = options.create.then(|| Create {
        kind: value.kind(),
        origin,
    });
    let parts = split(path);
    if write_inside_text(build, root, &parts, value, create, origin)? {
        return Ok(());
    }
    let found = match matches(root, &parts, create)? {
        Matches::InText => return Ok(()),
        Matches::Here(found) => found,
    };
    if found.is_empty() {
        return Err(format!("there is no field `{}`", &**path));
    }
    for position in found {
        let Some(place) = at_mut(root, &position) else {
            continue;
        };
        build.budget.take_node(value, position.len())?;
        let mut new = value.clone();
        if !options.delimiter.is_empty() {
            if place.kind() != Kind::Scalar {
                return Err("a delimiter cannot take a list or a map apart".to_owned());
            }
            build.budget.take(place.text().len())?;
            let text = joined(place.text(), value.set_text_value(), options);
            new.set_text(text);
        }
        let made = if options.delimiter.is_empty() {
            origin
        } else {
            build.origins.both(origin, place.origin)
        };
        new.origin = build.origins.over(made, place.origin);
        if let Body::Scalar { text, .. } = &mut place.body {
            // Tag and style of the place stay: a text stays a text, a number a number.
            new.text().clone_into(text);
            place.origin = new.origin;
        } else {
            *place = new;
        }
    }
    Ok(())
}

/// Puts a piece into a text that a delimiter takes apart: before it, behind it, or in the place of another piece.
fn joined(text: &str, piece: &str, options: &FieldOptions) -> String {
    let mut pieces: Vec<&str> = text.split(&options.delimiter).collect();
    match usize::try_from(options.index) {
        Err(_) => pieces.insert(0, piece),
        Ok(index) => match pieces.get_mut(index) {
            Some(place) => *place = piece,
            None => pieces.push(piece),
        },
    }
    pieces.join(&options.delimiter)
}

/// Writes into the JSON or YAML that a scalar on the way holds. False where there is none.
fn write_inside_text(
    build: &mut Build<'_>,
    root: &mut Node,
    parts: &[String],
    value: &Node,
    create: Option<Create>,
    origin: Origin,
) -> Result<bool, String> {
    check_depth(parts.len())?;
    for length in 1..parts.len() {
        let (outer, inner) = parts.split_at(length);
        let Ok(Some(position)) = lookup(root, outer) else {
            continue;
        };
        let Some(place) = at_mut(root, &position).filter(|node| node.kind() == Kind::Scalar) else {
            continue;
        };
        build.budget.take(place.text().len())?;
        build.budget.take_node(value, parts.len())?;
        let Some(text) = structured::set(place.text(), inner, value, create) else {
            return Ok(false);
        };
        place.set_text(text);
        // The rest of the text stays.
        place.origin = build.origins.both(origin, place.origin);
        return Ok(true);
    }
    Ok(false)
}

/// Replacements with those read in that are in files of their own.
pub(super) fn resolved(
    build: &mut Build<'_>,
    from: &super::load::Directory,
    replacements: &[Replacement],
) -> Fallible<Vec<Replacement>> {
    let mut all = Vec::new();
    for replacement in replacements {
        if replacement.path.is_empty() {
            all.push(replacement.clone());
            continue;
        }
        let path = &replacement.path;
        let has_targets = replacement.targets.as_ref().is_some_and(|t| !t.is_empty());
        if replacement.source.is_some() || has_targets {
            return Err(build.fail(path.origin, "a replacement with a `path` says nothing else"));
        }
        let source = build.text(from, path, path.origin, crate::origin::Role::Transformer)?;
        let value = build.value(&source)?;
        let mut decoder = super::decode::Decoder::plugin();
        match &value.data {
            crate::yaml::Data::Sequence(items) => {
                for item in items {
                    all.push(super::file::replacement(&mut decoder, item));
                }
            }
            crate::yaml::Data::Mapping(_) => {
                all.push(super::file::replacement(&mut decoder, &value));
            }
            _ => {
                return Err(build.fail(path.origin, format!("`{}` holds no replacement", &**path)));
            }
        }
        super::build::check(build, decoder)?;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_put_in_place() {
        let check = |text: &str, index: i64, expected: &str| {
            let options = FieldOptions {
                delimiter: ":".to_owned(),
                index,
                ..FieldOptions::default()
            };
            assert_eq!(joined(text, "x", &options), expected, "{text} {index}");
        };
        check("a:b", 0, "x:b");
        check("a:b", 1, "a:x");
        check("a:b", 2, "a:b:x");
        check("a:b", -1, "x:a:b");
    }
}
