#!/usr/bin/env python3
"""Breaks the program on purpose, one place at a time, and sees whether its tests notice.

A mutant is an entry of a TOML file beside this script: a text that occurs once in a source file, what
stands there instead, and the promise that is broken by it. Each is built in a copy of the tree and its
tests are run: a test that fails kills the mutant, one that nobody kills is a promise nobody watches.

  tests/mutation/mutate.py                     all mutants; about a quarter of a minute each
  tests/mutation/mutate.py --only I5 I7        those of some promises
  tests/mutation/mutate.py --list              what there is, without building
  tests/mutation/mutate.py --shard 1/2         every second of them, from the first, in a tree of its own
  tests/mutation/mutate.py --json FILE         also the outcome of each as soon as it is known, for script/trust; what
                                               the file has of others stays

Ends with 0 when the unbroken program passes and every mutant is killed, but for those that say why they
cannot be (`equivalent`).
"""

import argparse
import fcntl
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from tree_commit import tree_commit  # noqa: E402

TREE = ROOT / "build/mutation"
SECONDS_UNBROKEN = 600  # most that a test of the unbroken program may take
SECONDS_LEAST = 60  # a test of a mutant hangs after four times what the unbroken program took, and not before these


@dataclass
class Mutant:
    of: str  # the promise: I5, R10, …
    what: str
    file: str
    replace: str
    with_: str
    tests: list[str] = field(default_factory=list)
    equivalent: str = ""  # why no test can tell it from the program
    name: str = ""
    listed_in: str = ""  # the file that it stands in

    @property
    def id(self):
        """The same as long as it breaks the same place in the same way, whatever its number in the list."""
        return hashlib.sha256("\0".join((self.file, self.replace, self.with_)).encode()).hexdigest()[:12]


def read_mutants():
    mutants = []
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        document = tomllib.loads(path.read_text())
        tests = document["tests"]
        for number, entry in enumerate(document["mutant"], 1):
            entry["with_"] = entry.pop("with")
            entry.setdefault("tests", tests)
            mutants.append(Mutant(name=f"{path.stem}-{number}", listed_in=path.stem, **entry))
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


def run_test(test, seconds):
    """Why the test does not pass; empty when it does."""
    name, *options = shlex.split(test)
    try:
        done = run([f"build/dev/tests/{name}", "--gtest_brief=1", *options], timeout=seconds,
                   env={**os.environ, "PERMITD_NOSHRINK": "1"})
    except subprocess.TimeoutExpired:
        return f"{name} (does not end)"
    return name if done.returncode != 0 else ""


def run_tests(tests, limits):
    """The first test that fails or hangs; empty when all pass."""
    return next(filter(None, (run_test(test, limits[test]) for test in tests)), "")


def time_tests(tests):
    """For each test how long it may take with a mutant: the slower the machine, the longer."""
    limits = {}
    for test in tests:
        began = time.monotonic()
        failed = run_test(test, SECONDS_UNBROKEN)
        if failed:
            sys.exit(f"the unbroken program fails {failed}")
        limits[test] = max(SECONDS_LEAST, 4 * (time.monotonic() - began))
    return limits


def prepare(mutants):
    """Builds the unbroken program; how long each test may take."""
    copy_tree()
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    # A mutant may leave a name unused: warnings are not what is tested here.
    done = run(["cmake", "--preset", "dev", "-DCMAKE_CXX_FLAGS=-w"])
    problem = done.stdout if done.returncode != 0 else build(tests)
    if problem:
        sys.exit(f"the unbroken program does not build:\n{problem[-3000:]}")
    return time_tests(tests)


def try_mutant(mutant, limits):
    """(outcome, detail): killed by whom, survived, or broken because it does not compile."""
    path = TREE / mutant.file
    text = path.read_text()
    path.write_text(text.replace(mutant.replace, mutant.with_))
    try:
        problem = build(mutant.tests)
        if problem:
            return "broken", problem[-600:]
        killer = run_tests(mutant.tests, limits)
        return ("killed", killer) if killer else ("survived", "")
    finally:
        path.write_text(text)


def told_outcome(mutant, outcome):
    """What to say of an outcome, also of an earlier run: whether a survivor is explained, the list says now."""
    if outcome in ("survived", "equivalent"):
        return "equivalent" if mutant.equivalent else "survived"
    return outcome


def shard(text):
    """"I/N" as (I, N)."""
    part, _, parts = text.partition("/")
    if not (part.isdigit() and parts.isdigit() and 1 <= int(part) <= int(parts)):
        raise argparse.ArgumentTypeError(f"{text} is not I/N with I from 1 to N")
    return int(part), int(parts)


def keep(file, result):
    """Puts the outcome of one mutant into the file, in the place of an earlier one. Others may write it, too."""
    with open(file, "a+") as kept:
        fcntl.flock(kept, fcntl.LOCK_EX)
        kept.seek(0)
        text = kept.read()
        there_is = {each["id"]: each for each in json.loads(text or "[]")}
        there_is[result["id"]] = result
        kept.truncate(0)
        kept.write(json.dumps(list(there_is.values()), indent=1) + "\n")


def main():
    global TREE
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--only", nargs="+", default=[], metavar="PROMISE")
    arguments.add_argument("--list", action="store_true")
    arguments.add_argument("--shard", type=shard, metavar="I/N")
    arguments.add_argument("--json", metavar="FILE")
    options = arguments.parse_args()
    mutants = [m for m in read_mutants() if not options.only or m.of in options.only or m.name in options.only]
    if options.shard:
        part, parts = options.shard
        mutants = mutants[part - 1::parts]
        TREE = ROOT / f"build/mutation-{part}-of-{parts}"
    if not mutants:
        sys.exit("no mutant is left to try: --list says which there are, and of which promise")
    problems = list(filter(None, map(check, mutants)))
    if problems:
        sys.exit("\n".join(problems))
    if options.list:
        for mutant in mutants:
            print(f"{mutant.name:<16} {mutant.of:<4} {mutant.what}")
        return 0
    commit, results = tree_commit(), []
    limits = prepare(mutants)
    for number, mutant in enumerate(mutants, 1):
        began = time.monotonic()
        outcome, detail = try_mutant(mutant, limits)
        outcome = told_outcome(mutant, outcome)
        detail = mutant.equivalent if outcome == "equivalent" else detail
        results.append({"id": mutant.id, "name": mutant.name, "of": mutant.of, "what": mutant.what, "outcome": outcome,
                        "by": detail, "commit": commit, "day": date.today().isoformat()})
        print(f"[{number}/{len(mutants)}] {mutant.of:<4} {outcome:<10} {mutant.what}"
              f"{': ' + detail if detail else ''} ({time.monotonic() - began:.0f} s)", flush=True)
        if options.json:
            keep(options.json, results[-1])
    bad = [r for r in results if r["outcome"] not in ("killed", "equivalent")]
    print(f"\n{len(results) - len(bad)} of {len(results)} mutants killed or explained")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
