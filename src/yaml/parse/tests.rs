//! Spans, comments and refusals, by example.

use super::*;
use crate::yaml::{Dialect, MAX_DEPTH, everyday};

/// Each node in reading order, as its bytes in the text.
fn shape(text: &str) -> Vec<String> {
    let stream = parse(text);
    assert_eq!(stream.error, None, "{text:?}");
    let mut out = Vec::new();
    for document in &stream.documents {
        for node in &document.nodes {
            let mut line = String::new();
            if let Some(anchor) = &node.anchor {
                line += &format!("&{anchor} ");
            }
            if let Some(tag) = &node.tag {
                line += &format!("<{tag}> ");
            }
            line += match &node.kind {
                NodeKind::Scalar { .. } => "",
                NodeKind::Sequence { flow: false, .. } => "seq ",
                NodeKind::Sequence { flow: true, .. } => "flow-seq ",
                NodeKind::Mapping { flow: false, .. } => "map ",
                NodeKind::Mapping { flow: true, .. } => "flow-map ",
                NodeKind::Alias { .. } => "alias ",
            };
            out.push(format!("{line}{}", node.span.of(text).escape_debug()));
        }
    }
    out
}

#[test]
fn spans_are_exact() {
    let check = |text: &str, expected: &[&str]| assert_eq!(shape(text), expected, "{text:?}");
    check("", &[]);
    check("# only\n", &[]);
    check(
        "a: 1 # c\n\n# d\nb: x\n",
        &["map a: 1 # c\\n\\n# d\\nb: x", "a", "1", "b", "x"],
    );
    check(
        "a:\n  b: 1\n\n# tail\nc: 2\n",
        &[
            "map a:\\n  b: 1\\n\\n# tail\\nc: 2",
            "a",
            "map b: 1",
            "b",
            "1",
            "c",
            "2",
        ],
    );
    check(
        "a:\n- x # 1\n- y\n",
        &["map a:\\n- x # 1\\n- y", "a", "seq - x # 1\\n- y", "x", "y"],
    );
    check(
        "a: [1, {b: 2}, c: 3] # z\n",
        &[
            "map a: [1, {b: 2}, c: 3]",
            "a",
            "flow-seq [1, {b: 2}, c: 3]",
            "1",
            "flow-map {b: 2}",
            "b",
            "2",
            "flow-map c: 3",
            "c",
            "3",
        ],
    );
    check(
        "a: !!str &x 1\nb: &y !t # c\n  k: *x\n",
        &[
            "map a: !!str &x 1\\nb: &y !t # c\\n  k: *x",
            "a",
            "&x <tag:yaml.org,2002:str> 1",
            "b",
            "&y <!t> map k: *x",
            "k",
            "alias *x",
        ],
    );
    check(
        "a: ! \"1\"\n",
        &["map a: ! \\\"1\\\"", "a", "<!> \\\"1\\\""],
    );
    check(
        "\u{feff}é: \"日\\n\"\r\nb: 'it''s'\r\n",
        &[
            "map é: \\\"日\\\\n\\\"\\r\\nb: \\'it\\'\\'s\\'",
            "é",
            "\\\"日\\\\n\\\"",
            "b",
            "\\'it\\'\\'s\\'",
        ],
    );
    check(
        "a: x\n  y\n\n  z\nb: 1",
        &[
            "map a: x\\n  y\\n\\n  z\\nb: 1",
            "a",
            "x\\n  y\\n\\n  z",
            "b",
            "1",
        ],
    );
}

#[test]
fn block_scalars_end_where_their_text_ends() {
    let check = |text: &str, span: &str, value: &str| {
        let stream = parse(text);
        let document = stream.documents.first().unwrap();
        let (id, _) = document.at(&Path::root().key("a")).unwrap();
        let node = document.node(id);
        assert_eq!(node.span.of(text), span, "{text:?}");
        assert!(
            matches!(&node.kind, NodeKind::Scalar { text, .. } if text == value),
            "{:?}",
            node.kind
        );
    };
    check("a: |\n  x\n  y\n\n\nb: 1\n", "|\n  x\n  y\n", "x\ny\n");
    check("a: |-\n  x\n  y  \n\n\nb: 1\n", "|-\n  x\n  y  ", "x\ny  ");
    check("a: |-\r\n  x\r\n\r\nb: 1\r\n", "|-\r\n  x", "x");
    check("a: |+\n  x\n\n\nb: 1\n", "|+\n  x\n\n\n", "x\n\n\n");
    check(
        "a: > # c\n  x\n  y\n# d\nb: 1\n",
        "> # c\n  x\n  y\n",
        "x y\n",
    );
    check(
        "a: |2 \n   x\n     \n\nb: 1\n",
        "|2 \n   x\n     \n",
        " x\n   \n",
    );
    check("a: |\n  x", "|\n  x", "x");
    check("a: |\nb: 1\n", "|", "");
    check("a: | # c\nb: 1\n", "|", "");
}

#[test]
fn unwritten_values_are_places() {
    let check = |text: &str, expected: &[(u32, &str)]| {
        let stream = parse(text);
        let found: Vec<(u32, &str)> = stream.documents[0]
            .nodes
            .iter()
            .filter(|node| node.span.is_empty())
            .map(|node| (node.span.start, node.tag.as_deref().unwrap_or_default()))
            .collect();
        assert_eq!(found, expected, "{text:?}");
    };
    check("a:\nb: 1\n", &[(2, "")]);
    check("a: # c: d\nb:\n", &[(2, ""), (12, "")]);
    check("- \n- x\n-", &[(1, ""), (8, "")]);
    check("{a, b: , c: }", &[(2, ""), (6, ""), (11, "")]);
    check("? a\n# x:\n? b\n", &[(3, ""), (12, "")]);
    check("a: !!str\nb: 1\n", &[(8, "tag:yaml.org,2002:str")]);
}

#[test]
fn documents_and_comments() {
    let text = "# head\n---\na: '# no' # yes\nb: |\n  # no\n# foot\n---\n...\n# after\n--- # third\n- x\n# end";
    let stream = parse(text);
    assert_eq!(stream.error, None);
    let found: Vec<(&str, Vec<(&str, bool)>)> = stream
        .documents
        .iter()
        .map(|document| {
            (
                document.span.of(text),
                document
                    .comments
                    .iter()
                    .map(|comment| (comment.span.of(text), comment.own_line))
                    .collect(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (
                "---\na: '# no' # yes\nb: |\n  # no\n",
                vec![("# head", true), ("# yes", false), ("# foot", true)]
            ),
            ("---\n...", vec![]),
            (
                "--- # third\n- x",
                vec![("# after", true), ("# third", false), ("# end", true)]
            ),
        ]
    );
    assert_eq!(stream.documents[1].root(), None);
}

#[test]
fn paths_are_followed_through_aliases() {
    let text = "a: &x\n  b: [1, {c: 2}]\nd: *x\nd2: 3\na.b: 4\n";
    let stream = parse(text);
    let document = &stream.documents[0];
    let at = |path: &str| {
        let (id, depth) = document.at(&path.parse().unwrap()).unwrap();
        (document.node(id).span.of(text), depth)
    };
    assert_eq!(at("d.b[1].c"), ("2", 4));
    assert_eq!(at("a.b[7].c"), ("[1, {c: 2}]", 2));
    assert_eq!(at("a\\.b"), ("4", 1));
    assert_eq!(at("d2.x"), ("3", 1));
}

#[test]
fn what_go_refuses_is_refused() {
    let check = |text: &str, at: u32, message: &str| {
        let error = parse(text).error.unwrap();
        assert_eq!(
            (error.span.start, error.message.as_str()),
            (at, message),
            "{text:?}"
        );
    };
    check("a: \"x\\/y\"", 5, "found unknown escape character");
    check(
        "%YAML 1.2\n---\na: 1",
        0,
        "found incompatible YAML document",
    );
    check("a: *x", 3, "unknown anchor 'x' referenced");
    check("a: &x [*x]", 7, "anchor 'x' value contains itself");
    check(
        "a: 1\n---\nb: \u{1}",
        12,
        "control characters are not allowed",
    );
    check("a: \0", 3, "control characters are not allowed");
    check("\u{feff}a: }", 6, "did not find expected node content");
    check(
        "a:\n\t- b",
        3,
        "found character that cannot start any token",
    );
    assert_eq!(parse("a: 1\n---\nb: }").documents.len(), 1);
    assert!(parse("a: \"\\\\/\"").error.is_none());
    let error = parse_bytes(b"a: \xff\n").error.unwrap();
    assert_eq!(error.span, Span::new(3, 4));
}

#[test]
fn hostile_texts_end_quickly() {
    for text in [
        "[".repeat(100_000),
        "{a: ".repeat(20_000),
        "- ".repeat(50_000),
        "? ".repeat(30_000),
        "%TAG !a! x\n".repeat(100_000),
        "&a ".repeat(50_000),
        "!a ".repeat(50_000),
    ] {
        assert!(parse(&text).error.is_some());
    }
    let deep = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    assert_eq!(parse(&deep).error, None);
}

proptest::proptest! {
    #[test]
    fn never_panics_and_spans_fit(text in "[-a#:\\[\\]{},&*!|>'\"%\n\r\t \\?\\\\/+é\u{feff}\u{85}1.]{0,60}") {
        for document in parse(&text).documents {
            for node in &document.nodes {
                let (start, end) = (node.span.start as usize, node.span.end as usize);
                assert!(start <= end && text.get(start..end).is_some(), "{text:?} {node:?}");
            }
            for comment in &document.comments {
                assert!(comment.span.of(&text).starts_with('#'));
            }
        }
    }
}

/// Pieces of lines of which many are everyday YAML, and many nearly.
const PIECES: [&str; 55] = [
    "a",
    "b c",
    "key:",
    "key: ",
    "\"q\"",
    "'it''s'",
    "\"q\": ",
    "'s': v",
    "- ",
    "- - ",
    "-",
    "- a: ",
    "# c",
    " # c",
    "x#y",
    "|",
    "|-",
    ">",
    ">-",
    "|+",
    "{}",
    "[]",
    "{a: 1}",
    "[a, \"b\", 1]",
    "{\"a\":{\"b\":[1,-2]}}",
    "[a: 1]",
    "{a: }",
    "*x",
    "&x ",
    "!t ",
    "? ",
    ": ",
    "-1",
    ":80",
    "['x', 'it''s']",
    "{'k':1}",
    "--f",
    "http://x:1/",
    "\"a\\nb\"",
    "\"\\u003c\"",
    "\"\\/\"",
    "\"open",
    "'open",
    "close\"",
    "close'",
    "\\",
    "\\ x",
    "é",
    "“",
    "\t",
    "%",
    "<<: ",
    "~",
    "  ",
    "@",
];

proptest::proptest! {
    #[test]
    fn everyday_text_is_read_as_libyaml_reads_it(
        lines in proptest::collection::vec(
            (0_usize..7, proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..4)),
            1..9,
        ),
        begins in 0_usize..5,
        ends in proptest::bool::ANY,
    ) {
        let lines: Vec<String> = lines
            .into_iter()
            .map(|(indent, pieces)| format!("{}{}", " ".repeat(indent), pieces.concat()))
            .collect();
        let begins = ["", "---\n", "# c\n\n---\n", "---\n---\n", " ---\n"][begins];
        let text = begins.to_owned() + &lines.join("\n") + if ends { "\n" } else { "" };
        let direct = everyday(&text, |_, _| true);
        let document = read_everyday(&text);
        proptest::prop_assert!(document.is_some() || direct.is_none(), "{:?}", text);
        if let Some(document) = document {
            let none = &mut |_| crate::origin::Origin::NONE;
            if let Some(direct) = direct {
                let value = document.value(Dialect::Helm, none);
                proptest::prop_assert_eq!(value, Ok(direct), "{:?}", text);
            }
            let mut documents = Vec::new();
            let result = read_all(&text, &mut documents);
            proptest::prop_assert_eq!(result, Ok(()), "{:?}", text);
            proptest::prop_assert_eq!(documents, vec![document], "{:?}", text);
        }
    }
}
