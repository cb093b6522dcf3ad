#!/usr/bin/env python3
"""Breaks the program on purpose, one place at a time, and sees whether its tests notice.

A mutant is an entry of a TOML file beside this script: a text that occurs once in a source file, what
stands there instead, and the promise that is broken by it. Each is built in a copy of the tree and its
tests are run: a test that fails kills the mutant, one that nobody kills is a promise nobody watches.

  tests/mutation/mutate.py                     all mutants; about a quarter of a minute each
  tests/mutation/mutate.py --only I5 I7        those of some promises
  tests/mutation/mutate.py --list              what there is, without building
  tests/mutation/mutate.py --json FILE         also the outcome of each, for docs

Ends with 0 when the unbroken program passes and every mutant is killed, but for those that say why they
cannot be (`equivalent`).
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TREE = ROOT / "build/mutation"
SECONDS_PER_TEST = 120


@dataclass
class Mutant:
    of: str  # the promise: I5, R10, …
    what: str
    file: str
    replace: str
    with_: str
    tests: list = field(default_factory=list)
    equivalent: str = ""  # why no test can tell it from the program
    name: str = ""


def read_mutants():
    mutants = []
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        document = tomllib.loads(path.read_text())
        tests = document["tests"]
        for number, entry in enumerate(document["mutant"], 1):
            entry["with_"] = entry.pop("with")
            entry.setdefault("tests", tests)
            mutants.append(Mutant(name=f"{path.stem}-{number}", **entry))
    return mutants


def check(mutant):
    """Why the mutant cannot be made; empty when it can."""
    count = (ROOT / mutant.file).read_text().count(mutant.replace)
    return "" if count == 1 else f"{mutant.name}: its text occurs {count} times in {mutant.file}"


def copy_tree():
    """What git knows of the work tree, as it is now; files that did not change keep their times."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, check=True, capture_output=True, text=True).stdout
    wanted = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
    for name in sorted(wanted):
        source, target = ROOT / name, TREE / name
        if target.exists() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def run(command, env=None, **options):
    # ccache then takes what the ordinary build has compiled, although warnings are not asked for here.
    env = {**(env or os.environ), "CCACHE_IGNOREOPTIONS": "-w"}
    return subprocess.run(command, cwd=TREE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env,
                          **options)


def build(tests):
    targets = sorted({shlex.split(test)[0] for test in tests})
    done = run(["cmake", "--build", "build/dev", "--target", *targets])
    return "" if done.returncode == 0 else done.stdout


def run_tests(tests):
    """Name of the first test that fails or hangs; empty when all pass."""
    for test in tests:
        try:
            name, *options = shlex.split(test)
            done = run([f"build/dev/tests/{name}", "--gtest_brief=1", *options], timeout=SECONDS_PER_TEST,
                       env={**os.environ, "PERMITD_NOSHRINK": "1"})
        except subprocess.TimeoutExpired:
            return f"{name} (does not end)"
        if done.returncode != 0:
            return name
    return ""


def prepare(mutants):
    copy_tree()
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    # A mutant may leave a name unused: warnings are not what is tested here.
    done = run(["cmake", "--preset", "dev", "-DCMAKE_CXX_FLAGS=-w"])
    problem = done.stdout if done.returncode != 0 else build(tests)
    if problem:
        sys.exit(f"the unbroken program does not build:\n{problem[-3000:]}")
    failed = run_tests(tests)
    if failed:
        sys.exit(f"the unbroken program fails {failed}")


def try_mutant(mutant):
    """(outcome, detail): killed by whom, survived, or broken because it does not compile."""
    path = TREE / mutant.file
    text = path.read_text()
    path.write_text(text.replace(mutant.replace, mutant.with_))
    try:
        problem = build(mutant.tests)
        if problem:
            return "broken", problem[-600:]
        killer = run_tests(mutant.tests)
        return ("killed", killer) if killer else ("survived", "")
    finally:
        path.write_text(text)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--only", nargs="+", default=[], metavar="PROMISE")
    arguments.add_argument("--list", action="store_true")
    arguments.add_argument("--json", metavar="FILE")
    options = arguments.parse_args()
    mutants = [m for m in read_mutants() if not options.only or m.of in options.only or m.name in options.only]
    problems = list(filter(None, map(check, mutants)))
    if problems:
        sys.exit("\n".join(problems))
    if options.list:
        for mutant in mutants:
            print(f"{mutant.name:<16} {mutant.of:<4} {mutant.what}")
        return 0
    prepare(mutants)
    results = []
    for number, mutant in enumerate(mutants, 1):
        began = time.monotonic()
        outcome, detail = try_mutant(mutant)
        if outcome == "survived" and mutant.equivalent:
            outcome, detail = "equivalent", mutant.equivalent
        results.append({"name": mutant.name, "of": mutant.of, "what": mutant.what, "outcome": outcome, "by": detail})
        print(f"[{number}/{len(mutants)}] {mutant.of:<4} {outcome:<10} {mutant.what}"
              f"{': ' + detail if detail else ''} ({time.monotonic() - began:.0f} s)", flush=True)
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1) + "\n")
    bad = [r for r in results if r["outcome"] not in ("killed", "equivalent")]
    print(f"\n{len(results) - len(bad)} of {len(results)} mutants killed or explained")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
