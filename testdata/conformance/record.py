#!/usr/bin/env python3
"""Turns the runners' results into figures and compares them with record.json beside this file.

With UPDATE=1 in the environment, record.json and README.md are rewritten instead; read the difference before committing.
"""
import json
import os
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent


def lines(path):
    with open(path) as file:
        return [json.loads(line) for line in file if line.strip()]


def helm_figures(name, results):
    """Deterministic cases Helm renders; cases Helm refuses; cases in which Helm's own output varies; and the probes among all."""
    deterministic = {"bytes", "blank", "seq", "set", "nosrc", "differ", "error"}
    kinds = [f"{name}: same bytes", f"{name}: same refusal", f"{name}: same but for what varies", f"{name}: probes"]
    same, refusal, varies, probes = kinds
    groups = {kind: [] for kind in kinds}
    for r in results:
        verdict, id = r["verdict"], r["id"]
        if verdict in deterministic:
            groups[same].append((id, verdict == "bytes", verdict))
        elif verdict in ("errok", "wrongok"):
            groups[refusal].append((id, verdict == "errok", "renders where Helm fails"))
        else:
            groups[varies].append((id, verdict == "nd-ok", verdict))
        if r["kind"] == "probe":
            groups[probes].append((id, verdict in ("bytes", "errok", "nd-ok"), verdict))
    return groups


def more_figures(results):
    """Why cases are refused, and whether what varies in Helm is repeatable here."""
    words, reason, repeats = [], [], []
    for r in results:
        if "refusal" in r:
            words.append((r["id"], r["refusal"] == "words", r["refusal"]))
            reason.append((r["id"], r["refusal"] in ("words", "reason"), r["refusal"]))
        else:
            repeats.append((r["id"], r["repeats"], "two runs differ"))
    return {
        "helm: refused for the same reason": reason,
        "helm: refused in the same words": words,
        "helm: what varies is the same in two runs": repeats,
    }


def kustomize_figures(results):
    groups = {}
    for r in results:
        good = r["v"] in ("exact", "fails")
        name = {"krusty": "kustomize: its own tests", "real": "kustomize: real repositories"}[r["corpus"]]
        groups.setdefault(name, []).append((r["id"], good, r["v"]))
    return groups


def printed_figures(group, text):
    """An example prints one line: `parse: N of M, emit: N of M`."""
    found = re.findall(r"(\w+): (\d+) of (\d+)", text)
    return {f"{group}: {name}": (int(good), int(cases)) for name, good, cases in found}


def origin_figures(text):
    """The audit prints `ENGINE: … sound N of M … complete N of M …`. Its sample moves with the engine and with it the last digits,
    so what counts is whether the goals are reached: 99 % and 98 %."""
    goals = {"sound": 99, "complete": 98}
    engines = re.findall(r"^(\w+): (.*)$", text, re.MULTILINE)
    return {f"{engine} origins: {name}, at least {goals[name]} %": (int(100 * int(good) >= goals[name] * int(cases)), 1)
            for engine, figures in engines for name, good, cases in re.findall(r"(sound|complete) (\d+) of (\d+)", figures)}


def policy_figures(text):
    """The example prints lines like `policy: Pod Security fixtures that fail: N of M`."""
    found = re.findall(r"^(policy: .*): (\d+) of (\d+)$", text, re.MULTILINE)
    return {name: (int(good), int(cases)) for name, good, cases in found}


def main():
    out = pathlib.Path(sys.argv[1])
    groups = helm_figures("helm", lines(out / "helm.jsonl"))
    if (out / "helm3.jsonl").exists():
        groups |= helm_figures("helm 3", lines(out / "helm3.jsonl"))
        # Of Helm 3 one run was recorded, which does not show what varies.
        groups.pop("helm 3: same but for what varies")
    if (out / "helm-more.jsonl").exists():
        groups |= more_figures(lines(out / "helm-more.jsonl"))
    groups |= kustomize_figures(json.loads((out / "kustomize.json").read_text()))
    figures, failures = {}, {}
    for name, cases in groups.items():
        figures[name] = {"good": sum(good for _, good, _ in cases), "cases": len(cases)}
        failures[name] = [f"{id}: {why}" for id, good, why in sorted(cases) if not good]
    printed = printed_figures("yaml", (out / "yaml.txt").read_text())
    for file, read in (("kustomize-origins.txt", lambda text: printed_figures("kustomize origins", text)),
                       ("origins-audit.txt", origin_figures), ("policy.txt", policy_figures)):
        if (out / file).exists():
            printed |= read((out / file).read_text())
    for name, (good, total) in printed.items():
        figures[name] = {"good": good, "cases": total}

    for name, f in figures.items():
        print(f"{name}: {f['good']} of {f['cases']} ({100 * f['good'] / max(1, f['cases']):.2f} %)")

    record_path = HERE / "record.json"
    if os.environ.get("UPDATE"):
        record_path.write_text(json.dumps(figures, indent=2) + "\n")
        page = ["# Conformance\n", "Generated by `UPDATE=1 testdata/conformance/run CASES`. Judges: Helm v4.3.1 and v3.19.0, Kustomize v5.8.1, and the recorded",
                "answers of the libraries behind them. A figure below `record.json` fails CI.\n", "| what | good | of | |", "| --- | --- | --- | --- |"]
        page += [f"| {n} | {f['good']} | {f['cases']} | {100 * f['good'] / max(1, f['cases']):.2f} % |" for n, f in figures.items()]
        page += ["\nThe YAML cases that differ are named by `cargo run --example yaml-conformance -- target/conformance/yaml --failures`.",
                 "The policy cases that differ are named by `cargo run --example policy-conformance -- target/conformance/policy --differences`;",
                 "those that differ on purpose are in testdata/policy/kubescape-differences.yaml."]
        audit = (out / "origins-audit.txt").read_text() if (out / "origins-audit.txt").exists() else ""
        page += ["\nThe origins, with two scalars of each chart and overlay changed (`cargo run --release --example origins-audit` takes twenty):\n"]
        page += [f"- {line}" for line in audit.splitlines() if re.match(r"(helm|kustomize): ", line)]
        for name, failed in failures.items():
            if failed:
                page += [f"\n## {name}: {len(failed)} not\n"] + [f"- `{f}`" for f in failed]
        (HERE / "README.md").write_text("\n".join(page) + "\n")
        return 0

    record = json.loads(record_path.read_text())
    worse = []
    for name, before in record.items():
        now = figures.get(name)
        if now is None or now["cases"] < before["cases"]:
            worse.append(f"{name}: fewer cases were run than recorded")
        elif now["good"] < before["good"]:
            worse.append(f"{name}: {now['good']} good, the record is {before['good']}")
    for line in worse:
        print("BELOW THE RECORD:", line)
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
