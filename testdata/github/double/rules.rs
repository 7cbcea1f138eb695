//! Where GitHub lets a comment stand, and what becomes of it when the pull request moves.

use serde_json::{Value, json};

use super::{Comment, State};

/// A file of the pull request.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub path: String,
    pub previous: Option<String>,
    /// `added`, `modified`, `removed`, `renamed`.
    pub status: &'static str,
    /// Its hunks, without the two lines of names; empty for a rename without a change.
    pub patch: String,
    /// Whether the list of files shows the patch: it does not for large ones.
    pub shown: bool,
}

/// A line of a patch.
pub(crate) struct Line<'a> {
    pub hunk: usize,
    pub old: Option<u64>,
    pub new: Option<u64>,
    pub text: &'a str,
}

/// The lines of a patch; the mark of a missing last line break is none.
pub(crate) fn lines(patch: &str) -> Vec<Line<'_>> {
    let (mut hunk, mut old, mut new) = (0, 0, 0);
    let mut found = Vec::new();
    for line in patch.split_inclusive('\n') {
        let text = line.get(1..).unwrap_or_default();
        match line.as_bytes()[0] {
            b'@' => {
                let number =
                    |part: &str| part[1..].split(',').next().unwrap().parse::<u64>().unwrap();
                let parts: Vec<&str> = line.split(' ').collect();
                (old, new, hunk) = (number(parts[1]), number(parts[2]), hunk + 1);
            }
            b'\\' => {}
            mark => {
                let (gone, came) = (mark != b'+', mark != b'-');
                found.push(Line {
                    hunk,
                    old: gone.then_some(old),
                    new: came.then_some(new),
                    text,
                });
                old += u64::from(gone);
                new += u64::from(came);
            }
        }
    }
    found
}

/// The hunk and the text of a line, where the difference has it.
fn at<'a>(file: &'a File, side: &str, line: u64) -> Option<(usize, &'a str)> {
    lines(&file.patch)
        .iter()
        .find(|one| (if side == "LEFT" { one.old } else { one.new }) == Some(line))
        .map(|one| (one.hunk, one.text))
}

/// GitHub's words where a comment cannot stand there; else the text of its last line.
pub(crate) fn anchored(state: &State, comment: &Value) -> Result<String, String> {
    let prefix = "Pull request review thread";
    let Some(file) = state.files.iter().find(|file| comment["path"] == file.path) else {
        return Err(format!("{prefix} path is invalid"));
    };
    if comment["subject_type"] == "file" {
        return Ok(String::new());
    }
    let side = comment["side"].as_str().unwrap_or("RIGHT");
    let part_of = || format!("{prefix} line must be part of the diff");
    let line = comment["line"].as_u64().ok_or_else(part_of)?;
    let (hunk, text) = at(file, side, line).ok_or_else(part_of)?;
    if let Some(start) = comment["start_line"].as_u64() {
        if start >= line {
            return Err(format!("{prefix} start line must precede the end line."));
        }
        let start_side = comment["start_side"].as_str().unwrap_or(side);
        if at(file, start_side, start).map(|(hunk, _)| hunk) != Some(hunk) {
            return Err(format!(
                "{prefix} start line must be part of the same hunk as the line."
            ));
        }
    }
    Ok(text.to_owned())
}

/// The longest body, in characters.
pub(crate) const BODY: usize = 65_536;

/// The refusal of a body, where it has to be refused.
pub(crate) fn body(value: &Value) -> Option<(u16, Value)> {
    let body = value["body"].as_str().unwrap_or_default();
    let wrong = if body.trim().is_empty() {
        "body can't be blank"
    } else if body.chars().count() > BODY {
        "body is too long (maximum is 65536 characters)"
    } else {
        return None;
    };
    Some((
        422,
        json!({"message": "Validation Failed", "documentation_url": "https://docs.example", "errors": [wrong]}),
    ))
}

impl State {
    /// The pull request has another head: each comment follows its line, and is outdated where there is none like it.
    pub(crate) fn push(&mut self, head: &str, files: Vec<File>) {
        head.clone_into(&mut self.head);
        self.files = files;
        let moved: Vec<Option<u64>> = self.comments.iter().map(|c| self.follows(c)).collect();
        for (comment, line) in self.comments.iter_mut().zip(moved) {
            let length = comment
                .line
                .zip(comment.start_line)
                .map(|(line, start)| line - start);
            comment.line = line;
            comment.start_line = line
                .zip(length)
                .map(|(line, length)| line.saturating_sub(length));
        }
    }

    fn follows(&self, comment: &Comment) -> Option<u64> {
        let was = comment.line?;
        let file = self.files.iter().find(|file| file.path == comment.path)?;
        let same = lines(&file.patch)
            .into_iter()
            .filter(|line| line.text == comment.text);
        let numbers = same.filter_map(|line| {
            if comment.side == "LEFT" {
                line.old
            } else {
                line.new
            }
        });
        numbers.min_by_key(|line| line.abs_diff(was))
    }
}
