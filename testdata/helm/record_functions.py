#!/usr/bin/env python3
"""Records what the real Helm makes of the expressions in functions.txt, as functions.jsonl.

    record_functions.py path/to/helm4 path/to/helm3

Each line of functions.txt is an expression; what is recorded is its Go type and its value as toRawJson shows it, or the
error. Every function has rows without arguments, with too many, and with arguments of the wrong types, beside those that
somebody thought of. Where two runs of Helm differ (random, time), only the type is recorded. `cargo test` reads only
functions.jsonl, and fails when a function has no row."""
import base64, datetime, json, os, re, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
TEMPLATE = 'r: {{ $v := EXPR }}{{ printf "%T\\n%s" $v (toRawJson $v) | b64enc }}\n'
VALUES = "f: 1.5\nbig: 1e21\nl: [b, 1, null, a]\n"
GROUP = 40

def run(helm, templates):
    """Helm's answers to some expressions, each the template of a subdirectory; None where it fails."""
    with tempfile.TemporaryDirectory() as root:
        chart = os.path.join(root, "c")
        os.makedirs(os.path.join(chart, "templates"))
        files = {"Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n", "values.yaml": VALUES}
        for n, expression in enumerate(templates):
            name = "a" if len(templates) == 1 else f"{n:03}"
            files[f"templates/{name}.yaml"] = TEMPLATE.replace("EXPR", expression)
        for name, text in files.items():
            with open(os.path.join(chart, name), "w", newline="") as f:
                f.write(text)
        done = subprocess.run([helm, "template", "r", chart], capture_output=True, text=True)
    if done.returncode:
        error = done.stderr.strip().removesuffix("\n\nUse --debug flag to render out invalid YAML").removeprefix("Error: ")
        return None, error
    sources = re.findall(r"^# Source: c/templates/(\w+)\.yaml\nr: ?(.*)$", done.stdout, re.M)
    by_name = {name: base64.b64decode(text).decode() for name, text in sources}
    return [by_name["a" if len(templates) == 1 else f"{n:03}"] for n in range(len(templates))], None

def answers(helm, expressions):
    found = {}
    def work(group):
        outputs, error = run(helm, group)
        if outputs is not None:
            for expression, output in zip(group, outputs):
                found[expression] = ("output", output)
        elif len(group) == 1:
            found[group[0]] = ("error", error)
        else:
            half = len(group) // 2
            work(group[:half])
            work(group[half:])
    def quick(expression):
        outputs, error = run(helm, [expression])
        found[expression] = ("error", error) if error is not None else ("output", outputs[0])
    # Most rows made for wrong arguments fail, and each failure needs a run of its own.
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(quick, expressions))
    again = [e for e in expressions if found[e][0] == "output"]
    first = dict(found)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, [again[i:i + GROUP] for i in range(0, len(again), GROUP)]))
    for expression in again:
        today = datetime.date.today().isoformat()
        by_chance = expression.startswith("rand") and "|" not in expression
        if found[expression] != first[expression] or by_chance or today in first[expression][1]:
            found[expression] = ("type", first[expression][1].split("\n")[0])
    return found

def version(helm):
    return subprocess.run([helm, "version", "--short"], capture_output=True, text=True).stdout.strip()

def main():
    helm4, helm3 = sys.argv[1:3]
    with open(os.path.join(HERE, "functions.txt")) as f:
        expressions = [line.rstrip("\n") for line in f if line.strip()]
    assert len(set(expressions)) == len(expressions), "an expression is there twice"
    four, three = answers(helm4, expressions), answers(helm3, expressions)
    with open(os.path.join(HERE, "functions.jsonl"), "w") as f:
        head = {"helm4": version(helm4), "helm3": version(helm3), "template": TEMPLATE, "values": VALUES}
        f.write(json.dumps(head) + "\n")
        for expression in expressions:
            kind, text = four[expression]
            row = {"expression": expression, kind: text}
            if three[expression] != four[expression]:
                row["helm3"] = {three[expression][0]: three[expression][1]}
            f.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(len(expressions), "expressions,", sum(k == "error" for k, _ in four.values()), "of them refused")

if __name__ == "__main__":
    main()
