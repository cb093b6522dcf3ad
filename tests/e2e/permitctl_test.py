#!/usr/bin/env python3
"""A newcomer's first hour, as a test: the commands of the documentation against a real daemon.

Each test is a small story on a city of its own; answers, exit codes and the state afterwards are checked.
"""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from permitd_process import BIN, ROOT, Daemon, verify  # noqa: E402

MINIMAL = ROOT / "city/minimal.toml"


class Story(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon().start()
        self.addCleanup(self.daemon.close)
        self.ctl = self.daemon.ctl
        self.ask = self.daemon.ask

    def load_city(self):
        self.ctl("city", "load", "--yes", MINIMAL)

    def load_decided(self):
        """The service goes on to the municipality, which has seven hours."""
        city = self.daemon.root / "decided.toml"
        city.write_text(MINIMAL.read_text().replace('stages = ["file_formation"]',
                                                    'stages = ["file_formation", "municipal_decision"]') + DECISION)
        self.ctl("city", "load", "--yes", city)

    def submit(self, parcel="1-22-333", check=0, **more):
        options = [word for name, value in more.items() for word in (f"--{name}", value)]
        return self.ask("submit", "--district", 1, "--parcel", parcel, *options, check=check)


class FirstSteps(Story):
    def test_a_case_from_filing_to_its_end(self):
        self.load_city()
        accepted = self.submit()["accepted"]
        self.assertEqual((accepted["caseId"], accepted["job"]), (1, 1))
        lease = self.ask("claim", "--as", "expert:1")["leases"][0]
        self.assertEqual((lease["job"], lease["caseId"]), (1, 1))
        held = self.ask("worklist", "--as", "expert:1")["jobs"]
        self.assertEqual([(job["job"], job["state"]) for job in held], [(1, "assigned")])
        self.ctl("start", 1, "--as", "expert:1")
        self.ctl("done", 1, "--as", "expert:1")
        self.assertEqual(self.ask("worklist", "--as", "expert:1")["jobs"], [])
        case = self.ask("get", 1)
        self.assertIn("done", json.dumps(case))
        history = json.dumps(self.ask("history", 1))
        for state in ("jobCreated", "jobChanged", "caseChanged"):
            self.assertIn(state, history)

    def test_what_waits_for_the_municipality_is_listed_with_its_time(self):
        self.load_decided()
        self.submit()
        self.assertIsNone(self.ask("get", 1)["decisionDue"])
        self.assertEqual(self.ask("decisions")["cases"], [], "an office still works on it")
        self.ask("claim", "--as", "expert:1")
        self.ctl("start", 1, "--as", "expert:1")
        self.ctl("done", 1, "--as", "expert:1")
        told = self.ask("get", 1)
        self.assertEqual(told["state"], "awaitingDecision")
        [waiting] = self.ask("decisions")["cases"]
        self.assertEqual((waiting["caseId"], waiting["decisionDue"]), (1, told["decisionDue"]))
        self.assertGreater(waiting["decisionDue"], self.ask("health")["now"])
        self.assertTrue(400 < waiting["decisionRemainingMinutes"] <= 420, waiting)
        self.assertEqual(self.ask("decisions", "--within", 60)["cases"], [], "seven hours are left")
        head = self.ctl("--csv", "decisions").stdout.splitlines()[0]
        self.assertEqual(head, "case,office,district,due,left_minutes,band")
        self.ctl("advance", "+370m")
        self.assertEqual([one["caseId"] for one in self.ask("decisions", "--within", 60)["cases"]], [1])
        self.ctl("advance", "+80m")
        [late] = self.ask("decisions", "--within", 60)["cases"]
        self.assertEqual((late["decisionDue"], late["decisionBand"]), (waiting["decisionDue"], "red"))
        self.assertLess(late["decisionRemainingMinutes"], 0)
        self.submit(parcel="another")
        self.ask("claim", "--as", "expert:1")
        self.ctl("start", 2, "--as", "expert:1")
        self.ctl("done", 2, "--as", "expert:1")
        self.assertEqual([one["caseId"] for one in self.ask("decisions")["cases"]], [1, 2], "the most overdue first")
        for case in (1, 2):
            self.ctl("decide", case, "--approve", "--yes")
        stats = self.ask("stats")
        self.assertEqual((stats["decisionsInTime"], stats["decisionsLate"]), (1, 1))
        self.assertIn("decisions of the municipality: 1 in time, 1 late\n", self.ctl("stats").stdout)

    def test_a_case_and_a_job_are_told_in_persian(self):
        self.load_decided()
        self.submit()
        told = self.ctl("--lang", "fa", "get", 1).stdout
        self.assertIn("پروندهٔ ۱: ", told)
        self.assertNotRegex(told.replace("1-22-333", ""), "[A-Za-z0-9]")
        self.assertNotRegex(self.ctl("--lang", "fa", "get", "--job", 1).stdout, "[A-Za-z0-9]")
        self.assertTrue(self.ctl("--lang", "fa", "--csv", "get", "--job", 1).stdout.startswith("job,case,"))
        self.ask("claim", "--as", "expert:1")
        self.ctl("start", 1, "--as", "expert:1")
        self.ctl("done", 1, "--as", "expert:1")
        told = self.ctl("--lang", "fa", "get", 1).stdout
        self.assertIn("در انتظار شهرداری: مهلت ", told)
        self.assertNotRegex(told.replace("1-22-333", ""), "[A-Za-z0-9]")

    def test_overrides_of_capacity_are_listed_with_who_ordered_them_and_why(self):
        city = self.daemon.root / "full.toml"
        text = MINIMAL.read_text().replace("effort_minutes = 1\n", "effort_minutes = 60\n")
        city.write_text(text.replace("units_per_day = 48\nskills", "units_per_day = 2\nskills"))
        self.ctl("city", "load", "--yes", city)
        self.assertEqual(self.ask("overrides")["overrides"], [])
        for parcel in ("a", "b", "c"):
            self.submit(parcel=parcel)
        self.ctl("reassign", 1, "--to", 1, "--yes")
        self.assertEqual(self.ask("reassign", 2, "--to", 1, check=1)["refused"]["filter"], "capacity")
        self.ctl("reassign", 2, "--to", 1, "--over-capacity", "--note", "flood", "--as", "supervisor:3", "--yes")
        self.ctl("advance", "+10m")
        later = self.ask("health")["now"]
        self.ctl("reassign", 3, "--to", 1, "--over-capacity", "--note", "again", "--yes")
        newest, oldest = self.ask("overrides")["overrides"]
        self.assertEqual((newest["job"], newest["minutesBefore"], newest["note"]), (3, 120, "again"))
        told = {name: oldest[name] for name in ("job", "caseId", "expert", "actorKind", "actor", "filter", "note")}
        self.assertEqual(told, {"job": 2, "caseId": 2, "expert": 1, "actorKind": "supervisor", "actor": 3,
                                "filter": "capacity", "note": "flood"})
        self.assertEqual((oldest["minutesBefore"], oldest["effortMinutes"], oldest["capacityMinutes"]), (60, 60, 60))
        self.assertLess(oldest["at"], later)
        self.assertEqual([one["job"] for one in self.ask("overrides", "--since=-5m")["overrides"]], [3])
        self.assertEqual(len(self.ask("overrides", "--expert", 1)["overrides"]), 2)
        self.assertEqual(self.ask("overrides", "--expert", 2)["overrides"], [])
        self.assertEqual(len(self.ask("overrides", "--as", "auditor:1")["overrides"]), 2)
        self.assertEqual(len(self.ask("overrides", "--as", "supervisor:31@1")["overrides"]), 2)
        self.assertEqual(self.ask("overrides", "--as", "supervisor:31@9")["overrides"], [])
        self.assertEqual(self.ask("stats")["capacityOverrides"], 2)
        self.assertEqual(self.ask("stats", "--as", "supervisor:31@1")["capacityOverrides"], 2)
        self.assertEqual(self.ask("stats", "--as", "supervisor:31@9")["capacityOverrides"], 0)
        head, first = self.ctl("--csv", "overrides", "--expert", 1).stdout.splitlines()[:2]
        self.assertEqual(head, "when,job,case,district,expert,by,minutes_before,effort_minutes,capacity_minutes,"
                               "visits_before,why")
        self.assertTrue(first.endswith(",3,3,1,1,supervisor 1,120,60,60,,again"), first)
        persian = self.ctl("--lang", "fa", "overrides").stdout
        self.assertIn("ناظر ۳", persian)
        self.assertNotRegex(persian.replace("flood", "").replace("again", ""), "[A-Za-z0-9]")
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.ask("overrides")["overrides"], [newest, oldest], "after a crash")

    def test_the_footer_of_the_help_works_as_written(self):
        help_text = subprocess.run([BIN / "permitctl", "--help"], capture_output=True, text=True, check=True).stdout
        steps = help_text.split("First steps:")[1].split("permitctl COMMAND --help")[0]
        commands = [line.strip() for line in steps.splitlines() if line.strip().startswith("permitctl ")]
        self.assertGreaterEqual(len(commands), 5)
        for line in commands:
            for command in line.split("&&"):
                words = command.split()[1:]
                self.ctl("--yes", *[str(ROOT / word) if word.startswith("city/") else word for word in words])

    def test_loading_the_same_city_again_changes_nothing(self):
        self.load_city()
        again = self.ask("city", "load", "--yes", MINIMAL)
        self.assertEqual((again["changed"], again["refused"]), (0, []))

    def test_every_command_has_a_help_with_an_example(self):
        listed = subprocess.run([BIN / "permitctl", "--help"], capture_output=True, text=True, check=True).stdout
        names = [line.split()[0] for line in listed.split("Subcommands:")[1].split("Who you are:")[0].splitlines()
                 if line.startswith("  ") and line[2] != " "]
        self.assertGreater(len(names), 25)
        for name in names:
            text = subprocess.run([BIN / "permitctl", name, "--help"], capture_output=True, text=True, check=True).stdout
            self.assertIn("permitctl", text, name)


class Refusals(Story):
    def test_a_refusal_is_exit_code_1_with_a_stable_name_and_a_sentence(self):
        self.load_city()
        refused = self.submit(service=9, check=1)["refused"]
        self.assertEqual(refused["codeName"], "unknownService")
        done = self.ctl("submit", "--district", 1, "--parcel", "x", "--service", 9, check=1)
        self.assertIn("service", done.stderr)

    def test_a_wrong_command_line_is_exit_code_2_and_says_what_is_wrong(self):
        self.assertIn("--district", self.ctl("submit", "--parcel", "x", check=2).stderr)
        self.ctl("nonsense", check=2)
        self.ctl("--as", "emperor:1", "worklist", check=2)
        self.ctl("city", "load", "--yes", "/nonexistent.toml", check=2)

    def test_no_daemon_is_exit_code_3(self):
        self.daemon.kill()
        self.assertIn("cannot reach", self.ctl("health", check=3).stderr)

    def test_the_same_key_is_done_once_and_another_body_under_it_refused(self):
        self.load_city()
        first = self.ask("--key", "from the counter", "submit", "--district", 1, "--parcel", "a")["accepted"]
        again = self.ask("--key", "from the counter", "submit", "--district", 1, "--parcel", "a")["accepted"]
        self.assertEqual(again["caseId"], first["caseId"])
        self.assertTrue(again["repeated"])
        other = self.ask("--key", "from the counter", "submit", "--district", 1, "--parcel", "b", check=1)
        self.assertEqual(other["refused"]["codeName"], "keyReused")

    def test_a_stale_token_is_refused(self):
        self.load_city()
        self.submit()
        self.ask("claim", "--as", "expert:1")
        refused = self.ask("start", 1, "--token", 999, "--as", "expert:1", check=1)["refused"]
        self.assertEqual(refused["codeName"], "staleLease")

    def test_another_expert_cannot_take_what_is_held(self):
        self.load_city()
        self.submit()
        token = self.ask("claim", "--as", "expert:1")["leases"][0]["token"]
        self.assertEqual(self.ask("claim", "--as", "expert:2")["leases"], [])
        refused = self.ask("start", 1, "--token", token, "--as", "expert:2", check=1)["refused"]
        self.assertIn(refused["codeName"], ("notHolder", "staleLease"))


class Steering(Story):
    def test_hold_release_and_why(self):
        self.load_city()
        self.submit()
        self.ctl("hold", 1, "--note", "an order", "--yes")
        self.assertEqual(self.ask("why", 1)["stuck"]["cause"], "held")
        self.assertEqual(self.ask("claim", "--as", "expert:1")["leases"], [])
        self.ctl("release", 1, "--note", "lifted", "--yes")
        # The expert said before that they are free, so the job finds them at once.
        why = self.ask("why", 1)
        self.assertEqual(why["job"]["holder"], 1)
        self.assertEqual(why["decision"]["chosen"], 1)
        self.assertIn("1", why["decision"]["sentence"])

    def test_why_of_a_case_without_an_open_job(self):
        self.load_decided()
        self.ask("submit", "--district", 1, "--parcel", "a", "--draft")
        draft = self.ask("why", "--case", 1)
        self.assertEqual((draft["caseId"], draft["state"], draft["stuck"]["cause"]), (1, "draft", "caseDraft"))
        self.assertIn("register it", self.ctl("why", "--case", 1).stdout)
        self.assertNotRegex(self.ctl("--lang", "fa", "why", "--case", 1).stdout, "[A-Za-z0-9]")
        self.ctl("register", 1)
        waiting = self.ask("why", "--case", 1)
        self.assertEqual((waiting["job"]["job"], waiting["stuck"]["cause"]), (1, "nobodyAvailable"))
        self.ask("claim", "--as", "expert:1")
        self.ctl("start", 1, "--as", "expert:1")
        self.ctl("done", 1, "--as", "expert:1")
        for question in (("why", 1), ("why", "--case", 1)):
            self.assertEqual(self.ask(*question)["stuck"]["cause"], "awaitingDecision")
            self.assertIn("شهرداری هنوز تصمیم خود را ثبت نکرده است",
                          self.ctl("--lang", "fa", *question).stdout)
        self.assertEqual(self.ask("why", "--case", 9, check=1)["refused"]["codeName"], "unknownCase")
        self.ctl("why", check=2)
        self.ctl("why", 1, "--case", 1, check=2)

    def test_why_history_and_refusals_in_persian(self):
        self.load_city()
        self.submit()
        self.ctl("hold", 1, "--note", "an order", "--yes")
        held = self.ctl("--lang", "fa", "why", 1).stdout
        self.assertIn("ناظر آن را متوقف کرده است", held)
        self.assertIn("هرگز واگذار نشده است", held)
        self.assertNotRegex(held, "[A-Za-z0-9]")
        self.ctl("release", 1, "--note", "lifted", "--yes")
        self.ask("claim", "--as", "expert:1")
        self.assertIn("کارشناس ۱", self.ask("--lang", "fa", "why", 1)["decision"]["sentence"])
        self.assertIn("واگذاری در ثبت", self.ctl("--lang", "fa", "why", 1).stdout)
        self.assertIn("تشکیل پرونده", self.ctl("--lang", "fa", "history", 1).stdout)
        refused = self.ctl("--lang", "fa", "start", 1, "--token", 999, "--as", "expert:1", check=1)
        self.assertIn("این نشانه دیگر معتبر نیست", refused.stderr)

    def test_dates_in_the_jalali_calendar(self):
        self.load_city()
        said = self.ctl("--calendar", "jalali", "absent", 1, "--from", "۱۴۱۰/۰۱/۰۱", "--to", "1410-01-02", "--yes")
        self.assertIn("from 1410-01-01 00:00 until 1410-01-02 00:00", said.stdout)
        expert = self.ask("experts")["experts"][0]
        self.assertEqual(expert["absences"][0]["from"], 1_931_805_000_000)  # 2031-03-21 00:00 in Tehran
        wrong = self.ctl("--calendar", "jalali", "absent", 1, "--to", "1404-12-30", check=2)
        self.assertIn("--to", wrong.stderr)

    def test_a_lease_that_runs_out_goes_back_to_the_queue(self):
        self.load_city()
        self.submit()
        self.ask("claim", "--as", "expert:1")
        self.ctl("advance", "+31m")
        self.assertEqual(self.ask("worklist", "--as", "expert:1")["jobs"], [])
        history = json.dumps(self.ask("history", 1))
        self.assertIn("leaseExpired", history)
        self.assertEqual(len(self.ask("claim", "--as", "expert:2")["leases"]), 1)

    def test_an_absent_expert_gets_nothing(self):
        self.load_city()
        self.submit()
        self.ctl("absent", 1, "--to", "+4h", "--note", "ill", "--yes")
        refused = self.ask("claim", "--as", "expert:1", check=None)
        self.assertNotEqual(refused.get("leases", []), [{"job": 1}])
        self.assertEqual(len(self.ask("claim", "--as", "expert:2")["leases"]), 1)

    def test_a_suspension_with_an_end_is_told_and_ends_by_itself(self):
        self.load_city()
        said = self.ctl("expert", "set", 5, "suspended", "--until", "+1d").stdout
        self.assertIn("Expert 5 is suspended until 2025-03-22", said)
        others, expert = self.ask("experts")["experts"][0], self.ask("experts")["experts"][4]
        self.assertIsNone(others["suspendedUntil"])
        self.assertEqual(expert["state"], "suspended")
        self.assertGreater(expert["suspendedUntil"], self.ask("health")["now"])
        listed = self.ctl("--csv", "experts").stdout
        self.assertIn("suspended until 2025-03-22", listed)
        self.assertEqual(listed.count(" until "), 1)
        self.assertEqual(self.ask("claim", "--as", "expert:5", check=None).get("leases", []), [])
        self.ctl("advance", "+25h")
        back = self.ask("experts")["experts"][4]
        self.assertEqual((back["state"], back["suspendedUntil"]), ("certified", None))

    def test_a_suspension_said_again_without_an_end_has_none(self):
        self.load_city()
        self.ctl("expert", "set", 5, "suspended", "--until", "+1d")
        self.ctl("expert", "set", 5, "suspended")
        self.assertIsNone(self.ask("experts")["experts"][4]["suspendedUntil"])
        self.ctl("advance", "+25h")
        self.assertEqual(self.ask("experts")["experts"][4]["state"], "suspended")

    def test_only_a_suspension_has_an_end(self):
        self.load_city()
        self.assertIn("--until: only a suspension ends by itself",
                      self.ctl("expert", "set", 5, "certified", "--until", "+14d", check=2).stderr)
        past = ("expert", "set", 5, "suspended", "--until", "2025-01-01")
        refused = self.ask(*past, check=1)["refused"]
        self.assertEqual((refused["codeName"], refused["fieldName"]), ("outOfRange", "validity"))
        self.assertIn("Only a suspension has moments: a begin that lies ahead", self.ctl(*past, check=1).stderr)
        past = (*past[:-1], "1403-10-12")
        self.assertIn("تنها تعلیق زمان دارد", self.ctl("--lang", "fa", *past, check=1).stderr)

    def test_questions_are_asked_in_persian(self):
        self.load_city()
        asked = self.ctl("--lang", "fa", "policy", "set", "leaseMinutes=45", check=2).stderr
        self.assertIn("سیاست از این پس", asked)
        self.assertNotIn("The policy", asked)
        said = self.ctl("--lang", "fa", "absent", 1, "--from", "1410-01-01", "--to", "1410-01-02", "--yes").stdout
        self.assertIn("کارشناس ۱ از", said)
        self.assertIn("۱۴۱۰/۰۱/۰۱", said)
        self.assertNotRegex(said, "[A-Za-z]")

    def test_leave_is_planned_ahead_and_one_of_it_is_taken_away(self):
        self.load_city()
        for begin in ("2031-03-21", "2031-05-01"):
            self.ctl("absent", 1, "--from", begin, "--to", begin[:-1] + "5", "--yes")
        self.ctl("absent", 1, "--to", "+4h", "--reason", "illness", "--yes")
        known = self.ask("experts")["experts"][0]["absences"]
        self.assertEqual([one["reason"] for one in known], ["illness", "leave", "leave"])
        self.assertEqual(known, sorted(known, key=lambda one: one["from"]))
        self.assertIn("2031-05-01 00:00 to 2031-05-05 00:00 (leave)", self.ctl("--csv", "experts").stdout)
        said = self.ctl("absent", 1, "--from", "2031-03-21", "--to", "2031-03-21", "--yes")
        self.assertIn("back from 2031-03-21 00:00 on", said.stdout)
        self.assertEqual(len(self.ask("experts")["experts"][0]["absences"]), 2)
        for month in range(10, 16):
            self.ctl("absent", 1, "--from", f"20{month + 30}-01-01", "--to", f"20{month + 30}-01-05", "--yes")
        refused = self.ask("absent", 1, "--from", "2046-01-01", "--to", "2046-01-05", "--yes", check=1)["refused"]
        self.assertEqual(refused["codeName"], "absencesFull")
        self.assertEqual(len(self.ask("experts")["experts"][0]["absences"]), 8)

    def test_what_concerns_a_declared_relative_concerns_the_expert(self):
        self.load_city()
        for expert in (1, 2, 3, 4, 5):
            self.ctl("expert", "add", expert, "--office", "0101", "--person", 1000 + expert, "--degree", "bachelor",
                     "--relative", 501, "--relative", 502, "--note", "a declaration")
        self.assertEqual(self.ask("experts")["experts"][0]["relatives"], [501, 502])
        self.assertIn("501 502", self.ctl("--csv", "experts").stdout)
        self.submit(owner=502)
        self.assertEqual(self.ask("claim", "--as", "expert:1")["leases"], [])
        self.submit(parcel="1-22-334", owner=503)
        self.assertEqual([job["job"] for job in self.ask("worklist", "--as", "expert:1")["jobs"]], [2])

    def test_lists_come_as_table_csv_and_json(self):
        self.load_city()
        for number in range(3):
            self.submit(parcel=f"p{number}")
        self.assertEqual(len(self.ask("queue")["jobs"]), 3)
        csv = self.ctl("--csv", "queue").stdout.splitlines()
        self.assertEqual(len(csv), 4)
        self.assertIn(",", csv[0])
        self.assertIn("Office 0101", self.ctl("offices").stdout)
        self.assertEqual(len(self.ask("experts")["experts"]), 5)


class Machine(Story):
    def test_stop_and_start_keep_the_state(self):
        self.load_city()
        self.submit()
        before = self.daemon.digest()
        self.assertEqual(self.daemon.stop(), 0)
        self.assertEqual(verify(self.daemon.data), before)
        self.daemon.start()
        self.assertEqual(self.daemon.digest(), before)

    def test_a_snapshot_is_verified_and_used(self):
        self.load_city()
        self.submit()
        mark = self.ask("snapshot")
        self.assertEqual((mark["op"], mark["digestText"]), self.daemon.digest())
        self.submit(parcel="after the snapshot")
        after = self.daemon.digest()
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.daemon.digest(), after)
        self.assertIn(f"snapshot at {mark['op']} ", self.daemon.log_tail())
        self.assertEqual(self.ask("health")["snapshotOp"], mark["op"])

    def test_drain_ends_the_daemon_in_order_and_keeps_what_is_held(self):
        self.load_city()
        self.submit()
        self.ask("claim", "--as", "expert:1")
        self.ctl("start", 1, "--as", "expert:1")
        self.ctl("drain")
        self.assertEqual(self.daemon.process.wait(timeout=60), 0)
        self.daemon.start()
        self.assertEqual(self.ask("worklist", "--as", "expert:1")["jobs"][0]["state"], "started")
        self.ctl("done", 1, "--as", "expert:1")

    def test_a_second_daemon_on_the_same_data_is_refused(self):
        second = Daemon()
        self.addCleanup(second.close)
        second.arguments[second.arguments.index("--data") + 1] = str(self.daemon.data)
        second.spawn()
        self.assertEqual(second.process.wait(timeout=60), 1)
        self.assertIn("in use", second.log_tail())
        self.ctl("health")

    def test_wrong_settings_are_named_and_stop_the_start(self):
        done = subprocess.run([BIN / "permitd", "--config", os.devnull, "--set", "journal.segment_sise=1"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 64)
        self.assertIn("did you mean journal.segment_size?", done.stderr)
        done = subprocess.run([BIN / "permitd", "--config", os.devnull, "--check-config"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, "the settings are right: /dev/null\n"))


DECISION = """
[stage.municipal_decision]
skill = "confirm"
effort_minutes = 0
sla_minutes = 420
sovereign = true
"""

VISITS = """
[city]
name = "Visits"
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
[[service]]
id = 1
label = "Visit alone"
stages = ["site_inspection"]
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
[[expert]]
id = 1
count = 3
office = "0101"
person = 1001
label = "Inspector"
skills = ["inspect"]
"""


class Planning(Story):
    def load_visits(self):
        city = self.daemon.root / "visits.toml"
        city.write_text(VISITS)
        self.ctl("city", "load", "--yes", city)
        self.ctl("advance", "2025-04-05 07:30")  # a Saturday
        for number in range(6):
            self.ask("submit", "--district", 1, "--parcel", f"p{number}", "--point", f"35.7{number}", "51.40")

    def plan(self, *arguments):
        return self.ask("replan", "--iterations", 5000, *arguments)

    def planned_day(self):
        """The first day ahead that has visits, with its plan."""
        for ahead in range(4):
            plan = self.plan("--day", f"+{ahead}d")
            if plan["visits"]:
                return f"+{ahead}d", plan
        self.fail("no visit has a day")

    def test_a_preview_changes_nothing_and_can_be_repeated(self):
        self.load_visits()
        before = self.daemon.digest()
        day, plan = self.planned_day()
        self.assertEqual(self.plan("--day", day)["visits"], plan["visits"])
        self.assertEqual(self.daemon.digest(), before)
        self.assertIn("Nothing has changed", self.ctl("replan", "--day", day).stdout)

    def test_an_applied_plan_gives_each_visit_to_its_inspector_in_order(self):
        self.load_visits()
        day, plan = self.planned_day()
        self.ctl("--yes", "replan", "--day", day, "--iterations", 5000, "--apply")
        again = self.plan("--day", day)
        self.assertEqual({visit["change"] for visit in again["visits"]}, {"kept"})
        kept = {visit["job"]: visit["expert"] for visit in again["visits"]}
        self.assertEqual(self.ask("why", next(iter(kept)))["job"]["holder"], 0)
        first = min(again["visits"], key=lambda visit: (visit["start"], visit["sequence"]))
        if first["start"] > self.ask("health")["now"]:
            self.ctl("advance", f"+{(first['start'] - self.ask('health')['now']) // 60000 + 1}m")
        for expert in sorted(set(kept.values())):
            leases = self.ask("claim", "--as", f"expert:{expert}")["leases"]
            self.assertEqual([kept[lease["job"]] for lease in leases], [expert] * len(leases))
        why = self.ask("why", first["job"])
        self.assertEqual(why["job"]["holder"], first["expert"])
        self.assertIn("plan", why["decision"]["sentence"])

    def test_what_is_locked_no_plan_moves(self):
        self.load_visits()
        day, _ = self.planned_day()
        self.ctl("--yes", "replan", "--day", day, "--iterations", 5000, "--apply")
        planned = self.plan("--day", day)["visits"]
        job, expert = planned[0]["job"], planned[0]["expert"]
        self.assertIn("person, order", self.ctl("lock", job, "--person", "--order", "--note", "asked for").stdout)
        self.assertIn("fixed: person, order", self.ctl("why", job).stdout)
        self.assertEqual(self.ask("get", "--job", job)["planLocks"], 5)
        self.assertEqual(self.ask("get", "--job", job)["plannedFor"], expert)
        eager = self.plan("--day", day, "--move-minutes", 0, "--balance", 0)
        self.assertEqual([visit["expert"] for visit in eager["visits"] if visit["job"] == job], [expert])
        self.assertIn("nothing -> person, order", self.ctl("history", self.ask("get", "--job", job)["caseId"]).stdout)
        self.ctl("unlock", job, "--order")
        self.assertEqual(self.ask("get", "--job", job)["planLocks"], 1)
        refused = self.ask("unlock", job, "--order", check=1)["refused"]
        self.assertEqual((refused["codeName"], refused["fieldName"]), ("nothingToDo", "locks"))

    def test_who_is_absent_gets_no_visit_and_a_day_off_has_no_plan(self):
        self.load_visits()
        day, plan = self.planned_day()
        for expert in (1, 2):
            self.ctl("absent", expert, "--to", "+9d", "--note", "ill", "--yes")
        self.assertEqual({visit["expert"] for visit in self.plan("--day", day)["visits"]}, {3})
        self.assertEqual(self.plan("--day", "2025-04-11")["visits"], [])  # a Friday

    def test_wrong_options_are_named(self):
        self.load_visits()
        self.assertIn("--seconds", self.ctl("replan", "--seconds", 61, check=2).stderr)
        self.assertIn("exclude", self.ctl("replan", "--dry-run", "--apply", check=2).stderr)
        self.assertIn("--csv", self.ctl("--csv", "replan", "--apply", check=2).stderr)
        self.assertIn("--expert", self.ctl("replan", "--expert", 1, "--apply", check=2).stderr)

    def test_applying_where_nothing_waits_says_so(self):
        self.ctl("city", "load", "--yes", MINIMAL)
        self.assertEqual(self.ask("replan", "--apply"), {"applied": {}})


class Shapes(unittest.TestCase):
    """Threads and I/O are a configuration: the same story, the same state, whatever the shape."""

    def digest_of_story(self, *settings):
        with Daemon(settings=settings) as daemon:
            daemon.ctl("city", "load", "--yes", MINIMAL)
            for number in range(20):
                daemon.ask("submit", "--district", 1, "--parcel", f"p{number}")
            lease = daemon.ask("claim", "--as", "expert:1")["leases"][0]
            daemon.ctl("start", lease["job"], "--as", "expert:1")
            daemon.kill()
            daemon.start()
            daemon.ctl("done", lease["job"], "--as", "expert:1")
            self.assertEqual(sum(stage["done"] for stage in daemon.ask("stats")["flow"]), 1)
            running = daemon.digest()
            self.assertEqual(daemon.stop(), 0, daemon.log_tail())
            self.assertEqual(verify(daemon.data), running)
            return running[0]

    def test_a_thread_for_the_engine_and_two_for_the_network(self):
        self.digest_of_story("threads.rpc=2")

    def test_epoll_in_one_thread(self):
        self.digest_of_story("io=epoll")

    def test_epoll_with_a_thread_for_the_network(self):
        self.digest_of_story("io=epoll", "threads.rpc=1")


if __name__ == "__main__":
    unittest.main()
