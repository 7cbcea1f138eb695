//! A set of templates that see each other, and why one of them failed.
//!
//! The caller parses files in Helm's order; this decides which definition of a name counts. Evaluation itself is in `eval`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::Arc;

use super::ast::{Definition, SourceText, Syntax};
use super::content::Content;
use super::eval;
use super::format::quote_lossless;
use super::function::{Context, Functions};
use super::parse::{self, ParseError};
use super::string::Text;
use super::value::Value;
use crate::discover::HelmVersion;
use crate::origin::{FileId, Origins, Role};
use crate::render::Cache;
use crate::text::Span;
use foldhash::fast::RandomState;

/// Templates by name, and the functions that they may call.
pub struct TemplateSet {
    functions: Arc<Functions>,
    definitions: HashMap<Arc<str>, Definition, RandomState>,
    /// What `tpl` has parsed before, by text. Charts give it the same few texts again and again.
    parsed: RefCell<HashMap<Vec<u8>, Parsed, RandomState>>,
}

/// A text that was parsed, and what it defines. The origins of the text are part of the tree.
type Parsed = (Text, Rc<Vec<Definition>>);

/// Texts that `tpl` parsed are remembered up to this length.
const REMEMBERED_LENGTH: usize = 64 * 1024;

impl TemplateSet {
    /// No templates yet. `functions` should begin with [`super::builtins::TABLE`].
    pub fn new(functions: Arc<Functions>) -> Self {
        Self {
            functions,
            definitions: HashMap::default(),
            parsed: RefCell::default(),
        }
    }

    /// Parses a file under the name that Helm gives it (`chart/templates/web.yaml`). Its definitions replace those of
    /// the same name that were parsed earlier, unless they are empty: so parse in Helm's order.
    pub fn parse(
        &mut self,
        name: &str,
        file: FileId,
        text: &Arc<str>,
    ) -> Result<(), TemplateError> {
        let syntax = parse::parse(name, text.as_bytes(), &self.functions)
            .map_err(|error| TemplateError::parse(error, Some(file)))?;
        self.add(name, file, text, Arc::new(syntax))
    }

    /// As [`TemplateSet::parse`], for a text that may have been parsed already.
    pub(super) fn parse_content(
        &mut self,
        name: &str,
        file: FileId,
        content: &Content,
        cache: &Cache,
        helm: HelmVersion,
    ) -> Result<(), TemplateError> {
        let syntax = content
            .syntax(cache, helm, name, &self.functions)
            .map_err(|error| TemplateError::parse(error, Some(file)))?;
        self.add(name, file, content.text(), syntax)
    }

    fn add(
        &mut self,
        name: &str,
        file: FileId,
        text: &Arc<str>,
        syntax: Arc<Syntax>,
    ) -> Result<(), TemplateError> {
        let source = SourceText::File(file, Arc::clone(text));
        let definitions = parse::definitions(&Arc::from(name), source, syntax)
            .map_err(|error| TemplateError::parse(error, Some(file)))?;
        for definition in definitions {
            let is_empty = definition.tree.is_empty_list(definition.root);
            if !(is_empty && self.definitions.contains_key(&definition.name)) {
                self.definitions
                    .insert(Arc::clone(&definition.name), definition);
            }
        }
        Ok(())
    }

    /// True if and only if there is a template of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.definitions.contains_key(name)
    }

    /// Executes a template with `root` as its dot and `$`, and gives what Helm makes of its output (without `<no value>`).
    pub fn execute(
        &self,
        name: &str,
        root: &Value,
        context: &mut Context<'_>,
    ) -> Result<Text, TemplateError> {
        let output = self.output(name, root, context)?;
        Ok(eval::without_no_value(&output, context))
    }

    /// As [`TemplateSet::execute`], and `<no value>` stays.
    pub(super) fn output(
        &self,
        name: &str,
        root: &Value,
        context: &mut Context<'_>,
    ) -> Result<Text, TemplateError> {
        eval::output(self, name, root, context).map_err(|error| *error)
    }

    pub(super) fn definition(&self, name: &str) -> Option<&Definition> {
        self.definitions.get(name)
    }

    /// Parses a text for `tpl`, unless that was done before, which is told too. The template itself comes first.
    pub(super) fn parse_text(
        &self,
        text: &Text,
        origins: &Origins,
    ) -> Result<(Rc<Vec<Definition>>, bool), ParseError> {
        if let Some((known, definitions)) = self.parsed.borrow().get(text.as_bytes())
            && known.runs().eq(text.runs())
        {
            return Ok((Rc::clone(definitions), false));
        }
        let syntax = parse::parse(TPL_NAME, text.as_bytes(), &self.functions)?;
        let source = whole_file(text, origins).map_or_else(
            || SourceText::Value(text.clone()),
            |(file, text)| SourceText::File(file, text),
        );
        let definitions = parse::definitions(&Arc::from(TPL_NAME), source, Arc::new(syntax))?;
        let definitions = Rc::new(definitions);
        if text.len() <= REMEMBERED_LENGTH {
            self.parsed.borrow_mut().insert(
                text.as_bytes().to_vec(),
                (text.clone(), Rc::clone(&definitions)),
            );
        }
        Ok((definitions, true))
    }
}

/// The file that a text is, from its first byte to its last (`tpl (.Files.Get "job.tpl") .`): what it prints comes from the
/// lines of the file, as that of a template does.
fn whole_file(text: &Text, origins: &Origins) -> Option<(FileId, Arc<str>)> {
    let [place] = origins.trace(text.single_origin()?).data[..] else {
        return None;
    };
    let file = origins.file(place.file);
    (place.role == Role::Template && file.text.as_bytes() == text.as_bytes())
        .then(|| (place.file, Arc::clone(&file.text)))
}

/// The name under which Helm parses what `tpl` is given.
pub(super) const TPL_NAME: &str = "gotpl";

/// Why templates could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// From the innermost to the outermost.
    levels: Vec<Level>,
    /// The words of the chart's author (`fail`, `required`).
    by_author: Option<String>,
    /// True where a text is no template; false where executing one failed.
    is_syntax: bool,
}

/// One step of the chain from the failure to the template that was executed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Level {
    /// Go's `template: LOCATION: executing "NAME" at <NODE>: TEXT`.
    At {
        location: String,
        template: Arc<str>,
        node: String,
        text: String,
        place: Option<(FileId, Span)>,
    },
    /// Words alone.
    Words {
        text: String,
        place: Option<(FileId, Span)>,
    },
}

impl Level {
    fn write(&self, out: &mut String) {
        match self {
            Self::At {
                location,
                template,
                node,
                text,
                ..
            } => {
                let template = quote_lossless(template.as_bytes());
                let _ = write!(
                    out,
                    "template: {location}: executing {template} at <{node}>: {text}"
                );
            }
            Self::Words { text, .. } => out.push_str(text),
        }
    }

    fn place(&self) -> Option<(FileId, Span)> {
        match self {
            Self::At { place, .. } | Self::Words { place, .. } => *place,
        }
    }
}

impl TemplateError {
    pub(super) fn parse(error: ParseError, file: Option<FileId>) -> Self {
        Self {
            levels: vec![Level::Words {
                text: error.message,
                place: file.map(|file| (file, error.span)),
            }],
            by_author: None,
            is_syntax: true,
        }
    }

    pub(super) fn words(text: impl Into<String>) -> Self {
        Self {
            levels: vec![Level::Words {
                text: text.into(),
                place: None,
            }],
            by_author: None,
            is_syntax: false,
        }
    }

    pub(super) fn author(text: String) -> Self {
        let marked = format!("HELM_ERR_START{text}HELM_ERR_END");
        Self {
            by_author: Some(text),
            ..Self::words(marked)
        }
    }

    /// The error, seen from one level further out.
    pub(super) fn at(
        mut self,
        location: String,
        template: Arc<str>,
        node: String,
        text: String,
        place: Option<(FileId, Span)>,
    ) -> Self {
        self.is_syntax = false;
        // A function's own words stand in the message of the call; Go's chain goes on below templates only.
        self.levels.push(Level::At {
            location,
            template,
            node,
            text,
            place,
        });
        self
    }

    pub(super) fn located(
        location: String,
        template: Arc<str>,
        node: String,
        text: String,
        place: Option<(FileId, Span)>,
    ) -> Self {
        Self {
            levels: Vec::new(),
            by_author: None,
            is_syntax: false,
        }
        .at(location, template, node, text, place)
    }

    /// The error with words before it, as Go's `%w` wraps it.
    pub(super) fn wrap(mut self, words: String) -> Self {
        self.is_syntax = false;
        self.levels.push(Level::Words {
            text: words,
            place: None,
        });
        self
    }

    /// Go's message: the whole chain in one line.
    pub fn go_message(&self) -> String {
        self.message_from(self.levels.len())
    }

    fn message_from(&self, levels: usize) -> String {
        let mut out = String::new();
        for level in self.levels.iter().take(levels).rev() {
            level.write(&mut out);
        }
        out
    }

    /// What Helm prints after `Error: `. `file` is the template that was executed or parsed.
    pub fn message(&self, file: &str, helm: HelmVersion) -> String {
        let whole = self.go_message();
        if self.is_syntax {
            let tokens: Vec<&str> = whole.split(": ").collect();
            return match tokens.as_slice() {
                [_, location, .., last] => format!("parse error at ({location}): {last}"),
                [_, location] => format!("parse error at ({location}): {location}"),
                _ => format!("parse error in ({file}): {whole}"),
            };
        }
        let mut tokens = whole.splitn(3, ": ");
        let (Some(_), Some(location), Some(rest)) = (tokens.next(), tokens.next(), tokens.next())
        else {
            return format!("execution error in ({file}): {whole}");
        };
        if let Some(start) = rest.find("HELM_ERR_START")
            && let Some(end) = rest.rfind("HELM_ERR_END")
        {
            let start = start + "HELM_ERR_START".len();
            let words = rest.get(start..end).unwrap_or_default();
            return format!("execution error at ({location}): {words}");
        }
        if helm == HelmVersion::V3 {
            return whole;
        }
        self.traced_message().unwrap_or(whole)
    }

    /// Helm 4's form over several lines; `None` where a link of the chain is no error of a template.
    fn traced_message(&self) -> Option<String> {
        let mut out = String::new();
        let mut last = None;
        for levels in (1..=self.levels.len()).rev() {
            let traced = Traceable::read(&self.message_from(levels))?;
            if last.as_ref() != Some(&traced) {
                traced.write(&mut out);
            }
            last = Some(traced);
        }
        Some(out.trim().to_owned())
    }

    /// Where it failed: the innermost place that is known.
    pub fn place(&self) -> Option<(FileId, Span)> {
        self.levels.iter().find_map(Level::place)
    }

    /// How the failing place was reached, innermost first: each place and the template that was executing there.
    pub fn chain(&self) -> Vec<((FileId, Span), &str)> {
        self.levels
            .iter()
            .filter_map(|level| match level {
                Level::At {
                    template, place, ..
                } => place.map(|place| (place, &**template)),
                Level::Words { .. } => None,
            })
            .collect()
    }

    /// What went wrong, without the chain.
    pub fn cause(&self) -> &str {
        if let Some(words) = &self.by_author {
            return words;
        }
        match self.levels.first() {
            Some(Level::At { text, .. } | Level::Words { text, .. }) => text,
            None => "",
        }
    }

    /// True if and only if the chart's author stopped the rendering with `fail` or `required`.
    pub fn is_by_author(&self) -> bool {
        self.by_author.is_some()
    }

    /// True if and only if a template could not be parsed.
    pub fn is_syntax(&self) -> bool {
        self.is_syntax
    }
}

/// One link of the chain as Helm 4 takes Go's message apart.
#[derive(PartialEq, Eq)]
struct Traceable {
    location: String,
    executing: String,
    message: String,
}

impl Traceable {
    fn read(message: &str) -> Option<Self> {
        let rest = message.strip_prefix("template: ")?;
        if rest.starts_with("no template ") {
            return Some(Self {
                location: String::new(),
                executing: String::new(),
                message: message.to_owned(),
            });
        }
        let cut = |text: &str| {
            text.find(" template:")
                .and_then(|at| text.get(..at))
                .unwrap_or(text)
                .to_owned()
        };
        if let Some((location, after)) = rest.split_once(": executing ")
            && let Some(executed) = Self::executing(location, after, &cut)
        {
            return Some(executed);
        }
        let (location, text) = rest.rsplit_once(": ")?;
        Some(Self {
            location: location.to_owned(),
            executing: String::new(),
            message: cut(text),
        })
    }

    fn executing(location: &str, after: &str, cut: &dyn Fn(&str) -> String) -> Option<Self> {
        let (function, after) = after.strip_prefix('"')?.split_once('"')?;
        let (node, text) = after.strip_prefix(" at <")?.split_once(">: ")?;
        Some(Self {
            location: location.to_owned(),
            executing: format!("executing \"{function}\" at <{node}>:"),
            message: cut(text),
        })
    }

    fn write(&self, out: &mut String) {
        if !self.location.is_empty() {
            let _ = write!(out, "{}\n  ", self.location);
        }
        if !self.executing.is_empty() {
            let _ = write!(out, "{}\n    ", self.executing);
        }
        if !self.message.is_empty() {
            let _ = writeln!(out, "{}", self.message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::Origin;
    use crate::render::helm::function::{FunctionError, Limits, Type};
    use crate::render::helm::functions;
    use crate::render::helm::value::{Map, Object};
    use crate::text::RepoPath;
    use base64::Engine as _;

    /// `.Files` with one file.
    struct OneFile(String);

    impl Object for OneFile {
        fn type_name(&self) -> &'static str {
            "engine.files"
        }

        fn field(&self, _: &str) -> Option<Value> {
            None
        }

        fn method(&self, name: &str) -> Option<&'static [Type]> {
            (name == "Get").then_some(&[Type::String])
        }

        fn call(&self, _: &str, _: &mut Context<'_>, _: &[Value]) -> Result<Value, FunctionError> {
            Ok(Value::string(self.0.as_bytes(), Origin::NONE))
        }

        fn print(&self) -> String {
            String::new()
        }

        fn as_any(&self) -> &dyn std::any::Any {
            self
        }
    }

    fn functions() -> Arc<Functions> {
        functions::of(HelmVersion::V4)
    }

    fn values(text: &str) -> Value {
        let stream = crate::yaml::parse(text);
        let value = stream.documents[0]
            .value(crate::yaml::Dialect::Helm, &mut |_| Origin::NONE)
            .unwrap();
        let values = Value::from_yaml(&value);
        // As Helm does, a null in values removes its key.
        let map = values.as_map().unwrap();
        for (key, entry) in map.entries() {
            if entry.value.is_nil() {
                map.borrow_mut().remove(&key);
            }
        }
        map.borrow_mut().map_type = crate::render::helm::value::MapType::Values("common.Values");
        values
    }

    /// What Helm prints for one template: the decoded output, or its error.
    fn rendered(template: &str, values_text: &str, snippet: &str) -> Result<Vec<u8>, String> {
        const NAME: &str = "c/templates/a.yaml";
        let mut origins = Origins::new();
        let text: Arc<str> = Arc::from(template);
        let file = origins.add_file(&RepoPath::new(NAME).unwrap(), &text);
        let mut set = TemplateSet::new(functions());
        set.parse(NAME, file, &text).unwrap();
        let root = Map::new();
        let name = Map::new();
        name.borrow_mut().map_type = crate::render::helm::value::MapType::Values("common.Values");
        name.set("Name", Origin::NONE, Value::string(NAME, Origin::NONE));
        name.set(
            "BasePath",
            Origin::NONE,
            Value::string("c/templates", Origin::NONE),
        );
        root.set("Template", Origin::NONE, Value::map(name, Origin::NONE));
        root.set("Values", Origin::NONE, values(values_text));
        root.set(
            "Files",
            Origin::NONE,
            Value::object(OneFile(snippet.to_owned()), Origin::NONE),
        );
        let mut context = Context::new(&mut origins, "r", HelmVersion::V4, Limits::default());
        let output = set
            .execute(NAME, &Value::map(root, Origin::NONE), &mut context)
            .map_err(|error| error.message(NAME, HelmVersion::V4))?;
        let encoded = output.lossy().trim_start_matches("r: ").trim().to_owned();
        Ok(base64::engine::general_purpose::STANDARD
            .decode(encoded)
            .unwrap())
    }

    /// Every template of `testdata/helm/language.jsonl` renders as the real Helm recorded it, errors word for word.
    #[test]
    fn the_language_is_helm_s() {
        let records = include_str!("../../../testdata/helm/language.jsonl");
        let mut lines = records
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let head = lines.next().unwrap();
        let (template, values) = (
            head["template"].as_str().unwrap().to_owned(),
            head["values"].as_str().unwrap().to_owned(),
        );
        let cases: Vec<_> = lines.collect();
        let run = std::thread::Builder::new()
            .stack_size(256 << 20)
            .spawn(move || {
                let mut wrong = Vec::new();
                for case in &cases {
                    let snippet = case["template"].as_str().unwrap();
                    let expected: Result<Vec<u8>, String> = match (&case["output"], &case["base64"])
                    {
                        (serde_json::Value::String(text), _) => Ok(text.clone().into_bytes()),
                        (_, serde_json::Value::String(text)) => {
                            Ok(base64::engine::general_purpose::STANDARD
                                .decode(text)
                                .unwrap())
                        }
                        _ => Err(case["error"].as_str().unwrap().to_owned()),
                    };
                    let found = rendered(&template, &values, snippet);
                    if found != expected {
                        let show = |result: &Result<Vec<u8>, String>| match result {
                            Ok(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                            Err(error) => format!("ERROR {error}"),
                        };
                        wrong.push(format!(
                            "{snippet}\n  expected {}\n  found    {}",
                            show(&expected),
                            show(&found)
                        ));
                    }
                }
                assert!(
                    wrong.is_empty(),
                    "{} of {} differ:\n{}",
                    wrong.len(),
                    cases.len(),
                    wrong.join("\n")
                );
            });
        run.unwrap().join().unwrap();
    }
}
