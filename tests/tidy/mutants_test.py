#!/usr/bin/env python3
"""Every mutant still finds the text that it breaks, and every promise has one.

Goal: a list of mutants does not rot while the program changes: one whose text is gone proves nothing any more, nor
does one whose test is gone, and an invariant or rule of docs/RULES.md without a mutant may be one that nobody watches.
Method: the list is printed, which looks for the text of each; tests and promises are looked for in the tree; and each
of these looks must notice what is missing.
"""

import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MUTATION = ROOT / "tests/mutation"
sys.path.insert(0, str(MUTATION))
import mutate  # noqa: E402

REASON_WORDS_MIN = 5  # "see above" explains nothing


def promises(text):
    """Codes of the rows of RULES.md: I1, R10, and each of R11–R15."""
    found = []
    for letter, first, last in re.findall(r"^\| ([IR])(\d+)(?:–[IR](\d+))? \|", text, re.MULTILINE):
        found += [f"{letter}{number}" for number in range(int(first), int(last or first) + 1)]
    return found


def without_mutant(mutants):
    watched = {mutant.of for mutant in mutants}
    return [code for code in promises((ROOT / "docs/RULES.md").read_text()) if code not in watched]


def is_source(test):
    kind, _, name = test.split()[0].partition("_")
    return (ROOT / "tests" / kind / f"{name}.cc").exists()


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

    def test_each_invariant_and_rule_has_one(self):
        self.assertEqual(len(promises((ROOT / "docs/RULES.md").read_text())), 40)
        self.assertEqual(without_mutant(mutate.read_mutants()), [])

    def test_a_promise_without_one_is_noticed(self):
        mutants = [mutant for mutant in mutate.read_mutants() if mutant.of not in ("I14", "R12")]
        self.assertEqual(without_mutant(mutants), ["I14", "R12"])

    def test_its_tests_are_there(self):
        tests = {test for mutant in mutate.read_mutants() for test in mutant.tests}
        self.assertEqual([test for test in sorted(tests) if not is_source(test)], [])
        self.assertFalse(is_source("unit_of_nothing_test --gtest_filter=*"))

    def test_what_is_explained_has_a_reason(self):
        for mutant in mutate.read_mutants():
            if mutant.equivalent:
                self.assertGreaterEqual(len(mutant.equivalent.split()), REASON_WORDS_MIN, mutant.name)
            self.assertNotEqual(mutant.replace, mutant.with_, mutant.name)

    def test_no_two_are_one(self):
        mutants = mutate.read_mutants()
        self.assertEqual(len({mutant.id for mutant in mutants}), len(mutants))


if __name__ == "__main__":
    unittest.main()
