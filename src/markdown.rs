//! Texts that other people wrote, inside Markdown as GitHub reads it: they show as they are and never become markup.
//!
//! Whoever builds a comment or a summary puts every name, path and message through [`text`], [`code`], [`prose`] or
//! [`fence`]. A name cannot mention a person, link to an issue, open a tag or end a table. What is said is the caller's business.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A character that shows as nothing. It stands where GitHub would otherwise make a mention, a link or a picture of a text.
const BREAK: &str = "&#8203;";

/// `raw` with the characters replaced that are not to be seen: controls (but for tabs and line breaks), and those that
/// reorder the text around them.
pub fn visible(raw: &str) -> Cow<'_, str> {
    if raw.chars().any(is_unseen) {
        Cow::Owned(
            raw.chars()
                .map(|c| if is_unseen(c) { '\u{fffd}' } else { c })
                .collect(),
        )
    } else {
        Cow::Borrowed(raw)
    }
}

fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}'
        | '\u{fffe}' | '\u{ffff}')
}

/// The first `limit` characters of `raw`, with `…` in the place of what is left out.
pub fn clip(raw: &str, limit: usize) -> Cow<'_, str> {
    if raw.char_indices().nth(limit).is_none() {
        return Cow::Borrowed(raw);
    }
    let kept = limit.saturating_sub(1);
    Cow::Owned(raw.chars().take(kept).chain(['…']).collect())
}

/// One line of text, for any place where Markdown reads inline text, at the beginning of a line and in a table, too.
pub fn text(raw: &str) -> String {
    let line = one_line(raw);
    let mut out = String::with_capacity(line.len() + line.len() / 8);
    let mut rest = line.chars().peekable();
    let mut at_start = true;
    let mut before = ' ';
    while let Some(c) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '~' | '!' | '$' | '{' | '}' => {
                out.push('\\');
                out.push(c);
            }
            '#' => {
                out.push_str("\\#");
                out.push_str(BREAK);
            }
            '&' => out.push_str("&amp;"),
            '|' => out.push_str("&#124;"),
            '@' => {
                out.push('@');
                out.push_str(BREAK);
            }
            // `https://…`, and the names of pictures (`:tada:`).
            ':' if next == '/' || next.is_ascii_alphanumeric() || matches!(next, '+' | '-') => {
                out.push(':');
                out.push_str(BREAK);
            }
            // `www.`
            '.' if before.eq_ignore_ascii_case(&'w') => {
                out.push_str(BREAK);
                out.push('.');
            }
            // `GH-12` is a link to an issue, and a line of hyphens a rule or a heading.
            '-' if at_start || before.eq_ignore_ascii_case(&'h') => {
                out.push_str("\\-");
                out.push_str(BREAK);
            }
            '+' | '=' if at_start => {
                out.push('\\');
                out.push(c);
            }
            // `1.` and `1)` would begin a list.
            '.' | ')' if out.len() < 12 && out.bytes().all(|b| b.is_ascii_digit()) => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        before = c;
        at_start = false;
    }
    out
}

/// A span of code, for inline text and tables.
pub fn code(raw: &str) -> String {
    let line = one_line(raw);
    if line.is_empty() {
        return String::new();
    }
    // A table ends a cell at a bar, also inside code; an entity is not seen as one, but needs markup around it.
    if line.contains('|') {
        return format!("<code>{}</code>", text(&line));
    }
    let ticks = "`".repeat(longest_run(&line) + 1);
    let pad = if line.starts_with('`') || line.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{ticks}{pad}{line}{pad}{ticks}")
}

/// A sentence in which pairs of backticks mark code, as the messages of controls and problems do.
pub fn prose(raw: &str) -> String {
    let line = one_line(raw);
    pieces(&line).map_or_else(|| text(&line), |pieces| marked(&pieces, text, code))
}

/// What stands outside and inside of pairs of backticks, in turns; `None` without a partner for each, because then nobody
/// can say what was meant.
fn pieces(line: &str) -> Option<Vec<&str>> {
    let pieces: Vec<&str> = line.split('`').collect();
    (!pieces.len().is_multiple_of(2)).then_some(pieces)
}

fn marked(pieces: &[&str], plain: fn(&str) -> String, code: fn(&str) -> String) -> String {
    let mut out = String::new();
    for (index, piece) in pieces.iter().enumerate() {
        if index.is_multiple_of(2) {
            // Escaping takes the spaces at the ends of a text, and here they part words.
            let bare = piece.trim_matches(' ');
            let lead = piece.len() - piece.trim_start_matches(' ').len();
            let trail = if bare.is_empty() {
                0
            } else {
                piece.len() - lead - bare.len()
            };
            out.push_str(&" ".repeat(lead));
            out.push_str(&plain(bare));
            out.push_str(&" ".repeat(trail));
        } else {
            out.push_str(&code(piece));
        }
    }
    out
}

/// A block of code whose fence is longer than any in it. `info` says what it is (`diff`, `suggestion`).
pub fn fence(info: &str, raw: &str) -> String {
    let body = line_feeds(&visible(raw));
    let ticks = "`".repeat((longest_run(&body) + 1).max(3));
    let info: String = info
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    let end = if body.is_empty() || body.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{ticks}{info}\n{body}{end}{ticks}\n")
}

/// Text for the inside of an HTML element in Markdown (`<summary>`), on one line; pairs of backticks mark code.
pub fn html(raw: &str) -> String {
    let line = one_line(raw);
    let code = |piece: &str| format!("<code>{}</code>", entities(piece));
    pieces(&line).map_or_else(|| entities(&line), |pieces| marked(&pieces, entities, code))
}

fn entities(raw: &str) -> String {
    let mut out = String::new();
    for c in raw.chars() {
        match c {
            '.' | ',' | '/' | '-' | '(' | ')' | ';' => out.push(c),
            '@' | '#' | ':' => {
                out.push(c);
                out.push_str(BREAK);
            }
            c if c.is_ascii_punctuation() => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// What a reader opens by a click: `summary` is HTML (see [`html`]), `body` is Markdown.
pub fn details(summary: &str, body: &str) -> String {
    format!(
        "<details>\n<summary>{summary}</summary>\n\n{}\n\n</details>\n",
        body.trim_end()
    )
}

/// A table. Headings and cells are inline Markdown made by the functions of this module.
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "| {} |", headings.join(" | "));
    let _ = writeln!(out, "|{}", " --- |".repeat(headings.len()));
    for row in rows {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    out
}

/// As many of `blocks`, from the first on, as fit into `limit` bytes, each whole; then what `left_out` says of the number
/// of the others. Nothing is cut inside a block, so that every fence and tag that is opened is closed.
pub fn within(blocks: &[String], limit: usize, left_out: impl Fn(usize) -> String) -> String {
    let mut ends = Vec::with_capacity(blocks.len());
    let mut sum = 0;
    for block in blocks {
        sum += block.len() + 1;
        ends.push(sum);
    }
    let fits = |count: usize| {
        let note = if count < blocks.len() {
            left_out(blocks.len() - count).len() + 1
        } else {
            0
        };
        let body = count.checked_sub(1).and_then(|last| ends.get(last));
        body.copied().unwrap_or(0) + note <= limit
    };
    let count = (0..=blocks.len())
        .rev()
        .find(|&count| fits(count))
        .unwrap_or(0);
    let mut out = String::new();
    for block in blocks.iter().take(count) {
        out.push_str(block);
        out.push('\n');
    }
    if count < blocks.len() {
        out.push_str(&left_out(blocks.len() - count));
        out.push('\n');
    }
    out
}

/// Line breaks of every kind become spaces, and spaces at both ends go.
fn one_line(raw: &str) -> String {
    let shown = visible(raw);
    let words: Vec<&str> = shown
        .split(['\n', '\r', '\t', '\u{2028}', '\u{2029}'])
        .collect();
    words.join(" ").trim().to_owned()
}

/// With `\n` for every line break.
fn line_feeds(raw: &str) -> String {
    raw.replace("\r\n", "\n").replace('\r', "\n")
}

fn longest_run(raw: &str) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in raw.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use pulldown_cmark::{Event, Options, Parser, Tag};

    use super::*;

    /// Markdown as GitHub extends it.
    const EXTENSIONS: Options = Options::ENABLE_TABLES
        .union(Options::ENABLE_FOOTNOTES)
        .union(Options::ENABLE_STRIKETHROUGH)
        .union(Options::ENABLE_TASKLISTS)
        .union(Options::ENABLE_MATH)
        .union(Options::ENABLE_GFM);

    /// What a reader sees, and how many things there are that are not plain text.
    fn read(markdown: &str) -> (String, Vec<String>) {
        let mut shown = String::new();
        let mut markup = Vec::new();
        for event in Parser::new_ext(markdown, EXTENSIONS) {
            match event {
                Event::Text(piece) | Event::Code(piece) => {
                    shown.push_str(&piece.replace('\u{200b}', ""));
                }
                Event::SoftBreak => shown.push('\n'),
                Event::Start(Tag::Paragraph) | Event::End(_) => {}
                other => markup.push(format!("{other:?}")),
            }
        }
        (shown, markup)
    }

    const HOSTILE: &[&str] = &[
        "# heading",
        "- item",
        "+ item",
        "1. one",
        "12) two",
        "> quote",
        "---",
        "===",
        "    code",
        "a\n\n# b",
        "<script>alert(1)</script>",
        "<!-- x -->",
        "![x](http://e.example/x.png)",
        "[x](javascript:alert(1))",
        "`a` ``b``",
        "**b** _i_ ~~s~~ $x$",
        "a | b | c",
        "@everyone and team@example.com",
        "fixes #1, GH-1, org/repo#2",
        "https://evil.example www.evil.example",
        ":tada: :+1:",
        "&amp; &lt;",
        "\\",
        "end\\",
        "``` fence",
        "~~~",
        "[^1]: note",
        "term\n: definition",
        "{#id .class}",
        "a  \nb",
        "\u{202e}gnp.exe\u{0}\u{1b}[31m",
        "\r\n::error::x",
    ];

    #[test]
    fn what_people_wrote_is_shown_and_not_obeyed() {
        for raw in HOSTILE {
            for made in [text(raw), prose(raw), format!("x {}", text(raw))] {
                let (shown, markup) = read(&made);
                assert!(markup.is_empty(), "{raw:?} -> {made:?}: {markup:?}");
                let plain = one_line(raw);
                assert!(
                    shown.contains(&plain) || shown.contains(&plain.replace('`', "")),
                    "{raw:?} -> {made:?} shows {shown:?}"
                );
            }
            let (shown, _) = read(&format!("x {} y", code(raw)));
            assert!(shown.contains(&one_line(raw)), "{raw:?} -> {}", code(raw));
        }
        for gone in [
            "@everyone",
            "#1",
            "://",
            "www.",
            ":tada:",
            "GH-1",
            "\u{202e}",
            "\u{1b}",
        ] {
            for raw in HOSTILE {
                let made = text(raw).replace("&#124;", "");
                assert!(!made.contains(gone), "{raw:?} keeps {gone:?}");
            }
        }
    }

    #[test]
    fn a_fence_holds_whatever_is_in_it() {
        for (raw, expected) in [
            ("a\n", "```diff\na\n```\n"),
            ("a", "```diff\na\n```\n"),
            ("```\na\n````", "`````diff\n```\na\n````\n`````\n"),
            ("", "```diff\n```\n"),
            ("a\r\nb\r", "```diff\na\nb\n```\n"),
        ] {
            assert_eq!(fence("di`ff\n", raw), expected);
        }
    }

    #[test]
    fn a_cell_does_not_end_the_table() {
        let rows: Vec<Vec<String>> = HOSTILE
            .iter()
            .map(|raw| vec![text(raw), code(raw)])
            .collect();
        let events: Vec<_> = {
            let table = table(&["a", "b"], &rows);
            Parser::new_ext(&table, EXTENSIONS)
                .map(Event::into_static)
                .collect()
        };
        let count =
            |wanted: &dyn Fn(&Event<'_>) -> bool| events.iter().filter(|e| wanted(e)).count();
        assert_eq!(
            count(&|event| matches!(event, Event::Start(Tag::TableRow))),
            HOSTILE.len()
        );
        assert_eq!(
            count(&|event| matches!(event, Event::Start(Tag::TableCell))),
            2 * HOSTILE.len() + 2
        );
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let blocks: Vec<String> = (0..10).map(|n| format!("block {n}")).collect();
        let note = |left: usize| format!("{left} more");
        assert_eq!(within(&blocks, 1000, note).lines().count(), 10);
        let cut = within(&blocks, 30, note);
        assert_eq!(cut, "block 0\nblock 1\n8 more\n");
        assert_eq!(clip("äöü", 2), "ä…");
        assert_eq!(clip("äö", 2), "äö");
    }

    proptest::proptest! {
        #[test]
        fn no_text_becomes_markup(raw in r"([\x00-\x7f]|[a-z]|[é日\u{202e}]|[`|<>\\*_#@:\n\r~-]){0,24}") {
            let (_, markup) = read(&format!("{}\n", text(&raw)));
            proptest::prop_assert!(markup.is_empty(), "{:?}: {:?}", text(&raw), markup);
            let fenced = fence("diff", &raw);
            let blocks = Parser::new(&fenced)
                .filter(|event| matches!(event, Event::Start(Tag::CodeBlock(_))))
                .count();
            proptest::prop_assert_eq!(blocks, 1);
            let plain = Parser::new(&fenced)
                .all(|event| matches!(event, Event::Start(Tag::CodeBlock(_)) | Event::Text(_) | Event::End(_)));
            proptest::prop_assert!(plain);
        }
    }
}
