//! What a waiver says: `[C-0057, C-0016] path=spec until=2027-03-01 owner=web the agent needs it`.

use super::Date;

/// What a waiver says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The controls, by id or name.
    pub controls: Vec<String>,
    /// Only this field and what is below it.
    pub path: Option<String>,
    /// The last day on which it counts.
    pub until: Option<Date>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Why; empty where it does not say.
    pub reason: String,
    /// Why it cannot count, whatever the rules.
    pub fault: Option<Fault>,
}

/// Why a text says nothing that could count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// No control is named.
    NoControl,
    /// It cannot be understood, for this reason.
    Malformed(String),
}

/// The words that say something beside the reason.
const KEYS: &str = "`until=YYYY-MM-DD`, `owner=WHO` and `path=FIELD`";

impl Terms {
    /// Reads the grammar of comments and annotations: the controls in brackets, then `until=`, `owner=` and `path=` in any
    /// order, then the reason. Ids without brackets (`C-0057,C-0016 until=…`) are read, too. What is wrong is kept as a fault.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let mut terms = Self {
            controls: Vec::new(),
            path: None,
            until: None,
            owner: None,
            reason: String::new(),
            fault: None,
        };
        let (list, mut rest) = match text.strip_prefix('[').map(|inside| inside.split_once(']')) {
            Some(Some((list, rest))) => (list, rest),
            Some(None) => {
                terms.fault = Some(Fault::Malformed(
                    "this waiver opens a bracket and does not close it".to_owned(),
                ));
                return terms;
            }
            None => {
                let end = text.find(char::is_whitespace).unwrap_or(text.len());
                let (first, rest) = text.split_at(end);
                if first.split(',').all(is_id) {
                    (first, rest)
                } else {
                    ("", text)
                }
            }
        };
        terms.controls = list
            .split(',')
            .map(str::trim)
            .filter(|control| !control.is_empty() && *control != "*")
            .map(str::to_owned)
            .collect();
        if terms.controls.is_empty() {
            terms.fault = Some(Fault::NoControl);
        }
        loop {
            rest = rest.trim_start();
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            let Some((key, value)) = word.split_once('=').filter(|(key, _)| is_key(key)) else {
                break;
            };
            match key {
                "until" => match value.parse() {
                    Ok(day) => terms.until = Some(day),
                    Err(error) => terms.malformed(format!("{error}")),
                },
                "owner" => terms.owner = Some(value.to_owned()).filter(|owner| !owner.is_empty()),
                "path" => terms.path = Some(value.to_owned()).filter(|path| !path.is_empty()),
                "reason" => {
                    rest = rest.get(key.len() + 1..).unwrap_or_default();
                    break;
                }
                other => terms.malformed(format!("a waiver has no `{other}=`; it has {KEYS}")),
            }
            rest = after;
        }
        let reason = rest.split_whitespace().collect::<Vec<_>>().join(" ");
        reason.trim_matches('"').clone_into(&mut terms.reason);
        terms
    }

    fn malformed(&mut self, what: String) {
        self.fault.get_or_insert(Fault::Malformed(what));
    }
}

fn is_id(word: &str) -> bool {
    word.trim().parse::<crate::control::ControlId>().is_ok()
}

/// A word before `=` that was meant as a key: a misspelt `untill=` must not become a part of the reason.
fn is_key(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_read() {
        let terms = Terms::parse(
            " [C-0057, host-path]  owner=web until=2027-03-01 path=spec.containers[name=web]  the  agent\n needs a=b ",
        );
        assert_eq!(terms.controls, ["C-0057", "host-path"]);
        assert_eq!(terms.owner.as_deref(), Some("web"));
        assert_eq!(
            terms.until.map(|day| day.to_string()).as_deref(),
            Some("2027-03-01")
        );
        assert_eq!(terms.path.as_deref(), Some("spec.containers[name=web]"));
        assert_eq!(terms.reason, "the agent needs a=b");
        assert_eq!(terms.fault, None);
        let bare = Terms::parse("C-0057,C-0016 reason=\"why not\"");
        assert_eq!(bare.controls, ["C-0057", "C-0016"]);
        assert_eq!(bare.reason, "why not");
    }

    #[test]
    fn what_is_wrong_is_kept() {
        let check = |text: &str, words: &str| match Terms::parse(text).fault {
            Some(Fault::Malformed(what)) => assert!(what.contains(words), "{text}: {what}"),
            other => panic!("{text}: {other:?}"),
        };
        check("[C-0057 why", "bracket");
        check("[C-0057] untill=2027-01-01 why", "`untill=`");
        check("[C-0057] until=2027-02-30 why", "2027-02-30");
        for text in ["", "[] x", "[*] x", "because", "[ , ]"] {
            assert_eq!(Terms::parse(text).fault, Some(Fault::NoControl), "{text}");
        }
    }
}
