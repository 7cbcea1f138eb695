//! ConfigMaps and Secrets made from literals, files and env files, and the hash that their names end in.

use base64::Engine as _;
use sha2::{Digest, Sha256};

use super::decode::{Text, TextMap};
use super::file::{GeneratorArgs, GeneratorOptions};
use super::load::{Build, Directory, Fallible};
use super::node::{Body, Kind, Node, Tag};
use super::object::{Behavior, Object};
use crate::origin::{Origin, Origins, Role};
use crate::text::Span;
use crate::yaml::{Data, Mapping, ScalarStyle, Value};

/// What is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// A ConfigMap.
    ConfigMap,
    /// A Secret.
    Secret,
}

/// One key and its content.
struct Entry {
    key: String,
    bytes: Vec<u8>,
    origin: Origin,
}

/// The options of one generator, those of the kustomization added.
pub(super) fn options(
    own: Option<&GeneratorOptions>,
    global: Option<&GeneratorOptions>,
) -> Option<GeneratorOptions> {
    let Some(global) = global else {
        return own.cloned();
    };
    let mut options = own.cloned().unwrap_or_default();
    let fill = |map: &mut TextMap, from: &TextMap| {
        for (key, value) in from {
            map.entry(key.clone()).or_insert_with(|| value.clone());
        }
    };
    fill(&mut options.labels, &global.labels);
    fill(&mut options.annotations, &global.annotations);
    options.disable_hash = options.disable_hash.or(global.disable_hash);
    options.immutable = options.immutable.or(global.immutable);
    if options.origin.is_none() {
        options.origin = global.origin;
    }
    Some(options)
}

/// Makes one object.
pub(super) fn generate(
    build: &mut Build<'_>,
    from: &Directory,
    sort: Sort,
    args: &GeneratorArgs,
    options: Option<&GeneratorOptions>,
) -> Fallible<Object> {
    let args = &generator_role(build, args);
    let origin = args.origin;
    if args.name.is_empty() {
        return Err(build.fail(origin, "a generator needs a `name`"));
    }
    let mut root = Node::map(origin);
    root.set("apiVersion", Node::text_node("v1", Origin::NONE));
    let kind = match sort {
        Sort::ConfigMap => "ConfigMap",
        Sort::Secret => "Secret",
    };
    root.set("kind", Node::text_node(kind, Origin::NONE));
    let mut metadata = Node::map(origin);
    // Whether the name gets a hash is said elsewhere.
    let hash_or_not = options.map_or(Origin::NONE, |options| options.disable_hash.origin);
    let name_origin = build.origins.under(args.name.origin, hash_or_not);
    metadata.set("name", Node::text_node(&*args.name, name_origin));
    if !args.namespace.is_empty() {
        metadata.set(
            "namespace",
            Node::text_node(&*args.namespace, args.namespace.origin),
        );
    }
    if let Some(options) = options {
        for (field, map) in [
            ("labels", &options.labels),
            ("annotations", &options.annotations),
        ] {
            if map.is_empty() {
                continue;
            }
            let mut node = Node::map(options.origin);
            for (key, value) in map {
                let mut text = Node::text_node(&**value, value.origin);
                if let Body::Scalar { style, .. } = &mut text.body {
                    *style = ScalarStyle::SingleQuoted;
                }
                node.set(key, text);
            }
            metadata.set(field, node);
        }
    }
    root.set("metadata", metadata);
    if sort == Sort::Secret {
        let secret_type = if args.secret_type.is_empty() {
            Text::new("Opaque", Origin::NONE)
        } else {
            args.secret_type.clone()
        };
        root.set("type", Node::text_node(&*secret_type, secret_type.origin));
        root.field_or_insert("data", Kind::Map, origin);
    }
    let mut entries = entries(build, from, args)?;
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    if let Some([_, twice]) = entries.windows(2).find_map(|pair| {
        <&[Entry; 2]>::try_from(pair)
            .ok()
            .filter(|[a, b]| a.key == b.key)
    }) {
        return Err(build.fail(
            twice.origin,
            format!("`{}` has the key `{}` twice", &*args.name, twice.key),
        ));
    }
    for entry in entries {
        let (field, text) = match (sort, String::from_utf8(entry.bytes)) {
            (Sort::ConfigMap, Ok(text)) => ("data", text),
            (Sort::ConfigMap, Err(bytes)) => ("binaryData", encode(&bytes.into_bytes())),
            (Sort::Secret, Ok(text)) => ("data", encode(text.as_bytes())),
            (Sort::Secret, Err(bytes)) => ("data", encode(&bytes.into_bytes())),
        };
        let style = if text.contains('\n') {
            ScalarStyle::Literal
        } else {
            ScalarStyle::Plain
        };
        let value = Node {
            body: Body::Scalar { text, style },
            tag: Tag::Str,
            origin: entry.origin,
        };
        if let Some(data) = root.field_or_insert(field, Kind::Map, origin) {
            data.set(&entry.key, value);
        }
    }
    if let Some(options) = options.filter(|options| options.immutable.set) {
        let flag = build.as_role(options.immutable.origin, Role::Generator);
        root.set("immutable", Node::tagged("true", Tag::Bool, flag));
    }
    let mut object = Object::new(root);
    let disable_hash = options
        .map(|options| options.disable_hash)
        .unwrap_or_default();
    object.book.needs_hash = !disable_hash.set;
    object.book.behavior = Some(Behavior::named(&args.behavior));
    Ok(object)
}

/// The arguments, as contributions of a generator.
fn generator_role(build: &mut Build<'_>, args: &GeneratorArgs) -> GeneratorArgs {
    let mut args = args.clone();
    let lists = [&mut args.literals, &mut args.files, &mut args.envs];
    for text in lists.into_iter().flatten().chain([
        &mut args.name,
        &mut args.namespace,
        &mut args.secret_type,
    ]) {
        text.origin = build.as_role(text.origin, Role::Generator);
    }
    args.origin = build.as_role(args.origin, Role::Generator);
    args
}

/// All keys: of env files, then of literals, then of files.
fn entries(build: &mut Build<'_>, from: &Directory, args: &GeneratorArgs) -> Fallible<Vec<Entry>> {
    let mut entries = Vec::new();
    for env in &args.envs {
        entries.extend(env_file(build, from, env)?);
    }
    for literal in &args.literals {
        let Some((key, value)) = literal.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(build.fail(
                literal.origin,
                format!(
                    "the literal `{}` is not of the form `key=value`",
                    hide(literal)
                ),
            ));
        };
        entries.push(Entry {
            key: key.to_owned(),
            bytes: unquote(value).as_bytes().to_vec(),
            origin: literal.origin,
        });
    }
    for file in &args.files {
        let (key, path) = match file.matches('=').count() {
            0 => (
                file.rsplit('/')
                    .find(|part| !part.is_empty())
                    .unwrap_or(".")
                    .to_owned(),
                &**file,
            ),
            1 => match file.split_once('=') {
                Some((key, path)) if !key.is_empty() && !path.is_empty() => (key.to_owned(), path),
                _ => {
                    return Err(build.fail(
                        file.origin,
                        format!("`{}` is not of the form `key=path`", &**file),
                    ));
                }
            },
            _ => {
                return Err(build.fail(file.origin, format!("`{}` has more than one `=`", &**file)));
            }
        };
        let (path, bytes) = build.bytes(from, path, file.origin)?;
        build.pay(bytes.len(), file.origin)?;
        let text = std::str::from_utf8(&bytes).map_or("", |text| text);
        let id = build.origins.add_file(&path, &text.into());
        let whole = Span::new(0, text.len());
        let content = build.origins.source(id, whole, Role::Generator);
        entries.push(Entry {
            key,
            bytes: bytes.to_vec(),
            origin: build.origins.both(content, file.origin),
        });
    }
    Ok(entries)
}

/// The keys of an env file: a line each, `KEY=value`, nothing unquoted.
fn env_file(build: &mut Build<'_>, from: &Directory, env: &Text) -> Fallible<Vec<Entry>> {
    let (path, bytes) = build.bytes(from, env, env.origin)?;
    build.pay(bytes.len(), env.origin)?;
    let lossy = String::from_utf8_lossy(&bytes);
    let id = build.origins.add_file(&path, &lossy.as_ref().into());
    let mut entries = Vec::new();
    let mut at = 0;
    for (number, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let start = at;
        at += line.len();
        let Ok(line) = std::str::from_utf8(line) else {
            return Err(build.fail(
                env.origin,
                format!("line {} of `{path}` is not UTF-8", number + 1),
            ));
        };
        let line = line.strip_suffix('\n').unwrap_or(line);
        // Go's line scanner refuses longer lines, and Kustomize does not notice: the rest of the file is not read.
        if line.len() >= 64 * 1024 {
            break;
        }
        let line = line.strip_suffix('\r').unwrap_or(line);
        let bare = if number == 0 {
            line.strip_prefix('\u{feff}').unwrap_or(line)
        } else {
            line
        };
        let content = bare.trim_start();
        let (key, value) = content.split_once('=').unwrap_or((content, ""));
        if content.is_empty() || content.starts_with('#') || key.is_empty() {
            continue;
        }
        let begin = start + line.len() - content.len();
        let span = Span::new(begin, start + line.len());
        let written = build.origins.source(id, span, Role::Generator);
        entries.push(Entry {
            key: key.to_owned(),
            bytes: value.as_bytes().to_vec(),
            origin: build.origins.both(written, env.origin),
        });
    }
    Ok(entries)
}

/// What of a literal may be shown: it may be a secret.
fn hide(literal: &str) -> &str {
    literal
        .split('=')
        .next()
        .filter(|key| key.len() < literal.len())
        .unwrap_or("…")
}

/// Takes away one pair of quotes around a value.
fn unquote(value: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| {
            value
                .strip_prefix(quote)
                .and_then(|rest| rest.strip_suffix(quote))
        })
        .unwrap_or(value)
}

/// Base64 in lines of 70 characters, where it needs more than one.
fn encode(bytes: &[u8]) -> String {
    let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
    if encoded.len() < 70 {
        return encoded;
    }
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / 70 + 1);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(70).unwrap_or((rest, ""));
        lines.push_str(line);
        lines.push('\n');
        rest = after;
    }
    lines
}

/// The origin of all that is hashed.
pub(super) fn content(object: &Object, origins: &mut Origins) -> Origin {
    let fields = ["data", "binaryData", "stringData"];
    let maps = fields.iter().filter_map(|name| object.node().field(name));
    let values: Vec<Origin> = maps
        .flat_map(Node::pairs)
        .map(|pair| origins.under(pair.value.origin, pair.key.origin))
        .chain(object.node().field("type").map(|node| node.origin))
        .collect();
    origins.all(values)
}

/// The hash of the content of an object, as it ends the name.
pub(super) fn hash(object: &Object) -> Result<String, super::value::Unprintable> {
    let root = object.node();
    let part = |name: &str| -> Result<Option<Value>, super::value::Unprintable> {
        root.field(name)
            .map(|node| match node.kind() {
                Kind::Scalar => Ok(Value::string(node.text(), Origin::NONE)),
                _ => node.value(),
            })
            .transpose()
    };
    let or_empty = |value: Option<Value>| value.unwrap_or_else(|| Value::string("", Origin::NONE));
    let is_map = |value: &Value| matches!(value.data, Data::Mapping(_));
    let mut fields = Mapping::new();
    let mut add = |name: &str, value: Value| fields.insert(name, Origin::NONE, value);
    match object.kind() {
        "ConfigMap" => {
            if let Some(binary) = part("binaryData")?.filter(is_map) {
                add("binaryData", binary);
            }
            add("data", or_empty(part("data")?));
            add("kind", Value::string("ConfigMap", Origin::NONE));
            add("name", Value::string("", Origin::NONE));
        }
        "Secret" => {
            add("data", or_empty(part("data")?));
            add("kind", Value::string("Secret", Origin::NONE));
            add("name", Value::string("", Origin::NONE));
            if let Some(text) = part("stringData")?.filter(is_map) {
                add("stringData", text);
            }
            add("type", or_empty(part("type")?));
        }
        // Kustomize hashes the memory of its own tree here, which nobody can foresee; the content serves as well.
        _ => {
            let whole = root.value()?;
            return Ok(shorten(&super::structured::json(&whole, false)));
        }
    }
    let whole = Value::new(Data::Mapping(fields));
    Ok(shorten(&super::structured::json(&whole, false)))
}

fn shorten(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let mut short = String::new();
    for byte in digest.iter().take(5) {
        for digit in [byte >> 4, byte & 15] {
            let digit = char::from_digit(u32::from(digit), 16).unwrap_or('0');
            // Vowels, and digits that look like letters, are avoided in names.
            short.push(match digit {
                '0' => 'g',
                '1' => 'h',
                '3' => 'k',
                'a' => 'm',
                'e' => 't',
                other => other,
            });
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_taken_away_in_pairs() {
        assert_eq!(unquote("\"a b\""), "a b");
        assert_eq!(unquote("'a'"), "a");
        assert_eq!(unquote("'a\""), "'a\"");
        assert_eq!(unquote("'"), "'");
    }

    #[test]
    fn long_base64_is_broken() {
        assert_eq!(encode(b"abc"), "YWJj");
        let long = encode(&[0; 60]);
        assert_eq!(long.lines().map(str::len).collect::<Vec<_>>(), [70, 10]);
        assert!(long.ends_with('\n'));
    }
}
