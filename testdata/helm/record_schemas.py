#!/usr/bin/env python3
"""Records what the real Helms say of values under a schema, as schemas.jsonl.

    record_schemas.py path/to/helm4 path/to/helm3

Each line of schemas.txt is a schema and values, as a JSON list of two texts. `helm3` stands only where it differs from
`helm4`; an empty text says that the values fit. Run it when schemas.txt changes; `cargo test` reads only what it recorded."""
import json, os, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
HEAD = "Error: values don't meet the specifications of the schema(s) in the following chart(s):\nc:\n"

def say(helm, chart):
    done = subprocess.run([helm, "template", "r", chart], capture_output=True, text=True)
    if done.returncode == 0:
        return ""
    if not done.stderr.startswith(HEAD):
        sys.exit(done.stderr)
    return done.stderr.removeprefix(HEAD).rstrip("\n")

def record(line):
    schema, values = json.loads(line)
    with tempfile.TemporaryDirectory() as chart:
        os.makedirs(os.path.join(chart, "templates"))
        files = {"Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n", "values.yaml": values,
                 "values.schema.json": schema, "templates/a.yaml": "a: 1\n"}
        for name, text in files.items():
            with open(os.path.join(chart, name), "w") as file:
                file.write(text)
        said = {key: say(helm, chart) for key, helm in zip(("helm4", "helm3"), sys.argv[1:])}
    if sorted(said["helm4"].split("\n")) == sorted(said["helm3"].split("\n")):
        del said["helm3"]
    return {"schema": schema, "values": values, **said}

with open(os.path.join(HERE, "schemas.txt")) as file:
    lines = file.read().splitlines()
versions = {key: subprocess.run([helm, "version", "--short"], capture_output=True, text=True).stdout.strip()
            for key, helm in zip(("helm4", "helm3"), sys.argv[1:])}
with ThreadPoolExecutor(2) as pool, open(os.path.join(HERE, "schemas.jsonl"), "w") as out:
    for case in [versions, *pool.map(record, lines)]:
        out.write(json.dumps(case, ensure_ascii=False) + "\n")
