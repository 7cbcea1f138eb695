#!/usr/bin/env python3
"""Records what the real Helm makes of the templates in language.txt, as language.jsonl.

    record_language.py path/to/helm

Each line of language.txt is one template as a JSON string. It is given to `tpl`, so that the rest of the chart stays
the same and any bytes may come out. Run it when language.txt changes; `cargo test` reads only what it recorded."""
import base64, json, os, re, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor

HELM = sys.argv[1]
HERE = os.path.dirname(os.path.abspath(__file__))
TEMPLATE = 'r: {{ tpl (.Files.Get "s.txt") (dict "Values" .Values "Template" .Template) | b64enc }}'
VALUES = '''a: 1
b: x
big: 1e21
e: ""
f: 1.5
l: [1, 2, 3]
m: {k: v, z: y}
n: null
neg: -3
nested: {c: {d: deep}}
t: true
no: false
zero: 0
el: []
em: {}
s: [a, b, c]
mixed: [1, two, true, null, {q: r}]
big_int: 1234567
uni: "h\\u00e9\\u65e5"
'''

def record(template):
    with tempfile.TemporaryDirectory() as root:
        chart = os.path.join(root, "c")
        os.makedirs(os.path.join(chart, "templates"))
        files = {"Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n", "values.yaml": VALUES,
                 "templates/a.yaml": TEMPLATE, "s.txt": template}
        for name, text in files.items():
            with open(os.path.join(chart, name), "w", newline="") as f:
                f.write(text)
        run = subprocess.run([HELM, "template", "r", chart], capture_output=True, text=True)
    if run.returncode == 0:
        encoded = re.search(r"^r: ?(.*)$", run.stdout, re.M).group(1)
        out = base64.b64decode(encoded)
        try:
            return {"template": template, "output": out.decode()}
        except UnicodeDecodeError:
            return {"template": template, "base64": encoded}
    error = run.stderr.strip().removesuffix("\n\nUse --debug flag to render out invalid YAML")
    return {"template": template, "error": error.removeprefix("Error: ")}

with open(os.path.join(HERE, "language.txt")) as f:
    templates = [json.loads(line) for line in f if line.strip()]
assert len(set(templates)) == len(templates), "a template is there twice"
with ThreadPoolExecutor(3) as pool:
    records = list(pool.map(record, templates))
version = subprocess.run([HELM, "version", "--short"], capture_output=True, text=True).stdout.strip()
with open(os.path.join(HERE, "language.jsonl"), "w") as f:
    f.write(json.dumps({"helm": version, "template": TEMPLATE, "values": VALUES}) + "\n")
    for r in records:
        f.write(json.dumps(r, ensure_ascii=False) + "\n")
print(len(records), "templates,", sum("error" in r for r in records), "of them refused")
