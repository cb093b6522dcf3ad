#!/usr/bin/env python3
"""Tables of holidays and other hours: what they would change is told before it changes, and then it has.

Goal: the counts of a dry run are those of the import, deadlines move as told, both calendars are read, and a bad table
is refused with its lines. Method: a rehearsal daemon with a week of seven hours a day, and permitctl.
"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from permitd_process import ROOT, Daemon  # noqa: E402

CITY = """
[city]
name = "Calendar"
time_zone = "Asia/Tehran"
[calendar]
from = 2025-03-01
until = 2026-03-20
  [[calendar.hours]]
  saturday = "07:30-14:30"
  sunday = "07:30-14:30"
  monday = "07:30-14:30"
  tuesday = "07:30-14:30"
  wednesday = "07:30-14:30"
[stage.file_formation]
skill = "file"
effort_minutes = 30
sla_minutes = 840
[[service]]
id = 1
label = "Paper"
stages = ["file_formation"]
[[organisation]]
id = 1
label = "Municipality"
priority = "municipal"
[[office]]
code = "0101"
label = "Office 0101"
licensee = 900001
technical_manager = 900002
[[expert]]
id = 1
office = "0101"
person = 1001
label = "Clerk"
skills = ["file"]
"""
SATURDAY = "2025-04-05"  # 1404-01-16


class Story(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.close)
        self.daemon.start()
        self.ask, self.ctl = self.daemon.ask, self.daemon.ctl
        self.ctl("city", "load", "--yes", self.file("city.toml", CITY))
        self.ctl("advance", SATURDAY + " 07:30")

    def file(self, name, text):
        path = self.daemon.root / name
        path.write_text(text)
        return path

    def submit(self, number):
        return self.ask("submit", "--district", 1, "--parcel", f"p{number}")["accepted"]["job"]

    def deadline(self, job):
        return self.ask("get", "--job", job)["deadline"]

    def hours(self, day, count=1):
        return [row["lengthMinutes"] for row in self.ask("calendar", "show", "--from", day, "--days", count)["days"]]

    def test_a_dry_run_tells_what_the_import_then_does(self):
        jobs = [self.submit(number) for number in range(3)]  # two days of work: due on Sunday at 14:30
        before = [self.deadline(job) for job in jobs]
        table = self.file("table.csv", "name,date,hours\n"
                                       "Cold,2025-04-06,closed\n"
                                       "\"Friday, as it is\",2025-04-11,closed\n"
                                       "Make-up day,۱۴۰۴/۰۱/۲۱,07:30-12:30\n")
        told = self.ask("calendar", "import", table, "--dry-run")
        self.assertEqual(told, {"days": 3, "daysChanged": 2, "notesChanged": 1, "deadlinesLater": 3, "deadlinesEarlier": 0,
                                "applied": False})
        self.assertEqual(([self.deadline(job) for job in jobs], self.hours("2025-04-06")), (before, [420]))
        self.ctl("calendar", "import", table, check=2)  # asks, and nobody is there to answer
        self.assertEqual(self.hours("2025-04-06"), [420])
        self.assertIn("2 of 3 days change; 3 open deadlines move, 3 later and 0 earlier.",
                      self.ctl("--yes", "calendar", "import", table).stdout)
        self.assertEqual(self.hours("2025-04-05", 6), [420, 0, 420, 420, 420, 300])
        self.assertEqual([self.deadline(job) - at for job, at in zip(jobs, before)], [86_400_000] * 3)
        shown = {row["day"]: row for row in self.ask("calendar", "show", "--from", "2025-04-05", "--days", 7)["days"]}
        first = min(shown)
        self.assertEqual([shown[first + offset]["note"] for offset in (0, 1, 5, 6)],
                         ["", "Cold", "Make-up day", "Friday, as it is"])
        self.assertEqual(shown[first + 1]["by"], "supervisor 1")
        again = self.ask("--yes", "calendar", "import", table)
        self.assertEqual((again["daysChanged"], again["applied"]), (0, False))
        text = self.ctl("calendar", "show", "--from", "2025-04-05", "--days", 6).stdout
        self.assertIn("07:30-12:30", text)
        self.assertIn("Cold", text)
        self.assertIn("closed", text)

    def test_a_list_of_holidays_closes_every_day_it_names(self):
        self.assertEqual(self.hours("2025-06-04"), [420])  # 14 Khordad 1404, a Wednesday
        told = self.ask("--yes", "calendar", "import", ROOT / "city/iran-holidays.csv")
        self.assertTrue(told["applied"])
        self.assertEqual(self.hours("2025-06-03", 3), [420, 0, 0])
        # The list names days of many years; those beyond the calendar are left out, and it is as long as before.
        self.assertLess(told["days"], 60)
        self.assertEqual(self.ask("calendar", "show")["coveredDays"], 385)

    def test_a_single_day_is_closed_with_its_reason(self):
        job = self.submit(1)
        before = self.deadline(job)
        told = self.ask("calendar", "set", "2025-04-06", "closed", "--note", "dust", "--dry-run")
        self.assertEqual((told["daysChanged"], told["deadlinesLater"], told["applied"]), (1, 1, False))
        self.assertEqual(self.deadline(job), before)
        self.ctl("calendar", "set", "2025-04-06", "closed", "--note", "dust", check=2)  # asks, and nobody answers
        self.assertTrue(self.ask("--yes", "calendar", "set", "2025-04-06", "closed", "--note", "dust")["applied"])
        self.assertEqual(self.hours("2025-04-05", 3), [420, 0, 420])
        self.assertGreater(self.deadline(job), before)
        row = self.ask("calendar", "show", "--from", "2025-04-06", "--days", 1)["days"][0]
        self.assertEqual((row["note"], row["by"]), ("dust", "supervisor 1"))
        self.assertFalse(self.ask("--yes", "calendar", "set", "2025-04-06", "closed")["applied"])
        self.ask("--yes", "calendar", "set", "2025-04-06", "07:30-12:30", "--note", "the air is better")
        self.assertEqual(self.hours("2025-04-06"), [300])
        for wrong in ("07:30", "14:30-07:30", "shut"):
            self.assertIn("HH:MM-HH:MM", self.ctl("--yes", "calendar", "set", "2025-04-06", wrong, check=2).stderr)

    def test_a_bad_table_is_refused_with_its_lines(self):
        bad = self.file("bad.csv", "date,hours\n2025-02-30,closed\n1404-12-30,closed\n2025-04-06,14:30-07:30\n"
                                   "2025-04-07,closed\n2025-04-07,07:30-14:30\n")
        said = self.ctl("calendar", "import", bad, check=2).stderr
        for part in (":2:", ":3:", ":4:", "Gregorian or Jalali", "HH:MM-HH:MM", "twice with different hours", "Nothing was changed"):
            self.assertIn(part, said)
        self.assertIn("`date`", self.ctl("calendar", "import", self.file("no.csv", "day\n1\n"), check=2).stderr)
        self.assertIn("No such file", self.ctl("calendar", "import", "/no/such/file", check=2).stderr)


if __name__ == "__main__":
    unittest.main()
