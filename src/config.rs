//! stub
use crate::problem::Problem;
use crate::snapshot::Tree;
use crate::text::RepoPath;
/// x
pub const SCHEMA: &str = "";
/// x
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Config { /// x
pub source: Option<RepoPath> }
/// x
pub fn load(_: &Tree<'_>) -> (Config, Vec<Problem>) { Default::default() }
/// x
pub fn load_text(_: &RepoPath, _: &str) -> (Config, Vec<Problem>) { Default::default() }
