//! `.Files`: the files of a chart that templates may read.

use std::any::Any;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::chart::File;
use super::content::Content;
use super::format::plain;
use super::function::{Context, FunctionError, Type, text};
use super::functions::to_yaml;
use super::glob::Glob;
use super::string::Text;
use super::value::{Data, Map, MapType, Object, Value};
use crate::discover::HelmVersion;
use crate::origin::{Origin, Origins, Role};
use crate::text::Span;

/// `engine.files`: names and contents.
#[derive(Clone)]
pub(super) struct Files(Rc<BTreeMap<Rc<str>, Contained>>);

/// What is in one file. Few files of a chart are ever asked for, so it is a text only once somebody has asked.
#[derive(Clone)]
struct Contained {
    content: Arc<Content>,
    origin: Origin,
    text: OnceCell<Text>,
}

impl Contained {
    fn text(&self) -> Text {
        let text = || Text::new(self.content.bytes().to_vec(), self.origin);
        self.text.get_or_init(text).clone()
    }
}

impl Files {
    /// The files of a chart. Their contents come from the files themselves.
    pub(super) fn new(files: &[File], origins: &mut Origins) -> Self {
        let content = |file: &File| {
            let content = &file.content;
            let origin = if origins.traces() {
                let id = origins.add_file(&file.path, content.text());
                origins.source(id, Span::new(0, content.bytes().len()), Role::Template)
            } else {
                Origin::NONE
            };
            let content = Contained {
                content: Arc::clone(content),
                origin,
                text: OnceCell::new(),
            };
            (Rc::from(file.name.as_str()), content)
        };
        Self(Rc::new(files.iter().map(content).collect()))
    }

    /// One entry per file, by the name without directories.
    fn by_name(&self, encode: fn(&Text, &mut Origins) -> Text, origins: &mut Origins) -> Value {
        let map = Map::of(MapType::Strings);
        for (name, content) in self.0.iter() {
            let base = name.rsplit('/').next().unwrap_or(name);
            map.set(base, Origin::NONE, encode(&content.text(), origins).into());
        }
        Value::map(map, Origin::NONE)
    }
}

impl Object for Files {
    fn type_name(&self) -> &'static str {
        "engine.files"
    }

    fn kind(&self) -> &'static str {
        "map"
    }

    fn is_map(&self) -> bool {
        true
    }

    fn field(&self, name: &str) -> Option<Value> {
        // A key that is not there is the zero value of the map's type: bytes that were never made.
        let content = self.0.get(name).map(Contained::text);
        Some(Value::new(Data::Bytes(content), Origin::NONE))
    }

    fn method(&self, name: &str) -> Option<&'static [Type]> {
        match name {
            "Get" | "GetBytes" | "Glob" | "Lines" => Some(&[Type::String]),
            "AsConfig" | "AsSecrets" => Some(&[]),
            _ => None,
        }
    }

    fn call(
        &self,
        name: &str,
        context: &mut Context<'_>,
        arguments: &[Value],
    ) -> Result<Value, FunctionError> {
        let given = text(arguments, 0);
        let given = given.lossy();
        let here = context.call;
        let content = |here| match self.0.get(&*given) {
            Some(content) => content.text(),
            None => Text::new("", here),
        };
        Ok(match name {
            "Get" => content(here).into(),
            "GetBytes" => Value::bytes(content(here)),
            "Glob" => {
                let glob = Glob::new(&given);
                context.spend(self.0.len())?;
                let found = self
                    .0
                    .iter()
                    .filter(|(name, _)| glob.is_match(name))
                    .map(|(name, content)| (Rc::clone(name), content.clone()))
                    .collect();
                Value::object(Self(Rc::new(found)), here)
            }
            "Lines" => {
                let content = content(here);
                // Helm 3 looks for the last byte of a file where there is none.
                if context.helm == HelmVersion::V3
                    && content.is_empty()
                    && self.0.contains_key(&*given)
                {
                    return Err(FunctionError::new("runtime error: index out of range [-1]"));
                }
                let body = match content.as_bytes().last() {
                    Some(b'\n') => content.slice(0..content.len() - 1),
                    _ => content.clone(),
                };
                let lines = if content.is_empty() {
                    Vec::new()
                } else {
                    body.split(b"\n", usize::MAX)
                };
                context.spend(lines.len())?;
                Value::strings(lines, here)
            }
            _ => {
                let encode: fn(&Text, &mut Origins) -> Text = if name == "AsSecrets" {
                    |content, origins| {
                        let origin = content.origin(origins);
                        Text::new(STANDARD.encode(content.as_bytes()), origin)
                    }
                } else {
                    |content, _| content.clone()
                };
                let map = self.by_name(encode, context.origins);
                match to_yaml(context, &map, crate::yaml::emit::Style::ToYaml) {
                    Ok(text) => text.into(),
                    Err(_) => Value::string("", here),
                }
            }
        })
    }

    fn print(&self) -> String {
        let values = self.entries().unwrap_or_default();
        let shown: Vec<String> = values
            .iter()
            .map(|(name, bytes)| format!("{name}:{}", plain(bytes).lossy()))
            .collect();
        format!("map[{}]", shown.join(" "))
    }

    fn entries(&self) -> Option<Vec<(Rc<str>, Value)>> {
        Some(
            self.0
                .iter()
                .map(|(name, content)| (Rc::clone(name), Value::bytes(content.text())))
                .collect(),
        )
    }

    fn truth(&self) -> bool {
        !self.0.is_empty()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::RepoPath;

    #[test]
    fn bytes_come_from_their_file() {
        let mut origins = Origins::new();
        let file = File {
            name: "f.txt".to_owned(),
            path: RepoPath::new("c/f.txt").unwrap(),
            content: Arc::new(Content::new(Arc::from(&b"ab"[..]))),
        };
        let files = Files::new(&[file], &mut origins);
        let bytes = files.field("f.txt").unwrap();
        let in_yaml = bytes.to_yaml(&mut origins).unwrap();
        let whole = bytes.origin(&mut origins);
        let items = bytes.items().unwrap();
        let each = items.iter().map(|item| item.origin);
        for origin in each.chain([whole, in_yaml.origin]) {
            let trace = origins.trace(origin);
            let paths: Vec<&str> = trace
                .data
                .iter()
                .map(|source| origins.file(source.file).path.as_str())
                .collect();
            assert_eq!(paths, ["c/f.txt"]);
        }
        assert!(matches!(
            files.field("none").unwrap().data,
            Data::Bytes(None)
        ));
    }
}
