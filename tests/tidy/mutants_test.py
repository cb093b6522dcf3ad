#!/usr/bin/env python3
"""Every mutant still finds the text that it breaks.

Goal: a list of mutants does not rot while the program changes: one whose text is gone proves nothing any more.
Method: the list is printed, which looks for the text of each, and one with a text that is nowhere must be noticed.
"""

import subprocess
import sys
import unittest
from pathlib import Path

MUTATION = Path(__file__).resolve().parents[1] / "mutation"
sys.path.insert(0, str(MUTATION))
import mutate  # noqa: E402


class Mutants(unittest.TestCase):
    def test_each_finds_its_text_once(self):
        done = subprocess.run([sys.executable, MUTATION / "mutate.py", "--list"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), len(mutate.read_mutants()))

    def test_one_without_its_text_is_noticed(self):
        mutant = mutate.read_mutants()[0]
        self.assertEqual(mutate.check(mutant), "")
        mutant.replace = "a text that stands nowhere in the program"
        self.assertIn("occurs 0 times", mutate.check(mutant))


if __name__ == "__main__":
    unittest.main()
