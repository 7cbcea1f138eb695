//! Plimsoll reads a change to a GitOps repository, works out what it will really do to the clusters behind it, and says
//! so on the lines a person wrote. This page is the architecture: read it before any file.
//!
//! # Bird's eye view
//!
//! ```text
//!  Snapshot(base) ─┐                                                             ┌─ reports: text json sarif junit markdown html
//!                  ├─ discover ─ render ─ change ─ policy ─ cause ─ fix ─ Report ┤
//!  Snapshot(head) ─┘   Apps     Rendered  Changes  Findings  Lines  Proofs       └─ review: plan ─ github: publish
//!                        └────────── Problems flow beside, and end in the same report ──────────┘
//! ```
//!
//! A [`snapshot`] is a read-only tree of files at one revision. [`discover`] says which apps it holds: charts with their
//! values, kustomizations, plain manifests. [`render`] turns an app into the objects that would reach the cluster, each
//! value with its [`origin`]: the bytes of the files that people edit. [`change`] pairs the objects of base and head.
//! [`policy`] evaluates controls on both sides, so that a finding is *new*, *existing* or *resolved*. [`cause`] walks
//! the origins back to the line that made a finding, [`fix`] tries edits on the files until one is proved, and [`report`]
//! tells it. [`check`] is the one function that joins all of this; the command line, the hook and the Action only call it.
//! [`review`] makes of its report what a pull request is told, and [`github`] carries that out.
//!
//! # Map of the layers
//!
//! The modules below stand in groups. A module may use the groups above its own, and no other; two modules of one group
//! do not know each other. A test (`tidy`) reads this file and enforces it.
//!
//! | group | modules | what they know |
//! | --- | --- | --- |
//! | words | [`text`]; [`origin`], [`problem`], [`markdown`] | paths, spans, edits; where a value came from; what went wrong; escaping |
//! | reading | [`snapshot`], [`yaml`] | trees of files; YAML with places, in the dialects of the real programs |
//! | meaning | [`config`], [`resource`] | what the user asked for; what a Kubernetes object is |
//! | apps | [`discover`] | what is deployed |
//! | rendering | [`render`] | Helm, Kustomize and plain manifests, natively |
//! | comparing | [`change`] | base × head |
//! | joining objects | [`access`]; [`network`] | effective RBAC; who reaches which pods |
//! | judging | [`control`]; [`framework`]; [`finding`]; [`policy`]; [`waiver`] | what is checked, what was found, how it is evaluated, what is accepted |
//! | remedying | [`cause`]; [`fix`] | which line it was; edits that were tried |
//! | telling | [`report`] | text, JSON, SARIF, JUnit, annotations, Markdown, HTML |
//! | planning | [`review`] | what to say on a pull request, and where |
//! | joining | [`check`]; [`fetch`]; [`github`] | the pipeline; what the repository names but does not hold; the forge |
//!
//! # Invariants
//!
//! * **Same bytes.** What Helm and Kustomize would print, `render` prints. The judges are the real programs' recorded
//!   answers; where something is not supported yet, it is a problem at the line that asks for it, never skipped.
//! * **Never clean when blind.** A problem on either side makes the result incomplete (exit 2), also beside findings.
//! * **Provenance is made by rendering.** Whoever produces a value says where it came from; nothing searches for text
//!   afterwards. An [`origin::Origin`] is a small handle beside the value, never inside the Kubernetes object.
//! * **The core is pure and total.** Functions take snapshots and values and give `(result, problems)`. User errors are
//!   data; no input makes the core panic, recurse without bound, or expand without limit.
//! * **Same input, same bytes out.** No clock, no randomness, no environment, no hash-map order below `bin/`.
//!   Two deadlines keep hostile input from taking for ever (a text difference, one Rego evaluation); where one is met,
//!   the result says so.
//! * **Text is never mutated.** The core produces sorted, disjoint [`text::TextEdit`]s.
//! * **One door per heavy dependency**: gix in `snapshot/git.rs`, libyaml in `yaml/events.rs` (the only unsafe code),
//!   yaml-rust2 in `config/load.rs`, regorus in `policy/rego.rs`, imara-diff in `change/hunks.rs`, annotate-snippets in
//!   `report/text.rs`, ureq in `fetch/client.rs`, octocrab and tokio in
//!   `github/client.rs`, clap in `bin/`, mimalloc in `bin/plimsoll/main.rs`. `yaml/everyday.rs` reads most texts without
//!   libyaml, and leaves to it whatever is not certain to be read the same.
//! * **The change has no authority over its own review.** Configuration is read from base; head's is shown as proposed.
//! * **Secrets are never printed** by reports: that one changed is shown, its value is not.
//! * **Wire formats have their own types**, with a version in their name; domain types do not serialise.
//!
//! # Deliberately absent
//!
//! No process is started, and rendering fetches nothing: a dependency that is not in the repository is a problem that names it.
//! With `--allow-network` the command line has [`fetch`] get what was wanted, and renders again with it beside the repository.
//! No `async` but behind the door of `github/client.rs`: threads render. No process-global state. No `utils`: what has
//! no home has no name yet.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test that fails by panicking has done its work"
    )
)]

pub mod text;

pub mod markdown;
pub mod origin;
pub mod problem;

pub mod snapshot;
pub mod yaml;

pub mod config;
pub mod resource;

pub mod discover;

pub mod render;

pub mod change;

pub mod access;
pub mod network;

pub mod control;
pub mod framework;

pub mod finding;

pub mod policy;

pub mod waiver;

pub mod cause;

pub mod fix;

pub mod report;

pub mod review;

pub mod check;
pub mod fetch;
pub mod github;

#[cfg(test)]
mod tidy;
