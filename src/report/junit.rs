//! The report as JUnit XML, for the test views of CI systems: each app a suite, each finding in it a case.
//!
//! What blocks is a failure, what is waived is skipped, what could not be checked is an error. The rest passes, with what
//! was found as its output. The schema is Jenkins', and, where nothing is skipped, also Ant's. Times are zero: a report
//! says nothing about the machine it was made on.

use std::collections::BTreeMap;

use super::{Report, Told, Trouble, text};
use crate::finding::State;
use crate::markdown;

/// The suite of what belongs to no app.
const REPOSITORY: &str = "repository";

/// The report as JUnit XML, with a final line break.
pub fn render(report: &Report) -> String {
    let mut suites: BTreeMap<&str, Suite> = BTreeMap::new();
    for app in &report.apps {
        suites.entry(&app.id).or_default();
    }
    for told in &report.findings {
        if told.finding.state != State::Resolved {
            suites
                .entry(&told.finding.app)
                .or_default()
                .add(finding(told));
        }
    }
    for (trouble, apps) in text::merged(&report.problems) {
        let apps = if apps.is_empty() {
            vec![REPOSITORY]
        } else {
            apps
        };
        for app in apps {
            suites.entry(app).or_default().add(problem(trouble));
        }
    }
    for suite in suites.values_mut().filter(|suite| suite.cases.is_empty()) {
        suite.add(Case {
            name: "nothing is found".to_owned(),
            outcome: Outcome::Passed,
        });
    }
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for (id, (app, suite)) in suites.iter().enumerate() {
        suite.write(id, app, &mut out);
    }
    out.push_str("</testsuites>\n");
    out
}

#[derive(Default)]
struct Suite {
    cases: Vec<Case>,
}

struct Case {
    name: String,
    outcome: Outcome,
}

enum Outcome {
    Passed,
    /// With what was found.
    Told(String),
    Skipped(String),
    Failed {
        kind: String,
        message: String,
        text: String,
    },
    Error {
        kind: String,
        message: String,
        text: String,
    },
}

impl Suite {
    fn add(&mut self, case: Case) {
        self.cases.push(case);
    }

    fn failures(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Failed { .. }))
    }

    fn errors(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Error { .. }))
    }

    fn count(&self, is: impl Fn(&Outcome) -> bool) -> usize {
        self.cases.iter().filter(|case| is(&case.outcome)).count()
    }

    fn write(&self, id: usize, app: &str, out: &mut String) {
        let app = escape(app);
        let skipped = match self.count(|outcome| matches!(outcome, Outcome::Skipped(_))) {
            // Ant's schema knows no such attribute.
            0 => String::new(),
            count => format!("skipped=\"{count}\" "),
        };
        out.push_str(&format!(
            "  <testsuite id=\"{id}\" name=\"{app}\" package=\"{app}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" {skipped}time=\"0\" timestamp=\"1970-01-01T00:00:00\" hostname=\"localhost\">\n    <properties>\n      <property name=\"plimsoll\" value=\"{}\"/>\n    </properties>\n",
            self.cases.len(),
            self.failures(),
            self.errors(),
            env!("CARGO_PKG_VERSION")
        ));
        let mut told = String::new();
        for case in &self.cases {
            let head = format!(
                "    <testcase name=\"{}\" classname=\"{app}\" time=\"0\"",
                escape(&case.name)
            );
            let element = |tag: &str, kind: &str, message: &str, text: &str| {
                format!(
                    "{head}>\n      <{tag} type=\"{}\" message=\"{}\">{}</{tag}>\n    </testcase>\n",
                    escape(kind),
                    escape(message),
                    escape(text)
                )
            };
            out.push_str(&match &case.outcome {
                Outcome::Passed => format!("{head}/>\n"),
                Outcome::Told(text) => {
                    told.push_str(text);
                    told.push('\n');
                    format!("{head}/>\n")
                }
                Outcome::Skipped(why) => {
                    format!(
                        "{head}>\n      <skipped message=\"{}\"/>\n    </testcase>\n",
                        escape(why)
                    )
                }
                Outcome::Failed {
                    kind,
                    message,
                    text,
                } => element("failure", kind, message, text),
                Outcome::Error {
                    kind,
                    message,
                    text,
                } => element("error", kind, message, text),
            });
        }
        out.push_str(&format!(
            "    <system-out>{}</system-out>\n    <system-err/>\n  </testsuite>\n",
            escape(&told)
        ));
    }
}

fn finding(told: &Told) -> Case {
    let finding = &told.finding;
    let message = format!("{} {}", finding.control, finding.message);
    let mut text = String::new();
    if let Some(at) = &told.location {
        text.push_str(&format!(
            "at {}:{}:{}\n",
            at.path, at.start.line, at.start.column
        ));
    }
    text.push_str(&format!("{} {}\n", finding.resource, finding.field));
    if let Some(waiver) = &told.waiver {
        text.push_str(&format!("{}\n", waiver.sentence()));
    }
    if let Some(help) = &told.help {
        text.push_str(&format!("help: {help}\n"));
    }
    let waived = told.waiver.as_ref().filter(|waiver| !waiver.proposed);
    let outcome = match waived {
        Some(waiver) => Outcome::Skipped(format!("{message}: {}", waiver.sentence())),
        None if told.blocks => Outcome::Failed {
            kind: finding.severity.name().to_owned(),
            message,
            text,
        },
        None => Outcome::Told(format!(
            "{} {}: {message}\n{text}",
            finding.state.name(),
            finding.severity
        )),
    };
    Case {
        name: format!("{} {} {}", finding.control, finding.resource, finding.field)
            .trim()
            .to_owned(),
        outcome,
    }
}

fn problem(trouble: &Trouble) -> Case {
    let problem = &trouble.problem;
    let place = problem.place.as_ref().map(|place| place.path.to_string());
    let text = [place.as_deref(), problem.help.as_deref()];
    Case {
        name: format!("could be checked: {}", problem.message),
        outcome: Outcome::Error {
            kind: problem.kind.name().to_owned(),
            message: problem.message.clone(),
            text: text.into_iter().flatten().collect::<Vec<_>>().join("\n"),
        },
    }
}

/// Text in XML 1.0: what the format has no way to write is replaced.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in markdown::visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        assert_eq!(
            escape("<a b=\"c\">&\u{0}\u{1b}\u{fffe}\r\n]]>"),
            "&lt;a b=&quot;c&quot;&gt;&amp;\u{fffd}\u{fffd}\u{fffd}&#13;&#10;]]&gt;"
        );
    }
}
