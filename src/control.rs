//! What is checked: controls, each a Rego rule with typed metadata and a page, and the set of them.
//!
//! A [`Control`] says where in an object something is wrong, what, and the smallest change; it knows nothing of
//! charts and overlays. Evaluating it is the policy layer's work, choosing by framework the framework layer's.
//! Built-in controls are the folders under `controls/`; a user's own have the same shape and are read by [`Control::parse`].

pub mod cases;
mod embedded;
mod metadata;
mod user;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::problem::{Kind, Problem};
use crate::resource::Resource;
use crate::snapshot::{Found, Tree};
use crate::text::{RepoPath, Span};
use crate::yaml;
pub use user::{
    Declared, Defaults, Form, Joined, Match, Module, Outline, data, dotted, modules, package,
    severity,
};

/// The permanent name of a control: Kubescape's (`C-0057`) where the two mean the same, else our own (`PL-0001`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ControlId(Arc<str>);

impl ControlId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ControlId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no control id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a control id: capital letters, a hyphen and at least four digits, as in `C-0057`"
)]
pub struct IdSyntax(String);

impl FromStr for ControlId {
    type Err = IdSyntax;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let valid = text.split_once('-').is_some_and(|(letters, digits)| {
            !letters.is_empty()
                && letters.bytes().all(|b| b.is_ascii_uppercase())
                && digits.len() >= 4
                && digits.bytes().all(|b| b.is_ascii_digit())
        });
        if valid {
            Ok(Self(Arc::from(text)))
        } else {
            Err(IdSyntax(text.to_owned()))
        }
    }
}

/// How bad it is when a control is violated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// A weakness that makes another attack or failure worse.
    Medium,
    /// A way in, or a way out of a container.
    High,
    /// The cluster is open.
    Critical,
}

impl Severity {
    /// The name in metadata, configuration and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The most that a control's suggestion may claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FixClass {
    /// The control suggests nothing: nobody can derive the right value.
    Never,
    /// The change could stop a workload from starting or working.
    Unsafe,
    /// The change cannot stop a workload from starting or working.
    Safe,
}

/// The objects a control can apply to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Applies {
    /// Every object.
    All,
    /// Objects of every kind that describes pods.
    Pods,
    /// Objects of one kind; the group is empty for the core group.
    Kind {
        /// The group.
        group: String,
        /// The kind.
        kind: String,
    },
}

/// What a control reads beside the object itself. What it does not name it does not get, so that an object
/// that did not change is evaluated once, and only for the controls that could judge it differently twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reads {
    /// The object at base: the control judges the change, and is silent about what is only there.
    Before,
    /// The other objects.
    Inventory,
    /// What the other objects are to this one, joined.
    Facts,
}

/// What must have happened to an object for a control that reads [`Reads::Before`] to judge it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum On {
    /// The change adds it: there is no object before.
    Added,
    /// It is on both sides, and differs.
    Changed,
    /// The change removes it: there is only the object before.
    Removed,
    /// It is the same on both sides, but its facts are not.
    Affected,
}

/// A value that a user can set for a control.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(untagged)]
pub enum Setting {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// A text.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
}

impl Setting {
    /// The words for what it holds.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Flag(_) => "true or false",
            Self::Number(_) => "a whole number",
            Self::Text(_) => "a text",
            Self::Texts(_) => "a list of texts",
        }
    }

    /// True if and only if the two are of the same type.
    pub fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// One thing about a control that a user can set.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// What it means, as a sentence.
    pub about: String,
    /// What holds where nobody sets it. Its type is the type of what may be set.
    #[serde(rename = "default")]
    pub value: Setting,
}

/// One control.
#[derive(Debug, Clone)]
pub struct Control {
    /// Its permanent id.
    pub id: ControlId,
    /// Kubescape's other ids for the same: what fails this control fails each of them, too. Where several controls answer to
    /// one id, it is the union of them.
    pub also: Vec<ControlId>,
    /// Its name: the pattern it finds, in kebab case, as its folder and its file are called.
    pub name: String,
    /// One line: what should hold.
    pub title: String,
    /// Why it should.
    pub description: String,
    /// How bad a violation is.
    pub severity: Severity,
    /// The first version of Plimsoll that had it.
    pub since: String,
    /// The most its suggestion may claim.
    pub fix: FixClass,
    /// False for a control that runs only where a framework or the configuration asks for it.
    pub enabled: bool,
    /// Which objects it is run on.
    pub kinds: Vec<Applies>,
    /// What it reads beside the object.
    pub reads: BTreeSet<Reads>,
    /// The kinds (`Deployment.apps`) that it looks for in the inventory; all of them where it names none.
    pub inventory: Option<BTreeSet<String>>,
    /// Texts in lower case, one of which every object mentions that the control has something to say about; none where it may speak of any.
    pub mentions: Vec<String>,
    /// What must have happened to an object, where the control reads `before`.
    pub on: BTreeSet<On>,
    /// What can be set, by name, with what is set.
    pub parameters: BTreeMap<String, Parameter>,
    /// Where its Rego is.
    pub path: RepoPath,
    /// The package of its Rego, without `data.`.
    pub package: String,
    /// Its Rego.
    pub rego: Arc<str>,
    /// Its page; empty for a control without one.
    pub page: Arc<str>,
    /// True for one that is part of Plimsoll, so that this project's tests have shown that it loads.
    pub built_in: bool,
    /// How it is written.
    pub form: Form,
}

impl Control {
    /// Reads a control from the text of its Rego file and its page.
    ///
    /// The name is that of the file; the metadata must be complete and hold nothing unknown.
    pub fn parse(path: &RepoPath, rego: &str, page: &str) -> Result<Self, Problem> {
        metadata::read(path, rego, page)
    }

    /// True if and only if this is the control's id, its name, or one of the ids that it answers to as well.
    pub fn answers_to(&self, id_or_name: &str) -> bool {
        self.id.as_str() == id_or_name
            || self.name == id_or_name
            || self.also.iter().any(|id| id.as_str() == id_or_name)
    }

    /// Sets a parameter; says what is wrong where it cannot be set.
    pub fn set_parameter(&mut self, name: &str, setting: Setting) -> Result<(), String> {
        let known: Vec<&str> = self.parameters.keys().map(String::as_str).collect();
        let known = known.join("`, `");
        match self.parameters.get_mut(name) {
            Some(parameter) if parameter.value.is_like(&setting) => {
                parameter.value = setting;
                Ok(())
            }
            // One text is a list of one.
            Some(parameter) => match (&parameter.value, setting) {
                (Setting::Texts(_), Setting::Text(text)) => {
                    parameter.value = Setting::Texts(vec![text]);
                    Ok(())
                }
                (Setting::Text(_), Setting::Number(number)) => {
                    parameter.value = Setting::Text(number.to_string());
                    Ok(())
                }
                (wanted, given) => Err(format!(
                    "`{name}` must be {}, not {}",
                    wanted.kind(),
                    given.kind()
                )),
            },
            None if known.is_empty() => Err(format!("`{}` has nothing that can be set", self.id)),
            None => Err(format!("`{}` has no `{name}`; it has `{known}`", self.id)),
        }
    }

    /// True if and only if the control can judge objects like this one.
    pub fn applies_to(&self, resource: &Resource) -> bool {
        let identity = resource.identity.canonical();
        self.applies_to_kind(&identity.group, &identity.kind, resource.pod().is_some())
    }

    /// The same by the object's group and kind, and whether it describes pods.
    pub fn applies_to_kind(&self, group: &str, kind: &str, has_pods: bool) -> bool {
        self.kinds.iter().any(|applies| match applies {
            Applies::All => true,
            Applies::Pods => has_pods,
            Applies::Kind {
                group: wanted_group,
                kind: wanted_kind,
            } => wanted_group == group && wanted_kind == kind,
        })
    }

    /// True if and only if other objects can change what it says of one that did not change.
    pub fn looks_around(&self) -> bool {
        !self.reads(Reads::Before) && (self.reads(Reads::Inventory) || self.reads(Reads::Facts))
    }

    /// True if and only if the control reads this beside the object.
    pub fn reads(&self, what: Reads) -> bool {
        self.reads.contains(&what)
    }
}

/// A Rego module that controls import.
#[derive(Debug, Clone)]
pub struct Library {
    /// Where it is.
    pub path: RepoPath,
    /// Its Rego.
    pub rego: Arc<str>,
    /// True for one that is part of Plimsoll.
    pub built_in: bool,
}

impl Library {
    /// The package of its Rego, without `data.`.
    pub fn package(&self) -> &str {
        let line = self
            .rego
            .lines()
            .find_map(|line| line.strip_prefix("package "));
        line.map_or("", |package| {
            package.split('#').next().unwrap_or_default().trim()
        })
    }
}

fn embedded_path(path: &str) -> RepoPath {
    RepoPath::new(path).expect("because embedded paths are plain names")
}

/// The controls of one evaluation, by id, and the libraries they import.
#[derive(Debug, Clone, Default)]
pub struct Controls {
    controls: Vec<Control>,
    libraries: Vec<Library>,
    /// What users' rules are written in, and import.
    modules: Vec<Module>,
    /// What users' rules read as `data`.
    data: Vec<(RepoPath, yaml::Value)>,
    /// The files of users in which there are rules.
    ruled: BTreeSet<RepoPath>,
}

impl Controls {
    /// No control at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// The built-in libraries, without a control that imports them.
    pub fn built_in_libraries() -> Self {
        Self {
            libraries: embedded::LIBRARIES
                .iter()
                .map(|(library, rego)| Library {
                    path: embedded_path(library),
                    rego: Arc::from(*rego),
                    built_in: true,
                })
                .collect(),
            ..Self::none()
        }
    }

    /// Every built-in control.
    pub fn built_in() -> Self {
        let mut set = Self::built_in_libraries();
        for (name, rego, page) in embedded::CONTROLS {
            let control = Control::parse(
                &embedded_path(&format!("controls/{name}/{name}.rego")),
                rego,
                page,
            )
            .expect("because a test reads each built-in control");
            let control = Control {
                built_in: true,
                ..control
            };
            set.add(control)
                .expect("because a test compares the ids of all built-in controls");
        }
        set
    }

    /// The controls and libraries in a folder that is laid out as the built-in one is: `NAME/NAME.rego` with
    /// `NAME/NAME.md`, and modules in `lib`.
    pub fn load(tree: &Tree<'_>, folder: &RepoPath) -> (Self, Vec<Problem>) {
        let mut set = Self::none();
        let mut problems = Vec::new();
        let unread = |path: &RepoPath, error: &dyn fmt::Display| {
            Problem::new(Kind::Read, error.to_string()).in_file(path)
        };
        let folders = tree.list(folder).unwrap_or_else(|error| {
            problems.push(unread(folder, &error));
            Vec::new()
        });
        for (name, _) in folders {
            let Ok(inside) = folder.join(&name) else {
                continue;
            };
            if name == "lib" {
                for (file, _) in tree.list(&inside).unwrap_or_default() {
                    let Some(path) = inside.join(&file).ok().filter(|_| file.ends_with(".rego"))
                    else {
                        continue;
                    };
                    match tree.read_text(&path) {
                        Ok(rego) => set.libraries.push(Library {
                            path,
                            rego,
                            built_in: true,
                        }),
                        Err(error) => problems.push(unread(&path, &error)),
                    }
                }
                continue;
            }
            let [rego, page] = ["rego", "md"].map(|end| inside.join(&format!("{name}.{end}")));
            let (Ok(path), Ok(page)) = (rego, page) else {
                continue;
            };
            let Ok(Some(Found::File)) = tree.find(&path) else {
                continue;
            };
            let page = tree.read_text(&page).unwrap_or_else(|_| Arc::from(""));
            let control = tree
                .read_text(&path)
                .map_err(|error| unread(&path, &error))
                .and_then(|rego| Control::parse(&path, &rego, &page));
            problems.extend(control.and_then(|control| set.add(control)).err());
        }
        (set, problems)
    }

    /// Adds a control. Its id, name and package must be new.
    pub fn add(&mut self, control: Control) -> Result<(), Problem> {
        let same = self.controls.iter().find(|other| {
            let both_own = other.form == Form::Own && control.form == Form::Own;
            other.id == control.id
                || other.name == control.name
                || both_own && other.package == control.package
        });
        if let Some(same) = same {
            let message = format!(
                "the control `{}` ({}) has the id, name or package of `{}` ({})",
                control.name, control.id, same.name, same.id
            );
            return Err(Problem::new(Kind::Policy, message)
                .in_file(&control.path)
                .help("Give it an id, a file name and a package of its own."));
        }
        let place = self.controls.partition_point(|other| other.id < control.id);
        self.controls.insert(place, control);
        Ok(())
    }

    /// Adds a module that controls may import. Users may spread a package over files, but not add to one of ours.
    fn add_library(&mut self, library: Library) -> Result<(), Problem> {
        let package = library.package();
        let mut ours = self.libraries.iter().filter(|other| other.built_in);
        match ours.find(|other| other.package() == package) {
            None => self.libraries.push(library),
            Some(same) if same.rego == library.rego => {}
            Some(_) => {
                let message = format!("Plimsoll has a library `{package}` itself");
                return Err(Problem::new(Kind::Policy, message)
                    .in_file(&library.path)
                    .help("Give it a package of its own."));
            }
        }
        Ok(())
    }

    /// The same libraries with only some of the controls.
    #[must_use]
    pub fn select(&self, keep: impl Fn(&Control) -> bool) -> Self {
        Self {
            controls: self
                .controls
                .iter()
                .filter(|control| keep(control))
                .cloned()
                .collect(),
            ..self.clone()
        }
    }

    /// Sets a parameter of the control of this id; says what is wrong where it cannot be set.
    pub fn set_parameter(
        &mut self,
        id: &ControlId,
        name: &str,
        setting: Setting,
    ) -> Result<(), String> {
        match self.controls.iter_mut().find(|control| control.id == *id) {
            Some(control) => control.set_parameter(name, setting),
            None => Ok(()),
        }
    }

    /// Gives the control of this id another severity.
    pub fn set_severity(&mut self, id: &ControlId, severity: Severity) {
        if let Some(control) = self.controls.iter_mut().find(|control| control.id == *id) {
            control.severity = severity;
        }
    }

    /// The controls, by id.
    pub fn iter(&self) -> std::slice::Iter<'_, Control> {
        self.controls.iter()
    }

    /// The modules that users' rules for Conftest are written in.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// What users' rules read as `data`, each with its file.
    pub fn data(&self) -> &[(RepoPath, yaml::Value)] {
        &self.data
    }

    /// The modules that the controls import.
    pub fn libraries(&self) -> &[Library] {
        &self.libraries
    }

    /// The control of this id or name.
    pub fn find(&self, id_or_name: &str) -> Option<&Control> {
        self.controls
            .iter()
            .find(|control| control.id.as_str() == id_or_name || control.name == id_or_name)
    }

    /// The controls that answer to this id or name, by id; more than one for an id that is a union.
    pub fn find_all(&self, id_or_name: &str) -> Vec<&Control> {
        self.controls
            .iter()
            .filter(|control| control.answers_to(id_or_name))
            .collect()
    }

    /// True if and only if there is no control.
    pub fn is_empty(&self) -> bool {
        self.controls.is_empty()
    }
}

impl<'a> IntoIterator for &'a Controls {
    type Item = &'a Control;
    type IntoIter = std::slice::Iter<'a, Control>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A problem with the text of a control.
fn wrong(path: &RepoPath, span: Span, message: impl Into<String>) -> Problem {
    Problem::new(Kind::Policy, message).at(path, span)
}
