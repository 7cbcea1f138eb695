//! Reading files on behalf of a kustomization: which paths it may read, which directory it is in, and what went wrong on the way.
//!
//! Files become [`SourceText`]s and objects here; what a kustomization does with them is decided in `build`.

use std::sync::Arc;

use super::budget::Budget;
use super::configuration::{self, Types};
use super::node::Node;
use super::object::Object;
use super::remote::{self, Remote};
use super::source::{self, SourceText};
use crate::discover::Overlay;
use crate::origin::{Origin, Origins, Role};
use crate::problem::{Kind, Problem};
use crate::render::Cache;
use crate::snapshot::{Fetched, Found, ReadError, Tree, Want, mount_of, without_password};
use crate::text::{RepoPath, Span};
use crate::yaml::{self, Data, Dialect, Value};

/// Why a build came to nothing: one problem, or all that is wrong with one file.
#[derive(Debug, Clone)]
pub(super) struct Failure(pub(super) Vec<Problem>);

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl Failure {
    /// Why the name of a base came to nothing, which was no file either.
    pub(super) fn or(mut self, no_file: Option<Self>) -> Self {
        let reason = no_file.and_then(|failure| failure.0.into_iter().next());
        if let (Some(problem), Some(reason)) = (self.0.first_mut(), reason) {
            problem.message = format!("{}; and as a file, {}", problem.message, reason.message);
        }
        self
    }

    /// The failure, reached through one more place.
    pub(super) fn through(self, place: Option<(RepoPath, Option<Span>)>, what: &str) -> Self {
        let Some((path, span)) = place else {
            return self;
        };
        Self(
            self.0
                .into_iter()
                .map(|problem| problem.through(&path, span, what))
                .collect(),
        )
    }
}

/// A result, or why there is none.
pub(super) type Fallible<T> = Result<T, Failure>;

/// More directories than this are not visited in one build: bases of bases multiply.
const MAX_VISITS: usize = 20_000;
/// More resources than this are not kept in one build.
pub(super) const MAX_OBJECTS: usize = 200_000;
/// Bases are not nested deeper than this: they are built by recursion.
const MAX_NESTING: usize = 500;

/// What a whole build shares.
pub(super) struct Build<'a> {
    /// The files.
    pub(super) tree: &'a Tree<'a>,
    /// What was asked for.
    pub(super) overlay: &'a Overlay,
    /// What other builds have parsed.
    pub(super) cache: &'a Cache,
    /// Where values came from.
    pub(super) origins: &'a mut Origins,
    /// The types that merging knows.
    pub(super) types: Types,
    /// What may still be made.
    pub(super) budget: Budget,
    /// Directories visited so far.
    visits: usize,
}

/// A directory that holds a kustomization, and how it was reached.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    /// The directory without links.
    pub(super) path: RepoPath,
    /// The directories that led here, outermost first.
    pub(super) referrers: Vec<RepoPath>,
}

impl<'a> Build<'a> {
    /// A build that has read nothing yet.
    pub(super) fn new(
        tree: &'a Tree<'a>,
        overlay: &'a Overlay,
        cache: &'a Cache,
        origins: &'a mut Origins,
    ) -> Self {
        Self {
            tree,
            overlay,
            cache,
            origins,
            types: Types::default(),
            budget: Budget::new(overlay.limits),
            visits: 0,
        }
    }

    /// Where a value was written: its newest place.
    pub(super) fn place(&self, origin: Origin) -> Option<(RepoPath, Span)> {
        let source = *self.origins.trace(origin).data.first()?;
        Some((self.origins.file(source.file).path.clone(), source.span))
    }

    /// A problem at the place where a value was written.
    pub(super) fn problem(
        &self,
        kind: Kind,
        origin: Origin,
        message: impl Into<String>,
    ) -> Problem {
        let problem = Problem::new(kind, message);
        match self.place(origin) {
            Some((path, span)) => problem.at(&path, span),
            None => problem,
        }
    }

    /// What Kustomize would fail with, at the place where a value was written.
    pub(super) fn fail(&self, origin: Origin, message: impl Into<String>) -> Failure {
        self.problem(Kind::Render, origin, message).into()
    }

    /// Pays for a text that is made because of what stands at `origin`.
    pub(super) fn pay(&mut self, bytes: usize, origin: Origin) -> Fallible<()> {
        let paid = self.budget.take(bytes);
        paid.map_err(|why| self.fail(origin, why))
    }

    /// The place where something was written, as the contribution of another role.
    pub(super) fn as_role(&mut self, origin: Origin, role: Role) -> Origin {
        match self.origins.trace(origin).data.first() {
            Some(source) => self.origins.source(source.file, source.span, role),
            None => origin,
        }
    }

    /// The top directory of the build.
    pub(super) fn top(&self) -> Fallible<Directory> {
        let path = self
            .tree
            .real(&self.overlay.directory)
            .map_err(|error| read_problem(&error, None))?;
        Ok(Directory {
            path,
            referrers: Vec::new(),
        })
    }

    /// Resolves a base or component named in the kustomization of `from`.
    pub(super) fn enter(
        &mut self,
        from: &Directory,
        name: &str,
        origin: Origin,
    ) -> Fallible<Directory> {
        let place = self.place(origin);
        if name.is_empty() {
            return Err(self.fail(origin, "the name of a base is empty"));
        }
        let path = match remote::parse(name) {
            Some(remote) => self.cloned(&remote, name, origin)?,
            None if is_remote_file(name) => return Err(self.not_vendored(origin, name)),
            None => self.local(from, name, origin)?,
        };
        let read = |error: &ReadError| Failure::from(read_problem(error, place.clone()));
        let path = self.tree.real(&path).map_err(|error| read(&error))?;
        match self.tree.find(&path).map_err(|error| read(&error))? {
            Some(Found::Directory) => {}
            Some(Found::File) => return Err(read(&ReadError::NotDirectory(path))),
            None => return Err(read(&ReadError::Missing(path))),
        }
        let mut referrers = from.referrers.clone();
        referrers.push(from.path.clone());
        if let Some(visited) = referrers
            .iter()
            .rev()
            .find(|visited| visited.is_within(&path))
        {
            let how = if *visited == path {
                format!("`{path}` comes to include itself")
            } else {
                format!("`{path}` is included by `{visited}`, which it contains")
            };
            return Err(self.fail(origin, format!("{how}: the bases form a cycle")));
        }
        self.visits += 1;
        if referrers.len() > MAX_NESTING || self.visits > MAX_VISITS {
            return Err(self.fail(origin, "bases are nested too deeply, or there are too many"));
        }
        Ok(Directory { path, referrers })
    }

    /// The path of a name in a kustomization. What was fetched does not lead into the repository, nor the other way.
    fn local(&self, from: &Directory, name: &str, origin: Origin) -> Fallible<RepoPath> {
        let path = from
            .path
            .join(name)
            .map_err(|error| error.to_string())
            .and_then(|path| {
                let stays = mount_of(&path) == mount_of(&from.path);
                stays
                    .then_some(path)
                    .ok_or_else(|| format!("`{name}` leads out of the repository that names it"))
            });
        path.map_err(|why| {
            self.problem(Kind::Read, origin, why)
                .help("Name it by a path relative to this kustomization, inside the repository.")
                .into()
        })
    }

    /// The directory of a base in another repository.
    fn cloned(&mut self, remote: &Remote, name: &str, origin: Origin) -> Fallible<RepoPath> {
        if !remote.is_http() {
            return Err(self
                .problem(
                    Kind::NotVendored,
                    origin,
                    format!("`{}` is not reached by HTTPS", without_password(name)),
                )
                .help("Plimsoll uses nobody's ssh key and reads no other directory: name the repository by an `https://` address, or copy it into this one.")
                .into());
        }
        let top = self.fetched(&remote.want(), name, origin)?;
        top.join(&remote.directory)
            .map_err(|error| self.problem(Kind::Read, origin, error.to_string()).into())
    }

    /// Where something outside the repository lies.
    pub(super) fn fetched(
        &mut self,
        want: &Want,
        name: &str,
        origin: Origin,
    ) -> Fallible<RepoPath> {
        match self.tree.fetched(want) {
            Fetched::At(path) => {
                self.origins.ask(&path, origin);
                Ok(path)
            }
            Fetched::NotTried => Err(self.not_vendored(origin, name)),
            Fetched::Failed(why) => {
                let shown = without_password(name);
                Err(self
                    .problem(
                        Kind::NotVendored,
                        origin,
                        format!("`{shown}` could not be fetched: {why}"),
                    )
                    .into())
            }
        }
    }

    /// True if and only if what was asked for as a file may turn out to be a repository: somebody has looked for the file.
    pub(super) fn may_be_repository(&self, name: &str) -> bool {
        let want = Want::File {
            url: name.to_owned(),
        };
        self.tree.fetched(&want) != Fetched::NotTried && remote::parse(name).is_some()
    }

    /// The problem of what is not in the repository.
    fn not_vendored(&self, origin: Origin, name: &str) -> Failure {
        self.problem(
            Kind::NotVendored,
            origin,
            format!("`{}` is outside the repository", without_password(name)),
        )
        .help("Copy it into the repository, or let Plimsoll fetch it with `--allow-network`.")
        .into()
    }

    /// The path of a file named in a kustomization, if it may be read.
    fn allowed(&mut self, from: &Directory, name: &str, origin: Origin) -> Fallible<RepoPath> {
        if is_remote_file(name) {
            let want = Want::File {
                url: name.to_owned(),
            };
            return self.fetched(&want, name, origin);
        }
        let path = self.local(from, name, origin)?;
        let read = |error: &ReadError| Failure::from(read_problem(error, self.place(origin)));
        let real = self.tree.real(&path).map_err(|error| read(&error))?;
        match self.tree.find(&real).map_err(|error| read(&error))? {
            Some(Found::File) => {}
            Some(Found::Directory) => return Err(read(&ReadError::Directory(path))),
            None => return Err(read(&ReadError::Missing(path))),
        }
        if self.overlay.restrict_loads && !real.is_within(&from.path) {
            return Err(self
                .problem(
                    Kind::Render,
                    origin,
                    format!("`{real}` is not in or below `{}`", from.path),
                )
                .help("Kustomize reads files only from the directory of the kustomization and below, unless it is told `--load-restrictor LoadRestrictionsNone`.")
                .into());
        }
        Ok(real)
    }

    /// The bytes of a file named in a kustomization.
    pub(super) fn bytes(
        &mut self,
        from: &Directory,
        name: &str,
        origin: Origin,
    ) -> Fallible<(RepoPath, Arc<[u8]>)> {
        let path = self.allowed(from, name, origin)?;
        let bytes = self
            .tree
            .read(&path)
            .map_err(|error| read_problem(&error, self.place(origin)))?;
        Ok((path, bytes))
    }

    /// The text of a file named in a kustomization.
    pub(super) fn text(
        &mut self,
        from: &Directory,
        name: &str,
        origin: Origin,
        role: Role,
    ) -> Fallible<SourceText> {
        let path = self.allowed(from, name, origin)?;
        self.text_at(&path, origin, role)
    }

    /// The text of a file.
    pub(super) fn text_at(
        &mut self,
        path: &RepoPath,
        origin: Origin,
        role: Role,
    ) -> Fallible<SourceText> {
        let parsed = self
            .cache
            .read(self.tree, path)
            .map_err(|error| read_problem(&error, self.place(origin)))?;
        let file = self.origins.add_file(path, &parsed.text);
        Ok(SourceText::file(&parsed.text, path, file, role).parsed_as(parsed))
    }

    /// A text that stands in a kustomization as a scalar.
    pub(super) fn inline(&mut self, text: &str, origin: Origin, role: Role) -> Option<SourceText> {
        let source = *self.origins.trace(origin).data.first()?;
        let file = self.origins.file(source.file).clone();
        Some(SourceText::scalar(
            text,
            source.span,
            &file.text,
            &file.path,
            source.file,
            role,
        ))
    }

    /// The objects in a text: its documents, lists taken apart, what is empty left out.
    pub(super) fn objects(&mut self, source: &SourceText) -> Fallible<Vec<Object>> {
        self.pay(source.text.len(), Origin::NONE)?;
        let nodes = self.nodes(source)?;
        for node in &nodes {
            let text = |name: &str| node.field(name).map_or("", Node::text);
            self.types.met(text("apiVersion"), text("kind"));
        }
        if self.types.are_needed() {
            configuration::schema(self)?;
        }
        let mut queue: std::collections::VecDeque<Node> = nodes.into();
        let mut objects = Vec::new();
        while let Some(node) = queue.pop_front() {
            let kind = node.field("kind").map_or("", Node::text);
            if !kind.ends_with("List") || node.field("items").is_none() {
                objects.push(Object::read(node));
                if objects.len() > MAX_OBJECTS {
                    return Err(self.fail(Origin::NONE, "there are too many resources"));
                }
                continue;
            }
            let value = node.into_value().map_err(|wrong| {
                Failure::from(self.problem(Kind::Syntax, wrong.origin, wrong.why))
            })?;
            let Data::Mapping(fields) = value.data else {
                continue;
            };
            let items = fields.into_iter().find(|field| field.key == "items");
            match items.map(|items| (items.value.data, items.value.origin)) {
                None | Some((Data::Null, _)) => {}
                Some((Data::Sequence(items), _)) => {
                    let inner = items.into_iter().map(Node::from_json_text).collect();
                    queue.extend(self.kept(inner)?);
                }
                Some((_, origin)) => {
                    return Err(self.fail(origin, "`items` of a list of objects is not a list"));
                }
            }
        }
        Ok(objects)
    }

    /// The first document of a values file that inline values are merged with.
    pub(super) fn values(&mut self, source: &SourceText) -> Fallible<Option<Node>> {
        let wrong = |error: crate::yaml::SyntaxError| {
            let place = source.span(error.span);
            Failure::from(Problem::new(Kind::Syntax, error.message).at(&source.path, place))
        };
        let stream = crate::yaml::parse(&source.text);
        match (stream.documents.first(), stream.error) {
            (Some(document), _) => {
                let mut tree = source::tree(document, source, self.origins).map_err(wrong)?;
                if let (Some(tree), Some(root)) = (&mut tree, document.root()) {
                    let origins = &mut *self.origins;
                    source::mark_aliases(document, root, tree, &mut |span| {
                        source.origin(span, origins)
                    });
                }
                Ok(tree)
            }
            (None, Some(error)) => Err(wrong(error)),
            (None, None) => Ok(None),
        }
    }

    fn nodes(&mut self, source: &SourceText) -> Fallible<Vec<Node>> {
        let syntax = |span: Span, message: String| {
            Failure::from(Problem::new(Kind::Syntax, message).at(&source.path, source.span(span)))
        };
        let own;
        let parts = if let Some(parsed) = &source.parsed {
            parsed.documents(source::documents)
        } else {
            own = source::documents(&source.text);
            &own
        };
        let parts = parts.as_ref().map_err(|&span| {
            syntax(
                span,
                "something stands behind the separator `---`".to_owned(),
            )
        })?;
        let mut nodes = Vec::new();
        let only_one = parts.len() == 1;
        for (from, to, stream) in parts {
            let part = source.place_of_part(*from, *to);
            let Some(document) = stream.documents.first() else {
                if let Some(error) = &stream.error {
                    return Err(Failure::from(
                        Problem::new(Kind::Syntax, error.message.clone())
                            .at(&source.path, part.span(error.span)),
                    ));
                }
                continue;
            };
            let node = source::tree(document, &part, self.origins).map_err(|error| {
                Failure::from(
                    Problem::new(Kind::Syntax, error.message)
                        .at(&source.path, part.span(error.span)),
                )
            })?;
            let Some(mut node) = node.filter(|node| !node.is_null()) else {
                continue;
            };
            let kind = node.field("kind").map_or("", Node::set_text_value);
            let is_wrapper = matches!(kind, "List" | "ResourceList")
                && (node.field("items").is_some() || node.field("functionConfig").is_some());
            if only_one && is_wrapper {
                let items = node
                    .field_mut("items")
                    .and_then(Node::items_mut)
                    .map(std::mem::take);
                nodes.extend(items.unwrap_or_default());
            } else {
                nodes.push(node);
            }
        }
        self.kept(nodes)
    }

    /// Leaves out what is empty, and refuses what is not an object.
    fn kept(&self, nodes: Vec<Node>) -> Fallible<Vec<Node>> {
        let mut kept = Vec::new();
        for node in nodes {
            if node.is_empty() {
                continue;
            }
            let text = |node: Option<&Node>| {
                node.filter(|node| !node.is_empty())
                    .map(|node| node.text().to_owned())
                    .unwrap_or_default()
            };
            let kind = text(node.field("kind"));
            if kind.is_empty() {
                return Err(self
                    .problem(Kind::Syntax, node.origin, "an object without `kind`")
                    .into());
            }
            let name = text(
                node.field("metadata")
                    .filter(|metadata| !metadata.is_empty())
                    .and_then(|metadata| metadata.field("name")),
            );
            if name.is_empty() && !kind.ends_with("List") {
                return Err(self
                    .problem(
                        Kind::Syntax,
                        node.origin,
                        format!("a {kind} without `metadata.name`"),
                    )
                    .into());
            }
            kept.push(node);
        }
        Ok(kept)
    }

    /// The value of a text as `sigs.k8s.io/yaml` reads it: the first document, YAML 1.1.
    pub(super) fn value(&mut self, source: &SourceText) -> Fallible<Value> {
        let syntax = |error: yaml::SyntaxError| {
            Failure::from(
                Problem::new(Kind::Syntax, error.message).at(&source.path, source.span(error.span)),
            )
        };
        let own;
        let stream = if let Some(parsed) = &source.parsed {
            parsed.whole()
        } else {
            own = yaml::parse(&source.text);
            &own
        };
        let Some(document) = stream.documents.first() else {
            return match &stream.error {
                Some(error) => Err(syntax(error.clone())),
                None => Ok(Value::default()),
            };
        };
        let origins = &mut *self.origins;
        document
            .value(Dialect::Helm, &mut |span| source.origin(span, origins))
            .map_err(syntax)
    }
}

fn read_problem(error: &ReadError, place: Option<(RepoPath, Span)>) -> Problem {
    let problem = Problem::new(Kind::Read, error.to_string());
    match place {
        Some((path, span)) => problem.at(&path, span),
        None => problem,
    }
}

/// True if and only if the name is that of a file on a web server.
pub(super) fn is_remote_file(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.starts_with("http://")
        || lower.starts_with("https://")
        || lower == "http:"
        || lower == "https:"
}
