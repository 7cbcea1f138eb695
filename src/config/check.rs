//! A configuration as it is written, held against the table of entries.
//!
//! Whatever is unknown, doubled or of the wrong shape becomes a problem with its place and the nearest thing that would
//! have been right, and is taken out: what is left has the shapes that the table promises.

use super::entries::{Entry, Shape};
use super::glob::Glob;
use super::load::{Data, Node};
use crate::problem::{Kind, Problem};
use crate::text::{RepoPath, Span};

/// What is wrong, for the file at one path.
pub(super) struct Checker<'a> {
    pub(super) path: &'a RepoPath,
    pub(super) problems: Vec<Problem>,
}

impl Checker<'_> {
    /// Notes a problem.
    pub(super) fn wrong(&mut self, span: Span, message: String, help: Option<String>) {
        let problem = Problem::new(Kind::Config, message).at(self.path, span);
        self.problems.push(match help {
            Some(help) => problem.help(help),
            None => problem,
        });
    }

    /// What of `node` fits `shape`; `None` where nothing does. `name` is the entry, for the message.
    pub(super) fn fit(&mut self, node: &Node, shape: &Shape, name: &str) -> Option<Node> {
        match shape {
            Shape::Map(entries) => self.map(node, entries, name),
            Shape::Named(entries) => self.names(node, name, |checker, value, name| {
                checker.map(value, entries, name)
            }),
            Shape::Values => self.names(node, name, |checker, value, name| {
                if matches!(value.data, Data::Scalar { .. }) {
                    return Some(value.clone());
                }
                let help = "Put lists and maps into a values file.".to_owned();
                checker.wrong(
                    value.span,
                    format!("`{name}` must be a single value, not {}", value.kind()),
                    Some(help),
                );
                None
            }),
            Shape::Settings => self.names(node, name, |checker, value, name| match value.data {
                Data::List(_) => checker.fit(value, &Shape::List(&Shape::Text), name),
                _ => checker.single(value, &Shape::Text, name),
            }),
            Shape::List(item) => {
                let Data::List(items) = &node.data else {
                    let help = match &node.data {
                        Data::Scalar { text, .. } if !node.is_null() => {
                            Some(format!("Write `{name}: [{text}]`."))
                        }
                        Data::Map(_) => Some("Begin each item with `- `.".to_owned()),
                        _ => None,
                    };
                    self.wrong(
                        node.span,
                        format!("`{name}` must be a list, not {}", node.kind()),
                        help,
                    );
                    return None;
                };
                let items = items
                    .iter()
                    .filter_map(|node| self.item(node, item, name))
                    .collect();
                Some(Node {
                    data: Data::List(items),
                    span: node.span,
                })
            }
            Shape::Text | Shape::Path | Shape::Pattern | Shape::Flag | Shape::Choice(_) => {
                self.single(node, shape, name)
            }
        }
    }

    /// One item of a list.
    fn item(&mut self, node: &Node, shape: &Shape, name: &str) -> Option<Node> {
        if let (Shape::Map(entries), Data::Scalar { text, .. }) = (shape, &node.data) {
            let first = entries.iter().find(|entry| entry.required);
            let help = first.map(|entry| format!("Write `{}: {text}`.", entry.name));
            self.wrong(
                node.span,
                format!("an item of `{name}` must be a map of entries"),
                help,
            );
            return None;
        }
        self.fit(node, shape, name)
    }

    fn single(&mut self, node: &Node, shape: &Shape, name: &str) -> Option<Node> {
        let text = match &node.data {
            Data::Scalar { text, .. } if !node.is_null() && !text.is_empty() => text,
            _ => {
                self.wrong(
                    node.span,
                    format!("`{name}` must be a text, not {}", node.kind()),
                    None,
                );
                return None;
            }
        };
        let problem = match shape {
            Shape::Pattern => match Glob::new(text) {
                Ok(_) => return Some(node.clone()),
                Err(error) => (error.to_string(), None),
            },
            Shape::Path => match RepoPath::new(text.trim_start_matches('/')) {
                Ok(_) => return Some(node.clone()),
                // Relative paths are joined later, where it is known what they are relative to.
                Err(_) if text.starts_with("..") && !text.contains('\0') => {
                    return Some(node.clone());
                }
                Err(error) => (error.to_string(), None),
            },
            Shape::Flag => match text.to_ascii_lowercase().as_str() {
                "true" | "false" => return Some(node.clone()),
                // In YAML 1.1 these are booleans, in YAML 1.2 they are not: better to be asked than misread.
                "yes" | "on" | "y" => (
                    format!("`{text}` is not clear"),
                    Some("Write `true`.".to_owned()),
                ),
                "no" | "off" | "n" => (
                    format!("`{text}` is not clear"),
                    Some("Write `false`.".to_owned()),
                ),
                _ => (
                    format!("`{name}` must be `true` or `false`, not `{text}`"),
                    None,
                ),
            },
            Shape::Choice(words) => {
                if words.contains(&text.as_str()) {
                    return Some(node.clone());
                }
                let help = match nearest(text, words) {
                    Some(word) => format!("Did you mean `{word}`?"),
                    None => format!("It can be {}.", listed(words)),
                };
                (format!("`{text}` is no value of `{name}`"), Some(help))
            }
            _ => return Some(node.clone()),
        };
        self.wrong(node.span, problem.0, problem.1);
        None
    }

    fn map(&mut self, node: &Node, entries: &[Entry], name: &str) -> Option<Node> {
        let mut seen = Vec::new();
        let fitted = self.names(node, name, |checker, value, key| {
            seen.push(key.to_owned());
            let entry = entries.iter().find(|entry| entry.name == key)?;
            if value.is_null() {
                // `apps:` with everything below commented out says nothing, and is not wrong.
                return None;
            }
            checker.fit(value, &entry.shape, key)
        })?;
        if let Data::Map(pairs) = &node.data {
            let names: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
            for (key, _) in pairs {
                let Data::Scalar { text, .. } = &key.data else {
                    continue;
                };
                if names.contains(&text.as_str()) {
                    continue;
                }
                let help = match nearest(text, &names) {
                    Some(word) => format!("Did you mean `{word}`?"),
                    None => format!("The entries here are {}.", listed(&names)),
                };
                let message = if name.is_empty() {
                    format!("there is no entry `{text}`")
                } else {
                    format!("there is no entry `{text}` in `{name}`")
                };
                self.wrong(key.span, message, Some(help));
            }
        }
        let missing = entries
            .iter()
            .find(|entry| entry.required && !seen.iter().any(|name| name == entry.name));
        if let Some(entry) = missing {
            let message = format!("an item of `{name}` needs the entry `{}`", entry.name);
            self.wrong(node.span, message, None);
            return None;
        }
        Some(fitted)
    }

    /// Each key of a map once, with what `each` makes of its value.
    fn names(
        &mut self,
        node: &Node,
        name: &str,
        mut each: impl FnMut(&mut Self, &Node, &str) -> Option<Node>,
    ) -> Option<Node> {
        let Data::Map(pairs) = &node.data else {
            let message = if name.is_empty() {
                format!("a configuration is a map of entries, not {}", node.kind())
            } else {
                format!("`{name}` must be a map, not {}", node.kind())
            };
            self.wrong(node.span, message, None);
            return None;
        };
        let mut fitted: Vec<(Node, Node)> = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        for (key, value) in pairs {
            let Data::Scalar { text, .. } = &key.data else {
                self.wrong(
                    key.span,
                    format!("a key must be a text, not {}", key.kind()),
                    None,
                );
                continue;
            };
            if seen.contains(&text.as_str()) {
                let help = "Keep one of them.".to_owned();
                self.wrong(key.span, format!("`{text}` is here twice"), Some(help));
                continue;
            }
            seen.push(text);
            if let Some(value) = each(self, value, text) {
                fitted.push((key.clone(), value));
            }
        }
        Some(Node {
            data: Data::Map(fitted),
            span: node.span,
        })
    }
}

/// The word that was most likely meant.
fn nearest<'a>(text: &str, words: &[&'a str]) -> Option<&'a str> {
    // `failOn`, `fail_on` and `Fail-On` are one word here.
    let bare = |word: &str| -> Vec<char> {
        word.chars()
            .filter(|c| !matches!(c, '-' | '_' | ' ' | '.'))
            .flat_map(char::to_lowercase)
            .take(64)
            .collect()
    };
    let wanted = bare(text);
    words
        .iter()
        .map(|word| (distance(&wanted, &bare(word)), *word))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance < wanted.len() && *distance <= (wanted.len() / 3).max(1))
        .map(|(_, word)| word)
}

/// How many characters have to be inserted, removed, replaced or swapped with their neighbour.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX - 1);
            let mut best = (at(&last, j) + usize::from(x != y))
                .min(at(&last, j + 1) + 1)
                .min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

fn listed(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.join(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_suggested() {
        let words = ["apps", "exclude", "fail-on", "kube-version", "api-versions"];
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(nearest(text, &words), expected, "{text}");
        };
        check("app", Some("apps"));
        check("excldue", Some("exclude"));
        check("failOn", Some("fail-on"));
        check("fail_on", Some("fail-on"));
        check("kubeVersion", Some("kube-version"));
        check("colour", None);
        check("x", None);
        check("", None);
    }
}
