#!/usr/bin/env python3
"""Asks OPA what `policy-bench` was asked, compares the answers, and times both; and checkov on the same manifests.

policy.py OPA QUESTIONS CONTROLS [CHECKOV MANIFEST…]   OPA is the unpacked wheel of opa-golib-python-bindings, QUESTIONS what
`policy-bench --questions` wrote, CONTROLS the folder of the controls, CHECKOV the program.
"""
import collections
import json
import pathlib
import resource
import subprocess
import sys
import time

sys.path.insert(0, sys.argv[1])
from opa_bindings import OpaEngine, OpaUndefinedError  # noqa: E402


def answer_of(items):
    return sorted(json.dumps([i["path"], i["message"], i.get("fix")], sort_keys=True) for i in items)


def main():
    questions, given = [], None
    for line in open(sys.argv[2]):
        line = json.loads(line)
        if "input" in line:
            given = line["input"]
        else:
            questions.append({**line, "input": given})
    controls = pathlib.Path(sys.argv[3])
    texts = {path: path.read_text() for path in sorted(controls.glob("*/*.rego"))}
    libraries = {path: text for path, text in texts.items() if path.parent.name == "lib"}
    same, causes = 0, collections.Counter()
    shown = 0
    loaded = spent = 0.0
    engine, of = None, None
    # An engine for each control, compiled once for all of its questions.
    for question in sorted(questions, key=lambda question: question["package"]):
        if of != question["package"]:
            of = question["package"]
            if engine:
                engine.close()
            engine = OpaEngine()
            start = time.process_time()
            wanted = [(p, t) for p, t in texts.items() if p in libraries or f"package {of}\n" in t]
            for path, text in wanted:
                engine.add_policy(str(path), text)
            loaded += time.process_time() - start
        path = question["package"] + ".deny"
        start = time.process_time()
        try:
            theirs = answer_of(engine.eval_document(path, question["input"]))
        except OpaUndefinedError:
            theirs = "undefined"
        except Exception as error:  # noqa: BLE001
            theirs = f"error: {str(error)[:120]}"
        spent += time.process_time() - start
        ours = question["answer"]
        ours = answer_of(ours) if isinstance(ours, list) else ours
        if ours == theirs:
            same += 1
        else:
            causes[(question["package"], "error" if isinstance(theirs, str) else "answers")] += 1
            if shown < 10:
                shown += 1
                print("DIFFERS", question["package"], "\n  OPA ", str(theirs)[:400], "\n  here", str(ours)[:400])
    print(f"parity: {same} of {len(questions)} answers are OPA's")
    for (package, what), count in causes.most_common():
        print(f"  {package}: {count} ({what})")
    print(f"OPA: {loaded:.2f} s to load all controls, {spent:.2f} s for {len(questions)} questions, "
          f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")
    if len(sys.argv) > 4:
        files = [flag for manifest in sys.argv[5:] for flag in ("-f", manifest)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.time()
        out = subprocess.run([sys.argv[4], "--framework", "kubernetes", "--skip-download", "--compact", "--quiet", "-o", "json", *files],
                             capture_output=True, text=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        try:
            summary = json.loads(out.stdout)
            summary = summary[0] if isinstance(summary, list) else summary
            summary = summary.get("summary", summary)
        except ValueError:
            summary = out.stderr[-300:]
        print(f"checkov: {cpu:.2f} s of processor, {time.time() - start:.2f} s, {after.ru_maxrss // 1024} MiB, {summary}")


if __name__ == "__main__":
    main()
