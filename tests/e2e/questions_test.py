#!/usr/bin/env python3
"""Questions that the planner's threads answer: forecast, offers, eligibility, fairness.

Goal: what permitctl prints is true of a city small enough to know by heart, changes nothing, repeats
itself for a seed, and keeps to the scope of who asks. Method: a rehearsal daemon and permitctl.
"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from permitd_process import ROOT, Daemon  # noqa: E402

INSPECTORS = """
[city]
name = "Questions"
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
[stage.site_inspection]
skill = "inspect"
effort_minutes = 60
sla_minutes = 840
needs_appointment = true
field_lease = true
[stage.admin_processing]
skill = "admin"
effort_minutes = 60
sla_minutes = 840
[[service]]
id = 1
label = "Visit and paper"
stages = ["site_inspection", "admin_processing"]
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
code = "0202"
label = "Office 0202"
point = [35.72, 51.42]
licensee = 900003
technical_manager = 900004
[[expert]]
id = 1
count = 2
office = "0101"
person = 1001
label = "Inspector"
skills = ["inspect"]
districts = [1]
[[expert]]
id = 3
office = "0202"
person = 1003
label = "Clerk"
skills = ["admin"]
"""
SATURDAY = "2025-04-05"
SUNDAY = "2025-04-06"
FRIDAY = "2025-04-11"


class Story(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        city = self.daemon.root / "city.toml"
        city.write_text(INSPECTORS)
        self.daemon.ctl("city", "load", "--yes", city)
        self.daemon.ctl("advance", SATURDAY + " 07:30")
        self.ask = self.daemon.ask
        self.ctl = self.daemon.ctl

    def submit(self, number, *arguments):
        return self.ask("submit", "--district", 1, "--parcel", f"p{number}", "--point", f"35.7{number % 10}", "51.40",
                        *arguments)["accepted"]["caseId"]


class Eligibility(Story):
    def row(self, skill, district, day=SATURDAY):
        rows = self.ask("eligibility", "--day", day, "--skill", skill, "--district", district)["rows"]
        self.assertEqual(len(rows), 1)
        return rows[0]

    def removed(self, row):
        names = ["none", "office", "skill", "certificate", "fourEyes", "conflict", "shift", "absence", "capacity",
                 "district", "heldMost", "pairRepeat"]
        return {name: count for name, count in zip(names, row["removed"]) if count}

    def test_each_filter_is_named(self):
        self.assertEqual((self.row("inspect", 1)["able"], self.removed(self.row("inspect", 1))), (2, {"skill": 1}))
        self.assertEqual(self.removed(self.row("inspect", 2)), {"skill": 1, "district": 2})
        self.assertEqual(self.removed(self.row("review", 1)), {"skill": 3})
        self.assertEqual(self.removed(self.row("inspect", 1, FRIDAY)), {"skill": 1, "shift": 2})
        self.ctl("absent", 1, "--to", "+2d", "--note", "ill", "--yes")
        self.assertEqual(self.removed(self.row("inspect", 1)), {"skill": 1, "absence": 1})
        self.ctl("suspend", "0101", "--note", "an inquiry", "--yes")
        self.assertEqual(self.removed(self.row("inspect", 1)), {"office": 2, "skill": 1})

    def test_nobody_is_an_answer(self):
        text = self.ctl("eligibility", "--day", SUNDAY, "--skill", "inspect", "--district", 2).stdout
        self.assertIn(f"Nobody can inspect in district 2 on sunday {SUNDAY}: 1 skill, 2 district.", text)
        text = self.ctl("eligibility", "--day", SUNDAY, "--skill", "inspect", "--district", 1).stdout
        self.assertIn("For everything asked there is somebody", text)
        rows = self.ctl("--csv", "eligibility", "--nobody").stdout.splitlines()
        self.assertEqual(rows[0], "day,skill,district,able,free_minutes,kept from it by")
        self.assertEqual(len(rows), 1 + 12 - 3)  # somebody inspects in 1, and the clerk works in both

    def test_a_plan_that_leaves_a_visit_out_says_who_is_missing(self):
        self.ask("submit", "--district", 2, "--parcel", "far", "--point", "35.71", "51.41")
        text = self.ctl("replan", "--iterations", 100).stdout
        self.assertIn("Not in the plan: 1 visits", text)
        nobody = self.ask("replan", "--iterations", 100)["nobody"]
        self.assertEqual(len(nobody), 1)
        self.assertIn(nobody[0], text)
        self.assertIn(f"Nobody can inspect in district 2 on saturday {SATURDAY}: 1 skill, 2 district.", text)

    def test_wrong_options_are_named(self):
        self.assertIn("--skill", self.ctl("eligibility", "--skill", "flying", check=2).stderr)
        self.ctl("eligibility", "--as", "office:0101", check=2)


class Offers(Story):
    def causes(self, *arguments):
        offers = self.ask("offers", *arguments)["offers"]
        return {(offer["day"], offer["half"]): offer["cause"] for offer in offers}

    def test_what_is_free_can_be_booked_and_what_is_not_says_why(self):
        case = self.submit(1)
        before = self.daemon.digest()
        answer = self.ask("offers", case, "--days", 3)
        self.assertEqual(self.daemon.digest(), before)
        offers = answer["offers"]
        self.assertEqual([offer["cause"] for offer in offers], ["promised"] + ["free"] * 5)
        self.assertEqual(offers[0]["begin"], answer["appointment"])
        free = offers[1:]
        self.assertEqual({offer["withRoom"] for offer in free}, {2})
        last = free[-1]
        day = self.ctl("offers", case, "--days", 3).stdout.splitlines()[6].split()[1]
        self.ctl("schedule", answer["job"], day, "--half", last["half"], "--as", "office:0101")
        self.assertEqual(self.causes(case, "--days", 3)[(last["day"], last["half"])], "promised")

    def test_who_is_away_is_not_offered(self):
        case = self.submit(1)
        for expert in (1, 2):
            self.ctl("absent", expert, "--from", SUNDAY, "--to", "2025-04-07", "--note", "ill", "--yes")
        sunday = [offer for offer in self.ask("offers", case, "--days", 2)["offers"]][2:]
        self.assertEqual({offer["cause"] for offer in sunday}, {"nobodyOnShift"})
        self.assertIn("nobody of the rest works then", self.ctl("offers", case, "--days", 2).stdout)

    def test_promised_visits_fill_the_half_days(self):
        # Eight appointments a half-day; two people have time for three visits each in one.
        first, *_ = [self.submit(number) for number in range(8 * 3 + 6)]
        causes = [offer["cause"] for offer in self.ask("offers", first, "--days", 3)["offers"]]
        self.assertEqual(causes, ["promised", "halfDayFull", "halfDayFull", "noTime", "free", "free"])
        self.assertIn("all its appointments are given", self.ctl("offers", first).stdout)

    def test_a_case_in_a_district_that_nobody_reaches(self):
        case = self.ask("submit", "--district", 2, "--parcel", "far", "--point", "35.71", "51.41")["accepted"]["caseId"]
        causes = set(self.causes(case).values()) - {"begun", "promised", "beyondHorizon"}
        self.assertEqual(causes, {"nobodyQualified"})

    def test_an_office_sees_its_own_cases_and_no_counts(self):
        case = self.submit(1)
        own = self.ask("offers", case, "--as", "office:0101")["offers"]
        self.assertEqual([offer["cause"] for offer in own], [offer["cause"] for offer in self.ask("offers", case)["offers"]])
        self.assertEqual({offer["qualified"] + offer["withRoom"] + offer["extraTravelSeconds"] for offer in own}, {0})
        for unknown in ((case, "--as", "office:0202"), (4711, "--as", "office:0202")):
            refused = self.ask("offers", *unknown, check=1)["refused"]
            self.assertEqual(refused["codeName"], "unknownCase")
        job = self.ask("get", case)["currentJob"]
        self.assertEqual(self.ask("offers", "--job", job, "--as", "office:0202", check=1)["refused"]["codeName"], "unknownJob")

    def test_what_is_no_visit_is_refused(self):
        case = self.submit(1)
        job = self.ask("get", case)["currentJob"]
        appointment = self.ask("offers", case)["appointment"]
        self.ctl("advance", f"+{(appointment - self.ask('health')['now']) // 60000 + 1}m")
        lease = self.ask("claim", "--as", "expert:1")["leases"][0]
        self.assertEqual(lease["job"], job)
        self.assertEqual(self.ask("offers", case, check=1)["refused"]["codeName"], "wrongState")
        self.ctl("start", job, "--as", "expert:1")
        self.ctl("done", job, "--as", "expert:1")
        self.assertEqual(self.ask("offers", case, check=1)["refused"]["codeName"], "outOfRange")


class Forecast(Story):
    def test_it_repeats_itself_and_changes_nothing(self):
        for number in range(12):
            self.submit(number)
        before = self.daemon.digest()
        one = self.ask("forecast", "--seed", 7)
        self.assertEqual(one, self.ask("forecast", "--seed", 7))
        self.assertEqual(self.daemon.digest(), before)
        self.assertEqual((one["op"], one["openCases"], one["people"]), (before[0], 12, 3))
        self.assertEqual(len(one["days"]), 10)
        self.assertEqual(len(one["plain"]["days"]), 10)
        self.assertNotEqual(one["plain"], self.ask("forecast", "--seed", 8)["plain"])

    def test_when_a_case_is_done(self):
        case = self.submit(1)
        answer = self.ask("forecast", case, "--what-if", "arrivals:0%", "--spread", 0)
        # The visit on its promised half-day, the paper behind it; nothing else is in the way.
        self.assertIn(answer["changed"]["doneP50"], (1, 2))
        self.assertEqual(answer["changed"]["doneP50"], answer["changed"]["doneP90"])
        self.assertIn("An estimate", self.ctl("forecast", case).stdout)
        self.assertIn(f"Case {case} will be done by", self.ctl("forecast", case).stdout)
        self.assertEqual(self.ask("forecast", 4711, check=1)["refused"]["codeName"], "unknownCase")

    def test_what_if_shows_the_difference(self):
        for number in range(60):
            self.submit(number)
        plain = self.ask("forecast", "--what-if", "+4inspectors@1")
        waiting = lambda play: sum(day["jobs"]["p50"] for day in play["stages"][1]["days"])
        self.assertGreater(waiting(plain["plain"]), waiting(plain["changed"]))
        closed = self.ask("forecast", "--what-if=-office:0101")
        self.assertGreater(waiting(closed["changed"]), waiting(closed["plain"]))
        text = self.ctl("forecast", "--what-if", "+4inspectors@1").stdout
        self.assertIn("->", text)
        self.assertIn("siteInspection", text)
        self.assertIn("siteInspection", self.ctl("forecast", "--by-district").stdout)
        csv = self.ctl("--csv", "forecast", "--what-if", "+4inspectors@1").stdout.splitlines()
        self.assertEqual(csv[0], "play,day,stage,district,jobs_p10,jobs_p50,jobs_p90,minutes_p10,minutes_p50,minutes_p90")
        self.assertEqual({line.split(",")[0] for line in csv[1:]}, {"plain", "changed"})

    def test_a_day_that_closes_and_an_office_that_is_not_there(self):
        self.submit(1)
        closed = self.ask("forecast", f"--what-if=-day:{SUNDAY}")["changed"]["days"]
        self.assertEqual(closed[1]["capacityMinutes"], 0)
        self.assertGreater(closed[2]["capacityMinutes"], 0)
        self.assertEqual(self.ask("forecast", "--what-if=-office:0303", check=1)["refused"]["codeName"], "unknownOffice")
        self.assertEqual(self.ask("forecast", f"--what-if=-day:{FRIDAY}", check=1)["refused"]["fieldName"], "day")
        self.assertIn("write +2inspectors", self.ctl("forecast", "--what-if", "more", check=2).stderr)


class Fairness(Story):
    def test_shares_follow_the_work_that_was_done(self):
        empty = self.ask("fairness")
        self.assertEqual([office["capacityPpm"] for office in empty["offices"]], [666667, 333333])
        self.assertEqual((empty["jainOfficesPpm"], empty["workMinutes"]), (1000000, 0))
        case = self.submit(1)
        job = self.ask("get", case)["currentJob"]
        appointment = self.ask("offers", case)["appointment"]
        self.ctl("advance", f"+{(appointment - self.ask('health')['now']) // 60000 + 1}m")
        self.ask("claim", "--as", "expert:1")
        self.ctl("start", job, "--as", "expert:1")
        self.ctl("done", job, "--as", "expert:1")
        done = self.ask("fairness")
        self.assertEqual([office["workPpm"] for office in done["offices"]], [1000000, 0])
        self.assertEqual(done["workMinutes"], 60)
        self.assertEqual(done["jainOfficesPpm"], 500000)  # one of two has everything
        self.assertEqual(done["jainExpertsPpm"], 333333)
        self.assertIn("+33.33 %", self.ctl("fairness").stdout)


class ManyThreads(unittest.TestCase):
    """The same questions where network and engine have threads of their own."""

    def test_questions_find_their_way_back(self):
        with Daemon(settings=("threads.rpc=2",)) as daemon:
            daemon.ctl("city", "load", "--yes", ROOT / "city/minimal.toml")
            case = daemon.ask("submit", "--district", 1, "--parcel", "p")["accepted"]["caseId"]
            self.assertEqual(daemon.ask("forecast", case, "--as", "auditor:1")["plain"]["doneP50"], 1)
            self.assertEqual(daemon.ask("fairness", "--as", "auditor:1")["experts"], 5)
            self.assertEqual(daemon.ask("eligibility", "--skill", "file")["rows"][0]["able"], 5)


if __name__ == "__main__":
    unittest.main()
