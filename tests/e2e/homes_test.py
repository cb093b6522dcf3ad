#!/usr/bin/env python3
"""An office leaves: its cases find other homes, with what only an office's own people may do, and go on there.

A small city with a real daemon, whose files are the office's own people's work.
"""

import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from permitd_process import Daemon  # noqa: E402

WAIT_SECONDS = 60
CITY = """
[city]
name = "Homes"
time_zone = "Asia/Tehran"
[calendar]
from = 2024-03-20
until = 2030-03-20
  [[calendar.hours]]
  saturday = "00:00-24:00"
  sunday = "00:00-24:00"
  monday = "00:00-24:00"
  tuesday = "00:00-24:00"
  wednesday = "00:00-24:00"
  thursday = "00:00-24:00"
  friday = "00:00-24:00"
[stage.file_formation]
skill = "file"
effort_minutes = 30
sla_minutes = 420
reach = "office"
[[service]]
id = 1
label = "Papers by the office's own people"
stages = ["file_formation"]
[[organisation]]
id = 1
label = "Municipality"
priority = "municipal"
""" + "".join(f"""
[[office]]
code = "{code}"
label = "Office {code}"
point = [{point}]
licensee = {person}
technical_manager = {person + 1}
[[expert]]
id = {expert}
office = "{code}"
person = {person + 2}
label = "Clerk"
skills = ["file"]
""" for code, point, person, expert in (("0101", "35.70, 51.40", 9000, 1), ("0102", "35.72, 51.42", 9010, 2),
                                        ("0201", "35.60, 51.30", 9020, 3)))


class Homes(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon().start()
        self.addCleanup(self.daemon.close)
        self.ctl, self.ask = self.daemon.ctl, self.daemon.ask
        city = self.daemon.root / "homes.toml"
        city.write_text(CITY)
        self.ctl("city", "load", "--yes", city)
        self.cases = [self.ask("submit", "--as", "office:101", "--district", district, "--parcel", f"p{number}")
                      for number, district in enumerate((1, 1, 2, 3))]

    def office_of(self, case):
        return self.ask("get", case)["office"]

    def open_of(self, office):
        return next(row["casesOpen"] for row in self.ask("offices")["offices"] if row["office"] == office)

    def test_the_cases_of_a_suspended_office_go_on_elsewhere(self):
        self.ctl("suspend", "0101", "--yes", "--note", "inspection")
        self.assertIn("rehome 0101", self.ctl("suspend", "0101", "--state", "surrendered", "--yes").stdout)
        proposed = self.ask("rehome", "0101", "--dry-run")["homes"]
        self.assertEqual([(home["district"], home["office"], home["reason"]) for home in proposed],
                         [(1, 102, "district"), (1, 102, "district"), (2, 201, "district"), (3, 201, "city")])
        self.assertEqual(self.office_of(1), 101)
        self.assertEqual(self.ask("claim", "--as", "expert:2")["leases"], [])
        self.assertEqual(self.ask("rehome", "0101", "--yes", "--note", "licence returned"), {"moved": 4, "refused": 0})
        self.assertEqual([self.office_of(case) for case in (1, 2, 3, 4)], [102, 102, 201, 201])
        self.assertEqual([self.open_of(office) for office in (101, 102, 201)], [0, 2, 2])
        # Only an office's own people may do this work: those of the new one now, and one of them was waiting.
        held = [self.ask("get", case)["jobs"][0] for case in (1, 2)]
        self.assertEqual(sorted((job["state"], job["holder"]) for job in held), [("assigned", 2), ("ready", 0)])
        told = [event for event in self.ask("history", 1)["events"] if event["kind"] == "caseMoved"]
        self.assertEqual([(event["office"], event["reason"], event["note"]) for event in told],
                         [(102, "officeInactive", "licence returned")])
        self.assertEqual(self.ask("rehome", "0101", "--dry-run")["homes"], [])

    def test_where_the_policy_says_so_they_go_by_themselves_as_the_preview_said(self):
        city = self.daemon.root / "by_themselves.toml"
        city.write_text(CITY + '[policy]\nhomes = "when_ended"\n')
        self.ctl("city", "load", "--yes", city)
        suspended = self.ctl("suspend", "0101", "--dry-run").stdout
        self.assertIn("until a supervisor moves them", suspended)
        self.assertIn("Nothing was changed", suspended)
        persian = self.ctl("--lang", "fa", "suspend", "0101", "--dry-run").stdout
        self.assertIn("دفتر ۰۱۰۱", persian)
        self.assertNotRegex(persian.replace("permitctl rehome 0101 --dry-run", "").replace("--dry-run", ""), "[A-Za-z]")
        away = self.ctl("--lang", "fa", "absent", 2, "--to", "+1h", "--dry-run").stdout
        self.assertIn("کارشناس ۲", away)
        self.assertNotRegex(away.replace("--dry-run", ""), "[A-Za-z]")
        unasked = self.ctl("--lang", "fa", "suspend", "0101", check=2).stderr
        self.assertIn("چیزی تغییر نکرد", unasked)
        csv = self.ctl("--lang", "fa", "--csv", "rehome", "0101", "--dry-run").stdout
        self.assertEqual(csv.splitlines()[0], "case,district,stage,state,appointment,office,why")
        self.assertIn("by themselves", self.ctl("suspend", "0101", "--state", "revoked", "--dry-run").stdout)
        previewed = self.ask("suspend", "0101", "--state", "revoked", "--dry-run")["homes"]
        self.assertEqual([(home["caseId"], home["office"]) for home in previewed],
                         [(1, 102), (2, 102), (3, 201), (4, 201)])
        self.assertEqual(self.open_of(101), 4)
        self.assertIn("by themselves", self.ctl("suspend", "0101", "--state", "revoked", "--yes").stdout)
        deadline = time.monotonic() + WAIT_SECONDS
        while self.open_of(101) > 0:
            self.assertLess(time.monotonic(), deadline, "the cases do not move")
        self.assertEqual([self.office_of(home["caseId"]) for home in previewed], [home["office"] for home in previewed])
        back = self.ctl("suspend", "0201", "--state", "active", "--dry-run").stdout
        self.assertIn("Office 0201 is active.", back)
        self.assertNotIn("go back", back)
        self.assertIn("no office 0909", self.ctl("suspend", "0909", "--state", "active", "--dry-run", check=2).stderr)

    def test_one_case_moves_by_order(self):
        self.assertIn("Office 0201", self.ctl("move", 1, "--to", "0201", "--note", "wish").stdout)
        self.assertEqual(self.office_of(1), 201)
        # Its old office sees it no more, its new one does.
        self.assertEqual(self.ask("get", 1, "--as", "office:101", check=1)["refused"]["codeName"], "unknownCase")
        self.assertEqual(self.ask("get", 1, "--as", "office:201")["caseId"], 1)

    def test_what_cannot_be_is_refused_and_says_why(self):
        def refused(*arguments):
            answer = self.ask(*arguments, check=1)["refused"]
            return answer["codeName"], answer["fieldName"]
        self.assertEqual(refused("move", 99, "--to", "0201"), ("unknownCase", "case"))
        self.assertEqual(refused("move", 1, "--to", "0909"), ("unknownOffice", "office"))
        self.assertEqual(refused("move", 1, "--to", "0101"), ("nothingToDo", "office"))
        self.ctl("suspend", "0201", "--yes")
        self.assertEqual(refused("move", 1, "--to", "0201"), ("officeNotActive", "office"))
        self.ctl("withdraw", 1, "--as", "office:101")
        self.assertEqual(refused("move", 1, "--to", "0102"), ("wrongState", "state"))
        self.assertEqual(refused("rehome", "0909", "--dry-run"), ("unknownOffice", "office"))
        self.assertEqual(self.office_of(1), 101)


if __name__ == "__main__":
    unittest.main()
