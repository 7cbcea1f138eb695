#!/usr/bin/env python3
"""What the runner of the conformance cases does not ask: helm_more.py ROOT PLIMSOLL OUT

For each case that Helm 4 refuses: is our reason the same? `words`: Helm's message stands in ours, white space aside; `reason`:
the same file of the chart and the same first clause (`error evaluating symlink`, `executing … at <…>`); else `other`.
For each case in which Helm's own output varies: are two runs of ours the same bytes? One JSON line a case goes to OUT."""
import json, os, re, subprocess, sys
from concurrent.futures import ThreadPoolExecutor

ROOT, PLIMSOLL, OUT = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3]
ENV = {"HOME": ROOT + "/home", "PATH": "/usr/bin:/bin", "TZ": "UTC", "LANG": "C.UTF-8"}

def render(case):
    values = [word for v in case["values"] for word in ("-f", v)]
    command = [PLIMSOLL, "render", case["chart_dir"], "--name", "rel", "--namespace", "ns", *values, *case["flags"]]
    done = subprocess.run(command, cwd=ROOT, env=ENV, capture_output=True, timeout=300)
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")

def folded(text):
    return " ".join(text.split())

def reason(theirs, ours):
    theirs = theirs[theirs.index("Error: ") + len("Error: "):] if "Error: " in theirs else theirs
    theirs, ours = folded(theirs.split("\n\nUse --debug")[0]), folded(ours)
    if theirs and theirs in ours:
        return "words"
    files = set(re.findall(r"[\w.-]+/[\w./-]+", theirs))
    place = re.search(r"executing \".*?\" at <.*?>", theirs)
    clause = place.group(0) if place else " ".join(theirs.split(" ")[:3])
    return "reason" if clause in ours and (not files or any(f in ours for f in files)) else "other"

def one(case):
    if case["helm4_exit"]:
        code, _, ours = render(case)
        with open(f"{ROOT}/expected/{case['id']}.v4.err") as f:
            theirs = f.read()
        return {"id": case["id"], "refusal": reason(theirs, ours) if code else "renders"}
    return {"id": case["id"], "repeats": render(case)[1] == render(case)[1]}

def main():
    with open(ROOT + "/cases.jsonl") as f:
        cases = [json.loads(line) for line in f]
    cases = [c for c in cases if c["helm4_exit"] or not c["deterministic"]]
    with ThreadPoolExecutor(os.cpu_count()) as pool, open(OUT, "w") as f:
        for result in pool.map(one, cases):
            f.write(json.dumps(result) + "\n")

if __name__ == "__main__":
    main()
