//! Plain manifests: files that hold Kubernetes objects as they are.

use super::Rendering;
use crate::origin::Origins;
use crate::snapshot::Tree;
use crate::text::RepoPath;

/// The objects in `files`, in order.
pub fn render(_tree: &Tree<'_>, _files: &[RepoPath], _origins: &mut Origins) -> Rendering {
    Rendering::default()
}
