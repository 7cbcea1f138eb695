#!/usr/bin/env python3
"""Times Plimsoll against `kubectl kustomize` over the real conformance cases.

    cargo build --release --bin plimsoll --bench overlays
    testdata/bench/kustomize.py path/to/kubectl [--root target/conformance] [--rounds 3] [--every N]

Each case that Kustomize builds is built by both as a process of its own, in turns, output thrown away; a case
counts with the fastest of its rounds, and with the processor time beside the wall clock. Then the bench `overlays` renders all
of them in one process. Printed: the median and the quartiles of the ratios, the ratio of the totals, the ratio in one
process, and the peak memory of both. The machine should be quiet; nothing here is a test."""
import argparse, json, os, statistics, subprocess

from process import bench, run

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
ENV = {"HOME": "/nonexistent", "PATH": "/usr/bin:/bin"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kubectl")
    parser.add_argument("--root", default=os.path.join(TOP, "target/conformance"))
    parser.add_argument("--plimsoll", default=os.path.join(TOP, "target/release/plimsoll"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bench", help="the built `overlays` benchmark, where cargo should not build it")
    parser.add_argument("--every", type=int, default=1, help="only every Nth case")
    options = parser.parse_args()
    with open(options.root + "/real/cases.jsonl") as file:
        cases = [json.loads(line) for line in file]
    cases = [c for c in cases if c["expect"] == "ok" and not c["helm"]][:: options.every]
    programs = [[os.path.abspath(options.kubectl), "kustomize"], [os.path.abspath(options.plimsoll), "render"]]
    measured = []
    for case in cases:
        place = os.path.abspath(f"{options.root}/real/tree/{case['repo']}/{case['dir']}")
        rounds = [[run([*program, place, *case["flags"]], ENV) for program in programs] for _ in range(options.rounds)]
        if any(status for pair in rounds for *_, status in pair):
            print(f"{case['id']}: a program failed")
            continue
        measured.append([[min(pair[side][kind] for pair in rounds) for kind in range(3)] for side in range(2)])
    for kind, name in enumerate(["wall clock", "processor time", "peak memory"]):
        theirs, ours = ([pair[side][kind] for pair in measured] for side in range(2))
        ratios = [a / max(b, 1e-4) for a, b in zip(theirs, ours)]
        quarter = statistics.quantiles(ratios, n=4)
        print(f"{name}, {len(measured)} cases, best of {options.rounds}: kubectl {sum(theirs):.1f}, Plimsoll {sum(ours):.1f} (sums);"
              f" ratio median {statistics.median(ratios):.1f}, quartiles {quarter[0]:.1f} and {quarter[2]:.1f}, of the sums {sum(theirs) / sum(ours):.1f}")
    if options.every == 1:
        inside = subprocess.run([*bench("overlays", options.bench), os.path.abspath(options.root)], cwd=TOP, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        print(inside)
        theirs = sum(pair[0][0] for pair in measured)
        for name, seconds in zip(["one after the other", "on all cores"], inside.splitlines()[-2:]):
            print(f"one process, {name}: ratio of the sums {theirs / float(seconds):.1f} (wall clock)")


if __name__ == "__main__":
    main()
