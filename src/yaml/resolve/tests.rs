//! Scalars, mappings, origins and limits, by example.

use super::*;
use crate::yaml::parse;

/// A value in a compact notation that keeps integers and floats apart.
fn show(value: &Value) -> String {
    match &value.data {
        Data::Null => "null".to_owned(),
        Data::Bool(value) => value.to_string(),
        Data::Int(value) => value.to_string(),
        Data::Uint(value) => format!("{value}u"),
        Data::Float(value) => format!("{value:?}f"),
        Data::String(text) => format!("{text:?}"),
        Data::Sequence(items) => {
            let items: Vec<String> = items.iter().map(show).collect();
            format!("[{}]", items.join(" "))
        }
        Data::Mapping(mapping) => {
            let entries: Vec<String> = mapping
                .iter()
                .map(|entry| format!("{}:{}", entry.key, show(&entry.value)))
                .collect();
            format!("{{{}}}", entries.join(" "))
        }
    }
}

fn read(text: &str, dialect: Dialect) -> Result<String, String> {
    let stream = parse(text);
    assert_eq!(stream.error, None, "{text:?}");
    let Some(document) = stream.documents.first() else {
        return Ok("nothing".to_owned());
    };
    document
        .value(dialect, &mut |_| Origin::NONE)
        .map(|value| show(&value))
        .map_err(|error| error.message)
}

#[test]
fn scalars_in_both_dialects() {
    let check = |text: &str, helm: &str, kustomize: &str| {
        let text = format!("[{text}]");
        let of = |dialect| match read(&text, dialect) {
            Ok(found) => found[1..found.len() - 1].to_owned(),
            Err(message) => format!("! {message}"),
        };
        assert_eq!(
            (of(Dialect::Helm).as_str(), of(Dialect::Kustomize).as_str()),
            (helm, kustomize),
            "{text}"
        );
    };
    let both = |text: &str, expected: &str| check(text, expected, expected);
    check("yes", "true", "\"yes\"");
    check("Off", "false", "\"Off\"");
    both("yEs", "\"yEs\"");
    both("True", "true");
    both("~", "null");
    both("Null", "null");
    both("'null'", "\"null\"");
    both("017", "15");
    both("0o17", "15");
    both("08", "8");
    both("0b11", "3");
    both("-0b11", "-3");
    both("0b-11", "-3");
    check("0o-17", "\"0o-17\"", "-15");
    both("0x1F", "31");
    both("+0X_1_F", "31");
    both("1_000", "1000");
    both("+1", "1");
    both("-1_", "-1");
    both("12:30", "\"12:30\"");
    both("9223372036854775807", "9223372036854775807");
    both("9223372036854775808", "9223372036854775808u");
    both("-9223372036854775809", "-9.223372036854776e18f");
    both("1.2345678901234567e19", "12345678901234567000u");
    both("18446744073709551616", "1.8446744073709552e19f");
    both("1.0", "1");
    both("1e3", "1000");
    both("1e400", "\"1e400\"");
    both("-.5", "-0.5f");
    both(".5", "0.5f");
    both("._5", "\"._5\"");
    both(".1_5", "0.15f");
    both(".5_", "\".5_\"");
    both("1.5e-7", "1.5e-7f");
    both("-0.0", "-0.0f");
    both("0x1p-2", "\"0x1p-2\"");
    both("1.", "1");
    both("..5", "\"..5\"");
    both(".inf", "! json: unsupported value: +Inf");
    both("-.INF", "! json: unsupported value: -Inf");
    both(".nan", "! json: unsupported value: NaN");
    both("inf", "\"inf\"");
    check("2001-01-01", "\"2001-01-01\"", "\"2001-01-01T00:00:00Z\"");
    check(
        "2001-1-1 2:3:4.5000",
        "\"2001-1-1 2:3:4.5000\"",
        "\"2001-01-01T02:03:04.5Z\"",
    );
    check(
        "2001-1-1t2:3:4+01:30",
        "\"2001-1-1t2:3:4+01:30\"",
        "\"2001-01-01T02:03:04+01:30\"",
    );
    both("2001-02-30", "\"2001-02-30\"");
    both("'2001-01-01'", "\"2001-01-01\"");
    both("!!str 1", "\"1\"");
    both("!!int '1'", "1");
    both("!!float 1", "1");
    both("!!int 1.5", "! cannot decode !!float `1.5` as a !!int");
    both("!!bool x", "! cannot decode !!str `x` as a !!bool");
    check(
        "!!bool yes",
        "true",
        "! cannot decode !!str `yes` as a !!bool",
    );
    both("!!null ''", "null");
    both("!!binary aGk=", "\"hi\"");
    both("!!binary /w==", "\"\u{fffd}\"");
    both(
        "!!binary x",
        "! !!binary value contains invalid base64 data",
    );
    both("!foo 1", "\"1\"");
    check("! '1'", "1", "\"1\"");
    both("<<", "\"<<\"");
    both("=", "\"=\"");
    both(
        "!!timestamp x",
        "! cannot decode !!str `x` as a !!timestamp",
    );
}

#[test]
fn mappings_in_both_dialects() {
    let check = |text: &str, helm: &str, kustomize: &str| {
        let of = |dialect| read(text, dialect).unwrap_or_else(|message| format!("! {message}"));
        assert_eq!(
            (of(Dialect::Helm).as_str(), of(Dialect::Kustomize).as_str()),
            (helm, kustomize),
            "{text}"
        );
    };
    let map = "json: unsupported type: map[interface {}]interface {}";
    check(
        "a: 1\nb:\na: 2\n",
        "{a:2 b:null}",
        "! mapping key \"a\" already defined",
    );
    check(
        "y: 1\n1.50: 2\n0x10: 3\n",
        "{true:1 1.5:2 16:3}",
        "{y:1 1.50:2 0x10:3}",
    );
    check(
        "a: {1: b}",
        "{a:{1:b}}".replace(":b", ":\"b\"").as_str(),
        &format!("! {map}"),
    );
    check(
        "~: 1\nb: 2\n",
        "! unsupported map key of type: %!s(<nil>), key: <nil>, value: 1",
        "{b:2}",
    );
    check(
        "[a]: 1",
        "! invalid map key: []interface {}{\"a\"}",
        "! invalid map key: []interface {}{\"a\"}",
    );
    check(
        "x: &x {a: 1, b: 2}\nz: {b: 3, <<: *x, a: 4}\n",
        "{x:{a:1 b:2} z:{b:2 a:4}}",
        "{x:{a:1 b:2} z:{b:3 a:4}}",
    );
    check(
        "x: &x {a: 1}\nw: &y {a: 2, c: 3}\nz: {<<: [*x, *y]}\n",
        "{x:{a:1} w:{a:2 c:3} z:{a:1 c:3}}",
        "{x:{a:1} w:{a:2 c:3} z:{a:1 c:3}}",
    );
    check("<<: {a: 1, <<: {b: 2, a: 3}}", "{a:3 b:2}", "{a:1 b:2}");
    check("\"<<\": {a: 1}", "{<<:{a:1}}", "{<<:{a:1}}");
    check(
        "<<: 1",
        "! map merge requires map or sequence of maps as the value",
        "! map merge requires map or sequence of maps as the value",
    );
    check("a: &k b\n*k : 1\n", "{a:\"b\" b:1}", "{a:\"b\" b:1}");
    check("# nothing\n", "nothing", "nothing");
    check("---\n# nothing\n", "null", "null");
    check(
        "a: {2001-01-01: 1}",
        "{a:{2001-01-01:1}}",
        &format!("! {map}"),
    );
}

#[test]
fn origins_are_the_places_of_the_text() {
    let text = "a:\n  - b: x\nc: &c {d: 1}\ne:\n  <<: *c\nf: *c\ng: []\n";
    let stream = parse(text);
    let mut origins = crate::origin::Origins::new();
    let path = crate::text::RepoPath::new("v.yaml").unwrap();
    let file = origins.add_file(&path, &text.into());
    let value = stream.documents[0]
        .value(Dialect::Helm, &mut |span| {
            origins.source(file, span, crate::origin::Role::Values)
        })
        .unwrap();
    let at = |path: &str| {
        let value = value.at(&path.parse().unwrap()).unwrap();
        let span = origins.trace(value.origin).data[0].span;
        (span.start, span.of(text))
    };
    assert_eq!(at(""), (0, "a"));
    assert_eq!(at("a"), (7, "b"));
    assert_eq!(at("a[0].b"), (10, "x"));
    assert_eq!(at("e.d"), (22, "1"));
    assert_eq!(at("f"), (19, "d"));
    assert_eq!(at("g"), (46, "[]"));
    let entry = value
        .get("e")
        .unwrap()
        .as_mapping()
        .unwrap()
        .entry("d")
        .unwrap();
    assert_eq!(origins.trace(entry.key_origin).data[0].span.start, 19);
}

#[test]
fn aliases_are_bounded() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let below = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb += &format!("a{level}: &a{level} [{below}]\n");
    }
    let padding = "x, ".repeat(4000);
    let mut chain = format!("p: [{padding}]\na0: &a0 [x]\n");
    for level in 1..600 {
        chain += &format!("a{level}: &a{level} [*a{}]\n", level - 1);
    }
    for dialect in [Dialect::Helm, Dialect::Kustomize] {
        assert_eq!(
            read(&bomb, dialect),
            Err("document contains excessive aliasing".to_owned())
        );
        assert_eq!(
            read(&chain, dialect),
            Err("found more than 500 levels of nesting".to_owned())
        );
    }
}

#[test]
fn the_deepest_value_needs_little_stack() {
    let deepest = || {
        let text = format!("{}x{}", "{a: ".repeat(MAX_DEPTH), "}".repeat(MAX_DEPTH));
        let stream = parse(&text);
        for dialect in [Dialect::Helm, Dialect::Kustomize] {
            let value = stream.documents[0]
                .value(dialect, &mut |_| Origin::NONE)
                .unwrap();
            assert!(crate::yaml::emit::emit(&value).is_ok());
            assert_eq!(value, value.clone());
        }
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20);
    thread.spawn(deepest).unwrap().join().unwrap();
}

#[test]
fn large_mappings_are_linear() {
    let mut text = String::new();
    for n in 0..200_000 {
        text += &format!("k{}: {n}\n", n % 100_000);
    }
    let stream = parse(&text);
    let value = stream.documents[0]
        .value(Dialect::Helm, &mut |_| Origin::NONE)
        .unwrap();
    assert_eq!(value.as_mapping().map(Mapping::len), Some(100_000));
    let last = value.as_mapping().and_then(|mapping| mapping.iter().last());
    assert_eq!(
        last.map(|entry| entry.value.data.clone()),
        Some(Data::Int(199_999))
    );
}
