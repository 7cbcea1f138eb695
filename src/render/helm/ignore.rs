//! `.helmignore`: which files of a chart Helm does not load.

use super::glob::PathPattern;

/// The rules of a chart, those of its `.helmignore` and Helm's own.
pub(super) struct Rules(Vec<Rule>);

struct Rule {
    pattern: PathPattern,
    /// The pattern is for the whole path, not for the name alone.
    whole: bool,
    negated: bool,
    directories: bool,
}

impl Rules {
    /// Reads the rules; the error is Helm's.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut rules = Self(Vec::new());
        for line in text.trim_start_matches('\u{FEFF}').lines() {
            rules.add(line)?;
        }
        rules.add("templates/.?*")?;
        Ok(rules)
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if line.contains("**") {
            return Err("double-star (**) syntax is not supported".to_owned());
        }
        let wrong = || "syntax error in pattern".to_owned();
        PathPattern::new(line).ok_or_else(wrong)?;
        let (negated, line) = match line.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let (directories, line) = match line.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let (whole, pattern) = match line.strip_prefix('/') {
            Some(rest) => (true, rest),
            None => (line.contains('/'), line),
        };
        self.0.push(Rule {
            pattern: PathPattern::new(pattern).ok_or_else(wrong)?,
            whole,
            negated,
            directories,
        });
        Ok(())
    }

    /// True if and only if the path, relative to the chart, is ignored. A negated rule ignores what it does not match.
    pub(super) fn ignores(&self, path: &str, is_directory: bool) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        for rule in &self.0 {
            let matches = rule.pattern.is_match(if rule.whole { path } else { name });
            if rule.negated {
                if rule.directories && !is_directory || !matches {
                    return true;
                }
            } else if matches && (is_directory || !rule.directories) {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_match_as_in_helm() {
        let rules = Rules::parse("# comment\n*.bak\nci/\n/top.txt\na/b\n").unwrap();
        for (path, is_directory, expected) in [
            ("x/y.bak", false, true),
            ("ci", true, true),
            ("ci", false, false),
            ("x/ci", true, true),
            ("top.txt", false, true),
            ("x/top.txt", false, false),
            ("a/b", false, true),
            ("x/a/b", false, false),
            ("templates/.hidden", false, true),
            ("templates/a.yaml", false, false),
        ] {
            assert_eq!(rules.ignores(path, is_directory), expected, "{path}");
        }
        let keep = Rules::parse("!keep.txt").unwrap();
        assert!(keep.ignores("Chart.yaml", false));
        assert!(!keep.ignores("keep.txt", false));
        assert!(Rules::parse("**/x").is_err());
    }
}
