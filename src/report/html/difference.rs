//! The rendered difference of the page: each app folded, each object side by side, the findings at their lines.

use std::fmt::Write as _;

use super::{Page, escape, prose};
use crate::change::{Line, Row};
use crate::report::{AppDiff, Group, ObjectDiff, near_changes, plural};

/// Lines of one object that are laid out.
const OBJECT_ROWS: usize = 1_000;

/// Characters of one line that are laid out.
const LINE_WIDTH: usize = 2_000;

/// Lines of all objects that are laid out: a browser has to hold them.
const ALL_ROWS: usize = 30_000;

impl Page<'_> {
    pub(super) fn difference(&self, out: &mut String) {
        if self.report.rendered.is_empty() {
            return;
        }
        out.push_str("<section id=\"difference\" aria-labelledby=\"difference-title\">\n<h2 id=\"difference-title\">What changes in the cluster</h2>\n");
        let mut left = ALL_ROWS;
        for (index, diff) in self.report.rendered.iter().enumerate() {
            self.app(index, diff, &mut left, out);
        }
        out.push_str("</section>\n");
    }

    fn app(&self, a: usize, diff: &AppDiff, left: &mut usize, out: &mut String) {
        let app = self.report.apps.iter().find(|app| app.id == diff.app);
        let open = if a < 3 { " open" } else { "" };
        let _ = write!(
            out,
            "<details class=\"diff-app\" data-apps=\"{}\"{open}>\n<summary><code>{}</code>",
            self.app_index(&diff.app)
                .map(|index| index.to_string())
                .unwrap_or_default(),
            escape(&diff.app)
        );
        if let Some(app) = app {
            if let Some(environment) = &app.environment {
                let _ = write!(out, " <span class=\"tag\">{}</span>", escape(environment));
            }
            let _ = write!(out, " <span class=\"tag\">{}</span>", app.state.name());
        }
        let _ = writeln!(
            out,
            " <span class=\"amount\">{}</span></summary>",
            plural(diff.objects.len() + diff.left_out, "object")
        );
        let mut folded = diff.left_out;
        for (o, object) in diff.objects.iter().enumerate() {
            if *left == 0 {
                folded += diff.objects.len() - o;
                break;
            }
            self.object(&format!("d{a}-{o}"), object, left, out);
        }
        if folded > 0 {
            let _ = writeln!(
                out,
                "<p class=\"cut\">{} not laid out here: the page would be too large. <code>plimsoll diff</code> shows them.</p>",
                plural(folded, "more object")
            );
        }
        out.push_str("</details>\n");
    }

    fn object(&self, id: &str, object: &ObjectDiff, left: &mut usize, out: &mut String) {
        let what = object.pairing.name();
        let _ = writeln!(
            out,
            "<h3 class=\"object\" id=\"{id}\"><span class=\"tag {what}\">{what}</span> {}</h3>",
            escape(&object.resource)
        );
        if object.coarse {
            out.push_str("<p class=\"cut\">Too different to compare line by line in time: more lines are marked than had to be.</p>\n");
        }
        let with_finding = |row: usize| object.findings.iter().any(|(at, _)| *at == row);
        let shown = near_changes(&object.rows, 3, &with_finding);
        let limit = OBJECT_ROWS.min(*left);
        out.push_str("<table class=\"diff\">\n<colgroup><col class=\"n\"><col><col class=\"n\"><col></colgroup>\n<thead><tr><th colspan=\"2\">before</th><th colspan=\"2\">after</th></tr></thead>\n<tbody>\n");
        let mut last = None;
        for &index in shown.iter().take(limit) {
            let Some(row) = object.rows.get(index) else {
                continue;
            };
            let skipped = index - last.map_or(0, |last: usize| last + 1);
            if skipped > 0 {
                let _ = writeln!(
                    out,
                    "<tr class=\"fold\"><td colspan=\"4\">{}</td></tr>",
                    plural(skipped, "unchanged line")
                );
            }
            last = Some(index);
            line_pair(row, out);
            for (_, finding) in object.findings.iter().filter(|(at, _)| *at == index) {
                self.finding_row(id, *finding, out);
            }
        }
        out.push_str("</tbody>\n</table>\n");
        let cut = shown.len().saturating_sub(limit);
        if cut > 0 {
            let _ = writeln!(
                out,
                "<p class=\"cut\">{} not laid out here. <code>plimsoll diff</code> shows them.</p>",
                plural(cut, "more line")
            );
        }
        *left = left.saturating_sub(shown.len().min(limit));
    }

    fn finding_row(&self, id: &str, finding: usize, out: &mut String) {
        let Some(told) = self.report.findings.get(finding) else {
            return;
        };
        let group = self.of_finding.get(finding).copied().unwrap_or(usize::MAX);
        let standing = self
            .groups
            .get(group)
            .map(Group::standing)
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "<tr class=\"told {severity} is-{standing}\" id=\"{id}-f{finding}\" data-severity=\"{severity}\" data-standing=\"{standing}\"><td colspan=\"4\"><a href=\"#f{group}\"><span class=\"tag severity\">{severity}</span> <code>{}</code></a> {} <span class=\"tag standing\">{standing}</span></td></tr>",
            escape(told.finding.control.as_str()),
            prose(&told.finding.message),
            severity = told.finding.severity,
        );
    }
}

/// A line as the page holds it: what is beyond its width is counted.
fn clipped(line: &Line) -> Line {
    let mut text = line.text.clone();
    if let Some((at, _)) = text.char_indices().nth(LINE_WIDTH) {
        let more = text.get(at..).unwrap_or_default().chars().count();
        text.truncate(at);
        text.push_str(&format!("… {}", plural(more, "more character")));
    }
    Line {
        number: line.number,
        text,
    }
}

/// A line of base beside its line of head.
fn line_pair(row: &Row, out: &mut String) {
    let class = match (&row.before, &row.after) {
        _ if row.is_same() => "same",
        (None, _) => "added",
        (_, None) => "removed",
        (Some(_), Some(_)) => "changed",
    };
    let texts = (
        &row.before.as_ref().map(clipped),
        &row.after.as_ref().map(clipped),
    );
    let (old, new) = match texts {
        (Some(old), Some(new)) if class == "changed" => {
            let (head, tail) = shared(&old.text, &new.text);
            (within(&old.text, head, tail), within(&new.text, head, tail))
        }
        (old, new) => {
            let text = |line: &Option<Line>| {
                line.as_ref()
                    .map(|line| escape(&line.text))
                    .unwrap_or_default()
            };
            (text(old), text(new))
        }
    };
    let number = |line: &Option<Line>| {
        line.as_ref()
            .map(|line| format!(" data-n=\"{}\"", line.number))
            .unwrap_or_default()
    };
    let _ = writeln!(
        out,
        "<tr class=\"{class}\"><td class=\"n old\"{}></td><td class=\"old\">{old}</td><td class=\"n new\"{}></td><td class=\"new\">{new}</td></tr>",
        number(&row.before),
        number(&row.after)
    );
}

/// How many bytes two texts share at their beginning and at their end, in whole words.
fn shared(a: &str, b: &str) -> (usize, usize) {
    let same = |(x, y): &(char, char)| x == y;
    let length = |chars: &[char]| chars.iter().map(|c| c.len_utf8()).sum::<usize>();
    // A word that is cut in two is not shared, unless one text ends there.
    let whole = |common: &[char], shorter: usize| {
        if length(common) == shorter {
            return shorter;
        }
        let cut = common.iter().rev().take_while(|c| c.is_alphanumeric());
        length(common.get(..common.len() - cut.count()).unwrap_or_default())
    };
    let common: Vec<char> = a
        .chars()
        .zip(b.chars())
        .take_while(same)
        .map(|(c, _)| c)
        .collect();
    let head = whole(&common, a.len().min(b.len()));
    let rest = |text: &str| text.get(head..).unwrap_or_default().to_owned();
    let (a, b) = (rest(a), rest(b));
    let ends = a.chars().rev().zip(b.chars().rev()).take_while(same);
    let common: Vec<char> = ends.map(|(c, _)| c).collect();
    (head, whole(&common, a.len().min(b.len())))
}

/// `text` with what lies between its first `head` and its last `tail` bytes marked.
fn within(text: &str, head: usize, tail: usize) -> String {
    let part = |range: std::ops::Range<usize>| escape(text.get(range).unwrap_or_default());
    let end = text.len().saturating_sub(tail).max(head);
    let middle = part(head..end);
    if middle.is_empty() || (head == 0 && tail == 0) {
        return escape(text);
    }
    format!(
        "{}<mark>{middle}</mark>{}",
        part(0..head),
        part(end..text.len())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_in_a_line_is_marked() {
        let check = |a: &str, b: &str, x: &str, y: &str| {
            let (head, tail) = shared(a, b);
            assert_eq!(
                (
                    within(a, head, tail).as_str(),
                    within(b, head, tail).as_str()
                ),
                (x, y)
            );
        };
        check(
            "tag: 1.8",
            "tag: 1.9",
            "tag: 1.<mark>8</mark>",
            "tag: 1.<mark>9</mark>",
        );
        check(
            "a: true # x",
            "a: false # x",
            "a: <mark>true</mark> # x",
            "a: <mark>false</mark> # x",
        );
        check("a: b", "a: b c", "a: b", "a: b<mark> c</mark>");
        check("é: x", "ö: x", "<mark>é</mark>: x", "<mark>ö</mark>: x");
        check("abc", "xyz", "abc", "xyz");
    }
}
