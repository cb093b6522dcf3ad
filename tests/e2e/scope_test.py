#!/usr/bin/env python3
"""A supervisor of one district at the command line: sees and steers that district, and is told of the rest what is told
of numbers that nobody has (I18). Every command of the documentation that reads or steers is tried with both.
"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from permitd_process import ROOT, Daemon  # noqa: E402

MINIMAL = ROOT / "city/minimal.toml"
HERE = ("--as", "supervisor:31@1")  # the district of office 0101 and its people
THERE = ("--as", "supervisor:32@5")  # no office has its seat there
NOWHERE = 4711


class Scope(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon().start()
        cls.addClassCleanup(cls.daemon.close)
        cls.daemon.ctl("city", "load", "--yes", MINIMAL)
        cls.here = [cls.submit(1) for _ in range(3)]
        cls.there = [cls.submit(5) for _ in range(2)]

    @classmethod
    def submit(cls, district):
        accepted = cls.daemon.ask("submit", "--district", district, "--parcel", f"{district}-22-333")["accepted"]
        return accepted["caseId"], accepted["job"]

    def refusal(self, *arguments):
        done = self.daemon.ctl(*HERE, *arguments, check=1)
        return done.stderr

    def test_lists_and_counts_are_those_of_the_district(self):
        ask = self.daemon.ask
        self.assertEqual(sorted(job["job"] for job in ask(*HERE, "queue")["jobs"]), sorted(job for _, job in self.here))
        self.assertEqual(sorted(job["job"] for job in ask(*THERE, "queue")["jobs"]), sorted(job for _, job in self.there))
        self.assertEqual(ask(*HERE, "queue", "--district", 5)["jobs"], [])
        self.assertEqual(len(ask(*HERE, "offices")["offices"]), 1)
        self.assertEqual(ask(*THERE, "offices")["offices"], [])
        self.assertEqual(len(ask(*HERE, "experts")["experts"]), 5)
        self.assertEqual(ask(*THERE, "experts")["experts"], [])
        self.assertEqual(ask(*HERE, "stats")["casesSubmitted"], 3)
        self.assertEqual(ask(*THERE, "stats")["casesSubmitted"], 2)
        self.assertEqual(ask("stats")["casesSubmitted"], 5)
        self.assertEqual(ask(*HERE, "forecast", "--days", 2, "--runs", 3)["openCases"], 3)

    def test_what_lies_elsewhere_does_not_exist(self):
        case, job = self.there[0]
        note = ("--note", "an order")
        for command, number in ((["get"], case), (["history"], case), (["why"], job), (["hold"], job),
                                (["release"], job), (["expedite"], case), (["decide"], case), (["refer"], case),
                                (["rebase"], case), (["lock"], job), (["forecast"], case), (["offers"], case)):
            more = {"hold": note, "release": note, "expedite": note, "refer": note, "decide": ("--approve",),
                    "lock": ("--person",)}.get(command[0], ())
            if command == ["rebase"]:
                command, more = ["zoning", "rebase"], note
            with self.subTest(command=command):
                self.assertEqual(self.refusal(*command, number, *more).replace(str(number), "N"),
                                 self.refusal(*command, NOWHERE, *more).replace(str(NOWHERE), "N"))
        self.assertIn("unknownJob", self.refusal("reassign", job, "--to", 1, "--note", "x"))

    def test_it_steers_its_district(self):
        ctl = self.daemon.ctl
        case, job = self.here[0]
        ctl(*HERE, "hold", job, "--note", "an order")
        ctl(*HERE, "release", job, "--note", "done")
        ctl(*HERE, "expedite", case, "--note", "a hospital")
        ctl(*HERE, "absent", 5, "--to", "+4h", "--yes")
        granted = self.daemon.ask(*HERE, "cert", "grant", 5, "--skill", "admin", "file", "--until", "+30d")
        self.assertEqual([each["skill"] for each in granted["certificates"]], ["admin", "file"])
        self.assertTrue(all("accepted" in each for each in granted["certificates"]))
        # The people of that office are steered by the district of its seat, wherever they work.
        self.assertIn("unknownExpert", ctl(*THERE, "absent", 5, "--to", "+4h", "--yes", check=1).stderr)
        self.assertIn("unknownOffice", ctl(*THERE, "suspend", "0101", "--yes", check=1).stderr)

    def test_what_concerns_the_whole_city_is_the_citys(self):
        table = ROOT / "city/zoning.toml"
        for command in (("zoning", "load", table), ("org", "disable", 1, "--label", "x"), ("licence", "want", "--count", 50),
                        ("expert", "add", 17, "--office", "0101", "--person", 5017, "--degree", "bachelor")):
            with self.subTest(command=command):
                said = self.refusal(*command)
                self.assertTrue("notAllowed, district" in said or "unknownExpert" in said, said)
        said = self.daemon.ctl(*HERE, "--lang", "fa", "org", "disable", 1, "--label", "x", check=1).stderr
        self.assertIn("شهر", said)

    def test_districts_are_for_those_who_have_a_scope(self):
        for wrong in ("office:101@1", "expert:1@1", "operator:1@1", "supervisor:1@", "supervisor:1@0", "supervisor:1@2,1"):
            with self.subTest(identity=wrong):
                self.assertIn("--as", self.daemon.ctl("--as", wrong, "stats", check=2).stderr)
        self.assertEqual(self.daemon.ask("--as", "auditor:7@5", "stats")["casesSubmitted"], 2)


if __name__ == "__main__":
    unittest.main()
