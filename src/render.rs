//! From an app to the objects that will reach the cluster, each value with its origin.
//!
//! Rendering is a function of a [`Tree`] and an [`App`]: no clock, no network, no process, no state between two calls.
//! What cannot be rendered is a problem beside the resources that could be. What the objects mean is the next layers' work.

pub mod helm;
pub mod kustomize;
pub mod manifest;

use crate::discover::{App, Source};
use crate::origin::{Origins, Traced};
use crate::problem::Problem;
use crate::resource::Resource;
use crate::snapshot::{Inputs, Snapshot, Tree};

/// What one engine made of one app.
#[derive(Debug, Clone, Default)]
pub struct Rendering {
    /// What the real program would print, with the origin of each character.
    pub output: Traced,
    /// The objects in the output, in its order.
    pub resources: Vec<Resource>,
    /// What went wrong. Any problem means that the rendering is incomplete.
    pub problems: Vec<Problem>,
}

/// A rendered app.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// Output, objects and problems.
    pub rendering: Rendering,
    /// The paths read, and what was there: the rendering depends on nothing else.
    pub inputs: Inputs,
    /// What the origins in the output and the objects refer to.
    pub origins: Origins,
}

/// Renders `app` from `snapshot`.
pub fn render(snapshot: &dyn Snapshot, app: &App) -> Rendered {
    let tree = Tree::new(snapshot);
    let mut origins = Origins::new();
    let rendering = match &app.source {
        Source::Helm(release) => helm::render(&tree, release, &mut origins),
        Source::Kustomize(overlay) => kustomize::render(&tree, overlay, &mut origins),
        Source::Manifests(files) => manifest::render(&tree, files, &mut origins),
    };
    Rendered {
        rendering,
        inputs: tree.inputs(),
        origins,
    }
}
