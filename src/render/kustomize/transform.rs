//! The transformers that rewrite fields: namespace, prefixes and suffixes, labels, annotations, replicas, images.
//!
//! Each is a function of the objects and its arguments; what a field becomes points at the argument, with the old value behind it.

use super::budget::Budget;
use super::decode::{Text, TextMap};
use super::fieldspec::{Creation, FieldSpec, apply};
use super::file::{Image, Replica};
use super::load::{Build, Fallible};
use super::node::{Kind, Node, Tag};
use super::object::{Gvk, Object};
use super::set::name_hash;
use crate::origin::{Origin, Origins};

/// Calls `set` on the fields of an object that the specs name.
fn on_fields(
    build: &mut Build<'_>,
    object: &mut Object,
    specs: &[FieldSpec],
    creation: Creation,
    origin: Origin,
    set: &mut dyn FnMut(&mut Node, &mut Origins) -> Result<(), String>,
) -> Fallible<()> {
    for spec in specs {
        let Some(root) = &mut object.root else {
            return Ok(());
        };
        let Build {
            origins, budget, ..
        } = build;
        let condition = origins.all(spec.parts.iter().copied());
        let done: Result<(), String> = apply(root, spec, creation, &mut |node| {
            let was = node.origin;
            paid(node, budget, |node| set(node, origins))?;
            if node.origin != was {
                node.origin = origins.under(node.origin, condition);
            }
            Ok(())
        });
        if let Err(why) = done {
            let id = object.id().describe();
            return Err(build.fail(origin, format!("{why} (`{}` of {id})", spec.path)));
        }
    }
    Ok(())
}

/// Changes a node, and pays for what its text grew by.
fn paid(
    node: &mut Node,
    budget: &mut Budget,
    set: impl FnOnce(&mut Node) -> Result<(), String>,
) -> Result<(), String> {
    let before = node.text().len();
    set(node)?;
    budget.take(node.text().len().saturating_sub(before))
}

/// Replaces a scalar by a text. A collection is an error, as is everything that is no scalar.
fn set_scalar(
    node: &mut Node,
    text: &str,
    tag: Tag,
    origin: Origin,
    origins: &mut Origins,
) -> Result<(), String> {
    if !node.is_null() && node.kind() != Kind::Scalar {
        return Err(format!("a scalar is expected, not {}", node.kind().name()));
    }
    let origin = origins.over(origin, node.origin);
    node.replace_scalar(Node::tagged(text, tag, origin));
    Ok(())
}

/// Which subjects of role bindings the namespace is written into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Subjects {
    /// Those named `default`.
    #[default]
    Default,
    /// All service accounts.
    AllServiceAccounts,
    /// None.
    None,
}

/// What the namespace transformer is told.
#[derive(Debug, Clone, Default)]
pub(super) struct Namespace {
    /// The namespace.
    pub(super) name: Text,
    /// Fields beside `metadata.namespace`.
    pub(super) specs: Vec<FieldSpec>,
    /// True where only what is not set is written.
    pub(super) unset_only: bool,
    /// Which subjects are written.
    pub(super) subjects: Subjects,
}

/// Moves all objects to a namespace.
pub(super) fn namespace(
    build: &mut Build<'_>,
    objects: &mut [Object],
    args: &Namespace,
) -> Fallible<()> {
    if args.name.is_empty() {
        return Ok(());
    }
    let mut names: Vec<u64> = objects.iter().map(name_hash).collect();
    for index in 0..objects.len() {
        let (Some(object), Some(name)) = (objects.get_mut(index), names.get_mut(index)) else {
            break;
        };
        if object.is_gone() || object.book.from_chart {
            continue;
        }
        object.remember_name();
        namespace_of(build, object, args)?;
        let id = object.id();
        *name = name_hash(object);
        let name = *name;
        let namesakes = names
            .iter()
            .zip(&*objects)
            .filter(|(other, _)| **other == name);
        let same = namesakes.filter(|(_, other)| other.id().is(&id)).count();
        if same > 1 {
            return Err(build.fail(
                args.name.origin,
                format!("with this namespace, {} exists twice", id.describe()),
            ));
        }
    }
    Ok(())
}

/// Moves one object to a namespace.
pub(super) fn namespace_of(
    build: &mut Build<'_>,
    object: &mut Object,
    args: &Namespace,
) -> Fallible<()> {
    let origin = args.name.origin;
    let creation = Creation {
        kind: Some(Kind::Scalar),
        origin,
    };
    let mut set = |node: &mut Node, origins: &mut Origins| {
        if args.unset_only && !node.is_empty() && !node.set_text_value().is_empty() {
            return Ok(());
        }
        set_scalar(node, &args.name, Tag::Str, origin, origins)
    };
    let api_version = object.api_version().to_owned();
    if !object.gvk().is_cluster_scoped() {
        let spec = FieldSpec {
            path: "metadata/namespace".to_owned(),
            create: true,
            ..FieldSpec::default()
        };
        on_fields(build, object, &[spec], creation, origin, &mut set)?;
    }
    let is_binding = matches!(object.kind(), "RoleBinding" | "ClusterRoleBinding");
    if is_binding && args.subjects != Subjects::None {
        let (field, wanted) = match args.subjects {
            Subjects::AllServiceAccounts => ("kind", "ServiceAccount"),
            _ => ("name", "default"),
        };
        let subjects = object
            .root
            .as_mut()
            .and_then(|root| root.field_mut("subjects"));
        if let Some(subjects) = subjects.filter(|subjects| !subjects.is_null()) {
            let list_expected = subjects.kind() != Kind::List;
            for subject in subjects.items_mut().into_iter().flatten() {
                let chosen = subject
                    .field(field)
                    .is_some_and(|node| !node.is_null() && node.text() == wanted);
                if chosen
                    && let Some(node) = subject.field_or_insert("namespace", Kind::Scalar, origin)
                {
                    let Build {
                        origins, budget, ..
                    } = build;
                    paid(node, budget, |node| set(node, origins))
                        .map_err(|why| build.fail(origin, why))?;
                }
            }
            if list_expected {
                let id = object.id().describe();
                return Err(build.fail(origin, format!("`subjects` of {id} is not a list")));
            }
        }
    }
    let specs: Vec<FieldSpec> = args
        .specs
        .iter()
        .filter(|spec| {
            let binding_spec = is_binding
                && matches!(spec.gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding")
                && spec.path == "subjects/namespace";
            spec.path != "metadata/namespace"
                && (spec.path != "metadata/name" || api_version == "v1")
                && !binding_spec
        })
        .cloned()
        .collect();
    on_fields(build, object, &specs, creation, origin, &mut set)
}

/// Which end of a name something is added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Before it.
    Prefix,
    /// Behind it.
    Suffix,
}

/// Adds a prefix or a suffix to names.
pub(super) fn affix(
    build: &mut Build<'_>,
    objects: &mut [Object],
    end: End,
    affix: &Text,
    specs: &[FieldSpec],
) -> Fallible<()> {
    let skipped = |gvk: &Gvk| {
        matches!(gvk.kind.as_str(), "CustomResourceDefinition" | "Namespace")
            || (gvk.kind == "APIService" && gvk.group == "apiregistration.k8s.io")
    };
    let creation = Creation {
        kind: Some(Kind::Scalar),
        origin: affix.origin,
    };
    for object in objects {
        let gvk = object.original_id().gvk;
        if skipped(&gvk) {
            continue;
        }
        for spec in specs {
            if !gvk.is_selected(&spec.gvk) {
                continue;
            }
            if spec.path == "metadata/name" && !affix.is_empty() {
                match end {
                    End::Prefix => object.book.prefixes.push(affix.text.clone()),
                    End::Suffix => object.book.suffixes.push(affix.text.clone()),
                }
                object.remember_name();
            }
            on_fields(
                build,
                object,
                std::slice::from_ref(spec),
                creation,
                affix.origin,
                &mut |node, origins| {
                    let text = match end {
                        End::Prefix => format!("{}{}", affix.text, node.text()),
                        End::Suffix => format!("{}{}", node.text(), affix.text),
                    };
                    let both = origins.both(affix.origin, node.origin);
                    set_scalar(node, &text, Tag::None, both, origins)
                },
            )?;
        }
    }
    Ok(())
}

/// Writes labels or annotations into the maps that the specs name.
pub(super) fn entries(
    build: &mut Build<'_>,
    objects: &mut [Object],
    map: &TextMap,
    specs: &[FieldSpec],
) -> Fallible<()> {
    let everywhere = map
        .iter()
        .flat_map(|entry| specs.iter().map(move |spec| (entry, spec)));
    for object in objects {
        for ((key, value), spec) in everywhere.clone() {
            let condition = build.origins.all(spec.parts.iter().copied());
            let written = build.origins.under(value.origin, condition);
            if spec.gvk.selects(object.api_version(), object.kind()) {
                build.pay(key.len() + value.len(), value.origin)?;
            }
            let creation = Creation {
                kind: Some(Kind::Map),
                origin: value.origin,
            };
            on_fields(
                build,
                object,
                std::slice::from_ref(spec),
                creation,
                value.origin,
                &mut |node, origins| {
                    if node.kind() != Kind::Map {
                        return if node.is_null() {
                            Ok(())
                        } else {
                            Err(format!("a map is expected, not {}", node.kind().name()))
                        };
                    }
                    let was = node.field(key).map_or(Origin::NONE, |old| old.origin);
                    let origin = origins.over(written, was);
                    node.set(key, Node::text_node(&**value, origin));
                    Ok(())
                },
            )?;
        }
    }
    Ok(())
}

/// Sets the number of replicas of one workload.
pub(super) fn replicas(
    build: &mut Build<'_>,
    objects: &mut [Object],
    args: &Replica,
    specs: &[FieldSpec],
) -> Fallible<()> {
    let mut found = false;
    let creation = Creation {
        kind: Some(Kind::Scalar),
        origin: args.origin,
    };
    for spec in specs {
        for object in &mut *objects {
            if object.is_gone() {
                continue;
            }
            let named = object
                .former_ids()
                .chain([object.id()])
                .any(|id| id.name == *args.name && id.gvk.is_selected(&spec.gvk));
            if !named {
                continue;
            }
            found = true;
            on_fields(
                build,
                object,
                std::slice::from_ref(spec),
                creation,
                args.origin,
                &mut |node, origins| {
                    set_scalar(
                        node,
                        &args.count.to_string(),
                        Tag::Int,
                        args.origin,
                        origins,
                    )
                },
            )?;
        }
    }
    if found {
        Ok(())
    } else {
        Err(build.fail(
            args.name.origin,
            format!("no workload is named `{}`", &*args.name),
        ))
    }
}

/// Rewrites one image wherever it is used.
pub(super) fn image(
    build: &mut Build<'_>,
    objects: &mut [Object],
    args: &Image,
    specs: &[FieldSpec],
) -> Fallible<()> {
    let Ok(pattern) = ImageName::new(&args.name) else {
        return Err(build.fail(
            args.name.origin,
            format!("`{}` is not a regular expression", &*args.name),
        ));
    };
    let origin = {
        let parts = [
            &args.new_tag,
            &args.digest,
            &args.new_name,
            &args.tag_suffix,
        ];
        let written = parts
            .into_iter()
            .filter(|part| !part.is_empty())
            .map(|part| part.origin);
        let written: Vec<Origin> = written.collect();
        build.origins.all(written)
    };
    let mut set = |node: &mut Node, origins: &mut Origins| {
        if node.is_null() {
            return Ok(());
        }
        if node.kind() != Kind::Scalar {
            return Err(format!("an image is a text, not {}", node.kind().name()));
        }
        if !pattern.fits(node.text()) {
            return Ok(());
        }
        let new = renamed(node.text(), args);
        // What is not said stays, and what stood there decides whether anything is said about it.
        let was = node.origin;
        let keeps_part =
            args.new_name.is_empty() || args.new_tag.is_empty() && args.digest.is_empty();
        let made = if keeps_part {
            origins.both(origin, was)
        } else {
            origin
        };
        let chosen = origins.both(args.name.origin, was);
        let made = origins.under(made, chosen);
        set_scalar(node, &new, Tag::None, made, origins)
    };
    for object in &mut *objects {
        if object.kind() == "CustomResourceDefinition" {
            continue;
        }
        if let Some(root) = &mut object.root
            && let Err(why) = containers(root, 0, &mut |node| {
                paid(node, &mut build.budget, |node| set(node, build.origins))
            })
        {
            let id = object.id().describe();
            return Err(build.fail(origin, format!("{why} (in {id})")));
        }
        on_fields(build, object, specs, Creation::NEVER, origin, &mut set)?;
    }
    Ok(())
}

/// The name of an image, which is a pattern in Kustomize too: it is not escaped. Most hold nothing but words and dots, for
/// which no expression is compiled.
enum ImageName<'a> {
    Dotted(&'a str),
    Pattern(regex::Regex),
}

impl<'a> ImageName<'a> {
    fn new(name: &'a str) -> Result<Self, String> {
        let is_plain =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.' | ':');
        if name.chars().all(is_plain) {
            return Ok(Self::Dotted(name));
        }
        let pattern = format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$");
        super::pattern::compile(&pattern).map(Self::Pattern)
    }

    /// True if and only if `image` has this name, whatever its tag and digest are.
    fn fits(&self, image: &str) -> bool {
        let name = match self {
            Self::Pattern(pattern) => return pattern.is_match(image),
            Self::Dotted(name) => name,
        };
        let mut rest = image.chars();
        let begins = name.chars().all(|wanted| {
            let found = rest.next();
            found.is_some_and(|c| c == wanted || wanted == '.' && c != '\n')
        });
        let word = |c: char| c.is_ascii_alphanumeric() || "_.{}-".contains(c);
        let behind = |text: &'_ str, mark: &str| -> Option<usize> {
            let tag = text.strip_prefix(mark)?;
            Some(text.len() - tag.trim_start_matches(word).len())
        };
        let mut left = rest.as_str();
        for mark in [":", "@sha256:"] {
            let end = behind(left, mark).unwrap_or(0);
            left = left.get(end..).unwrap_or_default();
        }
        begins && left.is_empty()
    }
}

/// Calls `set` on the image of each container anywhere in a tree.
fn containers(
    node: &mut Node,
    depth: usize,
    set: &mut dyn FnMut(&mut Node) -> Result<(), String>,
) -> Result<(), String> {
    if depth > crate::yaml::MAX_DEPTH {
        return Ok(());
    }
    if let Some(items) = node.items_mut() {
        return items
            .iter_mut()
            .try_for_each(|item| containers(item, depth + 1, set));
    }
    for pair in node.pairs_mut().into_iter().flatten() {
        containers(&mut pair.value, depth + 1, set)?;
        if !matches!(pair.key.text.as_str(), "containers" | "initContainers") {
            continue;
        }
        for item in pair.value.items_mut().into_iter().flatten() {
            if !item.is_null() && item.kind() != Kind::Map {
                return Err(format!("a container is a map, not {}", item.kind().name()));
            }
            if let Some(image) = item.field_mut("image") {
                set(image)?;
            }
        }
    }
    Ok(())
}

fn renamed(image: &str, args: &Image) -> String {
    let (mut name, mut tag, mut digest) = split_image(image);
    if !args.new_name.is_empty() {
        name = &args.new_name;
    }
    let suffixed;
    if !args.new_tag.is_empty() {
        (tag, digest) = (&args.new_tag, &args.digest);
    } else if !args.digest.is_empty() {
        (tag, digest) = ("", &args.digest);
    } else if !args.tag_suffix.is_empty() {
        suffixed = format!("{tag}{}", &*args.tag_suffix);
        (tag, digest) = (&suffixed, "");
    }
    let mut new = name.to_owned();
    if !tag.is_empty() {
        new.push(':');
        new.push_str(tag);
    }
    if !digest.is_empty() {
        new.push('@');
        new.push_str(digest);
    }
    new
}

/// Name, tag and digest of an image; a colon before the first slash belongs to the name.
fn split_image(image: &str) -> (&str, &str, &str) {
    let from = match image.find('/') {
        Some(slash) if slash > 0 => slash,
        _ => 0,
    };
    let rest = image.get(from..).unwrap_or_default();
    let at = rest.find('@').map(|at| at + from);
    let colon = rest.find(':').map(|colon| colon + from);
    let cut = |a: usize, b: usize| image.get(a..b).unwrap_or_default();
    match (colon, at) {
        (None, None) => (image, "", ""),
        (Some(colon), None) => (cut(0, colon), cut(colon + 1, image.len()), ""),
        (Some(colon), Some(at)) if colon < at => {
            (cut(0, colon), cut(colon + 1, at), cut(at + 1, image.len()))
        }
        (_, Some(at)) => (cut(0, at), "", cut(at + 1, image.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_images_are_patterns() {
        for (name, image, expected) in [
            ("nginx", "nginx", true),
            ("nginx", "nginx:1.2", true),
            ("nginx", "nginx:1.2@sha256:ab", true),
            ("nginx", "nginx@sha256:ab", true),
            ("nginx", "nginx@sha512:ab", false),
            ("nginx", "nginx-x", false),
            ("nginx", "my/nginx", false),
            ("a.b/c", "axb/c:", true),
            ("a:1", "a:1", true),
            ("a:1", "a:1:2", true),
            ("a", "a:é", false),
        ] {
            let found = ImageName::new(name).unwrap();
            assert!(matches!(found, ImageName::Dotted(_)));
            assert_eq!(found.fits(image), expected, "{name} {image}");
            // The pattern says the same.
            let grouped = format!("(?:{name})");
            let pattern = ImageName::new(&grouped).unwrap();
            assert_eq!(pattern.fits(image), expected, "{name} {image}");
        }
    }

    #[test]
    fn images_are_split_and_renamed() {
        let text = |text: &str| Text::new(text, Origin::NONE);
        let check = |image: &str, tag: &str, name: &str, digest: &str, expected: &str| {
            let args = Image {
                new_tag: text(tag),
                new_name: text(name),
                digest: text(digest),
                ..Image::default()
            };
            assert_eq!(renamed(image, &args), expected, "{image}");
        };
        check("nginx", "1.2", "", "", "nginx:1.2");
        check("nginx:1@sha256:abc", "1.2", "", "", "nginx:1.2");
        check("reg.io:5000/a/b:1", "", "c", "", "c:1");
        check("nginx:1", "", "", "sha256:ff", "nginx@sha256:ff");
        check("nginx:1", "2", "", "sha256:ff", "nginx:2@sha256:ff");
        check("nginx@sha256:ab", "", "", "", "nginx@sha256:ab");
    }
}
