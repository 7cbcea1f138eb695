#!/usr/bin/env python3
"""Records what OPA answers to small modules: record_rego.py FOLDER, where FOLDER holds the unpacked wheel of
`opa-golib-python-bindings`. Rewrites rego.jsonl beside this file; the cases are the list below."""
import json
import pathlib
import sys

sys.path.insert(0, sys.argv[1])
from opa_bindings import OpaEngine, OpaError  # noqa: E402

INPUT = {"a": {"image": "x/y:1", "n": 3, "list": [1, 2, 3], "flag": False}, "items": [{"name": "web"}, {"image": "nginx"}], "keys": ["n", "z"]}
NOT = {
    "call": 'p if not startswith(input.a.none, "x")',
    "call-defined": 'p if not startswith(input.a.image, "q")',
    "nested-call": "p if not count(input.none) == 0",
    "nested-call-defined": "p if not count(input.items) == 0",
    "equality": 'p if not input.a.none == "x"',
    "inequality": 'p if not input.a.none != "x"',
    "less": "p if not input.a.none < 3",
    "membership": "p if not input.a.none in {1, 2}",
    "membership-collection": "p if not 1 in input.none",
    "membership-key": "p if not 7, 1 in input.a.list",
    "reference": "p if not input.a.none",
    "reference-defined": "p if not input.a.flag",
    "indirect": 'p if not input.a[input.none]',
    "iterated": 'p contains x if { some x in input.items; not startswith(x.image, "z") }',
    "comprehension": 'p := [x | some x in input.items; not contains(x.name, "q")]',
    "with": 'p if { not startswith(input.none, "x") with input as {"none": "y"} }',
    "rule": "q if input.none\np if not f(q)\nf(x) if x",
    "rule-defined": "q := 1\np if not f(q)\nf(x) if x == 2",
    "every": 'p if { every x in input.items { not startswith(x.image, "z") } }',
    "every-defined": 'p if { every x in input.items { not startswith(object.get(x, "image", ""), "z") } }',
    "else": 'p := 1 if { not startswith(input.none, "x") } else := 2',
    "arithmetic": "p if not input.none + 1 == 2",
    "array": "p if not [input.none] == [1]",
    "array-call": "p if not f([input.none])\nf(x) if x == [1]",
    "object-call": 'p if not f({"k": input.none})\nf(x) if x.k',
    "bare-body": 'p := 1 if not endswith(input.none, "x")\nelse := 2 if not endswith(input.a.image, "x")',
    "lines": 'p if {\n\tnot any_of([\n\t\tinput.none,\n\t\t1, # a comment\n\t])\n}\nany_of(x) if x[_]',
    "set": "p if not {1} & input.none",
    "string-in-call": 'p if not regex.match(`^a.b$`, input.none)',
    "local": 'p if { x := input.a.n; not x == 4; not f(x) }\nf(x) if x == 4',
}
OTHERS = {
    "subset-empty": 'p := [object.subset([1, 2], []), object.subset({1}, set()), object.subset({"a": [1]}, {})]',
    "subset-run": 'p := [object.subset([1, 2, 3], [2, 3]), object.subset([1, 2, 3], [1, 3]), object.subset([1, 2], {2}), object.subset({"a": [1, 2]}, {"a": [2]}), object.subset([[1, 2]], [[1]])]',
    "count-empty": 'p := [strings.count("abc", ""), strings.count("é", ""), strings.count("aaaa", "aa")]',
    "template": 'p := [regex.template_match(t, v, "{", "}") | some [t, v] in [["urn:foo:{.*}", "x"], ["urn:foo:{.*}", "urn:foo:a:b"], ["a{x{2}}b", "axxb"], ["a{x|y}", "ayz"], ["", "x"], ["a.b", "axb"]]]',
    "variable-like-import": "import rego.v1\np := [v1 | some v0 in input.keys; some v1 in input.a.list; v0 != v1]",
    "variable-like-keyword-import": "import future.keywords.in\nimport future.keywords # a comment\np := [keywords | some keywords in input.keys]",
    "not-object-of-several": 'p if not {"a": input.none, "b": 1} == {"a": 1, "b": 1}',
    "not-object-in-call": 'p if not f({"a": 1, "b": input.a.n})\nf(x) if x.b == 4',
    "every-of-nothing": "p if { every x in input.none { x == 1 } }",
    "fact": 'f("x")\np if f("x")',
    "fact-else": 'f("x")\nf("y") := 2\np := [f("x"), f("y")]',
    "comprehension-head": "a := input.items\np := [a[i] | x = i; x == 1]",
    "comprehension-head-set": 'p := {input.a[k] | some k in input.keys}',
    "comprehension-head-object": 'p := {k: input.a[k] | some k in input.keys}',
    "unicode-word": r'p := regex.match(`^\w+$`, "größe")',
    "unicode-digit": r'p := regex.match(`^\d+$`, "٣")',
    "unicode-space": r'p := regex.match(`^\s$`, "\u00a0")',
    "big-pattern": r'p := regex.match(`^[\w][\w.-]{0,127}$`, "v1.2.3")',
    "boundary": r'p := regex.find_n(`\bfoo\b`, "foo éfoo foo", -1)',
    "replace": r'p := regex.replace("a1b22", `(\d+)`, "<$1>")',
    "split": r'p := regex.split(`[,;]`, "a,b;c")',
    "submatch": r'p := regex.find_all_string_submatch_n(`(\w)=(\w)`, "a=1 b=2", 1)',
    "sprintf-float": 'p := sprintf("%v %v %v", [1.5, 0.1, input.a.n])',
    "sprintf-width": 'p := sprintf("[%-5s][%5s][%05d][%x][%o]", ["a", "b", 42, 255, 504])',
    "sprintf-composite": 'p := sprintf("%v %v %v %v %v", [[1, "a"], {"k": 1}, {1, 2}, set(), null])',
    "sprintf-bool": 'p := sprintf("%v %s", [true, false])',
    "sprintf-wrong": 'p := sprintf("%d %s", ["x", 1])',
    "sprintf-few": 'p := sprintf("%s %s", ["x"])',
    "yaml": 'p := yaml.unmarshal("a: yes\\nb: 012\\nc: 1.0\\nd: [on, ~]")',
    "sha256": 'p := crypto.sha256("abc")',
    "sha1": 'p := crypto.sha1("abc")',
    "hmac": 'p := [crypto.hmac.sha256("m", "k"), crypto.hmac.sha1("m", "k"), crypto.hmac.sha512("m", "k")]',
    "jwt": 'p := io.jwt.decode("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.AQID")',
    "cidr": 'p := [net.cidr_intersects("10.0.0.0/8", "10.1.0.0/16"), net.cidr_intersects("10.0.0.0/8", "11.0.0.0/8"), net.cidr_contains("10.0.0.0/8", "10.1.2.3")]',
    "cidr-merge": 'p := net.cidr_merge(["10.0.0.0/9", "10.128.0.0/9", "192.168.1.0/24", "10.1.0.0/16"])',
    "range": "p := numbers.range(5, 2)",
    "count": 'p := strings.count("banana", "an")',
    "object-get": 'p := object.get(input, ["a", "none"], "d")',
    "union": "p := {1, 2} | {2, 3}",
    "format-int": "p := [format_int(255, 16), to_number(\"1.5\")]",
    "walk": "p := count([x | walk(input.a, [_, x])])",
    "json-filter": 'p := json.filter(input, ["a/n"])',
    "default-function": "default f(_) := 0\nf(x) := 1 if x > 1\np := [f(1), f(2)]",
    "semver": 'p := semver.compare("1.2.3", "1.10.0")',
    "glob": 'p := [glob.match("*.example.com", ["."], "a.example.com"), glob.match("*.example.com", ["."], "a.b.example.com")]',
    "trim": 'p := [trim("  a ", " "), trim_space(" b "), trim_prefix("abc", "a")]',
    "units": 'p := [units.parse_bytes("1Gi"), units.parse("100m")]',
    "parameter-twice": 'f(x, x) := "same" if x > 0\np := [v | some a in [[1, 1], [1, 2]]; v := f(a[0], a[1])]',
    "parameter-twice-fact": 'f(x, x) := "same"\nf(x, y) := "other" if x != y\np := [f(1, 1), f(1, 2)]',
    "parameter-twice-else": "f(x, x) := 1 if { x > 1 } else := 2 if { x > 0 }\np := [v | some a in [[2, 2], [1, 1], [1, 2]]; v := f(a[0], a[1])]",
    "parameter-twice-bare": "f(x, x) if x > 1\np := [a | some a in [[2, 2], [1, 1], [2, 3]]; f(a[0], a[1])]",
    "parameter-twice-in-array": "f([x, y, x]) := y if true\np := [v | some a in [[1, 2, 1], [1, 3, 2]]; v := f(a)]",
    "parameter-twice-in-object": 'f({"a": x, "b": x}, _, _) if true\np := [a | some a in [{"a": 1, "b": 1}, {"a": 1, "b": 2}]; f(a, 1, 2)]',
    "parameter-twice-not": 'f(x, x) if not startswith(x, "a")\np := [a | some a in [["a", "a"], ["b", "b"], ["b", "c"]]; f(a[0], a[1])]',
    "replace-text": 'p := [replace("aaa", "a", "bb"), replace("ab", "", "-"), replace("ab", "c", "d")]',
    "replace-n": 'p := [strings.replace_n({"<": "&lt;", ">": "&gt;"}, "<a>"), strings.replace_n({"a": "b", "b": "a"}, "abc"), strings.replace_n({"ab": "1", "a": "2"}, "abac")]',
    "concat": 'p := [concat(",", ["a", "b"]), concat("", {"b", "a"}), concat("/", [])]',
    "range-step": "p := [numbers.range_step(1, 10, 3), numbers.range_step(10, 1, 4), numbers.range_step(1, 1, 5)]",
    "cidr-expand": 'p := net.cidr_expand("10.0.0.252/30")',
    "array-concat": "p := array.concat(input.a.list, [x | some x in input.a.list])",
    "product": "p := [product(input.a.list), 6 * input.a.n * (1 + 1)]",
    "shift": "p := [bits.lsh(1, 40), bits.lsh(input.a.n, 2)]",
    "walk-made": "p := count([x | walk([[1, 2], input.a.list], [_, x])])",
    "marshal-made": 'p := json.marshal({"a": [x | some x in input.a.list]})',
    "split-made": 'p := split(concat(",", ["a", "b"]), ",")',
    "partial-object": 'p[k] := v if some k, v in input.a',
    "ternary": "p := x if { input.a.flag; x := 1 } else := 2",
}


def answer(body):
    engine = OpaEngine()
    try:
        engine.add_policy("case.rego", f"package case\n\n{body}\n")
        return {"value": engine.eval_document("case.p", INPUT)}
    except Exception as error:  # noqa: BLE001
        name = type(error).__name__
        return {"undefined": True} if "Undefined" in name else {"error": str(error)}


if __name__ == "__main__":
    rows = [{"name": f"not/{n}", "body": b, **answer(b)} for n, b in NOT.items()]
    rows += [{"name": n, "body": b, **answer(b)} for n, b in OTHERS.items()]
    out = pathlib.Path(__file__).with_name("rego.jsonl")
    lines = [json.dumps({"input": INPUT})] + [json.dumps(row, ensure_ascii=False) for row in rows]
    out.write_text("\n".join(lines) + "\n")
