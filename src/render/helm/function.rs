//! What a template function is: a name, parameter types and a Rust function, in one table that the parser also asks.
//!
//! The evaluator checks and converts arguments by the parameter types as Go does before it calls, so that a function
//! only ever sees arguments of its types. The functions themselves are elsewhere: Go's and Helm's own in `builtins`,
//! Sprig's in the function library.

use std::collections::HashMap;
use std::rc::Rc;

use foldhash::fast::RandomState;
use regex::Regex;

use super::ast::{NodeId, Tree};
use super::string::Text;
use super::value::{Data, List, Map, Value};
use crate::discover::HelmVersion;
pub use crate::discover::Limits;
use crate::origin::{Origin, Origins};

/// A template function, called with as many arguments as its [`Signature`] allows.
pub type Function = fn(&mut Context<'_>, &[Value]) -> Result<Value, FunctionError>;

/// The Go type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// `interface {}`: everything, nil included.
    Any,
    /// `string`
    String,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `int64`
    Int64,
    /// `time.Duration`
    Duration,
    /// `uint32`
    Uint32,
    /// `float64`
    Float,
    /// `map[string]interface {}`; nil literals arrive as nil.
    Map,
    /// `[]interface {}`; nil literals arrive as nil.
    List,
    /// `[]string`
    Strings,
    /// `reflect.Value`: as [`Type::Any`], but the built-in functions also take what is no value at all.
    Reflect,
    /// An object of this Go type (`time.Time`, `sprig.certificate`).
    Object(&'static str),
}

impl Type {
    /// The type as Go's messages name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::String => "string",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int64 => "int64",
            Self::Duration => "time.Duration",
            Self::Uint32 => "uint32",
            Self::Float => "float64",
            Self::Map => "map[string]interface {}",
            Self::List => "[]interface {}",
            Self::Strings => "[]string",
            Self::Reflect => "reflect.Value",
            Self::Object(name) => name,
        }
    }
}

/// One row of the table of functions.
#[derive(Debug, Clone, Copy)]
pub struct Signature {
    /// The name in templates.
    pub name: &'static str,
    /// The types of the parameters that must be given.
    pub parameters: &'static [Type],
    /// The type of any number of arguments after these.
    pub rest: Option<Type>,
    /// What runs.
    pub call: Call,
}

/// What runs when a function is called.
#[derive(Debug, Clone, Copy)]
pub enum Call {
    /// A function of its arguments.
    Plain(Function),
    /// A form that the evaluator itself runs.
    Form(Form),
}

/// What only the evaluator can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Stops at the first false argument.
    And,
    /// Stops at the first true argument.
    Or,
    /// Calls a function value.
    Call,
    /// Executes a template and gives its output.
    Include,
    /// Parses a text as a template and gives its output.
    Tpl,
}

impl Signature {
    /// A function with a fixed number of parameters.
    pub const fn new(name: &'static str, parameters: &'static [Type], call: Function) -> Self {
        Self {
            name,
            parameters,
            rest: None,
            call: Call::Plain(call),
        }
    }

    /// A function that takes any number of `rest` after its parameters.
    pub const fn variadic(
        name: &'static str,
        parameters: &'static [Type],
        rest: Type,
        call: Function,
    ) -> Self {
        Self {
            name,
            parameters,
            rest: Some(rest),
            call: Call::Plain(call),
        }
    }

    /// A form of the evaluator.
    pub(super) const fn form(
        name: &'static str,
        parameters: &'static [Type],
        rest: Option<Type>,
        form: Form,
    ) -> Self {
        Self {
            name,
            parameters,
            rest,
            call: Call::Form(form),
        }
    }
}

/// The functions that templates may call. Of two rows with one name, the later one counts.
#[derive(Debug, Clone, Default)]
pub struct Functions {
    by_name: HashMap<&'static str, &'static Signature, RandomState>,
}

impl Functions {
    /// The functions of all `tables`.
    pub fn new(tables: &[&'static [Signature]]) -> Self {
        let by_name = tables
            .iter()
            .flat_map(|table| table.iter())
            .map(|row| (row.name, row))
            .collect();
        Self { by_name }
    }

    /// The functions but for those of these names.
    pub(super) fn without(&self, names: &[&str]) -> Self {
        let mut by_name = self.by_name.clone();
        by_name.retain(|name, _| !names.contains(name));
        Self { by_name }
    }

    /// The names of all functions, in no order.
    #[cfg(test)]
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.by_name.keys().copied().collect()
    }

    /// The function of a name.
    pub fn get(&self, name: &str) -> Option<&'static Signature> {
        self.by_name.get(name).copied()
    }
}

/// Why a function failed: Go's words without `error calling NAME: `.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FunctionError {
    /// What Go's function would say.
    pub message: String,
    /// True for the words of the chart's author (`fail`, `required`), which Helm shows without the call chain.
    pub by_author: bool,
}

impl FunctionError {
    /// An error of the function.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            by_author: false,
        }
    }

    /// An error in the words of the chart's author.
    pub fn by_author(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            by_author: true,
        }
    }
}

/// What a function may use besides its arguments.
pub struct Context<'a> {
    /// The arena of origins.
    pub origins: &'a mut Origins,
    /// The origin of the call in the template's text: what a function makes out of nothing comes from there.
    pub call: Origin,
    /// The actions and conditions around the call: what a function changes in place is as it is because of them.
    pub control: Origin,
    /// Whose answers, where the functions of Helm 3 and Helm 4 differ.
    pub helm: HelmVersion,
    /// What is left of the limits.
    pub(super) left: Limits,
    /// The place of the call for [`Context::seed`]: a hash of the executing templates' names, and the call itself.
    pub(super) place: Option<(u64, Rc<Tree>, NodeId)>,
    /// How often each place has asked for a seed.
    pub(super) seeded: HashMap<u64, u64>,
    /// Distinguishes releases for [`Context::seed`].
    pub(super) release: u64,
    /// How much of the origins' memory was charged.
    charged_origins: usize,
    /// The patterns compiled last: a chart asks for few, often.
    patterns: HashMap<String, Result<Regex, String>, RandomState>,
}

/// More compiled patterns than this are not kept: each may take megabytes.
const MAX_PATTERNS: usize = 32;

impl<'a> Context<'a> {
    /// A context outside any call, for tests and for what runs before templates do. `release` names what is rendered.
    pub fn new(origins: &'a mut Origins, release: &str, helm: HelmVersion, limits: Limits) -> Self {
        Self {
            charged_origins: origins.memory(),
            origins,
            call: Origin::NONE,
            control: Origin::NONE,
            helm,
            left: limits,
            place: None,
            seeded: HashMap::new(),
            release: hash(FNV, release.as_bytes()),
            patterns: HashMap::default(),
        }
    }

    /// The pattern as `compile` compiles it, which costs far more than matching with it.
    pub(super) fn pattern(
        &mut self,
        pattern: &str,
        compile: fn(&str) -> Result<Regex, String>,
    ) -> Result<Regex, FunctionError> {
        if let Some(known) = self.patterns.get(pattern) {
            return known.clone().map_err(FunctionError::new);
        }
        self.spend(100 + pattern.len() * 10)?;
        let compiled = compile(pattern);
        if self.patterns.len() >= MAX_PATTERNS {
            self.patterns.clear();
        }
        self.patterns.insert(pattern.to_owned(), compiled.clone());
        compiled.map_err(FunctionError::new)
    }

    /// A number for functions that are random in Helm: the same for the same call in the same template of the same
    /// release, wherever else the chart changed; another one for each repetition of the call.
    pub fn seed(&mut self) -> u64 {
        let place = match &self.place {
            Some((stack, tree, call)) => hash(*stack, tree.print(*call).as_bytes()),
            None => 0,
        };
        let repetition = self.seeded.entry(place).or_default();
        *repetition += 1;
        let seed = hash(self.release, &place.to_le_bytes());
        hash(seed, &repetition.to_le_bytes())
    }

    /// Charges `steps` of work against the limits.
    pub fn spend(&mut self, steps: usize) -> Result<(), FunctionError> {
        match self.left.steps.checked_sub(steps as u64) {
            Some(left) => {
                self.left.steps = left;
                Ok(())
            }
            None => Err(FunctionError::new(OUT_OF_STEPS)),
        }
    }

    /// Charges the making of `bytes` of text against the limits. Ask before making a text whose length the chart decides.
    pub fn spend_bytes(&mut self, bytes: usize) -> Result<(), FunctionError> {
        match self.left.bytes.checked_sub(bytes as u64) {
            Some(left) => {
                self.left.bytes = left;
                Ok(())
            }
            None => Err(FunctionError::new(OUT_OF_BYTES)),
        }
    }

    /// Charges the making of lists, maps and what else is no text against the limits.
    pub(super) fn spend_memory(&mut self, bytes: usize) -> Result<(), FunctionError> {
        match self.left.memory.checked_sub(bytes as u64) {
            Some(left) => {
                self.left.memory = left;
                Ok(())
            }
            None => Err(FunctionError::new(OUT_OF_MEMORY)),
        }
    }

    /// Charges what a call has made: the containers in its result that are new, and the origins since the last call.
    pub(super) fn spend_on(&mut self, result: &Value) -> Result<(), FunctionError> {
        if let Data::String(text) = &result.data {
            self.spend_bytes(text.cost())?;
        } else {
            self.spend_memory(result.new_bytes())?;
        }
        let origins = self.origins.memory();
        let more = origins.saturating_sub(std::mem::replace(&mut self.charged_origins, origins));
        self.spend_memory(more)
    }

    /// The union of where the arguments came from and of the call itself if none is known.
    pub fn union(&mut self, values: &[Value]) -> Origin {
        let mut union = Origin::NONE;
        for value in values {
            let next = value.origin(self.origins);
            union = self.origins.both(union, next);
        }
        if union.is_none() { self.call } else { union }
    }
}

pub(super) const OUT_OF_STEPS: &str = "the templates do more work than the limit allows";
pub(super) const OUT_OF_BYTES: &str = "the templates make more text than the limit allows";

pub(super) const OUT_OF_MEMORY: &str = "the templates make more values than the limit allows";

const FNV: u64 = 0xcbf2_9ce4_8422_2325;

pub(super) fn hash(start: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(start, |hash, &b| {
        (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The string argument at `index`; empty where it is none (the parameter types rule that out).
pub fn text(arguments: &[Value], index: usize) -> Text {
    arguments
        .get(index)
        .and_then(Value::as_text)
        .cloned()
        .unwrap_or_else(Text::empty)
}

/// The integer argument at `index`; 0 where it is none.
pub fn int(arguments: &[Value], index: usize) -> i64 {
    match arguments.get(index).map(|value| &value.data) {
        Some(Data::Int(number, _)) => *number,
        Some(Data::Uint(number, _)) => *number as i64,
        _ => 0,
    }
}

/// The boolean argument at `index`; false where it is none.
pub fn bool(arguments: &[Value], index: usize) -> bool {
    matches!(
        arguments.get(index).map(|value| &value.data),
        Some(Data::Bool(true))
    )
}

/// The map argument at `index`; `None` where it is nil, which Go's functions read as an empty map.
pub fn map(arguments: &[Value], index: usize) -> Option<Map> {
    arguments.get(index).and_then(Value::as_map).cloned()
}

/// The list argument at `index`; empty where it is nil.
pub fn list(arguments: &[Value], index: usize) -> Rc<List> {
    arguments
        .get(index)
        .and_then(Value::as_list)
        .cloned()
        .unwrap_or_default()
}
