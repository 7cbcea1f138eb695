//! Plimsoll renders the Helm charts, Kustomize overlays and manifests of a change at base and head, compares them,
//! evaluates policy on the difference, and tells each finding at the line a person wrote.
//!
//! # Bird's eye view
//!
//! ```text
//!  Snapshot(base) ─┐                                                      ┌─ report: text, json
//!                  ├─ discover ─ render ─ change ─ policy ─ (Findings) ───┤
//!  Snapshot(head) ─┘   Apps     Rendered  Changes  Findings               └─ …
//! ```

pub mod text;

pub mod origin;
pub mod problem;

pub mod snapshot;
pub mod yaml;

pub mod config;
pub mod resource;

pub mod discover;

pub mod render;

pub mod change;

pub mod control;
pub mod framework;

pub mod finding;

pub mod policy;
