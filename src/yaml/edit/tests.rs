//! Edits by example, and the promise that every edit keeps: the value changes as asked and nothing else does.

use proptest::prelude::*;

use super::*;

fn path(text: &str) -> Path {
    text.parse().unwrap()
}

/// A value written as YAML.
fn value(text: &str) -> Value {
    let stream = parse(text);
    assert_eq!(stream.error, None, "{text}");
    match stream.documents.first() {
        Some(document) => document
            .value(Dialect::Helm, &mut |_| Origin::NONE)
            .unwrap(),
        None => Value::default(),
    }
}

fn edited(
    text: &str,
    edit: impl Fn(&Document) -> Result<TextEdit, EditError>,
) -> Result<String, String> {
    let stream = parse(text);
    assert_eq!(stream.error, None, "{text}");
    let document = stream.documents.last().unwrap();
    edit(document)
        .map(|edit| edit.apply(text))
        .map_err(|error| error.to_string())
}

fn set_to(text: &str, at: &str, new: &str) -> Result<String, String> {
    edited(text, |document| set(text, document, &path(at), &value(new)))
}

#[expect(clippy::unnecessary_wraps, reason = "what the tables compare with")]
fn ok(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

#[test]
fn scalars_keep_their_quotes_and_comments() {
    let check = |before: &str, at: &str, new: &str, after: &str| {
        assert_eq!(set_to(before, at, new), ok(after), "{before:?} {at} {new}");
    };
    check("a: 1 # c\nb: 2\n", "a", "3", "a: 3 # c\nb: 2\n");
    check("a: \"x\" # c\n", "a", "k: z", "a: # c\n  k: z\n");
    check("a: \"x\" # c\n", "a", "'y: z'", "a: \"y: z\" # c\n");
    check("a: 'x'\n", "a", "'it''s'", "a: 'it''s'\n");
    check("a: 'x'\n", "a", "\"l\\nm\"", "a: \"l\\nm\"\n");
    check("a: x\n", "a", "'yes'", "a: \"yes\"\n");
    check("a: x\n", "a", "'a: b'", "a: 'a: b'\n");
    check("a: x\n", "a", "'😀'", "a: 😀\n");
    check("a: x\n", "a", "''", "a: \"\"\n");
    check("a: 'x'\n", "a", "1.5", "a: 1.5\n");
    check("a: x\n", "a", "0.00001", "a: 0.00001\n");
    check("a:\nb: 1\n", "a", "x", "a: x\nb: 1\n");
    check("a: # c\n", "a", "x", "a: x # c\n");
    check("a:  # c\n", "a", "x", "a: x  # c\n");
    check("a: x\r\nb: y\r\n", "b", "z", "a: x\r\nb: z\r\n");
    check("a: x\nb: y", "b", "z", "a: x\nb: z");
    check("\u{feff}é: x\n", "é", "z", "\u{feff}é: z\n");
    check("- a\n- b: c # x\n", "[1].b", "d", "- a\n- b: d # x\n");
    check("-\n- b\n", "[0]", "d", "- d\n- b\n");
    check(
        "a: {b: 1, c: [x, y]} # z\n",
        "a.c[1]",
        "'q, r'",
        "a: {b: 1, c: [x, 'q, r']} # z\n",
    );
    check("a: {b, c: }\n", "a.b", "1", "a: {b: 1, c: }\n");
    check("a: {b, c: }\n", "a.c", "1", "a: {b, c: 1}\n");
    check("a: x\n", "a", "\"l\\nm\\n\"", "a: |\n  l\n  m\n");
    check(
        "a: x # c\nb: 1\n",
        "a",
        "\" l\\n\\nm\"",
        "a: |2- # c\n   l\n\n  m\nb: 1\n",
    );
    check(
        "a: | # c\n  x\n  y\n\nb: 1\n",
        "a",
        "z",
        "a: z # c\n\nb: 1\n",
    );
    check(
        "a: |-\n    x\n    y\nb: 1\n",
        "a",
        "\"p\\nq\"",
        "a: |-\n  p\n  q\nb: 1\n",
    );
    check(
        "a: >+\n  x\n\n\nb: 1\n",
        "a",
        "\"p\\n\\n\"",
        "a: |+\n  p\n\nb: 1\n",
    );
    check("a: x", "a", "\"p\\nq\\n\"", "a: \"p\\nq\\n\"");
    check("a: x\n  y\nb: 1\n", "a", "z", "a: z\nb: 1\n");
    check("---\na: 1\n---\na: 2\n", "a", "3", "---\na: 1\n---\na: 3\n");
    check("a: &x 1\nb: *x\n", "b", "2", "a: &x 1\nb: 2\n");
    check("x\n", "", "z", "z\n");
}

#[test]
fn collections_are_replaced_in_place() {
    let check = |before: &str, at: &str, new: &str, after: &str| {
        assert_eq!(set_to(before, at, new), ok(after), "{before:?} {at} {new}");
    };
    check("a:\n  b: 1\n  c: 2 # x\nd: 3\n", "a", "v", "a: v\nd: 3\n");
    check("a: # k\n  b: 1\nd: 3\n", "a", "v", "a: v # k\nd: 3\n");
    check(
        "a:\n    b: 1\nd: 3\n",
        "a",
        "{e: [1]}",
        "a:\n    e:\n        - 1\nd: 3\n",
    );
    check(
        "a:\n- b\n- c\nd: 3\n",
        "a",
        "{e: [1]}",
        "a:\n  e:\n  - 1\nd: 3\n",
    );
    check("a:\n- b\n- c\nd: 3\n", "a", "[1]", "a:\n- 1\nd: 3\n");
    check("a: [b, c]\n", "a", "[1, {x: z}]", "a: [1, {x: z}]\n");
    check(
        "a: {} # c\n",
        "a",
        "{x: {w: z}}",
        "a: # c\n  x:\n    w: z\n",
    );
    check("a: []\nb:\n- 1\n", "a", "[x]", "a:\n- x\nb:\n- 1\n");
    check(
        "- x # c\n- y\n",
        "[0]",
        "{a: 1, b: [2]}",
        "- a: 1 # c\n  b:\n    - 2\n- y\n",
    );
    check("- a: 1\n  b: 2\n- y\n", "[0]", "x", "- x\n- y\n");
    check(
        "- a: 1\n  b: 2\n- y\n",
        "[0]",
        "[x, [z]]",
        "- - x\n  - - z\n- y\n",
    );
    check(
        "a:\n  x\nb: 1\n",
        "a",
        "{c: 1, d: 2}",
        "a:\n  c: 1\n  d: 2\nb: 1\n",
    );
    check("a: 1\n", "", "{b: 2}", "b: 2\n");
    check(
        "a: 1\n",
        "a",
        "{b: \"x\\ny\\n\", c: 2}",
        "a:\n  b: |\n    x\n    y\n  c: 2\n",
    );
    check(
        "a:\n  b: |\n    x\nc: 1\n",
        "a",
        "{d: 1}",
        "a:\n  d: 1\nc: 1\n",
    );
    check("a:\n  b: |\n    x\nc: 1\n", "a", "[]", "a: []\nc: 1\n");
}

#[test]
fn what_is_missing_is_created() {
    let check = |before: &str, at: &str, new: &str, after: &str| {
        assert_eq!(set_to(before, at, new), ok(after), "{before:?} {at} {new}");
    };
    check("a: 1\n", "b", "2", "a: 1\nb: 2\n");
    check(
        "a: 1 # c\n\n# tail\n",
        "b.c",
        "2",
        "a: 1 # c\nb:\n  c: 2\n\n# tail\n",
    );
    check("a: 1", "b", "2", "a: 1\nb: 2");
    check("a: 1\r\n", "b.c", "2", "a: 1\r\nb:\r\n  c: 2\r\n");
    check(
        "a:\n    b: 1\nc: 2\n",
        "a.d.e",
        "3",
        "a:\n    b: 1\n    d:\n        e: 3\nc: 2\n",
    );
    check("a:\nb: 1\n", "a.c", "2", "a:\n  c: 2\nb: 1\n");
    check("a: ~ # c\nb: 1\n", "a.c", "2", "a: # c\n  c: 2\nb: 1\n");
    check("a: {}\nb: 1\n", "a.c.d", "2", "a:\n  c:\n    d: 2\nb: 1\n");
    check("a: {b: 1}\n", "a.c.d", "2", "a: {b: 1, c: {d: 2}}\n");
    check("a: { b: 1, } # c\n", "a.c", "2", "a: { b: 1, c: 2, } # c\n");
    check("a: {b: {}}\n", "a.b.c", "[x]", "a: {b: {c: [x]}}\n");
    check("a: [{b: }]\n", "a[0].c", "2", "a: [{b: , c: 2}]\n");
    check(
        "- a: 1\n  b: 2\n- c\n",
        "[0].d",
        "3",
        "- a: 1\n  b: 2\n  d: 3\n- c\n",
    );
    check(
        "a: |\n  x\nb: |\n  y\n",
        "c",
        "1",
        "a: |\n  x\nb: |\n  y\nc: 1\n",
    );
    check("a: |\n  x", "c", "1", "a: |-\n  x\nc: 1");
    check("a: |+\n  x\n\n", "c", "1", "a: |+\n  x\n\nc: 1\n");
    check("a: 1\n", "'y'", "1", "a: 1\n'''y''': 1\n");
    check("a: 1\n", "yes", "1", "a: 1\n\"yes\": 1\n");
    check("a: 1\n", "<<", "1", "a: 1\n\"<<\": 1\n");
    check(
        "a: 1\n",
        "l",
        "[1, [], {}]",
        "a: 1\nl:\n  - 1\n  - []\n  - {}\n",
    );
    check("a:\n- 1\n", "l", "[1]", "a:\n- 1\nl:\n- 1\n");
    check(
        "a:\n- 1\n- 2 # c\nb: 1\n",
        "a[2]",
        "x",
        "a:\n- 1\n- 2 # c\n- x\nb: 1\n",
    );
    check("a: [1]\n", "a[1]", "x", "a: [1, x]\n");
    check("a: 1\n", "l[0].b", "2", "a: 1\nl:\n  - b: 2\n");
    check(
        "x: &x {a: 1}\ny:\n  <<: *x\n",
        "y.b",
        "2",
        "x: &x {a: 1}\ny:\n  <<: *x\n  b: 2\n",
    );
}

#[test]
fn documents_without_content_are_begun() {
    let begun = |text: &str, at: &str, new: &str| {
        begin(text, &path(at), &value(new))
            .map(|edit| edit.apply(text))
            .map_err(|error| error.to_string())
    };
    assert_eq!(begun("", "a.b", "1"), ok("a:\n  b: 1\n"));
    assert_eq!(begun("# c\r\n", "a.b", "1"), ok("# c\r\na:\r\n  b: 1\r\n"));
    assert_eq!(begun("# c", "", "[1]"), ok("# c\n- 1"));
    assert!(begun("a: 1\n", "b", "1").is_err());
    let check = |before: &str, after: &str| {
        assert_eq!(set_to(before, "a", "1"), ok(after), "{before:?}");
    };
    check("--- # c\n", "--- # c\na: 1\n");
    check("x: 1\n---\n# c\n...\n", "x: 1\n---\na: 1\n# c\n...\n");
    check("---", "---\na: 1");
}

#[test]
fn items_are_inserted() {
    let check = |before: &str, at: &str, index: usize, new: &str, after: &str| {
        let found = edited(before, |document| {
            insert(before, document, &path(at), index, &value(new))
        });
        assert_eq!(found, ok(after), "{before:?} {at} {index} {new}");
    };
    check("a:\n- 1 # c\n- 2\n", "a", 0, "x", "a:\n- x\n- 1 # c\n- 2\n");
    check(
        "a:\n- 1 # c\n- 2\n",
        "a",
        1,
        "{b: 1, c: 2}",
        "a:\n- 1 # c\n- b: 1\n  c: 2\n- 2\n",
    );
    check("a: [1, 2]\n", "a", 0, "x", "a: [x, 1, 2]\n");
    check("a: [ 1, &q 2]\n", "a", 1, "x", "a: [ 1, x, &q 2]\n");
    check("a: [1, 2]\n", "a", 2, "x", "a: [1, 2, x]\n");
    check("- - 1\n  - 2\n", "[0]", 0, "x", "- - x\n  - 1\n  - 2\n");
    let text = "a: []\nb: {}\n";
    let appended = |at: &str| {
        edited(text, |document| {
            append(text, document, &path(at), &value("x"))
        })
    };
    assert_eq!(appended("a"), ok("a:\n  - x\nb: {}\n"));
    assert_eq!(appended("c.d"), ok("a: []\nb: {}\nc:\n  d:\n    - x\n"));
}

#[test]
fn keys_and_items_are_removed() {
    let check = |before: &str, at: &str, after: &str| {
        let found = edited(before, |document| remove(before, document, &path(at)));
        assert_eq!(found, ok(after), "{before:?} {at}");
    };
    check(
        "a: 1\n# about b\n# more\nb: 2 # c\n# about d\nd: 3\n",
        "b",
        "a: 1\n# about d\nd: 3\n",
    );
    check("a: 1\n\n# far\n\n# near\nb: 2\n", "b", "a: 1\n\n# far\n\n");
    check("a: 1\nb: 2", "b", "a: 1");
    check("a: 1\r\nb: 2\r\n", "a", "b: 2\r\n");
    check("a:\n  b: 1 # c\nd: 2\n", "a.b", "a: {}\nd: 2\n");
    check("a:\n  - 1\nd: 2\n", "a[0]", "a: []\nd: 2\n");
    check(
        "a:\n  b:\n    c: 1\n    # in\n  # out\n  d: 2\n",
        "a.b",
        "a:\n  # out\n  d: 2\n",
    );
    check(
        "- a: 1\n  # about b\n  b: 2\n- c\n",
        "[0].a",
        "- # about b\n  b: 2\n- c\n",
    );
    check("- a: 1\n  b: 2\n- c\n", "[0].a", "- b: 2\n- c\n");
    check("- a: 1\n  b: 2\n- c\n", "[0].b", "- a: 1\n- c\n");
    check("- a: 1\n  b: 2\n- c\n", "[0]", "- c\n");
    check("- - 1\n  - 2\n", "[0][0]", "- - 2\n");
    check("a: {b: 1, c: 2, d: 3}\n", "a.b", "a: {c: 2, d: 3}\n");
    check("a: {b: 1, c: 2, d: 3}\n", "a.c", "a: {b: 1, d: 3}\n");
    check("a: {b: 1, c: 2, d: 3}\n", "a.d", "a: {b: 1, c: 2}\n");
    check("a: { b: 1 }\n", "a.b", "a: {}\n");
    check("a: [1, 2,]\n", "a[1]", "a: [1,]\n");
    check("a: |\n  x\n\nb: 1\n", "a", "\nb: 1\n");
    check("a: 1\nb: |-\n  x\n", "b", "a: 1\n");
    check("a:\nb:\n", "a", "b:\n");
    check("a: 1\n", "a", "{}\n");
}

#[test]
fn what_is_not_safe_is_refused() {
    let check = |before: &str, at: &str, why: &str| {
        assert_eq!(
            set_to(before, at, "1"),
            Err(why.to_owned()),
            "{before:?} {at}"
        );
    };
    check(
        "a: x\n",
        "a.b",
        "`a` is neither empty nor of the kind that the path needs",
    );
    check("a: [1]\n", "a[3]", "`a[3]` does not exist");
    check(
        "a: &x {b: 1}\nc: *x\n",
        "c.b",
        "`c` is an alias of another value",
    );
    check(
        "a: &x {b: 1}\nc: *x\n",
        "a.b",
        "`a` is shared through the anchor `x`",
    );
    check(
        "a: &x 1\nc: *x\n",
        "a",
        "`a` is shared through the anchor `x`",
    );
    check(
        "a: {b: &x 1}\nc: *x\n",
        "a",
        "`a` is shared through the anchor `x`",
    );
    check(
        "x: &x {a: 1}\ny: {a: 2, <<: *x}\n",
        "y.a",
        "`y.a` takes part in a merge (`<<`)",
    );
    check(
        "x: &x {a: {b: 1}}\ny: {<<: *x}\n",
        "y.a.c",
        "`y` takes part in a merge (`<<`)",
    );
    check(
        "a: !!str 1\n",
        "a",
        "`a` has the tag `tag:yaml.org,2002:str`",
    );
    let removed = |text: &str, at: &str| edited(text, |document| remove(text, document, &path(at)));
    let check =
        |text: &str, at: &str, why: &str| assert_eq!(removed(text, at), Err(why.to_owned()));
    check("a: 1\n", "b", "`b` does not exist");
    check("a: 1\n", "", "`` does not exist");
    check("a: 1\na: 2\n", "a", "`a` is written more than once");
    check(
        "x: &x {a: 1}\ny: {a: 2, b: 3, <<: *x}\n",
        "x",
        "`x` is shared through the anchor `x`",
    );
}

/// A document as somebody might have written it.
#[derive(Debug, Clone)]
enum Written {
    Scalar(&'static str),
    Literal(&'static str, Vec<&'static str>),
    Map(Vec<(&'static str, Written, Around)>),
    /// A list, at the column of its key or deeper.
    List(bool, Vec<(Written, Around)>),
}

/// What stands around an entry.
#[derive(Debug, Clone, Copy)]
struct Around {
    blank: bool,
    comment_above: bool,
    comment_behind: bool,
}

fn around() -> impl Strategy<Value = Around> {
    (any::<[bool; 6]>()).prop_map(|[a, b, c, d, e, f]| Around {
        blank: a && d,
        comment_above: b && e,
        comment_behind: c && f,
    })
}

fn written() -> impl Strategy<Value = Written> {
    let scalar = prop::sample::select(vec![
        "x",
        "'it''s'",
        "\"q\\n\"",
        "1",
        "",
        "~",
        "a b",
        "true",
        "{}",
        "[]",
        "[1, {a: b}]",
        "{k: v, l: [1], m}",
        "{ k: v }",
        "&n x",
        "- ",
        "a\n                              b",
    ])
    .prop_map(|text| Written::Scalar(if text == "- " { "-1" } else { text }));
    let literal = (
        prop::sample::select(vec!["|", "|-", "|+", ">", ">-", "| # c"]),
        prop::collection::vec(prop::sample::select(vec!["l", "", "m m", " n"]), 1..4),
    )
        .prop_map(|(header, mut lines)| {
            // The first line fixes the indentation.
            lines.insert(0, "first");
            Written::Literal(header, lines)
        });
    let leaf = prop_oneof![4 => scalar, 1 => literal];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let keys = prop::sample::subsequence(vec!["a", "b", "'c d'", "e.f", "\"g\"", "h"], 1..4);
        prop_oneof![
            (keys, prop::collection::vec((inner.clone(), around()), 4)).prop_map(
                |(keys, values)| {
                    Written::Map(
                        keys.into_iter()
                            .zip(values)
                            .map(|(key, (value, around))| (key, value, around))
                            .collect(),
                    )
                }
            ),
            (
                any::<bool>(),
                prop::collection::vec((inner, around()), 1..4)
            )
                .prop_map(|(flat, items)| Written::List(flat, items)),
        ]
    })
}

/// Writes one entry behind its key or dash.
fn write(out: &mut String, value: &Written, column: usize, in_map: bool, around: Around) {
    let comment = if around.comment_behind {
        " # behind"
    } else {
        ""
    };
    match value {
        Written::Scalar("") => *out += &format!("{comment}\n"),
        Written::Scalar(text) => *out += &format!(" {text}{comment}\n"),
        Written::Literal(header, lines) => {
            *out += &format!(" {header}\n");
            for line in lines {
                let indent = if line.is_empty() { 0 } else { column + 2 };
                *out += &format!("{}{line}\n", " ".repeat(indent));
            }
        }
        Written::Map(_) | Written::List(..) if in_map => {
            *out += &format!("{comment}\n");
            let deeper = match value {
                Written::List(true, _) => column,
                _ => column + 2,
            };
            write_lines(out, value, deeper, false);
        }
        _ => {
            out.push(' ');
            write_lines(out, value, column + 2, true);
        }
    }
}

fn write_lines(out: &mut String, value: &Written, column: usize, mut begun: bool) {
    let pad = " ".repeat(column);
    let mut open = |out: &mut String, around: Around| {
        if !begun {
            if around.blank {
                out.push('\n');
            }
            if around.comment_above {
                *out += &format!("{pad}# above\n");
            }
            *out += &pad;
        }
        begun = false;
    };
    match value {
        Written::Map(entries) => {
            for (key, value, around) in entries {
                open(out, *around);
                *out += &format!("{key}:");
                write(out, value, column, true, *around);
            }
        }
        Written::List(_, items) => {
            for (value, around) in items {
                open(out, *around);
                out.push('-');
                write(out, value, column, false, *around);
            }
        }
        scalar => write(
            out,
            scalar,
            0,
            false,
            Around {
                blank: false,
                comment_above: false,
                comment_behind: false,
            },
        ),
    }
}

/// A way into `value`, steered by `choices`; where they run beyond it, towards something new.
fn way(value: &Value, choices: &[u8]) -> Path {
    let mut path = Path::root();
    let mut value = value;
    for &choice in choices {
        let choice = usize::from(choice);
        match &value.data {
            Data::Mapping(mapping) => {
                let Some(entry) = mapping.iter().nth(choice % (mapping.len() + 1)) else {
                    return path.key("new").key("below");
                };
                path = path.key(entry.key.as_str());
                value = &entry.value;
            }
            Data::Sequence(items) => {
                let index = choice % (items.len() + 1);
                path = path.index(index);
                match items.get(index) {
                    Some(item) => value = item,
                    None => return path,
                }
            }
            Data::Null => return path.key("new"),
            _ => return path,
        }
    }
    path
}

fn comments(text: &str) -> Vec<&str> {
    let stream = parse(text);
    assert_eq!(stream.error, None, "{text}");
    let all = stream
        .documents
        .into_iter()
        .flat_map(|document| document.comments);
    all.map(|comment| comment.span.of(text)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("CASES").map_or(400, |n| n.parse().unwrap()), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edits_do_what_they_say(
        document in written(),
        choices in prop::collection::vec(any::<u8>(), 0..5),
        new in prop::sample::select(vec![
            "z", "'yes'", "5", "\"l\\nm\\n\"", "\"l\\n\\n  m\"", "{}", "[]", "null", "' lead'", "1.5",
            "{p: {q: 1}, r: [x, {s: t}]}", "[u, [v], {w: \"l\\nm\", o: [q]}]", "'#'", "'a, b: c'",
        ]),
        crlf in any::<bool>(),
        chop in any::<bool>(),
        // Of a stream of two documents, the second is edited.
        second in any::<bool>(),
    ) {
        let mut text = if second { "# first\n---\na: 1\n---\n" } else { "" }.to_owned();
        write_lines(&mut text, &document, 0, false);
        if chop && !text.ends_with("\n\n") {
            text.pop();
        }
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        let stream = parse(&text);
        prop_assert_eq!(&stream.error, &None, "{}", text);
        let Some(document) = stream.documents.last() else { return Ok(()) };
        let Ok(before) = document.value(Dialect::Helm, &mut |_| Origin::NONE) else { return Ok(()) };
        let at = way(&before, &choices);
        let new = value(new);
        let index = usize::from(choices.first().copied().unwrap_or(0)) % 3;
        let results = [
            ("set", set(&text, document, &at, &new)),
            ("remove", remove(&text, document, &at)),
            ("append", append(&text, document, &at, &new)),
            ("insert", insert(&text, document, &at, index, &new)),
        ];
        for (what, result) in results {
            let edit = match result {
                Ok(edit) => edit,
                // A document that is nothing has no place for anything.
                Err(EditError::Unsafe(path)) => {
                    prop_assert!(document.root.is_none(), "{} {}\n{}", what, path, text);
                    continue;
                }
                Err(_) => continue,
            };
            let after = edit.apply(&text);
            let shown = format!("{what} {at} {new:?}\n{text}\n-----\n{after}");
            prop_assert!(!text.contains("\r\n") || !after.replace("\r\n", "").contains('\n'), "{}", shown);
            // Behind a removed last entry a blank line or the end of a block scalar may come to light.
            if what != "remove" || text.ends_with('\n') && !after.is_empty() {
                prop_assert_eq!(text.ends_with('\n'), after.ends_with('\n'), "{}", shown);
            }
            let was_scalar = document.at(&at).is_some_and(|(id, depth)| {
                depth < at.steps().len() || matches!(document.node(id).kind, NodeKind::Scalar { .. })
            });
            if what != "remove" && was_scalar {
                prop_assert_eq!(comments(&text), comments(&after), "{}", shown);
            }
        }
    }
}
