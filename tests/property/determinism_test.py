#!/usr/bin/env python3
"""Goal: the core is the same function in every build: same commands, same bytes of state.

Method: the core and the command generator are compiled once more by another compiler and without
optimisation, and their digests are compared, on the way and at the end, with those of this build
and of every other build beside it (the sanitizers').
"""

import os
import shutil
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SEEDS = (1, 2, 7, 8)  # a multiple of 8 has no calendar
COMMANDS = 15000  # long enough for experts to gain certificates after they were first looked at
EVERY = 1000


def sources():
    support = [ROOT / "tests/support" / name
               for name in ("digest_main.cc", "command_generator.cc", "city_setup.cc", "licence_steps.cc",
                            "zoning_steps.cc")]
    return sorted((ROOT / "scheduler").glob("*.cc")) + support


def other_compiler():
    """Clang when it is there, for it disagrees with GCC about what is unspecified."""
    return shutil.which("clang++") or shutil.which("g++") or shutil.which("c++")


def build(directory, flags):
    compiler = other_compiler()

    def compile_one(source):
        target = directory / (source.stem + ".o")
        command = [compiler, "-std=c++2b", *flags, f"-I{ROOT}", "-c", str(source),
                   "-o", str(target)]
        subprocess.run(command, check=True, cwd=directory)
        return target

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        objects = list(pool.map(compile_one, sources()))
    program = directory / "permitd_digest"
    subprocess.run([compiler, *map(str, objects), "-lfmt", "-lxxhash", "-o", str(program)],
                   check=True, cwd=directory)
    return program


def digests(program, seed):
    command = [str(program), f"--seed={seed}", f"--commands={COMMANDS}", f"--every={EVERY}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


class DeterminismTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        built = Path(os.environ["PERMITD_BIN"]).parent
        cls.program = next(built.glob("*/permitd_digest"))
        cls.peers = [path for path in built.parent.glob("*/*/permitd_digest")
                     if path.resolve() != cls.program.resolve()]
        cls.expected = {seed: digests(cls.program, seed) for seed in SEEDS}

    def compare(self, program):
        for seed in SEEDS:
            found = digests(program, seed)
            for mine, other in zip(self.expected[seed], found):
                self.assertEqual(mine, other, f"seed {seed}: the builds part at or before this op")
            self.assertEqual(len(self.expected[seed]), len(found))

    def test_the_digests_say_something(self):
        every = [line for seed in SEEDS for line in self.expected[seed]]
        self.assertGreater(len(every), len(SEEDS) * COMMANDS // EVERY)
        self.assertEqual(len(set(every)), len(every), "no two states are the same")

    def test_a_second_run_gives_the_same_bytes(self):
        self.compare(self.program)

    def test_another_compiler_without_optimisation_gives_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as directory:
            self.compare(build(Path(directory), ["-O0"]))

    def test_the_builds_beside_this_one_give_the_same_bytes(self):
        for peer in self.peers:
            with self.subTest(peer=str(peer)):
                self.compare(peer)


if __name__ == "__main__":
    unittest.main()
