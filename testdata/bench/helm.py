#!/usr/bin/env python3
"""Times Plimsoll against the real Helm over the conformance charts.

    cargo build --release --bin plimsoll --bench helm
    testdata/bench/helm.py path/to/helm [--root target/conformance/helm] [--rounds 3] [--limit N]

Each case that Helm renders is rendered by both as a process of its own, one after the other, and the output thrown away; a
case counts with the fastest of its rounds. Then `cargo bench --bench helm` renders the same cases in one process, as `plimsoll
render` prints them and with origins: with nothing kept between two cases, through one cache, and so on all cores. Printed: the
median and the quartiles of the ratios, the ratio of the totals, the ratios in one process, and the peak memory of both
programs for the case with the most output. The machine should be quiet; nothing here is a test."""
import argparse, json, os, statistics, subprocess

from process import bench, run

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("helm")
    parser.add_argument("--root", default=os.path.join(TOP, "target/conformance/helm"))
    parser.add_argument("--plimsoll", default=os.path.join(TOP, "target/release/plimsoll"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--processes-only", action="store_true")
    parser.add_argument("--bench", help="the built `helm` benchmark, where cargo should not build it")
    parser.add_argument("--every", type=int, default=1, help="only every Nth case")
    options = parser.parse_args()
    root = os.path.abspath(options.root)
    env = {"HOME": root + "/home", "PATH": "/usr/bin:/bin", "TZ": "UTC", "LANG": "C.UTF-8"}
    with open(root + "/cases.jsonl") as f:
        cases = [json.loads(line) for line in f]
    cases = [c for c in cases if not c["helm4_exit"]][::options.every][:options.limit]
    helm, plimsoll = os.path.abspath(options.helm), os.path.abspath(options.plimsoll)
    in_one_process = bench("helm", options.bench)
    os.chdir(root)

    def commands(case):
        values = [word for v in case["values"] for word in ("-f", v)]
        return ([helm, "template", "rel", case["chart_dir"], "--namespace", "ns", *values, *case["flags"]],
                [plimsoll, "render", case["chart_dir"], "--name", "rel", "--namespace", "ns", *values, *case["flags"]])

    walls, processors = ([], []), ([], [])
    for case in cases:
        for side, command in enumerate(commands(case)):
            rounds = [run(command, env) for _ in range(options.rounds)]
            walls[side].append(min(wall for wall, *_ in rounds))
            processors[side].append(min(processor for _, processor, *_ in rounds))
    print(f"processes: {len(cases)} cases, best of {options.rounds}")
    # On a machine that does other work, the time of the processor says more than the clock.
    for name, (theirs, ours) in (("wall", walls), ("processor", processors)):
        ratios = sorted(a / max(b, 0.0005) for a, b in zip(theirs, ours))
        quarter = statistics.quantiles(ratios, n=4)
        print(f"  {name}: Helm {sum(theirs):.2f} s, Plimsoll {sum(ours):.2f} s; ratio: median {statistics.median(ratios):.1f},"
              f" quartiles {quarter[0]:.1f} and {quarter[2]:.1f}, of the totals {sum(theirs) / sum(ours):.1f}")
    theirs, ours = walls
    slow = sorted(zip(ours, theirs, (c["id"] for c in cases)), reverse=True)[:5]
    for our, their, name in slow:
        print(f"  slowest: {name}: {1000 * our:.1f} ms, Helm {1000 * their:.1f} ms")

    if options.processes_only:
        return
    inside = subprocess.run([*in_one_process, root, str(options.every), str(options.limit or 0), str(options.rounds)],
                            cwd=TOP, stdout=subprocess.PIPE, text=True, check=True).stdout.strip().splitlines()
    print("\n".join(inside[:-1]))
    inside = json.loads(inside[-1])
    for name, key in (("printed", "printed"), ("with origins", "traced")):
        times = inside[key]
        for way, each, total in (("one after the other, nothing kept", times["each"], sum(times["each"])),
                                 ("one after the other, through one cache", times["shared"], times["shared_total"])):
            print(f"one process, {name}, {way}: {total:.2f} s; ratio: median"
                  f" {statistics.median(their / our for their, our in zip(theirs, each)):.1f}, of the totals {sum(theirs) / total:.1f}")
        print(f"one process, {name}, through one cache on {inside['cores']} cores: {times['parallel']:.2f} s;"
              f" ratio of the totals {sum(theirs) / times['parallel']:.1f}")

    largest = max(cases, key=lambda c: c["bytes"])
    memory = [run(command, env)[2] for command in commands(largest)]
    print(f"memory of {largest['id']} ({largest['bytes'] >> 10} KiB of output): Helm {memory[0]:.0f} MiB, Plimsoll {memory[1]:.0f} MiB")

if __name__ == "__main__":
    main()
