//! A control's own page as test cases: its YAML blocks, and the lines that they mark.
//!
//! Under `## Violations` a block has a marker `# deny: NAME` on every line that the control must point at, and on no other;
//! for a missing field that is the line of its nearest ancestor, and for an object that the change removes a line of its base. Under `## Not violations` there is nothing to point at.
//! `## Borderline` has cases of both kinds, one step to either side of the line that the control draws: what is marked violates.
//! A block `yaml before` is the base of the block that follows it, a block `yaml with` sets parameters of the control for it, and a block `diff fix` what the suggestions change in the
//! block before: the lines that go and come, without the markers. Running the cases is the policy layer's work.

use std::collections::BTreeMap;

/// The part of a page that a case stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// `## Violations`
    Violations,
    /// `## Not violations`
    NotViolations,
    /// `## Borderline`
    Borderline,
}

/// One block of a page, with the base that it is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Where it stands.
    pub section: Section,
    /// True if and only if there is something to point at.
    pub violates: bool,
    /// What is set for the control; `None` where its defaults hold.
    pub with: Option<Block>,
    /// The objects at base; `None` where all of head is new.
    pub base: Option<Block>,
    /// The objects at head.
    pub head: Block,
    /// The lines that the suggestions change, each with its sign.
    pub fix: Option<Block>,
}

/// The text of one block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The line of the page on which the text begins, from 1.
    pub line: usize,
    /// The text.
    pub yaml: String,
}

/// Why a page is no set of cases.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct PageError {
    /// The line of the page, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: &'static str,
}

/// Reads the cases of a page, in its order.
pub fn cases(page: &str) -> Result<Vec<Case>, PageError> {
    let mut cases = Vec::new();
    let mut section = None;
    let mut base: Option<Block> = None;
    let mut with: Option<Block> = None;
    let mut lines = page.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let wrong = |what| PageError {
            line: index + 1,
            what,
        };
        if let Some(heading) = line.strip_prefix("## ") {
            section = match heading.trim() {
                "Violations" => Some(Section::Violations),
                "Not violations" => Some(Section::NotViolations),
                "Borderline" => Some(Section::Borderline),
                _ => None,
            };
            continue;
        }
        let Some(language) = line.strip_prefix("```") else {
            continue;
        };
        let mut block = Block {
            line: index + 2,
            yaml: String::new(),
        };
        loop {
            match lines.next() {
                Some((_, "```")) => break,
                Some((_, text)) => {
                    block.yaml.push_str(text);
                    block.yaml.push('\n');
                }
                None => return Err(wrong("the block does not end")),
            }
        }
        match (language.trim(), section) {
            ("yaml before", Some(_)) if base.is_none() => base = Some(block),
            ("yaml before", _) => return Err(wrong("a base without a head")),
            ("yaml with", Some(_)) if with.is_none() => with = Some(block),
            ("yaml with", _) => return Err(wrong("settings without a case")),
            ("yaml", Some(section)) => cases.push(Case {
                section,
                violates: match section {
                    Section::Violations => true,
                    Section::NotViolations => false,
                    Section::Borderline => {
                        let blocks = base.iter().chain([&block]);
                        blocks.into_iter().any(|block| block.yaml.contains(MARKER))
                    }
                },
                with: with.take(),
                base: base.take(),
                head: block,
                fix: None,
            }),
            ("diff fix", Some(_)) => match cases.last_mut() {
                Some(case) if case.violates && case.fix.is_none() => case.fix = Some(block),
                _ => return Err(wrong("a fix without a violation")),
            },
            ("diff fix", _) => return Err(wrong("a fix without a violation")),
            _ => {}
        }
    }
    match base.or(with) {
        Some(block) => Err(PageError {
            line: block.line,
            what: "a base or settings without a head",
        }),
        None => Ok(cases),
    }
}

/// What a marker begins with; the name of the control follows.
const MARKER: &str = "# deny:";

/// A block without its markers: what a person would have written.
pub fn without_markers(yaml: &str) -> String {
    yaml.lines()
        .map(|line| {
            let kept = line.split(MARKER).next().unwrap_or_default();
            let kept = if kept.len() < line.len() {
                kept.trim_end()
            } else {
                line
            };
            format!("{kept}\n")
        })
        .collect::<Vec<_>>()
        .concat()
}

/// The lines of a block that it marks for a control, from 1, and how often.
pub fn markers(yaml: &str, name: &str) -> BTreeMap<usize, usize> {
    let mut marked = BTreeMap::new();
    for (index, line) in yaml.lines().enumerate() {
        let count = line
            .split(MARKER)
            .skip(1)
            .filter(|rest| rest.split('#').next().unwrap_or_default().trim() == name)
            .count();
        if count > 0 {
            marked.insert(index + 1, count);
        }
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_cases() {
        let page = "# x\n```yaml\nnot: a case\n```\n## Violations\n```yaml before\na: 1\n```\n\n```yaml\na: 2  # deny: x\n```\n```diff fix\n-a: 2\n```\n## Not violations\n```yaml with\nc: 1\n```\n```yaml\nb: 1\n```\n```sh\nls\n```\n## Borderline\n```yaml\nd: 1  # deny: x\n```\n```yaml\nd: 2\n```\n";
        let block = |line, yaml: &str| Block {
            line,
            yaml: yaml.to_owned(),
        };
        assert_eq!(
            cases(page).unwrap(),
            [
                Case {
                    section: Section::Violations,
                    violates: true,
                    with: None,
                    base: Some(block(7, "a: 1\n")),
                    head: block(11, "a: 2  # deny: x\n"),
                    fix: Some(block(14, "-a: 2\n")),
                },
                Case {
                    section: Section::NotViolations,
                    violates: false,
                    with: Some(block(18, "c: 1\n")),
                    base: None,
                    head: block(21, "b: 1\n"),
                    fix: None,
                },
                Case {
                    section: Section::Borderline,
                    violates: true,
                    with: None,
                    base: None,
                    head: block(28, "d: 1  # deny: x\n"),
                    fix: None,
                },
                Case {
                    section: Section::Borderline,
                    violates: false,
                    with: None,
                    base: None,
                    head: block(31, "d: 2\n"),
                    fix: None,
                },
            ]
        );
    }

    #[test]
    fn a_broken_page_is_said() {
        for (page, line) in [
            ("## Violations\n```yaml\na: 1\n", 2),
            ("## Violations\n```yaml before\na: 1\n```\n", 3),
        ] {
            assert_eq!(cases(page).unwrap_err().line, line, "{page}");
        }
    }

    #[test]
    fn markers_name_their_control() {
        let yaml = "a: 1  # deny: x\nb: 2\nc: 3  # deny: x # deny: y\nd: 4 # deny: xy\n";
        assert_eq!(markers(yaml, "x"), BTreeMap::from([(1, 1), (3, 1)]));
        assert_eq!(without_markers(yaml), "a: 1\nb: 2\nc: 3\nd: 4\n");
    }
}
