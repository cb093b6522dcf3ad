#!/usr/bin/env python3
"""The rules of the city are everybody's to read, and are changed with old and new shown.

Goal: what a city file put into the daemon is read back from it; a change of the catalogue, an organisation or the policy
tells what it changes, changes that alone, and asks; a stage that is only of what is built is skipped where nothing stands;
who would suspend an office is told of the jobs that its experts hold for others. Method: a rehearsal daemon and permitctl.
"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from permitd_process import Daemon  # noqa: E402

SERVICES = """
[stage.file_formation]
skill = "file"
effort_minutes = 30
sla_minutes = 420
[stage.admin_processing]
skill = "admin"
effort_minutes = %(effort)d
sla_minutes = 840
[[service]]
id = 1
label = "Amendment"
version = %(version)d
stages = ["file_formation", { stage = "admin_processing", only_if_built = true }]
"""
CITY = """
[city]
name = "Rules"
""" + SERVICES % {"effort": 45, "version": 1} + """
[[organisation]]
id = 1
label = "Municipality"
priority = "municipal"
[[organisation]]
id = 2
label = "Water company"
priority = "other"
enabled = false
[[office]]
code = "0101"
label = "Office 0101"
licensee = 900001
technical_manager = 900002
[[office]]
code = "0201"
label = "Office 0201"
licensee = 900003
technical_manager = 900004
[[expert]]
id = 1
office = "0101"
person = 1001
label = "Clerk"
skills = ["file", "admin"]
"""
DISTRICT = ("--as", "supervisor:5@2")


class CityRules(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon().start()
        self.addCleanup(self.daemon.close)
        self.ask, self.ctl = self.daemon.ask, self.daemon.ctl
        self.ctl("city", "load", "--yes", self.file("city.toml", CITY))

    def file(self, name, text):
        path = self.daemon.root / name
        path.write_text(text)
        return path

    def refused(self, *arguments):
        return self.ask(*arguments, check=1)["refused"]["codeName"]

    def test_the_rules_are_read_by_everybody(self):
        for who in ((), DISTRICT, ("--as", "auditor:1")):
            service = self.ask("catalog", "show", *who)["services"][0]
            self.assertEqual((service["service"], service["version"], service["label"]), (1, 1, "Amendment"))
            self.assertEqual([(stage["stage"], stage["effortMinutes"], stage["onlyIfBuilt"]) for stage in service["stages"]],
                             [("fileFormation", 30, False), ("adminProcessing", 45, True)])
            self.assertEqual([(one["organisation"], one["label"], one["priority"], one["enabled"])
                              for one in self.ask("org", "list", *who)["organisations"]],
                             [(1, "Municipality", "municipal", True), (2, "Water company", "other", False)])
            self.assertEqual([(one["office"], one["service"]) for one in self.ask("catalog", "offices", *who)["activations"]],
                             [(201, 1)] if who == DISTRICT else [(101, 1), (201, 1)])
            self.assertEqual(self.ask("policy", "show", *who)["leaseMinutes"], 30)
        self.assertIn("onlyIfBuilt", self.ctl("catalog", "show", 1).stdout)
        self.assertIn("in force", self.ctl("catalog", "show").stdout)

    def test_a_new_version_is_shown_before_it_counts(self):
        unchanged = self.ask("catalog", "set", self.file("same.toml", SERVICES % {"effort": 45, "version": 1}))
        self.assertEqual(unchanged, {"services": 1, "changed": 0, "applied": False})
        said = self.ctl("--yes", "catalog", "set", self.file("low.toml", SERVICES % {"effort": 60, "version": 1}), check=2)
        self.assertIn("raise `version`", said.stderr)
        file = self.file("next.toml", SERVICES % {"effort": 60, "version": 2})
        said = self.ctl("catalog", "set", file, "--dry-run").stdout
        for part in ("- adminProcessing admin, 45 min", "+ adminProcessing admin, 60 min", "Nothing was changed"):
            self.assertIn(part, said)
        self.assertNotIn("fileFormation file", said)  # it stays as it is
        self.ctl("catalog", "set", file, check=2)  # asks, and nobody is there to answer
        self.assertEqual(len(self.ask("catalog", "show")["services"]), 1)
        self.assertEqual(self.ask("--yes", "catalog", "set", file), {"services": 1, "changed": 1, "applied": True})
        self.assertEqual([one["version"] for one in self.ask("catalog", "show", 1)["services"]], [1, 2])
        self.assertEqual(self.refused("--yes", *DISTRICT, "catalog", "set",
                                      self.file("third.toml", SERVICES % {"effort": 70, "version": 3})), "notAllowed")

    def test_the_gate_keeps_name_and_priority(self):
        self.ctl("org", "disable", 1)
        self.ctl("org", "enable", 2)
        self.assertEqual([(one["label"], one["priority"], one["enabled"]) for one in self.ask("org", "list")["organisations"]],
                         [("Municipality", "municipal", False), ("Water company", "other", True)])
        self.assertIn("there is none", self.ctl("org", "enable", 7, check=2).stderr)
        self.ctl("org", "enable", 7, "--label", "Gas")
        self.ctl("org", "enable", 2, "--label", "Water", check=0)
        self.assertEqual([(one["organisation"], one["label"], one["priority"]) for one in
                          self.ask("org", "list")["organisations"]][1:], [(2, "Water", "other"), (7, "Gas", "other")])

    def test_the_policy_changes_key_by_key(self):
        before = self.ask("policy", "show")
        told = self.ask("policy", "set", "leaseMinutes=45", "homes=when_ended", "visitsPerDay=8", "--dry-run")
        self.assertEqual(told, {"changes": [{"key": "leaseMinutes", "old": 30, "new": 45},
                                            {"key": "homes", "old": "propose", "new": "whenEnded"}], "applied": False})
        self.assertEqual(self.ask("policy", "show"), before)
        self.ctl("policy", "set", "leaseMinutes=45", check=2)  # asks, and nobody is there to answer
        self.assertTrue(self.ask("--yes", "policy", "set", "lease_minutes=45")["applied"])
        self.assertEqual(self.ask("policy", "show"), before | {"leaseMinutes": 45})
        for wrong in ("leaseMinutes", "lease=45", "leaseMinutes=many", "homes=never"):
            self.ctl("--yes", "policy", "set", wrong, check=2)
        self.assertEqual(self.refused("--yes", "policy", "set", "leaseMinutes=0"), "outOfRange")
        self.assertEqual(self.ask("policy", "show"), before | {"leaseMinutes": 45})

    def test_a_stage_is_skipped_where_nothing_stands(self):
        stages = {}
        for parcel, built in (("p1", ()), ("p2", ("--built",))):
            case = self.ask("submit", "--as", "office:101", "--district", 1, "--parcel", parcel, *built)["accepted"]["caseId"]
            lease = self.ask("claim", "--as", "expert:1")["leases"][0]
            for step in ("start", "done"):
                self.ctl(step, lease["job"], "--token", lease["token"], "--as", "expert:1")
            found = self.ask("get", case)
            self.assertEqual(found["built"], bool(built))
            stages[parcel] = [job["stage"] for job in found["jobs"]]
            self.assertIn("not built" if not built else "built", self.ctl("get", case).stdout)
        self.assertEqual(stages["p1"], ["fileFormation"])
        self.assertEqual(sorted(stages["p2"]), ["adminProcessing", "fileFormation"])

    def test_who_suspends_an_office_is_told_what_its_experts_hold_for_others(self):
        jobs = [self.ask("submit", "--as", "office:201", "--district", 2, "--parcel", f"p{number}")["accepted"]["job"]
                for number in range(2)]
        leases = self.ask("claim", 2, "--as", "expert:1")["leases"]
        self.assertEqual(sorted(lease["job"] for lease in leases), sorted(jobs))
        told = self.ask("suspend", "0101", "--dry-run")
        self.assertEqual((told["homes"], sorted((one["job"], one["holder"], one["office"], one["state"]) for one in told["held"])),
                         ([], sorted((job, 1, 201, "assigned") for job in jobs)))
        manager = ("licence", "manager", "--office", 101, "--change", "suspend", "--note", "under inquiry")
        for command in (("suspend", "0101"), manager):
            self.assertIn("Its experts hold 2, 2 of them", self.ctl(*command, "--dry-run").stdout)
            self.ctl(*command, check=2)  # two jobs: it asks, and nobody is there to answer
        self.assertEqual([self.ask("get", "--job", job)["holder"] for job in jobs], [1, 1])
        self.ctl("--yes", *manager)
        self.assertEqual([self.ask("get", "--job", job)["state"] for job in jobs], ["ready", "ready"])
        self.ctl("licence", "manager", "--office", 101, "--change", "restore")


if __name__ == "__main__":
    unittest.main()
