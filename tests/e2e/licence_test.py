#!/usr/bin/env python3
"""A round of licensing from its announcement to active offices.

Goal: sixty people apply for fifty places; the exam, the ranking, the venues, the equipment and the
technical managers decide as the rules say, over permitctl alone, and nothing is lost when the daemon is
killed. Method: a rehearsal daemon, the sample rules and the city's thirty-five venues, JSON in batches.
"""

import hashlib
import json
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from permitd_process import BIN, ROOT, Daemon  # noqa: E402

APPLICANTS = 60
PLACES = 50
OWN_VENUES = 10
VENUES = 35
GENERAL = ("criminalRecord", "moralRecord", "bankruptcy")


def person(number, field):
    return {"person": number, "birthDay": "1985-04-23", "nationality": "iranian", "degree": "bachelor",
            "field": field, "experienceYears": number % 3}


def application(number):
    own = 100 + number if number <= OWN_VENUES else 0
    return {"round": 1, "district": (number - 1) % 22 + 1, "ownVenue": own,
            "licensee": person(1000 + number, "management"), "manager": person(2000 + number, "urbanPlanning")}


class Licensing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(start_at="2025-04-05").start()
        cls.daemon.ctl("city", "load", ROOT / "city/minimal.toml")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.close()

    def batch(self, command, entries, *options, check=0):
        path = self.daemon.root / f"{command}.json"
        path.write_text(json.dumps(entries))
        answers = self.daemon.ask("licence", command, path, *options, check=check)
        return answers if isinstance(answers, list) else [answers]

    def licences(self, *arguments):
        return self.daemon.ask("licence", "list", *arguments)

    def refused(self, *arguments):
        return self.daemon.ask("licence", *arguments, check=1)["refused"]

    def test_a_round_of_sixty_for_fifty_places(self):
        self.announce()
        self.apply()
        self.judge()
        self.exam_and_rank()
        self.move_in()
        self.move_up()
        self.lose_a_manager()
        self.replace_an_old_manager()
        self.outlive_a_rent()
        before = self.daemon.digest()
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.daemon.digest(), before)
        self.read_the_trail()

    def announce(self):
        ctl = self.daemon.ctl
        done = ctl("licence", "open", "--places", PLACES, "--closes", "+5d", check=1)
        self.assertIn("rules", done.stderr, "no rules yet")
        ctl("licence", "set-rules", ROOT / "city/licence-rules.json")
        ctl("licence", "want", "--count", PLACES, "--note", "for now")
        self.assertEqual(self.refused("open", "--places", PLACES, "--closes", "+5d")["codeName"], "notEnoughPlaces",
                         "one office was licensed before")
        ctl("licence", "want", "--count", PLACES + 1)
        self.assertEqual(len(self.daemon.ask("licence", "status")["history"]), 2)
        ctl("licence", "venue", ROOT / "city/licence-venues.json")
        self.batch("venue", [{"venue": 100 + n, "district": n, "kind": "own", "owner": 1000 + n, "label": f"Own {n}"}
                             for n in range(1, OWN_VENUES + 1)])
        ctl("licence", "open", "--places", PLACES, "--closes", "+5d", "--label", "spring")

    def read_the_trail(self):
        self.daemon.stop()
        trail = self.daemon.root / "all.trail"
        done = subprocess.run([BIN / "permitctl", "audit", "export", trail, "--data", self.daemon.data],
                              capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stderr)
        done_by = {}
        for line in trail.read_text().splitlines()[1:-1]:
            record = json.loads(line)
            if "refused" not in record:
                done_by.setdefault(record["command"], record)
        for command, note in (("recordExamResult", "read twice, 1"), ("recordRent", "a year"), ("recordEquipment", "counted"),
                              ("applyForLicence", "by letter"), ("equipOffice", "as ranked")):
            self.assertEqual(done_by[command]["note"], note, command)
        opened = done_by["openRound"]
        self.assertNotIn("was", opened)
        self.assertEqual((opened["is"]["round"], opened["is"]["places"], opened["is"]["label"]), (1, PLACES, "spring"))
        equipped = done_by["equipOffice"]
        self.assertNotIn("was", equipped)
        self.assertEqual((equipped["is"]["state"], equipped["is"]["licence"]), ("equipping", "equipping"))
        self.assertEqual(equipped["is"]["office"] // 100, equipped["is"]["district"])
        self.read_who_applied_and_was_ranked(done_by)
        self.forge_states(trail)

    def read_who_applied_and_was_ranked(self, done_by):
        applied = done_by["applyForLicence"]
        self.assertNotIn("was", applied)
        told = applied["is"]
        number = told["licensee"]["person"] - 1000
        asked = application(number)
        self.assertEqual((told["round"], told["district"], told["ownVenue"]),
                         (1, asked["district"], asked["ownVenue"]))
        for who in ("licensee", "manager"):
            for member in ("person", "degree", "field", "experienceYears"):
                self.assertEqual(told[who][member], asked[who][member], (who, member))
        self.assertNotIn("birthDay", json.dumps(told))
        self.assertIn(["licensee", "age", "passed"], told["checks"])
        ranked = done_by["rankRound"]
        self.assertEqual((ranked["was"]["state"], ranked["is"]["state"]), ("exam", "ranked"))
        ranks = ranked["is"]["ranks"]
        self.assertEqual([rank for _, rank, _, _ in ranks], list(range(1, len(ranks) + 1)))
        # Who got which venue stands there although nobody has an office yet.
        given = [event for event in ranked["events"] if event["event"] == "venueChanged" and event["after"] == "held"]
        self.assertEqual(len(given), VENUES)
        self.assertEqual(len({event["application"] for event in given}), VENUES)
        self.assertFalse(any("office" in event for event in given))

    def verified(self, trail):
        done = subprocess.run([BIN / "permitctl", "audit", "verify", trail], capture_output=True, text=True, timeout=300,
                              stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout

    def forge_states(self, trail):
        """Hashes computed anew do not hide a state that is not the one of before."""
        status, told = self.verified(trail)
        self.assertEqual(status, 0, told)
        self.assertIn("permitd --verify", told)
        for kind, before, other in (("licenceChanged", "eligible", "waitlisted"), ("roundChanged", "exam", "board"),
                                    ("venueChanged", "held", "free")):
            lines, hidden = trail.read_text().splitlines(), None
            for index, line in enumerate(lines):
                record = json.loads(line)
                event = next((event for event in record.get("events", ())
                              if event["event"] == kind and event["before"] == before), None)
                if event is not None:
                    hidden = index
                    event["before"] = other
                    lines[index] = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
                    break
            self.assertIsNotNone(hidden, kind)
            last = json.loads(lines[0])["previous"]
            for index, line in enumerate(lines):
                text = line[:line.rindex(',"hash":')]
                last = hashlib.sha256((last + text).encode()).hexdigest()
                lines[index] = f'{text},"hash":"{last}"}}\n'
            forged = self.daemon.root / f"{kind}.trail"
            forged.write_text("".join(lines))
            status, told = self.verified(forged)
            self.assertEqual(status, 5, kind)
            self.assertIn(f"was {before}, the event says {other}", told)
            self.assertIn(f"{forged}:{hidden + 1}:", told)

    def apply(self):
        answers = self.batch("apply", [application(n) for n in range(1, APPLICANTS + 1)], "--note", "by letter")
        self.assertEqual(len(answers), APPLICANTS)
        twice = self.batch("apply", application(1), check=1)[0]["refused"]
        self.assertEqual((twice["codeName"], twice["fieldName"]), ("venueTaken", "venue"))
        old = application(61)
        old["licensee"]["birthDay"] = "1960-01-01"
        self.batch("apply", old)
        self.batch("check", [{"application": 61, "subject": subject, "check": check, "passed": True, "evidence": "l"}
                             for subject in ("licensee", "manager") for check in GENERAL])
        told = self.daemon.ctl("licence", "show", 61).stdout
        self.assertIn("ineligible", told)
        self.assertRegex(told, r"licensee +age +failed +65 years")

    def leave_the_verdict_out(self):
        """What decides is never guessed: an omission is a wrong use, and nothing of the file is sent."""
        one = ("--application", 1, "--evidence", "l")
        check = ("check", *one, "--subject", "licensee", "--check", "criminalRecord")
        for option, command in (("--passed", check),
                                ("--check", ("check", *one, "--subject", "licensee", "--passed", "true")),
                                ("--subject", ("check", *one, "--check", "moralRecord", "--passed", "true")),
                                ("--score", ("exam", *one)), ("--score", ("exam", *one, "--absent", "false")),
                                ("--competent", ("board", *one)), ("--item", ("item", "--application", 1)),
                                ("--count", ("want", "--note", "less")), ("--change", ("manager", "--office", 101))):
            self.assertIn(option, self.daemon.ctl("licence", *command, check=2).stderr, command)
        entry = {"application": 1, "subject": "licensee", "check": "criminalRecord", "evidence": "l"}
        path = self.daemon.root / "verdicts.json"
        path.write_text(json.dumps([{**entry, "passed": False}, entry]))
        self.assertIn("entry 2: --passed", self.daemon.ctl("licence", "check", path, check=2).stderr)
        self.assertEqual(self.daemon.ask("licence", "show", 1)["state"], "applied", "nothing has failed")

    def judge(self):
        checks = [{"application": n, "subject": subject, "check": check, "passed": True, "evidence": f"letter {n}"}
                  for n in range(1, APPLICANTS + 1) for subject in ("licensee", "manager") for check in GENERAL]
        checks += [{"application": n, "subject": "licensee", "check": "ownVenue", "passed": True, "evidence": "visit"}
                   for n in range(1, OWN_VENUES + 1)]
        self.daemon.ctl("advance", "+5d")
        self.assertEqual(self.daemon.ask("licence", "rounds")[0]["state"], "checking")
        self.leave_the_verdict_out()
        self.batch("check", checks)
        first = self.daemon.ask("licence", "rounds")[0]
        self.assertEqual((first["state"], first["route"], first["eligible"], first["places"]),
                         ("exam", "exam", APPLICANTS, PLACES))

    def exam_and_rank(self):
        self.assertEqual(self.refused("rank", "--round", 1)["fieldName"], "score")
        self.batch("exam", [{"application": n, "score": 400 + n, "evidence": f"sheet {n}", "note": f"read twice, {n}"}
                            for n in range(1, APPLICANTS + 1)])
        self.daemon.ctl("licence", "rank", "--round", 1)
        rows = self.licences("--round", 1)
        order = sorted((row for row in rows if row["rank"]), key=lambda row: row["rank"])
        wanted = sorted(order, key=lambda row: (-(row["examScore"] + row["points"]), -row["points"], row["application"]))
        self.assertEqual(order, wanted)
        self.assertTrue(all(row["state"] == "selected" for row in order[:PLACES]))
        self.assertTrue(all(row["state"] == "waitlisted" for row in order[PLACES:]))
        owners = sum(1 for row in order[:PLACES] if row["ownVenue"])
        status = self.daemon.ask("licence", "status")
        self.assertEqual((status["venuesFree"], status["venueQueue"]), (0, PLACES - VENUES - owners))

    def move_in(self):
        selected = self.licences("--state", "selected")
        waiting = [row for row in selected if row["queued"]]
        self.assertGreater(len(waiting), 0)
        self.assertIn("a venue", self.daemon.ctl("licence", "show", waiting[0]["application"]).stdout)
        self.batch("equip", [{"application": row["application"], "note": "as ranked"} for row in selected])
        rents = [row for row in selected if row["venue"] and not row["ownVenue"]]
        self.batch("rent", [{"application": row["application"], "amountRial": 50_000_000, "until": "+365d",
                             "reference": "C-1", "note": "a year"} for row in rents])
        self.batch("item", [{"application": row["application"], "item": item, "reference": "R-1", "note": "counted"}
                            for row in selected for item in ("networkHardware", "furniture", "computers")])
        active = 0
        for row in self.licences("--state", "equipping"):
            ready = row["venue"] != 0
            answer = self.daemon.ask("licence", "activate", f"{row['office']:04}", check=0 if ready else 1)
            if ready:
                active += 1
            else:
                self.assertEqual(answer["refused"]["fieldName"], "venue")
        self.assertEqual(len(self.licences("--state", "active")), active)
        self.assertEqual(active, PLACES - len(waiting))

    def move_up(self):
        queued = [row for row in self.licences("--state", "equipping") if row["queued"]]
        first = min(queued, key=lambda row: row["queueAhead"])
        holder = next(row for row in self.licences("--state", "active") if not row["ownVenue"])
        self.daemon.ctl("suspend", f"{holder['office']:04}", "--state", "revoked", "--note", "a ruling", "--yes")
        after = self.daemon.ask("licence", "show", first["application"])
        self.assertEqual(after["venue"], holder["venue"], "who has waited longest gets it")
        next_up = min(self.licences("--state", "waitlisted"), key=lambda row: row["rank"])
        leaver = next(row for row in self.licences("--state", "equipping") if row["queued"])
        self.daemon.ctl("licence", "withdraw", "--application", leaver["application"], "--note", "moved away")
        self.assertEqual(self.daemon.ask("licence", "show", next_up["application"])["state"], "selected")

    def lose_a_manager(self):
        office = self.licences("--state", "active")[0]["office"]
        self.daemon.ctl("licence", "manager", "--office", office, "--change", "suspend", "--note", "under inquiry")
        self.assertEqual(self.refused("activate", f"{office:04}")["fieldName"], "manager")
        self.daemon.ctl("licence", "manager", "--office", office, "--change", "restore")
        self.daemon.ctl("licence", "activate", f"{office:04}")
        young = ("licence", "manager", "--office", office, "--change", "replace", "--person", 3001, "--birth",
                 "2005-01-01", "--nationality", "iranian", "--degree", "bachelor", "--field", "urbanPlanning")
        done = self.daemon.ctl(*young, check=1)
        self.assertIn("age", done.stderr)
        self.daemon.ctl("licence", "renew", "--office", office)

    def replace_an_old_manager(self):
        """Who comes to an office that the city file has defined is judged like anybody who comes later."""
        def old():
            return next(row for row in self.daemon.ask("offices")["offices"] if row["office"] == 101)
        self.daemon.ctl("licence", "manager", "--office", 101, "--change", "replace", "--person", 3002, "--birth",
                        "1985-01-01", "--nationality", "iranian", "--degree", "bachelor", "--field", "urbanPlanning")
        self.assertEqual((old()["state"], old()["managerState"]), ("suspended", "unchecked"))
        self.assertEqual(self.refused("activate", "0101")["fieldName"], "manager")
        for check in GENERAL:
            self.daemon.ctl("licence", "check", "--office", 101, "--subject", "manager", "--check", check, "--passed",
                            "true", "--evidence", "letter 9")
        self.assertEqual(old()["managerState"], "active")
        self.daemon.ctl("licence", "activate", "0101")

    def outlive_a_rent(self):
        self.assertEqual(self.daemon.ask("licence", "status")["rentsEnded"], [])
        in_use = self.licences("--state", "active", "--state", "suspended")
        self.daemon.ctl("advance", "+366d")
        rented = sorted(row["office"] for row in in_use if not row["ownVenue"])
        self.assertGreater(len(rented), 0)
        self.assertEqual(sorted(row["office"] for row in self.daemon.ask("licence", "status")["rentsEnded"]), rented)
        self.assertIn(f"rent contract of office {rented[0]:04}", self.daemon.ctl("licence", "status").stdout)


if __name__ == "__main__":
    unittest.main()
