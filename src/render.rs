//! From an app to the objects that will reach the cluster, each value with its origin.
//!
//! Rendering is a function of a [`Tree`] and an [`App`]: no clock, no network, no process, no state between two calls but a
//! [`Cache`] of what has been parsed, which changes no result.
//! What cannot be rendered is a problem beside the resources that could be. What the objects mean is the next layers' work.

mod cache;
pub mod helm;
pub mod kustomize;
pub mod manifest;

pub use cache::Cache;

use crate::discover::{App, Source};
use crate::origin::{Origins, Traced};
use crate::problem::Problem;
use crate::resource::Resource;
use crate::snapshot::{Inputs, Snapshot, Tree};

/// Rendering follows the nesting of its input within limits (templates may include each other a thousand levels deep); this is
/// stack enough for those limits. Only what is used of it takes memory.
pub const STACK_BYTES: usize = 512 << 20;

/// What one engine made of one app.
#[derive(Debug, Clone, Default)]
pub struct Rendering {
    /// What the real program would print, with the origin of each character.
    pub output: Traced,
    /// The objects in the output, in its order.
    pub resources: Vec<Resource>,
    /// What went wrong. Any problem means that the rendering is incomplete.
    pub problems: Vec<Problem>,
    /// How much was done for it, whether it came out or not: about the bytes that were made. The same on every machine.
    pub work: u64,
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

/// Renders `app` from `snapshot`, on its own.
pub fn render(snapshot: &dyn Snapshot, app: &App) -> Rendered {
    render_with(&Cache::default(), snapshot, app)
}

/// What the real program would print for `app`, for whoever wants only the text: of a chart no origin and no object is made.
/// If something goes wrong, it is rendered as [`render`] does, so that every problem has its place.
///
/// This runs on the caller's thread, which needs a stack of [`STACK_BYTES`].
pub fn print(snapshot: &dyn Snapshot, app: &App) -> Rendered {
    if let Source::Helm(release) = &app.source {
        let tree = Tree::new(snapshot);
        let mut origins = Origins::untraced();
        let rendering = helm::render_here(&tree, release, &mut origins);
        if rendering.problems.is_empty() {
            return Rendered {
                rendering,
                inputs: tree.inputs(),
                origins,
            };
        }
    }
    render(snapshot, app)
}

/// Renders `app` from `snapshot`. What other renderings with the same cache have read is not parsed again: not what two
/// overlays share, not what is the same in base and head, and of an edited snapshot only what was edited.
pub fn render_with(cache: &Cache, snapshot: &dyn Snapshot, app: &App) -> Rendered {
    let tree = Tree::new(snapshot);
    let mut origins = Origins::new();
    let rendering = match &app.source {
        Source::Helm(release) => helm::render(&tree, release, &mut origins),
        Source::Kustomize(overlay) => kustomize::render(&tree, overlay, cache, &mut origins),
        Source::Manifests(files) => manifest::render(&tree, files, cache, &mut origins),
    };
    Rendered {
        rendering,
        inputs: tree.inputs(),
        origins,
    }
}
