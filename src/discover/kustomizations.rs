//! Kustomizations: what each one includes and mentions, and which ones nobody includes.

use std::collections::{BTreeMap, BTreeSet};

use super::{App, Limits, Overlay, Source};
use crate::config::Config;
use crate::snapshot::Tree;
use crate::text::RepoPath;
use crate::yaml::{self, Document, NodeKind, Path};

/// A directory with a kustomization file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Kustomization {
    /// `kind: Component`: it is only ever a part of others.
    is_component: bool,
    /// The directories that it names as resources, bases or components.
    includes: BTreeSet<RepoPath>,
    /// Every file that is named anywhere in it.
    pub(super) mentions: BTreeSet<RepoPath>,
}

/// Reads a kustomization file. Of one that is broken nothing is known; rendering it tells why.
pub(super) fn read(tree: &Tree<'_>, path: &RepoPath) -> Kustomization {
    let mut kustomization = Kustomization::default();
    let directory = path.parent().unwrap_or_else(RepoPath::root);
    let Ok(text) = tree.read_text(path) else {
        return kustomization;
    };
    let stream = yaml::parse(&text);
    let Some(document) = stream.documents.first() else {
        return kustomization;
    };
    kustomization.is_component = matches!(field(document, "kind"), Some(NodeKind::Scalar { text, .. }) if text == "Component");
    for name in ["resources", "bases", "components"] {
        let Some(NodeKind::Sequence { items, .. }) = field(document, name) else {
            continue;
        };
        for item in items {
            if let NodeKind::Scalar { text, .. } = &document.node(document.target(*item)).kind
                && let Ok(included) = directory.join(text)
                && let Ok(included) = tree.real(&included)
            {
                kustomization.includes.insert(included);
            }
        }
    }
    for node in &document.nodes {
        let NodeKind::Scalar { text, .. } = &node.kind else {
            continue;
        };
        // Generators name files as `key=path`.
        let named = [
            Some(text.as_str()),
            text.split_once('=').map(|(_, path)| path),
        ];
        for named in named.into_iter().flatten() {
            if named.len() <= 512
                && !named.contains('\n')
                && let Ok(path) = directory.join(named)
                && tree.snapshot().entries().contains_key(&path)
            {
                kustomization.mentions.insert(path);
            }
        }
    }
    kustomization
}

fn field<'a>(document: &'a Document, name: &str) -> Option<&'a NodeKind> {
    match document.at(&Path::root().key(name)) {
        Some((node, 1)) => Some(&document.node(node).kind),
        _ => None,
    }
}

/// The kustomizations that are apps: those that no other one includes, and one of each circle that nothing leads into,
/// so that none is passed over in silence. `given` are apps already. Components are never apps.
pub(super) fn roots(
    all: &BTreeMap<RepoPath, Kustomization>,
    given: &BTreeSet<RepoPath>,
) -> Vec<RepoPath> {
    let included: BTreeSet<&RepoPath> = all
        .iter()
        .flat_map(|(directory, kustomization)| {
            kustomization
                .includes
                .iter()
                .filter(move |included| *included != directory)
        })
        .collect();
    let candidates = || {
        all.iter()
            .filter(|(_, k)| !k.is_component)
            .map(|(directory, _)| directory)
    };
    let mut roots: Vec<RepoPath> = candidates()
        .filter(|d| !included.contains(d))
        .cloned()
        .collect();
    let mut reached = reached_from(roots.iter().chain(given), all);
    for directory in candidates() {
        if !reached.contains(directory) {
            // Whatever a component that nobody uses includes is reached from nowhere, and is an app as well.
            reached.extend(reached_from([directory], all));
            roots.push(directory.clone());
        }
    }
    roots
}

/// The kustomizations that are included, directly or not, by some, and these themselves.
pub(super) fn reached_from<'a>(
    start: impl IntoIterator<Item = &'a RepoPath>,
    all: &'a BTreeMap<RepoPath, Kustomization>,
) -> BTreeSet<RepoPath> {
    let mut reached = BTreeSet::new();
    let mut todo: Vec<&RepoPath> = start.into_iter().collect();
    while let Some(next) = todo.pop() {
        if let Some(kustomization) = all.get(next)
            && reached.insert(next.clone())
        {
            todo.extend(&kustomization.includes);
        }
    }
    reached
}

/// The app of a kustomization, built as the configuration says.
pub(super) fn app(directory: RepoPath, id: String, config: &Config) -> App {
    let said = &config.kustomize;
    let limits = said
        .limits
        .as_ref()
        .map(|limits| Limits::times(limits.value));
    let overlay = Overlay {
        restrict_loads: !said.load_from_anywhere,
        inflate_charts: said.enable_helm,
        limits: limits.unwrap_or_default(),
        ..Overlay::new(directory)
    };
    App {
        id,
        environment: None,
        source: Source::Kustomize(overlay),
    }
}
