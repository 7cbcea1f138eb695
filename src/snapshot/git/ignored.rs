//! What git ignores: `.gitignore` files and `info/exclude`, and no file of a person or a machine.

use std::path::Path;
use std::sync::Arc;

use gix::bstr::BStr;

use super::Repository;
use crate::text::RepoPath;

/// What git ignores in one directory: its `.gitignore` over those of the directories around it, over `info/exclude`.
#[derive(Clone)]
pub(in crate::snapshot) struct Ignored {
    search: Arc<gix::ignore::Search>,
    around: Option<Arc<Ignored>>,
}

impl Ignored {
    /// What the repository ignores everywhere.
    pub(in crate::snapshot) fn everywhere(repository: &Repository) -> Self {
        let common = repository.with(|git| git.common_dir().to_owned());
        let search = gix::ignore::Search::from_git_dir(
            &common,
            None,
            &mut Vec::new(),
            gix::ignore::search::Ignore::default(),
        );
        Self {
            search: Arc::new(search.unwrap_or_default()),
            around: None,
        }
    }

    /// The same with the `.gitignore` of a directory.
    pub(in crate::snapshot) fn within(self, directory: &RepoPath, bytes: &[u8]) -> Self {
        let root = Path::new("/");
        let source = root.join(directory.as_str()).join(".gitignore");
        let mut search = gix::ignore::Search::default();
        let added = search.add_patterns_buffer(
            bytes,
            source,
            Some(root),
            gix::ignore::search::Ignore::default(),
        );
        if added.is_err() {
            return self;
        }
        Self {
            search: Arc::new(search),
            around: Some(Arc::new(self)),
        }
    }

    /// True if and only if git ignores `path`, where nothing around it is ignored.
    pub(in crate::snapshot) fn contains(&self, path: &RepoPath, is_directory: bool) -> bool {
        let case = if cfg!(any(windows, target_os = "macos")) {
            gix::glob::pattern::Case::Fold
        } else {
            gix::glob::pattern::Case::Sensitive
        };
        let mut scope = Some(self);
        while let Some(here) = scope {
            let found = here.search.pattern_matching_relative_path(
                BStr::new(path.as_str()),
                Some(is_directory),
                case,
            );
            if let Some(found) = found {
                return !found.pattern.is_negative();
            }
            scope = here.around.as_deref();
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::sample::Sample;
    use super::*;

    #[test]
    fn ignore_rules_of_inner_directories_come_first() {
        let sample = Sample::new();
        fs::write(sample.root().join(".git/info/exclude"), "*.log\n").unwrap();
        let path = |p: &str| RepoPath::new(p).unwrap();
        let everywhere =
            Ignored::everywhere(&Repository::discover(sample.root()).unwrap().unwrap());
        let top = everywhere.within(&RepoPath::root(), b"/build\n*.tmp\n!keep.log\n");
        let inner = top.clone().within(&path("a/b"), b"!x.tmp\n/y\n");
        let check = |ignored: &Ignored, text: &str, expected: bool| {
            assert_eq!(ignored.contains(&path(text), false), expected, "{text}");
        };
        check(&top, "x.log", true);
        check(&top, "keep.log", false);
        check(&top, "build", true);
        check(&top, "a/build", false);
        check(&inner, "a/b/x.tmp", false);
        check(&inner, "a/b/z.tmp", true);
        check(&inner, "a/b/y", true);
        check(&inner, "a/b/c/y", false);
    }
}
