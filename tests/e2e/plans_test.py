#!/usr/bin/env python3
"""The plan that is always ready, as a test: what brings it about, what it says before an event and after it.

A small city with a real daemon; searches of a fixed number of steps, so that a plan can be compared with another.
"""

import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from permitd_process import Daemon  # noqa: E402

STEPS = 3000
WAIT_SECONDS = 120

CITY = """
[city]
name = "Plans"
time_zone = "Asia/Tehran"
[policy]
appointment_lead_minutes = 0
[calendar]
from = 2024-03-20
until = 2030-03-20
  [[calendar.hours]]
  saturday = "07:30-14:30"
  sunday = "07:30-14:30"
  monday = "07:30-14:30"
  tuesday = "07:30-14:30"
  wednesday = "07:30-14:30"
{closure}
[stage.site_inspection]
skill = "inspect"
effort_minutes = 60
sla_minutes = 1680
needs_appointment = true
field_lease = true
[stage.file_formation]
skill = "file"
effort_minutes = 60
sla_minutes = 420
[[service]]
id = 1
label = "Visit alone"
stages = ["site_inspection"]
[[service]]
id = 2
label = "Papers alone"
stages = ["file_formation"]
[[organisation]]
id = 1
label = "Municipality"
priority = "municipal"
[[office]]
code = "0101"
label = "Office 0101"
point = [35.70, 51.40]
licensee = 900001
technical_manager = 900002
[[office]]
code = "0102"
label = "Office 0102"
point = [35.72, 51.42]
licensee = 900003
technical_manager = 900004
[[expert]]
id = 1
count = 4
office = "0101"
person = 1001
label = "Inspector"
skills = ["inspect"]
[[expert]]
id = 11
count = 2
office = "0101"
person = 1011
label = "Clerk"
skills = ["file"]
[[expert]]
id = 21
office = "0102"
person = 1021
label = "Clerk"
skills = ["file"]
"""


def settings(*more):
    # Time never ends a search here: only what can be repeated can be compared.
    return ("planner.interval_seconds=1", f"planner.iterations={STEPS}", "planner.milliseconds_max=60000", *more)


def by_job(plan):
    """What a plan says of each job: the same whatever was before."""
    return {line["job"]: (line["expert"], line["start"], line["sequence"]) for line in plan["visits"]}


class Plans(unittest.TestCase):
    more = ()

    def setUp(self):
        self.daemon = Daemon(settings=settings(*self.more)).start()
        self.addCleanup(self.daemon.close)
        self.ctl, self.ask = self.daemon.ctl, self.daemon.ask
        self.load()

    def begin(self, hour):
        self.ctl("advance", f"2025-04-05 {hour}")  # a Saturday

    def load(self, closure=""):
        city = self.daemon.root / "plans.toml"
        city.write_text(CITY.format(closure=closure))
        self.ctl("city", "load", "--yes", city)

    def submit_visits(self, count):
        for number in range(count):
            self.ask("submit", "--district", 1, "--parcel", f"v{number}", "--point", f"35.{700 + number * 7}",
                     f"51.{400 + number * 11 % 70}")

    def submit_papers(self, count):
        return [self.ask("submit", "--service", 2, "--district", 1, "--parcel", f"p{number}")["accepted"]["job"]
                for number in range(count)]

    def reserve(self, day):
        self.ctl("--yes", "replan", "--day", day, "--iterations", STEPS, "--apply")

    def standing(self, op):
        """The standing plan that has seen `op`, once it is there."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            answer = self.ask("replan", "--standing")
            if answer.get("op", 0) >= op and not answer["since"]:
                return answer
        self.fail(f"no plan stands that has seen op {op}: {answer}")

    def op(self):
        return self.ask("health")["op"]

    def causes(self, plan):
        return {cause["kind"]: cause for cause in plan["causes"]}


class Desks(Plans):
    def test_a_plan_of_the_desks_is_previewed_applied_and_kept(self):
        self.begin("07:30")
        jobs = self.submit_papers(6)
        before = self.daemon.digest()
        plan = self.ask("replan", "desks", "--iterations", STEPS)
        self.assertEqual(self.daemon.digest(), before)
        self.assertEqual(sorted(line["job"] for line in plan["jobs"]), jobs)
        self.assertEqual({line["change"] for line in plan["jobs"]}, {"new"})
        shares = [sum(line["expert"] == expert for line in plan["jobs"]) for expert in (11, 12, 21)]
        self.assertEqual(shares, [2, 2, 2])
        applied = self.ask("--yes", "replan", "desks", "--iterations", STEPS, "--apply")
        self.assertEqual(applied, {"applied": {"applied": 6}})
        again = self.ask("replan", "desks", "--iterations", STEPS)
        self.assertEqual({line["change"] for line in again["jobs"]}, {"kept"})
        mine = [line["job"] for line in again["jobs"] if line["expert"] == 11]
        leases = self.ask("claim", 3, "--as", "expert:11")["leases"]
        self.assertEqual([lease["job"] for lease in leases], mine)

    def test_who_drops_out_before_and_after(self):
        self.begin("07:30")
        self.submit_papers(6)
        self.ctl("--yes", "replan", "desks", "--iterations", STEPS, "--apply")
        preview = self.ask("replan", "desks", "--iterations", STEPS, "--absent", 11)
        moved = [line for line in preview["jobs"] if line["change"] == "moved"]
        self.assertEqual({line["before"] for line in moved}, {11})
        self.assertEqual({line["cause"] for line in moved}, {"obstacle"})
        self.ctl("absent", 11, "--to", "2025-04-06", "--note", "ill", "--yes")
        plan = self.standing(self.op())
        self.assertEqual(self.causes(plan)["absence"]["expert"], 11)
        after = {line["job"]: (line["expert"], line["start"]) for line in plan["desks"]["jobs"]}
        self.assertEqual(after, {line["job"]: (line["expert"], line["start"]) for line in preview["jobs"]})


class Before(Plans):
    """A preview is what the standing plan says once the event has come."""

    def test_an_absence(self):
        self.begin("12:00")
        self.submit_visits(8)  # all of them get tomorrow's morning
        self.reserve("+1d")
        preview = self.ask("replan", "--day", "+1d", "--iterations", STEPS, "--absent", 1)
        lost = [line for line in preview["visits"] if line["displaced"]]
        self.assertTrue(lost)
        self.assertEqual({line["before"] for line in lost}, {1})
        self.assertNotIn(1, {line["expert"] for line in preview["visits"]})
        self.assertIn("lose their inspector", self.ctl("replan", "--day", "+1d", "--iterations", STEPS, "--absent", 1).stdout)
        self.ctl("absent", 1, "--from", "2025-04-06", "--to", "2025-04-07", "--yes")
        plan = self.standing(self.op())
        self.assertEqual(self.causes(plan)["absence"]["expert"], 1)
        self.assertEqual(by_job(plan["days"][1]), by_job(preview))
        shown = self.ctl("replan", "--standing").stdout
        self.assertIn("1 absences (expert 1)", shown)

    def test_a_suspended_office(self):
        self.begin("07:30")
        papers = self.submit_papers(6)
        self.ctl("--yes", "replan", "desks", "--iterations", STEPS, "--apply")
        preview = self.ask("replan", "desks", "--iterations", STEPS, "--suspended", "0101")
        self.assertEqual({line["expert"] for line in preview["jobs"]}, {21})
        self.ctl("suspend", "0101", "--yes", "--note", "closed")
        plan = self.standing(self.op())
        self.assertEqual(self.causes(plan)["office"]["office"], 101)
        self.assertEqual({line["job"]: line["expert"] for line in plan["desks"]["jobs"]},
                         {line["job"]: line["expert"] for line in preview["jobs"]})
        self.assertEqual(len(papers), 6)

    def test_a_holiday(self):
        self.begin("12:00")
        self.submit_visits(8)  # all of them get tomorrow's morning
        self.reserve("+1d")
        preview = self.ask("replan", "--iterations", STEPS, "--closed", "2025-04-06")
        self.assertEqual({line["movesAppointment"] for line in preview["visits"]}, {True})
        self.load('[[calendar.closure]]\nfrom = 2025-04-06\nwhy = "cold"')
        plan = self.standing(self.op())
        self.assertIn("calendar", self.causes(plan))
        self.assertEqual(by_job(plan["days"][1]), by_job(preview))

    def test_who_is_not_there_is_said(self):
        refused = self.ask("replan", "--absent", 999, "--iterations", STEPS, check=1)["refused"]
        self.assertEqual((refused["codeName"], refused["fieldName"]), ("unknownExpert", "expert"))
        self.assertIn("exclude", self.ctl("replan", "--absent", 1, "--suspended", "0101", check=2).stderr)
        self.assertIn("first", self.ctl("replan", "--absent", 1, "--apply", check=2).stderr)


class Standing(Plans):
    def test_it_waits_for_the_supervisor_and_says_why_it_was_made(self):
        self.begin("07:30")
        jobs = self.submit_papers(3)
        plan = self.standing(self.op())
        self.assertIn("submitted", self.causes(plan))
        self.assertEqual(sorted(line["job"] for line in plan["desks"]["jobs"]), jobs)
        self.assertEqual(plan["appliedLines"], 0)
        self.assertEqual(self.ask("get", "--job", jobs[0])["plannedFor"], 0)
        applied = self.ask("--yes", "replan", "desks", "--standing", "--apply")
        self.assertEqual(applied, {"applied": {"applied": 3}})
        reserved = self.ask("get", "--job", jobs[0])
        self.assertNotEqual(reserved["plannedFor"], 0)
        # Its office may not foresee who does it.
        own = f"office:{reserved['intakeOffice']}"
        self.assertEqual(self.ask("get", "--job", jobs[0], "--as", own)["plannedFor"], 0)
        why = self.ask("why", jobs[0], "--as", own)
        self.assertEqual(why["job"]["plannedFor"], 0)
        self.assertNotIn(f"expert {reserved['plannedFor']}", why["stuck"]["sentence"])
        plan = self.standing(self.op())
        self.assertIn("steered", self.causes(plan))
        self.assertEqual({line["change"] for line in plan["desks"]["jobs"]}, {"kept"})


class ByItself(Plans):
    more = ('planner.apply="new"',)

    def test_new_work_is_reserved_without_a_supervisor(self):
        self.begin("07:30")
        jobs = self.submit_papers(3)
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            if all(self.ask("get", "--job", job)["plannedFor"] for job in jobs):
                break
        else:
            self.fail("nothing was reserved")
        history = self.ctl("history", self.ask("get", "--job", jobs[0])["caseId"]).stdout
        self.assertIn("reserved by a plan", history)
        self.assertEqual(self.daemon.stop(), 0, self.daemon.log_tail())


class Off(unittest.TestCase):
    def test_no_plan_stands_where_none_is_wanted(self):
        with Daemon(settings=("planner.interval_seconds=0",)) as daemon:
            self.assertEqual(daemon.ask("replan", "--standing", check=1)["refused"]["codeName"], "unsupported")


if __name__ == "__main__":
    unittest.main()
