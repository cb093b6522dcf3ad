#!/usr/bin/env python3
"""Tables of holidays and other hours: what they would change is told before it changes, and then it has.

Goal: the counts of a dry run are those of the import, deadlines move as told, both calendars are read, and a bad table
is refused with its lines; weekly hours leave holidays alone; what a day was is told by the trail. Method: a rehearsal
daemon with a week of seven hours a day, and permitctl.
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
DAY = 86_400_000


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
        moves = told.pop("moves")
        self.assertEqual(told, {"days": 3, "daysChanged": 2, "notesChanged": 1, "deadlinesLater": 3, "deadlinesEarlier": 0,
                                "leftClosed": [], "beyondCalendar": 0, "applied": False})
        self.assertEqual([(move["job"], move["before"], move["after"] - move["before"]) for move in moves],
                         [(job, at, DAY) for job, at in zip(jobs, before)])
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

    def test_the_deadlines_that_move_furthest_are_listed(self):
        early = self.submit(1)  # due on Sunday at the end of the day
        self.ctl("advance", SATURDAY + " 12:30")
        late = self.submit(2)   # due on Monday, and so past two of the days that are closed
        before = {job: self.deadline(job) for job in (early, late)}
        table = self.file("closed.csv", "date\n2025-04-06\n2025-04-08\n")
        told = self.ask("calendar", "import", table, "--dry-run")
        self.assertEqual([(move["job"], move["before"]) for move in told["moves"]],
                         [(late, before[late]), (early, before[early])])
        one = self.ctl("calendar", "import", table, "--dry-run", "--moved", 1).stdout
        self.assertIn("1 more moves as far or less.", one)
        self.assertIn("2025-04-09 12:30", one)
        self.assertNotIn("2025-04-07 14:30", one)
        plain = self.ctl("--csv", "calendar", "import", table, "--dry-run").stdout.splitlines()
        self.assertEqual((plain[0], len(plain)), ("case,job,due,due_then", 3))
        self.assertEqual(self.ask("calendar", "import", table, "--dry-run", "--moved", 0)["moves"], [])
        applied = self.ask("--yes", "calendar", "import", table)
        self.assertEqual({move["job"]: move["after"] for move in applied["moves"]},
                         {job: self.deadline(job) for job in (early, late)})
        self.ctl("calendar", "import", table, "--moved", 101, check=2)

    def test_a_weekly_pattern_leaves_holidays_closed(self):
        self.ask("--yes", "calendar", "set", "2025-04-16", "closed", "--note", "a holiday")
        self.ask("--yes", "calendar", "set", "2025-04-23", "closed")  # without a reason
        pattern = ("calendar", "pattern", "--from", "2025-04-05", "--until", "2025-05-30", "--wednesday", "08:00-12:00",
                   "--thursday", "07:00-13:00")
        told = self.ask(*pattern, "--dry-run")
        self.assertEqual((told["days"], told["daysChanged"], told["beyondCalendar"], told["applied"]), (14, 14, 0, False))
        self.assertEqual([day["note"] for day in told["leftClosed"]], ["a holiday", ""])
        self.assertEqual(self.hours("2025-04-10"), [0])
        self.ctl(*pattern, check=2)  # asks, and nobody answers
        said = self.ctl("--yes", *pattern, "--note", "short weeks").stdout
        self.assertIn("14 of 14 days change", said)
        self.assertIn("2 closed days are left as they are: 2025-04-16 (a holiday), 2025-04-23", said)
        self.assertEqual(self.hours("2025-04-05", 14), [420, 420, 420, 420, 240, 360, 0, 420, 420, 420, 420, 0, 360, 0])
        self.assertEqual(self.hours("2025-06-05"), [0])  # a Thursday behind the last day
        week = self.ask("calendar", "pattern", "--from", "2025-04-19", "--until", "2025-04-25", "--wednesday",
                        "07:30-12:30", "--dry-run")  # the Wednesdays around it lie beyond
        self.assertEqual((week["days"], week["daysChanged"], len(week["leftClosed"])), (0, 0, 1))
        again = self.ask("--yes", *pattern)
        self.assertEqual((again["days"], again["daysChanged"], again["applied"]), (14, 0, False))
        jalali = self.ask("--calendar", "jalali", "calendar", "pattern", "--from", "1404-12-25", "--until", "1405-01-10",
                          "--wednesday", "closed", "--dry-run")  # the calendar ends with 1404
        self.assertEqual((jalali["days"], jalali["daysChanged"], jalali["beyondCalendar"]), (1, 1, 1))
        for wrong, why in ((pattern[:6], "a weekday at least"), ((*pattern[:6], "--monday", "8-12"), "--monday 8-12"),
                           (("calendar", "pattern", "--from", "2025-05-30", "--until", "2025-04-05", "--friday", "closed"),
                            "--until")):
            self.assertIn(why, self.ctl(*wrong, check=2).stderr)

    def test_what_a_day_was_is_told_by_the_trail(self):
        self.ask("--yes", "calendar", "set", "2025-04-06", "closed", "--note", "dust")
        self.ask("--yes", "calendar", "set", "2025-04-07", "closed", "--note", "another day")
        self.ask("--yes", "calendar", "set", "2025-04-06", "07:30-12:30", "--note", "the air is better")
        self.daemon.stop()
        trail = self.daemon.root / "all.trail"
        self.ctl("audit", "export", trail, "--data", self.daemon.data)
        lines = self.ask("calendar", "history", "2025-04-06", trail)
        self.assertFalse(lines["more"])
        lines = lines["commands"]
        self.assertEqual([line.get("note") for line in lines[1:]], ["dust", "the air is better"])
        said = self.ctl("calendar", "history", "2025-04-06", trail).stdout.splitlines()
        self.assertRegex(said[-2], r"supervisor:1 +07:30-14:30 +closed +dust")
        self.assertRegex(said[-1], r"supervisor:1 +closed +07:30-12:30 +the air is better")
        self.assertIn("No edit", self.ctl("calendar", "history", "2040-01-01", trail).stderr)

    def test_a_history_that_is_too_long_says_so(self):
        trail = self.file("long.trail", "".join(
            ['{"trail":"permitd audit trail","version":1}\n'] +
            [f'{{"op":{op},"at":{op},"command":"setCalendarDays","actor":"supervisor:1","is":{{"20184":[]}}}}\n'
             for op in range(1, 4098)] + ['{"end":4097}\n']))
        told = self.ask("calendar", "history", "2025-04-06", trail)
        self.assertEqual((len(told["commands"]), told["more"], told["cutOff"]), (4096, True, False))
        self.assertIn("only the first 4096", self.ctl("calendar", "history", "2025-04-06", trail).stderr)

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
