//! The report as one HTML page that needs nothing else: no request leaves it, and its policy would not let one.
//!
//! The rendered difference of each app stands side by side, with the findings at their lines. Style and script are files
//! beside this one, named in the policy by their hashes; without the script everything is there, only not filtered.

mod difference;

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::{
    Conclusion, Group, Location, Report, Told, excerpt, file_edits, moved, plural, positions, text,
};
use crate::finding::{Severity, State};
use crate::fix::{Remedy, Safety};
use crate::markdown;

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// The report as a page, with a final line break.
pub fn render(report: &Report) -> String {
    let groups = report.groups();
    let page = Page {
        report,
        of_finding: report.group_of_findings(),
        groups,
    };
    page.write()
}

struct Page<'a> {
    report: &'a Report,
    groups: Vec<Group<'a>>,
    of_finding: Vec<usize>,
}

impl Page<'_> {
    fn write(&self) -> String {
        let report = self.report;
        let title = format!("Plimsoll: {}", report.conclusion.name());
        let mut out = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
            hash(STYLE),
            hash(SCRIPT)
        );
        self.header(&mut out);
        out.push_str("<main>\n");
        self.problems(&mut out);
        self.filters(&mut out);
        self.findings(&mut out);
        self.difference(&mut out);
        let _ = write!(
            out,
            "</main>\n<footer>Made by Plimsoll {}. Values of Secrets are not in this page.</footer>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
            env!("CARGO_PKG_VERSION")
        );
        out
    }

    fn header(&self, out: &mut String) {
        let report = self.report;
        let blocking = report.blocking();
        let verdict = match report.conclusion {
            Conclusion::Clean => "Nothing blocks this change".to_owned(),
            Conclusion::Findings => format!("{} this change", blocks(blocking)),
            Conclusion::Incomplete if blocking > 0 => {
                format!(
                    "{} this change, and not everything could be checked",
                    blocks(blocking)
                )
            }
            Conclusion::Incomplete => {
                "Not everything could be checked, so this is not a pass".to_owned()
            }
        };
        let _ = write!(
            out,
            "<a class=\"skip\" href=\"#findings\">Skip to the findings</a>\n<header class=\"{}\">\n<p class=\"name\">Plimsoll</p>\n<h1>{verdict}</h1>\n",
            report.conclusion.name()
        );
        let _ = writeln!(
            out,
            "<p class=\"sides\">{} <span aria-label=\"compared with\">→</span> {}<span class=\"amount\">{} changed, {} compared</span></p>",
            escape(&report.base.label),
            escape(&report.head.label),
            plural(report.changed_files, "file"),
            plural(report.apps.len(), "app")
        );
        out.push_str("<ul class=\"counts\">\n");
        let new = |severity| {
            let is = |told: &&Told| {
                told.finding.state == State::New && told.finding.severity == severity
            };
            report.findings.iter().filter(is).count()
        };
        for severity in SEVERITIES {
            let count = new(severity);
            let _ = writeln!(
                out,
                "<li class=\"{severity}{}\"><b>{count}</b> {severity}</li>",
                if count == 0 { " none" } else { "" }
            );
        }
        for (what, count) in [
            ("waived", report.waived()),
            ("resolved", report.count(State::Resolved)),
            ("existing", report.count(State::Existing)),
            ("problems", text::merged(&report.problems).len()),
        ] {
            if count > 0 {
                let _ = writeln!(out, "<li class=\"{what}\"><b>{count}</b> {what}</li>");
            }
        }
        out.push_str("</ul>\n");
        for note in &report.notes {
            let _ = writeln!(out, "<p class=\"note\">{}</p>", prose(note));
        }
        out.push_str("</header>\n");
    }

    fn problems(&self, out: &mut String) {
        let merged = text::merged(&self.report.problems);
        if merged.is_empty() {
            return;
        }
        out.push_str("<section id=\"problems\" aria-labelledby=\"problems-title\">\n<h2 id=\"problems-title\">What could not be checked</h2>\n");
        for (trouble, apps) in merged {
            let problem = &trouble.problem;
            let _ = write!(
                out,
                "<article class=\"problem\">\n<h3><span class=\"tag\">{}</span> {}</h3>\n",
                problem.kind.name(),
                prose(&problem.message)
            );
            if let Some(at) = &problem.place {
                let lines = at.span.and_then(|span| {
                    Some((
                        span,
                        positions(&self.report.texts, trouble.side, &at.path, span)?,
                    ))
                });
                match lines {
                    Some((span, (start, end))) => self.source(
                        &Location {
                            side: trouble.side,
                            path: at.path.clone(),
                            span,
                            start,
                            end,
                            role: "",
                            replaced: false,
                        },
                        out,
                    ),
                    None => {
                        let _ = writeln!(
                            out,
                            "<p class=\"where\"><code>{}</code></p>",
                            escape(at.path.as_str())
                        );
                    }
                }
            }
            for (at, what) in &problem.chain {
                let _ = writeln!(
                    out,
                    "<p class=\"history\">{} <code>{}</code></p>",
                    prose(what),
                    escape(at.path.as_str())
                );
            }
            if !apps.is_empty() {
                let _ = writeln!(
                    out,
                    "<p class=\"in\">in {}</p>",
                    apps.iter()
                        .map(|app| format!("<code>{}</code>", escape(app)))
                        .collect::<Vec<_>>()
                        .join(", ")
                );
            }
            if let Some(help) = &problem.help {
                let _ = writeln!(out, "<p class=\"help\">{}</p>", prose(help));
            }
            out.push_str("</article>\n");
        }
        out.push_str("</section>\n");
    }

    fn filters(&self, out: &mut String) {
        if self.groups.is_empty() {
            return;
        }
        let boxes = |name: &str, words: &[&str]| {
            let mut out = String::new();
            for word in words {
                let count = self
                    .groups
                    .iter()
                    .filter(|group| {
                        let severity = group.first.finding.severity.name();
                        *word
                            == if name == "severity" {
                                severity
                            } else {
                                group.standing()
                            }
                    })
                    .count();
                if count > 0 {
                    let on = if *word == "existing" { "" } else { " checked" };
                    let _ = write!(
                        out,
                        "<label><input type=\"checkbox\" name=\"{name}\" value=\"{word}\"{on}> {word} <span class=\"count\">{count}</span></label>"
                    );
                }
            }
            out
        };
        let _ = write!(
            out,
            "<form id=\"filters\" hidden aria-label=\"Show findings\">\n<fieldset><legend>Severity</legend>{}</fieldset>\n<fieldset><legend>State</legend>{}</fieldset>\n",
            boxes("severity", &["critical", "high", "medium", "low"]),
            boxes(
                "standing",
                &["blocks", "new", "waived", "resolved", "existing"]
            )
        );
        out.push_str(
            "<label class=\"app\">App <select name=\"app\"><option value=\"\">all</option>",
        );
        for (index, app) in self.report.apps.iter().enumerate() {
            let named = |group: &&Group<'_>| group.apps.iter().any(|other| other.id == app.id);
            if self.groups.iter().any(|group| named(&group))
                || self.report.rendered.iter().any(|diff| diff.app == app.id)
            {
                let _ = write!(
                    out,
                    "<option value=\"{index}\">{}</option>",
                    escape(&app.id)
                );
            }
        }
        out.push_str(
            "</select></label>\n<output id=\"shown\" aria-live=\"polite\"></output>\n</form>\n",
        );
    }

    fn findings(&self, out: &mut String) {
        out.push_str("<section id=\"findings\" aria-labelledby=\"findings-title\">\n<h2 id=\"findings-title\">Findings</h2>\n");
        if self.groups.is_empty() {
            out.push_str("<p class=\"empty\">Nothing was found.</p>\n");
        }
        for (index, group) in self.groups.iter().enumerate() {
            self.finding(index, group, out);
        }
        out.push_str("</section>\n");
    }

    fn app_index(&self, id: &str) -> Option<usize> {
        self.report.apps.iter().position(|app| app.id == id)
    }

    fn finding(&self, index: usize, group: &Group<'_>, out: &mut String) {
        let told = group.first;
        let finding = &told.finding;
        let apps: Vec<String> = group
            .apps
            .iter()
            .filter_map(|app| self.app_index(&app.id).map(|index| index.to_string()))
            .collect();
        let standing = group.standing();
        let _ = write!(
            out,
            "<article class=\"finding {severity} is-{standing}\" id=\"f{index}\" data-severity=\"{severity}\" data-standing=\"{standing}\" data-apps=\"{}\">\n\
             <h3><span class=\"tag severity\">{severity}</span> <span class=\"message\">{}</span></h3>\n\
             <p class=\"control\"><code>{}</code> {} <span class=\"tag standing\">{standing}</span></p>\n",
            apps.join(" "),
            prose(&finding.message),
            escape(finding.control.as_str()),
            escape(&told.name),
            severity = finding.severity,
        );
        match &told.location {
            Some(location) => self.source(location, out),
            None => out.push_str("<p class=\"where\">No file could be named as the cause.</p>\n"),
        }
        for earlier in &told.history {
            let what = earlier.way();
            let _ = writeln!(
                out,
                "<p class=\"history\">{what} the {} at <code>{}</code></p>",
                earlier.role,
                escape(&earlier.line())
            );
        }
        for reason in &told.reasons {
            let at = reason
                .location
                .as_ref()
                .map(|at| format!(" at <code>{}</code>", escape(&at.line())));
            let _ = writeln!(
                out,
                "<p class=\"history\">new because {}{}</p>",
                reason.clause(|name| format!("<code>{}</code>", escape(name))),
                at.unwrap_or_default()
            );
        }
        self.places(group, out);
        if let Some(waiver) = &told.waiver {
            let _ = writeln!(
                out,
                "<p class=\"waiver\">{}</p>",
                escape(&waiver.sentence())
            );
        }
        if let Some(help) = &told.help {
            let _ = writeln!(out, "<p class=\"help\">{}</p>", prose(help));
        }
        if let Some(remedy) = self.report.remedy(told) {
            self.remedy(remedy, &group.findings, out);
        }
        out.push_str("</article>\n");
    }

    /// The objects that a finding is in, each with the way to its line in the difference.
    fn places(&self, group: &Group<'_>, out: &mut String) {
        const SHOWN: usize = 4;
        let item = |told: &Told| {
            let finding = &told.finding;
            let target = self.anchor_of(told);
            let object = format!(
                "{} <span class=\"field\">{}</span>",
                escape(&finding.resource.to_string()),
                soft(&finding.field)
            );
            let object = match target {
                Some(target) => format!("<a href=\"#{target}\">{object}</a>"),
                None => object,
            };
            format!(
                "<li><code class=\"app\">{}</code> {object}</li>",
                escape(&finding.app)
            )
        };
        out.push_str("<ul class=\"places\">\n");
        for told in group.findings.iter().take(SHOWN) {
            let _ = writeln!(out, "{}", item(told));
        }
        out.push_str("</ul>\n");
        let rest = group.findings.len().saturating_sub(SHOWN);
        if rest > 0 {
            let _ = writeln!(
                out,
                "<details class=\"more\"><summary>and {rest} more</summary>\n<ul class=\"places\">"
            );
            for told in group.findings.iter().skip(SHOWN) {
                let _ = writeln!(out, "{}", item(told));
            }
            out.push_str("</ul>\n</details>\n");
        }
    }

    /// Where a finding stands in the difference.
    fn anchor_of(&self, told: &Told) -> Option<String> {
        let index = self
            .report
            .findings
            .iter()
            .position(|other| std::ptr::eq(other, told))?;
        for (a, diff) in self.report.rendered.iter().enumerate() {
            for (o, object) in diff.objects.iter().enumerate() {
                if object.findings.iter().any(|(_, finding)| *finding == index) {
                    return Some(format!("d{a}-{o}-f{index}"));
                }
            }
        }
        None
    }

    fn source(&self, location: &Location, out: &mut String) {
        let _ = writeln!(
            out,
            "<p class=\"where\"><code>{}:{}</code></p>",
            escape(&location.line()),
            location.start.column
        );
        let lines = excerpt::lines(&self.report.texts, location, 1);
        if lines.is_empty() {
            return;
        }
        out.push_str("<pre class=\"source\" tabindex=\"0\">");
        for line in lines {
            let part =
                |range: std::ops::Range<usize>| escape(line.text.get(range).unwrap_or_default());
            let (start, end) = (line.marked.start, line.marked.end);
            let class = if line.marked.is_empty() {
                ""
            } else {
                " class=\"meant\""
            };
            let _ = write!(
                out,
                "<span{class}><i data-n=\"{}\"></i>{}",
                line.number,
                part(0..start)
            );
            if !line.marked.is_empty() {
                let _ = write!(out, "<mark>{}</mark>", part(start..end));
            }
            let _ = write!(out, "{}</span>", part(end..line.text.len()));
        }
        out.push_str("</pre>\n");
    }

    fn remedy(&self, remedy: &Remedy, findings: &[&Told], out: &mut String) {
        let (title, said, edits, moves) = match remedy {
            Remedy::Fix(fix) => {
                let said = match &fix.safety {
                    Safety::Safe => "proved, safe".to_owned(),
                    Safety::Unsafe(why) => format!("proved, unsafe: {why}"),
                };
                let moves = Some(moved(fix, findings));
                (format!("Fix: {}", fix.title), said, &fix.edits, moves)
            }
            Remedy::Draft(draft) => (
                format!("To be filled in: {}", draft.title),
                draft.blank.clone(),
                &draft.edits,
                None,
            ),
        };
        let _ = write!(
            out,
            "<div class=\"remedy\">\n<h4>{} <span class=\"tag\">{}</span></h4>\n",
            prose(&title),
            prose(&said)
        );
        for file in file_edits(&self.report.texts, edits) {
            let _ = writeln!(
                out,
                "<p class=\"where\"><code>{}</code></p>",
                escape(file.path.as_str())
            );
            if !file.unified.is_empty() {
                out.push_str("<pre class=\"patch\" tabindex=\"0\">");
                for line in file.unified.lines() {
                    let class = match line.chars().next() {
                        Some('+') => " class=\"added\"",
                        Some('-') => " class=\"removed\"",
                        Some('@') => " class=\"hunk\"",
                        _ => "",
                    };
                    let _ = write!(out, "<span{class}>{}</span>", escape(line));
                }
                out.push_str("</pre>\n");
            }
        }
        if let Some(moves) = moves {
            let _ = writeln!(out, "<p class=\"moves\">{}</p>", prose(&moves));
        }
        out.push_str("</div>\n");
    }
}

const SEVERITIES: [Severity; 4] = [
    Severity::Critical,
    Severity::High,
    Severity::Medium,
    Severity::Low,
];

fn blocks(count: usize) -> String {
    if count == 1 {
        "1 finding blocks".to_owned()
    } else {
        format!("{count} findings block")
    }
}

/// Text in HTML, in elements and in quoted attributes.
fn escape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in markdown::visible(raw).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\r' => {}
            c => out.push(c),
        }
    }
    out
}

/// A long name that may be broken after its dots and brackets.
fn soft(raw: &str) -> String {
    escape(raw).replace('.', ".<wbr>").replace('[', "<wbr>[")
}

/// A sentence in which pairs of backticks mark code.
fn prose(raw: &str) -> String {
    let parts: Vec<&str> = raw.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escape(raw);
    }
    let mut out = String::new();
    for (index, part) in parts.into_iter().enumerate() {
        if index.is_multiple_of(2) {
            out.push_str(&escape(part));
        } else {
            let _ = write!(out, "<code>{}</code>", escape(part));
        }
    }
    out
}

fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        assert_eq!(
            escape("<img src=x onerror='a'>\"&\u{0}\u{202e}"),
            "&lt;img src=x onerror=&#39;a&#39;&gt;&quot;&amp;\u{fffd}\u{fffd}"
        );
        assert_eq!(prose("a `<b>` c"), "a <code>&lt;b&gt;</code> c");
        assert_eq!(prose("a `<b> c"), "a `&lt;b&gt; c");
    }
}
