#!/usr/bin/env python3
"""The table of promises tells only what runs that passed have told.

Goal: docs/TRUST.md never shows figures of a run that failed or was cut short, and never hides one that is missing.
Method: script/trust reads logs of each kind from a directory made for it; what must not count is there besides.
"""

import importlib.machinery
import importlib.util
import json
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/mutation"))
import mutate  # noqa: E402

HEAD = "run of 2026-11-30, commit 0123abcd\n"
SEEDS = "1000 seeds, 50 steps, 7.5 simulated years, 20 starts (3 rightly refused, 1 losses)\n"


def script_trust():
    loader = importlib.machinery.SourceFileLoader("trust", str(ROOT / "script/trust"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("trust", loader))
    sys.modules["trust"] = module
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


trust = script_trust()


class Runs(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        trust.BUILD = Path(directory.name)
        trust.RECORD = trust.BUILD / "record.json"

    def keep(self, name, text):
        file = trust.BUILD / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        return file

    def seeds(self):
        return trust.read_runs().get("seeds")

    def test_a_run_that_passed_counts_with_its_day_and_commit(self):
        file = self.keep("dev.simulation.log", HEAD + SEEDS + "exit 0\n")
        words, runs = self.seeds()
        self.assertEqual(words, "1,000")
        self.assertEqual([(run.file, run.day, run.commit) for run in runs], [(file, "2026-11-30", "0123abcd")])

    def test_what_failed_after_its_figures_does_not_count(self):
        for end in ("[  FAILED  ] Simulation.KeepsItsPromises\nexit 1\n", ""):
            with self.subTest(end):
                file = self.keep("dev.simulation.log", HEAD + SEEDS + end)
                self.assertIsNone(self.seeds())
                self.assertEqual(trust.read_runs().failed, [file])

    def test_a_log_made_by_hand_counts_where_gtest_passed(self):
        self.keep("a.log", SEEDS)
        self.assertIsNone(self.seeds())
        self.keep("a.log", SEEDS + "[  PASSED  ] 1 test.\n")
        self.assertEqual(self.seeds()[0], "1,000")
        self.keep("a.log", SEEDS + "[  PASSED  ] 1 test.\n[  FAILED  ] 1 test.\n")
        self.assertIsNone(self.seeds())

    def test_tests_count_where_none_failed(self):
        begin = "crash.journal_torn"  # tests/trust.toml counts them
        case = f'<testcase name="{begin}.Y" status="run"><system-out>7 flipped bits refused</system-out></testcase>'
        skipped = f'<testcase name="{begin}.Z" status="notrun"/>'
        for failures, wanted in ((0, ("1", "7")), (1, (None, None))):
            self.keep("dev.test.xml", f'<testsuite failures="{failures}">{case}{skipped}</testsuite>')
            figures = trust.read_runs()
            told = figures.get(f"tests:{begin}"), figures.get("flips")
            self.assertEqual(tuple(each and each[0] for each in told), wanted)

    def test_a_fuzz_target_that_found_something_does_not_count(self):
        stat = "stat::number_of_executed_units: 1713\n"
        self.keep("fuzz/http.log", HEAD + stat + "exit 0\n")
        self.keep("fuzz/state.log", HEAD + "SUMMARY: UndefinedBehaviorSanitizer\n" + stat + "exit 1\n")
        figures = trust.read_runs()
        self.assertEqual(figures.get("fuzz:http")[0], "1,713")
        self.assertIsNone(figures.get("fuzz:state"))

    def test_what_no_run_tells_is_said_to_be_not_run(self):
        self.keep("dev.simulation.log", HEAD + SEEDS + "exit 0\n")
        table = trust.table(trust.read_runs())
        self.assertIn("1,000 seeds, 20 starts, *not run* answers", table)
        self.assertIn("| branches (`script/coverage`) | *not run* |", table)
        self.assertIn("`dev.simulation.log` (30 November 2026, 0123abcd)", table)

    def test_a_broken_build_that_nobody_noticed_stands_in_the_table(self):
        first, second, *_ = (mutant for mutant in mutate.read_mutants() if mutant.of == "I1")
        file = trust.BUILD / "mutants.json"
        told = {"day": "2026-11-30", "commit": "0123abcd", "name": "invariants-1"}
        mutate.keep(file, {"id": first.id, "outcome": "killed", **told})
        mutate.keep(file, {"id": second.id, "outcome": "killed", **told})
        mutate.keep(file, {"id": second.id, "outcome": "survived", **told})
        mutate.keep(file, {"id": "no such one", "outcome": "survived", **told})
        self.assertEqual(len(json.loads(file.read_text())), 3)
        table = trust.table(trust.read_runs())
        self.assertRegex(table, r"`invariants.toml` \| 2 of \d+ run: 1 noticed, 0 explained, 1 not noticed: I1: ")
        self.assertIn(second.what, table)
        self.assertIn("`mutants.json` (30 November 2026, 0123abcd)", table)

    def test_whether_a_survivor_is_explained_is_what_the_list_says_now(self):
        explained = next(mutant for mutant in mutate.read_mutants() if mutant.equivalent)
        unexplained = next(mutant for mutant in mutate.read_mutants() if not mutant.equivalent)
        told = {"day": "2026-11-30", "commit": "0123abcd", "name": "invariants-1"}
        mutate.keep(trust.BUILD / "mutants.json", {"id": explained.id, "outcome": "survived", **told})
        mutate.keep(trust.BUILD / "mutants.json", {"id": unexplained.id, "outcome": "equivalent", **told})
        outcomes = {mutant.id: outcome for mutant, outcome, _ in trust.read_runs().broken()}
        self.assertEqual(outcomes, {explained.id: "equivalent", unexplained.id: "survived"})

    def test_what_is_recorded_counts_when_the_logs_are_gone(self):
        told = {"day": "2026-11-30", "commit": "0123abcd", "name": "invariants-1"}
        first = mutate.read_mutants()[0]
        mutate.keep(trust.BUILD / "mutants.json", {"id": first.id, "outcome": "killed", **told})
        self.keep("branches.json", json.dumps({"day": "2026-11-30", "commit": "0123abcd", "passed": True, "taken": 9,
                                               "counted": 10, "excluded": 0, "files": {}}))
        self.keep("dev.simulation.log", HEAD + SEEDS + "exit 0\n")
        before = trust.read_runs()
        before.write_record()
        for log in ("mutants.json", "branches.json", "dev.simulation.log"):
            (trust.BUILD / log).unlink()
        self.assertEqual(trust.table(trust.read_runs()), trust.table(before))
        self.assertIn("1,000 seeds", trust.table(before))

    def test_a_recorded_run_stays_until_one_that_is_half_as_long(self):
        for seeds, wanted in ((1000, "1,000"), (400, "1,000"), (600, "600")):
            self.keep("dev.simulation.log", HEAD + SEEDS.replace("1000", str(seeds)) + "exit 0\n")
            figures = trust.read_runs()
            self.assertEqual(figures.get("seeds")[0], wanted)
            figures.write_record()

    def test_a_run_that_failed_does_not_end_the_recorded_one_and_is_told(self):
        self.keep("dev.simulation.log", HEAD + SEEDS + "exit 0\n")
        trust.read_runs().write_record()
        self.keep("dev.simulation.log", HEAD + SEEDS + "exit 1\n")
        table = trust.table(trust.read_runs())
        self.assertIn("1,000 seeds", table)
        self.assertIn("Run last without passing, and not counted: `dev.simulation.log`.", table)

    def test_an_older_log_does_not_take_the_place_of_what_is_recorded(self):
        first = mutate.read_mutants()[0]
        file = trust.BUILD / "mutants.json"
        for day, seeds, outcome in (("2026-11-30", 1000, "survived"), ("2026-11-29", 1001, "killed")):
            head = f"run of {day}, commit 0123abcd\n"
            self.keep("dev.simulation.log", head + SEEDS.replace("1000", str(seeds)) + "exit 0\n")
            mutate.keep(file, {"id": first.id, "outcome": outcome, "day": day, "commit": "0123abcd"})
            trust.read_runs().write_record()
        self.assertEqual(self.seeds()[0], "1,000")
        self.assertEqual([outcome for _, outcome, _ in trust.read_runs().broken()], ["survived"])

    def test_a_log_made_by_hand_is_not_recorded(self):
        file = self.keep("a.log", SEEDS + "[  PASSED  ] 1 test.\n")
        trust.read_runs().write_record()
        file.unlink()
        self.assertIsNone(self.seeds())

    def test_a_log_in_a_folder_is_recorded_by_its_path(self):
        file = self.keep("fuzz/http.log", HEAD + "stat::number_of_executed_units: 1713\nexit 0\n")
        trust.read_runs().write_record()
        file.unlink()
        self.assertEqual(trust.read_runs().get("fuzz:http")[0], "1,713")
        self.assertIn("`fuzz/http.log` (30 November 2026, 0123abcd)", trust.table(trust.read_runs()))


if __name__ == "__main__":
    unittest.main()
