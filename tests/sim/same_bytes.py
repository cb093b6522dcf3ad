#!/usr/bin/env python3
"""Goal: the daemon writes the same journal bytes and reaches the same state in every build: by another compiler,
without optimisation and with all of it.

Method: the same seeds of the simulation in each build that is named; of each seed the hash of every byte that was
written to the journal, the digest of the state and the number of ops must be one and the same.

  tests/sim/same_bytes.py build/*/tests/sim_simulation_test
  tests/sim/same_bytes.py --seeds 100 PROGRAM PROGRAM …
"""

import argparse
import subprocess
import sys
from pathlib import Path

SEEDS = 16  # the eighth has a full disk, the sixteenth fills segments and uses them again


def bytes_of(program, seeds):
    """What each seed wrote in one build: seed → hash of the journal, digest, ops."""
    command = [program, "--gtest_filter=Simulation.KeepsItsPromises", f"--seeds={seeds}", "--print-hashes"]
    done = subprocess.run(command, capture_output=True, text=True)
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith("hash ")]
    if done.returncode != 0 or len(lines) != seeds:
        sys.exit(f"same_bytes: {program} failed:\n{done.stdout[-2000:]}{done.stderr[-1000:]}")
    return {int(seed): tuple(rest) for _, seed, *rest in lines}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="+", metavar="PROGRAM", help="sim_simulation_test of a build")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    options = parser.parse_args()
    if len(options.programs) < 2:
        parser.error("one build alone compares with nothing")
    first, *others = (Path(name).resolve() for name in options.programs)
    expected = bytes_of(first, options.seeds)
    if len({journal for journal, *_ in expected.values()}) != len(expected):
        sys.exit("same_bytes: seeds with the same bytes: the hash says nothing")
    different = 0
    for program in others:
        found = bytes_of(program, options.seeds)
        for seed, wanted in expected.items():
            if found[seed] != wanted:
                different += 1
                print(f"same_bytes: seed {seed}: {wanted} by {first}, {found[seed]} by {program}", file=sys.stderr)
    if different:
        return 1
    ops = sum(int(row[-1]) for row in expected.values())
    print(f"same_bytes: {len(expected)} seeds, {ops} ops, {len(options.programs)} builds: the same bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
