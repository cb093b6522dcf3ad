#!/usr/bin/env python3
"""The zoning plan from the table to the case: load, validate, notify, in force, judged, diffed, re-based.

Goal: what permitctl zoning does and tells is true of a city small enough to know by heart; a case keeps the version
of its registration over a crash; bad tables are refused with line or rule. Method: a rehearsal daemon and permitctl.
"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from permitd_process import ROOT, Daemon, verify  # noqa: E402

LATER = """
version = 2
zone = [
  { code = "R122", floors = 4, coverage_permille = 500, area_min_m2 = 250, area_effect = 1 },
  { code = "G111", floors = 0, coverage_permille = 0 },
]
"""
ASKED = ("--zone", "r122", "--floors", 5, "--area", 300, "--street", 14, "--coverage", 60)


class Story(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        self.ask, self.ctl = self.daemon.ask, self.daemon.ctl
        self.ctl("city", "load", "--yes", ROOT / "city/minimal.toml")

    def submit(self, number, *arguments):
        return self.ask("submit", "--district", 1, "--parcel", f"p{number}", *arguments)["accepted"]["caseId"]

    def file(self, name, text):
        path = self.daemon.root / name
        path.write_text(text)
        return path

    def put_in_force(self, path, version):
        self.ctl("zoning", "load", path)
        self.ctl("zoning", "validate", version)
        return self.ask("zoning", "notify", version, "--from", "now")

    def case(self, number):
        return self.ask("get", number)

    def states(self):
        return {row["version"]: row["state"] for row in self.ask("zoning", "list")["versions"]}


class Plan(Story):
    def test_a_plan_comes_into_force_and_judges_what_is_filed_from_then_on(self):
        before = self.submit(0, *ASKED)
        self.assertIn("No zoning plan is loaded", self.ctl("zoning", "list").stdout)
        self.assertIn("well formed", self.ctl("zoning", "check", ROOT / "city/zoning.toml").stdout)
        self.ctl("zoning", "load", ROOT / "city/zoning.toml")
        self.assertIn("were loaded before", self.ctl("zoning", "load", ROOT / "city/zoning.toml").stdout)
        self.ctl("zoning", "validate", 1, "--note", "read twice")
        told = self.ask("zoning", "notify", 1, "--from", "+2h", "--note", "letter 7")
        self.assertEqual((told["changes"], told["beyond"]), (1, 0))
        early = self.submit(1, *ASKED)
        self.assertEqual(self.states(), {1: "notified"})
        self.ctl("advance", "+2h")
        self.assertEqual(self.states(), {1: "inForce"})
        within = self.submit(2, *ASKED)
        beyond = self.submit(3, "--zone", "R122", "--floors", 5, "--area", 240, "--street", 10, "--coverage", 70)
        unknown = self.submit(4, "--zone", "X9", "--floors", 1)
        unasked = self.submit(5, "--floors", 40)
        self.assertEqual(self.case(before)["zoning"]["result"], "noPlan")
        self.assertEqual(self.case(early)["zoningVersion"], 0)
        self.assertEqual((self.case(within)["zoning"]["result"], self.case(within)["zoningVersion"]), ("within", 1))
        finding = self.case(beyond)["zoning"]
        self.assertEqual((finding["result"], finding["allowedFloors"], finding["areaCost"], finding["streetCost"]),
                         ("beyond", 3, 1, 1))
        self.assertEqual(self.case(unknown)["zoning"]["result"], "unknownZone")
        text = self.ctl("get", beyond).stdout
        self.assertIn("allowed 3 floors at 60 %, asked 5 floors at 70 %: beyond", text)
        self.assertIn("an area below the least costs 1 floor; a street below the least width costs 1 floor", text)
        self.assertIn("the zoning plan was not asked", self.ctl("get", unasked).stdout)
        self.assertIn("beyond what is allowed by version 1 of the zoning plan", self.ctl("history", beyond).stdout)
        self.assertIn("بیش از ضابطه", self.ctl("--lang", "fa", "history", beyond).stdout)
        self.assertIn("R122", self.ctl("--csv", "zoning", "show", 1).stdout)

    def test_a_new_version_changes_no_case_until_a_supervisor_says_so(self):
        self.put_in_force(ROOT / "city/zoning.toml", 1)
        cases = [self.submit(number, *ASKED) for number in range(5)]
        self.submit(9, "--zone", "G111")
        later = self.file("later.toml", LATER)
        self.ctl("zoning", "load", later)
        self.ctl("zoning", "validate", 2)
        told = self.ask("zoning", "notify", 2, "--from", "+1h")
        self.assertEqual((told["changes"], told["beyond"]), (5, 5))
        self.ctl("advance", "+1h")
        self.assertEqual(self.states(), {1: "superseded", 2: "inForce"})
        changes = self.ask("zoning", "diff", 2)["changes"]
        self.assertEqual([row["caseId"] for row in changes], cases)
        self.assertEqual({(row["present"]["allowedFloors"], row["changed"]["allowedFloors"]) for row in changes},
                         {(5, 4)})
        page = self.ask("zoning", "diff", 2, "--limit", 2)
        self.assertEqual([row["caseId"] for row in page["changes"]], cases[:2])
        rest = self.ask("zoning", "diff", 2, "--cursor", page["cursor"])
        self.assertEqual([row["caseId"] for row in rest["changes"]], cases[2:])
        self.assertEqual(self.case(cases[0])["zoningVersion"], 1)
        self.ctl("zoning", "rebase", cases[0], "--note", "the owner asked")
        self.assertEqual((self.case(cases[0])["zoningVersion"], self.case(cases[0])["zoning"]["result"]),
                         (2, "beyond"))
        self.assertIn("the owner asked", self.ctl("history", cases[0]).stdout)
        self.assertEqual(len(self.ask("zoning", "diff", 2)["changes"]), 4)
        self.assertEqual(self.ask("stats")["casesRebased"], 1)

        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.states(), {1: "superseded", 2: "inForce"})
        self.assertEqual([self.case(each)["zoningVersion"] for each in cases], [2, 1, 1, 1, 1])
        self.daemon.stop()
        verify(self.daemon.data)

    def test_an_amended_case_is_judged_again(self):
        self.put_in_force(ROOT / "city/zoning.toml", 1)
        number = self.submit(0, *ASKED)
        self.ctl("amend", number, "--floors", 6, "--note", "one more")
        self.assertEqual((self.case(number)["zone"], self.case(number)["zoning"]["result"]), ("R122", "beyond"))
        self.ctl("amend", number, "--zone", "R131", "--area", 500, "--street", 18)
        self.assertEqual(self.case(number)["zoning"]["result"], "within")


class BadInput(Story):
    def test_a_table_is_refused_with_its_lines(self):
        bad = self.file("bad.toml", """
version = 1
zone = [
  { code = "R 1", floors = 5, coverage_permille = 600 },
  { code = "R122", floors = 201, coverage_permille = 600 },
  { code = "r122", floors = 5, coverage_permille = 1600 },
  { code = "S1", floors = 5, coverage_permille = 600, area_min_m2 = 10 },
  { code = "S2", floors = 5, coverage_permille = 600, area_min_m2 = 10, area_effect = 6 },
  { code = "S3", floors = 5, coverage_permille = 600, street_effect = 1, colour = "red" },
]
""")
        said = self.ctl("zoning", "load", bad, check=2).stderr
        for part in (":4:", "letters and digits", ":5:", "floors", ":6:", "twice", "coverage_permille", ":7:", "is missing",
                     ":8:", "1 to 5", ":9:", "without its condition", "colour", "Nothing was loaded"):
            self.assertIn(part, said)
        self.assertEqual(self.states(), {})

    def test_each_step_says_what_is_missing(self):
        self.assertIn("List the versions", self.ctl("zoning", "validate", 1, check=1).stderr)
        self.assertIn("List the versions", self.ctl("zoning", "diff", 1, check=1).stderr)
        self.ctl("zoning", "load", ROOT / "city/zoning.toml")
        self.assertIn("is loaded", self.ctl("zoning", "notify", 1, "--from", "now", check=1).stderr)
        self.ctl("zoning", "validate", 1)
        self.assertIn("from now on", self.ctl("zoning", "notify", 1, "--from", "-1d", check=1).stderr)
        self.ctl("zoning", "notify", 1, "--from", "+1d")
        self.assertIn("note is required", self.ctl("zoning", "drop", 1, check=1).stderr)
        self.ctl("zoning", "drop", 1, "--note", "a wrong letter")
        self.assertEqual(self.states(), {})

    def test_bad_cases_are_refused(self):
        self.assertIn("--zone", self.ctl("submit", "--district", 1, "--parcel", "p", "--zone", "12", check=2).stderr)
        number = self.submit(0, *ASKED)
        self.ctl("zoning", "rebase", number, check=2)
        self.assertIn("already so", self.ctl("zoning", "rebase", number, "--note", "why not", check=1).stderr)
        self.assertIn("no such case", self.ctl("zoning", "rebase", 99, "--note", "why not", check=1).stderr)
        self.ctl("zoning", "rebase", number, "--note", "x", "--as", "office:0101", check=2)


if __name__ == "__main__":
    unittest.main()
