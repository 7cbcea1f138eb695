//! What could not be understood, rendered or compared in the user's files.
//!
//! A problem is data that travels beside results: a function of the core returns `(what it could do, problems)`.
//! A problem makes the result of a check incomplete; it never counts as a pass. Bugs of Plimsoll itself are
//! a [`Kind`] of their own, so that a reader knows whom to ask. How problems look is decided by the reports.

use crate::text::{RepoPath, Span};

/// What sort of thing went wrong. The set is part of the JSON report: a kind is never renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A file could not be read (missing, not text, too large, behind a link that leaves the tree, in a submodule).
    Read,
    /// A text is not what its language allows: YAML, JSON, template syntax, a kustomization field.
    Syntax,
    /// Helm or Kustomize would fail on this input, and so does Plimsoll.
    Render,
    /// Plimsoll does not do this yet, or refuses to (running code, reaching the network).
    Unsupported,
    /// A dependency or a remote base is not in the repository.
    NotVendored,
    /// Plimsoll's configuration is wrong.
    Config,
    /// A policy could not be loaded or evaluated.
    Policy,
    /// A file that looks deployable is read by no app.
    NotCovered,
    /// Two versions could not be compared.
    Compare,
    /// A bug in Plimsoll.
    Bug,
}

impl Kind {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Syntax => "syntax",
            Self::Render => "render",
            Self::Unsupported => "unsupported",
            Self::NotVendored => "not-vendored",
            Self::Config => "config",
            Self::Policy => "policy",
            Self::NotCovered => "not-covered",
            Self::Compare => "compare",
            Self::Bug => "bug",
        }
    }
}

/// A place in a file of the repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub path: RepoPath,
    /// The bytes; `None` where the file as a whole is meant.
    pub span: Option<Span>,
}

/// One thing that went wrong, in a sentence, with a place and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// What sort of thing.
    pub kind: Kind,
    /// Where; `None` where no file is to blame.
    pub place: Option<Place>,
    /// What, as a clause without a full stop, beginning in lower case unless it starts with a name.
    pub message: String,
    /// What to do about it, as a sentence.
    pub help: Option<String>,
    /// How the place was reached, innermost first: the include chain of a template, the chain of bases.
    pub chain: Vec<(Place, String)>,
}

impl Problem {
    /// A problem without a place.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            place: None,
            message: message.into(),
            help: None,
            chain: Vec::new(),
        }
    }

    /// The problem, at a file as a whole.
    #[must_use]
    pub fn in_file(mut self, path: &RepoPath) -> Self {
        self.place = Some(Place {
            path: path.clone(),
            span: None,
        });
        self
    }

    /// The problem, at some bytes of a file.
    #[must_use]
    pub fn at(mut self, path: &RepoPath, span: Span) -> Self {
        self.place = Some(Place {
            path: path.clone(),
            span: Some(span),
        });
        self
    }

    /// The problem, with a sentence of help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The problem, reached through one more place.
    #[must_use]
    pub fn through(mut self, path: &RepoPath, span: Option<Span>, what: impl Into<String>) -> Self {
        self.chain.push((
            Place {
                path: path.clone(),
                span,
            },
            what.into(),
        ));
        self
    }
}
